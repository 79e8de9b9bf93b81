#include "precedent/workspace/run_lock.h"

#include <utility>

namespace precedent::workspace {

Result<RunLock> RunLock::take(const std::filesystem::path& runFolder)
{
    Result<std::optional<FileLock>> lock = FileLock::tryTake(runFolder / ".lock");
    if (!lock)
        return lock.error();
    if (*lock)
        return RunLock(*std::move(*lock));
    return Error(ErrorCode::failedPrecondition, "The run in " + runFolder.string() + " is being trained by another process.",
        "Wait until it ends, or stop it there; nothing was changed.");
}

RunLock::RunLock(FileLock lock)
    : m_lock(std::move(lock))
{
}

} // namespace precedent::workspace
