#include "ui/shell/link_label.h"

#include "ui/shell/card.h"

namespace precedent::ui {

LinkLabel::LinkLabel(const QString& html, QWidget* parent, Role words)
    : QLabel(parent)
    , m_words(words)
{
    setTextFormat(Qt::RichText);
    setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    connect(&Theme::instance(), &Theme::changed, this, &LinkLabel::render);
    setHtml(html);
}

void LinkLabel::setHtml(const QString& html)
{
    m_html = html;
    render();
}

void LinkLabel::render()
{
    QString html = m_html;
    html.replace(QStringLiteral("<a "),
        QStringLiteral("<a style=\"color: %1; text-decoration: none\" ").arg(Theme::instance().color(Role::accent).name()));
    setTextColor(*this, m_words);
    setText(html);
}

} // namespace precedent::ui
