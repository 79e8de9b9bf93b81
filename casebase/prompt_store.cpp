#include "precedent/casebase/prompt_store.h"

#include "casebase/audit.h"
#include "casebase/case_rules.h"
#include "casebase/filters.h"
#include "casebase/rows.h"

namespace precedent::casebase {

Result<std::string> PromptStore::add(const Prompt& prompt)
{
    return m_connection.write("add a prompt", [&]() -> Result<std::string> {
        checkPrompt(prompt);
        return addPrompt(m_connection, prompt, "add");
    });
}

Status PromptStore::update(const Prompt& prompt)
{
    return m_connection.write("update the prompt " + prompt.id, [&]() -> Status {
        checkPrompt(prompt);
        std::int64_t n = 0;
        const Prompt before = readPrompt(m_connection, prompt.id, n);
        storeChange(m_connection, n, before, prompt, "update");
        return {};
    });
}

Status PromptStore::remove(const std::string& id)
{
    return m_connection.write("remove the prompt " + id, [&]() -> Status {
        std::int64_t n = 0;
        const Prompt before = readPrompt(m_connection, id, n);
        Query suites =
            m_connection.query("SELECT s.name FROM suite_members m JOIN suites s ON s.n = m.suite_n WHERE m.prompt_n = ? LIMIT 1");
        suites.bind(n);
        if (suites.next())
            fail(ErrorCode::failedPrecondition, "The prompt " + id + " is in the suite " + suites.text(0) + ".",
                "Remove the suite first; nothing was removed.");
        suites.reset();
        deletePrompt(m_connection, n, before);
        recordAudit(m_connection, "remove", "prompt", id, before.version, {});
        return {};
    });
}

Result<Prompt> PromptStore::find(const std::string& id) const
{
    return m_connection.guarded("read the prompt " + id, [&]() -> Result<Prompt> {
        std::int64_t n = 0;
        return readPrompt(m_connection, id, n);
    });
}

Result<std::optional<std::string>> PromptStore::findSame(const std::vector<Message>& messages, PromptLabel label) const
{
    return m_connection.guarded(
        "look for a prompt", [&]() -> Result<std::optional<std::string>> { return samePrompt(m_connection, messages, label); });
}

Result<std::int64_t> PromptStore::count(const PromptFilter& filter) const
{
    return m_connection.guarded("count prompts", [&]() -> Result<std::int64_t> {
        const Where where = whereOf(filter);
        Query q = m_connection.query("SELECT count(*) FROM prompts" + where.sql());
        where.bindTo(q);
        q.next();
        return q.integer(0);
    });
}

Result<bool> PromptStore::any(const PromptFilter& filter) const
{
    return m_connection.guarded("look for a prompt", [&]() -> Result<bool> {
        const Where where = whereOf(filter);
        Query q = m_connection.query("SELECT EXISTS(SELECT 1 FROM prompts" + where.sql() + ")");
        where.bindTo(q);
        q.next();
        return q.flag(0);
    });
}

Result<std::vector<Prompt>> PromptStore::all(const PromptFilter& filter, std::int64_t offset, std::int64_t limit) const
{
    return m_connection.guarded("read prompts", [&]() -> Result<std::vector<Prompt>> {
        const Where where = whereOf(filter);
        std::string order = " ORDER BY id";
        if (!filter.suite.empty())
            order = " ORDER BY (SELECT m.position FROM suite_members m JOIN suites s ON s.n = m.suite_n WHERE m.prompt_n = prompts.n AND "
                    "s.name = ?)";
        Query q = m_connection.query(std::string("SELECT ") + kPromptColumns + " FROM prompts" + where.sql() + order + " LIMIT ? OFFSET ?");
        int next = where.bindTo(q);
        if (!filter.suite.empty())
            q.bindOne(next++, filter.suite);
        q.bindOne(next, limit);
        q.bindOne(next + 1, offset);
        std::vector<Prompt> prompts;
        while (q.next())
            prompts.push_back(promptFrom(q));
        return prompts;
    });
}

Status PromptStore::forEach(const PromptFilter& filter, const std::function<Status(const Prompt&)>& visit) const
{
    return m_connection.guarded("read prompts", [&]() -> Status {
        const Where where = whereOf(filter);
        Query q = m_connection.query(std::string("SELECT ") + kPromptColumns + " FROM prompts" + where.sql() + " ORDER BY id");
        where.bindTo(q);
        while (q.next())
            PRECEDENT_TRY(visit(promptFrom(q)));
        return {};
    });
}

} // namespace precedent::casebase
