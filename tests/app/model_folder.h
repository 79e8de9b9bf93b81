#pragma once

#include <filesystem>

#include "precedent/workspace/model_source.h"

namespace precedent::tests {

/// A copy of the starter's folder: a real model that may be damaged. False if it could not be made.
inline bool copyStarter(const std::filesystem::path& to)
{
    const auto starter = workspace::starterFolder();
    if (!starter.ok())
        return false;
    std::error_code ec;
    std::filesystem::create_directories(to, ec);
    std::filesystem::copy(starter.value(), to, std::filesystem::copy_options::recursive, ec);
    return !ec;
}

} // namespace precedent::tests
