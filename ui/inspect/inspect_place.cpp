#include "ui/inspect/inspect_place.h"

#include <QHBoxLayout>
#include <QShortcut>
#include <QSplitter>
#include <QVBoxLayout>

#include "precedent/casebase/code_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/verdict_store.h"
#include "precedent/workspace/model_choices.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/inspect/answer_column.h"
#include "ui/inspect/compose_bar.h"
#include "ui/inspect/context_panel.h"
#include "ui/shell/reveal.h"

namespace precedent::ui {
namespace {

constexpr int kPanelWidth = 336;
constexpr const char* kCaseSource = "inspect";

QString text(const std::string& value) { return QString::fromStdString(value); }

/// The casebase's codes among what an answer cites, as codes that govern it.
std::vector<casebase::GoverningCode> governing(casebase::Casebase& casebase, const workspace::AskAnswer& answer)
{
    std::vector<casebase::GoverningCode> codes;
    for (const auto& citation : answer.citations) {
        if (casebase.codes().find(citation.id).ok())
            codes.push_back({citation.id, true});
    }
    return codes;
}

} // namespace

InspectPlace::InspectPlace(QWidget* parent)
    : Place(parent)
    , m_compose(new ComposeBar(this))
    , m_columnsArea(new QWidget(this))
    , m_panel(new ContextPanel(this))
{
    setObjectName(QStringLiteral("inspectPlace"));
    auto* columns = new QHBoxLayout(m_columnsArea);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(0);
    for (int i = 0; i < ComposeBar::kMostColumns; ++i) {
        auto* made = new AnswerColumn(i, m_columnsArea);
        m_columns.push_back(made);
        columns->addWidget(made, 1);
        connect(made, &AnswerColumn::activated, this, [this, i] { activate(i); });
        connect(made, &AnswerColumn::changed, this, [this, i] {
            if (i == m_active)
                m_panel->showColumn(column(i));
        });
        connect(made, &AnswerColumn::citationClicked, this, &InspectPlace::citationClicked);
        connect(made, &AnswerColumn::fileWanted, this, [this, made] { file(*made); });
        connect(made, &AnswerColumn::continueWanted, this, [this, made] { m_compose->beginWith(text(made->answer()->writtenChain)); });
        connect(made, &AnswerColumn::verdictGiven, this,
            [this, made](Verdict did, Disposition should, bool blind) { storeVerdict(*made, did, should, blind); });
    }
    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("inspectSplitter"));
    splitter->addWidget(m_columnsArea);
    splitter->addWidget(m_panel);
    splitter->setSizes({1056, kPanelWidth});
    splitter->setStretchFactor(0, 1);
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_compose);
    layout->addWidget(splitter, 1);

    connect(m_compose, &ComposeBar::askWanted, this, [this] {
        m_panel->switchAllOn(); // a request asked anew has its whole context
        ask();
    });
    connect(m_compose, &ComposeBar::stopWanted, this, &InspectPlace::stop);
    connect(m_compose, &ComposeBar::columnsChanged, this, &InspectPlace::makeColumns);
    connect(m_compose, &ComposeBar::edited, this, [this] {
        // Typing is the first sign that a model will be needed.
        if (m_bridge && !m_warm && isVisible()) {
            m_warm = true;
            std::vector<std::string> models;
            for (const auto& chosen : m_compose->columns())
                models.push_back(chosen.model.name.toStdString());
            m_bridge->warmUp(std::move(models));
        }
        if (!m_promptId.empty() && m_compose->messages() != m_promptMessages) {
            m_promptId.clear();
            setSensitive(false);
        }
    });
    connect(m_panel, &ContextPanel::askAgainWanted, this, &InspectPlace::ask);
    connect(m_panel, &ContextPanel::citationClicked, this, &InspectPlace::citationClicked);
    auto* escape = new QShortcut(QKeySequence(Qt::Key_Escape), this);
    escape->setContext(Qt::WidgetWithChildrenShortcut);
    connect(escape, &QShortcut::activated, this, &InspectPlace::stop);
    makeColumns();
}

InspectPlace::~InspectPlace() = default;

QString InspectPlace::help() const
{
    return tr(
        "One request goes to up to four columns: each a model or a run's checkpoint in one mode. The chain stands apart from the "
        "answer; what it cites is one click away, and what does not exist is marked. Switch codes and cases of the prompt off and ask "
        "again to see what an answer rests on. Say what an answer did and what it should do before you look at the judge: only "
        "that counts as blind. The plus files the answer as a case.");
}

QWidget* InspectPlace::mainView() { return m_compose->requestField(); }

AnswerColumn* InspectPlace::column(int index) const { return m_columns[static_cast<std::size_t>(index)]; }

void InspectPlace::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_bridge = std::make_unique<AskBridge>(casebase->path());
    m_warm = false;
    m_promptId.clear();
    setSensitive(false);
    m_compose->setBusy(false);
    for (AnswerColumn* made : m_columns)
        made->clear();
    makeColumns();
    connect(m_bridge.get(), &AskBridge::arrived, this, qOverload<const std::vector<AskNews>&>(&InspectPlace::hear));
    connect(casebase, &CasebaseBridge::changed, this, [this] { m_bridge->forget(); });
    if (isVisible())
        readChoices(); // else when it is shown
}

void InspectPlace::showEvent(QShowEvent* event)
{
    Place::showEvent(event);
    readChoices(); // a run may have made a checkpoint, a model may have been added
}

void InspectPlace::readChoices()
{
    if (m_casebase == nullptr)
        return;
    m_casebase->ask(
        this, [](casebase::Casebase& casebase) { return workspace::modelChoices(&casebase); },
        [this](const std::vector<workspace::ModelChoice>& choices) {
            std::vector<AskableModel> models;
            for (const auto& choice : choices)
                models.push_back({text(choice.name), text(choice.title)});
            m_compose->setChoices(std::move(models));
            if (!m_recalled) {
                m_recalled = true;
                m_compose->recall();
            }
        });
}

void InspectPlace::makeColumns()
{
    const auto chosen = m_compose->columns();
    for (std::size_t i = 0; i < m_columns.size(); ++i) {
        const bool shown = i < chosen.size();
        m_columns[i]->setVisible(shown);
        if (shown)
            m_columns[i]->setOrder(chosen[i].model.title, chosen[i].mode);
    }
    if (m_bridge && m_bridge->isBusy())
        stop();
    activate(0);
    if (m_recalled)
        m_compose->remember();
}

void InspectPlace::activate(int index)
{
    m_active = index;
    for (int i = 0; i < static_cast<int>(m_columns.size()); ++i)
        column(i)->setActive(i == index && m_compose->columns().size() > 1);
    m_panel->showColumn(column(index));
}

void InspectPlace::take(const InspectOrder& order)
{
    stop();
    m_promptId.clear();
    m_recalled = true; // what is handed over goes before what was there last time
    m_compose->take(order);
    if (order.messages.empty())
        return;
    m_promptId = order.promptId;
    m_promptMessages = m_compose->messages();
    setSensitive(!order.promptId.empty()); // until it is known not to be
    if (!order.promptId.empty())
        readSensitivity(order.promptId);
    m_panel->switchAllOn();
    ask();
}

void InspectPlace::readSensitivity(const std::string& promptId)
{
    m_casebase->ask(
        this,
        [promptId](casebase::Casebase& casebase) {
            const auto prompt = casebase.prompts().find(promptId);
            return !prompt.ok() || isSensitive(prompt.value().label, prompt.value().source);
        },
        [this, promptId](bool sensitive) {
            if (m_promptId == promptId)
                setSensitive(sensitive);
        });
}

void InspectPlace::setSensitive(bool sensitive)
{
    m_compose->setSensitive(sensitive);
    m_panel->setSensitive(sensitive);
    for (AnswerColumn* made : m_columns)
        made->setSensitive(sensitive);
}

void InspectPlace::ask()
{
    const std::vector<Message> messages = m_compose->messages();
    if (!m_bridge || messages.empty())
        return;
    std::vector<AskOrder> orders;
    const auto chosen = m_compose->columns();
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        workspace::AskRequest request;
        request.messages = messages;
        request.mode = chosen[i].mode;
        request.cases = m_compose->cases();
        request.beginChain = m_compose->beginChain();
        request.beginAnswer = m_compose->beginAnswer();
        request.sampling = m_compose->sampling();
        request.without = m_panel->without();
        orders.push_back({chosen[i].model.name.toStdString(), std::move(request)});
        m_columns[i]->clear();
        m_columns[i]->wait(AskWait::model);
    }
    m_compose->remember();
    m_bridge->ask(std::move(orders));
    m_compose->setBusy(true);
    m_panel->setBusy(true);
    m_panel->showColumn(column(m_active));
}

void InspectPlace::stop()
{
    if (!isBusy())
        return;
    m_bridge->stop();
    for (AnswerColumn* made : m_columns)
        made->markStopped();
}

void InspectPlace::hear(const std::vector<AskNews>& news)
{
    for (const AskNews& item : news)
        hear(item);
    if (!m_bridge->isBusy()) {
        m_compose->setBusy(false);
        m_panel->setBusy(false);
    }
}

void InspectPlace::hear(const AskNews& news)
{
    if (const auto* waiting = std::get_if<AskWaiting>(&news)) {
        column(waiting->column)->wait(waiting->what);
    } else if (const auto* began = std::get_if<AskBegan>(&news)) {
        column(began->column)->begin(began->prompt);
    } else if (const auto* wrote = std::get_if<AskWrote>(&news)) {
        column(wrote->column)->write(wrote->chain, wrote->answer);
    } else if (const auto* ended = std::get_if<AskEnded>(&news)) {
        column(ended->column)->end(ended->answer);
    } else if (const auto* failed = std::get_if<AskFailed>(&news)) {
        column(failed->column)->fail(failed->message, failed->hint);
        Q_EMIT troubled(tr("%1: %2").arg(column(failed->column)->name(), failed->message), failed->hint);
    }
}

void InspectPlace::storeVerdict(const AnswerColumn& column, Verdict did, Disposition should, bool blind)
{
    casebase::HumanVerdict verdict;
    verdict.target = casebase::VerdictTarget::answer;
    verdict.targetId = workspace::answerId(column.prompt()->request.messages, column.answer()->answer);
    verdict.did = did;
    verdict.should = should;
    verdict.blind = blind;
    m_casebase->ask(
        this, [verdict](casebase::Casebase& casebase) { return casebase.verdicts().add(verdict); },
        [this](const Result<std::int64_t>& added) {
            if (!added.ok())
                Q_EMIT troubled(text(added.error().message()), text(added.error().hint()));
        });
}

void InspectPlace::file(const AnswerColumn& column)
{
    casebase::Case prefilled;
    prefilled.request = column.prompt()->request.messages;
    prefilled.disposition = column.should().value_or(Disposition::unknown);
    prefilled.chain = column.answer()->chain;
    prefilled.answer = column.answer()->answer;
    prefilled.source = kCaseSource;
    m_casebase->ask(
        this,
        [prefilled, answer = *column.answer()](casebase::Casebase& casebase) {
            casebase::Case ready = prefilled;
            ready.codes = governing(casebase, answer);
            return ready;
        },
        [this, burns = m_promptId](const casebase::Case& ready) { Q_EMIT caseWanted(ready, burns); });
}

} // namespace precedent::ui
