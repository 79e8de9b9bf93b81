#include "ui/runs/waiting_panel.h"

#include <cmath>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/shell/card.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kWidth = 480;
constexpr int kBarSteps = 1000;

} // namespace

WaitingPanel::WaitingPanel(QWidget* parent)
    : QWidget(parent)
    , m_title(new QLabel(this))
    , m_note(new QuietLabel({}, bodyFont(), this))
    , m_detail(new QLabel(this))
    , m_left(new QuietLabel({}, bodyFont(), this))
    , m_facts(new QuietLabel({}, secondaryFont(), this))
    , m_estimate(new QuietLabel({}, secondaryFont(), this))
    , m_bar(new QProgressBar(this))
    , m_drop(new QPushButton(tr("Do not start it"), this))
{
    setObjectName(QStringLiteral("waitingPanel"));
    m_title->setObjectName(QStringLiteral("waitingTitle"));
    m_title->setFont(pageFont());
    m_detail->setObjectName(QStringLiteral("waitingDetail"));
    m_left->setObjectName(QStringLiteral("waitingLeft"));
    m_left->setWordWrap(false);
    m_facts->setObjectName(QStringLiteral("waitingFacts"));
    m_bar->setObjectName(QStringLiteral("waitingProgress"));
    m_bar->setAccessibleName(tr("How far this phase is"));
    m_bar->setTextVisible(false);
    m_note->setObjectName(QStringLiteral("waitingNote"));
    m_drop->setObjectName(QStringLiteral("dropRunButton"));
    m_drop->hide();
    connect(m_drop, &QPushButton::clicked, this, &WaitingPanel::dropWanted);
    auto* column = new QWidget(this);
    column->setFixedWidth(kWidth);
    auto* lines = new QVBoxLayout(column);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(8);
    lines->addWidget(m_title);
    lines->addWidget(m_note);
    lines->addSpacing(8);
    lines->addWidget(m_bar);
    auto* under = new QHBoxLayout;
    under->addWidget(m_detail);
    under->addStretch();
    under->addWidget(m_left);
    lines->addLayout(under);
    lines->addWidget(m_drop, 0, Qt::AlignLeft);
    lines->addSpacing(16);
    lines->addWidget(m_facts);
    lines->addWidget(m_estimate);
    auto* layout = new QVBoxLayout(this);
    layout->addStretch(2);
    layout->addWidget(column, 0, Qt::AlignHCenter);
    layout->addStretch(3);
}

void WaitingPanel::setPhase(const QString& title, const QString& note, const QString& detail, const QString& left, double share)
{
    m_title->setText(title);
    m_note->setText(note);
    m_detail->setText(detail);
    m_left->setText(left);
    m_bar->setRange(0, share < 0 ? 0 : kBarSteps); // without a range the bar moves to and fro
    m_bar->setValue(static_cast<int>(std::lround(std::max(0.0, share) * kBarSteps)));
}

void WaitingPanel::setDroppable(bool droppable) { m_drop->setVisible(droppable); }

void WaitingPanel::setFacts(const QStringList& sentences, const QString& estimate)
{
    m_facts->setText(sentences.join(QLatin1Char('\n')));
    m_facts->setVisible(!sentences.isEmpty());
    m_estimate->setText(estimate);
    m_estimate->setVisible(!estimate.isEmpty());
}

} // namespace precedent::ui
