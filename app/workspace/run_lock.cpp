#include "precedent/workspace/run_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace precedent::workspace {

Result<RunLock> RunLock::take(const std::filesystem::path& runFolder)
{
    const std::filesystem::path file = runFolder / ".lock";
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0)
        return errnoError(errno, "open", file.string());
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        return RunLock(descriptor);
    const int reason = errno;
    ::close(descriptor);
    if (reason != EWOULDBLOCK)
        return errnoError(reason, "lock", file.string());
    return Error(ErrorCode::failedPrecondition, "The run in " + runFolder.string() + " is being trained by another process.",
        "Wait until it ends, or stop it there; nothing was changed.");
}

RunLock::RunLock(int descriptor)
    : m_descriptor(descriptor)
{
}

RunLock::RunLock(RunLock&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1))
{
}

RunLock::~RunLock()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

} // namespace precedent::workspace
