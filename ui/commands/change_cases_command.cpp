#include "ui/commands/change_cases_command.h"

#include "precedent/casebase/case_store.h"

namespace precedent::ui {
namespace {

Status exchangeCase(casebase::Casebase& casebase, const std::optional<casebase::Case>& from, const std::optional<casebase::Case>& to)
{
    return exchange(casebase.cases(), from, to, "case " + (from ? from->id : to->id));
}

} // namespace

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
            // In the same order: a removed case is back before its twin is linked to it again.
            for (const CaseChange& change : changes)
                PRECEDENT_TRY(exchangeCase(casebase, change.after, change.before));
            return {};
        });
    };
}

} // namespace precedent::ui
