#pragma once

#include <optional>
#include <string>
#include <vector>

#include "precedent/casebase/types.h"
#include "ui/commands/casebase_command.h"

namespace precedent::ui {

/// A case before and after an act, both as stored: none before is a new case, none after a removed one.
struct CaseChange {
    std::optional<casebase::Case> before;
    std::optional<casebase::Case> after;
};

/// Replaces `from` by `to` (none: is not there), if what is stored is still `from`; done already counts as done. Fails with
/// failedPrecondition where someone else wrote meanwhile, and then changes nothing. On the casebase's thread.
[[nodiscard]] Status exchangeCase(
    casebase::Casebase& casebase, const std::optional<casebase::Case>& from, const std::optional<casebase::Case>& to);

/// Whether two cases say the same, whatever their versions and times.
[[nodiscard]] bool sayTheSame(const casebase::Case& a, const casebase::Case& b);

/// Cases added, edited, linked or removed in one act. Refuses to write over what someone else wrote since.
class ChangeCasesCommand final : public CasebaseCommand {
public:
    ChangeCasesCommand(CasebaseBridge& casebase, const QString& text, std::vector<CaseChange> changes, Troubled troubled);

protected:
    [[nodiscard]] Act again() const override;
    [[nodiscard]] Act back() const override;

private:
    std::vector<CaseChange> m_changes;
};

} // namespace precedent::ui
