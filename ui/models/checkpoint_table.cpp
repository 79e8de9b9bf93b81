#include "ui/models/checkpoint_table.h"

#include <QHeaderView>
#include <QPainter>

#include "ui/models/checkpoint_table_model.h"
#include "ui/shell/icons.h"
#include "ui/shell/preferences.h"
#include "ui/shell/row_delegate.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeadHeight = 24;
constexpr int kIcon = 16;
constexpr int kIconLeft = 40; // under the facts of the card
constexpr int kNameLeft = 64;
constexpr int kPadding = 8;
constexpr int kLastPadding = 16;

/// Column names in the secondary size, over the cells' own edges.
class CardHeader final : public QHeaderView {
public:
    explicit CardHeader(QWidget* parent)
        : QHeaderView(Qt::Horizontal, parent)
    {
        setFixedHeight(kHeadHeight);
        setSectionsClickable(false);
        setHighlightSections(false);
    }

protected:
    void paintSection(QPainter* painter, const QRect& rect, int section) const override
    {
        const Theme& theme = Theme::instance();
        painter->save();
        painter->fillRect(rect, theme.color(Role::surface));
        painter->fillRect(QRect(rect.left(), rect.top(), rect.width(), 1), theme.color(Role::border));
        painter->setFont(secondaryFont());
        painter->setPen(theme.color(Role::secondary));
        const bool last = section == CheckpointTableModel::madeColumn;
        const QRect words =
            rect.adjusted(section == CheckpointTableModel::nameColumn ? kNameLeft : kPadding, 1, last ? -kLastPadding : -kPadding, 0);
        const int align = model()->headerData(section, Qt::Horizontal, Qt::TextAlignmentRole).toInt();
        painter->drawText(words, align, model()->headerData(section, Qt::Horizontal).toString());
        painter->restore();
    }
};

class CheckpointDelegate final : public RowDelegate {
public:
    using RowDelegate::RowDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        paintGround(*painter, option, index);
        const Theme& theme = Theme::instance();
        const bool selected = (option.state & QStyle::State_Selected) != 0;
        const int column = index.column();
        const bool strong = selected || column == CheckpointTableModel::nameColumn || column == CheckpointTableModel::stepColumn ||
            column == CheckpointTableModel::rewardColumn;
        painter->save();
        QRect cell = option.rect.adjusted(kPadding, 0, column == CheckpointTableModel::madeColumn ? -kLastPadding : -kPadding, 0);
        if (column == CheckpointTableModel::nameColumn) {
            const QRectF icon(option.rect.left() + kIconLeft, option.rect.center().y() - kIcon / 2.0 + 0.5, kIcon, kIcon);
            paintIcon(*painter, icon, index.data(Qt::DecorationRole).toString(), theme.color(selected ? Role::text : Role::secondary));
            cell.setLeft(option.rect.left() + kNameLeft);
        }
        painter->setFont(bodyFont());
        painter->setPen(theme.color(strong ? Role::text : Role::secondary));
        const QString words = painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, cell.width());
        painter->drawText(cell, index.data(Qt::TextAlignmentRole).toInt(), words);
        painter->restore();
    }
};

} // namespace

CheckpointTable::CheckpointTable(QWidget* parent)
    : QTableView(parent)
{
    setHorizontalHeader(new CardHeader(this));
    setItemDelegate(new CheckpointDelegate(this));
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setShowGrid(false);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    verticalHeader()->hide();
    verticalHeader()->setMinimumSectionSize(kRowHeight);
    connect(&Preferences::instance(), &Preferences::changed, this, &CheckpointTable::fit);
}

void CheckpointTable::setModel(QAbstractItemModel* model)
{
    QTableView::setModel(model);
    const int widths[] = {0, 112, 72, 80, 88, 104};
    for (int column = 0; column < CheckpointTableModel::columnCount_; ++column)
        horizontalHeader()->resizeSection(column, widths[column]);
    horizontalHeader()->setSectionResizeMode(CheckpointTableModel::nameColumn, QHeaderView::Stretch);
    connect(model, &QAbstractItemModel::modelReset, this, &CheckpointTable::fit);
    fit();
}

void CheckpointTable::fit()
{
    if (model() == nullptr)
        return;
    const int row = Preferences::instance().rowHeight();
    verticalHeader()->setDefaultSectionSize(row);
    setFixedHeight(kHeadHeight + model()->rowCount() * row);
}

} // namespace precedent::ui
