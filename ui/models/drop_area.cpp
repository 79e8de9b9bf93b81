#include "ui/models/drop_area.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeight = 64;
constexpr int kIcon = 16;

} // namespace

DropArea::DropArea(QWidget* parent)
    : QWidget(parent)
{
    setObjectName(QStringLiteral("modelDropArea"));
    setFixedHeight(kHeight);
    auto* icon = new QLabel(this);
    const auto follow = [icon] { icon->setPixmap(themedIcon(QStringLiteral("folder")).pixmap(kIcon, kIcon)); };
    follow();
    auto* words = new QuietLabel(tr("Drop a model's folder here, or <a href=\"choose\">choose one</a>"), bodyFont(), this);
    words->setObjectName(QStringLiteral("chooseModelLink"));
    words->setWordWrap(false);
    words->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    auto* row = new QHBoxLayout(this);
    row->setSpacing(12);
    row->addStretch();
    row->addWidget(icon);
    row->addWidget(words);
    row->addStretch();
    connect(words, &QLabel::linkActivated, this, &DropArea::chooseAsked);
    connect(&Theme::instance(), &Theme::changed, this, [this, follow] {
        follow();
        update();
    });
}

void DropArea::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(Theme::instance().color(Role::fieldBorder), 1, Qt::DashLine));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
}

} // namespace precedent::ui
