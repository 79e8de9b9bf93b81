#include "ui/runs/writing_panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QRegularExpression>
#include <QTextEdit>
#include <QVBoxLayout>

#include "ui/shell/card.h"
#include "ui/shell/citation_highlighter.h"
#include "ui/shell/reveal.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeight = 128;
constexpr int kPitch = 72;

/// Without the marks that a model writes for programs: the chain's end becomes a new line.
QString readable(QString text)
{
    static const QRegularExpression special(QStringLiteral("<\\|[^|>]*\\|>"));
    text.remove(special);
    text.remove(QStringLiteral("<think>"));
    return text.replace(QStringLiteral("</think>"), QStringLiteral("\n"));
}

} // namespace

WritingPanel::WritingPanel(QWidget* parent)
    : QWidget(parent)
    , m_title(new QLabel(tr("Being written"), this))
    , m_where(new QuietLabel({}, bodyFont(), this))
    , m_text(new QTextEdit(this))
    , m_citations(new CitationHighlighter(m_text->document()))
{
    setObjectName(QStringLiteral("writingPanel"));
    setFixedHeight(kHeight);
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    m_where->setWordWrap(false);
    m_text->setObjectName(QStringLiteral("writingText"));
    m_text->setAccessibleName(tr("The answer being written"));
    m_text->setReadOnly(true);
    m_text->setFocusPolicy(Qt::NoFocus);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->document()->setDocumentMargin(0);
    auto* head = new QHBoxLayout;
    head->setSpacing(12);
    head->addWidget(m_title);
    head->addWidget(m_where);
    head->addStretch();
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    auto* rule = new QFrame(this);
    rule->setFixedWidth(2);
    rule->setAutoFillBackground(true);
    rule->setBackgroundRole(QPalette::Mid);
    row->addWidget(rule);
    row->addWidget(m_text, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 10, 16, 10);
    layout->setSpacing(8);
    layout->addLayout(head);
    layout->addLayout(row, 1);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    connect(&Reveal::instance(), &Reveal::changed, this, [this] { setSensitive(m_sensitive); });
}

void WritingPanel::setSensitive(bool sensitive)
{
    m_sensitive = sensitive;
    setBlurred(*m_text, m_sensitive && !Reveal::instance().isOn());
}

void WritingPanel::add(int step, int group, int index, const QString& text)
{
    if (step != m_step || (!m_answers.empty() && group < m_group)) {
        m_step = step;
        m_group = group;
        m_answers.clear();
    }
    if (group != m_group)
        return; // a batch writes several groups at once: the first is in view
    Answer& answer = m_answers[index];
    answer.text += text;
    ++answer.tokens;
    m_changed = true;
}

void WritingPanel::showIfChanged()
{
    if (!m_changed)
        return;
    m_changed = false;
    const auto first = m_answers.begin();
    if (first == m_answers.end())
        return;
    m_where->setText(
        tr("step %1, request %2, answer %3, token %4").arg(m_step).arg(m_group + 1).arg(first->first + 1).arg(first->second.tokens));
    m_text->setPlainText(readable(first->second.text));
    update();
}

void WritingPanel::clear()
{
    m_answers.clear();
    m_step = 0;
    m_where->clear();
    m_text->clear();
    update();
}

void WritingPanel::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::surface));
    painter.fillRect(QRect(0, 0, width(), 1), theme.color(Role::border));
    painter.setFont(secondaryFont());
    int x = width() - 16 - static_cast<int>(m_answers.size()) * kPitch;
    for (const auto& [index, answer] : m_answers) {
        painter.setPen(theme.color(Role::secondary));
        painter.drawText(QRect(x, 8, 16, 20), Qt::AlignVCenter | Qt::AlignRight, QString::number(index + 1));
        painter.fillRect(QRect(x + 22, 16, 40, 4), theme.color(Role::track));
        painter.fillRect(QRect(x + 22, 16, std::min(40, 40 * answer.tokens / std::max(1, m_most)), 4), theme.color(Role::accent));
        x += kPitch;
    }
}

} // namespace precedent::ui
