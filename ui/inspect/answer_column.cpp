#include "ui/inspect/answer_column.h"

#include <algorithm>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/fact_label.h"
#include "ui/shell/icons.h"
#include "ui/shell/reading_text.h"
#include "ui/shell/reveal.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHead = 64;
constexpr int kSide = 16;
constexpr int kIcon = 16;
constexpr int kMostWidth = 640; ///< of prose
constexpr int kMostCombo = 200;

QString text(const std::string& value) { return QString::fromStdString(value); }

QuietLabel* quiet(const QString& words, const QFont& font, QWidget* parent)
{
    auto* made = new QuietLabel(words, font, parent);
    made->setWordWrap(false);
    return made;
}

QString tokens(std::size_t n) { return counted(static_cast<qint64>(n), AnswerColumn::tr("1 token"), AnswerColumn::tr("%1 tokens")); }

/// No wider than its words, so that what follows stands beside them.
void setFact(FactLabel& label, const QString& words, const QString& tip)
{
    label.setMaximumWidth(label.fontMetrics().horizontalAdvance(words) + 2);
    label.setFact(words, tip);
}

QString contentsOf(const workspace::AskPrompt& prompt)
{
    const auto cases =
        std::count_if(prompt.shown.begin(), prompt.shown.end(), [](const workspace::AskPrompt::Shown& item) { return item.isCase; });
    const auto codes = static_cast<qint64>(prompt.shown.size()) - cases;
    if (prompt.shown.empty())
        return AnswerColumn::tr("only the request");
    QString words = counted(codes, AnswerColumn::tr("1 code"), AnswerColumn::tr("%1 codes"));
    if (prompt.request.mode == Mode::cases)
        words = AnswerColumn::tr("%1 and %2").arg(words, counted(cases, AnswerColumn::tr("1 case"), AnswerColumn::tr("%1 cases")));
    if (prompt.casesDropped > 0)
        words += AnswerColumn::tr(", %1 dropped").arg(prompt.casesDropped);
    return words;
}

} // namespace

AnswerColumn::AnswerColumn(int index, QWidget* parent)
    : QWidget(parent)
    , m_index(index)
    , m_head(new QWidget(this))
    , m_foot(new QWidget(this))
{
    setObjectName(QStringLiteral("answerColumn%1").arg(index));
    setMinimumWidth(200);
    buildHead();
    buildFoot();
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(buildTexts());
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setBackgroundRole(QPalette::Base);
    scroll->viewport()->installEventFilter(this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(m_index > 0 ? 1 : 0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_head);
    layout->addWidget(scroll, 1);
    layout->addWidget(m_foot);
    connect(&Reveal::instance(), &Reveal::changed, this, &AnswerColumn::follow);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        showVerdict();
        update();
    });
    clear();
}

void AnswerColumn::buildHead()
{
    m_head->setFixedHeight(kHead);
    m_title = new FactLabel(m_head);
    m_title->setObjectName(QStringLiteral("columnTitle%1").arg(m_index));
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    m_modeWords = new QLabel(m_head);
    const auto act = [this](const char* name, const char* icon, const QString& words) {
        auto* made = new QToolButton(m_head);
        made->setObjectName(QString::fromLatin1(name) + QString::number(m_index));
        made->setIcon(themedIcon(QString::fromLatin1(icon)));
        made->setToolTip(words);
        made->setAccessibleName(words);
        made->setProperty("plain", true);
        return made;
    };
    m_continue = act("continueChain", "pencil", tr("Edit the chain and continue from it"));
    connect(m_continue, &QToolButton::clicked, this, &AnswerColumn::continueWanted);
    m_file = act("fileAsCase", "plus", tr("File as a case"));
    connect(m_file, &QToolButton::clicked, this, &AnswerColumn::fileWanted);
    m_icon = new QLabel(m_head);
    m_icon->setFixedSize(kIcon, kIcon);
    m_verdict = new FactLabel(m_head);
    m_verdict->setObjectName(QStringLiteral("columnVerdict%1").arg(m_index));
    m_verdict->setFixedHeight(28);
    m_showJudge = new QToolButton(m_head);
    m_showJudge->setObjectName(QStringLiteral("showJudge%1").arg(m_index));
    m_showJudge->setIcon(themedIcon(QStringLiteral("eye")));
    m_showJudge->setAccessibleName(tr("Show the judge's verdict"));
    m_showJudge->setToolTip(tr("Show the judge's verdict now; what you say after it no longer counts as blind."));
    m_showJudge->setProperty("plain", true);
    auto* line = new QHBoxLayout;
    line->setSpacing(0);
    line->addWidget(m_icon);
    line->addSpacing(8);
    line->addWidget(m_verdict, 1);
    line->addWidget(m_showJudge);
    line->addStretch();
    auto* layout = new QVBoxLayout(m_head);
    layout->setContentsMargins(kSide, 4, 8, 4);
    layout->setSpacing(0);
    auto* names = new QHBoxLayout;
    names->setSpacing(0);
    names->addWidget(m_title, 1);
    names->addSpacing(6);
    names->addWidget(m_modeWords);
    names->addStretch();
    names->addWidget(m_continue);
    names->addWidget(m_file);
    layout->addLayout(names);
    layout->addLayout(line);
    connect(m_showJudge, &QToolButton::clicked, this, [this] {
        m_judgeShown = true;
        showVerdict();
        Q_EMIT changed();
    });
}

QWidget* AnswerColumn::buildTexts()
{
    m_texts = new QWidget(this);
    m_texts->setMaximumWidth(kMostWidth);
    m_state = new QuietLabel({}, bodyFont(), m_texts);
    m_state->setObjectName(QStringLiteral("columnState%1").arg(m_index));
    m_chainPart = new QWidget(m_texts);
    m_chainTokens = quiet({}, secondaryFont(), m_chainPart);
    m_chain = new ReadingText("columnChain", tr("Chain"), m_chainPart);
    m_chain->setObjectName(QStringLiteral("columnChain%1").arg(m_index));
    m_answerHead = quiet(tr("Answer"), labelFont(), m_texts);
    m_answerTokens = quiet({}, secondaryFont(), m_texts);
    m_text = new ReadingText("columnAnswer", tr("Answer"), m_texts);
    m_text->setObjectName(QStringLiteral("columnAnswer%1").arg(m_index));

    auto* chainHead = new QHBoxLayout;
    chainHead->addWidget(quiet(tr("Chain"), labelFont(), m_chainPart));
    chainHead->addStretch();
    chainHead->addWidget(m_chainTokens);
    auto* rule = new QFrame(m_chainPart);
    rule->setFixedWidth(2);
    rule->setAutoFillBackground(true);
    rule->setBackgroundRole(QPalette::Mid);
    auto* chainRow = new QHBoxLayout;
    chainRow->setSpacing(12);
    chainRow->addWidget(rule);
    chainRow->addWidget(m_chain, 1);
    auto* chainLayout = new QVBoxLayout(m_chainPart);
    chainLayout->setContentsMargins(0, 0, 0, 12);
    chainLayout->setSpacing(4);
    chainLayout->addLayout(chainHead);
    chainLayout->addLayout(chainRow);

    auto* answerHead = new QHBoxLayout;
    answerHead->addWidget(m_answerHead);
    answerHead->addStretch();
    answerHead->addWidget(m_answerTokens);
    auto* layout = new QVBoxLayout(m_texts);
    layout->setContentsMargins(kSide, 12, kSide, 12);
    layout->setSpacing(4);
    layout->addWidget(m_state);
    layout->addWidget(m_chainPart);
    layout->addLayout(answerHead);
    layout->addWidget(m_text);
    layout->addStretch(1);
    for (ReadingText* reader : {m_chain, m_text}) {
        connect(reader, &ReadingText::citationClicked, this, &AnswerColumn::citationClicked);
        reader->viewport()->installEventFilter(this);
    }
    return m_texts;
}

void AnswerColumn::buildFoot()
{
    m_inPrompt = new QLabel(m_foot);
    m_inPrompt->setObjectName(QStringLiteral("columnContext%1").arg(m_index));
    m_promptTokens = quiet({}, secondaryFont(), m_foot);
    const auto combo = [this](const char* name, const QString& accessible) {
        auto* made = new QComboBox(m_foot);
        made->setObjectName(QString::fromLatin1(name) + QString::number(m_index));
        made->setAccessibleName(accessible);
        made->addItem(tr("choose"), -1);
        made->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        made->setMinimumContentsLength(7);
        made->setMaximumWidth(kMostCombo);
        return made;
    };
    m_did = combo("didCombo", tr("What this answer did"));
    for (const Verdict verdict : {Verdict::comply, Verdict::safeComplete, Verdict::refuse, Verdict::noAnswer}) {
        const DispositionLook look = lookOf(verdict);
        m_did->addItem(themedIcon(look.icon, look.role), look.word, static_cast<int>(verdict));
    }
    m_should = combo("shouldCombo", tr("What it should do"));
    for (const Disposition disposition : {Disposition::comply, Disposition::safeComplete, Disposition::refuse}) {
        const DispositionLook look = lookOf(disposition);
        m_should->addItem(themedIcon(look.icon, look.role), look.word, static_cast<int>(disposition));
    }

    auto* contents = new QHBoxLayout;
    contents->addWidget(m_inPrompt, 1);
    contents->addWidget(m_promptTokens);
    auto* context = new QVBoxLayout;
    context->setContentsMargins(kSide, 10, kSide, 10);
    context->setSpacing(4);
    context->addWidget(quiet(tr("In the prompt"), labelFont(), m_foot));
    context->addLayout(contents);
    auto* verdicts = new QGridLayout;
    verdicts->setContentsMargins(12, 9, 12, 9);
    verdicts->setHorizontalSpacing(6);
    verdicts->setVerticalSpacing(2);
    verdicts->addWidget(quiet(tr("This answer ..."), secondaryFont(), m_foot), 0, 0);
    verdicts->addWidget(quiet(tr("It should ..."), secondaryFont(), m_foot), 0, 1);
    verdicts->addWidget(m_did, 1, 0);
    verdicts->addWidget(m_should, 1, 1);
    verdicts->setColumnStretch(0, 10);
    verdicts->setColumnStretch(1, 10);
    verdicts->setColumnStretch(2, 1); // in a wide column the menus stay together
    auto* layout = new QVBoxLayout(m_foot);
    layout->setContentsMargins(0, 1, 0, 0);
    layout->setSpacing(1);
    layout->addLayout(context);
    layout->addLayout(verdicts);
    connect(m_did, &QComboBox::activated, this, &AnswerColumn::giveVerdict);
    connect(m_should, &QComboBox::activated, this, &AnswerColumn::giveVerdict);
}

QString AnswerColumn::name() const { return tr("%1 in mode %2").arg(m_model, QString::fromLatin1(precedent::toString(m_mode))); }

std::optional<Disposition> AnswerColumn::should() const
{
    const int chosen = m_should->currentData().toInt();
    return chosen < 0 ? std::nullopt : std::optional(static_cast<Disposition>(chosen));
}

void AnswerColumn::clear()
{
    m_prompt.reset();
    m_answer.reset();
    m_judgeShown = false;
    m_state->setText(tr("Nothing asked yet. Write a request above and press Enter."));
    m_chain->setProse({});
    m_text->setProse({});
    m_chain->setUnknown({});
    m_chainTokens->clear();
    m_answerTokens->clear();
    m_chainPart->hide();
    m_answerHead->hide();
    m_text->hide();
    m_state->show();
    m_inPrompt->setText(tr("nothing yet"));
    m_promptTokens->clear();
    for (QComboBox* combo : {m_did, m_should}) {
        combo->setCurrentIndex(0);
        combo->setEnabled(false);
    }
    m_file->setEnabled(false);
    m_continue->setEnabled(false);
    showVerdict();
}

void AnswerColumn::setOrder(const QString& model, Mode mode)
{
    if (model == m_model && mode == m_mode)
        return;
    m_model = model;
    m_mode = mode;
    setFact(*m_title, model, name());
    m_modeWords->setText(tr("in mode <b>%1</b>").arg(QString::fromLatin1(precedent::toString(mode))));
    setAccessibleName(name());
    clear();
}

void AnswerColumn::setActive(bool active)
{
    m_active = active;
    update();
}

void AnswerColumn::setSensitive(bool sensitive)
{
    m_sensitive = sensitive;
    follow();
}

void AnswerColumn::wait(AskWait what)
{
    switch (what) {
    case AskWait::engine:
        m_state->setText(tr("Loading the engine"));
        break;
    case AskWait::model:
        m_state->setText(tr("Loading %1").arg(m_model));
        break;
    case AskWait::context:
        m_state->setText(tr("Finding codes and cases"));
        break;
    }
}

void AnswerColumn::begin(std::shared_ptr<const workspace::AskPrompt> prompt)
{
    m_prompt = std::move(prompt);
    m_inPrompt->setText(contentsOf(*m_prompt));
    m_promptTokens->setText(tokens(m_prompt->ids.size()));
    m_state->setText(tr("Reading %1").arg(tokens(m_prompt->ids.size())));
    Q_EMIT changed();
}

void AnswerColumn::write(const QString& chain, const QString& answer)
{
    if (m_answer)
        return;
    m_state->hide();
    m_chainPart->setVisible(!chain.isEmpty());
    m_answerHead->setVisible(!answer.isEmpty());
    m_text->setVisible(!answer.isEmpty());
    m_chain->setProse(chain);
    m_text->setProse(answer);
}

void AnswerColumn::end(std::shared_ptr<const workspace::AskAnswer> answer)
{
    write(text(answer->chain), text(answer->answer));
    m_answer = std::move(answer);
    const bool nothing = m_answer->text.empty();
    m_state->setVisible(nothing || m_answer->answer.empty());
    if (m_answer->stopped)
        m_state->setText(tr("Stopped."));
    else if (nothing || m_answer->answer.empty())
        m_state->setText(m_answer->parseProblem.empty() ? tr("No answer was written.") : text(m_answer->parseProblem));
    m_chainTokens->setText(m_answer->chainTokens > 0 ? tokens(m_answer->chainTokens) : QString());
    m_answerTokens->setText(tokens(m_answer->tokens - m_answer->chainTokens));
    QSet<QString> unknown;
    for (const auto& citation : m_answer->citations) {
        if (!citation.exists)
            unknown.insert(text(citation.id));
    }
    m_chain->setUnknown(unknown);
    m_text->setUnknown(unknown);
    for (QComboBox* combo : {m_did, m_should})
        combo->setEnabled(!m_answer->stopped);
    m_file->setEnabled(!nothing);
    m_continue->setEnabled(!m_answer->writtenChain.empty());
    showVerdict();
    Q_EMIT changed();
}

void AnswerColumn::fail(const QString& message, const QString& hint)
{
    m_state->setText(hint.isEmpty() ? message : message + QStringLiteral("\n") + hint);
    m_state->show();
    showVerdict();
}

void AnswerColumn::markStopped()
{
    if (m_answer)
        return;
    m_state->setText(tr("Stopped."));
    m_state->show();
}

void AnswerColumn::showVerdict()
{
    const bool judged = m_answer != nullptr;
    const bool hidden = judged && !m_judgeShown && !m_answer->stopped;
    m_showJudge->setVisible(hidden);
    QString icon;
    QString words;
    QString tip;
    m_verdictRole = Role::secondary;
    if (!judged) {
        words.clear();
    } else if (m_answer->stopped) {
        words = tr("stopped");
        icon = QStringLiteral("stop");
    } else if (hidden) {
        words = tr("judge hidden until you choose");
        icon = QStringLiteral("eyeoff");
    } else {
        const DispositionLook look = lookOf(m_answer->verdict);
        words = look.word;
        tip = tr("as judged by the %1").arg(text(m_answer->judge));
        m_verdictRole = look.role;
        icon = look.icon;
    }
    setFact(*m_verdict, words, tip);
    setTextColor(*m_verdict, m_verdictRole);
    m_icon->setVisible(!icon.isEmpty());
    m_icon->setPixmap(icon.isEmpty() ? QPixmap() : themedIcon(icon, m_verdictRole).pixmap(QSize(kIcon, kIcon), devicePixelRatioF()));
}

void AnswerColumn::giveVerdict()
{
    const int did = m_did->currentData().toInt();
    const auto wanted = should();
    if (did < 0 || !wanted)
        return;
    const bool blind = !m_judgeShown;
    m_judgeShown = true;
    showVerdict();
    Q_EMIT verdictGiven(static_cast<Verdict>(did), *wanted, blind);
    Q_EMIT changed();
}

void AnswerColumn::follow() { setBlurred(*m_texts, m_sensitive && !Reveal::instance().isOn()); }

void AnswerColumn::mousePressEvent(QMouseEvent* event)
{
    QWidget::mousePressEvent(event);
    Q_EMIT activated();
}

bool AnswerColumn::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::MouseButtonPress)
        Q_EMIT activated();
    return QWidget::eventFilter(watched, event);
}

void AnswerColumn::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::surface));
    const QColor line = theme.color(Role::border);
    if (m_index > 0)
        painter.fillRect(QRect(0, 0, 1, height()), line);
    painter.fillRect(QRect(0, m_head->geometry().bottom(), width(), 1), line);
    if (m_active)
        painter.fillRect(QRect(m_head->x(), m_head->geometry().bottom() - 1, m_head->width(), 2), theme.color(Role::accent));
    painter.fillRect(QRect(0, m_foot->y(), width(), 1), line);
    painter.fillRect(QRect(0, m_foot->y() + m_foot->layout()->itemAt(1)->geometry().top() - 1, width(), 1), line);
}

} // namespace precedent::ui
