#include "ui/casebase/code_delegate.h"

#include <array>

#include <QPainter>

#include "ui/casebase/code_tree_model.h"
#include "ui/shell/preferences.h"
#include "ui/shell/style.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kIdWidth = 40;
constexpr int kCountWidth = 44;
constexpr int kBarWidth = 5;
constexpr int kBarPitch = 7;
constexpr int kBarHeightMost = 16;
constexpr int kBars = 3;
constexpr int kRight = 12;

void paintBars(QPainter& painter, const QRect& row, int left, const QModelIndex& index)
{
    const double cases = index.data(CodeTreeModel::casesRole).toDouble();
    if (cases <= 0)
        return;
    const std::array roles{CodeTreeModel::complyRole, CodeTreeModel::safeCompleteRole, CodeTreeModel::refuseRole};
    const std::array colors{Role::comply, Role::safeComplete, Role::refuse};
    const int bottom = row.center().y() + kBarHeightMost / 2;
    for (std::size_t i = 0; i < roles.size(); ++i) {
        const double share = index.data(roles[i]).toDouble() / cases;
        const int height = share > 0 ? std::max(2, qRound(share * kBarHeightMost)) : 1;
        const QRect bar(left + static_cast<int>(i) * kBarPitch, bottom - height, kBarWidth, height);
        painter.fillRect(bar, Theme::instance().color(share > 0 ? colors[i] : Role::scroll));
    }
}

} // namespace

void CodeDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    paintGround(*painter, option, index);
    const Theme& theme = Theme::instance();
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    const QString id = index.data(CodeTreeModel::idRole).toString();
    QRect row = option.rect.adjusted(8, 0, -kRight, 0);
    painter->save();
    const QColor quiet = theme.color(selected ? Role::text : Role::secondary);
    if (!id.isEmpty()) {
        painter->setFont(monospaceFont());
        painter->setPen(quiet);
        painter->drawText(row, Qt::AlignVCenter | Qt::AlignLeft, id);
        row.setLeft(row.left() + std::max(kIdWidth, painter->fontMetrics().horizontalAdvance(id) + 8));
    }
    const QRect count(row.right() - kCountWidth + 1, row.top(), kCountWidth, row.height());
    painter->setFont(bodyFont());
    painter->setPen(quiet);
    painter->drawText(count, Qt::AlignVCenter | Qt::AlignRight, QLocale().toString(index.data(CodeTreeModel::casesRole).toLongLong()));
    int right = count.left() - 8;
    if (!id.isEmpty()) {
        right -= kBars * kBarPitch;
        paintBars(*painter, row, right, index);
        right -= 8;
    }
    QFont font = bodyFont();
    if (!id.isEmpty() && index.model()->hasChildren(index))
        font.setWeight(QFont::DemiBold);
    painter->setFont(font);
    painter->setPen(theme.color(Role::text));
    const QRect title(row.left(), row.top(), right - row.left(), row.height());
    painter->drawText(
        title, Qt::AlignVCenter | Qt::AlignLeft, painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, title.width()));
    painter->restore();
}

QSize CodeDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const { return {160, Preferences::instance().rowHeight()}; }

} // namespace precedent::ui
