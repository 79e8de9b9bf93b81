#include "precedent/casebase/suite_store.h"

#include <set>

#include "casebase/audit.h"
#include "casebase/case_rules.h"
#include "casebase/rows.h"
#include "casebase/suite_rules.h"
#include "casebase/text_rules.h"

namespace precedent::casebase {
namespace {

void checkSuite(const Suite& suite)
{
    if (suite.name.empty())
        fail(ErrorCode::invalidArgument, "A suite needs a name.");
    requireStorable(suite.name, "name", "suite " + suite.name);
    requireStorable(suite.description, "description", "suite " + suite.name);
}

/// A prompt with everything that shares its goal or is its sibling, over all steps.
std::set<std::string> kinOf(Connection& connection, const std::string& promptId)
{
    std::set<std::string> kin;
    std::vector<std::string> open{promptId};
    while (!open.empty()) {
        const std::string id = open.back();
        open.pop_back();
        if (!kin.insert(id).second)
            continue;
        Query q = connection.query(
            "SELECT goal FROM prompts WHERE id = ?1 AND goal <> '' UNION SELECT sibling FROM prompts WHERE id = ?1 AND sibling <> '' "
            "UNION SELECT id FROM prompts WHERE goal = ?1 UNION SELECT id FROM prompts WHERE sibling = ?1");
        q.bind(id);
        while (q.next())
            open.push_back(q.text(0));
    }
    return kin;
}

} // namespace

Suite readSuite(Connection& connection, const std::string& name, std::int64_t& n)
{
    Query q = connection.query("SELECT n, name, role, description, version FROM suites WHERE name = ?");
    q.bind(name);
    if (!q.next())
        fail(ErrorCode::notFound, "There is no suite \"" + name + "\" in " + connection.path().string() + ".");
    n = q.integer(0);
    return {q.text(1), suiteRoleFromString(q.view(2)).value_or(SuiteRole::working), q.text(3), q.number(4)};
}

void recordSuite(Connection& connection, std::int64_t n, Suite suite, std::string_view action)
{
    ++suite.version;
    connection.query("UPDATE suites SET role = ?, description = ?, version = ? WHERE n = ?")
        .bind(toString(suite.role), suite.description, suite.version, n)
        .run();
    recordAudit(connection, action, "suite", suite.name, suite.version, digestsOf(connection, suite));
}

Status SuiteStore::add(const Suite& suite)
{
    return m_connection.write("add the suite " + suite.name, [&]() -> Status {
        checkSuite(suite);
        Query taken = m_connection.query("SELECT n FROM suites WHERE name = ?");
        taken.bind(suite.name);
        if (taken.next())
            fail(ErrorCode::alreadyExists, "There is a suite \"" + suite.name + "\" already.");
        m_connection.query("INSERT INTO suites(name, role, description, version) VALUES(?, ?, ?, 0)")
            .bind(suite.name, toString(suite.role), suite.description)
            .run();
        Suite stored = suite;
        stored.version = 0;
        recordSuite(m_connection, m_connection.lastRowId(), stored, "add");
        return {};
    });
}

Status SuiteStore::update(const Suite& suite)
{
    return m_connection.write("update the suite " + suite.name, [&]() -> Status {
        checkSuite(suite);
        std::int64_t n = 0;
        const Suite before = readSuite(m_connection, suite.name, n);
        if (before.role == SuiteRole::sealed && suite.role != SuiteRole::sealed)
            fail(ErrorCode::failedPrecondition,
                "The suite \"" + suite.name + "\" is sealed: figures were promised from it, so it cannot become a working suite.",
                "Make a new working suite of other prompts.");
        if (before.role == suite.role && before.description == suite.description)
            return {};
        Suite after = suite;
        after.version = before.version;
        recordSuite(m_connection, n, after, "update");
        return {};
    });
}

Status SuiteStore::remove(const std::string& name)
{
    return m_connection.write("remove the suite " + name, [&]() -> Status {
        std::int64_t n = 0;
        const Suite before = readSuite(m_connection, name, n);
        m_connection.query("DELETE FROM suites WHERE n = ?").bind(n).run();
        recordAudit(m_connection, "remove", "suite", name, before.version, {});
        return {};
    });
}

Result<Suite> SuiteStore::find(const std::string& name) const
{
    return m_connection.guarded("read the suite " + name, [&]() -> Result<Suite> {
        std::int64_t n = 0;
        return readSuite(m_connection, name, n);
    });
}

Result<std::vector<Suite>> SuiteStore::all() const
{
    return m_connection.guarded("read the suites", [&]() -> Result<std::vector<Suite>> { return readSuites(m_connection); });
}

Result<std::vector<std::string>> SuiteStore::named(SuiteRole role) const
{
    const Result<std::vector<Suite>> suites = all();
    if (!suites)
        return suites.error();
    std::vector<std::string> names;
    for (const Suite& suite : *suites) {
        if (suite.role == role)
            names.push_back(suite.name);
    }
    return names;
}

Status SuiteStore::addMembers(const std::string& suite, const std::vector<std::string>& promptIds)
{
    return m_connection.write("add prompts to the suite " + suite, [&]() -> Status {
        std::int64_t n = 0;
        const Suite before = readSuite(m_connection, suite, n);
        Query last = m_connection.query("SELECT coalesce(max(position), -1) FROM suite_members WHERE suite_n = ?");
        last.bind(n);
        last.next();
        std::int64_t position = last.integer(0);
        bool changed = false;
        for (const std::string& id : promptIds) {
            const std::int64_t prompt = rowOf(m_connection, "prompts", id);
            if (prompt == 0)
                fail(ErrorCode::notFound, "The prompt " + id + " is not in the casebase; it cannot join the suite \"" + suite + "\".");
            m_connection.query("INSERT OR IGNORE INTO suite_members(suite_n, position, prompt_n) VALUES(?, ?, ?)")
                .bind(n, position + 1, prompt)
                .run();
            if (m_connection.changes() > 0) {
                ++position;
                changed = true;
            }
        }
        if (changed)
            recordSuite(m_connection, n, before, "members");
        return {};
    });
}

Result<std::vector<SuiteMember>> SuiteStore::members(const std::string& suite) const
{
    return m_connection.guarded("read the suite " + suite, [&]() -> Result<std::vector<SuiteMember>> {
        std::int64_t n = 0;
        (void)readSuite(m_connection, suite, n);
        return readMembers(m_connection, suite);
    });
}

Result<int> SuiteStore::burn(const std::string& promptId, const std::string& why)
{
    return m_connection.write("burn the prompt " + promptId, [&]() -> Result<int> {
        if (rowOf(m_connection, "prompts", promptId) == 0)
            fail(ErrorCode::notFound, "There is no prompt " + promptId + " in " + m_connection.path().string() + ".");
        requireStorable(why, "reason", "prompt " + promptId);
        std::set<std::string> suites;
        std::int64_t burned = 0;
        for (const std::string& id : kinOf(m_connection, promptId)) {
            const std::int64_t prompt = rowOf(m_connection, "prompts", id);
            Query in = m_connection.query(
                "SELECT s.name FROM suite_members m JOIN suites s ON s.n = m.suite_n WHERE m.prompt_n = ? AND m.burned = 0");
            in.bind(prompt);
            while (in.next())
                suites.insert(in.text(0));
            in.reset();
            m_connection.query("UPDATE suite_members SET burned = 1, burned_why = ? WHERE prompt_n = ? AND burned = 0")
                .bind(why, prompt)
                .run();
            burned += m_connection.changes();
        }
        for (const std::string& name : suites) {
            std::int64_t n = 0;
            const Suite suite = readSuite(m_connection, name, n);
            recordSuite(m_connection, n, suite, "burn");
        }
        return static_cast<int>(burned);
    });
}

} // namespace precedent::casebase
