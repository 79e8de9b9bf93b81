#include "casebase/filters.h"

#include "precedent/casebase/search.h"

namespace precedent::casebase {
namespace {

template <typename Enum>
std::vector<std::string> spellings(const std::vector<Enum>& values)
{
    std::vector<std::string> texts;
    for (const Enum value : values)
        texts.emplace_back(toString(value));
    return texts;
}

/// Text without a word matches nothing to leave out: the condition is dropped.
void addText(Where& where, const std::string& index, const std::string& text)
{
    if (const std::string match = matchAll(text); !match.empty())
        where.add("n IN (SELECT rowid FROM " + index + " WHERE " + index + " MATCH ?)", {match});
}

} // namespace

void Where::addAnyOf(const std::string& column, const std::vector<std::string>& values)
{
    if (values.empty())
        return;
    std::string list;
    for (std::size_t i = 0; i < values.size(); ++i)
        list += i == 0 ? "?" : ", ?";
    add(column + " IN (" + list + ")", values);
}

void Where::append(const Where& other)
{
    m_conditions.insert(m_conditions.end(), other.m_conditions.begin(), other.m_conditions.end());
    m_values.insert(m_values.end(), other.m_values.begin(), other.m_values.end());
}

std::string Where::sql() const
{
    std::string sql;
    for (const std::string& condition : m_conditions)
        sql += (sql.empty() ? " WHERE " : " AND ") + condition;
    return sql;
}

int Where::bindTo(Query& q) const
{
    int index = 0;
    for (const std::string& value : m_values)
        q.bindOne(++index, value);
    return index + 1;
}

Where whereOf(const CaseFilter& filter, bool withText)
{
    Where where;
    if (withText)
        addText(where, "cases_index", filter.text);
    if (!filter.codes.empty()) {
        std::string seeds;
        for (std::size_t i = 0; i < filter.codes.size(); ++i)
            seeds += i == 0 ? "(?)" : ", (?)";
        where.add("n IN (WITH RECURSIVE below(id) AS (VALUES " + seeds +
                " UNION SELECT c.id FROM codes c JOIN below ON c.parent = below.id) SELECT case_n FROM case_codes WHERE code IN below)",
            filter.codes);
    }
    where.addAnyOf("disposition", spellings(filter.dispositions));
    where.addAnyOf("status", spellings(filter.statuses));
    if (!filter.tag.empty())
        where.add("EXISTS(SELECT 1 FROM json_each(cases.tags) WHERE value = ?)", {filter.tag});
    if (!filter.source.empty())
        where.add("source = ?", {filter.source});
    if (filter.hasTwin)
        where.add(*filter.hasTwin ? "twin IS NOT NULL" : "twin IS NULL");
    return where;
}

Where whereOf(const PromptFilter& filter)
{
    Where where;
    addText(where, "prompts_index", filter.text);
    where.addAnyOf("label", spellings(filter.labels));
    if (!filter.suite.empty())
        where.add("n IN (SELECT m.prompt_n FROM suite_members m JOIN suites s ON s.n = m.suite_n WHERE s.name = ?)", {filter.suite});
    if (!filter.notInSuite.empty())
        where.add(
            "n NOT IN (SELECT m.prompt_n FROM suite_members m JOIN suites s ON s.n = m.suite_n WHERE s.name = ?)", {filter.notInSuite});
    if (filter.outsideSealed)
        where.add("n NOT IN (SELECT m.prompt_n FROM suite_members m JOIN suites s ON s.n = m.suite_n WHERE s.role = 'sealed')");
    if (!filter.source.empty())
        where.add("source = ?", {filter.source});
    if (!filter.notSource.empty())
        where.add("source <> ?", {filter.notSource});
    if (!filter.wrapper.empty())
        where.add("wrapper = ?", {filter.wrapper});
    return where;
}

} // namespace precedent::casebase
