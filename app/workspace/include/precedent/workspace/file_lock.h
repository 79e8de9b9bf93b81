#pragma once

#include <filesystem>
#include <optional>

#include "precedent/base/result.h"

namespace precedent::workspace {

/// An exclusive lock on a file, made where it is missing, among the processes of this machine and within one. The system drops it
/// when the process ends, however it ends. Move-only.
class FileLock {
public:
    /// Nothing if someone else holds it. Fails as the file system does.
    [[nodiscard]] static Result<std::optional<FileLock>> tryTake(const std::filesystem::path& file);
    /// Waits until it is free. Fails as the file system does.
    [[nodiscard]] static Result<FileLock> wait(const std::filesystem::path& file);
    /// Whether anybody holds it, this process too; false where the file is missing. For a moment a tryTake() elsewhere may fail by it.
    [[nodiscard]] static bool isHeld(const std::filesystem::path& file);
    ~FileLock();
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&&) = delete;

private:
    explicit FileLock(int descriptor);
    int m_descriptor;
};

} // namespace precedent::workspace
