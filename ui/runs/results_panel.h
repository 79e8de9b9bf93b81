#pragma once

#include <QWidget>

#include <vector>

#include "precedent/workspace/figures.h"

class QLabel;
class QVBoxLayout;

namespace precedent::ui {

/// Before and after, for anyone: one card an axis with squares of a hundred, and every figure with its interval below.
class ResultsPanel final : public QWidget {
    Q_OBJECT
public:
    explicit ResultsPanel(QWidget* parent = nullptr);

    /// Shows these comparisons; `starter`: with the sentence that its faults are built in.
    void setComparisons(const std::vector<workspace::Comparison>& comparisons, bool starter);
    /// The figures are on their way: intervals take a moment.
    void setWorking();
    [[nodiscard]] bool isEmpty() const { return m_comparisons.empty(); }

private:
    void rebuild();

    std::vector<workspace::Comparison> m_comparisons;
    bool m_starter = false;
    bool m_working = false;
    QVBoxLayout* m_layout;
    QWidget* m_content = nullptr;
};

} // namespace precedent::ui
