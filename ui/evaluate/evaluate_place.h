#pragma once

#include <memory>

#include <QPointer>

#include "precedent/workspace/evaluation_service.h"
#include "ui/evaluate/evaluation_table_model.h"
#include "ui/shell/inspect_order.h"
#include "ui/shell/place.h"

class QComboBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QStackedWidget;
class QTableView;

namespace precedent::ui {

class AskedPanel;
class CheckDialog;
class ComparisonPanel;
class EvaluationJob;
class JobLine;
class RateChart;
class RowsPanel;

/// Evaluate: the chart and the table of everything that has been evaluated, and the answers behind the focused figure.
class EvaluatePlace final : public Place {
    Q_OBJECT
public:
    /// Evaluations take their turn in `line`, which outlives the place.
    explicit EvaluatePlace(JobLine& line, QWidget* parent = nullptr);
    ~EvaluatePlace() override;

    [[nodiscard]] QString title() const override { return tr("Evaluate"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("evaluate"); }
    [[nodiscard]] QString help() const override;
    void setCasebase(CasebaseBridge* casebase) override;
    [[nodiscard]] QWidget* filterField() const override;
    [[nodiscard]] QWidget* mainView() override;

    void chooseEvaluation(); ///< the form
    void start(const workspace::EvaluationOrder& order);
    [[nodiscard]] bool isBusy() const; ///< an evaluation is under way, or waits for its turn
    void cancel(); ///< over() follows
    /// Reads the table again and keeps what is selected.
    void refresh();

Q_SIGNALS:
    /// `share` below 0: not known; an empty name: nothing runs.
    void jobChanged(const QString& name, const QString& detail, double share);
    void over();
    void inspectWanted(const precedent::ui::InspectOrder& order);
    void citationClicked(const QString& id);
    void helpAsked();

protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    [[nodiscard]] QWidget* buildEmpty();
    [[nodiscard]] QWidget* buildProgress();
    void build();
    void buildBar(QHBoxLayout& bar);
    [[nodiscard]] QWidget* buildFull();
    void prepareTable();
    static QString progressWords(workspace::EvaluationStage stage); ///< %1 done of %2
    void begin(const workspace::EvaluationOrder& order);
    void finish(const Result<std::vector<std::string>>& ids);
    void showWaiting();
    void setChoosable(bool on); ///< whether another evaluation may be chosen
    void endJob(const QString& note);

    void compare(std::shared_ptr<workspace::EvaluationTable> table); ///< with the chosen reference, off the UI thread
    void take(std::shared_ptr<const workspace::EvaluationTable> table, std::size_t reference);
    void chooseReference(int row);
    void showChart();
    void showNotes();
    void showJudge(); ///< who judged the selected row, and whether people have checked that
    void checkJudge();
    void showCurrent();
    void showFigure();
    void showRegressions();
    void writeReport();

    JobLine& m_line;
    int m_ticket = 0; ///< of the evaluation under way or waiting
    bool m_waiting = false;
    std::unique_ptr<EvaluationJob> m_job;
    CasebaseBridge* m_casebase = nullptr;
    QPointer<CheckDialog> m_checking;
    bool m_regressions = false; ///< the answers shown are those that got worse, not those behind a figure
    bool m_sectionChosen = false; ///< by the reader; until then the section that has rows is shown
    int m_question = 0; ///< answers to older ones are dropped
    // The reader's choices, by what names them in any table.
    workspace::RowKey m_reference; ///< empty: the default
    EvaluationTableModel* m_model;
    QStackedWidget* m_stack;
    QWidget* m_progressStrip = nullptr;
    QLabel* m_progressLabel;
    QProgressBar* m_progress;
    QPushButton* m_cancel;
    QLineEdit* m_filter;
    QComboBox* m_section;
    QLabel* m_judge;
    QPushButton* m_check;
    QPushButton* m_report;
    QPushButton* m_evaluate;
    QPushButton* m_first = nullptr; ///< of the empty place
    QLabel* m_notice;
    RateChart* m_chart;
    AskedPanel* m_asked;
    ComparisonPanel* m_comparison;
    QTableView* m_table;
    QLabel* m_footnote;
    RowsPanel* m_rows;
};

} // namespace precedent::ui
