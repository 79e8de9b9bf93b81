#pragma once

#include <QVariantMap>
#include <QWidget>

namespace precedent::ui {

class CasebaseBridge;

/// One of the five places of the window. A place owns its panel, models and actions; the window only shows it.
class Place : public QWidget {
    Q_OBJECT
public:
    using QWidget::QWidget;

    [[nodiscard]] virtual QString title() const = 0; ///< "Casebase"
    [[nodiscard]] virtual QString icon() const = 0; ///< of resources/icons
    /// The casebase to show, or none; the bridge outlives the call and is replaced by the next one.
    virtual void setCasebase(CasebaseBridge* casebase) = 0;
    /// Where Ctrl+F puts the focus; null where there is nothing to filter.
    [[nodiscard]] virtual QWidget* filterField() const { return nullptr; }
    /// What the place is for, in a few sentences (F1).
    [[nodiscard]] virtual QString help() const = 0;
    /// Where the user is in this place, to come back to after the next start.
    [[nodiscard]] virtual QVariantMap state() const { return {}; }
    /// Goes back there, after setCasebase(); passes over what is gone or not understood.
    virtual void restore(const QVariantMap& state) { Q_UNUSED(state) }
    /// What has the focus when the place is shown.
    [[nodiscard]] virtual QWidget* mainView() = 0;

Q_SIGNALS:
    /// Trouble for the Issues panel: what happened, and what to do.
    void troubled(const QString& message, const QString& hint);
};

} // namespace precedent::ui
