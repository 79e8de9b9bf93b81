#pragma once

#include <filesystem>
#include <string_view>

#include "precedent/base/result.h"
#include "precedent/formats/tensor.h"

namespace precedent::formats {

/// A file under a temporary name that takes its place on commit() and disappears otherwise. Failures are diskFull,
/// permissionDenied or io; what was in its place before stays then.
class PendingFile {
public:
    explicit PendingFile(const std::filesystem::path& path);
    ~PendingFile();
    PendingFile(const PendingFile&) = delete;
    PendingFile& operator=(const PendingFile&) = delete;

    [[nodiscard]] Status write(std::string_view bytes);
    /// What the tensor makes. Fails as that, or with invalidArgument where it is not as long as shape and dtype need.
    [[nodiscard]] Status write(const TensorToWrite& tensor);
    /// Flushes the file, renames it and flushes the folder.
    [[nodiscard]] Status commit();

private:
    std::filesystem::path m_path;
    std::filesystem::path m_temp;
    int m_fd = -1;
    int m_errno = 0; ///< why it could not be opened
    bool m_committed = false;
};

} // namespace precedent::formats
