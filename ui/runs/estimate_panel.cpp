#include "ui/runs/estimate_panel.h"

#include <algorithm>
#include <cmath>

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/runs/figures_text.h"
#include "ui/shell/card.h"
#include "ui/shell/icon_label.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kRow = 24;
constexpr int kNameWidth = 112;
constexpr int kValueWidth = 48;
constexpr int kTrack = 8;

QString text(const std::string& value) { return QString::fromStdString(value); }

QWidget* line(QWidget* parent)
{
    auto* made = new QFrame(parent);
    made->setFixedHeight(1);
    made->setAutoFillBackground(true);
    made->setBackgroundRole(QPalette::Mid);
    return made;
}

QString policyName(const std::string& policy)
{
    if (policy == "always_refuse")
        return EstimatePanel::tr("always refuse");
    if (policy == "always_comply")
        return EstimatePanel::tr("always comply");
    if (policy == "always_safe_complete")
        return EstimatePanel::tr("safe-complete");
    if (policy == "cite_everything")
        return EstimatePanel::tr("cite everything");
    return text(policy);
}

} // namespace

/// Bars from the left, the longest as wide as there is room, each with its name and value.
class EstimatePanel::Bars final : public QWidget {
public:
    struct Bar {
        QString name;
        QString value;
        double share = 0; ///< of the whole width
    };
    Bars(std::vector<Bar> bars, QWidget* parent)
        : QWidget(parent)
        , m_bars(std::move(bars))
    {
        setFixedHeight(static_cast<int>(m_bars.size()) * kRow);
        QStringList words;
        for (const Bar& bar : m_bars)
            words += bar.name + QLatin1Char(' ') + bar.value;
        setAccessibleName(words.join(QStringLiteral(", ")));
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = Theme::instance();
        QPainter painter(this);
        painter.setFont(bodyFont());
        const int reach = width() - kNameWidth - kValueWidth;
        for (int i = 0; i < static_cast<int>(m_bars.size()); ++i) {
            const Bar& bar = m_bars[static_cast<std::size_t>(i)];
            const QRect row(0, i * kRow, width(), kRow);
            painter.setPen(theme.color(Role::text));
            painter.drawText(row, Qt::AlignVCenter | Qt::AlignLeft, bar.name);
            painter.drawText(row, Qt::AlignVCenter | Qt::AlignRight, bar.value);
            const int length = static_cast<int>(std::lround(std::clamp(bar.share, 0.0, 1.0) * reach));
            painter.fillRect(
                QRect(kNameWidth, row.top() + 8, std::max(1, length), 8), theme.color(bar.share > 1 ? Role::warning : Role::accent));
        }
    }

private:
    std::vector<Bar> m_bars;
};

/// A share of a whole, as wide as there is room.
class EstimatePanel::Track final : public QWidget {
public:
    Track(double share, QWidget* parent)
        : QWidget(parent)
        , m_share(share)
    {
        setFixedHeight(kTrack);
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = Theme::instance();
        QPainter painter(this);
        painter.fillRect(rect(), theme.color(Role::track));
        const int length = static_cast<int>(std::lround(std::clamp(m_share, 0.0, 1.0) * width()));
        painter.fillRect(QRect(0, 0, std::max(1, length), height()), theme.color(m_share > 1 ? Role::warning : Role::accent));
    }

private:
    double m_share;
};

EstimatePanel::EstimatePanel(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QVBoxLayout(this))
{
    setObjectName(QStringLiteral("estimatePanel"));
    m_layout->setContentsMargins(0, 0, 0, 0);
    setWorking();
}

void EstimatePanel::clear()
{
    delete m_content;
    m_measure = nullptr;
    m_measureNote = nullptr;
    auto* page = new QWidget;
    m_rows = new QVBoxLayout(page);
    m_rows->setContentsMargins(16, 16, 4, 16);
    m_rows->setSpacing(4);
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(page);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn); // its room is kept
    for (QWidget* ground : std::initializer_list<QWidget*>{scroll, scroll->viewport(), page})
        ground->setBackgroundRole(QPalette::Window);
    m_content = scroll;
    m_layout->addWidget(scroll);
}

QLabel* EstimatePanel::add(const QString& words, const QFont& font, bool quiet)
{
    QWidget* page = m_rows->parentWidget();
    QLabel* label = quiet ? new QuietLabel(words, font, page) : new QLabel(words, page);
    label->setFont(font);
    label->setWordWrap(true);
    m_rows->addWidget(label);
    return label;
}

void EstimatePanel::addRow(const QString& name, const QString& value, const QFont* strong)
{
    QWidget* page = m_rows->parentWidget();
    auto* row = new QHBoxLayout;
    QLabel* left = strong == nullptr ? new QuietLabel(name, bodyFont(), page) : new QLabel(name, page);
    left->setWordWrap(false);
    if (strong != nullptr)
        left->setFont(*strong);
    auto* right = new QLabel(value, page);
    row->addWidget(left);
    row->addStretch();
    row->addWidget(right);
    left->setMinimumHeight(kRow - 4);
    m_rows->addLayout(row);
}

void EstimatePanel::setWorking()
{
    clear();
    add(tr("Working it out"), bodyFont(), true)->setObjectName(QStringLiteral("estimateTotal"));
    m_rows->addStretch();
}

void EstimatePanel::setProblem(const QString& problem)
{
    clear();
    auto* label = add(problem, bodyFont(), false);
    label->setObjectName(QStringLiteral("estimateProblem"));
    m_rows->addStretch();
}

void EstimatePanel::setPreview(const workspace::RunPreview& preview, const QStringList& warnings, const core::Rehearsal* rehearsal)
{
    const workspace::RunEstimate& estimate = preview.estimate;
    const bool hadFocus = m_measure != nullptr && m_measure->hasFocus();
    clear();
    add(durationText(estimate.totalSeconds()), pageFont(), false)->setObjectName(QStringLiteral("estimateTotal"));
    add(tr("between %1 and %2, %3 a step")
            .arg(clockText(estimate.lowSeconds), clockText(estimate.highSeconds), durationText(estimate.secondsPerStep)),
        secondaryFont(), true);
    add(text(estimate.basis), secondaryFont(), true)->setObjectName(QStringLiteral("estimateBasis"));
    addMeasure(rehearsal != nullptr);
    if (hadFocus)
        m_measure->setFocus();
    addTimes(estimate, rehearsal);
    addLine();
    addRoom(preview);
    addLine();
    addChecks(preview, warnings);
    addEarnings(preview);
    m_rows->addStretch();
}

void EstimatePanel::addLine()
{
    m_rows->addSpacing(8);
    m_rows->addWidget(line(m_rows->parentWidget()));
    m_rows->addSpacing(8);
}

void EstimatePanel::addMeasure(bool measured)
{
    QWidget* page = m_rows->parentWidget();
    m_rows->addSpacing(4);
    m_measure = new QPushButton(themedIcon(QStringLiteral("cpu"), Role::text), {}, page);
    m_measure->setObjectName(QStringLiteral("measureRunButton"));
    m_measure->setProperty("measured", measured);
    m_rows->addWidget(m_measure, 0, Qt::AlignLeft);
    m_measureNote = add({}, secondaryFont(), true);
    m_measureNote->setObjectName(QStringLiteral("measureRunNote"));
    connect(m_measure, &QPushButton::clicked, this, [this] {
        if (m_measuring)
            Q_EMIT stopWanted();
        else
            Q_EMIT measureWanted();
    });
    setMeasuring({});
}

void EstimatePanel::setMeasuring(const QString& what)
{
    m_measuring = !what.isEmpty();
    if (m_measure == nullptr)
        return;
    const bool measured = m_measure->property("measured").toBool();
    m_measure->setText(m_measuring ? tr("Stop measuring") : measured ? tr("Measure again") : tr("Measure on this machine"));
    m_measure->setToolTip(
        m_measuring ? QString() : tr("Does parts of steps on the run's own requests, as the run would; takes some seconds"));
    m_measureNote->setText(what);
    m_measureNote->setVisible(m_measuring);
}

void EstimatePanel::setMeasureProblem(const QString& problem)
{
    if (m_measureNote == nullptr)
        return;
    m_measureNote->setText(problem);
    m_measureNote->setVisible(true);
}

void EstimatePanel::addTimes(const workspace::RunEstimate& estimate, const core::Rehearsal* rehearsal)
{
    const double longest = std::max({estimate.trainSeconds, estimate.evaluateSeconds / 2, 1e-9});
    std::vector<Bars::Bar> times;
    const Bars::Bar measuring{tr("Measuring"), clockText(estimate.evaluateSeconds / 2), estimate.evaluateSeconds / 2 / longest};
    if (estimate.evaluateSeconds > 0)
        times.push_back(measuring);
    times.push_back({tr("Training"), clockText(estimate.trainSeconds), estimate.trainSeconds / longest});
    if (estimate.evaluateSeconds > 0)
        times.push_back({tr("Measuring again"), measuring.value, measuring.share});
    m_rows->addSpacing(8);
    m_rows->addWidget(new Bars(std::move(times), m_rows->parentWidget()));
    if (rehearsal == nullptr)
        return;
    for (const auto& [name, seconds] : {std::pair{tr("A step of self-generation"), rehearsal->selfGeneration},
             std::pair{tr("A supervised step"), rehearsal->supervised}, std::pair{tr("A step of preferences"), rehearsal->preference},
             std::pair{tr("A step that reinforces"), rehearsal->policyGradient}}) {
        if (seconds > 0)
            addRow(name, tr("%1 s").arg(QLocale().toString(seconds, 'f', 2)));
    }
}

void EstimatePanel::addRoom(const workspace::RunPreview& preview)
{
    const workspace::RunEstimate& estimate = preview.estimate;
    const std::int64_t memory = preview.machine.memoryBytes;
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    addRow(tr("Memory"), tr("%1 of %2").arg(bytesText(estimate.memoryBytes), bytesText(memory)), &strong);
    m_rows->addWidget(
        new Track(memory > 0 ? static_cast<double>(estimate.memoryBytes) / static_cast<double>(memory) : 0, m_rows->parentWidget()));
    addRow(tr("Disk, all rollouts"), tr("%1 of %2 free").arg(bytesText(estimate.diskBytes()), bytesText(preview.machine.freeDiskBytes)));
    addRow(tr("Answers that will be written"), QLocale().toString(static_cast<qlonglong>(estimate.answers)));
    addRow(tr("Tokens, about"), QLocale().toString(static_cast<qlonglong>(estimate.tokens)));
}

void EstimatePanel::addChecks(const workspace::RunPreview& preview, const QStringList& warnings)
{
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    add(tr("Checks"), strong, false);
    const QString marked = QStringLiteral("Warning: "); // as the sentences of freezing begin it
    const QString noted = QStringLiteral("Note: ");
    QStringList checks;
    for (const std::string& sentence : preview.sentences)
        checks += text(sentence);
    checks += tr("Labels stay hidden from the model.");
    const workspace::RunEstimate& estimate = preview.estimate;
    if (preview.machine.memoryBytes > 0 && estimate.memoryBytes > preview.machine.memoryBytes * 9 / 10)
        checks += marked + tr("This machine has too little memory. Lower micro_batch_tokens or the answers to a request.");
    if (preview.machine.freeDiskBytes > 0 && estimate.diskBytes() > preview.machine.freeDiskBytes)
        checks += marked + tr("There is too little room on the disk. Save fewer checkpoints, or make room first.");
    for (const QString& warning : warnings)
        checks += marked + warning;
    QWidget* page = m_rows->parentWidget();
    for (const QString& check : checks) {
        const bool warning = check.startsWith(marked);
        const bool note = check.startsWith(noted);
        auto* row = new QHBoxLayout;
        row->setSpacing(8);
        auto* icon = warning ? new IconLabel(QStringLiteral("alert"), Role::warning, page)
            : note           ? new IconLabel(QStringLiteral("info"), Role::secondary, page)
                             : new IconLabel(QStringLiteral("check"), Role::comply, page);
        QString sentence = check.mid(warning ? marked.size() : note ? noted.size() : 0);
        sentence[0] = sentence.at(0).toUpper();
        auto* words = new QLabel(sentence, page);
        words->setWordWrap(true);
        row->addWidget(icon, 0, Qt::AlignTop);
        row->addWidget(words, 1);
        m_rows->addLayout(row);
    }
}

void EstimatePanel::addEarnings(const workspace::RunPreview& preview)
{
    if (preview.earnings.empty())
        return;
    m_rows->addSpacing(8);
    auto* card = new Card(m_rows->parentWidget());
    card->setObjectName(QStringLiteral("earningsCard"));
    auto* grid = new QGridLayout(card);
    grid->setContentsMargins(12, 8, 12, 8);
    grid->setVerticalSpacing(4);
    grid->setHorizontalSpacing(8);
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(3, 1);
    grid->addWidget(new QuietLabel(tr("What would earn reward without reasoning"), secondaryFont(), card), 0, 0, 1, 4);
    const int half = static_cast<int>(preview.earnings.size() + 1) / 2;
    int at = 0;
    for (const align::Earnings& line : preview.earnings) {
        auto* name = new QuietLabel(policyName(line.policy), secondaryFont(), card);
        name->setWordWrap(false);
        auto* value = new QLabel(QLocale().toString(line.overall, 'f', 2), card);
        value->setFont(secondaryFont());
        value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        QStringList labels;
        for (const auto& [label, earned] : line.byLabel)
            labels += tr("%1: %2").arg(text(label), QLocale().toString(earned, 'f', 2));
        for (QWidget* cell : std::initializer_list<QWidget*>{name, value})
            cell->setToolTip(labels.join(QLatin1Char('\n')));
        const int row = 1 + at % half, column = 2 * (at / half);
        grid->addWidget(name, row, column);
        grid->addWidget(value, row, column + 1);
        ++at;
    }
    if (!preview.balanceNote.empty()) {
        auto* note = new QuietLabel(text(preview.balanceNote), secondaryFont(), card);
        note->setObjectName(QStringLiteral("balanceNote"));
        note->setWordWrap(true);
        note->setTextInteractionFlags(Qt::TextSelectableByMouse);
        grid->addWidget(note, 1 + half, 0, 1, 4);
    }
    m_rows->addWidget(card);
}

} // namespace precedent::ui
