#pragma once

#include <filesystem>
#include <string_view>

#include "precedent/base/result.h"

namespace precedent::formats {

/// A read-only mapping of a whole file, for as long as the object lives. Any thread may read it.
class MappedFile {
public:
    /// Maps nothing.
    MappedFile() = default;
    /// Fails with notFound, permissionDenied, io, or invalidArgument for what is no file.
    [[nodiscard]] static Result<MappedFile> open(const std::filesystem::path& path);

    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    /// Empty for an empty file.
    [[nodiscard]] std::string_view bytes() const { return m_bytes; }

    /// Takes the pages that lie whole in `part` out of this process's memory, if it is a part of bytes(); reading them again
    /// fetches them.
    void release(std::string_view part) const;

private:
    std::string_view m_bytes;
};

} // namespace precedent::formats
