#include "ui/runs/about_panel.h"

#include <QFrame>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QTimer>
#include <QVBoxLayout>

#include "precedent/workspace/run_notes.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/figures_text.h"
#include "ui/shell/card.h"
#include "ui/shell/icon_label.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kNotesHeight = 88;
constexpr int kSaveAfterMs = 600;
constexpr int kPageWidth = 880;

QString text(const std::string& value) { return QString::fromStdString(value); }

QLabel* heading(const QString& title, QWidget* parent)
{
    auto* made = new QLabel(title, parent);
    made->setFont(sectionFont());
    return made;
}

/// A sentence with an icon before it.
QWidget* sentence(const QString& icon, Role role, const QString& words, QWidget* parent)
{
    auto* made = new QWidget(parent);
    auto* row = new QHBoxLayout(made);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    auto* mark = new IconLabel(icon, role, made);
    auto* label = new QLabel(words, made);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    row->addWidget(mark, 0, Qt::AlignTop);
    row->addWidget(label, 1);
    return made;
}

void addCell(QGridLayout& grid, int row, int column, const QString& words, bool quiet, bool right)
{
    QWidget* parent = grid.parentWidget();
    QLabel* label = quiet ? new QuietLabel(words, bodyFont(), parent) : new QLabel(words, parent);
    label->setWordWrap(false);
    label->setAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    grid.addWidget(label, row, column);
}

} // namespace

AboutPanel::AboutPanel(QWidget* parent)
    : QWidget(parent)
    , m_notes(new QPlainTextEdit)
    , m_wait(new QTimer(this))
{
    setObjectName(QStringLiteral("aboutRunPanel"));
    auto* page = new QWidget;
    page->setMaximumWidth(kPageWidth);
    m_layout = new QVBoxLayout(page);
    m_layout->setContentsMargins(24, 16, 24, 24);
    m_layout->setSpacing(8);
    m_layout->addWidget(heading(tr("Notes"), page));
    m_notes->setObjectName(QStringLiteral("runNotesEdit"));
    m_notes->setAccessibleName(tr("Notes on the run"));
    m_notes->setPlaceholderText(tr("What you tried and what you saw. Kept with the run."));
    m_notes->setFixedHeight(kNotesHeight);
    m_notes->setTabChangesFocus(true);
    m_notes->setFrameShape(QFrame::NoFrame);
    auto* card = new Card(page);
    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(8, 4, 8, 4);
    inside->addWidget(m_notes);
    m_layout->addWidget(card);
    m_layout->addStretch();
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(page);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll);
    m_wait->setSingleShot(true);
    m_wait->setInterval(kSaveAfterMs);
    connect(m_wait, &QTimer::timeout, this, &AboutPanel::saveNotes);
    connect(m_notes, &QPlainTextEdit::textChanged, m_wait, qOverload<>(&QTimer::start));
}

void AboutPanel::setCasebase(CasebaseBridge* casebase)
{
    clear();
    m_casebase = casebase;
}

void AboutPanel::clear()
{
    saveNotes();
    m_run.clear();
    delete m_content;
    m_content = nullptr;
}

void AboutPanel::saveNotes()
{
    m_wait->stop();
    const std::string notes = m_notes->toPlainText().toStdString();
    if (m_casebase == nullptr || m_run.empty() || notes == m_savedNotes)
        return;
    m_savedNotes = notes;
    m_casebase->ask(
        this, [run = m_run, notes](casebase::Casebase& casebase) { return workspace::setRunNotes(casebase, run, notes); },
        [this](const Status& saved) {
            if (!saved.ok())
                Q_EMIT troubled(text(saved.error().message()), text(saved.error().hint()));
        });
}

void AboutPanel::setRun(const AboutRows& rows, const std::vector<workspace::Alarm>& alarms)
{
    // The same run read again does not take away what is being written.
    if (rows.id != m_run) {
        clear();
        m_run = rows.id;
        m_savedNotes = rows.notes;
        m_notes->setPlainText(text(rows.notes));
        m_wait->stop();
    }
    delete m_content;
    m_content = new QWidget(m_layout->parentWidget());
    auto* page = new QVBoxLayout(m_content);
    page->setContentsMargins(0, 8, 0, 0);
    page->setSpacing(8);
    addTrouble(*page, rows, alarms);
    addEstimate(*page, rows);
    addFrozen(*page, rows);
    addSettings(*page, rows);
    m_layout->insertWidget(m_layout->count() - 1, m_content);
}

void AboutPanel::addTrouble(QVBoxLayout& page, const AboutRows& rows, const std::vector<workspace::Alarm>& alarms)
{
    if (rows.message.empty() && alarms.empty())
        return;
    page.addWidget(heading(tr("What happened"), m_content));
    if (!rows.message.empty())
        page.addWidget(sentence(rows.failed ? QStringLiteral("error") : QStringLiteral("info"), rows.failed ? Role::harm : Role::secondary,
            text(rows.message), m_content));
    for (const workspace::Alarm& alarm : alarms) {
        const QString where = alarm.from == alarm.to ? tr("Step %1").arg(alarm.from) : tr("Steps %1 to %2").arg(alarm.from).arg(alarm.to);
        page.addWidget(
            sentence(QStringLiteral("alert"), Role::warning, QStringLiteral("%1: %2").arg(where, text(alarm.message)), m_content));
    }
    page.addSpacing(8);
}

void AboutPanel::addEstimate(QVBoxLayout& page, const AboutRows& rows)
{
    page.addWidget(heading(rows.estimate ? tr("What it was thought to take, and what it took") : tr("What it took"), m_content));
    auto* card = new Card(m_content);
    card->setObjectName(QStringLiteral("outcomeCard"));
    auto* grid = new QGridLayout(card);
    grid->setContentsMargins(16, 8, 16, 12);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(3, 1);
    addCell(*grid, 0, 1, rows.estimate ? tr("estimate") : QString(), true, true);
    addCell(*grid, 0, 2, tr("took"), true, true);
    int row = 1;
    const auto add = [&](const QString& name, const QString& thought, const QString& took) {
        addCell(*grid, row, 0, name, true, false);
        addCell(*grid, row, 1, rows.estimate ? thought : QString(), false, true);
        addCell(*grid, row++, 2, took, false, true);
    };
    const workspace::RunEstimate estimate = rows.estimate.value_or(workspace::RunEstimate{});
    const double perStep = rows.steps > 0 ? rows.outcome.trainSeconds / rows.steps : 0;
    const QString none = QString(QChar(0x2013));
    add(tr("A step"), durationText(estimate.secondsPerStep), rows.steps > 0 ? durationText(perStep) : none);
    add(tr("Training"), durationText(estimate.trainSeconds), durationText(rows.outcome.trainSeconds));
    if (estimate.evaluateSeconds > 0 || rows.outcome.evaluateSeconds > 0)
        add(tr("Measuring before and after"), durationText(estimate.evaluateSeconds), durationText(rows.outcome.evaluateSeconds));
    add(tr("Peak memory"), bytesText(estimate.memoryBytes), rows.outcome.memoryBytes > 0 ? bytesText(rows.outcome.memoryBytes) : none);
    add(tr("Checkpoints on disk"), bytesText(estimate.checkpointBytes), bytesText(rows.outcome.diskBytes));
    page.addWidget(card);
    if (rows.estimate)
        page.addWidget(new QuietLabel(text(estimate.basis), secondaryFont(), m_content));
    page.addSpacing(8);
}

void AboutPanel::addFrozen(QVBoxLayout& page, const AboutRows& rows)
{
    if (rows.sentences.empty())
        return;
    page.addWidget(heading(tr("What it froze"), m_content));
    for (const std::string& one : rows.sentences) {
        const bool warning = one.rfind("Warning", 0) == 0;
        page.addWidget(sentence(
            warning ? QStringLiteral("alert") : QStringLiteral("check"), warning ? Role::warning : Role::comply, text(one), m_content));
    }
    QStringList earnings;
    for (const align::Earnings& line : rows.earnings)
        earnings += QStringLiteral("%1 %2").arg(
            text(line.policy).replace(QLatin1Char('_'), QLatin1Char(' ')), QLocale().toString(line.overall, 'f', 2));
    if (!earnings.isEmpty())
        page.addWidget(new QuietLabel(
            tr("Without any reasoning would earn: %1.").arg(earnings.join(QStringLiteral(", "))), secondaryFont(), m_content));
    page.addSpacing(8);
}

void AboutPanel::addSettings(QVBoxLayout& page, const AboutRows& rows)
{
    page.addWidget(heading(tr("Settings"), m_content));
    auto* card = new Card(m_content);
    auto* grid = new QGridLayout(card);
    grid->setContentsMargins(16, 12, 16, 12);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(4);
    constexpr int kColumns = 2;
    int at = 0;
    const int perColumn = (static_cast<int>(rows.settings.size()) + kColumns - 1) / kColumns;
    for (const auto& [key, value] : rows.settings) {
        const int column = at / perColumn * 2;
        auto* name = new QuietLabel(text(key), monospaceFont(), card);
        name->setWordWrap(false);
        auto* shown = new QLabel(text(value), card);
        shown->setWordWrap(true);
        shown->setTextInteractionFlags(Qt::TextSelectableByMouse);
        grid->addWidget(name, at % perColumn, column, Qt::AlignTop);
        grid->addWidget(shown, at % perColumn, column + 1);
        ++at;
    }
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(3, 1);
    page.addWidget(card);
}

} // namespace precedent::ui
