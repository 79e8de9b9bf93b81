#include "ui/models/job_section.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/shell/card.h"
#include "ui/shell/icon_label.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kProgressWidth = 112;

} // namespace

JobSection::JobSection(ModelJobs& jobs, ModelJobs::Kind kind, const QString& name, QWidget* parent)
    : QWidget(parent)
    , m_jobs(jobs)
    , m_kind(kind)
    , m_name(name)
    , m_head(new QHBoxLayout)
    , m_heading(new QLabel(this))
    , m_button(new QPushButton(this))
    , m_busy(new QWidget(this))
    , m_progress(new QProgressBar(m_busy))
    , m_doing(new QLabel(m_busy))
    , m_cancel(new QPushButton(tr("Cancel"), m_busy))
    , m_state(new QWidget(this))
    , m_info(new IconLabel(QStringLiteral("info"), Role::secondary, m_state))
    , m_fault(new IconLabel(QStringLiteral("error"), Role::harm, m_state))
    , m_stateLabel(new QuietLabel({}, bodyFont(), m_state))
    , m_body(new QVBoxLayout)
{
    m_heading->setFont(sectionFont());
    m_button->setObjectName(name + QStringLiteral("Button"));
    m_head->setSpacing(8);
    m_head->addWidget(m_heading);
    m_head->addStretch();
    m_head->addWidget(m_button);
    makeBusy();
    m_stateLabel->setObjectName(name + QStringLiteral("StateLabel"));
    m_stateLabel->setTextFormat(Qt::PlainText);
    m_stateLabel->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* state = new QHBoxLayout(m_state);
    state->setContentsMargins(0, 0, 0, 0);
    state->setSpacing(8);
    state->addWidget(m_info, 0, Qt::AlignTop);
    state->addWidget(m_fault, 0, Qt::AlignTop);
    state->addWidget(m_stateLabel, 1);
    m_body->setSpacing(8);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(m_head);
    column->addWidget(m_busy);
    column->addWidget(m_state);
    column->addLayout(m_body);
    connect(&m_jobs, &ModelJobs::changed, this, &JobSection::refresh);
    connect(m_cancel, &QPushButton::clicked, &m_jobs, &ModelJobs::cancel);
}

void JobSection::makeBusy()
{
    m_progress->setObjectName(m_name + QStringLiteral("Progress"));
    m_progress->setAccessibleName(tr("Progress"));
    m_progress->setFixedWidth(kProgressWidth);
    m_progress->setTextVisible(false);
    m_doing->setObjectName(m_name + QStringLiteral("BusyLabel"));
    m_doing->setWordWrap(true);
    m_cancel->setObjectName(m_name + QStringLiteral("CancelButton"));
    auto* row = new QHBoxLayout(m_busy);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    row->addWidget(m_progress);
    row->addWidget(m_doing, 1);
    row->addWidget(m_cancel);
}

void JobSection::setModel(const JobModel& model)
{
    const bool another = m_model.name != model.name;
    m_model = model;
    if (another)
        m_wasBusy = isMine();
    refresh();
}

bool JobSection::isMine() const
{
    const std::optional<ModelJobs::Now>& now = m_jobs.now();
    return now && now->kind == m_kind && now->model.name == m_model.name;
}

void JobSection::refresh()
{
    const std::optional<ModelJobs::Now>& now = m_jobs.now();
    const bool mine = isMine();
    m_button->setEnabled(!now);
    m_busy->setVisible(mine);
    if (mine) {
        m_progress->setVisible(!now->waits);
        m_progress->setRange(0, now->total);
        m_progress->setValue(now->done);
        m_doing->setText(now->cancelling ? tr("Cancelling")
                : now->waits             ? tr("Waits for %1 and starts when that is over.").arg(m_jobs.waitingFor())
                                         : busyText(*now));
        m_cancel->setEnabled(!now->cancelling);
    }
    const bool found = showResult();
    showState(found);
    if (std::exchange(m_wasBusy, mine) != mine)
        Q_EMIT turned();
}

void JobSection::showState(bool found)
{
    const std::optional<ModelJobs::Now>& now = m_jobs.now();
    const Error* failure = m_jobs.failureOf(m_kind, m_model.name);
    if (isMine())
        return m_state->hide();
    if (now)
        return say(Tone::note,
            now->kind == ModelJobs::Kind::exporting ? tr("It must wait: the export of %1 is under way.").arg(now->model.title)
                                                    : tr("It must wait: %1 is being measured.").arg(now->model.title));
    if (failure != nullptr && failure->code() != ErrorCode::cancelled)
        return say(Tone::fault, QString::fromStdString(failure->message() + (failure->hint().empty() ? "" : " " + failure->hint())));
    if (failure != nullptr)
        return say(Tone::note, cancelledText());
    if (!found)
        return say(Tone::plain, emptyText());
    m_state->hide();
}

void JobSection::say(Tone tone, const QString& words)
{
    m_info->setVisible(tone == Tone::note);
    m_fault->setVisible(tone == Tone::fault);
    m_stateLabel->setText(words);
    m_state->show();
}

} // namespace precedent::ui
