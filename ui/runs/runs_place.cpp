#include "ui/runs/runs_place.h"

#include <utility>

#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include "precedent/align/run_spec_json.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/bridge/job_line.h"
#include "ui/runs/compare_panel.h"
#include "ui/runs/launch_page.h"
#include "ui/runs/run_history.h"
#include "ui/runs/run_list_model.h"
#include "ui/runs/run_panel.h"
#include "ui/runs/waiting_panel.h"
#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kListWidth = 256;

/// The pages of the place, in the order in which they are stacked.
enum Page { emptyPage, runPage, preparingPage, launchPage, comparePage };

constexpr int kPollMs = 3000;

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

RunsPlace::RunsPlace(JobLine& line, QWidget* parent)
    : Place(parent)
    , m_line(line)
    , m_history(new RunHistory(this))
    , m_runs(m_history->model())
    , m_stack(new QStackedWidget(this))
    , m_panel(new RunPanel(this))
    , m_launch(new LaunchPage(line, this))
    , m_preparing(new WaitingPanel(this))
    , m_compare(new ComparePanel(this))
    , m_poll(new QTimer(this))
{
    setObjectName(QStringLiteral("runsPlace"));
    m_stack->addWidget(buildEmptyPage());
    m_stack->addWidget(m_panel);
    m_stack->addWidget(m_preparing);
    m_stack->addWidget(m_launch);
    m_stack->addWidget(m_compare);
    m_preparing->setObjectName(QStringLiteral("preparingPanel"));
    m_preparing->setFacts({}, {});
    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("runsSplitter"));
    splitter->addWidget(m_history);
    splitter->addWidget(m_stack);
    splitter->setSizes({kListWidth, 1136});
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);
    m_poll->setInterval(kPollMs);
    connectParts();
}

QWidget* RunsPlace::buildEmptyPage()
{
    auto* empty = new QWidget(this);
    auto* layout = new QVBoxLayout(empty);
    layout->addStretch();
    auto* sentence = new QuietLabel(tr("A run trains a model on its own answers to this casebase's requests."), bodyFont(), empty);
    sentence->setAlignment(Qt::AlignCenter);
    auto* begin = new QPushButton(themedIcon(QStringLiteral("runs"), Role::onAccent), tr("Start the quickstart"), empty);
    begin->setObjectName(QStringLiteral("startQuickstartButton"));
    begin->setProperty("primary", true);
    begin->setProperty("tall", true);
    auto* other = new QPushButton(tr("Another run"), empty);
    other->setObjectName(QStringLiteral("otherRunButton"));
    other->setProperty("plain", true);
    layout->addWidget(sentence);
    layout->addSpacing(12);
    layout->addWidget(begin, 0, Qt::AlignHCenter);
    layout->addSpacing(4);
    layout->addWidget(other, 0, Qt::AlignHCenter);
    layout->addStretch();
    connect(begin, &QPushButton::clicked, this, &RunsPlace::startQuickstart);
    connect(other, &QPushButton::clicked, this, [this] { chooseNewRun(); });
    return empty;
}

void RunsPlace::connectParts()
{
    connect(m_history, &RunHistory::newWanted, this, [this] { chooseNewRun(); });
    connect(m_history, &RunHistory::chosen, this, &RunsPlace::show);
    connect(m_history, &RunHistory::compareWanted, this, &RunsPlace::compare);
    connect(m_history, &RunHistory::troubled, this, &Place::troubled);
    connect(m_launch, &LaunchPage::startWanted, this, [this] { start(m_launch->order()); });
    connect(m_launch, &LaunchPage::cancelled, this, &RunsPlace::leaveLaunch);
    const auto showDraft = [this] { m_history->setDraft(m_stack->currentIndex() == launchPage ? m_launch->what() : QString()); };
    connect(m_launch, &LaunchPage::changed, this, showDraft);
    connect(m_stack, &QStackedWidget::currentChanged, this, showDraft);
    connect(m_runs, &RunListModel::loaded, this, &RunsPlace::listed);
    connect(m_runs, &QAbstractItemModel::dataChanged, this, [this](const QModelIndex& first) {
        if (first.data(RunListModel::idRole).toString() == m_panel->runId())
            m_panel->reload();
    });
    connect(m_preparing, &WaitingPanel::dropWanted, this, &RunsPlace::stopRun);
    connect(&m_line, &JobLine::changed, this, &RunsPlace::showWaiting);
    connect(m_poll, &QTimer::timeout, m_runs, &RunListModel::refresh);
    connect(m_compare, &ComparePanel::troubled, this, &Place::troubled);
    connect(m_compare, &ComparePanel::closed, this, &RunsPlace::leaveLaunch);
    connect(m_panel, &RunPanel::troubled, this, &Place::troubled);
    connect(m_panel, &RunPanel::citationClicked, this, &RunsPlace::citationClicked);
    connect(m_panel, &RunPanel::inspectWanted, this, &RunsPlace::inspectWanted);
    connect(m_panel, &RunPanel::progressChanged, this, &RunsPlace::tellJob);
    connect(m_panel, &RunPanel::resumeWanted, this, [this](const QString& run) { start({{}, false, run.toStdString()}); });
}

void RunsPlace::listed()
{
    if (const QString wanted = std::exchange(m_wanted, {}); !wanted.isEmpty() && m_history->select(wanted))
        return show(wanted);
    if (m_stack->currentIndex() == launchPage || m_stack->currentIndex() == comparePage)
        return; // a form is being filled in, or several runs are read
    if (m_runs->rowOf(m_history->currentId()) >= 0 && (m_live.isEmpty() || m_runs->rowOf(m_live) < 0 || m_told))
        return;
    m_told = m_told || m_runs->rowOf(m_live) >= 0; // a new run is gone to once, then what is read stays
    if (!m_history->select(m_live.isEmpty() ? m_panel->runId() : m_live) && m_stack->currentIndex() == runPage && m_runs->rowCount() == 0)
        m_stack->setCurrentIndex(emptyPage);
}

void RunsPlace::compare(const QStringList& ids)
{
    m_compare->show(ids);
    m_stack->setCurrentIndex(comparePage);
}

void RunsPlace::showEvent(QShowEvent* event)
{
    Place::showEvent(event);
    if (m_casebase != nullptr)
        m_runs->refresh();
    m_poll->start();
}

void RunsPlace::hideEvent(QHideEvent* event)
{
    m_poll->stop();
    Place::hideEvent(event);
}

RunsPlace::~RunsPlace() = default;

void RunsPlace::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_panel->setCasebase(casebase);
    if (casebase != nullptr)
        m_launch->setCasebase(casebase->path());
    m_stack->setCurrentIndex(emptyPage);
    m_compare->setCasebase(casebase);
    m_live.clear();
    m_told = false;
    m_history->setCasebase(casebase);
}

QString RunsPlace::help() const
{
    return tr(
        "A run lets the model answer requests of this casebase, rewards each answer by its disposition, harmlessness, format and "
        "citations, and "
        "makes the better answers of each group likelier. Curves are per step, the strong line their running mean; drag and wheel move and "
        "zoom them, a double click shows everything. A stopped run is continued from its last checkpoint to the same bits.");
}

QWidget* RunsPlace::mainView() { return m_history->view(); }

QWidget* RunsPlace::filterField() const { return m_history->filterField(); }

QVariantMap RunsPlace::state() const { return {{QStringLiteral("run"), m_panel->runId()}}; }

void RunsPlace::restore(const QVariantMap& state) { m_wanted = state.value(QStringLiteral("run")).toString(); }

void RunsPlace::startQuickstart()
{
    auto preset = align::preset("quickstart");
    if (!preset.ok()) {
        Q_EMIT troubled(text(preset.error().message()), text(preset.error().hint()));
        return;
    }
    preset->model = "starter";
    start({std::move(*preset), false, {}});
}

void RunsPlace::showRun(const QString& run)
{
    if (m_history->select(run))
        return show(run);
    m_wanted = run;
    m_runs->refresh();
}

void RunsPlace::chooseNewRun(const QString& model)
{
    if (m_casebase == nullptr)
        return;
    if (!model.isEmpty())
        m_launch->setModel(model);
    m_stack->setCurrentIndex(launchPage);
    m_launch->refresh();
    m_launch->setFocus();
}

void RunsPlace::leaveLaunch()
{
    const QString id = m_history->currentId().isEmpty() ? m_panel->runId() : m_history->currentId();
    if (m_runs->rowOf(id) >= 0) {
        m_history->select(id); // the draft's row had taken its place
        show(id);
    } else if (!m_history->select(id))
        m_stack->setCurrentIndex(emptyPage);
}

void RunsPlace::start(const RunOrder& order)
{
    if (m_casebase == nullptr)
        return;
    if (isRunning()) {
        Q_EMIT troubled(
            tr("A run is under way; a second one would have to share its processor."), tr("Stop it first, or wait until it is over."));
        return;
    }
    m_live.clear();
    m_told = false;
    m_waiting = true;
    m_stack->setCurrentIndex(preparingPage);
    m_ticket = m_line.enter(tr("a run"), [this, order] { begin(order); });
    showWaiting();
}

void RunsPlace::begin(const RunOrder& order)
{
    m_waiting = false;
    m_runs->setOwn(QString::fromStdString(order.resume));
    m_bridge = std::make_unique<RunBridge>(m_casebase->path(), order);
    connect(m_bridge.get(), &RunBridge::arrived, this, &RunsPlace::take);
    m_preparing->setPhase(tr("Preparing the run"),
        tr("Codes, cases and requests are frozen as they are now, and the time it will take is worked out."), {}, {}, -1);
    m_preparing->setDroppable(false);
    Q_EMIT jobChanged(tr("Preparing a run"), {}, -1);
}

void RunsPlace::showWaiting()
{
    if (!m_waiting)
        return;
    m_preparing->setPhase(tr("The run waits"),
        tr("It starts when %1 is over: the two would share the processor.").arg(m_line.waitsFor(m_ticket)), {}, {}, -1);
    m_preparing->setDroppable(true);
}

bool RunsPlace::isRunning() const { return m_waiting || (m_bridge && !m_bridge->isOver()); }

void RunsPlace::stopRun()
{
    if (m_waiting) {
        m_waiting = false;
        leaveLaunch();
        m_line.leave(m_ticket);
        Q_EMIT over();
    } else if (isRunning()) {
        m_bridge->stop();
    }
}

void RunsPlace::take(const std::vector<RunNews>& news)
{
    const RunEnded* end = nullptr;
    for (const RunNews& item : news) {
        if (const auto* stored = std::get_if<RunStored>(&item)) {
            m_live = text(stored->run);
            m_line.rename(m_ticket, m_live);
            m_runs->setOwn(m_live);
            m_runs->refresh();
            show(m_live);
        } else if (std::holds_alternative<RunEvaluating>(item)) {
            m_runs->setLive(m_live, QStringLiteral("running"), 0); // trained, but not over
        } else if (const auto* last = std::get_if<RunEnded>(&item)) {
            end = last;
        } else if (const auto* event = std::get_if<core::RunEvent>(&item)) {
            if (const auto* step = std::get_if<core::StepEvent>(event)) {
                m_runs->setLive(m_live, QStringLiteral("running"), step->step.step);
                if (m_panel->runId() != m_live) // the panel, which tells otherwise, shows another run
                    Q_EMIT jobChanged(
                        m_live, tr("step %1 of %2").arg(step->step.step).arg(step->steps), double(step->step.step) / step->steps);
            } else if (const auto* state = std::get_if<core::StateEvent>(event))
                m_runs->setLive(m_live, QString::fromLatin1(core::toString(state->state)), 0);
        }
    }
    if (m_panel->runId() == m_live && !m_live.isEmpty())
        m_panel->take(news);
    if (end != nullptr)
        ended(*end);
}

void RunsPlace::ended(const RunEnded& end)
{
    if (end.state == core::RunState::failed) {
        const QString safe = tr("What it recorded is kept; it can be continued from its last checkpoint.");
        const bool stored = !m_live.isEmpty();
        Q_EMIT troubled(stored ? tr("Run %1: %2").arg(m_live, text(end.message)) : text(end.message),
            end.hint.empty() ? (stored ? safe : QString()) : text(end.hint) + (stored ? QStringLiteral(" ") + safe : QString()));
    }
    Q_EMIT jobChanged({}, {}, -1);
    m_runs->setOwn({});
    if (m_live.isEmpty())
        leaveLaunch();
    m_runs->refresh();
    m_line.leave(m_ticket);
    Q_EMIT over();
}

void RunsPlace::show(const QString& id)
{
    if (id == m_panel->runId() && m_stack->currentIndex() == runPage)
        return;
    m_stack->setCurrentIndex(runPage);
    m_panel->showRun(id, id == m_live && !m_waiting && isRunning() ? m_bridge.get() : nullptr);
}

void RunsPlace::tellJob()
{
    if (m_waiting || !isRunning())
        return;
    const RunPanel::Progress& progress = m_panel->progress();
    QString detail = progress.text;
    if (!progress.left.isEmpty())
        detail += QStringLiteral("   ") + progress.left;
    Q_EMIT jobChanged(m_live, detail, progress.share);
}

} // namespace precedent::ui
