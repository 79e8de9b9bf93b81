#pragma once

#include <QWidget>

#include "precedent/workspace/evaluation_table.h"

class QGridLayout;
class QLabel;
class QPushButton;

namespace precedent::ui {

/// What was asked: the suites behind the table, by axis, and whether all rows can be compared pair by pair.
class AskedPanel final : public QWidget {
    Q_OBJECT
public:
    explicit AskedPanel(QWidget* parent = nullptr);
    void setTable(const workspace::EvaluationTable& table);

private:
    QGridLayout* m_lines;
    QWidget* m_body;
    QLabel* m_note;
};

/// The selected row against the reference: what changed, and how sure that is.
class ComparisonPanel final : public QWidget {
    Q_OBJECT
public:
    explicit ComparisonPanel(QWidget* parent = nullptr);
    /// Null where nothing is selected, or the reference itself is.
    void setRows(const workspace::TableRow* row, const workspace::TableRow& reference);

Q_SIGNALS:
    void regressionsAsked();

private:
    QLabel* m_title;
    QLabel* m_counts[4];
    QWidget* m_lines;
    QLabel* m_words;
    QPushButton* m_regressions;
};

} // namespace precedent::ui
