#include "ui/runs/run_panel.h"

#include <cmath>

#include <QFileDialog>
#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>

#include "precedent/base/files.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_examples.h"
#include "precedent/workspace/run_report.h"
#include "precedent/workspace/run_service.h"
#include "ui/bridge/background.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/about_panel.h"
#include "ui/runs/curves_strip.h"
#include "ui/runs/figures_text.h"
#include "ui/runs/results_panel.h"
#include "ui/runs/run_header.h"
#include "ui/runs/run_reader.h"
#include "ui/runs/step_view.h"
#include "ui/runs/waiting_panel.h"
#include "ui/runs/writing_panel.h"
#include "ui/shell/counted.h"

namespace precedent::ui {
namespace {

/// The pages below the header. The tabs are the first three; the last takes the first's place while there is no step to show.
enum Page { livePage, resultsPage, aboutPage, waitingPage };

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

RunPanel::RunPanel(QWidget* parent)
    : QWidget(parent)
    , m_header(new RunHeader(this))
    , m_tabs(new QTabBar(this))
    , m_pages(new QStackedWidget(this))
    , m_curves(new CurvesStrip(this))
    , m_step(new StepView(this))
    , m_writing(new WritingPanel(this))
    , m_results(new ResultsPanel(this))
    , m_about(new AboutPanel(this))
    , m_waitingPage(new WaitingPanel(this))
{
    setObjectName(QStringLiteral("runPanel"));
    connectHeader();
    m_tabs->setObjectName(QStringLiteral("runTabs"));
    m_tabs->addTab(tr("The run"));
    m_tabs->addTab(tr("Before and after"));
    m_tabs->addTab(tr("About this run"));
    m_tabs->setExpanding(false);
    m_pages->addWidget(buildLive());
    m_pages->addWidget(m_results);
    m_pages->addWidget(m_about);
    m_pages->addWidget(m_waitingPage);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_header);
    layout->addWidget(m_tabs);
    layout->addWidget(m_pages, 1);
    connect(m_tabs, &QTabBar::currentChanged, this, &RunPanel::showWaiting);
    connect(m_about, &AboutPanel::troubled, this, &RunPanel::troubled);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
}

void RunPanel::connectHeader()
{
    const auto ask = [this](auto signal, void (RunBridge::*what)()) {
        connect(m_header, signal, this, [this, what] {
            if (m_bridge)
                (m_bridge->*what)();
        });
    };
    ask(&RunHeader::pauseWanted, &RunBridge::pause);
    ask(&RunHeader::goOnWanted, &RunBridge::resume);
    ask(&RunHeader::checkpointWanted, &RunBridge::checkpointNow);
    connect(m_header, &RunHeader::stopWanted, this, [this] {
        if (m_bridge && isTraining())
            m_bridge->stopAfterStep();
        else if (m_bridge)
            m_bridge->stop();
    });
    connect(m_header, &RunHeader::alarmsClicked, this, [this] { m_tabs->setCurrentIndex(aboutPage); });
    connect(m_header, &RunHeader::saveWanted, this, &RunPanel::chooseReport);
    connect(m_header, &RunHeader::inspectWanted, this, [this] { Q_EMIT inspectWanted(inspectOrder()); });
    connect(m_header, &RunHeader::continueWanted, this, [this] { Q_EMIT resumeWanted(m_run); });
}

QWidget* RunPanel::buildLive()
{
    auto* page = new QWidget(this);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_curves);
    auto* line = new QFrame(page);
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    layout->addWidget(line);
    layout->addWidget(m_step, 1);
    layout->addWidget(m_writing);
    m_writing->hide();
    connect(m_step, &StepView::citationClicked, this, &RunPanel::citationClicked);
    connect(m_step, &StepView::inspectWanted, this, &RunPanel::inspectRollout);
    connect(m_step, &StepView::exportWanted, this, &RunPanel::chooseExamples);
    connect(m_step, &StepView::troubled, this, &RunPanel::troubled);
    return page;
}

void RunPanel::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_bridge = nullptr;
    m_run.clear();
    m_step->setCasebase(casebase);
    m_about->setCasebase(casebase);
}

void RunPanel::showRun(const QString& id, RunBridge* bridge)
{
    const bool same = id == m_run;
    m_bridge = bridge;
    m_run = id;
    if (same && bridge != nullptr)
        return;
    m_records.clear();
    m_steps = 0;
    m_step->setRun(id, bridge != nullptr);
    m_results->setComparisons({}, false);
    m_header->setResults(false);
    m_tabs->setCurrentIndex(livePage);
    m_writing->clear();
    m_writing->hide();
    m_endMessage.clear();
    m_alarms.clear();
    m_about->clear();
    m_waitingPage->setFacts({}, {});
    m_curves->setSteps(m_records, m_steps);
    if (bridge != nullptr)
        showActivity();
    else
        showWaiting();
    load();
}

void RunPanel::reload()
{
    if (!m_bridge)
        load();
}

void RunPanel::showWaiting()
{
    const bool live = m_bridge && !m_bridge->isOver();
    const bool waits = live && m_tabs->currentIndex() == livePage && (m_records.empty() || !isTraining());
    m_pages->setCurrentIndex(waits ? waitingPage : m_tabs->currentIndex());
}

void RunPanel::load()
{
    if (!m_casebase || m_run.isEmpty())
        return;
    m_casebase->ask(
        this, [id = m_run.toStdString()](casebase::Casebase& casebase) { return readRun(casebase, id); },
        [this, id = m_run](Result<RunRows> rows) {
            if (id != m_run)
                return;
            if (!rows.ok()) {
                Q_EMIT troubled(text(rows.error().message()), text(rows.error().hint()));
                return;
            }
            m_header->setName(text(rows->run.name.empty() ? rows->run.id : rows->run.name));
            m_spec = rows->spec;
            m_starter = rows->starter;
            m_writing->setSensitive(rows->sensitive);
            m_steps = rows->run.steps;
            m_model = rows->run.model;
            m_hasCheckpoint = rows->hasCheckpoint;
            m_records = std::move(rows->steps);
            m_step->setSelfGeneration(m_spec.selfGenerationSteps, m_spec.selfGenerationThreshold);
            m_step->setWeights({{"disposition", m_spec.rewardWeights.disposition}, {"harmlessness", m_spec.rewardWeights.harmlessness},
                {"format", m_spec.rewardWeights.format}, {"citation", m_spec.rewardWeights.citation},
                {"overlong", m_spec.rewardWeights.overlong}, {"helpful", m_spec.rewardWeights.helpful}});
            m_writing->setMostTokens(m_spec.maxCompletionLength);
            if (rows->run.state == "elsewhere")
                m_endMessage.clear(); // another program had it first, so it did not fail
            if (!m_bridge)
                setState(m_endMessage.isEmpty() ? text(rows->run.state) : QStringLiteral("failed"));
            m_curves->setSteps(m_records, m_steps);
            watch();
            if (m_bridge)
                showActivity();
            else
                showWaiting();
            m_step->setSteps(m_records);
            if (!m_bridge)
                loadResults();
            loadAbout();
        });
}

void RunPanel::loadAbout()
{
    m_casebase->ask(
        this, [id = m_run.toStdString()](casebase::Casebase& casebase) { return readAbout(casebase, id); },
        [this, id = m_run](Result<AboutRows> rows) {
            if (id != m_run)
                return;
            if (!rows.ok()) {
                Q_EMIT troubled(text(rows.error().message()), text(rows.error().hint()));
                return;
            }
            if (!m_endMessage.isEmpty()) {
                rows->message = m_endMessage.toStdString();
                rows->failed = true;
            }
            m_about->setRun(*rows, m_alarms);
            if (m_bridge && rows->estimate) {
                QStringList sentences;
                for (const std::string& sentence : rows->sentences)
                    sentences += text(sentence);
                m_waitingPage->setFacts(
                    sentences, tr("Thought to take %1. %2").arg(durationText(rows->estimate->totalSeconds()), text(rows->estimate->basis)));
            }
            m_header->setFacts(rows->failed ? text(rows->message) : QString(), rows->outcome.trainSeconds + rows->outcome.evaluateSeconds);
        });
}

InspectOrder RunPanel::inspectOrder() const
{
    InspectOrder order;
    order.models = {m_model};
    if (m_hasCheckpoint)
        order.models.push_back("run:" + m_run.toStdString());
    order.modes = {Mode::none, Mode::cases};
    return order;
}

void RunPanel::inspectRollout(const std::string& promptId, const std::vector<Message>& messages)
{
    InspectOrder order = inspectOrder();
    order.promptId = promptId;
    order.messages = messages;
    Q_EMIT inspectWanted(order);
}

void RunPanel::chooseReport()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Save as a page"), m_run + QStringLiteral(".html"), tr("Pages (*.html)"));
    if (!path.isEmpty())
        saveReport(path);
}

void RunPanel::saveReport(const QString& path)
{
    if (!m_casebase)
        return;
    inBackground(
        this,
        [casebase = m_casebase->path(), run = m_run.toStdString(), to = path.toStdString()]() -> Status {
            auto opened = casebase::Casebase::open(casebase, casebase::OpenMode::readOnly);
            if (!opened.ok())
                return opened.error();
            const auto report = workspace::gatherRunReport(**opened, run, 0);
            if (!report.ok())
                return report.error();
            return writeFileAtomically(to, workspace::reportHtml(report.value()));
        },
        [this](const Status& saved) {
            if (!saved.ok())
                Q_EMIT troubled(text(saved.error().message()), text(saved.error().hint()));
        });
}

void RunPanel::chooseExamples()
{
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Export kept answers"), m_run + QStringLiteral("-kept.jsonl"), tr("Examples (*.jsonl)"));
    if (!path.isEmpty())
        saveExamples(path);
}

void RunPanel::saveExamples(const QString& path)
{
    if (!m_casebase)
        return;
    m_casebase->ask(
        this,
        [run = m_run.toStdString(), to = path.toStdString()](
            casebase::Casebase& casebase) { return workspace::exportExamples(casebase, run, to); },
        [this, path](const Result<std::int64_t>& written) {
            if (!written.ok())
                Q_EMIT troubled(text(written.error().message()), text(written.error().hint()));
            else
                m_step->setExported(static_cast<int>(*written), path);
        });
}

void RunPanel::watch()
{
    std::vector<workspace::Alarm> alarms = workspace::findAlarms(m_records, m_spec);
    // A live run tells each new kind of alarm once; what is read from the history has been told.
    if (m_bridge && !m_bridge->isOver()) {
        for (std::size_t i = m_alarms.size(); i < alarms.size(); ++i)
            Q_EMIT troubled(tr("Run %1, step %2: %3").arg(m_run).arg(alarms[i].from).arg(text(alarms[i].message)), {});
    }
    m_alarms = std::move(alarms);
    m_curves->setAlarms(m_alarms);
    m_header->setAlarms(m_alarms);
}

void RunPanel::loadResults()
{
    m_results->setWorking();
    m_casebase->ask(
        this, [id = m_run.toStdString()](casebase::Casebase& casebase) { return readBeforeAfter(casebase, id); },
        [this, id = m_run](const Result<std::vector<workspace::Comparison>>& results) {
            if (id != m_run)
                return;
            if (!results.ok()) {
                Q_EMIT troubled(text(results.error().message()), text(results.error().hint()));
                return;
            }
            m_results->setComparisons(results.value(), m_starter);
            m_header->setResults(!results.value().empty());
            if (!results.value().empty())
                m_tabs->setCurrentIndex(resultsPage);
        });
}

bool RunPanel::isTraining() const { return m_bridge && m_bridge->activity().phase == RunActivity::Phase::training; }

void RunPanel::setState(const QString& state)
{
    const bool live = m_bridge && !m_bridge->isOver();
    m_header->setStanding({state, live, live && isTraining(), m_records.empty() ? 0 : m_records.back().step, m_steps, !m_run.isEmpty()});
    m_writing->setVisible(live && isTraining());
}

void RunPanel::showActivity()
{
    using Phase = RunActivity::Phase;
    RunActivity activity = m_bridge->activity();
    if (activity.phase == Phase::training && activity.total <= 0)
        activity.total = m_steps;
    setState(QString::fromLatin1(core::toString(activity.state)));
    const QString of = tr("%L1 of %L2").arg(activity.done, 0, 'f', 0).arg(activity.total, 0, 'f', 0);
    switch (activity.phase) {
    case Phase::preparing:
        m_waitingPage->setPhase(tr("Getting ready"), tr("The engine is being loaded."), {}, {}, -1);
        showWaiting();
        return;
    case Phase::before:
        setProgress(tr("measuring before: %1").arg(of), activity);
        m_waitingPage->setPhase(tr("Measuring before training"),
            tr("The model answers the held-out requests as it is, so that there is something to compare with."), tr("%1 answers").arg(of),
            m_progress.left, m_progress.share);
        break;
    case Phase::training:
        setProgress(tr("step %1").arg(of), activity);
        m_waitingPage->setPhase(tr("Writing the first answers"),
            tr("A step is over when its answers are written, judged and learned from."), m_progress.text, {}, -1);
        break;
    case Phase::after:
        setProgress(tr("measuring after: %1").arg(of), activity);
        m_waitingPage->setPhase(tr("Measuring after training"), tr("The trained model answers the same held-out requests."),
            tr("%1 answers").arg(of), m_progress.left, m_progress.share);
        break;
    }
    showWaiting();
    Q_EMIT progressChanged();
}

void RunPanel::setProgress(const QString& what, const RunActivity& activity)
{
    m_progress = {what, activity.secondsLeft ? tr("%1 left").arg(clockText(*activity.secondsLeft)) : QString(),
        activity.total > 0 ? activity.done / activity.total : -1};
    m_header->setProgress(m_progress.left.isEmpty() ? what : what + QStringLiteral("   ") + m_progress.left, m_progress.share);
}

void RunPanel::addStep(const core::StepRecord& step, int steps)
{
    m_steps = steps;
    while (!m_records.empty() && m_records.back().step >= step.step)
        m_records.pop_back();
    m_records.push_back({step.step, step.metrics, step.seconds});
}

void RunPanel::end(const RunEnded& ended)
{
    m_bridge = nullptr;
    m_endMessage = ended.state == core::RunState::failed ? text(ended.message) : QString();
    setState(QString::fromLatin1(core::toString(ended.state)));
    m_progress = {};
    showWaiting();
    Q_EMIT progressChanged();
    load();
}

void RunPanel::take(const std::vector<RunNews>& news)
{
    bool stands = false; // words alone change nothing of how the run stands
    bool stepped = false;
    for (const RunNews& item : news) {
        const auto* event = std::get_if<core::RunEvent>(&item);
        const auto* token = event == nullptr ? nullptr : std::get_if<core::TokenEvent>(event);
        if (token != nullptr) {
            m_writing->add(token->step, token->group, token->index, text(token->text));
            continue;
        }
        stands = true;
        if (const auto* ended = std::get_if<RunEnded>(&item))
            end(*ended);
        else if (const auto* step = event == nullptr ? nullptr : std::get_if<core::StepEvent>(event)) {
            addStep(step->step, step->steps);
            stepped = true;
        }
    }
    if (stands && m_bridge)
        showActivity();
    if (stepped) {
        m_curves->setSteps(m_records, m_steps);
        watch();
        m_step->addSteps(m_records);
    }
    m_writing->showIfChanged();
}

} // namespace precedent::ui
