#include "ui/shell/pane.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/shell/style.h"
#include "ui/shell/theme.h"

namespace precedent::ui {

Pane::Pane(QWidget* parent, bool quiet)
    : QWidget(parent)
    , m_head(new QWidget(this))
    , m_bar(new QHBoxLayout(m_head))
    , m_layout(new QVBoxLayout(this))
    , m_quiet(quiet)
{
    m_head->setFixedHeight(kBarHeight);
    m_bar->setContentsMargins(16, 0, 12, 1);
    m_bar->setSpacing(8);
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    m_layout->addWidget(m_head);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Pane::setBody(QWidget* body) { m_layout->addWidget(body, 1); }

void Pane::addBelow(QWidget* part) { m_layout->addWidget(part); }

void Pane::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(m_quiet ? Role::window : Role::surface));
    painter.fillRect(QRect(0, m_head->height() - 1, width(), 1), theme.color(Role::border));
}

} // namespace precedent::ui
