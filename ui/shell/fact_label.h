#pragma once

#include <QLabel>

namespace precedent::ui {

/// A short value in a row of others: elided where there is no room, and then with the whole of it as its tooltip.
class FactLabel final : public QLabel {
    Q_OBJECT
public:
    explicit FactLabel(QWidget* parent = nullptr)
        : QLabel(parent)
    {
        setTextFormat(Qt::PlainText);
        setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    }

    /// `tip`, where given, is the tooltip whether there is room or not.
    void setFact(const QString& value, const QString& tip = {})
    {
        m_value = value;
        m_tip = tip;
        fit();
    }

protected:
    void resizeEvent(QResizeEvent* event) override
    {
        QLabel::resizeEvent(event);
        fit();
    }

private:
    void fit()
    {
        const QString shown = fontMetrics().elidedText(m_value, Qt::ElideRight, width());
        setText(shown);
        setToolTip(!m_tip.isEmpty() ? m_tip : shown == m_value ? QString() : m_value);
    }

    QString m_value;
    QString m_tip;
};

} // namespace precedent::ui
