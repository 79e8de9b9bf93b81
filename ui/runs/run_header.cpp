#include "ui/runs/run_header.h"

#include <cmath>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>

#include "ui/runs/figures_text.h"
#include "ui/runs/run_delegate.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kBarWidth = 140;
constexpr int kBarSteps = 1000;

} // namespace

RunHeader::RunHeader(QWidget* parent)
    : QWidget(parent)
    , m_name(new QLabel(this))
    , m_stateIcon(new QLabel(this))
    , m_state(new QLabel(this))
    , m_bar(new QProgressBar(this))
    , m_position(new QuietLabel({}, bodyFont(), this))
    , m_pause(new QPushButton(this))
    , m_stop(new QPushButton(themedIcon(QStringLiteral("stop"), Role::text), tr("Stop after this step"), this))
    , m_checkpoint(new QPushButton(themedIcon(QStringLiteral("flag"), Role::text), tr("Checkpoint now"), this))
    , m_continue(new QPushButton(themedIcon(QStringLiteral("runs"), Role::onAccent), tr("Continue"), this))
    , m_save(new QPushButton(themedIcon(QStringLiteral("export"), Role::text), tr("Save as a page"), this))
    , m_inspect(new QPushButton(themedIcon(QStringLiteral("inspect"), Role::onAccent), tr("Try it in Inspect"), this))
    , m_alarms(new QToolButton(this))
{
    setFixedHeight(kBarHeight);
    m_name->setObjectName(QStringLiteral("runNameLabel"));
    m_name->setFont(sectionFont());
    m_state->setObjectName(QStringLiteral("runStateLabel"));
    m_position->setObjectName(QStringLiteral("runPositionLabel"));
    m_position->setWordWrap(false);
    m_bar->setObjectName(QStringLiteral("runProgress"));
    m_bar->setAccessibleName(tr("How far the run is"));
    m_bar->setFixedWidth(kBarWidth);
    m_bar->setTextVisible(false);
    m_bar->setRange(0, kBarSteps);
    m_pause->setObjectName(QStringLiteral("pauseButton"));
    m_stop->setObjectName(QStringLiteral("stopButton"));
    m_checkpoint->setObjectName(QStringLiteral("checkpointButton"));
    m_continue->setObjectName(QStringLiteral("continueButton"));
    m_continue->setProperty("primary", true);
    m_save->setObjectName(QStringLiteral("saveReportButton"));
    m_inspect->setObjectName(QStringLiteral("inspectRunButton"));
    m_inspect->setProperty("primary", true);
    m_alarms->setObjectName(QStringLiteral("runAlarmsButton"));
    m_alarms->setProperty("plain", true);
    m_alarms->setIcon(themedIcon(QStringLiteral("alert"), Role::warning));
    m_alarms->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_alarms->hide();
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 0, 12, 0);
    row->setSpacing(8);
    for (QWidget* part : std::initializer_list<QWidget*>{m_name, m_stateIcon, m_state, m_bar, m_position, m_alarms})
        row->addWidget(part);
    row->addStretch();
    for (QWidget* part : std::initializer_list<QWidget*>{m_pause, m_stop, m_checkpoint, m_continue, m_save, m_inspect})
        row->addWidget(part);
    connect(m_pause, &QPushButton::clicked, this, [this] {
        if (m_standing.state == QLatin1String("paused"))
            Q_EMIT goOnWanted();
        else
            Q_EMIT pauseWanted();
    });
    connect(m_save, &QPushButton::clicked, this, &RunHeader::saveWanted);
    connect(m_inspect, &QPushButton::clicked, this, &RunHeader::inspectWanted);
    connect(m_alarms, &QToolButton::clicked, this, &RunHeader::alarmsClicked);
    connect(m_stop, &QPushButton::clicked, this, &RunHeader::stopWanted);
    connect(m_checkpoint, &QPushButton::clicked, this, &RunHeader::checkpointWanted);
    connect(m_continue, &QPushButton::clicked, this, &RunHeader::continueWanted);
    connect(&Theme::instance(), &Theme::changed, this, &RunHeader::follow);
    follow();
}

void RunHeader::setName(const QString& name) { m_name->setText(name); }

QString RunHeader::name() const { return m_name->text(); }

void RunHeader::setStanding(const RunStanding& standing)
{
    m_standing = standing;
    follow();
}

void RunHeader::setProgress(const QString& text, double share)
{
    m_bar->setValue(static_cast<int>(std::lround(std::max(0.0, share) * kBarSteps)));
    m_position->setText(text);
}

void RunHeader::setFacts(const QString& failure, double seconds)
{
    m_state->setToolTip(failure);
    m_seconds = seconds;
    follow();
}

void RunHeader::setResults(bool any)
{
    m_results = any;
    follow();
}

void RunHeader::setAlarms(const std::vector<workspace::Alarm>& alarms)
{
    m_alarms->setVisible(!alarms.empty());
    m_alarms->setText(counted(static_cast<qint64>(alarms.size()), tr("1 alarm"), tr("%1 alarms")));
    m_alarms->setAccessibleName(m_alarms->text());
    QStringList lines;
    for (const workspace::Alarm& alarm : alarms)
        lines += tr("Step %1: %2").arg(alarm.from).arg(QString::fromStdString(alarm.message));
    m_alarms->setToolTip(lines.join(QLatin1Char('\n')));
}

void RunHeader::follow()
{
    const RunStanding& now = m_standing;
    const StateLook look = lookOfState(now.state);
    m_state->setProperty("state", now.state);
    m_state->setText(look.word);
    setTextColor(*m_state, look.role == Role::secondary ? Role::text : look.role);
    m_stateIcon->setPixmap(themedIcon(look.icon, look.role).pixmap(16, 16));
    const bool paused = now.state == QLatin1String("paused");
    m_pause->setVisible(now.live && now.training);
    m_pause->setText(paused ? tr("Go on") : tr("Pause"));
    m_pause->setIcon(themedIcon(paused ? QStringLiteral("runs") : QStringLiteral("pause"), Role::text));
    m_stop->setVisible(now.live);
    // While a suite is measured there is no step to wait for.
    m_stop->setText(now.training ? tr("Stop after this step") : tr("Stop"));
    m_stop->setEnabled(now.state != QLatin1String("stopping"));
    m_checkpoint->setVisible(now.live && now.training);
    m_continue->setVisible(!now.live && now.shown && now.done < now.steps && now.state != QLatin1String("elsewhere"));
    m_save->setVisible(!now.live && m_results);
    m_inspect->setVisible(!now.live && m_results);
    m_bar->setVisible(now.live);
    if (now.live)
        return;
    const QString steps = counted(now.steps, tr("1 step"), tr("%1 steps"));
    m_position->setText(now.done < now.steps ? tr("step %1 of %2").arg(now.done).arg(now.steps)
            : m_seconds > 0                  ? tr("%1 in %2").arg(steps, durationText(m_seconds))
                                             : steps);
}

} // namespace precedent::ui
