#include "ui/runs/results_panel.h"

#include <algorithm>
#include <cmath>

#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QScrollArea>
#include <QTableWidget>
#include <QVBoxLayout>

#include "precedent/workspace/run_service.h"
#include "ui/shell/card.h"
#include "ui/shell/icon_label.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kSide = 10;
constexpr int kPitch = 12;

/// What a card says of an axis.
struct CardText {
    const char* axis;
    const char* metric;
    const char* title;
    const char* word;
    const char* icon;
    Role role;
};

const std::array kCards{
    CardText{"benign", "over_refusal", QT_TRANSLATE_NOOP("ResultsPanel", "Harmless requests"), QT_TRANSLATE_NOOP("ResultsPanel", "refused"),
        "refuse", Role::refuse},
    CardText{"attacked", "harmful_answered", QT_TRANSLATE_NOOP("ResultsPanel", "Harmful requests in a disguise"),
        QT_TRANSLATE_NOOP("ResultsPanel", "answered"), "alert", Role::harm},
    CardText{"harmful", "harmful_answered", QT_TRANSLATE_NOOP("ResultsPanel", "Harmful requests"),
        QT_TRANSLATE_NOOP("ResultsPanel", "answered"), "alert", Role::harm},
};

/// A hundred squares, so many of them filled.
class Squares final : public QWidget {
public:
    Squares(double share, Role role, QWidget* parent)
        : QWidget(parent)
        , m_filled(static_cast<int>(std::lround(share * kSide * kSide)))
        , m_role(role)
    {
        setFixedSize(kSide * kPitch, kSide * kPitch);
        setAccessibleName(ResultsPanel::tr("%1 of 100").arg(m_filled));
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = Theme::instance();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const double size = kPitch - 3;
        for (int i = 0; i < kSide * kSide; ++i) {
            const QRectF square(i % kSide * kPitch + 0.5, i / kSide * kPitch + 0.5, size, size);
            painter.setPen(theme.color(i < m_filled ? m_role : Role::fieldBorder));
            painter.setBrush(i < m_filled ? QBrush(theme.color(m_role)) : QBrush(Qt::NoBrush));
            painter.drawRoundedRect(square, 2, 2);
        }
    }

private:
    int m_filled;
    Role m_role;
};

/// A sentence that everyone should read, on the selection's ground.
class Notice final : public QWidget {
public:
    explicit Notice(QWidget* parent)
        : QWidget(parent)
    {
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::instance().color(Role::selection));
        painter.drawRoundedRect(rect(), kRadius, kRadius);
    }
};

/// An estimate with its 95 % interval on a line from 0 to 100.
class Interval final : public QWidget {
public:
    Interval(const workspace::Estimate& estimate, Role role, QWidget* parent)
        : QWidget(parent)
        , m_estimate(estimate)
        , m_role(role)
    {
        setFixedSize(kSide * kPitch - 3, kIntervalHeight);
        const QString words = ResultsPanel::tr("95 % interval: %1").arg(QString::fromStdString(workspace::intervalText(estimate)));
        setToolTip(words);
        setAccessibleName(words);
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = Theme::instance();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const double middle = height() / 2.0;
        const auto x = [this](double share) { return kDot + std::clamp(share, 0.0, 1.0) * (width() - 2 * kDot); };
        painter.setPen(QPen(theme.color(Role::track), 2));
        painter.drawLine(QPointF(x(0), middle), QPointF(x(1), middle));
        painter.setPen(QPen(theme.color(m_role), 2));
        painter.drawLine(QPointF(x(m_estimate.low), middle), QPointF(x(m_estimate.high), middle));
        for (const double end : {m_estimate.low, m_estimate.high})
            painter.drawLine(QPointF(x(end), middle - 4), QPointF(x(end), middle + 4));
        painter.setBrush(theme.color(m_role));
        painter.setPen(Qt::NoPen);
        painter.drawEllipse(QPointF(x(m_estimate.value), middle), kDot, kDot);
    }

private:
    static constexpr int kIntervalHeight = 12;
    static constexpr double kDot = 3;
    workspace::Estimate m_estimate;
    Role m_role;
};

QLabel* coloredLabel(const QString& text, Role role, const QFont& font, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setFont(font);
    const auto follow = [label, role] { setTextColor(*label, role); };
    follow();
    QObject::connect(&Theme::instance(), &Theme::changed, label, follow);
    return label;
}

QWidget* side(const QString& when, const workspace::Estimate& estimate, const CardText& card, QWidget* parent)
{
    const double share = estimate.value;
    auto* made = new QWidget(parent);
    auto* number = new QLabel(QString::number(static_cast<int>(std::lround(share * 100))), made);
    number->setFont(pageFont());
    auto* of = new QuietLabel(ResultsPanel::tr("of 100"), bodyFont(), made);
    of->setWordWrap(false);
    auto* word = coloredLabel(ResultsPanel::tr(card.word), card.role, bodyFont(), made);
    auto* head = new QuietLabel(when, labelFont(), made);
    auto* squares = new Squares(share, card.role, made);
    auto* numbers = new QHBoxLayout;
    numbers->setSpacing(6);
    numbers->addWidget(number);
    numbers->addWidget(of);
    numbers->addStretch();
    auto* layout = new QVBoxLayout(made);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addWidget(head);
    layout->addWidget(squares);
    layout->addLayout(numbers);
    layout->addWidget(new Interval(estimate, card.role, made));
    auto* range = new QuietLabel(QString::fromStdString(workspace::intervalText(estimate)), secondaryFont(), made);
    range->setObjectName(QStringLiteral("intervalLabel"));
    range->setWordWrap(false);
    layout->addWidget(range);
    auto* verdict = new QHBoxLayout;
    verdict->setSpacing(6);
    verdict->addWidget(new IconLabel(QString::fromLatin1(card.icon), card.role, made));
    verdict->addWidget(word, 1);
    layout->addLayout(verdict);
    return made;
}

const workspace::Comparison* comparisonOf(const std::vector<workspace::Comparison>& all, const char* axis, const char* metric, Mode mode)
{
    const auto found = std::find_if(all.cbegin(), all.cend(),
        [&](const workspace::Comparison& c) { return c.after.axis == axis && c.after.metric == metric && c.after.mode == mode; });
    return found == all.cend() ? nullptr : &*found;
}

QWidget* cardFor(const CardText& text, const workspace::Comparison& comparison, QWidget* parent)
{
    auto* card = new Card(parent);
    auto* title = new QLabel(ResultsPanel::tr(text.title), card);
    title->setFont(sectionFont());
    auto* sides = new QHBoxLayout;
    sides->setSpacing(12);
    sides->addWidget(side(ResultsPanel::tr("Before"), comparison.before.estimate, text, card));
    auto* arrow = new IconLabel(QStringLiteral("right"), Role::secondary, card);
    sides->addWidget(arrow);
    sides->addWidget(side(ResultsPanel::tr("After"), comparison.after.estimate, text, card));
    sides->addStretch();
    auto* sure = new QuietLabel(ResultsPanel::tr("Paired difference %1 points, %L2 requests.")
                                    .arg(QString::fromStdString(workspace::differenceText(comparison.difference)))
                                    .arg(comparison.after.estimate.n),
        secondaryFont(), card);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(12);
    layout->addWidget(title);
    layout->addLayout(sides);
    layout->addWidget(sure);
    return card;
}

/// An axis in one line: what stays as it was is not worth squares.
QWidget* lineFor(const QString& title, const QString& word, const workspace::Comparison& comparison, QWidget* parent)
{
    auto* card = new Card(parent);
    auto* name = new QLabel(title, card);
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    name->setFont(strong);
    const auto of = [](const workspace::Estimate& e) { return ResultsPanel::tr("%1 of 100").arg(std::lround(e.value * 100)); };
    auto* figures = new QLabel(
        ResultsPanel::tr("%1 before <b>%2</b>, after <b>%3</b>").arg(word, of(comparison.before.estimate), of(comparison.after.estimate)),
        card);
    auto* row = new QHBoxLayout(card);
    row->setContentsMargins(16, 12, 16, 12);
    row->setSpacing(16);
    row->addWidget(name);
    row->addStretch();
    row->addWidget(figures);
    return card;
}

/// "The model now refuses fewer harmless requests, and falls for fewer disguises", as far as the intervals carry it.
QString headline(const std::vector<workspace::Comparison>& all, Mode mode)
{
    const auto* harmless = comparisonOf(all, "benign", "over_refusal", mode);
    const auto* disguised = comparisonOf(all, "attacked", "harmful_answered", mode);
    const bool fewer = harmless != nullptr && harmless->difference.high < 0;
    const bool firmer = disguised != nullptr && disguised->difference.high < 0;
    if (fewer && firmer)
        return ResultsPanel::tr("The model now refuses fewer harmless requests, and falls for fewer disguises");
    if (fewer)
        return ResultsPanel::tr("The model now refuses fewer harmless requests");
    if (firmer)
        return ResultsPanel::tr("The model now falls for fewer disguises");
    return ResultsPanel::tr("The measured differences are within what chance explains, or for the worse");
}

QTableWidget* table(const std::vector<workspace::Comparison>& comparisons, QWidget* parent)
{
    auto* made = new QTableWidget(static_cast<int>(comparisons.size()), 6, parent);
    made->setObjectName(QStringLiteral("resultsTable"));
    made->setHorizontalHeaderLabels({ResultsPanel::tr("requests"), ResultsPanel::tr("figure"), ResultsPanel::tr("mode"),
        ResultsPanel::tr("before"), ResultsPanel::tr("after"), ResultsPanel::tr("difference, points")});
    made->verticalHeader()->hide();
    made->verticalHeader()->setMinimumSectionSize(kRowHeight);
    made->verticalHeader()->setDefaultSectionSize(kRowHeight);
    made->setShowGrid(false);
    made->setEditTriggers(QAbstractItemView::NoEditTriggers);
    made->setSelectionBehavior(QAbstractItemView::SelectRows);
    made->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    made->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    const auto text = [](const std::string& value) { return QString::fromStdString(value); };
    for (int row = 0; row < made->rowCount(); ++row) {
        const workspace::Comparison& c = comparisons[static_cast<std::size_t>(row)];
        const auto figure = [&](const workspace::Estimate& e) {
            return text(workspace::percentText(e.value)) + QStringLiteral("  [") + text(workspace::intervalText(e)) + QStringLiteral("]");
        };
        const QStringList cells{text(workspace::titleOf(c.after.axis)), text(workspace::titleOf(c.after.metric)),
            QString::fromLatin1(toString(c.after.mode)), figure(c.before.estimate), figure(c.after.estimate),
            text(workspace::differenceText(c.difference))};
        for (int column = 0; column < cells.size(); ++column) {
            auto* item = new QTableWidgetItem(cells.at(column));
            if (column > 2)
                item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            made->setItem(row, column, item);
        }
    }
    for (int column = 0; column < 6; ++column) {
        made->horizontalHeaderItem(column)->setTextAlignment(
            Qt::Alignment((column > 2 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
        made->horizontalHeader()->setSectionResizeMode(column, column > 2 ? QHeaderView::Stretch : QHeaderView::ResizeToContents);
    }
    made->setFixedHeight(kRowHeight * (made->rowCount() + 1) + 2);
    return made;
}

} // namespace

ResultsPanel::ResultsPanel(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QVBoxLayout(this))
{
    setObjectName(QStringLiteral("resultsPanel"));
    m_layout->setContentsMargins(0, 0, 0, 0);
    rebuild();
}

void ResultsPanel::setComparisons(const std::vector<workspace::Comparison>& comparisons, bool starter)
{
    m_comparisons = comparisons;
    m_starter = starter;
    m_working = false;
    rebuild();
}

void ResultsPanel::setWorking()
{
    m_comparisons.clear();
    m_working = true;
    rebuild();
}

void ResultsPanel::rebuild()
{
    delete m_content;
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(24, 16, 24, 24);
    layout->setSpacing(16);
    if (m_comparisons.empty()) {
        auto* none = new QuietLabel(
            m_working ? tr("Working out the figures") : tr("This run has no evaluation before and after."), bodyFont(), page);
        none->setAlignment(Qt::AlignCenter);
        layout->addWidget(none, 1);
    } else {
        // The mode without codes and cases comes first: there the model has to have learnt it.
        const Mode mode =
            comparisonOf(m_comparisons, "benign", "over_refusal", Mode::none) != nullptr ? Mode::none : m_comparisons.front().after.mode;
        auto* title = new QLabel(headline(m_comparisons, mode), page);
        title->setObjectName(QStringLiteral("resultsHeadline"));
        title->setFont(pageFont());
        layout->addWidget(title);
        layout->addWidget(new QuietLabel(
            tr("Held-out requests, answered before and after training in mode %1. The model saw none of them while it learned. One "
               "training seed: run three or more and look at the spread.")
                .arg(QString::fromLatin1(toString(mode))),
            bodyFont(), page));
        if (m_starter) {
            auto* notice = new Notice(page);
            auto* row = new QHBoxLayout(notice);
            row->setContentsMargins(16, 8, 16, 8);
            row->setSpacing(8);
            auto* icon = new IconLabel(QStringLiteral("info"), Role::accent, notice);
            row->addWidget(icon);
            auto* words = new QLabel(QString::fromUtf8(workspace::kStarterNotice), notice);
            words->setObjectName(QStringLiteral("starterNotice"));
            QFont strong = bodyFont();
            strong.setWeight(QFont::DemiBold);
            words->setFont(strong);
            words->setWordWrap(true);
            row->addWidget(words, 1);
            layout->addWidget(notice);
        }
        auto* cards = new QHBoxLayout;
        cards->setSpacing(16);
        for (const CardText& card : kCards) {
            if (const auto* comparison = comparisonOf(m_comparisons, card.axis, card.metric, mode))
                cards->addWidget(cardFor(card, *comparison, page));
        }
        layout->addLayout(cards);
        auto* lines = new QHBoxLayout;
        lines->setSpacing(16);
        if (const auto* same = comparisonOf(m_comparisons, "benign_wrapped", "over_refusal", mode))
            lines->addWidget(lineFor(tr("Harmless, in the same disguises"), tr("refused"), *same, page));
        if (const auto* sums = comparisonOf(m_comparisons, "utility", "accuracy", mode))
            lines->addWidget(lineFor(tr("Everyday sums"), tr("right"), *sums, page));
        layout->addLayout(lines);
        auto* all = new QLabel(tr("Every figure"), page);
        all->setFont(sectionFont());
        layout->addWidget(all);
        layout->addWidget(table(m_comparisons, page));
        layout->addStretch();
    }
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(page);
    scroll->setWidgetResizable(true);
    m_content = scroll;
    m_layout->addWidget(scroll);
}

} // namespace precedent::ui
