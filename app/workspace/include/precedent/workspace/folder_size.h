#pragma once

#include <cstdint>
#include <filesystem>

namespace precedent::workspace {

/// Of all files below it; what cannot be read counts as nothing.
[[nodiscard]] std::int64_t folderBytes(const std::filesystem::path& folder);

} // namespace precedent::workspace
