#include "ui/commands/change_code_command.h"

#include "precedent/casebase/code_store.h"

namespace precedent::ui {
namespace {

using MaybeCode = std::optional<casebase::Code>;

Status exchangeCode(casebase::Casebase& casebase, const MaybeCode& from, const MaybeCode& to)
{
    return casebase.transact([&] { return exchange(casebase.codes(), from, to, "code " + (from ? from->id : to->id)); });
}

} // namespace

ChangeCodeCommand::ChangeCodeCommand(CasebaseBridge& casebase, const QString& text, MaybeCode before, MaybeCode after, Troubled troubled)
    : CasebaseCommand(casebase, text, std::move(troubled))
    , m_before(std::move(before))
    , m_after(std::move(after))
{
}

CasebaseCommand::Act ChangeCodeCommand::again() const
{
    return [from = m_before, to = m_after](casebase::Casebase& casebase) { return exchangeCode(casebase, from, to); };
}

CasebaseCommand::Act ChangeCodeCommand::back() const
{
    return [from = m_after, to = m_before](casebase::Casebase& casebase) { return exchangeCode(casebase, from, to); };
}

} // namespace precedent::ui
