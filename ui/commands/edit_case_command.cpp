#include "ui/commands/edit_case_command.h"

#include <QCoreApplication>

#include "precedent/casebase/case_store.h"
#include "ui/bridge/casebase_bridge.h"

namespace precedent::ui {

EditCaseCommand::EditCaseCommand(
    CasebaseBridge& casebase, casebase::Case before, casebase::Case after, std::function<void(const Error&)> troubled)
    : m_casebase(&casebase)
    , m_before(std::move(before))
    , m_after(std::move(after))
    , m_troubled(std::move(troubled))
{
    setText(QCoreApplication::translate("EditCaseCommand", "edit of %1").arg(QString::fromStdString(m_after.id)));
}

void EditCaseCommand::redo() { write(m_after); }

void EditCaseCommand::undo() { write(m_before); }

void EditCaseCommand::write(const casebase::Case& value)
{
    if (!m_casebase)
        return;
    m_casebase->write(
        m_casebase, [value](casebase::Casebase& casebase) { return casebase.cases().update(value); },
        [troubled = m_troubled](const Status& written) {
            if (!written.ok())
                troubled(written.error());
        });
}

} // namespace precedent::ui
