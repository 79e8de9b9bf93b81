#include "precedent/architecture/export_place.h"

namespace precedent::core {

namespace fs = std::filesystem;

Result<fs::path> freshExportPlace(const std::string& destination)
{
    fs::path place = fs::path(destination).lexically_normal();
    if (place.filename().empty())
        place = place.parent_path(); // a trailing slash
    std::error_code ec;
    if (place.empty())
        return Error(ErrorCode::invalidArgument, "No destination was given.", "Name a folder or file that is not there yet.");
    if (fs::exists(fs::symlink_status(place, ec)))
        return Error(ErrorCode::alreadyExists, place.string() + " is there already, and an export replaces nothing.",
            "Name a place that is free, or remove it first.");
    return place;
}

} // namespace precedent::core
