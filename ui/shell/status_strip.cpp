#include "ui/shell/status_strip.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QProgressBar>
#include <QToolButton>

#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeight = 28;
constexpr int kProgressWidth = 120;
constexpr int kThousand = 1000;

QToolButton* stripButton(const QString& objectName, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setObjectName(objectName);
    button->setProperty("plain", true);
    button->setFont(secondaryFont());
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setIconSize({12, 12});
    return button;
}

} // namespace

StatusStrip::StatusStrip(QWidget* parent)
    : QWidget(parent)
    , m_job(stripButton(QStringLiteral("jobButton"), this))
    , m_detail(new QLabel(this))
    , m_waiting(new QLabel(this))
    , m_progress(new QProgressBar(this))
    , m_note(new QLabel(this))
    , m_issues(stripButton(QStringLiteral("issuesButton"), this))
{
    setObjectName(QStringLiteral("statusStrip"));
    setFixedHeight(kHeight);
    m_detail->setObjectName(QStringLiteral("jobDetailLabel"));
    m_waiting->setObjectName(QStringLiteral("waitingLabel"));
    m_progress->setObjectName(QStringLiteral("jobProgress"));
    m_progress->setFixedWidth(kProgressWidth);
    m_progress->setTextVisible(false);
    for (QLabel* label : {m_detail, m_waiting, m_note})
        label->setFont(secondaryFont());
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(8, 1, 8, 0);
    layout->setSpacing(12);
    layout->addWidget(m_job);
    layout->addWidget(m_progress);
    layout->addWidget(m_detail);
    layout->addWidget(m_waiting);
    layout->addStretch();
    layout->addWidget(m_note);
    layout->addWidget(m_issues);
    setJob({}, {}, -1);
    setIssues(0);
    connect(m_job, &QToolButton::clicked, this, &StatusStrip::jobClicked);
    connect(m_issues, &QToolButton::clicked, this, &StatusStrip::issuesClicked);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void StatusStrip::setJob(const QString& name, const QString& detail, double share)
{
    const bool runs = !name.isEmpty();
    m_job->setText(runs ? name : tr("Nothing running"));
    m_job->setIcon(runs ? themedIcon(QStringLiteral("runs"), Role::accent) : QIcon());
    m_job->setEnabled(runs);
    m_detail->setText(detail);
    m_progress->setVisible(runs);
    m_progress->setRange(0, share < 0 ? 0 : kThousand);
    if (share >= 0)
        m_progress->setValue(qRound(share * kThousand));
}

void StatusStrip::setWaiting(const QString& text) { m_waiting->setText(text); }

void StatusStrip::setNote(const QString& note) { m_note->setText(note); }

void StatusStrip::setIssues(int count)
{
    m_issues->setText(count == 0 ? tr("No issues") : counted(count, tr("1 issue"), tr("%1 issues")));
    m_issues->setIcon(count == 0 ? QIcon() : themedIcon(QStringLiteral("alert"), Role::warning));
}

void StatusStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), Theme::instance().color(Role::window));
    painter.fillRect(QRect(0, 0, width(), 1), Theme::instance().color(Role::border));
}

} // namespace precedent::ui
