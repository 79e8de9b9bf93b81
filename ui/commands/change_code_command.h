#pragma once

#include <optional>

#include "precedent/casebase/types.h"
#include "ui/commands/casebase_command.h"
#include "ui/commands/exchange.h"

namespace precedent::ui {

/// A code added (none before), edited or removed (none after). Refuses to write over what someone else wrote since.
class ChangeCodeCommand final : public CasebaseCommand {
public:
    ChangeCodeCommand(CasebaseBridge& casebase, const QString& text, std::optional<casebase::Code> before,
        std::optional<casebase::Code> after, Troubled troubled);

protected:
    [[nodiscard]] Act again() const override;
    [[nodiscard]] Act back() const override;

private:
    std::optional<casebase::Code> m_before;
    std::optional<casebase::Code> m_after;
};

} // namespace precedent::ui
