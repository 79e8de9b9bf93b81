#pragma once

#include <QWidget>

namespace precedent::ui {

/// The run that is being made, as a row over those that were: shown while its form is.
class DraftRow final : public QWidget {
    Q_OBJECT
public:
    explicit DraftRow(QWidget* parent = nullptr);

    void setWhat(const QString& what); ///< "CADA on starter"

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_what;
};

} // namespace precedent::ui
