#include "ui/evaluate/summary_panels.h"

#include <cmath>

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "precedent/workspace/figures.h"
#include "ui/evaluate/evaluation_look.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/pane.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

/// The margin in which utility counts as unchanged.
constexpr double kMargin = 0.03;

QString text(const std::string& value) { return QString::fromStdString(value); }

QLabel* titleLabel(QWidget* parent)
{
    auto* title = new QLabel(parent);
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    title->setFont(strong);
    title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    return title;
}

QString axisWords(const std::string& axis)
{
    if (axis == "harmful")
        return AskedPanel::tr("Harmful requests");
    if (axis == "attacked")
        return AskedPanel::tr("Harmful, under attacks");
    if (axis == "benign")
        return AskedPanel::tr("Benign requests");
    if (axis == "benign_wrapped")
        return AskedPanel::tr("Benign, same wrappers");
    return axis == "utility" ? AskedPanel::tr("Everyday questions") : text(axis);
}

/// " fell by 31.4 (27.2 to 36.0)", in points; with an interval over nought: ": -1.0 (-3.0 to 1.0), unsettled".
QString changeWords(const workspace::Estimate& d)
{
    const auto number = [](double share) { return QLocale().toString(100 * share, 'f', 1); };
    if (d.high < 0)
        return ComparisonPanel::tr(" fell by %1 (%2 to %3)").arg(number(-d.value), number(-d.high), number(-d.low));
    if (d.low > 0)
        return ComparisonPanel::tr(" rose by %1 (%2 to %3)").arg(number(d.value), number(d.low), number(d.high));
    return ComparisonPanel::tr(": %1 (%2 to %3), unsettled").arg(number(d.value), number(d.low), number(d.high));
}

QString subjectOf(workspace::TableColumn column)
{
    switch (column) {
    case workspace::TableColumn::benignRefused:
        return ComparisonPanel::tr("Benign refused");
    case workspace::TableColumn::benignRefusedWrapped:
        return ComparisonPanel::tr("In wrappers");
    case workspace::TableColumn::harmfulAnswered:
        return ComparisonPanel::tr("Harmful answered");
    default:
        return ComparisonPanel::tr("Under attacks");
    }
}

QString sentences(const workspace::TableRow& row, const workspace::TableRow& reference)
{
    QStringList said;
    for (const auto column : {workspace::TableColumn::benignRefused, workspace::TableColumn::benignRefusedWrapped,
             workspace::TableColumn::harmfulAnswered, workspace::TableColumn::harmfulUnderAttack}) {
        if (const auto& test = row.cell(column).test) {
            said += subjectOf(column) + changeWords(test->difference);
        }
    }
    if (const auto& test = row.cell(workspace::TableColumn::utility).test) {
        const workspace::WithinMargin within = workspace::withinMargin(test->difference, kMargin);
        said += ComparisonPanel::tr("Utility within %1 points: %2.")
                    .arg(std::lround(100 * kMargin))
                    .arg(within == workspace::WithinMargin::yes     ? ComparisonPanel::tr("yes")
                            : within == workspace::WithinMargin::no ? ComparisonPanel::tr("no")
                                                                    : ComparisonPanel::tr("not settled by so few"));
    }
    if (said.isEmpty())
        said += ComparisonPanel::tr("The two rows have no request in common.");
    if (!row.noStar.empty())
        said += text(row.noStar);
    if (row.settings != reference.settings)
        said += ComparisonPanel::tr("They were not asked alike: %1, against %2.").arg(text(row.settings), text(reference.settings));
    return said.join(QLatin1Char('\n'));
}

QScrollArea* scrolled(QWidget* body, QWidget* parent)
{
    auto* scroll = new QScrollArea(parent);
    scroll->setWidget(body);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return scroll;
}

} // namespace

AskedPanel::AskedPanel(QWidget* parent)
    : QWidget(parent)
    , m_body(new QWidget(this))
    , m_note(new QuietLabel({}, bodyFont(), m_body))
{
    setObjectName(QStringLiteral("askedPanel"));
    auto* pane = new Pane(this);
    auto* title = titleLabel(pane);
    title->setText(tr("What was asked"));
    pane->bar()->addWidget(title, 1);
    m_note->setObjectName(QStringLiteral("askedNoteLabel"));
    auto* body = new QVBoxLayout(m_body);
    body->setContentsMargins(16, 8, 16, 8);
    body->setSpacing(8);
    m_lines = new QGridLayout;
    m_lines->setHorizontalSpacing(8);
    m_lines->setVerticalSpacing(8);
    m_lines->setColumnStretch(1, 1);
    body->addLayout(m_lines);
    body->addWidget(m_note);
    body->addStretch();
    QScrollArea* scroll = scrolled(m_body, this);
    scroll->setBackgroundRole(QPalette::Base);
    pane->setBody(scroll);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(pane);
}

void AskedPanel::setTable(const workspace::EvaluationTable& table)
{
    while (QLayoutItem* item = m_lines->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    int line = 0;
    for (const char* axis : {"harmful", "attacked", "benign", "benign_wrapped", "utility"}) {
        for (const workspace::AskedAxis& asked : table.asked) {
            if (asked.axis != axis)
                continue;
            auto* where = new QuietLabel(!asked.attack.empty() ? text(asked.attack)
                    : asked.wrappers.empty()                   ? text(asked.suite)
                                             : counted(static_cast<qint64>(asked.wrappers.size()), tr("1 wrapper"), tr("%1 wrappers")),
                bodyFont(), m_body);
            where->setWordWrap(false);
            where->setAlignment(Qt::AlignRight);
            where->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
            QStringList tip{text(asked.suite)};
            for (const std::string& wrapper : asked.wrappers)
                tip += text(wrapper);
            where->setToolTip(tip.join(QLatin1Char('\n')));
            auto* n = new QLabel(QLocale().toString(static_cast<qint64>(asked.n)), m_body);
            n->setAlignment(Qt::AlignRight);
            m_lines->addWidget(new QLabel(axisWords(asked.axis), m_body), line, 0);
            m_lines->addWidget(where, line, 1);
            m_lines->addWidget(n, line, 2);
            ++line;
        }
    }
    const auto rows = static_cast<qint64>(table.rows.size());
    if (rows <= 1)
        m_note->setText(tr("One row so far. Evaluate another model or mode on the same suites to compare."));
    else if (table.isAligned())
        m_note->setText(tr("All %L1 rows answered the same requests, so that they can be compared pair by pair.").arg(rows));
    else
        m_note->setText(tr("Not all %L1 rows answered the same requests; two are compared over those that both did.").arg(rows));
}

ComparisonPanel::ComparisonPanel(QWidget* parent)
    : QWidget(parent)
    , m_title(titleLabel(this))
    , m_lines(new QWidget(this))
    , m_words(new QuietLabel({}, bodyFont(), this))
    , m_regressions(new QPushButton(this))
{
    setObjectName(QStringLiteral("comparisonPanel"));
    auto* pane = new Pane(this, true);
    pane->bar()->addWidget(m_title, 1);
    m_words->setObjectName(QStringLiteral("comparisonLabel"));
    m_regressions->setObjectName(QStringLiteral("regressionsButton"));
    m_regressions->setAccessibleName(tr("Show the regressions"));
    m_regressions->setProperty("plain", true);
    auto* grid = new QGridLayout(m_lines);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setVerticalSpacing(4);
    const QStringList lines{
        tr("Benign, no longer refused"), tr("Benign, now refused"), tr("Harmful, no longer answered"), tr("Harmful, now answered")};
    for (int i = 0; i < lines.size(); ++i) {
        m_counts[i] = new QLabel(m_lines);
        m_counts[i]->setAlignment(Qt::AlignRight);
        grid->addWidget(new QLabel(lines.at(i), m_lines), i, 0);
        grid->addWidget(m_counts[i], i, 1);
    }
    const auto follow = [this] {
        for (const int worse : {1, 3})
            setTextColor(*m_counts[worse], Role::warning);
    };
    follow();
    connect(&Theme::instance(), &Theme::changed, this, follow);
    auto* body = new QWidget(this);
    auto* bodyLayout = new QVBoxLayout(body);
    bodyLayout->setContentsMargins(16, 8, 16, 8);
    bodyLayout->setSpacing(8);
    bodyLayout->addWidget(m_lines);
    bodyLayout->addWidget(m_regressions, 0, Qt::AlignLeft);
    bodyLayout->addWidget(m_words);
    bodyLayout->addStretch();
    QScrollArea* scroll = scrolled(body, this);
    scroll->setBackgroundRole(QPalette::Window);
    pane->setBody(scroll);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(pane);
    connect(m_regressions, &QPushButton::clicked, this, &ComparisonPanel::regressionsAsked);
}

void ComparisonPanel::setRows(const workspace::TableRow* row, const workspace::TableRow& reference)
{
    m_lines->setVisible(row != nullptr);
    m_regressions->hide();
    if (row == nullptr) {
        m_title->setText(tr("Against the reference"));
        m_words->setText(tr("Select a row to compare it with %1. The round button at the left of a row makes it the reference.")
                             .arg(labelOf(reference)));
        return;
    }
    m_title->setText(tr("%1, against %2").arg(labelOf(*row), labelOf(reference)));
    m_title->setToolTip(m_title->text());
    const workspace::Changes changes = workspace::changesOf(*row);
    const std::size_t counts[] = {
        changes.benignNoLongerRefused, changes.benignNowRefused, changes.harmfulNoLongerAnswered, changes.harmfulNowAnswered};
    for (int i = 0; i < 4; ++i)
        m_counts[i]->setText(QLocale().toString(static_cast<qint64>(counts[i])));
    m_words->setText(sentences(*row, reference));
    m_words->setToolTip(
        tr("Differences in points, with 95 % intervals, over the requests that both answered. Unsettled: chance may explain it."));
    m_regressions->setVisible(changes.regressions() > 0);
    m_regressions->setText(counted(static_cast<qint64>(changes.regressions()), tr("Show the regression"), tr("Show the %1 regressions")));
}

} // namespace precedent::ui
