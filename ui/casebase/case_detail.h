#pragma once

#include <QPointer>
#include <QWidget>

#include <optional>

#include "precedent/casebase/types.h"

class QComboBox;
class QLabel;
class QPushButton;
class QStackedWidget;
class QTextEdit;
class QUndoStack;

namespace precedent::ui {

class CasebaseBridge;
class CitationHighlighter;

/// The chosen case, read and edited in place. Citations of the chain are checked as it is typed. Save makes one undoable edit; leaving
/// a case with unsaved changes keeps them as a draft, which comes back with the case.
class CaseDetail final : public QWidget {
    Q_OBJECT
public:
    explicit CaseDetail(QUndoStack* undo, QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    void showCase(const QString& id); ///< empty: none
    [[nodiscard]] bool isEdited() const;

public Q_SLOTS:
    void save();

Q_SIGNALS:
    void caseWanted(const QString& id); ///< a citation or the twin was clicked
    void troubled(const QString& message, const QString& hint);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void fill();
    void readBack();
    void changed();
    void checkCitations();
    void hideOrShow();
    void keepDraft(); ///< in the casebase, so that it survives a crash and goes with the file
    void takeDraft();
    [[nodiscard]] casebase::Case edited() const;
    [[nodiscard]] QTextEdit* makeField(const char* name, const QString& accessible);

    QUndoStack* m_undo;
    QPointer<CasebaseBridge> m_casebase;
    QString m_wanted;
    std::optional<casebase::Case> m_case; ///< as stored
    bool m_filling = false;
    bool m_hasDraft = false;
    QStackedWidget* m_stack;
    QLabel* m_id;
    QLabel* m_state;
    QComboBox* m_disposition;
    QComboBox* m_status;
    QPushButton* m_save;
    QPushButton* m_revert;
    QTextEdit* m_request;
    QLabel* m_governs;
    QLabel* m_citations;
    QTextEdit* m_chain;
    QTextEdit* m_answer;
    QWidget* m_form;
    QPushButton* m_reveal;
    QWidget* m_twinCard;
    QLabel* m_twin;
    CitationHighlighter* m_highlighter;
};

} // namespace precedent::ui
