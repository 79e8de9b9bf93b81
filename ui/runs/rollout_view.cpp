#include "ui/runs/rollout_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/reading_text.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
RolloutView::RolloutView(QWidget* parent)
    : QWidget(parent)
    , m_title(new QLabel(this))
    , m_verdict(new QLabel(this))
    , m_detail(new QuietLabel({}, secondaryFont(), this))
    , m_reveal(new QToolButton(this))
    , m_showPrompt(new QToolButton(this))
    , m_inspect(new QToolButton(this))
    , m_prompt(new ReadingText("rolloutPromptText", tr("What the model saw"), this))
    , m_chain(new ReadingText("rolloutChainText", tr("Chain"), this))
    , m_answer(new ReadingText("rolloutAnswerText", tr("Answer"), this))
    , m_texts(new QWidget(this))
{
    setObjectName(QStringLiteral("rolloutView"));
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    m_title->setObjectName(QStringLiteral("rolloutTitle"));
    m_detail->setWordWrap(false);
    m_reveal->setObjectName(QStringLiteral("revealButton"));
    m_reveal->setIcon(themedIcon(QStringLiteral("eye")));
    m_reveal->setText(tr("Reveal"));
    m_reveal->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_reveal->setProperty("plain", true);
    m_showPrompt->setObjectName(QStringLiteral("showPromptButton"));
    m_showPrompt->setCheckable(true);
    m_showPrompt->setText(tr("What the model saw"));
    m_showPrompt->setProperty("plain", true);
    m_inspect->setObjectName(QStringLiteral("inspectRolloutButton"));
    m_inspect->setIcon(themedIcon(QStringLiteral("inspect")));
    m_inspect->setToolTip(tr("Try the request in Inspect"));
    m_inspect->setAccessibleName(tr("Try the request in Inspect"));
    m_inspect->setProperty("plain", true);
    m_prompt->setFont(monospaceFont());
    m_prompt->hide();

    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(16, 4, 12, 4);
    bar->setSpacing(8);
    bar->addWidget(m_title);
    bar->addWidget(m_verdict);
    bar->addStretch();
    bar->addWidget(m_showPrompt);
    bar->addWidget(m_reveal);
    bar->addWidget(m_inspect);
    auto* texts = new QVBoxLayout(m_texts);
    texts->setContentsMargins(16, 0, 16, 12);
    texts->setSpacing(4);
    texts->addWidget(m_prompt);
    auto* chainHead = new QHBoxLayout;
    auto* chainLabel = new QuietLabel(tr("Chain"), labelFont(), m_texts);
    chainLabel->setWordWrap(false);
    chainHead->addWidget(chainLabel);
    chainHead->addStretch();
    chainHead->addWidget(m_detail);
    texts->addLayout(chainHead);
    auto* chainRow = new QHBoxLayout;
    chainRow->setContentsMargins(0, 0, 0, 0);
    auto* rule = new QFrame(m_texts);
    rule->setObjectName(QStringLiteral("chainRule"));
    rule->setFixedWidth(2);
    rule->setAutoFillBackground(true);
    rule->setBackgroundRole(QPalette::Mid);
    chainRow->addWidget(rule);
    chainRow->addSpacing(12);
    chainRow->addWidget(m_chain, 1);
    texts->addLayout(chainRow);
    texts->addSpacing(12);
    texts->addWidget(new QuietLabel(tr("Answer"), labelFont(), m_texts));
    texts->addWidget(m_answer);
    texts->addStretch(1);
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(m_texts);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setBackgroundRole(QPalette::Base);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(scroll, 1);
    connect(m_reveal, &QToolButton::clicked, this, [] { Reveal::instance().setOn(!Reveal::instance().isOn()); });
    connect(&Reveal::instance(), &Reveal::changed, this, &RolloutView::follow);
    connect(m_inspect, &QToolButton::clicked, this, &RolloutView::inspectWanted);
    connect(m_showPrompt, &QToolButton::toggled, m_prompt, &QWidget::setVisible);
    connect(m_chain, &ReadingText::citationClicked, this, &RolloutView::citationClicked);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        setTextColor(*m_verdict, m_verdictRole);
        update();
    });
    setRollout(nullptr, false, false);
}

void RolloutView::setEmpty(const QString& why)
{
    setRollout(nullptr, false, false);
    m_title->setText(why);
}

void RolloutView::setRollout(const casebase::Rollout* rollout, bool sensitive, bool sensitiveCases)
{
    m_texts->setVisible(rollout != nullptr);
    m_showPrompt->setVisible(rollout != nullptr);
    m_inspect->setVisible(rollout != nullptr);
    m_verdict->clear();
    m_detail->clear();
    m_sensitive = sensitive && rollout != nullptr;
    m_sensitivePrompt = m_sensitive || (sensitiveCases && rollout != nullptr && rollout->mode == Mode::cases);
    if (rollout == nullptr) {
        m_title->setText(tr("No answer yet"));
    } else {
        const DispositionLook look = lookOf(rollout->verdict);
        m_title->setText(tr("Answer %1").arg(rollout->index + 1));
        m_verdict->setText(look.word);
        m_verdictRole = look.role;
        setTextColor(*m_verdict, look.role);
        m_prompt->setPlainText(QString::fromStdString(rollout->prompt));
        m_chain->setProse(QString::fromStdString(rollout->chain));
        QString answer = QString::fromStdString(rollout->answer);
        if (!rollout->parseProblem.empty())
            answer += (answer.isEmpty() ? QString() : QStringLiteral("\n")) +
                tr("(no whole answer: %1)").arg(QString::fromStdString(rollout->parseProblem));
        m_answer->setProse(answer);
        QSet<QString> unknown;
        for (const auto& citation : rollout->citations) {
            if (!citation.exists)
                unknown.insert(QString::fromStdString(citation.id));
        }
        m_chain->setUnknown(unknown);
        m_detail->setText(counted(rollout->tokens, tr("1 token"), tr("%1 tokens")) + QStringLiteral(", ") +
            counted(static_cast<qint64>(rollout->citations.size()), tr("1 citation"), tr("%1 citations")));
    }
    follow();
}

void RolloutView::follow()
{
    m_reveal->setVisible(m_sensitivePrompt);
    const bool blurred = m_sensitivePrompt && !Reveal::instance().isOn();
    setBlurred(*m_texts, blurred && m_sensitive);
    setBlurred(*m_prompt, blurred && !m_sensitive);
    m_reveal->setIcon(themedIcon(blurred ? QStringLiteral("eye") : QStringLiteral("eyeoff")));
    m_reveal->setText(blurred ? tr("Reveal") : tr("Hide"));
}

void RolloutView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), Theme::instance().color(Role::surface));
}

} // namespace precedent::ui
