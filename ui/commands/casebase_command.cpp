#include "ui/commands/casebase_command.h"

#include "ui/bridge/casebase_bridge.h"

namespace precedent::ui {

CasebaseCommand::CasebaseCommand(CasebaseBridge& casebase, const QString& text, Troubled troubled)
    : QUndoCommand(text)
    , m_casebase(&casebase)
    , m_troubled(std::move(troubled))
{
}

void CasebaseCommand::redo()
{
    if (m_pushed)
        run(again());
    m_pushed = true;
}

void CasebaseCommand::undo() { run(back()); }

void CasebaseCommand::run(Act act)
{
    if (*m_refused)
        setObsolete(true);
    if (!m_casebase || *m_refused)
        return;
    m_casebase->write(m_casebase, std::move(act), [refused = m_refused, troubled = m_troubled](const Status& done) {
        if (done.ok())
            return;
        *refused = true;
        troubled(done.error());
    });
}

} // namespace precedent::ui
