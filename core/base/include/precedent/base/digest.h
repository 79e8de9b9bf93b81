#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "precedent/base/result.h"

namespace precedent {

/// SHA-256 as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256Hex(std::string_view bytes);

/// SHA-256 of a file's bytes, read in pieces. `goOn`, where given, is told after each piece how many bytes were read so
/// far; answering false ends it. Fails with notFound, permissionDenied, io, or cancelled.
[[nodiscard]] Result<std::string> sha256File(const std::filesystem::path& path, const std::function<bool(std::int64_t read)>& goOn = {});

/// Incremental SHA-256. Not thread-safe.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    Sha256& add(std::string_view bytes);
    /// Adds the length before the bytes, so that ("ab","c") and ("a","bc") differ.
    Sha256& addField(std::string_view bytes);
    /// Ends the digest; the object must not be used after.
    [[nodiscard]] std::string hex();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace precedent
