#include "precedent/base/files.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace precedent {
namespace {

namespace fs = std::filesystem;

class Descriptor {
public:
    explicit Descriptor(int fd)
        : m_fd(fd)
    {
    }
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return m_fd; }

private:
    int m_fd;
};

Status writeAll(int fd, std::string_view bytes, const std::string& path)
{
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return errnoError(errno, "write", path);
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

} // namespace

Result<std::string> readFile(const fs::path& path, std::size_t maxBytes)
{
    std::error_code ec;
    if (fs::is_directory(path, ec))
        return Error(ErrorCode::invalidArgument, path.string() + " is a folder, not a file.");
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    if (!in)
        return errnoError(errno, "open", path.string());
    const auto size = in.tellg();
    if (size >= 0 && static_cast<std::size_t>(size) > maxBytes)
        return Error(ErrorCode::invalidArgument,
            path.string() + " has " + std::to_string(size) + " bytes; at most " + std::to_string(maxBytes) + " are read here.");
    in.seekg(0);
    std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(size, 0)), '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (in.bad() || static_cast<std::size_t>(in.gcount()) != bytes.size())
        return errnoError(EIO, "read", path.string());
    return bytes;
}

Status writeFileAtomically(const fs::path& path, std::string_view bytes)
{
    const fs::path temp = path.string() + ".tmp-" + std::to_string(::getpid());
    {
        const Descriptor fd(::open(temp.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        if (fd.get() < 0)
            return errnoError(errno, "write", path.string());
        Status written = writeAll(fd.get(), bytes, path.string());
        if (written.ok() && ::fsync(fd.get()) != 0)
            written = errnoError(errno, "write", path.string());
        if (!written.ok()) {
            ::unlink(temp.c_str());
            return written;
        }
    }
    if (::rename(temp.c_str(), path.c_str()) != 0) {
        const int e = errno;
        ::unlink(temp.c_str());
        return errnoError(e, "replace", path.string());
    }
    const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
    return syncPath(folder);
}

Status syncPath(const fs::path& path)
{
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0)
        return errnoError(errno, "open", path.string());
    if (::fsync(fd.get()) != 0)
        return errnoError(errno, "flush", path.string());
    return {};
}

Result<fs::path> resourceFolder()
{
    std::error_code ec;
    if (const char* fromEnvironment = std::getenv("PRECEDENT_RESOURCES"); fromEnvironment != nullptr && *fromEnvironment != '\0') {
        if (fs::is_directory(fromEnvironment, ec))
            return fs::path(fromEnvironment);
        return Error(ErrorCode::notFound, std::string("PRECEDENT_RESOURCES names ") + fromEnvironment + ", which is no folder.",
            "Unset it, or point it at the resources folder.");
    }
    const fs::path program = fs::read_symlink("/proc/self/exe", ec);
    for (const fs::path& candidate : {program.parent_path().parent_path() / "share/precedent", fs::path(PRECEDENT_INSTALLED_RESOURCES),
             fs::path(PRECEDENT_SOURCE_RESOURCES)}) {
        if (fs::is_directory(candidate / "starter", ec))
            return candidate;
    }
    return Error(ErrorCode::notFound, "The program's resources folder was not found.",
        "Install the program again, or set PRECEDENT_RESOURCES to its resources folder.");
}

fs::path userDataFolder()
{
    if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg != nullptr && *xdg == '/')
        return fs::path(xdg) / "precedent";
    const char* home = std::getenv("HOME");
    return fs::path(home != nullptr ? home : "/tmp") / ".local/share/precedent";
}

} // namespace precedent
