#include <algorithm>

#include "casebase/import_rows.h"
#include "casebase/text_rules.h"

namespace precedent::casebase {
namespace {

std::string listed(const std::vector<std::string>& columns)
{
    std::string text;
    for (const std::string& column : columns)
        text += (text.empty() ? "" : ", ") + ('"' + column + '"');
    return text.empty() ? "none" : text;
}

std::string trimmedText(std::string_view text)
{
    const std::size_t from = text.find_first_not_of(" \t\r\n");
    if (from == std::string_view::npos)
        return {};
    return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

/// Python's spelling of a list of texts: ['a', 'b'].
std::optional<std::vector<std::string>> pythonList(std::string_view text)
{
    if (text.size() < 2 || text.front() != '[' || text.back() != ']')
        return std::nullopt;
    text = text.substr(1, text.size() - 2);
    std::vector<std::string> items;
    for (std::size_t i = 0; i < text.size();) {
        const char quote = text[i];
        if (quote == ' ' || quote == ',') {
            ++i;
            continue;
        }
        const std::size_t close = quote == '\'' || quote == '"' ? text.find(quote, i + 1) : std::string_view::npos;
        if (close == std::string_view::npos)
            return std::nullopt;
        items.emplace_back(text.substr(i + 1, close - i - 1));
        i = close + 1;
    }
    return items;
}

std::vector<std::string> splitList(std::string_view text)
{
    std::vector<std::string> items;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t end = std::min(text.find_first_of(";|", from), text.size());
        if (std::string item = trimmedText(text.substr(from, end - from)); !item.empty())
            items.push_back(std::move(item));
        from = end + 1;
    }
    return items;
}

void appendTexts(const Json& json, std::vector<std::string>& items)
{
    for (const Json& item : json) {
        if (item.is_string())
            items.push_back(item.get<std::string>());
        else if (item.is_object() && item.contains("code") && item["code"].is_string())
            items.push_back(item["code"].get<std::string>());
        else if (!item.is_null())
            items.push_back(dumpJson(item));
    }
}

} // namespace

FieldMap::FieldMap(const Profile& profile, ImportTarget target, const ImportOptions& options, const std::vector<std::string>& columns,
    const std::string& file)
{
    const auto& known = fieldsOf(target);
    const auto isKnown = [&](std::string_view field) { return std::find(known.begin(), known.end(), field) != known.end(); };
    if (profile.kind == ProfileKind::own) {
        for (const std::string_view field : known)
            m_columns[std::string(field)] = std::string(field);
    }
    for (const auto& [field, column] : profile.fields) {
        if (isKnown(field) || field.rfind("choice_", 0) == 0)
            m_columns[field] = column;
    }
    for (const auto& [field, column] : options.map) {
        if (!isKnown(field)) {
            std::string names;
            for (const std::string_view name : known)
                names += (names.empty() ? "" : ", ") + std::string(name);
            fail(ErrorCode::invalidArgument, "--map names the field \"" + field + "\", which is not one of this import's.",
                "Its fields are: " + names + ".");
        }
        if (std::find(columns.begin(), columns.end(), column) == columns.end())
            fail(ErrorCode::invalidArgument,
                file + " has no column \"" + column + "\", which --map " + field + "=" + column + " names; it has " + listed(columns) + ".",
                "Correct the mapping; nothing was stored.");
        m_columns[field] = column;
    }
    learn(columns);
    std::vector<std::vector<std::string_view>> needed = {{"prompt", "messages"}};
    if (target == ImportTarget::cases)
        needed = {{"request", "user"}};
    else if (target == ImportTarget::codes)
        needed = {{"title"}, {"simple", "detailed"}};
    for (const auto& oneOf : needed) {
        if (std::none_of(oneOf.begin(), oneOf.end(), [&](std::string_view field) { return has(field); })) {
            const std::string field(oneOf.front());
            fail(ErrorCode::invalidArgument,
                file + " has no column \"" + field + "\"" + (oneOf.size() > 1 ? " (nor \"" + std::string(oneOf[1]) + "\")" : "") +
                    "; it has " + listed(columns) + ".",
                "Say which column it is: --map " + field + "=COLUMN. Nothing was stored.");
        }
    }
}

void FieldMap::learn(const std::vector<std::string>& columns)
{
    if (columns.size() == m_learned)
        return;
    for (const auto& [field, column] : m_columns) {
        const auto at = std::find(columns.begin(), columns.end(), column);
        if (at != columns.end())
            m_places[field] = static_cast<std::size_t>(at - columns.begin());
    }
    m_learned = columns.size();
}

std::string FieldMap::columnOf(std::string_view field) const
{
    const auto it = m_columns.find(field);
    return it == m_columns.end() ? std::string(field) : it->second;
}

const Cell* FieldMap::cell(const Record& record, std::string_view field) const
{
    const auto it = m_places.find(field);
    if (it == m_places.end() || it->second >= record.cells.size() || !record.cells[it->second].present)
        return nullptr;
    return &record.cells[it->second];
}

std::string FieldMap::text(const Record& record, std::string_view field) const
{
    const Cell* found = cell(record, field);
    if (found == nullptr)
        return {};
    return found->json != nullptr ? dumpJson(*found->json) : std::string(found->text);
}

std::string FieldMap::trimmed(const Record& record, std::string_view field) const { return trimmedText(text(record, field)); }

std::vector<std::string> FieldMap::list(const Record& record, std::string_view field) const
{
    const Cell* found = cell(record, field);
    if (found == nullptr)
        return {};
    std::vector<std::string> items;
    if (found->json != nullptr) {
        appendTexts(*found->json, items);
        return items;
    }
    const std::string text = trimmedText(found->text);
    if (!text.empty() && text.front() == '[') {
        if (const auto json = parseJson(text, "A list"); json.ok() && json->is_array()) {
            appendTexts(*json, items);
            return items;
        }
        if (const auto python = pythonList(text))
            return *python;
    }
    return splitList(text);
}

} // namespace precedent::casebase
