#include "precedent/workspace/run_folders.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

/// Stands in a stored path for the casebase's own runs folder, whatever the casebase is called.
constexpr const char* kOwnRuns = "*.runs";

fs::path settled(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

/// `path` as seen from `folder`; empty where it does not lie below it.
fs::path below(const fs::path& folder, const fs::path& path)
{
    fs::path relative = path.lexically_relative(folder);
    if (relative.empty() || *relative.begin() == ".." || relative == ".")
        return {};
    return relative;
}

/// The file itself where the casebase is a link.
fs::path fileOf(const fs::path& casebase)
{
    std::error_code ec;
    if (fs::is_symlink(casebase, ec)) {
        if (fs::path file = fs::canonical(casebase, ec); !ec)
            return file;
    }
    return settled(casebase);
}

} // namespace

fs::path runsFolder(const fs::path& casebase) { return fileOf(casebase).string() + ".runs"; }

std::string storedFolder(const fs::path& casebase, const fs::path& folder)
{
    const fs::path absolute = settled(folder);
    if (const fs::path own = below(runsFolder(casebase), absolute); !own.empty())
        return (kOwnRuns / own).string();
    const fs::path beside = below(fileOf(casebase).parent_path(), absolute);
    return beside.empty() ? absolute.string() : beside.string();
}

fs::path folderFromStored(const fs::path& casebase, const std::string& stored)
{
    const fs::path path(stored);
    if (path.is_absolute())
        return path;
    if (!path.empty() && *path.begin() == kOwnRuns)
        return runsFolder(casebase) / path.lexically_relative(kOwnRuns);
    return fileOf(casebase).parent_path() / path;
}

fs::path movedAlong(const fs::path& path, const fs::path& runThen, const fs::path& runNow)
{
    if (runThen.empty() || runNow.empty())
        return path;
    const fs::path then = settled(runThen);
    const fs::path now = settled(runNow);
    if (then == now)
        return path;
    const fs::path along = below(then.parent_path(), path.lexically_normal());
    return along.empty() ? path : now.parent_path() / along;
}

} // namespace precedent::workspace
