#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::workspace {

struct RegisteredModel {
    std::string name;
    std::filesystem::path folder; ///< absolute; may be gone by now
};

/// The model folders that the user added by reference, under names of their own: models.json in the user's data folder.
/// The models themselves are never touched.
///
/// Thread: any; nothing is kept in memory. Two programs may add at once: each change is made under a lock on
/// models.json.lock and replaces the file at once.
/// Errors: corrupt or tooNew for a file that this program cannot read, which is then left as it is; else as the file system.
class ModelRegistry {
public:
    explicit ModelRegistry(std::filesystem::path file = registryFile());

    /// models.json of this user. May not exist.
    [[nodiscard]] static std::filesystem::path registryFile();

    /// By name. Empty where nothing was added yet.
    [[nodiscard]] Result<std::vector<RegisteredModel>> list() const;

    /// Fails with notFound, or as list().
    [[nodiscard]] Result<std::filesystem::path> find(const std::string& name) const;

    /// Says nothing about what is in the folder: see addModel(). A model of that name whose folder is gone gives way: it has moved.
    /// Fails with invalidArgument for a name that checkModelName() finds fault with, alreadyExists for a name that is taken or a folder
    /// that has one (naming it).
    [[nodiscard]] Status add(const std::string& name, const std::filesystem::path& folder);

    /// Fails with notFound.
    [[nodiscard]] Status remove(const std::string& name);

private:
    std::filesystem::path m_file;
};

/// ok for 1 to 64 bytes of UTF-8 that cannot be taken for a folder, for `starter` or for run:RUN@STEP. Fails with invalidArgument.
[[nodiscard]] Status checkModelName(const std::string& name);

/// A name for a folder: the folder's own as far as checkModelName() lets it, with "-2" and so on where that is in `taken`.
[[nodiscard]] std::string nameForFolder(const std::filesystem::path& folder, const std::vector<RegisteredModel>& taken);

} // namespace precedent::workspace
