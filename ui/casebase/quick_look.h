#pragma once

#include <QPointer>

#include "precedent/casebase/types.h"
#include "ui/shell/card.h"

class QLabel;
class QScrollArea;

namespace precedent::ui {

class CasebaseBridge;

/// A look at a case over the table, without leaving it: it takes no focus, and follows the table's current row until it is closed.
class QuickLook final : public Card {
    Q_OBJECT
public:
    explicit QuickLook(QWidget* parent);

    void setCasebase(CasebaseBridge* casebase);
    void lookAt(const QString& id); ///< and shows itself
    void place(const QRect& over); ///< in the middle of what it covers

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void show(const casebase::Case& value);
    void hideOrShow();

    QPointer<CasebaseBridge> m_casebase;
    QString m_wanted;
    QRect m_over;
    casebase::Case m_case;
    QLabel* m_head;
    QLabel* m_icon;
    QLabel* m_disposition;
    QLabel* m_status;
    QLabel* m_words;
    QLabel* m_hidden;
    QScrollArea* m_scroll;
};

} // namespace precedent::ui
