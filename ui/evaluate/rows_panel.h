#pragma once

#include <QWidget>

#include "ui/evaluate/cell_rows_model.h"
#include "ui/shell/inspect_order.h"

class QButtonGroup;
class QHBoxLayout;
class QLabel;
class QPushButton;
class QTableView;

namespace precedent::ui {

class AnswerView;
class CasebaseBridge;

/// The answers behind the focused figure, and the chosen one at the right.
class RowsPanel final : public QWidget {
    Q_OBJECT
public:
    explicit RowsPanel(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    /// Shows a figure's rows; the reference may be null, and is then beside none.
    void showFigure(const workspace::TableRow& row, workspace::TableColumn column, const workspace::TableRow* reference);
    void showRegressions(const workspace::TableRow& row, const workspace::TableRow& reference);
    void clear();
    void focusRows();

Q_SIGNALS:
    void inspectWanted(const precedent::ui::InspectOrder& order);
    void citationClicked(const QString& id);
    void troubled(const QString& message, const QString& hint);

private:
    void begin(const workspace::TableRow& row);
    void take(int question, Result<std::vector<CellRow>> rows, const QString& referenceTitle);
    void showCurrent();
    void showMeasures(const std::vector<workspace::TableMeasure>& measures);
    void askInspect();

    CasebaseBridge* m_casebase = nullptr;
    CellRowsModel* m_model;
    QLabel* m_title;
    QLabel* m_measures; ///< what else was measured of the figure's answers
    QButtonGroup* m_chips;
    QTableView* m_table;
    AnswerView* m_answer;
    QString m_words[2]; ///< of the chips, before their counts
    QString m_name; ///< of the row shown
    std::string m_modelName; ///< as resolveModel() takes it
    Mode m_mode = Mode::none;
    int m_question = 0; ///< answers to older ones are dropped
};

} // namespace precedent::ui
