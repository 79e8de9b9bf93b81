#pragma once

#include <QWidget>

namespace precedent::ui {

/// The dashed place at the end of the page: says that a folder can be dropped, and offers to choose one.
class DropArea final : public QWidget {
    Q_OBJECT
public:
    explicit DropArea(QWidget* parent = nullptr);

Q_SIGNALS:
    void chooseAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace precedent::ui
