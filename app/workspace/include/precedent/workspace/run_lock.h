#pragma once

#include <filesystem>

#include "precedent/base/result.h"
#include "precedent/workspace/file_lock.h"

namespace precedent::workspace {

/// Held while a process trains a run: two that continued the same run at once would overwrite each other's checkpoints.
class RunLock {
public:
    /// Takes RUN-FOLDER/.lock. Fails with failedPrecondition if another process holds it, else as the file system.
    [[nodiscard]] static Result<RunLock> take(const std::filesystem::path& runFolder);
    /// Whether some process (this one too) trains the run now. False where there is no such folder.
    [[nodiscard]] static bool isHeld(const std::filesystem::path& runFolder);

private:
    explicit RunLock(FileLock lock);
    FileLock m_lock;
};

} // namespace precedent::workspace
