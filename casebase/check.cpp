#include "casebase/check.h"

#include "casebase/connection.h"
#include "precedent/casebase/audit_store.h"

#include <sqlite3.h>

namespace precedent::casebase {
namespace {

void checkPages(Connection& connection, std::vector<CheckProblem>& problems)
{
    Query q = connection.query("PRAGMA integrity_check");
    while (q.next()) {
        if (const std::string line = q.text(0); line != "ok")
            problems.push_back({"integrity", "", line + ".", false});
    }
}

void checkLinks(Connection& connection, std::vector<CheckProblem>& problems)
{
    Query keys = connection.query("PRAGMA foreign_key_check");
    while (keys.next())
        problems.push_back({"foreign_key", keys.text(0),
            "Row " + keys.text(1) + " of " + keys.text(0) + " refers to something in " + keys.text(2) + " that is not there.", false});
}

/// Whether the index says exactly what its view says now. FTS5's own check is an INSERT: where nothing may be written,
/// only the sets of rows are compared.
bool inStep(Connection& connection, const std::string& table)
{
    const std::string index = table + "_index";
    if (connection.isReadOnly())
        return connection.integer("SELECT (SELECT count(*) FROM " + table + ") <> (SELECT count(*) FROM " + index +
                   "_docsize) OR EXISTS(SELECT n FROM " + table + " EXCEPT SELECT id FROM " + index + "_docsize)") == 0;
    try {
        connection.execute("INSERT INTO " + index + "(" + index + ", rank) VALUES('integrity-check', 1)");
        return true;
    } catch (const SqlError& error) {
        if ((error.extendedCode() & 0xff) == SQLITE_CORRUPT)
            return false;
        throw;
    }
}

void checkIndexes(Connection& connection, bool repair, std::vector<CheckProblem>& problems)
{
    for (const std::string table : {"codes", "cases", "prompts"}) {
        if (inStep(connection, table))
            continue;
        const std::string index = table + "_index";
        CheckProblem problem{
            "search_index", index, "The search index " + index + " is not in step with the texts; searching may miss some.", false};
        if (repair) {
            require(connection.transact("rebuild " + index, [&]() -> Status {
                connection.execute("INSERT INTO " + index + "(" + index + ") VALUES('rebuild')");
                return {};
            }));
            problem.repaired = true;
        }
        problems.push_back(std::move(problem));
    }
}

} // namespace

std::vector<CheckProblem> checkCasebase(Casebase& casebase, bool repair)
{
    std::vector<CheckProblem> problems;
    Connection& connection = casebase.connection();
    checkPages(connection, problems);
    if (!problems.empty())
        return problems; // what follows would only stumble over the same damage
    checkLinks(connection, problems);
    for (auto& [id, message] : require(casebase.audit().verify()))
        problems.push_back({"audit", id, std::move(message), false});
    checkIndexes(connection, repair, problems);
    return problems;
}

} // namespace precedent::casebase
