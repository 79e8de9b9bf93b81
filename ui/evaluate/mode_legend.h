#pragma once

#include <QWidget>

namespace precedent::ui {

/// Under the chart: which shape is which mode, and what the crosses are.
class ModeLegend final : public QWidget {
    Q_OBJECT
public:
    explicit ModeLegend(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace precedent::ui
