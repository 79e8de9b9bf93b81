#pragma once

#include <memory>
#include <string>
#include <vector>

#include "precedent/casebase/types.h"
#include "ui/bridge/ask_bridge.h"
#include "ui/shell/inspect_order.h"
#include "ui/shell/place.h"

class QSplitter;
class QStackedWidget;

namespace precedent::ui {

class AnswerColumn;
class ComposeBar;
class ContextPanel;

/// Inspect: one request to several models in several modes, answers beside each other, and why they came out so.
class InspectPlace final : public Place {
    Q_OBJECT
public:
    explicit InspectPlace(QWidget* parent = nullptr);
    ~InspectPlace() override;

    [[nodiscard]] QString title() const override { return tr("Inspect"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("inspect"); }
    [[nodiscard]] QString help() const override;
    [[nodiscard]] QWidget* mainView() override;
    void setCasebase(CasebaseBridge* casebase) override;

    /// Takes another place's request; one with a text is asked at once.
    void take(const InspectOrder& order);
    void ask();
    void stop();
    [[nodiscard]] bool isBusy() const { return m_bridge && m_bridge->isBusy(); }

Q_SIGNALS:
    void citationClicked(const QString& id);
    /// An answer to be filed. `burnsPrompt`: the casebase's prompt that this is, or empty.
    void caseWanted(const precedent::casebase::Case& prefilled, const std::string& burnsPrompt);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void readChoices();
    void readSensitivity(const std::string& promptId);
    void makeColumns();
    void activate(int index);
    void hear(const std::vector<AskNews>& news);
    void hear(const AskNews& news);
    void storeVerdict(const AnswerColumn& column, Verdict did, Disposition should, bool blind);
    void file(const AnswerColumn& column);
    void setSensitive(bool sensitive);
    [[nodiscard]] AnswerColumn* column(int index) const;

    CasebaseBridge* m_casebase = nullptr;
    std::unique_ptr<AskBridge> m_bridge;
    ComposeBar* m_compose;
    QWidget* m_columnsArea;
    std::vector<AnswerColumn*> m_columns; ///< all of them; as many are shown as are chosen
    ContextPanel* m_panel;
    int m_active = 0;
    std::string m_promptId; ///< of the casebase's prompt that is asked, while its text is unchanged
    std::vector<Message> m_promptMessages; ///< that prompt's
    bool m_recalled = false;
    bool m_warm = false;
};

} // namespace precedent::ui
