#include "casebase/folder_export.h"

#include <algorithm>
#include <set>

#include "casebase/atomic_writer.h"
#include "casebase/connection.h"
#include "precedent/base/files.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/casebase/value_json.h"

namespace precedent::casebase {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "casebase.json";
constexpr const char* kFormat = "precedent-folder-1";
constexpr std::string_view kMark = "<!-- precedent: ";

/// An id as a file name: everything but letters, digits, dots, dashes and underscores as %XX; no leading dot.
std::string fileName(const std::string& id)
{
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string name;
    for (const char c : id) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
            (c == '.' && !name.empty());
        if (plain) {
            name += c;
        } else {
            name += '%';
            name += kDigits[byte >> 4];
            name += kDigits[byte & 15];
        }
    }
    return name;
}

/// A text under a mark of its own. Lines that look like a mark get a backslash, so that reading it back is exact.
std::string section(const std::string& name, const std::string& text)
{
    if (text.empty())
        return {};
    std::string result = "\n" + std::string(kMark) + name + " -->\n";
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        const std::string_view line = std::string_view(text).substr(from, end - from);
        const std::size_t start = std::min(line.find_first_not_of('\\'), line.size());
        if (line.substr(start).substr(0, kMark.size()) == kMark)
            result += '\\';
        result += line;
        result += '\n';
        from = end + 1;
    }
    return result;
}

std::string takeText(Json& json, const char* key)
{
    const auto it = json.find(key);
    if (it == json.end() || !it->is_string())
        return {};
    std::string text = it->get<std::string>();
    json.erase(it);
    return text;
}

std::string codeFile(const Code& code)
{
    Json head = toJson(code);
    const std::string simple = takeText(head, "simple");
    const std::string detailed = takeText(head, "detailed");
    return dumpJson(head, 2) + "\n" + section("simple", simple) + section("detailed", detailed);
}

std::string caseFile(const Case& value)
{
    Json head = toJson(value);
    std::string body;
    for (const char* key : {"chain", "answer", "notes"})
        body += section(key, takeText(head, key));
    std::string request;
    // One plain user turn reads better as text than in the head.
    if (value.request.size() == 1 && value.request.front().role == "user") {
        head.erase("request");
        request = section("request", value.request.front().content);
    }
    return dumpJson(head, 2) + "\n" + request + body;
}

std::string caseFolder(const Case& value)
{
    const auto deciding = std::find_if(value.codes.begin(), value.codes.end(), [](const GoverningCode& code) { return code.decides; });
    return deciding == value.codes.end() ? "none" : fileName(deciding->code);
}

/// Writes files under a folder and remembers which.
class FolderWriter {
public:
    explicit FolderWriter(fs::path root)
        : m_root(std::move(root))
    {
    }

    void write(const fs::path& relative, const std::string& bytes)
    {
        const fs::path path = m_root / relative;
        makeFolder(path.parent_path());
        m_files.insert(relative.generic_string());
        // An unchanged file keeps its time, so that tools that watch the folder stay quiet.
        std::error_code ec;
        if (fs::exists(path, ec)) {
            if (const auto old = readFile(path); old.ok() && *old == bytes)
                return;
        }
        require(writeFileAtomically(path, bytes));
    }
    void note(const std::string& relative) { m_files.insert(relative); }
    [[nodiscard]] const std::set<std::string>& files() const { return m_files; }

private:
    fs::path m_root;
    std::set<std::string> m_files;
};

/// Files of an earlier export in this folder; refuses a folder that holds something else.
std::set<std::string> earlierFiles(const fs::path& folder)
{
    std::error_code ec;
    std::set<std::string> files;
    if (!fs::exists(folder, ec) || fs::is_empty(folder, ec))
        return files;
    const auto manifest = readFile(folder / kManifest);
    const auto json = manifest.ok() ? parseJson(*manifest, kManifest) : Result<Json>(manifest.error());
    if (!json.ok() || !json->is_object() || json->value("format", "") != kFormat)
        fail(ErrorCode::alreadyExists, folder.string() + " is not empty and not an earlier export.",
            "Choose an empty folder or a new name; nothing was written.");
    for (const Json& file : json->value("files", Json::array())) {
        const std::string name = file.is_string() ? file.get<std::string>() : "";
        const bool inside = !name.empty() && name.front() != '/' && name.find("..") == std::string::npos;
        if (inside)
            files.insert(name);
    }
    return files;
}

std::int64_t writePrompts(const Casebase& casebase, const fs::path& path)
{
    std::int64_t written = 0;
    AtomicWriter out(path);
    require(out.open());
    require(casebase.prompts().forEach({}, [&](const Prompt& prompt) -> Status {
        ++written;
        return out.write(dumpJson(toJson(prompt)) + "\n");
    }));
    require(out.commit());
    return written;
}

void removeStale(const fs::path& folder, const std::set<std::string>& earlier, const std::set<std::string>& now)
{
    std::error_code ec;
    for (const std::string& name : earlier) {
        if (now.contains(name))
            continue;
        fs::remove(folder / name, ec);
        const fs::path parent = (folder / name).parent_path();
        if (parent != folder && fs::is_empty(parent, ec))
            fs::remove(parent, ec);
    }
}

} // namespace

void makeFolder(const fs::path& folder)
{
    if (folder.empty())
        return;
    std::error_code ec;
    fs::create_directories(folder, ec);
    if (ec)
        throw Failure(errnoError(ec.value(), "make the folder", folder.string()));
}

Json suiteToJson(const Suite& suite, const std::vector<SuiteMember>& members)
{
    Json json = {{"name", suite.name}, {"role", toString(suite.role)}, {"description", suite.description}, {"members", Json::array()}};
    for (const SuiteMember& member : members) {
        Json item = {{"prompt", member.promptId}};
        if (member.burned) {
            item["burned"] = true;
            item["burned_why"] = member.burnedWhy;
        }
        json["members"].push_back(std::move(item));
    }
    return json;
}

std::int64_t exportFolder(const Casebase& casebase, const fs::path& folder, const std::string& snapshot)
{
    const std::set<std::string> earlier = earlierFiles(folder);
    makeFolder(folder);
    FolderWriter out(folder);
    std::int64_t written = 0;
    for (const Code& code : require(casebase.codes().all())) {
        out.write(fs::path("codes") / (fileName(code.id) + ".md"), codeFile(code));
        ++written;
    }
    require(casebase.cases().forEach({}, [&](const Case& value) -> Status {
        out.write(fs::path("cases") / caseFolder(value) / (fileName(value.id) + ".md"), caseFile(value));
        ++written;
        return {};
    }));
    written += writePrompts(casebase, folder / "prompts.jsonl");
    out.note("prompts.jsonl");
    for (const Suite& suite : require(casebase.suites().all())) {
        out.write(fs::path("suites") / (fileName(suite.name) + ".json"),
            dumpJson(suiteToJson(suite, require(casebase.suites().members(suite.name))), 2) + "\n");
        ++written;
    }
    removeStale(folder, earlier, out.files());
    Json manifest = {{"format", kFormat}, {"snapshot", snapshot}, {"files", Json::array()}};
    for (const std::string& file : out.files())
        manifest["files"].push_back(file);
    require(writeFileAtomically(folder / kManifest, dumpJson(manifest, 1) + "\n"));
    return written;
}

} // namespace precedent::casebase
