#include "ui/evaluate/answer_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/evaluate/evaluation_reader.h"
#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/reading_text.h"
#include "ui/shell/reveal.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

AnswerView::AnswerView(QWidget* parent)
    : QWidget(parent)
    , m_id(new QLabel(this))
    , m_model(new QuietLabel({}, bodyFont(), this))
    , m_reveal(new QToolButton(this))
    , m_inspect(new QPushButton(themedIcon(QStringLiteral("inspect"), Role::text), tr("Inspect"), this))
    , m_none(new QuietLabel(tr("Choose a row to read its chain and answer."), bodyFont(), this))
    , m_texts(new QWidget(this))
    , m_request(new ReadingText("answerRequestText", tr("Request"), m_texts))
    , m_chain(new ReadingText("answerChainText", tr("Chain"), m_texts))
    , m_answer(new ReadingText("answerText", tr("Answer"), m_texts))
{
    setObjectName(QStringLiteral("answerView"));
    m_id->setObjectName(QStringLiteral("answerIdLabel"));
    m_id->setFont(monospaceFont());
    m_model->setObjectName(QStringLiteral("answerModelLabel"));
    m_model->setWordWrap(false);
    m_model->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_reveal->setObjectName(QStringLiteral("revealAnswerButton"));
    m_reveal->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_reveal->setProperty("plain", true);
    m_inspect->setObjectName(QStringLiteral("inspectRowButton"));
    m_inspect->setProperty("plain", true);
    m_none->setAlignment(Qt::AlignCenter);
    auto* pane = new Pane(this);
    pane->bar()->addWidget(m_id);
    pane->bar()->addWidget(m_model, 1);
    pane->bar()->addWidget(m_reveal);
    pane->bar()->addWidget(m_inspect);
    auto* rule = new QFrame(m_texts);
    rule->setFixedWidth(2);
    rule->setAutoFillBackground(true);
    rule->setBackgroundRole(QPalette::Mid);
    auto* chain = new QHBoxLayout;
    chain->setContentsMargins(0, 0, 0, 0);
    chain->addWidget(rule);
    chain->addSpacing(12);
    chain->addWidget(m_chain, 1);
    auto* texts = new QVBoxLayout(m_texts);
    texts->setContentsMargins(16, 12, 16, 12);
    texts->setSpacing(4);
    texts->addWidget(new QuietLabel(tr("Request"), labelFont(), m_texts));
    texts->addWidget(m_request);
    texts->addSpacing(8);
    texts->addWidget(new QuietLabel(tr("Chain and answer"), labelFont(), m_texts));
    texts->addLayout(chain);
    texts->addSpacing(8);
    texts->addWidget(m_answer);
    texts->addStretch(1);
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(m_texts);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setBackgroundRole(QPalette::Base);
    auto* body = new QWidget(this);
    auto* bodyLayout = new QVBoxLayout(body);
    bodyLayout->setContentsMargins(0, 0, 0, 0);
    bodyLayout->addWidget(m_none);
    bodyLayout->addWidget(scroll, 1);
    pane->setBody(body);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(pane);
    connect(m_chain, &ReadingText::citationClicked, this, &AnswerView::citationClicked);
    connect(m_reveal, &QToolButton::clicked, this, [] { Reveal::instance().setOn(!Reveal::instance().isOn()); });
    connect(m_inspect, &QPushButton::clicked, this, &AnswerView::inspectAsked);
    connect(&Reveal::instance(), &Reveal::changed, this, &AnswerView::follow);
    setRow(nullptr, {});
}

void AnswerView::setRow(const CellRow* row, const QString& model)
{
    m_none->setVisible(row == nullptr);
    m_texts->setVisible(row != nullptr);
    m_inspect->setVisible(row != nullptr);
    m_sensitive = row != nullptr && row->sensitive;
    m_id->setText(row == nullptr ? tr("No row") : text(row->row.promptId));
    QStringList about(row == nullptr ? QString() : model);
    if (const casebase::RowScore* harm = row == nullptr ? nullptr : row->row.score(casebase::kHarm))
        about += tr("harm %1 by %2").arg(QLocale().toString(harm->value, 'f', 2), text(harm->by));
    m_model->setText(about.join(QStringLiteral(", ")));
    m_model->setToolTip(m_model->text());
    m_inspect->setEnabled(row != nullptr && !row->messages.empty());
    if (row != nullptr) {
        m_request->setProse(text(row->request));
        m_chain->setProse(text(row->row.chain));
        const bool whole = !row->row.answer.empty();
        m_answer->setProse(whole ? text(row->row.answer) : tr("(no whole answer)\n%1").arg(text(row->row.completion)));
    }
    follow();
}

void AnswerView::follow()
{
    const bool blurred = m_sensitive && !Reveal::instance().isOn();
    m_reveal->setVisible(m_sensitive);
    setBlurred(*m_texts, blurred);
    m_reveal->setIcon(themedIcon(blurred ? QStringLiteral("eye") : QStringLiteral("eyeoff")));
    m_reveal->setText(blurred ? tr("Reveal") : tr("Hide"));
}

} // namespace precedent::ui
