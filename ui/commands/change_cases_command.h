#pragma once

#include <optional>
#include <vector>

#include "precedent/casebase/types.h"
#include "ui/commands/casebase_command.h"
#include "ui/commands/exchange.h"

namespace precedent::ui {

/// A case before and after an act, both as stored: none before is a new case, none after a removed one.
struct CaseChange {
    std::optional<casebase::Case> before;
    std::optional<casebase::Case> after;
};

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
