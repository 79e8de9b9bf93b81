#include "ui/shell/style.h"

#include <QAbstractItemView>
#include <QAbstractScrollArea>
#include <QComboBox>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QStyleOption>
#include <QToolButton>
#include <QTreeView>

#include "ui/shell/icons.h"
#include "ui/shell/preferences.h"
#include "ui/shell/style_labels.h"
#include "ui/shell/theme.h"

namespace precedent::ui {
namespace {

constexpr int kScrollExtent = 12;
constexpr int kScrollHandle = 6;
constexpr int kButtonPadding = 12;
constexpr int kFieldPadding = 8;
constexpr int kLineEditMargin = 2; ///< that QLineEdit leaves beside its text by itself
constexpr int kComboArrow = 21;
constexpr int kHeaderArrow = 12;
constexpr int kFirstPadding = 12;
constexpr int kSpinWidth = 20;
constexpr int kDash = 8; ///< of a progress bar whose end is not known

QColor c(Role role) { return Theme::instance().color(role); }

bool flag(const QWidget* widget, const char* property) { return widget != nullptr && widget->property(property).toBool(); }

/// A one-pixel line inside `rect`, sharp at any scale.
void roundedBox(QPainter& painter, const QRect& rect, const QColor& fill, const QColor& line, qreal radius = kRadius, qreal width = 1)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(line.isValid() ? QPen(line, width) : QPen(Qt::NoPen));
    painter.setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
    const qreal inset = line.isValid() ? width / 2 : 0;
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), radius, radius);
    painter.restore();
}

void drawButton(QPainter& painter, const QStyleOption& option, const QWidget* widget)
{
    const bool enabled = (option.state & QStyle::State_Enabled) != 0;
    const bool hovered = enabled && (option.state & QStyle::State_MouseOver) != 0;
    const bool down = (option.state & (QStyle::State_Sunken | QStyle::State_On)) != 0;
    if (flag(widget, "primary") && enabled) {
        roundedBox(painter, option.rect, down ? c(Role::accent).darker(110) : c(Role::accent), {});
    } else if (flag(widget, "plain")) {
        if (hovered || down)
            roundedBox(painter, option.rect, down ? c(Role::selection) : c(Role::hover), {});
    } else {
        roundedBox(painter, option.rect,
            down          ? c(Role::selection)
                : hovered ? c(Role::hover)
                          : c(Role::surface),
            enabled ? c(Role::fieldBorder) : c(Role::border));
    }
}

void drawHeader(QPainter& painter, const QStyleOptionHeader& header)
{
    painter.fillRect(header.rect, c(Role::surface));
    painter.fillRect(QRect(header.rect.left(), header.rect.bottom(), header.rect.width(), 1), c(Role::border));
    const bool right = (header.textAlignment & Qt::AlignRight) != 0;
    const bool sorted = header.sortIndicator != QStyleOptionHeader::None;
    QRect words =
        header.rect.adjusted(header.position == QStyleOptionHeader::Beginning ? kFirstPadding : kFieldPadding, 0, -kFieldPadding, -1);
    if (sorted && right)
        words.setRight(words.right() - kHeaderArrow - 4);
    painter.setPen(c(sorted ? Role::text : Role::secondary));
    painter.drawText(words, (right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter | Qt::TextSingleLine,
        painter.fontMetrics().elidedText(header.text, Qt::ElideRight, words.width()));
    if (!sorted)
        return;
    const int left = right
        ? words.right() + 5
        : std::min(words.left() + painter.fontMetrics().horizontalAdvance(header.text) + 6, words.right() - kHeaderArrow);
    paintIcon(painter, QRectF(left, header.rect.center().y() - kHeaderArrow / 2.0, kHeaderArrow, kHeaderArrow),
        header.sortIndicator == QStyleOptionHeader::SortUp ? QStringLiteral("up") : QStringLiteral("down"), c(Role::secondary));
}

void drawField(QPainter& painter, const QStyleOption& option)
{
    const bool focused = (option.state & QStyle::State_HasFocus) != 0;
    const bool enabled = (option.state & QStyle::State_Enabled) != 0;
    roundedBox(painter, option.rect, enabled ? c(Role::surface) : c(Role::window), focused ? c(Role::accent) : c(Role::fieldBorder),
        kRadius, focused ? 2 : 1);
}

void drawRow(QPainter& painter, const QStyleOptionViewItem& option)
{
    if ((option.state & QStyle::State_Selected) != 0) {
        painter.fillRect(option.rect, c(Role::selection));
        // A tree's row is marked at its very left, before the branches; see PE_PanelItemViewRow.
        if (option.index.column() == 0 && qobject_cast<const QTreeView*>(option.widget) == nullptr)
            painter.fillRect(QRect(option.rect.topLeft(), QSize(kMarkWidth, option.rect.height())), c(Role::accent));
    } else if ((option.state & QStyle::State_MouseOver) != 0) {
        painter.fillRect(option.rect, c(Role::hover));
    } else if (option.backgroundBrush.style() != Qt::NoBrush) {
        painter.fillRect(option.rect, option.backgroundBrush);
    }
}

void drawCheck(QPainter& painter, const QStyleOption& option)
{
    const bool on = (option.state & QStyle::State_On) != 0;
    const bool partly = (option.state & QStyle::State_NoChange) != 0;
    roundedBox(painter, option.rect, on || partly ? c(Role::accent) : c(Role::surface), on || partly ? QColor() : c(Role::secondary), 4);
    if (on)
        paintIcon(painter, option.rect.adjusted(2, 2, -2, -2), QStringLiteral("check"), c(Role::onAccent));
    if (partly)
        painter.fillRect(QRect(option.rect.left() + 4, option.rect.center().y(), option.rect.width() - 8, 2), c(Role::onAccent));
}

/// Of an unknown length, it is dashed: nothing that moves beside what is being read.
void drawProgress(QPainter& painter, const QStyleOptionProgressBar& bar)
{
    const QRect line(bar.rect.left(), bar.rect.center().y() - 1, bar.rect.width(), 4);
    if (bar.maximum > bar.minimum) {
        const double share = double(bar.progress - bar.minimum) / (bar.maximum - bar.minimum);
        const int width = static_cast<int>(std::clamp(share, 0.0, 1.0) * line.width());
        roundedBox(painter, QRect(line.topLeft(), QSize(width, line.height())), c(Role::accent), {}, 2);
        return;
    }
    for (int left = line.left(); left < line.right(); left += 2 * kDash)
        roundedBox(painter, QRect(left, line.top(), std::min(kDash, line.right() + 1 - left), line.height()), c(Role::accent), {}, 2);
}

void drawRadio(QPainter& painter, const QStyleOption& option)
{
    const bool on = (option.state & QStyle::State_On) != 0;
    roundedBox(painter, option.rect, c(Role::surface), on ? c(Role::accent) : c(Role::secondary), option.rect.width() / 2.0);
    if (on)
        roundedBox(painter, option.rect.adjusted(4, 4, -4, -4), c(Role::accent), {}, option.rect.width() / 2.0);
}

void drawFocus(QPainter& painter, const QStyleOption& option) { roundedBox(painter, option.rect, {}, c(Role::accent), kRadius, 2); }

void drawScrollBar(QPainter& painter, const QStyleOptionSlider& option, const QRect& slider)
{
    if (option.minimum == option.maximum)
        return;
    const int side = (kScrollExtent - kScrollHandle) / 2;
    const QRect handle = option.orientation == Qt::Vertical ? QRect(option.rect.left() + side, slider.top(), kScrollHandle, slider.height())
                                                            : QRect(slider.left(), option.rect.top() + side, slider.width(), kScrollHandle);
    const bool active = (option.state & (QStyle::State_MouseOver | QStyle::State_Sunken)) != 0;
    roundedBox(painter, handle, active ? c(Role::secondary) : c(Role::scroll), {}, kScrollHandle / 2.0);
}

} // namespace

Style::Style()
    : QProxyStyle(QStringLiteral("Fusion"))
{
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const
{
    switch (metric) {
    case PM_ScrollBarExtent:
        return kScrollExtent;
    case PM_ScrollBarSliderMin:
        return 32;
    case PM_DefaultFrameWidth:
        return flag(widget, "field") ? 2 : 1; // a square corner 2 px inside a round one of 6 stays within it
    case PM_SplitterWidth:
        return 1;
    case PM_ScrollView_ScrollBarSpacing:
    case PM_ScrollView_ScrollBarOverlap:
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
    case PM_MenuPanelWidth:
        return 0;
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_ListViewIconSize:
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
    case PM_TreeViewIndentation:
        return 16;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
        return 8;
    case PM_HeaderMargin:
        return 8;
    case PM_FocusFrameHMargin:
        return 8; // cell padding of item views
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const
{
    switch (hint) {
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
    case SH_ItemView_ShowDecorationSelected:
        return hint == SH_ItemView_ShowDecorationSelected ? 1 : 0;
    case SH_ScrollBar_LeftClickAbsolutePosition:
    case SH_ItemView_ActivateItemOnSingleClick:
        return 0;
    case SH_UnderlineShortcut:
        return 0;
    default:
        return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size, const QWidget* widget) const
{
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        return {size.width() + 2 * kButtonPadding, flag(widget, "tall") ? kPrimaryHeight : kControlHeight};
    case CT_ToolButton:
        if (const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option); button != nullptr && hasWords(*button))
            return {widthOf(*button) + 2 * pixelMetric(PM_DefaultFrameWidth, option, widget), kControlHeight};
        return {std::max(result.width(), kControlHeight), kControlHeight};
    case CT_LineEdit:
        return {size.width() + 2 * kFieldPadding, kControlHeight};
    case CT_ComboBox:
    case CT_SpinBox:
        return {result.width(), kControlHeight};
    case CT_ItemViewItem:
        return {result.width(), std::max(result.height(), Preferences::instance().rowHeight())};
    case CT_HeaderSection:
        return {result.width(), kRowHeight};
    case CT_MenuItem:
        return {result.width() + 8, std::max(result.height(), option != nullptr ? kRowHeight - 2 : 0)};
    default:
        return result;
    }
}

QRect Style::subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const
{
    const QRect rect = QProxyStyle::subElementRect(element, option, widget);
    const auto* line = element == SE_LineEditContents ? qobject_cast<const QLineEdit*>(widget) : nullptr;
    if (line == nullptr || !line->hasFrame())
        return rect;
    const int more = kFieldPadding - kLineEditMargin - pixelMetric(PM_DefaultFrameWidth, option, widget);
    return rect.adjusted(line->actions().isEmpty() ? more : 0, 0, -more, 0); // an icon before the text brings its own room
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part, const QWidget* widget) const
{
    if (control == CC_ScrollBar && (part == SC_ScrollBarAddLine || part == SC_ScrollBarSubLine))
        return {}; // no arrows
    if (control == CC_ScrollBar && part == SC_ScrollBarGroove)
        return option->rect;
    if (control == CC_ScrollBar && part == SC_ScrollBarSlider) {
        const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
        if (bar == nullptr)
            return {};
        const bool vertical = bar->orientation == Qt::Vertical;
        const int length = vertical ? bar->rect.height() : bar->rect.width();
        const qint64 range = qint64{bar->maximum} - bar->minimum;
        int handle = length;
        if (range > 0)
            handle = std::clamp(static_cast<int>(qint64{bar->pageStep} * length / (range + bar->pageStep)),
                std::min(length, pixelMetric(PM_ScrollBarSliderMin, option, widget)), length);
        const int at = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, length - handle, bar->upsideDown);
        return vertical ? QRect(0, at, bar->rect.width(), handle) : QRect(at, 0, handle, bar->rect.height());
    }
    if (control == CC_SpinBox && (part == SC_SpinBoxUp || part == SC_SpinBoxDown)) {
        const int half = option->rect.height() / 2;
        const QRect side(option->rect.right() - kSpinWidth, option->rect.top(), kSpinWidth, half);
        return part == SC_SpinBoxUp ? side.adjusted(0, 2, 0, 0) : side.translated(0, half).adjusted(0, 0, 0, -2);
    }
    if (control == CC_SpinBox && part == SC_SpinBoxEditField)
        return option->rect.adjusted(kFieldPadding - kLineEditMargin, 1, -kSpinWidth - 4, -1);
    if (control == CC_ComboBox && part == SC_ComboBoxEditField)
        return option->rect.adjusted(kFieldPadding, 1, -kComboArrow, -1);
    return QProxyStyle::subControlRect(control, option, part, widget);
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    switch (element) {
    case PE_PanelButtonCommand:
    case PE_PanelButtonTool:
        drawButton(*painter, *option, widget);
        return;
    case PE_FrameDefaultButton:
        return;
    case PE_PanelLineEdit:
        if (qobject_cast<const QLineEdit*>(widget) != nullptr && !static_cast<const QLineEdit*>(widget)->hasFrame())
            return;
        drawField(*painter, *option);
        return;
    case PE_FrameLineEdit:
        return; // the panel has it
    case PE_Frame:
        if (flag(widget, "field")) {
            QStyleOption field = *option;
            if (widget->hasFocus())
                field.state |= State_HasFocus;
            drawField(*painter, field);
        }
        return; // panes have no frame
    case PE_FrameFocusRect:
        if (qobject_cast<const QAbstractItemView*>(widget) == nullptr)
            drawFocus(*painter, *option);
        return; // a view shows its current row by the selection
    case PE_PanelItemViewItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option))
            drawRow(*painter, *item);
        return;
    case PE_PanelItemViewRow:
        // Else each item paints its part.
        if (qobject_cast<const QTreeView*>(widget) != nullptr && (option->state & State_Selected) != 0) {
            painter->fillRect(option->rect, c(Role::selection));
            painter->fillRect(QRect(0, option->rect.top(), kMarkWidth, option->rect.height()), c(Role::accent));
        }
        return;
    case PE_IndicatorBranch:
        if ((option->state & State_Children) != 0)
            paintIcon(*painter, QRect(option->rect.right() - 15, option->rect.center().y() - 7, 16, 16),
                (option->state & State_Open) != 0 ? QStringLiteral("down") : QStringLiteral("right"), c(Role::secondary));
        return;
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
        drawCheck(*painter, *option);
        return;
    case PE_IndicatorRadioButton:
        drawRadio(*painter, *option);
        return;
    case PE_FrameTabBarBase:
        if (widget != nullptr)
            painter->fillRect(QRect(0, widget->height() - 1, widget->width(), 1), c(Role::border));
        return;
    case PE_IndicatorArrowDown:
        if (qobject_cast<const QToolButton*>(widget) == nullptr)
            QProxyStyle::drawPrimitive(element, option, painter, widget);
        return; // a tool button's is part of its label
    case PE_PanelTipLabel:
    case PE_FrameMenu:
    case PE_PanelMenu:
        painter->fillRect(option->rect, c(Role::surface));
        painter->setPen(c(Role::border));
        painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    switch (element) {
    case CE_Header:
        if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
            drawHeader(*painter, *header);
            return;
        }
        break;
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
        painter->fillRect(option->rect, c(Role::surface));
        painter->fillRect(QRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1), c(Role::border));
        return;
    case CE_Splitter:
        painter->fillRect(option->rect, c(Role::border));
        return;
    case CE_ProgressBarGroove:
        roundedBox(*painter, QRect(option->rect.left(), option->rect.center().y() - 1, option->rect.width(), 4), c(Role::track), {}, 2);
        return;
    case CE_ProgressBarContents:
        if (const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option)) {
            drawProgress(*painter, *bar);
            return;
        }
        break;
    case CE_ProgressBarLabel:
        return; // said in words beside it
    case CE_PushButtonLabel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            drawButtonLabel(*painter, *button, flag(widget, "primary"));
            return;
        }
        break;
    case CE_ComboBoxLabel:
        if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option); combo != nullptr && !combo->editable) {
            drawComboLabel(*painter, *combo, subControlRect(CC_ComboBox, combo, SC_ComboBoxEditField, widget));
            return;
        }
        break;
    case CE_ToolButtonLabel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option); button != nullptr && hasWords(*button)) {
            drawToolLabel(*painter, *button);
            return;
        }
        break;
    case CE_TabBarTabShape:
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option)) {
            painter->fillRect(QRect(tab->rect.left(), tab->rect.bottom(), tab->rect.width(), 1), c(Role::border));
            if ((tab->state & State_Selected) != 0)
                painter->fillRect(QRect(tab->rect.left(), tab->rect.bottom() - 1, tab->rect.width(), 2), c(Role::accent));
        }
        return;
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const
{
    if (control == CC_ScrollBar) {
        if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option))
            drawScrollBar(*painter, *bar, subControlRect(CC_ScrollBar, option, SC_ScrollBarSlider, widget));
        return;
    }
    if (control == CC_ComboBox) {
        const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
        if (combo != nullptr) {
            if (combo->editable)
                drawField(*painter, *option);
            else
                drawButton(*painter, *option, widget);
            if (!combo->editable && (option->state & State_HasFocus) != 0)
                drawFocus(*painter, *option);
            paintIcon(*painter, QRect(option->rect.right() - 19, option->rect.center().y() - 5, 12, 12), QStringLiteral("down"),
                c((option->state & State_Enabled) != 0 ? Role::secondary : Role::fieldBorder));
            return;
        }
    }
    if (control == CC_SpinBox) {
        drawField(*painter, *option);
        const QColor color = c((option->state & State_Enabled) != 0 ? Role::secondary : Role::fieldBorder);
        for (const auto& [part, icon] : {std::pair{SC_SpinBoxUp, "up"}, std::pair{SC_SpinBoxDown, "down"}}) {
            const QRect area = subControlRect(CC_SpinBox, option, part, widget);
            paintIcon(*painter, QRectF(area.center().x() - 4.5, area.center().y() - 4.5, 10, 10), QString::fromLatin1(icon), color);
        }
        return;
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

void Style::polish(QWidget* widget)
{
    QProxyStyle::polish(widget);
    if (qobject_cast<QAbstractButton*>(widget) != nullptr || qobject_cast<QComboBox*>(widget) != nullptr ||
        qobject_cast<QAbstractItemView*>(widget) != nullptr)
        widget->setAttribute(Qt::WA_Hover);
    if (auto* area = qobject_cast<QAbstractScrollArea*>(widget); area != nullptr && !flag(widget, "field"))
        area->setFrameShape(QFrame::NoFrame);
}

} // namespace precedent::ui
