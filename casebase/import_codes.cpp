#include <algorithm>

#include "casebase/case_rules.h"
#include "casebase/import_rows.h"
#include "casebase/rows.h"
#include "casebase/text_rules.h"

namespace precedent::casebase {
namespace {

/// Titles shorter than this are no policy's name in prose.
constexpr std::size_t kShortestPhrase = 4;

/// "5. Illicit / Criminal Behavior" -> "Illicit / Criminal Behavior".
std::string headingTitle(std::string_view detailed)
{
    const std::size_t start = detailed.find("## ");
    if (start == std::string_view::npos)
        return {};
    std::string_view title = detailed.substr(start + 3);
    title = title.substr(0, title.find('\n'));
    const std::size_t letters = title.find_first_not_of("0123456789. ");
    return letters == std::string_view::npos ? std::string() : squeezed(title.substr(letters));
}

} // namespace

CodeFinder::CodeFinder(Connection& connection, std::string source)
    : m_connection(connection)
    , m_source(std::move(source))
{
    readCodes(connection, [&](const Code& code) { remember(code.id, code.title); });
}

void CodeFinder::remember(const std::string& id, const std::string& title)
{
    m_byName[id] = id;
    m_byName.emplace(titleKey(title), id);
    Known known{id, {}};
    std::vector<std::string> parts{title};
    for (std::size_t from = 0; from <= title.size();) {
        const std::size_t end = std::min(title.find('/', from), title.size());
        parts.push_back(title.substr(from, end - from));
        from = end + 1;
    }
    for (const std::string& part : parts) {
        const std::string key = titleKey(part);
        if (key.size() >= kShortestPhrase)
            known.phrases.push_back(" " + key + " polic");
    }
    m_known.push_back(std::move(known));
}

std::vector<std::string> CodeFinder::resolve(const std::vector<std::string>& names)
{
    std::vector<std::string> ids;
    for (const std::string& name : names) {
        const std::string id = resolveOne(name);
        if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end())
            ids.push_back(id);
    }
    return ids;
}

std::vector<std::string> CodeFinder::named(const std::vector<std::string>& names) const
{
    std::vector<std::string> ids;
    for (const std::string& name : names) {
        const std::string* id = known(squeezed(name));
        const std::string& taken = id != nullptr ? *id : name;
        if (std::find(ids.begin(), ids.end(), taken) == ids.end())
            ids.push_back(taken);
    }
    return ids;
}

const std::string* CodeFinder::known(const std::string& title) const
{
    for (const std::string& key : {title, titleKey(title)}) {
        if (const auto it = m_byName.find(key); it != m_byName.end())
            return &it->second;
    }
    return nullptr;
}

std::string CodeFinder::resolveOne(const std::string& name)
{
    const std::string title = squeezed(name);
    if (title.empty())
        return {};
    if (const std::string* id = known(title))
        return *id;
    Code code;
    code.id = freeCodeId(m_connection);
    code.title = title;
    code.derived["title"] = "named by rows of " + m_source;
    addCode(m_connection, code, "import");
    remember(code.id, code.title);
    ++m_made;
    return code.id;
}

std::vector<std::string> CodeFinder::namedInProse(std::string_view prose) const
{
    std::vector<std::string> ids;
    const std::string key = " " + titleKey(prose);
    for (const Known& known : m_known) {
        if (std::any_of(known.phrases.begin(), known.phrases.end(),
                [&](const std::string& phrase) { return key.find(phrase) != std::string::npos; }))
            ids.push_back(known.id);
    }
    return ids;
}

std::string firstSentence(std::string_view detailed)
{
    for (std::size_t from = 0; from < detailed.size();) {
        const std::size_t end = std::min(detailed.find('\n', from), detailed.size());
        const std::string line = squeezed(detailed.substr(from, end - from));
        from = end + 1;
        if (line.empty() || line.front() == '#')
            continue;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const bool ends = (line[i] == '.' || line[i] == '!' || line[i] == '?') && (i + 1 == line.size() || line[i + 1] == ' ');
            const bool abbreviation = i >= 3 &&
                (line.compare(i - 3, 4, "e.g.") == 0 || line.compare(i - 3, 4, "i.e.") == 0 || line.compare(i - 3, 4, "etc.") == 0);
            if (ends && (!abbreviation || i + 1 == line.size()))
                return line.substr(0, i + 1);
        }
        return line;
    }
    return {};
}

std::vector<Code> policiesOf(const Json& object)
{
    std::vector<Code> codes;
    if (!object.is_object())
        return codes;
    for (const auto& [key, value] : object.items()) {
        if (key.rfind("POLICY_", 0) != 0 || !value.is_string())
            continue;
        Code code;
        code.detailed = value.get<std::string>();
        code.title = headingTitle(code.detailed);
        if (code.title.empty())
            code.title = key;
        code.simple = firstSentence(code.detailed);
        code.derived["simple"] = "first sentence of the detailed form";
        codes.push_back(std::move(code));
    }
    return codes;
}

} // namespace precedent::casebase
