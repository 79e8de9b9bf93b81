#include "core/formats/mapped_file.h"

#include <cerrno>
#include <functional>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace precedent::formats {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errnoError(errno, "open", path.string());
    struct stat info { };
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        ::close(fd);
        return Error(ErrorCode::invalidArgument, path.string() + " is not a file.");
    }
    MappedFile file;
    const auto size = static_cast<std::size_t>(info.st_size);
    void* address = size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : nullptr;
    const int mapError = errno;
    ::close(fd);
    if (address == MAP_FAILED)
        return errnoError(mapError, "map", path.string());
    if (size > 0)
        file.m_bytes = {static_cast<const char*>(address), size};
    return file;
}

void MappedFile::release(std::string_view part) const
{
    const std::less_equal<const char*> notAfter;
    if (!notAfter(m_bytes.data(), part.data()) || !notAfter(part.data() + part.size(), m_bytes.data() + m_bytes.size()))
        return;
    const auto pageSize = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto before = static_cast<std::size_t>(part.data() - m_bytes.data()); // the mapping begins with a page
    const std::size_t begin = (before + pageSize - 1) / pageSize * pageSize, end = (before + part.size()) / pageSize * pageSize;
    if (begin < end)
        (void)::madvise(const_cast<char*>(m_bytes.data()) + begin, end - begin, MADV_DONTNEED); // advice: memory is all that it costs
}

MappedFile::~MappedFile()
{
    if (!m_bytes.empty())
        ::munmap(const_cast<char*>(m_bytes.data()), m_bytes.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_bytes(std::exchange(other.m_bytes, {}))
{
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept
{
    std::swap(m_bytes, other.m_bytes);
    return *this;
}

} // namespace precedent::formats
