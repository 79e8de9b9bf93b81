#include "core/run/checkpoint_folder.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <unistd.h>

#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "checkpoint-";
constexpr const char* kChecksums = "checksums.json";

Error fileError(const std::error_code& ec, const std::string& action, const fs::path& path)
{
    return errnoError(ec.value(), action, path.string());
}

} // namespace

CheckpointFolder::CheckpointFolder(fs::path temporary, fs::path final)
    : m_temporary(std::move(temporary))
    , m_final(std::move(final))
{
}

CheckpointFolder::CheckpointFolder(CheckpointFolder&& other) noexcept
    : m_temporary(std::exchange(other.m_temporary, {}))
    , m_final(std::move(other.m_final))
{
}

CheckpointFolder::~CheckpointFolder()
{
    std::error_code ec;
    if (!m_temporary.empty())
        fs::remove_all(m_temporary, ec);
}

Result<CheckpointFolder> CheckpointFolder::begin(const fs::path& root, int step)
{
    std::error_code ec;
    fs::create_directories(root, ec);
    if (ec)
        return fileError(ec, "create", root);
    const std::string name = kPrefix + std::to_string(step);
    const fs::path temporary = root / ("." + name + ".tmp-" + std::to_string(::getpid()));
    fs::remove_all(temporary, ec);
    if (!fs::create_directory(temporary, ec))
        return fileError(ec, "create", temporary);
    return CheckpointFolder(temporary, root / name);
}

Result<fs::path> CheckpointFolder::commit()
{
    Json files = Json::object();
    std::vector<fs::path> paths;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(m_temporary, ec))
        paths.push_back(entry.path());
    if (ec)
        return fileError(ec, "list", m_temporary);
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) {
        PRECEDENT_TRY(syncPath(path));
        Result<std::string> digest = sha256File(path);
        if (!digest.ok())
            return digest.error();
        files[path.filename().string()] = *digest;
    }
    const Json checksums{{"format", "precedent-checkpoint"}, {"version", 1}, {"sha256", files}};
    PRECEDENT_TRY(writeFileAtomically(m_temporary / kChecksums, dumpJson(checksums, 2) + "\n"));
    fs::remove_all(m_final, ec);
    fs::rename(m_temporary, m_final, ec);
    if (ec)
        return fileError(ec, "rename", m_temporary);
    m_temporary.clear();
    PRECEDENT_TRY(syncPath(m_final.parent_path()));
    return m_final;
}

std::vector<FoundCheckpoint> checkpointsIn(const fs::path& root)
{
    std::vector<FoundCheckpoint> found;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(root, ec)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(kPrefix))
            continue;
        int step = 0;
        const char* from = name.data() + std::char_traits<char>::length(kPrefix);
        const auto [end, error] = std::from_chars(from, name.data() + name.size(), step);
        if (error == std::errc() && end == name.data() + name.size() && entry.is_directory(ec))
            found.push_back({step, entry.path()});
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.step > b.step; });
    return found;
}

Status verifyCheckpoint(const fs::path& folder)
{
    const fs::path list = folder / kChecksums;
    Result<std::string> text = readFile(list, 1 << 20);
    if (!text.ok())
        return text.error();
    Result<Json> json = parseJson(*text, list.string());
    if (!json.ok())
        return json.error();
    const auto files = json->find("sha256");
    if (files == json->end() || !files->is_object())
        return Error(ErrorCode::corrupt, list.string() + " has no object \"sha256\".");
    for (const auto& [name, digest] : files->items()) {
        if (name.find('/') != std::string::npos || !digest.is_string())
            return Error(ErrorCode::corrupt, list.string() + " has an impossible entry: " + name + ".");
        Result<std::string> seen = sha256File(folder / name);
        if (!seen.ok())
            return seen.error();
        if (*seen != digest.get<std::string>())
            return Error(ErrorCode::corrupt,
                (folder / name).string() + " is damaged: its SHA-256 is " + *seen + ", not " + digest.get<std::string>() + ".",
                "An older checkpoint beside it may be whole.");
    }
    return {};
}

Result<FoundCheckpoint> lastGoodCheckpoint(const fs::path& root, std::vector<std::string>& skipped, int before)
{
    for (const FoundCheckpoint& checkpoint : checkpointsIn(root)) {
        if (checkpoint.step >= before)
            continue;
        const Status verified = verifyCheckpoint(checkpoint.folder);
        if (verified.ok())
            return checkpoint;
        skipped.push_back("Skipped a damaged checkpoint. " + verified.error().message());
    }
    return Error(ErrorCode::notFound, "There is no whole checkpoint in " + root.string() + ".", "Start the run again from step 0.");
}

} // namespace precedent::core
