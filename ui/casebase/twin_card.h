#pragma once

#include <QPointer>

#include "precedent/casebase/types.h"
#include "ui/shell/card.h"

namespace precedent::ui {

class CasebaseBridge;

/// A case's twin in short: id, disposition, what differs and its request; one click from the twin itself.
class TwinCard final : public Card {
    Q_OBJECT
public:
    explicit TwinCard(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase) { m_casebase = casebase; }
    void setCase(const casebase::Case& value); ///< hides where there is no twin
    /// Both cases side by side, in a window of its own.
    void compare();

Q_SIGNALS:
    void caseWanted(const QString& id);

private:
    void fill();

    QPointer<CasebaseBridge> m_casebase;
    casebase::Case m_case;
    casebase::Case m_twin; ///< empty id until it is read
    QLabel* m_label;
    QLabel* m_icon;
    QLabel* m_disposition;
    QLabel* m_difference;
    QLabel* m_request;
};

/// Asks which case is the twin of `id` and what differs. False: nothing was entered.
[[nodiscard]] bool askForTwin(QWidget& parent, const QString& id, QString& twin, QString& difference);

} // namespace precedent::ui
