#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/core/model_bench.h"

namespace precedent::workspace {

/// How fast a model was, once.
struct ModelSpeed {
    core::BenchResult result;
    std::int64_t measuredMs = 0; ///< since 1970
};

/// What the window measures: batches of 1, 8 and 16 after prompts of 128 and 800, these and their completions cut to what a context
/// of so many positions holds.
[[nodiscard]] core::BenchRequest speedRequest(int contextLength);

/// What names a model's weights on this machine: its folder or file, and its adapter's folder where it has one.
[[nodiscard]] std::string speedKey(const std::filesystem::path& folder, const std::filesystem::path& adapter = {});

/// As `model bench --json` prints it.
[[nodiscard]] Json speedToJson(const core::BenchResult& result);
/// Fails with corrupt, naming what is missing.
[[nodiscard]] Result<core::BenchResult> speedFromJson(const Json& json);

/// The last speed of each model that was measured: speeds.json in the user's data folder.
///
/// Thread: any; nothing is kept in memory. Two programs may keep at once: each change is made under a lock on speeds.json.lock
/// and replaces the file at once.
/// Errors: corrupt or tooNew for a file that this program cannot read, which is then left as it is; else as the file system.
class SpeedLog {
public:
    explicit SpeedLog(std::filesystem::path file = logFile());

    /// speeds.json of this user. May not exist.
    [[nodiscard]] static std::filesystem::path logFile();

    /// By speedKey(). Empty where nothing was measured yet.
    [[nodiscard]] Result<std::map<std::string, ModelSpeed>> all() const;
    /// In place of the model's last one.
    [[nodiscard]] Status keep(const std::string& key, const ModelSpeed& speed);

private:
    std::filesystem::path m_file;
};

} // namespace precedent::workspace
