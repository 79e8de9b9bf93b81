#pragma once

#include <QPointer>
#include <QUndoCommand>

#include <functional>
#include <memory>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"

namespace precedent::ui {

class CasebaseBridge;

/// An act on the casebase that can be taken back. It is pushed once it has been done (the push does nothing more), so that what failed
/// never stands on the undo stack. A later undo or redo that the casebase refuses changes nothing, is told to `troubled`, and ends
/// the command: the stack drops it at the next try. UI thread.
class CasebaseCommand : public QUndoCommand {
public:
    using Troubled = std::function<void(const Error&)>;

    void redo() final;
    void undo() final;

protected:
    using Act = std::function<Status(casebase::Casebase&)>;
    CasebaseCommand(CasebaseBridge& casebase, const QString& text, Troubled troubled);

    // What the worker is to do; the functions hold all that they need, for the command may be gone by then.
    [[nodiscard]] virtual Act again() const = 0;
    [[nodiscard]] virtual Act back() const = 0;

private:
    void run(Act act);

    QPointer<CasebaseBridge> m_casebase;
    Troubled m_troubled;
    bool m_pushed = false;
    std::shared_ptr<bool> m_refused = std::make_shared<bool>(false);
};

} // namespace precedent::ui
