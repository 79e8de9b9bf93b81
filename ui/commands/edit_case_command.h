#pragma once

#include <QPointer>
#include <QUndoCommand>

#include <functional>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::ui {

class CasebaseBridge;

/// One edit of a case: writes the new text, and the old one again on undo. Trouble goes to `troubled`.
class EditCaseCommand final : public QUndoCommand {
public:
    EditCaseCommand(CasebaseBridge& casebase, casebase::Case before, casebase::Case after, std::function<void(const Error&)> troubled);

    void redo() override;
    void undo() override;

private:
    void write(const casebase::Case& value);

    QPointer<CasebaseBridge> m_casebase;
    casebase::Case m_before;
    casebase::Case m_after;
    std::function<void(const Error&)> m_troubled;
};

} // namespace precedent::ui
