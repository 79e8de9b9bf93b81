#include "app/workspace/digest_cache.h"

#include <cstdlib>

#include <sys/stat.h>

#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 8U << 20;
constexpr std::size_t kDigestLength = 64;

fs::path cacheFile()
{
    const char* xdg = std::getenv("XDG_CACHE_HOME");
    if (xdg != nullptr && *xdg == '/')
        return fs::path(xdg) / "precedent" / "weights.json";
    const char* home = std::getenv("HOME");
    return fs::path(home != nullptr ? home : "/tmp") / ".cache/precedent/weights.json";
}

std::string keyOf(const fs::path& file)
{
    std::error_code ec;
    const fs::path whole = fs::weakly_canonical(file, ec);
    return ec ? file.string() : whole.string();
}

bool isDigest(const std::string& text)
{
    return text.size() == kDigestLength && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace

DigestCache::DigestCache()
    : m_file(cacheFile())
    , m_entries(read(m_file))
{
}

std::map<std::string, DigestCache::Entry> DigestCache::read(const fs::path& file)
{
    std::map<std::string, Entry> entries;
    const Result<std::string> text = readFile(file, kMostBytes);
    if (!text)
        return entries;
    const Result<Json> json = parseJson(text.value(), file.string());
    if (!json || !json.value().is_object())
        return entries;
    for (const auto& [key, value] : json.value().items()) {
        if (!value.is_object() || !value.value("stamp", Json()).is_string() || !value.value("sha256", Json()).is_string())
            continue;
        Entry entry{value["stamp"].get<std::string>(), value["sha256"].get<std::string>()};
        if (isDigest(entry.digest))
            entries[key] = std::move(entry);
    }
    return entries;
}

std::string DigestCache::stampOf(const fs::path& file)
{
    struct stat info { };
    if (::stat(file.c_str(), &info) != 0)
        return {};
    return std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + " " +
        std::to_string(info.st_ino);
}

std::string DigestCache::find(const fs::path& file) const
{
    const auto found = m_entries.find(keyOf(file));
    return found != m_entries.end() && found->second.stamp == stampOf(file) ? found->second.digest : std::string();
}

void DigestCache::keep(const fs::path& file, const std::string& stampBefore, const std::string& digest)
{
    if (stampBefore.empty() || stampOf(file) != stampBefore)
        return;
    m_entries = read(m_file); // another program may have kept some meanwhile
    std::erase_if(m_entries, [](const auto& entry) { return stampOf(entry.first).empty(); });
    m_entries[keyOf(file)] = {stampBefore, digest};
    Json json = Json::object();
    for (const auto& [key, entry] : m_entries)
        json[key] = {{"stamp", entry.stamp}, {"sha256", entry.digest}};
    std::error_code ec;
    fs::create_directories(m_file.parent_path(), ec);
    (void)writeFileAtomically(m_file, dumpJson(json, 1) + "\n"); // a cache that cannot be written only costs time
}

} // namespace precedent::workspace
