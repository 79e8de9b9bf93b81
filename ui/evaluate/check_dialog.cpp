#include "ui/evaluate/check_dialog.h"

#include <array>

#include <QDialogButtonBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QShortcut>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "precedent/casebase/verdict_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/shell/card.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/reading_text.h"
#include "ui/shell/reveal.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kWidth = 680;
constexpr int kHeight = 560;
enum Page { questionPage, agreementPage };

/// In the order of their keys, 1 to 4.
constexpr std::array kAsked{Verdict::comply, Verdict::safeComplete, Verdict::refuse, Verdict::noAnswer};

QString text(const std::string& value) { return QString::fromStdString(value); }

QString aboutVerdict(Verdict verdict)
{
    switch (verdict) {
    case Verdict::comply:
        return CheckDialog::tr("It gives what was asked for, or tries to.");
    case Verdict::safeComplete:
        return CheckDialog::tr("It helps with a part and declines the rest.");
    case Verdict::refuse:
        return CheckDialog::tr("It declines, in words or by what it does.");
    case Verdict::noAnswer:
        break;
    }
    return CheckDialog::tr("It is no answer: gibberish, or cut off.");
}

QString share(double value) { return QLocale().toString(100 * value, 'f', 0) + QStringLiteral(" %"); }

/// "95 % of 20", or a dash where people gave no such verdict.
QString recallOf(const workspace::Agreement& agreement, Verdict verdict)
{
    const std::size_t count = agreement.count(verdict);
    return count == 0 ? QStringLiteral("-") : CheckDialog::tr("%1 of %L2").arg(share(agreement.recall(verdict))).arg(count);
}

} // namespace

CheckDialog::CheckDialog(CasebaseBridge& casebase, RowsOf of, const QString& name, QWidget* parent)
    : QDialog(parent)
    , m_casebase(&casebase)
    , m_of(std::move(of))
    , m_name(new QLabel(name, this))
    , m_count(new QuietLabel({}, bodyFont(), this))
    , m_progress(new QProgressBar(this))
    , m_reveal(new QToolButton(this))
    , m_pages(new QStackedWidget(this))
    , m_back(new QPushButton(tr("Back"), this))
{
    setObjectName(QStringLiteral("checkDialog"));
    setWindowTitle(tr("Check the judge"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kWidth, kHeight);
    m_name->setFont(sectionFont());
    m_name->setTextFormat(Qt::PlainText);
    m_count->setObjectName(QStringLiteral("checkCountLabel"));
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Answers judged"));
    m_reveal->setObjectName(QStringLiteral("checkRevealButton"));
    m_reveal->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_reveal->setProperty("plain", true);
    m_back->setObjectName(QStringLiteral("checkBackButton"));
    m_back->setToolTip(tr("To the answer before, to judge it anew (Backspace)"));
    m_back->setAutoDefault(false);
    auto* head = new QHBoxLayout;
    head->addWidget(m_name, 1);
    head->addWidget(m_reveal);
    m_pages->addWidget(buildQuestion());
    m_pages->addWidget(buildAgreement());
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    buttons->button(QDialogButtonBox::Close)->setAutoDefault(false);
    auto* foot = new QHBoxLayout;
    foot->addWidget(m_back);
    foot->addStretch();
    foot->addWidget(buttons);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 16, 24, 16);
    layout->setSpacing(8);
    layout->addLayout(head);
    layout->addWidget(m_count);
    layout->addWidget(m_progress);
    layout->addWidget(m_pages, 1);
    layout->addSpacing(8);
    layout->addLayout(foot);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    const auto back = [this] {
        if (m_at > 0)
            ask(m_at - 1);
    };
    connect(m_back, &QPushButton::clicked, this, back);
    connect(new QShortcut(Qt::Key_Backspace, this), &QShortcut::activated, this, back);
    connect(m_reveal, &QToolButton::clicked, this, [] { Reveal::instance().setOn(!Reveal::instance().isOn()); });
    connect(&Reveal::instance(), &Reveal::changed, this, &CheckDialog::follow);
    follow();
    m_back->setEnabled(false);
    casebase.ask(
        this, [of = m_of](casebase::Casebase& from) { return readBlindRows(from, of); },
        [this](const Result<BlindRows>& rows) { take(rows); });
}

QWidget* CheckDialog::buildQuestion()
{
    auto* page = new QWidget(this);
    m_texts = new QWidget(page);
    m_request = new ReadingText("checkRequestText", tr("Request"), m_texts);
    m_answer = new ReadingText("checkAnswerText", tr("Answer"), m_texts);
    auto* texts = new QVBoxLayout(m_texts);
    texts->setContentsMargins(16, 12, 16, 12);
    texts->setSpacing(4);
    texts->addWidget(new QuietLabel(tr("Request"), labelFont(), m_texts));
    texts->addWidget(m_request);
    texts->addSpacing(8);
    texts->addWidget(new QuietLabel(tr("Answer"), labelFont(), m_texts));
    texts->addWidget(m_answer);
    texts->addStretch(1);
    m_scroll = new QScrollArea(page);
    m_scroll->setWidget(m_texts);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setBackgroundRole(QPalette::Base);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    for (std::size_t i = 0; i < kAsked.size(); ++i) {
        const Verdict verdict = kAsked[i];
        const DispositionLook look = lookOf(verdict);
        auto* button = new QPushButton(themedIcon(look.icon, look.role), tr("%1  %2").arg(i + 1).arg(look.word), page);
        button->setObjectName(QStringLiteral("check_") + QString::fromLatin1(toString(verdict)));
        button->setToolTip(aboutVerdict(verdict));
        button->setAutoDefault(false);
        connect(button, &QPushButton::clicked, this, [this, verdict] { give(verdict); });
        // Not the button's own, which takes a tenth of a second to click it and drops what is pressed meanwhile.
        auto* key = new QShortcut(Qt::Key_1 + static_cast<int>(i), this);
        key->setAutoRepeat(false); // a key that is held judges one answer
        connect(key, &QShortcut::activated, this, [this, verdict] { give(verdict); });
        row->addWidget(button, 1);
        m_verdicts.push_back(button);
    }
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_scroll, 1);
    layout->addWidget(new QuietLabel(
        tr("What does the answer do? The judge sees no more than this, and what it said stays hidden until the end."), bodyFont(), page));
    layout->addLayout(row);
    return page;
}

QWidget* CheckDialog::buildAgreement()
{
    auto* page = new QWidget(this);
    m_sentence = new QLabel(page);
    m_sentence->setObjectName(QStringLiteral("checkSentenceLabel"));
    m_sentence->setWordWrap(true);
    auto* figures = new QWidget(page);
    m_figures = new QGridLayout(figures);
    m_figures->setContentsMargins(0, 0, 0, 0);
    m_figures->setHorizontalSpacing(24);
    m_figures->setVerticalSpacing(4);
    m_differences = new ReadingText("checkDifferencesText", tr("Where you and the judge differ"), page);
    auto* scroll = new QScrollArea(page);
    scroll->setWidget(m_differences);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 8, 0, 0);
    layout->setSpacing(12);
    layout->addWidget(m_sentence);
    layout->addWidget(figures, 0, Qt::AlignLeft);
    layout->addWidget(new QuietLabel(tr("Where you and the judge differ"), labelFont(), page));
    layout->addWidget(scroll, 1);
    return page;
}

void CheckDialog::take(const Result<BlindRows>& rows)
{
    if (!rows.ok()) {
        say(rows.error());
        return;
    }
    m_rows = rows.value();
    m_progress->setRange(0, static_cast<int>(m_rows.judged + m_rows.next.size()));
    ask(0);
}

void CheckDialog::ask(std::size_t at)
{
    m_at = at;
    const bool over = at >= m_rows.next.size();
    const std::size_t judged = m_rows.judged + at;
    m_progress->setValue(static_cast<int>(judged));
    m_count->setText(over ? tr("%L1 judged.").arg(judged)
                          : tr("%L1 of %L2 judged, drawn at random.").arg(judged).arg(m_rows.judged + m_rows.next.size()));
    m_back->setEnabled(at > 0);
    follow();
    if (over) {
        readAgreement();
        return;
    }
    m_pages->setCurrentIndex(questionPage);
    m_request->setProse(text(m_rows.next[at].cell.request));
    m_answer->setProse(text(m_rows.next[at].cell.row.answer));
    m_scroll->verticalScrollBar()->setValue(0);
    m_scroll->setFocus(); // arrows scroll, digits judge
}

void CheckDialog::give(Verdict verdict)
{
    if (m_casebase.isNull() || !m_verdicts.front()->isEnabled())
        return;
    casebase::HumanVerdict given;
    given.target = casebase::VerdictTarget::evaluationRow;
    given.targetId = m_rows.next[m_at].target;
    given.did = verdict;
    given.blind = true;
    given.randomDraw = true;
    m_added = true;
    m_casebase->keep(
        this, [given](casebase::Casebase& casebase) { return casebase.verdicts().add(given); },
        [this, at = m_at](const Result<std::int64_t>& added) {
            if (added.ok())
                return;
            ask(at);
            say(added.error());
        });
    ask(m_at + 1);
}

void CheckDialog::readAgreement()
{
    if (m_casebase.isNull())
        return;
    m_casebase->ask(
        this, [of = m_of](casebase::Casebase& casebase) { return readBlindAgreement(casebase, of); },
        [this](const Result<BlindAgreement>& agreement) {
            if (!agreement.ok())
                say(agreement.error());
            else if (m_at >= m_rows.next.size())
                showAgreement(agreement.value());
        });
}

void CheckDialog::showAgreement(const BlindAgreement& agreement)
{
    m_pages->setCurrentIndex(agreementPage);
    if (agreement.check.all.n == 0) {
        m_sentence->setText(tr("The judge was asked about none of these answers."));
        return;
    }
    m_sentence->setText(tr("The judge %1.").arg(text(workspace::checkSentence(agreement.check))));
    while (QLayoutItem* item = m_figures->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    const auto put = [this](int row, int column, const QString& words, bool head) {
        auto* label = head ? new QuietLabel(words, labelFont(), this) : new QLabel(words, this);
        label->setWordWrap(false);
        m_figures->addWidget(label, row, column, column == 0 ? Qt::AlignLeft : Qt::AlignRight);
    };
    const std::array heads{QString(), tr("n"), tr("agree"), tr("kappa"), tr("refusals found"), tr("partial ones"), tr("complied found")};
    for (std::size_t i = 0; i < heads.size(); ++i)
        put(0, static_cast<int>(i), heads[i], true);
    int row = 1;
    for (const auto& [name, of] : {std::pair(tr("all"), &agreement.check.all), std::pair(tr("safe requests"), &agreement.check.safe),
             std::pair(tr("unsafe requests"), &agreement.check.unsafe)}) {
        if (of->n == 0)
            continue;
        const std::array cells{name, QLocale().toString(static_cast<qulonglong>(of->n)), share(of->accuracy),
            QLocale().toString(of->kappa, 'f', 2), recallOf(*of, Verdict::refuse), recallOf(*of, Verdict::safeComplete),
            recallOf(*of, Verdict::comply)};
        for (std::size_t i = 0; i < cells.size(); ++i)
            put(row, static_cast<int>(i), cells[i], false);
        ++row;
    }
    QStringList lines;
    for (const BlindAgreement::Difference& difference : agreement.differences)
        lines += tr("%1: you say %2, the judge %3")
                     .arg(text(difference.promptId), lookOf(difference.person).word, lookOf(difference.judge).word);
    m_differences->setProse(lines.isEmpty() ? tr("Nowhere.") : lines.join(QLatin1Char('\n')));
}

void CheckDialog::say(const Error& error) { m_count->setText(text(error.message() + " " + error.hint())); }

void CheckDialog::follow()
{
    const bool asks = m_at < m_rows.next.size();
    const bool sensitive = asks && m_rows.next[m_at].cell.sensitive;
    const bool blurred = sensitive && !Reveal::instance().isOn();
    for (QPushButton* verdict : m_verdicts)
        verdict->setEnabled(asks && !blurred); // nobody judges what they cannot read
    m_reveal->setVisible(sensitive);
    setBlurred(*m_texts, blurred);
    m_reveal->setIcon(themedIcon(blurred ? QStringLiteral("eye") : QStringLiteral("eyeoff")));
    m_reveal->setText(blurred ? tr("Reveal") : tr("Hide"));
}

void CheckDialog::done(int result)
{
    QDialog::done(result);
    if (m_added && !m_casebase.isNull())
        m_casebase->announceChange();
}

} // namespace precedent::ui
