#pragma once

#include <set>
#include <string>

#include <QWidget>

class QLabel;
class QListView;
class QPushButton;

namespace precedent::ui {

class AnswerColumn;
class ContextModel;
class QuietLabel;

/// What the chosen column's model was given and what its answer rests on: codes and cases with a box each, citations,
/// the judge's reasons, the exact prompt on demand.
class ContextPanel final : public QWidget {
    Q_OBJECT
public:
    explicit ContextPanel(QWidget* parent = nullptr);

    void showColumn(const AnswerColumn* column); ///< null: none
    void setBusy(bool busy);
    void setSensitive(bool sensitive);
    /// Ids that the next asking leaves out.
    [[nodiscard]] std::set<std::string> without() const;
    void switchAllOn();

Q_SIGNALS:
    void askAgainWanted();
    void citationClicked(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showWithout();
    void showPrompt();
    void showFindings(const AnswerColumn* column);
    void follow();

    ContextModel* m_model;
    QLabel* m_title;
    QuietLabel* m_of;
    QuietLabel* m_empty;
    QListView* m_list;
    QPushButton* m_again;
    QPushButton* m_all;
    QWidget* m_findings;
    QLabel* m_citations;
    QLabel* m_reasons;
    QPushButton* m_showPrompt;
    QString m_prompt; ///< of the column shown
    bool m_sensitive = false;
    bool m_busy = false;
};

} // namespace precedent::ui
