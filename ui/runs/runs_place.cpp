#include "ui/runs/runs_place.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "precedent/align/run_spec_json.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/launch_dialog.h"
#include "ui/runs/run_delegate.h"
#include "ui/runs/run_list_model.h"
#include "ui/runs/run_panel.h"
#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kListWidth = 256;

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

RunsPlace::RunsPlace(QWidget* parent)
    : Place(parent)
    , m_runs(new RunListModel(this))
    , m_list(new QListView(this))
    , m_stack(new QStackedWidget(this))
    , m_panel(new RunPanel(this))
{
    setObjectName(QStringLiteral("runsPlace"));
    m_list->setObjectName(QStringLiteral("runsList"));
    m_list->setAccessibleName(tr("Runs"));
    m_list->setModel(m_runs);
    m_list->setItemDelegate(new RunDelegate(m_list));
    m_list->setUniformItemSizes(true);
    m_list->setBackgroundRole(QPalette::Window);
    m_list->viewport()->setBackgroundRole(QPalette::Window);
    auto* left = new Pane(this, true);
    auto* title = new QLabel(tr("Runs"), left);
    title->setFont(sectionFont());
    auto* add = new QToolButton(left);
    add->setObjectName(QStringLiteral("newRunButton"));
    add->setIcon(themedIcon(QStringLiteral("plus")));
    add->setToolTip(tr("New run"));
    add->setAccessibleName(tr("New run"));
    left->bar()->addWidget(title);
    left->bar()->addStretch();
    left->bar()->addWidget(add);
    left->setBody(m_list);

    auto* empty = new QWidget(this);
    auto* emptyLayout = new QVBoxLayout(empty);
    emptyLayout->addStretch();
    auto* sentence = new QuietLabel(tr("A run trains a model on its own answers to this casebase's requests."), bodyFont(), empty);
    sentence->setAlignment(Qt::AlignCenter);
    auto* begin = new QPushButton(themedIcon(QStringLiteral("runs"), Role::onAccent), tr("Start the quickstart"), empty);
    begin->setObjectName(QStringLiteral("startQuickstartButton"));
    begin->setProperty("primary", true);
    begin->setProperty("tall", true);
    auto* other = new QPushButton(tr("Another run"), empty);
    other->setObjectName(QStringLiteral("otherRunButton"));
    other->setProperty("plain", true);
    emptyLayout->addWidget(sentence);
    emptyLayout->addSpacing(12);
    emptyLayout->addWidget(begin, 0, Qt::AlignHCenter);
    emptyLayout->addSpacing(4);
    emptyLayout->addWidget(other, 0, Qt::AlignHCenter);
    emptyLayout->addStretch();
    auto* preparing = new QWidget(this);
    auto* preparingLayout = new QVBoxLayout(preparing);
    auto* preparingText =
        new QuietLabel(tr("Preparing the run: freezing codes, cases and prompts, loading the engine."), bodyFont(), preparing);
    preparingText->setAlignment(Qt::AlignCenter);
    preparingLayout->addWidget(preparingText);
    m_stack->addWidget(empty);
    m_stack->addWidget(m_panel);
    m_stack->addWidget(preparing);

    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("runsSplitter"));
    splitter->addWidget(left);
    splitter->addWidget(m_stack);
    splitter->setSizes({kListWidth, 1136});
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    connect(add, &QToolButton::clicked, this, [this] { chooseNewRun(); });
    connect(begin, &QPushButton::clicked, this, &RunsPlace::startQuickstart);
    connect(other, &QPushButton::clicked, this, [this] { chooseNewRun(); });
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, &RunsPlace::showCurrent);
    connect(m_runs, &RunListModel::loaded, this, [this] {
        const QString shown = m_live.isEmpty() ? m_panel->runId() : m_live;
        const int row = std::max(0, m_runs->rowOf(m_wanted.isEmpty() ? shown : std::exchange(m_wanted, {})));
        if (m_runs->rowCount() > 0)
            m_list->setCurrentIndex(m_runs->index(row));
        else if (m_stack->currentIndex() != 2)
            m_stack->setCurrentIndex(0);
    });
    connect(m_runs, &RunListModel::failed, this, &Place::troubled);
    connect(m_panel, &RunPanel::troubled, this, &Place::troubled);
    connect(m_panel, &RunPanel::citationClicked, this, &RunsPlace::citationClicked);
    connect(m_panel, &RunPanel::progressChanged, this, &RunsPlace::tellJob);
    connect(m_panel, &RunPanel::resumeWanted, this, [this](const QString& run) { start({{}, false, run.toStdString()}); });
}

RunsPlace::~RunsPlace() = default;

void RunsPlace::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_panel->setCasebase(casebase);
    m_stack->setCurrentIndex(0);
    m_runs->setCasebase(casebase);
}

QString RunsPlace::help() const
{
    return tr(
        "A run lets the model answer requests of this casebase, rewards each answer by its disposition, harmlessness, format and "
        "citations, and "
        "makes the better answers of each group likelier. Curves are per step, the strong line their running mean; drag and wheel move and "
        "zoom them, a double click shows everything. A stopped run is continued from its last checkpoint to the same bits.");
}

QWidget* RunsPlace::mainView() { return m_list; }

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
    if (const int row = m_runs->rowOf(run); row >= 0)
        return m_list->setCurrentIndex(m_runs->index(row));
    m_wanted = run;
    m_runs->refresh();
}

void RunsPlace::chooseNewRun(const QString& model)
{
    auto* dialog = new LaunchDialog(model, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] { start(dialog->order()); });
    dialog->open();
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
    m_bridge = std::make_unique<RunBridge>(m_casebase->path(), order);
    connect(m_bridge.get(), &RunBridge::arrived, this, &RunsPlace::take);
    m_stack->setCurrentIndex(2);
    Q_EMIT jobChanged(tr("Preparing a run"), {}, -1);
}

bool RunsPlace::isRunning() const { return m_bridge && !m_bridge->isOver(); }

void RunsPlace::stopRun()
{
    if (isRunning())
        m_bridge->stop();
}

void RunsPlace::take(const std::vector<RunNews>& news)
{
    bool ended = false;
    for (const RunNews& item : news) {
        if (const auto* stored = std::get_if<RunStored>(&item)) {
            m_live = text(stored->run);
            m_runs->refresh();
        } else if (std::holds_alternative<RunEvaluating>(item)) {
            m_runs->setLive(m_live, QStringLiteral("running"), 0); // trained, but not over
        } else if (const auto* end = std::get_if<RunEnded>(&item)) {
            ended = true;
            if (end->state == core::RunState::failed)
                Q_EMIT troubled(m_live.isEmpty() ? text(end->message) : tr("Run %1: %2").arg(m_live, text(end->message)),
                    end->hint.empty() && !m_live.isEmpty() ? tr("What it recorded is kept; it can be continued from its last checkpoint.")
                                                           : text(end->hint));
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
    if (ended) {
        Q_EMIT jobChanged({}, {}, -1);
        if (m_live.isEmpty())
            m_stack->setCurrentIndex(m_runs->rowCount() > 0 ? 1 : 0);
        m_runs->refresh();
        Q_EMIT over();
    }
}

void RunsPlace::showCurrent()
{
    const casebase::Run* run = m_runs->runAt(m_list->currentIndex().row());
    if (run == nullptr)
        return;
    const QString id = text(run->id);
    if (id == m_panel->runId() && m_stack->currentIndex() == 1)
        return;
    m_stack->setCurrentIndex(1);
    m_panel->showRun(id, id == m_live && isRunning() ? m_bridge.get() : nullptr);
}

void RunsPlace::tellJob()
{
    if (!isRunning())
        return;
    const RunPanel::Progress& progress = m_panel->progress();
    QString detail = progress.text;
    if (!progress.left.isEmpty())
        detail += QStringLiteral("   ") + progress.left;
    Q_EMIT jobChanged(m_live, detail, progress.share);
}

} // namespace precedent::ui
