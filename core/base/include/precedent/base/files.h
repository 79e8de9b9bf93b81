#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "precedent/base/result.h"

namespace precedent {

/// The whole file. Fails with notFound, permissionDenied, io, or invalidArgument past `maxBytes`.
[[nodiscard]] Result<std::string> readFile(const std::filesystem::path& path, std::size_t maxBytes = std::size_t{1} << 32);

/// Writes temp + fsync + rename + fsync of the folder: after a crash either the old file or the whole new one is there.
/// On failure the old file is untouched and the temporary one is removed (diskFull, permissionDenied, io).
[[nodiscard]] Status writeFileAtomically(const std::filesystem::path& path, std::string_view bytes);

/// fsync of a file or folder that is already written.
[[nodiscard]] Status syncPath(const std::filesystem::path& path);

/// The folder of read-only data (resources/): $PRECEDENT_RESOURCES, the installed share folder beside the
/// program, or the source tree's resources/ for a build tree, in that order. Fails with notFound.
[[nodiscard]] Result<std::filesystem::path> resourceFolder();

/// Where this user's data lives: $XDG_DATA_HOME/precedent or ~/.local/share/precedent. Not created.
[[nodiscard]] std::filesystem::path userDataFolder();

} // namespace precedent
