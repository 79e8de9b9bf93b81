#include "ui/runs/step_view.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/reward_panel.h"
#include "ui/runs/rollout_delegate.h"
#include "ui/runs/rollout_view.h"
#include "ui/runs/run_reader.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kLeastTable = 352; ///< its columns, with three digits of tokens
constexpr int kTableWidth = 404;
constexpr int kTextWidth = 432;
constexpr int kRewardsWidth = 300;

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

StepView::StepView(QWidget* parent)
    : Pane(parent)
    , m_stepCombo(new QComboBox(this))
    , m_previous(new QToolButton(this))
    , m_next(new QToolButton(this))
    , m_where(new QLabel(this))
    , m_request(new QLabel(this))
    , m_newer(new QPushButton(this))
    , m_export(new QToolButton(this))
    , m_model(new RolloutModel(this))
    , m_table(new QTableView(this))
    , m_groupText(new QuietLabel({}, secondaryFont(), this))
    , m_view(new RolloutView(this))
    , m_rewards(new RewardPanel(this))
{
    buildBar();
    setBody(buildBody());
    connectParts();
}

void StepView::buildBar()
{
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
        bar()->addWidget(part);
    bar()->addWidget(m_request, 1);
    bar()->addWidget(m_newer);
    m_export->setObjectName(QStringLiteral("exportExamplesButton"));
    m_export->setIcon(themedIcon(QStringLiteral("export")));
    m_export->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_export->setProperty("plain", true);
    m_export->hide();
    bar()->addWidget(m_export);
}

QWidget* StepView::buildBody()
{
    m_table->setObjectName(QStringLiteral("rolloutsTable"));
    m_table->setAccessibleName(tr("Answers of the group"));
    m_table->setModel(m_model);
    m_table->setItemDelegate(new RolloutDelegate(m_table));
    m_table->setShowGrid(false);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(RolloutModel::advantageColumn, Qt::DescendingOrder);
    m_table->setMinimumWidth(kLeastTable);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(kRowHeight);
    m_table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setMinimumSectionSize(kRowHeight); // before the widths, which it bounds
    const std::array widths{28, 104, 60, 116};
    for (int column = 0; column < static_cast<int>(widths.size()); ++column)
        m_table->horizontalHeader()->resizeSection(column, widths[static_cast<std::size_t>(column)]);
    m_table->horizontalHeader()->setSectionResizeMode(RolloutModel::tokensColumn, QHeaderView::Stretch);
    m_groupText->setObjectName(QStringLiteral("groupLabel"));
    m_groupText->setContentsMargins(12, 4, 12, 8);
    auto* group = new QWidget(this);
    auto* groupLayout = new QVBoxLayout(group);
    groupLayout->setContentsMargins(0, 0, 0, 0);
    groupLayout->setSpacing(0);
    groupLayout->addWidget(m_table, 1);
    groupLayout->addWidget(m_groupText);
    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("rolloutSplitter"));
    splitter->addWidget(group);
    splitter->addWidget(m_view);
    splitter->addWidget(m_rewards);
    splitter->setSizes({kTableWidth, kTextWidth, kRewardsWidth});
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    return splitter;
}

void StepView::connectParts()
{
    connect(m_stepCombo, &QComboBox::activated, this, [this] {
        m_following = m_stepCombo->currentIndex() == 0;
        m_group = 0;
        load(m_stepCombo->currentData().toInt());
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
    connect(m_export, &QToolButton::clicked, this, &StepView::exportWanted);
    connect(m_newer, &QPushButton::clicked, this, [this] {
        m_following = true;
        load(m_steps.back());
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &StepView::showRollout);
    connect(m_model, &QAbstractItemModel::modelReset, this, [this] {
        m_table->selectRow(0);
        showRollout();
    });
    // A click on a row is reading: what is read does not move.
    connect(m_table, &QTableView::clicked, this, [this] { m_following = false; });
    connect(&Reveal::instance(), &Reveal::changed, this, &StepView::showGroup);
    connect(m_view, &RolloutView::citationClicked, this, &StepView::citationClicked);
    connect(m_view, &RolloutView::inspectWanted, this, [this] {
        const casebase::Rollout* rollout = m_model->at(m_table->currentIndex().row());
        if (rollout != nullptr)
            Q_EMIT inspectWanted(rollout->promptId, m_messages[rollout->promptId]);
    });
}

void StepView::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    setRun({}, false);
}

void StepView::setRun(const QString& run, bool following)
{
    m_run = run;
    m_following = following;
    m_question.reset();
    m_waiting = 0;
    m_askedStep = 0;
    m_shownStep = 0;
    m_group = 0;
    m_steps.clear();
    m_rollouts.clear();
    m_marks = {};
    m_newer->hide();
    m_export->setText(tr("Export kept"));
    m_export->setToolTip(tr("Write the kept answers to a file, to be corrected and learnt from by another run"));
    m_export->hide();
    m_stepCombo->clear();
    m_model->setRollouts({});
}

void StepView::setSelfGeneration(int steps, double threshold)
{
    m_selfGenerationSteps = steps;
    m_threshold = threshold;
}

void StepView::setExported(int answers, const QString& path)
{
    m_export->setText(counted(answers, tr("1 answer written"), tr("%1 answers written")));
    m_export->setToolTip(path);
}

void StepView::setWeights(const std::map<std::string, double>& weights) { m_rewards->setWeights(weights); }

void StepView::setSteps(const std::vector<casebase::RunStep>& records)
{
    if (records.empty())
        return; // before the first step; and a file that was deleted under the window has none, while its steps stay in view
    listSteps(records);
    if (!isReading())
        load(m_steps.back());
    else if (m_askedStep <= m_selfGenerationSteps)
        load(m_askedStep); // a checkpoint may say by now which are kept
}

void StepView::addSteps(const std::vector<casebase::RunStep>& records)
{
    const int more = std::max(1, static_cast<int>(records.size()) - static_cast<int>(m_steps.size()));
    listSteps(records);
    if (!isReading()) {
        load(m_steps.back());
        return;
    }
    m_waiting += more;
    m_newer->setText(counted(m_waiting, tr("1 new step"), tr("%1 new steps")));
    m_newer->show();
}

bool StepView::isReading() const { return !m_following && std::find(m_steps.begin(), m_steps.end(), m_askedStep) != m_steps.end(); }

void StepView::listSteps(const std::vector<casebase::RunStep>& records)
{
    std::vector<int> steps;
    for (const casebase::RunStep& record : records)
        steps.push_back(record.step);
    const QSignalBlocker quiet(m_stepCombo);
    // A live run adds one at a time: what is listed already stays.
    if (steps.size() < m_steps.size() || !std::equal(m_steps.begin(), m_steps.end(), steps.begin())) {
        m_stepCombo->clear();
        m_steps.clear();
    }
    for (std::size_t i = m_steps.size(); i < steps.size(); ++i)
        m_stepCombo->insertItem(0, tr("Step %1").arg(steps[i]), steps[i]); // newest first
    m_steps = std::move(steps);
}

void StepView::load(int step)
{
    if (!m_casebase)
        return;
    m_askedStep = step;
    m_question = std::make_unique<QObject>();
    m_casebase->ask(
        m_question.get(),
        [id = m_run.toStdString(), step, keeping = step <= m_selfGenerationSteps](
            casebase::Casebase& casebase) { return readStep(casebase, id, step, keeping); },
        [this, step](Result<StepRows> rows) {
            if (!rows.ok()) {
                Q_EMIT troubled(text(rows.error().message()), text(rows.error().hint()));
                return;
            }
            m_shownStep = step;
            m_rollouts = std::move(rows->rollouts);
            m_requests = std::move(rows->requests);
            m_messages = std::move(rows->messages);
            m_sensitive = std::move(rows->sensitive);
            m_sensitiveCases = rows->sensitiveCases;
            m_marks = {step <= m_selfGenerationSteps, std::move(rows->examples)};
            m_export->setVisible(m_marks.keeping);
            m_export->setEnabled(m_marks.examples.has_value());
            if (step == m_steps.back()) {
                m_waiting = 0;
                m_newer->hide();
            }
            const QSignalBlocker quiet(m_stepCombo);
            m_stepCombo->setCurrentIndex(m_stepCombo->findData(step));
            showGroup();
        });
}

void StepView::showGroup()
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
    m_groupText->setText(groupText(group, mean, spread));
    setProperty("groupMean", mean);
    setProperty("groupSpread", spread);
    m_model->setRollouts(std::move(group), m_marks);
}

QString StepView::groupText(const std::vector<casebase::Rollout>& group, double mean, double spread) const
{
    if (group.empty())
        return {};
    const QString figures = tr("%1 to one request. Mean %2, standard deviation %3.")
                                .arg(counted(static_cast<qint64>(group.size()), tr("1 answer"), tr("%1 answers")),
                                    QLocale().toString(mean, 'f', 3), QLocale().toString(spread, 'f', 3));
    const bool known = m_marks.keeping && m_marks.examples;
    const bool kept =
        known && std::any_of(group.begin(), group.end(), [this](const auto& r) { return m_marks.of(r) == ExampleMark::kept; });
    if (!known || kept)
        return figures;
    return figures + QLatin1Char(' ') + tr("None is kept: no whole answer earned %1.").arg(QLocale().toString(m_threshold, 'f', 2));
}

void StepView::showRollout()
{
    const casebase::Rollout* rollout = m_model->at(m_table->currentIndex().row());
    if (m_shownStep > 0 && m_rollouts.empty())
        m_view->setEmpty(tr("This step drew no answers"));
    else
        m_view->setRollout(rollout, rollout != nullptr && m_sensitive.contains(rollout->promptId), m_sensitiveCases);
    m_rewards->setMark(m_marks.keeping && rollout != nullptr ? std::optional(m_marks.of(*rollout)) : std::nullopt, m_threshold);
    m_rewards->setRollout(rollout, property("groupMean").toDouble(), property("groupSpread").toDouble(), m_model->rowCount());
}

} // namespace precedent::ui
