#pragma once

#include <QWidget>

#include "precedent/casebase/run_store.h"
#include "ui/shell/theme.h"

class QCheckBox;
class QLabel;
class QToolButton;

namespace precedent::ui {

class ReadingText;

/// One rollout to read: chain apart from answer, citations marked (a click opens the case or code), and what the model saw, folded.
/// Sensitive texts are blurred until revealed.
class RolloutView final : public QWidget {
    Q_OBJECT
public:
    explicit RolloutView(QWidget* parent = nullptr);

    /// `sensitiveCases`: the cases of a prompt may be sensitive where its request is not.
    void setRollout(const casebase::Rollout* rollout, bool sensitive, bool sensitiveCases);
    /// Nothing to read, and why.
    void setEmpty(const QString& why);

Q_SIGNALS:
    void citationClicked(const QString& id);
    void inspectWanted(); ///< the request of the rollout

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void follow();

    QLabel* m_title;
    QLabel* m_verdict;
    QLabel* m_detail;
    QToolButton* m_reveal;
    QToolButton* m_showPrompt;
    QToolButton* m_inspect;
    ReadingText* m_prompt;
    ReadingText* m_chain;
    ReadingText* m_answer;
    QWidget* m_texts;
    bool m_sensitive = false;
    bool m_sensitivePrompt = false; ///< what the model saw, whatever the request
    Role m_verdictRole = Role::text;
};

} // namespace precedent::ui
