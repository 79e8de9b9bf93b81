#include "ui/shell/icon_label.h"

#include <QPainter>

#include "ui/shell/icons.h"

namespace precedent::ui {
namespace {

constexpr int kSide = 16;

} // namespace

IconLabel::IconLabel(const QString& icon, Role role, QWidget* parent)
    : QWidget(parent)
    , m_icon(icon)
    , m_role(role)
{
    setFixedSize(kSide, kSide);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void IconLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paintIcon(painter, QRectF(rect()), m_icon, Theme::instance().color(m_role));
}

} // namespace precedent::ui
