#pragma once

#include <QWidget>

#include "precedent/casebase/types.h"

class QComboBox;
class QLabel;
class QPushButton;
class QToolButton;
class QUndoStack;

namespace precedent::ui {

/// The detail's head: which case, how it is decided and where it stands, and below it what can be done with it.
class CaseHead final : public QWidget {
    Q_OBJECT
public:
    CaseHead(QUndoStack* undo, QWidget* parent);

    /// Sets what is chosen; edited() stays silent.
    void setCase(const QString& name, Disposition disposition, casebase::CaseStatus status);
    void setState(const QString& words, bool canSave, bool canDiscard);
    void setEditable(bool editable); ///< else there are no actions
    void setHidden(bool hidden); ///< offers to reveal
    void setKind(bool isNew, bool hasTwin); ///< which acts make sense
    [[nodiscard]] Disposition disposition() const;
    [[nodiscard]] casebase::CaseStatus status() const;

Q_SIGNALS:
    void edited();
    void saveAsked();
    void discardAsked();
    void compareAsked();
    void linkAsked();
    void removeAsked();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QWidget* makeNames();
    QWidget* makeActions(QUndoStack* undo);

    bool m_filling = false;
    QLabel* m_id;
    QLabel* m_state;
    QPushButton* m_reveal;
    QComboBox* m_disposition;
    QComboBox* m_status;
    QWidget* m_actions = nullptr;
    QPushButton* m_save;
    QPushButton* m_revert;
    QPushButton* m_compare;
    QToolButton* m_more;
    QAction* m_link;
    QAction* m_remove;
};

} // namespace precedent::ui
