#pragma once

#include <vector>

#include <QString>

#include "precedent/base/result.h"
#include "precedent/core/run_spec.h"

namespace precedent::ui {

/// Settings that the user kept under a name: a spec as `train --spec` takes it.
struct UserPreset {
    QString name;
    QString path;
    core::RunSpec spec;
};

/// A spec file as `train --spec` reads it, up to 16 MiB. Fails as readFile(), parseJson() and runSpecFromJson() do.
[[nodiscard]] Result<core::RunSpec> readSpecFile(const QString& path);

/// The folder of the user's presets, a JSON file each. UI thread; files are small.
class UserPresets {
public:
    /// By name. A file that cannot be read as a spec is left out.
    [[nodiscard]] static std::vector<UserPreset> all();
    /// What is wrong with a name; empty: nothing is. Names of presets that come with the program are taken.
    [[nodiscard]] static QString checkName(const QString& name);
    [[nodiscard]] static bool exists(const QString& name);
    /// Replaces one of that name, whole or not at all. Fails with io.
    [[nodiscard]] static Status save(const QString& name, const core::RunSpec& spec);
    /// To the system's bin, where there is one. Fails with io.
    [[nodiscard]] static Status remove(const QString& path);
};

} // namespace precedent::ui
