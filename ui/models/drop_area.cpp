#include "ui/models/drop_area.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

#include "ui/shell/icons.h"
#include "ui/shell/link_label.h"
#include "ui/shell/style.h"
#include "ui/shell/theme.h"

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
    showIcon(*icon, QStringLiteral("folder"), kIcon);
    auto* words =
        new LinkLabel(tr("Drop a model's folder or .gguf file here, or <a href=\"choose\">choose one</a>"), this, Role::secondary);
    words->setObjectName(QStringLiteral("chooseModelLink"));
    auto* row = new QHBoxLayout(this);
    row->setSpacing(12);
    row->addStretch();
    row->addWidget(icon);
    row->addWidget(words);
    row->addStretch();
    connect(words, &QLabel::linkActivated, this, &DropArea::chooseAsked);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void DropArea::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(Theme::instance().color(Role::fieldBorder), 1, Qt::DashLine));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
}

} // namespace precedent::ui
