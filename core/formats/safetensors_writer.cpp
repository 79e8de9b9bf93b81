#include <cerrno>
#include <set>

#include <fcntl.h>
#include <unistd.h>

#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/formats/safetensors.h"

namespace precedent::formats {
namespace {

namespace fs = std::filesystem;

/// A file under a temporary name that takes its place on commit() and disappears otherwise.
class PendingFile {
public:
    explicit PendingFile(const fs::path& path)
        : m_path(path)
        , m_temp(path.string() + ".tmp-" + std::to_string(::getpid()))
    {
        m_fd = ::open(m_temp.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        m_errno = m_fd < 0 ? errno : 0;
    }
    ~PendingFile()
    {
        if (m_fd >= 0)
            ::close(m_fd);
        if (!m_committed && m_errno == 0)
            ::unlink(m_temp.c_str());
    }
    PendingFile(const PendingFile&) = delete;
    PendingFile& operator=(const PendingFile&) = delete;

    [[nodiscard]] Status write(std::string_view bytes)
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

    [[nodiscard]] Status commit()
    {
        if (::fsync(m_fd) != 0)
            return errnoError(errno, "write", m_path.string());
        if (::rename(m_temp.c_str(), m_path.c_str()) != 0)
            return errnoError(errno, "replace", m_path.string());
        m_committed = true;
        const fs::path folder = m_path.parent_path();
        return syncPath(folder.empty() ? fs::path(".") : folder);
    }

private:
    fs::path m_path;
    fs::path m_temp;
    int m_fd = -1;
    int m_errno = 0;
    bool m_committed = false;
};

std::string lengthBytes(std::uint64_t length)
{
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += static_cast<char>(length >> (8 * i) & 0xFFU);
    return bytes;
}

} // namespace

Status writeSafetensors(const fs::path& path, const std::vector<TensorView>& tensors, const std::map<std::string, std::string>& metadata)
{
    Json header = Json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::set<std::string> names;
    std::uint64_t offset = 0;
    for (const TensorView& tensor : tensors) {
        if (tensor.name == "__metadata__" || !names.insert(tensor.name).second)
            return Error(ErrorCode::invalidArgument, "Two tensors would be written as \"" + tensor.name + "\" in " + path.string() + ".");
        const std::uint64_t size = tensor.bytes.size();
        if (static_cast<std::uint64_t>(tensor.elements()) * blockBytes(tensor.dtype) != size)
            return Error(ErrorCode::invalidArgument,
                "Tensor \"" + tensor.name + "\" has " + std::to_string(size) + " bytes, which do not fit its shape and dtype.");
        header[tensor.name] = {{"dtype", toString(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + size}}};
        offset += size;
    }
    std::string text = dumpJson(header);
    text.append((8 - text.size() % 8) % 8, ' '); // the data begins on a multiple of 8

    PendingFile file(path);
    PRECEDENT_TRY(file.write(lengthBytes(text.size())));
    PRECEDENT_TRY(file.write(text));
    for (const TensorView& tensor : tensors)
        PRECEDENT_TRY(file.write(tensor.bytes));
    return file.commit();
}

} // namespace precedent::formats
