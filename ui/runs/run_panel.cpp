#include "ui/runs/run_panel.h"

#include <cmath>

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_service.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/curves_strip.h"
#include "ui/runs/figures_text.h"
#include "ui/runs/results_panel.h"
#include "ui/runs/reward_panel.h"
#include "ui/runs/rollout_delegate.h"
#include "ui/runs/rollout_model.h"
#include "ui/runs/rollout_view.h"
#include "ui/runs/run_header.h"
#include "ui/runs/run_reader.h"
#include "ui/runs/writing_panel.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kTableWidth = 404;
constexpr int kTextWidth = 432;
constexpr int kRewardsWidth = 300;

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

RunPanel::RunPanel(QWidget* parent)
    : QWidget(parent)
    , m_header(new RunHeader(this))
    , m_tabs(new QTabBar(this))
    , m_pages(new QStackedWidget(this))
    , m_curves(new CurvesStrip(this))
    , m_stepCombo(new QComboBox(this))
    , m_previous(new QToolButton(this))
    , m_next(new QToolButton(this))
    , m_where(new QLabel(this))
    , m_request(new QLabel(this))
    , m_newer(new QPushButton(this))
    , m_model(new RolloutModel(this))
    , m_table(new QTableView(this))
    , m_groupText(new QuietLabel({}, secondaryFont(), this))
    , m_view(new RolloutView(this))
    , m_rewards(new RewardPanel(this))
    , m_writing(new WritingPanel(this))
    , m_results(new ResultsPanel(this))
{
    setObjectName(QStringLiteral("runPanel"));
    connectHeader();
    m_tabs->setObjectName(QStringLiteral("runTabs"));
    m_tabs->addTab(tr("The run"));
    m_tabs->addTab(tr("Before and after"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_pages->addWidget(buildLive());
    m_pages->addWidget(m_results);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_header);
    layout->addWidget(m_tabs);
    layout->addWidget(m_pages, 1);
    connect(m_tabs, &QTabBar::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
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
    connect(m_header, &RunHeader::continueWanted, this, [this] { Q_EMIT resumeWanted(m_run); });
}

QWidget* RunPanel::buildLive()
{
    auto* page = new QWidget(this);
    auto* stepBar = new Pane(page);
    m_stepCombo->setObjectName(QStringLiteral("stepCombo"));
    m_stepCombo->setAccessibleName(tr("Step"));
    m_stepCombo->setMinimumWidth(96);
    m_previous->setObjectName(QStringLiteral("previousRequestButton"));
    m_previous->setIcon(themedIcon(QStringLiteral("left")));
    m_previous->setToolTip(tr("Previous request"));
    m_next->setObjectName(QStringLiteral("nextRequestButton"));
    m_next->setIcon(themedIcon(QStringLiteral("right")));
    m_next->setToolTip(tr("Next request"));
    for (QToolButton* button : {m_previous, m_next})
        button->setProperty("plain", true);
    m_where->setObjectName(QStringLiteral("requestPlaceLabel"));
    m_request->setObjectName(QStringLiteral("requestLabel"));
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_request->setFont(strong);
    m_request->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_newer->setObjectName(QStringLiteral("newRolloutsButton"));
    m_newer->hide();
    for (QWidget* part : std::initializer_list<QWidget*>{m_stepCombo, m_previous, m_where, m_next})
        stepBar->bar()->addWidget(part);
    stepBar->bar()->addWidget(m_request, 1);
    stepBar->bar()->addWidget(m_newer);

    m_table->setObjectName(QStringLiteral("rolloutsTable"));
    m_table->setAccessibleName(tr("Answers of the group"));
    m_table->setModel(m_model);
    m_table->setItemDelegate(new RolloutDelegate(m_table));
    m_table->setShowGrid(false);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(RolloutModel::advantageColumn, Qt::DescendingOrder);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(kRowHeight);
    m_table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    m_table->horizontalHeader()->setHighlightSections(false);
    const std::array widths{36, 108, 60, 116};
    for (int column = 0; column < static_cast<int>(widths.size()); ++column)
        m_table->horizontalHeader()->resizeSection(column, widths[static_cast<std::size_t>(column)]);
    m_table->horizontalHeader()->setMinimumSectionSize(kRowHeight);
    m_table->horizontalHeader()->setSectionResizeMode(RolloutModel::tokensColumn, QHeaderView::Stretch);
    m_groupText->setContentsMargins(12, 4, 12, 8);
    auto* group = new QWidget(page);
    auto* groupLayout = new QVBoxLayout(group);
    groupLayout->setContentsMargins(0, 0, 0, 0);
    groupLayout->setSpacing(0);
    groupLayout->addWidget(m_table, 1);
    groupLayout->addWidget(m_groupText);
    auto* splitter = new QSplitter(page);
    splitter->setObjectName(QStringLiteral("rolloutSplitter"));
    splitter->addWidget(group);
    splitter->addWidget(m_view);
    splitter->addWidget(m_rewards);
    splitter->setSizes({kTableWidth, kTextWidth, kRewardsWidth});
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    stepBar->setBody(splitter);

    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_curves);
    auto* line = new QFrame(page);
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    layout->addWidget(line);
    layout->addWidget(stepBar, 1);
    layout->addWidget(m_writing);
    m_writing->hide();

    connect(m_stepCombo, &QComboBox::activated, this, [this] {
        m_following = m_stepCombo->currentIndex() == 0;
        m_group = 0;
        loadStep(m_stepCombo->currentData().toInt());
    });
    connect(m_previous, &QToolButton::clicked, this, [this] {
        --m_group;
        m_following = false;
        showGroup();
    });
    connect(m_next, &QToolButton::clicked, this, [this] {
        ++m_group;
        m_following = false;
        showGroup();
    });
    connect(m_newer, &QPushButton::clicked, this, [this] {
        m_following = true;
        if (!m_records.empty())
            loadStep(m_records.back().step);
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &RunPanel::showRollout);
    connect(m_model, &QAbstractItemModel::modelReset, this, [this] {
        m_table->selectRow(0);
        showRollout();
    });
    // A click on a row is reading: what is read does not move.
    connect(m_table, &QTableView::clicked, this, [this] { m_following = false; });
    connect(&Reveal::instance(), &Reveal::changed, this, &RunPanel::showGroup);
    connect(m_view, &RolloutView::citationClicked, this, &RunPanel::citationClicked);
    return page;
}

void RunPanel::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_bridge = nullptr;
    m_run.clear();
}

void RunPanel::showRun(const QString& id, RunBridge* bridge)
{
    const bool same = id == m_run;
    m_bridge = bridge;
    m_run = id;
    if (same && bridge != nullptr)
        return;
    m_following = bridge != nullptr;
    m_waiting = 0;
    m_shownStep = 0;
    m_group = 0;
    m_records.clear();
    m_rollouts.clear();
    m_newer->hide();
    m_stepCombo->clear();
    m_model->setRollouts({});
    m_results->setComparisons({}, false);
    m_tabs->setCurrentIndex(0);
    m_writing->clear();
    m_writing->setVisible(bridge != nullptr);
    m_phase.clear();
    m_curves->setSteps(m_records, m_steps);
    load();
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
            m_records = std::move(rows->steps);
            m_rewards->setWeights({{"disposition", m_spec.rewardWeights.disposition}, {"harmlessness", m_spec.rewardWeights.harmlessness},
                {"format", m_spec.rewardWeights.format}, {"citation", m_spec.rewardWeights.citation},
                {"overlong", m_spec.rewardWeights.overlong}});
            m_writing->setMostTokens(m_spec.maxCompletionLength);
            QString state = text(rows->run.state);
            // A run whose program is gone is no longer running, whatever it wrote last.
            if (!m_bridge && (state == QLatin1String("running") || state == QLatin1String("paused") || state == QLatin1String("stopping")))
                state = QStringLiteral("stopped");
            if (!m_bridge)
                setState(state);
            m_curves->setSteps(m_records, m_steps);
            if (!m_records.empty())
                loadStep(m_records.back().step);
            if (!m_bridge)
                loadResults();
        });
}

void RunPanel::loadResults()
{
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
            if (!results.value().empty())
                m_tabs->setCurrentIndex(1);
        });
}

void RunPanel::loadStep(int step)
{
    if (!m_casebase)
        return;
    m_casebase->ask(
        this, [id = m_run.toStdString(), step](casebase::Casebase& casebase) { return readStep(casebase, id, step); },
        [this, id = m_run, step](Result<StepRows> rows) {
            if (id != m_run)
                return;
            if (!rows.ok()) {
                Q_EMIT troubled(text(rows.error().message()), text(rows.error().hint()));
                return;
            }
            m_shownStep = step;
            m_rollouts = std::move(rows->rollouts);
            m_requests = std::move(rows->requests);
            m_sensitive = std::move(rows->sensitive);
            m_waiting = 0;
            m_newer->setVisible(false);
            const QSignalBlocker quiet(m_stepCombo);
            // Newest first. A live run adds one at a time: what is listed already stays.
            if (m_stepCombo->count() > static_cast<int>(m_records.size()) ||
                (!m_records.empty() && m_stepCombo->findData(m_records.front().step) < 0))
                m_stepCombo->clear();
            for (std::size_t i = static_cast<std::size_t>(m_stepCombo->count()); i < m_records.size(); ++i)
                m_stepCombo->insertItem(0, tr("Step %1").arg(m_records[i].step), m_records[i].step);
            m_stepCombo->setCurrentIndex(m_stepCombo->findData(step));
            showGroup();
        });
}

void RunPanel::showGroup()
{
    int groups = 0;
    for (const auto& rollout : m_rollouts)
        groups = std::max(groups, rollout.group + 1);
    m_group = std::clamp(m_group, 0, std::max(0, groups - 1));
    std::vector<casebase::Rollout> group;
    for (const auto& rollout : m_rollouts) {
        if (rollout.group == m_group)
            group.push_back(rollout);
    }
    m_previous->setEnabled(m_group > 0);
    m_next->setEnabled(m_group + 1 < groups);
    m_where->setText(groups == 0 ? QString() : tr("request %1 of %2").arg(m_group + 1).arg(groups));
    QString request;
    if (!group.empty()) {
        const std::string& id = group.front().promptId;
        request = m_sensitive.contains(id) && !Reveal::instance().isOn() ? tr("sensitive, hidden") : text(m_requests[id]);
    }
    m_request->setText(request);
    m_request->setToolTip(request);
    double sum = 0;
    for (const auto& rollout : group)
        sum += rollout.reward;
    const double mean = group.empty() ? 0 : sum / static_cast<double>(group.size());
    double squares = 0;
    for (const auto& rollout : group)
        squares += (rollout.reward - mean) * (rollout.reward - mean);
    const double spread = group.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(group.size() - 1));
    m_groupText->setText(group.empty() ? QString()
                                       : tr("%1 to one request. Mean %2, standard deviation %3.")
                                             .arg(counted(static_cast<qint64>(group.size()), tr("1 answer"), tr("%1 answers")),
                                                 QLocale().toString(mean, 'f', 3), QLocale().toString(spread, 'f', 3)));
    setProperty("groupMean", mean);
    setProperty("groupSpread", spread);
    m_model->setRollouts(std::move(group));
}

void RunPanel::showRollout()
{
    const casebase::Rollout* rollout = m_model->at(m_table->currentIndex().row());
    m_view->setRollout(rollout, rollout != nullptr && m_sensitive.contains(rollout->promptId));
    m_rewards->setRollout(rollout, property("groupMean").toDouble(), property("groupSpread").toDouble(), m_model->rowCount());
}

bool RunPanel::isTraining() const { return m_phase == QLatin1String("training"); }

void RunPanel::setState(const QString& state)
{
    const bool live = m_bridge && !m_bridge->isOver();
    m_header->setStanding({state, live, live && isTraining(), m_records.empty() ? 0 : m_records.back().step, m_steps, !m_run.isEmpty()});
    m_writing->setVisible(live && isTraining());
}

void RunPanel::setProgress(const QString& what, double done, double total)
{
    m_progress.text = what;
    m_progress.share = total > 0 ? done / total : -1;
    m_progress.left.clear();
    const double made = done - m_phaseFrom;
    if (made > 0 && done < total && m_phaseClock.isValid())
        m_progress.left = tr("%1 left").arg(clockText(static_cast<double>(m_phaseClock.elapsed()) / 1000 / made * (total - done)));
    QString position = what;
    if (!m_progress.left.isEmpty())
        position += QStringLiteral("   ") + m_progress.left;
    m_header->setProgress(position, m_progress.share);
    Q_EMIT progressChanged();
}

void RunPanel::addStep(const core::StepRecord& step, int steps)
{
    m_steps = steps;
    while (!m_records.empty() && m_records.back().step >= step.step)
        m_records.pop_back();
    m_records.push_back({step.step, step.metrics, step.seconds});
    setProgress(tr("step %1 of %2").arg(step.step).arg(steps), step.step, steps);
}

void RunPanel::followStep(int step)
{
    if (m_following || m_shownStep == 0) {
        loadStep(step);
        return;
    }
    ++m_waiting;
    m_newer->setText(counted(m_waiting, tr("1 new step"), tr("%1 new steps")));
    m_newer->show();
}

void RunPanel::take(const std::vector<RunNews>& news)
{
    int newest = 0;
    for (const RunNews& item : news) {
        if (const auto* evaluating = std::get_if<RunEvaluating>(&item)) {
            const QString phase = QString::fromLatin1(workspace::toString(evaluating->phase));
            if (m_phase != phase) {
                m_phase = phase;
                m_phaseClock.start();
                m_phaseFrom = static_cast<double>(evaluating->done);
                setState(QStringLiteral("running"));
            }
            const QString what =
                evaluating->phase == workspace::Phase::before ? tr("measuring before: %L1 of %L2") : tr("measuring after: %L1 of %L2");
            setProgress(what.arg(evaluating->done).arg(evaluating->total), static_cast<double>(evaluating->done),
                static_cast<double>(evaluating->total));
        } else if (const auto* training = std::get_if<RunTraining>(&item)) {
            m_phase = QStringLiteral("training");
            m_phaseClock.start();
            m_phaseFrom = training->fromStep;
            setState(QStringLiteral("running"));
            setProgress(tr("step %1 of %2").arg(training->fromStep).arg(m_steps), training->fromStep, m_steps);
        } else if (const auto* event = std::get_if<core::RunEvent>(&item)) {
            if (const auto* token = std::get_if<core::TokenEvent>(event)) {
                m_writing->add(token->step, token->group, token->index, text(token->text));
            } else if (const auto* step = std::get_if<core::StepEvent>(event)) {
                addStep(step->step, step->steps);
                newest = step->step.step;
            } else if (const auto* state = std::get_if<core::StateEvent>(event)) {
                setState(QString::fromLatin1(core::toString(state->state)));
            }
        } else if (const auto* ended = std::get_if<RunEnded>(&item)) {
            m_phase.clear();
            m_bridge = nullptr;
            setState(QString::fromLatin1(core::toString(ended->state)));
            m_progress = {};
            Q_EMIT progressChanged();
            load();
        }
    }
    if (newest > 0) {
        m_curves->setSteps(m_records, m_steps);
        followStep(newest);
    }
    m_writing->showIfChanged();
}

} // namespace precedent::ui
