#include "ui/commands/change_cases_command.h"

#include "precedent/base/json.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/value_json.h"

namespace precedent::ui {
namespace {

Error writtenMeanwhile(const std::string& id, const std::string& what)
{
    return Error(ErrorCode::failedPrecondition, "The case " + id + " " + what + " by someone else since.",
        "Nothing was overwritten. Open the case to see what it says now.");
}

} // namespace

bool sayTheSame(const casebase::Case& a, const casebase::Case& b) { return casebase::toJson(a) == casebase::toJson(b); }

Status exchangeCase(casebase::Casebase& casebase, const std::optional<casebase::Case>& from, const std::optional<casebase::Case>& to)
{
    const std::string id = from ? from->id : to->id;
    const Result<casebase::Case> stored = casebase.cases().find(id);
    if (!stored.ok() && stored.error().code() != ErrorCode::notFound)
        return stored.error();
    const bool there = stored.ok();
    if (there == to.has_value() && (!there || sayTheSame(*stored, *to)))
        return {};
    if (there && !from)
        return writtenMeanwhile(id, "was added");
    if (!there && from)
        return writtenMeanwhile(id, "was removed");
    if (there && !sayTheSame(*stored, *from))
        return writtenMeanwhile(id, "was changed (version " + std::to_string(stored->version) + ")");
    if (!to)
        return casebase.cases().remove(id);
    if (there)
        return casebase.cases().update(*to, stored->version);
    const Result<std::string> added = casebase.cases().add(*to);
    return added.ok() ? Status() : Status(added.error());
}

ChangeCasesCommand::ChangeCasesCommand(CasebaseBridge& casebase, const QString& text, std::vector<CaseChange> changes, Troubled troubled)
    : CasebaseCommand(casebase, text, std::move(troubled))
    , m_changes(std::move(changes))
{
}

CasebaseCommand::Act ChangeCasesCommand::again() const
{
    return [changes = m_changes](casebase::Casebase& casebase) {
        return casebase.transact([&]() -> Status {
            for (const CaseChange& change : changes)
                PRECEDENT_TRY(exchangeCase(casebase, change.before, change.after));
            return {};
        });
    };
}

CasebaseCommand::Act ChangeCasesCommand::back() const
{
    return [changes = m_changes](casebase::Casebase& casebase) {
        return casebase.transact([&]() -> Status {
            for (auto change = changes.rbegin(); change != changes.rend(); ++change)
                PRECEDENT_TRY(exchangeCase(casebase, change->after, change->before));
            return {};
        });
    };
}

} // namespace precedent::ui
