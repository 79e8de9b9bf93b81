#pragma once

#include <optional>
#include <string>
#include <vector>

#include <QWidget>

#include "precedent/workspace/run_alarms.h"
#include "ui/runs/run_reader.h"

class QPlainTextEdit;
class QTimer;
class QVBoxLayout;

namespace precedent::ui {

class CasebaseBridge;

/// What there is to know about a run beside its curves: notes, what went wrong, what was thought it would take and what it took, what
/// it froze, and its settings.
class AboutPanel final : public QWidget {
    Q_OBJECT
public:
    explicit AboutPanel(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    void setRun(const AboutRows& rows, const std::vector<workspace::Alarm>& alarms);
    void clear();

Q_SIGNALS:
    void troubled(const QString& message, const QString& hint);

private:
    void saveNotes();
    void addTrouble(QVBoxLayout& page, const AboutRows& rows, const std::vector<workspace::Alarm>& alarms);
    void addEstimate(QVBoxLayout& page, const AboutRows& rows);
    void addFrozen(QVBoxLayout& page, const AboutRows& rows);
    void addSettings(QVBoxLayout& page, const AboutRows& rows);

    CasebaseBridge* m_casebase = nullptr;
    std::string m_run;
    std::string m_savedNotes;
    QPlainTextEdit* m_notes;
    QTimer* m_wait; ///< after the last letter
    QWidget* m_content = nullptr;
    QVBoxLayout* m_layout; ///< below the notes
};

} // namespace precedent::ui
