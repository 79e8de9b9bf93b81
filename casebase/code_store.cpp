#include "precedent/casebase/code_store.h"

#include <algorithm>
#include <map>

#include "casebase/audit.h"
#include "casebase/case_rules.h"
#include "casebase/natural_order.h"
#include "casebase/rows.h"
#include "casebase/text_rules.h"

namespace precedent::casebase {
namespace {

using Children = std::map<std::string, std::vector<const Code*>>;

void addTree(const Children& children, const std::string& parent, std::vector<Code>& out)
{
    const auto it = children.find(parent);
    if (it == children.end())
        return;
    for (const Code* code : it->second) {
        out.push_back(*code);
        addTree(children, code->id, out);
    }
}

} // namespace

Status CodeStore::add(const Code& code)
{
    return m_connection.write("add the code " + code.id, [&]() -> Status {
        checkCode(m_connection, code);
        addCode(m_connection, code, "add");
        return {};
    });
}

Status CodeStore::update(const Code& code, int expectedVersion)
{
    return m_connection.write("update the code " + code.id, [&]() -> Status {
        checkCode(m_connection, code);
        std::int64_t n = 0;
        const Code before = readCode(m_connection, code.id, n);
        if (expectedVersion > 0 && before.version != expectedVersion)
            failChangedMeanwhile("code " + code.id, before.version, expectedVersion);
        storeChange(m_connection, n, before, code, "update");
        return {};
    });
}

Status CodeStore::remove(const std::string& id)
{
    return m_connection.write("remove the code " + id, [&]() -> Status {
        std::int64_t n = 0;
        const Code before = readCode(m_connection, id, n);
        Query uses =
            m_connection.query("SELECT (SELECT count(*) FROM case_codes WHERE code = ?1), (SELECT count(*) FROM codes WHERE parent = ?1)");
        uses.bind(id);
        uses.next();
        if (uses.integer(0) > 0 || uses.integer(1) > 0)
            fail(ErrorCode::failedPrecondition,
                "The code " + id + " is in use: " + uses.text(0) + " cases name it and " + uses.text(1) + " codes stand under it.",
                "Move those first; nothing was removed.");
        uses.reset();
        deleteCode(m_connection, n, before);
        recordAudit(m_connection, "remove", "code", id, before.version, {});
        return {};
    });
}

Result<Code> CodeStore::find(const std::string& id) const
{
    return m_connection.guarded("read the code " + id, [&]() -> Result<Code> {
        std::int64_t n = 0;
        return readCode(m_connection, id, n);
    });
}

Result<Code> CodeStore::findByTitle(const std::string& title) const
{
    return m_connection.guarded("read a code", [&]() -> Result<Code> {
        const std::string key = titleKey(title);
        Query q = m_connection.query(std::string("SELECT ") + kCodeColumns + " FROM codes WHERE title_key = ? ORDER BY n LIMIT 1");
        q.bind(key);
        if (!q.next())
            fail(ErrorCode::notFound, "There is no code with the title \"" + title + "\".");
        return codeFrom(q);
    });
}

Result<std::vector<Code>> CodeStore::all() const
{
    return m_connection.guarded("read the codes", [&]() -> Result<std::vector<Code>> {
        std::vector<Code> codes;
        readCodes(m_connection, [&](const Code& code) { codes.push_back(code); });
        Children children;
        for (const Code& code : codes)
            children[code.parent].push_back(&code);
        for (auto& [parent, list] : children) {
            std::sort(list.begin(), list.end(), [](const Code* a, const Code* b) {
                return a->position != b->position ? a->position < b->position : naturallyBefore(a->id, b->id);
            });
        }
        std::vector<Code> ordered;
        addTree(children, "", ordered);
        return ordered;
    });
}

Result<std::string> CodeStore::nextId(const std::string& parent) const
{
    return m_connection.guarded("find a free code id",
        [&]() -> Result<std::string> { return freeCodeId(m_connection, parent.empty() ? std::string("S") : parent + "."); });
}

} // namespace precedent::casebase
