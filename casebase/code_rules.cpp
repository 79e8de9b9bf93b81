#include <set>

#include "casebase/audit.h"
#include "casebase/case_rules.h"
#include "casebase/rows.h"
#include "casebase/text_rules.h"
#include "casebase/versioned_write.h"

namespace precedent::casebase {

void checkCode(Connection& connection, const Code& code)
{
    if (code.id.empty() || code.title.empty())
        fail(ErrorCode::invalidArgument,
            "A code needs an id and a title; " + (code.id.empty() ? std::string("the id") : "the title of " + code.id) + " is empty.");
    const std::string entity = "code " + code.id;
    requireStorable(code.id, "id", entity);
    requireStorable(code.title, "title", entity);
    requireStorable(code.simple, "simple form", entity);
    requireStorable(code.detailed, "detailed form", entity);
    if (code.id.find_first_of("[] \t\r\n/") != std::string::npos)
        fail(ErrorCode::invalidArgument, "The code id \"" + code.id + "\" holds a space, a bracket or a slash; chains could not cite it.",
            "Use letters, digits, dots and dashes, like S3.2.");
    std::set<std::string> above{code.id};
    for (std::string parent = code.parent; !parent.empty();) {
        if (!above.insert(parent).second)
            fail(ErrorCode::invalidArgument,
                "The code " + code.id + " cannot have " + code.parent + " as its parent: it would stand above itself.");
        Query q = connection.query("SELECT parent FROM codes WHERE id = ?");
        q.bind(parent);
        if (!q.next())
            fail(ErrorCode::notFound, "The parent " + parent + " of code " + code.id + " is not in the casebase.", "Add the parent first.");
        parent = q.text(0);
    }
}

Code readCode(Connection& connection, const std::string& id, std::int64_t& n)
{
    Query q = connection.query(std::string("SELECT ") + kCodeColumns + " FROM codes WHERE id = ?");
    q.bind(id);
    if (!q.next())
        fail(ErrorCode::notFound, "There is no code " + id + " in " + connection.path().string() + ".",
            "`casebase search` finds codes by their words.");
    n = q.integer(0);
    return codeFrom(q);
}

void failChangedMeanwhile(const std::string& named, int version, int expectedVersion)
{
    fail(ErrorCode::failedPrecondition,
        "The " + named + " was changed meanwhile: it is at version " + std::to_string(version) + ", and this edit began at version " +
            std::to_string(expectedVersion) + ".",
        "Look at both and store again; nothing was overwritten.");
}

std::string freeCodeId(Connection& connection, const std::string& stem)
{
    for (int i = 1;; ++i) {
        const std::string id = stem + std::to_string(i);
        if (rowOf(connection, "codes", id) == 0)
            return id;
    }
}

void addCode(Connection& connection, const Code& code, std::string_view action)
{
    if (rowOf(connection, "codes", code.id) != 0)
        fail(ErrorCode::alreadyExists, "There is a code " + code.id + " already.", "Choose another id, or update it.");
    Code stored = code;
    writeFirst(connection, stored, "code", action, [&](const auto& row) { insertCode(connection, row); });
}

bool storeChange(Connection& connection, std::int64_t n, const Code& before, const Code& after, std::string_view action)
{
    if (digestsOf(before) == digestsOf(after))
        return false;
    Code stored = after;
    writeNext(connection, before, stored, "code", action, [&](const auto& row) { replaceCode(connection, n, before, row); });
    return true;
}

std::optional<Code> sameCode(Connection& connection, const std::string& id, const std::string& title, std::int64_t& n)
{
    if (!id.empty() && rowOf(connection, "codes", id) != 0)
        return readCode(connection, id, n);
    const std::string key = titleKey(title);
    Query q = connection.query(std::string("SELECT ") + kCodeColumns + " FROM codes WHERE title_key = ? ORDER BY n LIMIT 1");
    q.bind(key);
    if (!q.next())
        return std::nullopt;
    n = q.integer(0);
    return codeFrom(q);
}

} // namespace precedent::casebase
