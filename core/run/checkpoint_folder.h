#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::core {

/// A checkpoint-STEP folder being written: it appears whole, with a checksum for each file, or not at all.
class CheckpointFolder {
public:
    /// Makes ROOT (if need be) and an empty temporary folder in it. Fails with diskFull, permissionDenied or io.
    [[nodiscard]] static Result<CheckpointFolder> begin(const std::filesystem::path& root, int step);
    ~CheckpointFolder();
    CheckpointFolder(CheckpointFolder&& other) noexcept;
    CheckpointFolder& operator=(CheckpointFolder&&) = delete;

    /// Where the files go until commit().
    [[nodiscard]] const std::filesystem::path& path() const { return m_temporary; }

    /// Writes checksums.json over all files, flushes everything and renames. Returns the folder's final path. An older
    /// folder of that name is replaced. On failure nothing of the attempt stays.
    [[nodiscard]] Result<std::filesystem::path> commit();

private:
    CheckpointFolder(std::filesystem::path temporary, std::filesystem::path final);
    std::filesystem::path m_temporary;
    std::filesystem::path m_final;
};

struct FoundCheckpoint {
    int step = 0;
    std::filesystem::path folder;
};

/// The checkpoint-STEP folders of ROOT, newest first, unchecked. Empty if ROOT is not there.
[[nodiscard]] std::vector<FoundCheckpoint> checkpointsIn(const std::filesystem::path& root);

/// Compares every file with checksums.json. Fails with corrupt, naming the file.
[[nodiscard]] Status verifyCheckpoint(const std::filesystem::path& folder);

/// The newest checkpoint of a step below `before` that verifies; `skipped` receives a sentence for each newer one that does not.
/// Fails with notFound.
[[nodiscard]] Result<FoundCheckpoint> lastGoodCheckpoint(
    const std::filesystem::path& root, std::vector<std::string>& skipped, int before = std::numeric_limits<int>::max());

} // namespace precedent::core
