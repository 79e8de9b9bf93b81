#include "precedent/casebase/verdict_store.h"

#include <algorithm>

#include "casebase/audit.h"
#include "casebase/rows.h"
#include "casebase/text_rules.h"

namespace precedent::casebase {

Result<std::int64_t> VerdictStore::add(const HumanVerdict& verdict)
{
    return m_connection.write("store a verdict", [&]() -> Result<std::int64_t> {
        if (verdict.targetId.empty())
            fail(ErrorCode::invalidArgument, "A verdict needs the answer that it is about.");
        for (const std::string* text : {&verdict.targetId, &verdict.who, &verdict.note})
            requireStorable(*text, "text", "the verdict");
        HumanVerdict stored = verdict;
        if (stored.whenMs == 0)
            stored.whenMs = m_connection.now();
        m_connection
            .query("INSERT INTO verdicts(target, target_id, did, should, blind, random_draw, who, note, when_ms) VALUES(?, ?, ?, ?, ?, ?, "
                   "?, ?, ?)")
            .bind(toString(stored.target), stored.targetId, toString(stored.did), toString(stored.should), stored.blind, stored.randomDraw,
                stored.who, stored.note, stored.whenMs)
            .run();
        stored.id = m_connection.lastRowId();
        recordAudit(m_connection, "add", "verdict", std::to_string(stored.id), 1, digestsOf(stored));
        return stored.id;
    });
}

Result<std::vector<HumanVerdict>> VerdictStore::forTarget(VerdictTarget target, const std::string& targetId) const
{
    auto verdicts = all();
    if (verdicts.ok())
        std::erase_if(*verdicts, [&](const HumanVerdict& verdict) { return verdict.target != target || verdict.targetId != targetId; });
    return verdicts;
}

Result<std::vector<HumanVerdict>> VerdictStore::all(bool countableOnly) const
{
    return m_connection.guarded("read the verdicts", [&]() -> Result<std::vector<HumanVerdict>> {
        std::vector<HumanVerdict> verdicts = readVerdicts(m_connection);
        if (countableOnly)
            std::erase_if(verdicts, [](const HumanVerdict& verdict) { return !verdict.blind || !verdict.randomDraw; });
        return verdicts;
    });
}

} // namespace precedent::casebase
