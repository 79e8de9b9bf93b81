#pragma once

#include <memory>
#include <optional>

#include <QWidget>

#include "precedent/workspace/asking.h"
#include "ui/bridge/ask_bridge.h"
#include "ui/shell/theme.h"

class QComboBox;
class QLabel;
class QToolButton;

namespace precedent::ui {

class FactLabel;
class QuietLabel;
class ReadingText;

/// One answer of Inspect: who gives it in which mode, its chain apart from it, what was in the prompt, and what a person
/// says of it. The judge's verdict is hidden until the person has said it, or asks to see it.
class AnswerColumn final : public QWidget {
    Q_OBJECT
public:
    explicit AnswerColumn(int index, QWidget* parent = nullptr);

    void setOrder(const QString& model, Mode mode); ///< clears where it is another than before
    void clear(); ///< nothing was asked yet
    void setActive(bool active); ///< the one whose prompt the panel shows
    void setSensitive(bool sensitive);

    void wait(AskWait what);
    void begin(std::shared_ptr<const workspace::AskPrompt> prompt);
    void write(const QString& chain, const QString& answer);
    void end(std::shared_ptr<const workspace::AskAnswer> answer);
    void fail(const QString& message, const QString& hint);
    /// The user stopped; what comes after is only the rest of what was written.
    void markStopped();

    [[nodiscard]] const workspace::AskPrompt* prompt() const { return m_prompt.get(); }
    [[nodiscard]] const workspace::AskAnswer* answer() const { return m_answer.get(); }
    [[nodiscard]] QString name() const; ///< "starter in mode none"
    /// The judge may be shown: the person has judged, or asked for it.
    [[nodiscard]] bool isJudgeShown() const { return m_judgeShown; }
    [[nodiscard]] std::optional<Disposition> should() const;

Q_SIGNALS:
    void activated();
    void changed(); ///< what the panel shows of it
    void citationClicked(const QString& id);
    void verdictGiven(precedent::Verdict did, precedent::Disposition should, bool blind);
    void fileWanted();
    void continueWanted(); ///< the chain is to be edited, and the model to go on behind it

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void buildHead();
    [[nodiscard]] QWidget* buildTexts();
    void buildFoot();
    void showVerdict();
    void giveVerdict();
    void follow();

    int m_index;
    QString m_model;
    Mode m_mode = Mode::none;
    bool m_active = false;
    bool m_sensitive = false;
    bool m_judgeShown = false;
    Role m_verdictRole = Role::secondary;
    std::shared_ptr<const workspace::AskPrompt> m_prompt;
    std::shared_ptr<const workspace::AskAnswer> m_answer;
    QWidget* m_head;
    FactLabel* m_title; ///< the model
    QLabel* m_modeWords;
    QLabel* m_icon;
    FactLabel* m_verdict;
    QToolButton* m_showJudge;
    QWidget* m_texts;
    QuietLabel* m_state;
    QWidget* m_chainPart;
    QuietLabel* m_chainTokens;
    QuietLabel* m_answerHead;
    QuietLabel* m_answerTokens;
    ReadingText* m_chain;
    ReadingText* m_text;
    QWidget* m_foot;
    QLabel* m_inPrompt;
    QuietLabel* m_promptTokens;
    QComboBox* m_did;
    QComboBox* m_should;
    QToolButton* m_continue = nullptr;
    QToolButton* m_file;
};

} // namespace precedent::ui
