#include "precedent/workspace/run_lock.h"

#include <chrono>
#include <thread>
#include <utility>

namespace precedent::workspace {
namespace {

constexpr int kAttempts = 5;
constexpr std::chrono::milliseconds kAttemptWait(10);

} // namespace

Result<RunLock> RunLock::take(const std::filesystem::path& runFolder)
{
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        Result<std::optional<FileLock>> lock = FileLock::tryTake(runFolder / ".lock");
        if (!lock)
            return lock.error();
        if (*lock)
            return RunLock(*std::move(*lock));
        std::this_thread::sleep_for(kAttemptWait); // someone may only have looked whether it is held
    }
    return Error(ErrorCode::failedPrecondition, "The run in " + runFolder.string() + " is being trained by another process.",
        "Wait until it ends, or stop it there; nothing was changed.");
}

bool RunLock::isHeld(const std::filesystem::path& runFolder) { return FileLock::isHeld(runFolder / ".lock"); }

RunLock::RunLock(FileLock lock)
    : m_lock(std::move(lock))
{
}

} // namespace precedent::workspace
