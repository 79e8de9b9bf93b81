#pragma once

#include <QWidget>

namespace precedent::ui {

/// What the bars beside a code mean: a strip of 36 px under the tree.
class CodeLegend final : public QWidget {
    Q_OBJECT
public:
    explicit CodeLegend(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace precedent::ui
