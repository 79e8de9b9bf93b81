#include "ui/shell/welcome_page.h"

#include <QAction>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/recent_files.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kPageWidth = 1120;
constexpr int kRecentWidth = 392;
constexpr int kTwoLineRow = 44;
constexpr int kRowsShown = 12;

class RecentDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {kRecentWidth, kTwoLineRow}; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Theme& theme = Theme::instance();
        const bool there = index.data(RecentFiles::existsRole).toBool();
        if ((option.state & (QStyle::State_MouseOver | QStyle::State_Selected)) != 0)
            painter->fillRect(option.rect, theme.color(Role::hover));
        paintIcon(*painter, QRectF(option.rect.left() + 16, option.rect.top() + 14, 16, 16), QStringLiteral("file"),
            theme.color(Role::secondary));
        const QRect text = option.rect.adjusted(44, 4, -16, -4);
        painter->setPen(theme.color(there ? Role::text : Role::secondary));
        painter->setFont(bodyFont());
        painter->drawText(text, Qt::AlignTop | Qt::AlignLeft, index.data().toString());
        painter->setPen(theme.color(Role::secondary));
        const QDateTime when = index.data(RecentFiles::whenRole).toDateTime();
        painter->drawText(text, Qt::AlignTop | Qt::AlignRight, QLocale().toString(when.date(), QLocale::ShortFormat));
        painter->setFont(secondaryFont());
        painter->drawText(text, Qt::AlignBottom | Qt::AlignLeft,
            there ? index.data(RecentFiles::folderRole).toString() : RecentFiles::tr("not there now"));
    }
};

QPushButton* pageButton(QAction* action, const QString& icon, bool primary, QWidget* parent)
{
    auto* button = new QPushButton(themedIcon(icon, primary ? Role::onAccent : Role::text), action->text(), parent);
    button->setObjectName(action->objectName() + QStringLiteral("Button"));
    button->setProperty("primary", primary);
    button->setProperty("tall", true);
    button->setMinimumHeight(kPrimaryHeight);
    QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
    return button;
}

} // namespace

WelcomePage::WelcomePage(const Actions& actions, RecentFiles& recent, QWidget* parent)
    : QWidget(parent)
{
    setObjectName(QStringLiteral("welcomePage"));
    auto* title = new QLabel(tr("Decide what your model should help with, and see that it does"), this);
    title->setFont(pageFont());
    auto* lead = new QuietLabel(tr("Write short codes, show with cases how they apply, train an open model to reason over both, and look "
                                   "closely at what it refuses and why."),
        bodyFont(), this);

    auto* sample = new Card(this);
    auto* sampleTitle = new QLabel(tr("Start with the sample"), sample);
    sampleTitle->setFont(sectionFont());
    auto* sampleText =
        new QuietLabel(tr("12 codes, more than 120 cases and requests of a small made-up world. The quickstart trains the starter "
                          "model on it and ends with a before-and-after."),
            bodyFont(), sample);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(pageButton(actions.openSample, QStringLiteral("casebase"), true, sample));
    buttons->addWidget(pageButton(actions.quickstart, QStringLiteral("runs"), false, sample));
    buttons->addWidget(new QuietLabel(tr("a few minutes, no network"), secondaryFont(), sample), 1);
    auto* sampleLayout = new QVBoxLayout(sample);
    sampleLayout->setContentsMargins(16, 16, 16, 16);
    sampleLayout->setSpacing(8);
    sampleLayout->addWidget(sampleTitle);
    sampleLayout->addWidget(sampleText);
    sampleLayout->addLayout(buttons);

    auto* ways = new QHBoxLayout;
    ways->setSpacing(16);
    ways->addWidget(pageButton(actions.newCasebase, QStringLiteral("plus"), false, this));
    ways->addWidget(pageButton(actions.openCasebase, QStringLiteral("folder"), false, this));
    ways->addStretch();

    auto* recentCard = new Card(this);
    recentCard->setFixedWidth(kRecentWidth);
    auto* recentTitle = new QLabel(tr("Recent"), recentCard);
    recentTitle->setFont(sectionFont());
    auto* list = new QListView(recentCard);
    list->setObjectName(QStringLiteral("recentList"));
    list->setAccessibleName(tr("Recent casebases"));
    list->setModel(&recent);
    list->setItemDelegate(new RecentDelegate(list));
    list->setMouseTracking(true);
    auto* none = new QuietLabel(tr("No casebases yet."), bodyFont(), recentCard);
    const auto follow = [list, none, &recent] {
        list->setVisible(recent.rowCount() > 0);
        list->setFixedHeight(std::min(recent.rowCount(), kRowsShown) * kTwoLineRow);
        none->setVisible(recent.rowCount() == 0);
    };
    follow();
    connect(&recent, &QAbstractItemModel::modelReset, this, follow);
    connect(list, &QListView::activated, this,
        [this](const QModelIndex& index) { Q_EMIT fileChosen(index.data(RecentFiles::pathRole).toString()); });
    connect(list, &QListView::clicked, this,
        [this](const QModelIndex& index) { Q_EMIT fileChosen(index.data(RecentFiles::pathRole).toString()); });
    auto* recentLayout = new QVBoxLayout(recentCard);
    recentLayout->setContentsMargins(1, 12, 1, 12);
    recentLayout->setSpacing(8);
    recentTitle->setContentsMargins(15, 0, 15, 0);
    none->setContentsMargins(15, 0, 15, 0);
    recentLayout->addWidget(recentTitle);
    recentLayout->addWidget(list, 1);
    recentLayout->addWidget(none);
    recentLayout->addStretch();

    auto* page = new QWidget(this);
    page->setMaximumWidth(kPageWidth);
    auto* grid = new QGridLayout;
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(16);
    grid->addWidget(sample, 0, 0);
    grid->addLayout(ways, 1, 0);
    grid->addWidget(recentCard, 0, 1, 3, 1, Qt::AlignTop);
    grid->setRowStretch(2, 1);
    grid->setColumnStretch(0, 1);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(24, 24, 24, 24);
    column->setSpacing(8);
    column->addWidget(title);
    column->addWidget(lead);
    column->addSpacing(16);
    column->addLayout(grid, 1);
    auto* centred = new QHBoxLayout(this);
    centred->setContentsMargins(0, 56, 0, 0);
    centred->addStretch();
    centred->addWidget(page, 1000);
    centred->addStretch();
}

} // namespace precedent::ui
