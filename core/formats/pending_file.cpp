#include "core/formats/pending_file.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "precedent/base/files.h"

namespace precedent::formats {

namespace fs = std::filesystem;

PendingFile::PendingFile(const fs::path& path)
    : m_path(path)
    , m_temp(path.string() + ".tmp-" + std::to_string(::getpid()))
{
    m_fd = ::open(m_temp.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    m_errno = m_fd < 0 ? errno : 0;
}

PendingFile::~PendingFile()
{
    if (m_fd >= 0)
        ::close(m_fd);
    if (!m_committed && m_errno == 0)
        ::unlink(m_temp.c_str());
}

Status PendingFile::write(std::string_view bytes)
{
    if (m_fd < 0)
        return errnoError(m_errno, "write", m_path.string());
    while (!bytes.empty()) {
        const ssize_t n = ::write(m_fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errnoError(errno, "write", m_path.string());
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Status PendingFile::write(const TensorToWrite& tensor)
{
    const auto bytes = tensor.make();
    PRECEDENT_TRY(bytes);
    if (bytes->size() != tensor.size())
        return Error(ErrorCode::invalidArgument,
            "Tensor \"" + tensor.name + "\" of " + m_path.string() + " has " + std::to_string(bytes->size()) +
                " bytes, which do not fit its shape and dtype.");
    return write(*bytes);
}

Status PendingFile::commit()
{
    if (::fsync(m_fd) != 0)
        return errnoError(errno, "write", m_path.string());
    if (::rename(m_temp.c_str(), m_path.c_str()) != 0)
        return errnoError(errno, "replace", m_path.string());
    m_committed = true;
    const fs::path folder = m_path.parent_path();
    return syncPath(folder.empty() ? fs::path(".") : folder);
}

} // namespace precedent::formats
