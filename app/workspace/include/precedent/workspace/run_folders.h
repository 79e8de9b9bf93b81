#pragma once

#include <filesystem>
#include <string>

/// Where runs lie beside their casebase. Pure but for links, which are looked at; any thread.
namespace precedent::workspace {

/// `NAME.casebase.runs` beside the casebase, absolute. Of a link to a casebase it is the folder beside the casebase itself.
[[nodiscard]] std::filesystem::path runsFolder(const std::filesystem::path& casebase);

/// `folder` as the casebase stores it: `*.runs/...` where it lies in the casebase's own runs folder, so that both can be renamed or
/// copied together; relative to the casebase's folder where it lies elsewhere below that; else absolute.
[[nodiscard]] std::string storedFolder(const std::filesystem::path& casebase, const std::filesystem::path& folder);
/// The opposite. Never a folder in another casebase's runs that `*.runs` was not stored for.
[[nodiscard]] std::filesystem::path folderFromStored(const std::filesystem::path& casebase, const std::string& stored);

/// Where `path` is now that a run's folder, which was `runThen`, is `runNow`: what lay beside the run's folder, in it or below either went
/// along with it; anything else stayed.
[[nodiscard]] std::filesystem::path movedAlong(
    const std::filesystem::path& path, const std::filesystem::path& runThen, const std::filesystem::path& runNow);

} // namespace precedent::workspace
