#include "ui/casebase/notice_card.h"

#include <QHBoxLayout>
#include <QLabel>

#include "ui/shell/icons.h"

namespace precedent::ui {
namespace {

constexpr int kIcon = 16;

} // namespace

NoticeCard::NoticeCard(const char* labelName, QWidget* parent)
    : Card(parent)
    , m_label(new QLabel(this))
{
    m_label->setObjectName(QString::fromLatin1(labelName));
    m_label->setWordWrap(true);
    m_label->setTextFormat(Qt::RichText);
    m_label->setTextInteractionFlags(Qt::TextBrowserInteraction);
    auto* icon = new QLabel(this);
    icon->setPixmap(themedIcon(QStringLiteral("info"), Role::accent).pixmap(kIcon));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->setSpacing(8);
    layout->addWidget(icon, 0, Qt::AlignTop);
    layout->addWidget(m_label, 1);
    connect(m_label, &QLabel::linkActivated, this, &NoticeCard::chosen);
    connect(&Theme::instance(), &Theme::changed, this, [this, icon] {
        icon->setPixmap(themedIcon(QStringLiteral("info"), Role::accent).pixmap(kIcon));
        // A label keeps its links' colour until it gets another text.
        m_label->clear();
        m_label->setText(m_html);
    });
    hide();
}

void NoticeCard::say(const QString& sentence, const QVector<Way>& ways)
{
    m_html = sentence.toHtmlEscaped();
    for (const Way& way : ways)
        m_html += QStringLiteral(" &nbsp;<a href=\"%1\">%2</a>").arg(way.key, way.word.toHtmlEscaped());
    m_label->setText(m_html);
    m_label->setAccessibleName(sentence);
    show();
}

void NoticeCard::clear()
{
    m_html.clear();
    m_label->clear();
    hide();
}

} // namespace precedent::ui
