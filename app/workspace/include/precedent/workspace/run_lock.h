#pragma once

#include <filesystem>

#include "precedent/base/result.h"

namespace precedent::workspace {

/// Held while a process trains a run: two that continued the same run at once would overwrite each other's checkpoints.
/// The system drops it when the process ends, however it ends. Move-only.
class RunLock {
public:
    /// Takes RUN-FOLDER/.lock. Fails with failedPrecondition if another process holds it, else as the file system.
    [[nodiscard]] static Result<RunLock> take(const std::filesystem::path& runFolder);
    ~RunLock();
    RunLock(RunLock&& other) noexcept;
    RunLock& operator=(RunLock&&) = delete;

private:
    explicit RunLock(int descriptor);
    int m_descriptor;
};

} // namespace precedent::workspace
