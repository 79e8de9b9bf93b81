#include "precedent/casebase/case_store.h"

#include "casebase/audit.h"
#include "casebase/case_rules.h"
#include "casebase/filters.h"
#include "casebase/rows.h"
#include "casebase/text_rules.h"
#include "precedent/casebase/search.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kRequestStartBytes = 200;

/// Ids with their numbers as numbers, here and in ties.
std::string orderOf(const CaseQuery& query)
{
    const std::string direction = query.descending ? " DESC" : "";
    switch (query.sort) {
    case CaseSort::id:
        return " ORDER BY id_key" + direction;
    case CaseSort::updated:
        return " ORDER BY updated_ms" + direction + ", id_key";
    case CaseSort::created:
        return " ORDER BY created_ms" + direction + ", id_key";
    case CaseSort::disposition:
        return " ORDER BY disposition" + direction + ", id_key";
    case CaseSort::status:
        return " ORDER BY status" + direction + ", id_key";
    case CaseSort::source:
        return " ORDER BY source" + direction + ", id_key";
    case CaseSort::relevance:
        break;
    }
    return " ORDER BY rank, id_key";
}

CaseSummary summaryFrom(Connection& connection, const Query& q)
{
    CaseSummary summary;
    summary.id = q.text(1);
    summary.requestStart = firstLine(lastUserText(messagesFrom(q.view(2), q.view(10))), kRequestStartBytes);
    summary.codes = readGoverning(connection, q.integer(0));
    summary.disposition = dispositionFromString(q.view(3)).value_or(Disposition::unknown);
    summary.status = caseStatusFromString(q.view(4)).value_or(CaseStatus::draft);
    summary.source = q.text(5);
    summary.tags = textsFrom(q.view(6));
    summary.twinId = q.text(7);
    summary.version = q.number(8);
    summary.updatedMs = q.integer(9);
    return summary;
}

/// Unlinks the other side of a pair, so that twins always name each other.
void unlinkTwin(Connection& connection, const std::string& twinId, const std::string& id)
{
    if (twinId.empty() || rowOf(connection, "cases", twinId) == 0)
        return;
    std::int64_t n = 0;
    const Case before = readCase(connection, twinId, n);
    if (before.twinId != id)
        return;
    Case after = before;
    after.twinId.clear();
    after.twinDifference.clear();
    storeChange(connection, n, before, after, "unlink");
}

} // namespace

Result<std::string> CaseStore::add(const Case& value)
{
    return m_connection.write("add a case", [&]() -> Result<std::string> {
        checkCase(m_connection, value);
        return addCase(m_connection, value, "add");
    });
}

Status CaseStore::update(const Case& value, int expectedVersion)
{
    return m_connection.write("update the case " + value.id, [&]() -> Status {
        checkCase(m_connection, value);
        std::int64_t n = 0;
        const Case before = readCase(m_connection, value.id, n);
        if (expectedVersion > 0 && before.version != expectedVersion)
            failChangedMeanwhile("case " + value.id, before.version, expectedVersion);
        storeChange(m_connection, n, before, value, "update");
        return {};
    });
}

Status CaseStore::remove(const std::string& id)
{
    return m_connection.write("remove the case " + id, [&]() -> Status {
        std::int64_t n = 0;
        const Case before = readCase(m_connection, id, n);
        unlinkTwin(m_connection, before.twinId, id);
        Query others = m_connection.query("SELECT id FROM cases WHERE twin = ?");
        others.bind(id);
        std::vector<std::string> ids;
        while (others.next())
            ids.push_back(others.text(0));
        for (const std::string& other : ids)
            unlinkTwin(m_connection, other, id);
        deleteCase(m_connection, n, before);
        recordAudit(m_connection, "remove", "case", id, before.version, {});
        return {};
    });
}

Status CaseStore::linkTwins(const std::string& a, const std::string& b, const std::string& difference)
{
    return m_connection.write("link the cases " + a + " and " + b, [&]() -> Status {
        if (a == b)
            fail(ErrorCode::invalidArgument, "The case " + a + " cannot be its own twin.");
        requireStorable(difference, "difference", "cases " + a + " and " + b);
        for (const auto& [id, twin] : {std::pair(a, b), std::pair(b, a)}) {
            std::int64_t n = 0;
            const Case before = readCase(m_connection, id, n);
            if (before.twinId != twin)
                unlinkTwin(m_connection, before.twinId, id);
            Case after = before;
            after.twinId = twin;
            after.twinDifference = difference;
            storeChange(m_connection, n, before, after, "link");
        }
        return {};
    });
}

Result<Case> CaseStore::find(const std::string& id) const
{
    return m_connection.guarded("read the case " + id, [&]() -> Result<Case> {
        std::int64_t n = 0;
        return readCase(m_connection, id, n);
    });
}

Result<std::optional<std::string>> CaseStore::findSameRequest(const std::vector<Message>& request) const
{
    return m_connection.guarded("look for a case", [&]() -> Result<std::optional<std::string>> { return sameCase(m_connection, request); });
}

Result<std::int64_t> CaseStore::count(const CaseFilter& filter) const
{
    return m_connection.guarded("count cases", [&]() -> Result<std::int64_t> {
        const Where where = whereOf(filter);
        Query q = m_connection.query("SELECT count(*) FROM cases" + where.sql());
        where.bindTo(q);
        q.next();
        return q.integer(0);
    });
}

Result<std::vector<CaseSummary>> CaseStore::page(const CaseQuery& query) const
{
    return m_connection.guarded("list cases", [&]() -> Result<std::vector<CaseSummary>> {
        const std::string match = matchAll(query.filter.text);
        const bool ranked = query.sort == CaseSort::relevance && !match.empty();
        CaseQuery effective = query;
        if (query.sort == CaseSort::relevance && !ranked)
            effective.sort = CaseSort::id;
        Where where;
        if (ranked)
            where.add("cases_index MATCH ?", {match});
        const Where rest = whereOf(query.filter, !ranked);
        where.append(rest);
        const std::string from = ranked ? "cases_index JOIN cases ON cases.n = cases_index.rowid" : "cases";
        // First which rows, then their texts: sorting rows that carry texts is slow.
        const std::string order = orderOf(effective);
        Query q = m_connection.query(
            "SELECT n, id, request, disposition, status, source, tags, twin, version, updated_ms, turns FROM (SELECT cases.n AS hit" +
            std::string(ranked ? ", rank" : "") + " FROM " + from + where.sql() + order + " LIMIT ? OFFSET ?) JOIN cases ON n = hit" +
            order);
        const int next = where.bindTo(q);
        q.bindOne(next, query.limit);
        q.bindOne(next + 1, query.offset);
        std::vector<CaseSummary> page;
        while (q.next())
            page.push_back(summaryFrom(m_connection, q));
        return page;
    });
}

Result<std::vector<std::string>> CaseStore::sources(std::size_t limit) const
{
    return m_connection.guarded("list the sources of cases", [&]() -> Result<std::vector<std::string>> {
        // From one to the next by the index, for a million cases may have two sources.
        Query q = m_connection.query("SELECT source FROM cases WHERE source > ? ORDER BY source LIMIT 1");
        std::vector<std::string> sources;
        std::string last;
        while (sources.size() < limit) {
            q.bind(last);
            if (!q.next())
                break;
            std::string next = q.text(0);
            q.reset();
            sources.push_back(next);
            last = std::move(next);
        }
        return sources;
    });
}

Status CaseStore::forEach(const CaseFilter& filter, const std::function<Status(const Case&)>& visit) const
{
    return m_connection.guarded("read cases", [&]() -> Status {
        const Where where = whereOf(filter);
        Query q = m_connection.query(std::string("SELECT ") + kCaseColumns + " FROM cases" + where.sql() + " ORDER BY id");
        where.bindTo(q);
        while (q.next())
            PRECEDENT_TRY(visit(caseFrom(m_connection, q)));
        return {};
    });
}

Result<std::vector<Case>> CaseStore::all(const CaseFilter& filter) const
{
    std::vector<Case> cases;
    PRECEDENT_TRY(forEach(filter, [&](const Case& value) -> Status {
        cases.push_back(value);
        return {};
    }));
    return cases;
}

} // namespace precedent::casebase
