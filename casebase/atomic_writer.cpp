#include "casebase/atomic_writer.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "precedent/base/files.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

} // namespace

AtomicWriter::AtomicWriter(std::filesystem::path path)
    : m_path(std::move(path))
    , m_temporary(m_path.string() + ".tmp-" + std::to_string(::getpid()))
{
}

AtomicWriter::~AtomicWriter()
{
    if (m_fd < 0)
        return;
    ::close(m_fd);
    ::unlink(m_temporary.c_str());
}

Status AtomicWriter::open()
{
    m_fd = ::open(m_temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return m_fd < 0 ? Status(errnoError(errno, "write", m_path.string())) : Status();
}

Status AtomicWriter::write(std::string_view bytes)
{
    m_buffer += bytes;
    return m_buffer.size() < kBufferBytes ? Status() : flush();
}

Status AtomicWriter::flush()
{
    std::string_view bytes = m_buffer;
    while (!bytes.empty()) {
        const ssize_t n = ::write(m_fd, bytes.data(), bytes.size());
        if (n < 0 && errno != EINTR)
            return errnoError(errno, "write", m_path.string());
        bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    m_buffer.clear();
    return {};
}

Status AtomicWriter::commit()
{
    PRECEDENT_TRY(flush());
    if (::fsync(m_fd) != 0)
        return errnoError(errno, "write", m_path.string());
    if (::rename(m_temporary.c_str(), m_path.c_str()) != 0)
        return errnoError(errno, "replace", m_path.string());
    ::close(m_fd);
    m_fd = -1;
    return syncPath(m_path.parent_path().empty() ? std::filesystem::path(".") : m_path.parent_path());
}

} // namespace precedent::casebase
