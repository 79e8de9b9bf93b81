#include "ui/casebase/case_detail.h"

#include <QAbstractTextDocumentLayout>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTextEdit>
#include <QTimer>
#include <QUndoStack>
#include <QVBoxLayout>

#include "precedent/base/json.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/commands/edit_case_command.h"
#include "ui/shell/card.h"
#include "ui/shell/citation_highlighter.h"
#include "ui/shell/counted.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kTypingPauseMs = 200;

QString text(const std::string& value) { return QString::fromStdString(value); }

QLabel* fieldLabel(const QString& label, QWidget* parent)
{
    auto* made = new QuietLabel(label, labelFont(), parent);
    made->setWordWrap(false);
    return made;
}

std::string draftKey(const std::string& id) { return "draft/" + id; }

/// The casebase's answer to "which of these ids are there?".
QSet<QString> unknownOf(casebase::Casebase& casebase, const QStringList& ids)
{
    QSet<QString> unknown;
    for (const QString& id : ids) {
        if (!casebase.codes().find(id.toStdString()).ok() && !casebase.cases().find(id.toStdString()).ok())
            unknown.insert(id);
    }
    return unknown;
}

void setLastUserText(casebase::Case& value, const std::string& request)
{
    for (auto message = value.request.rbegin(); message != value.request.rend(); ++message) {
        if (message->role == "user") {
            message->content = request;
            return;
        }
    }
    value.request.push_back({"user", request});
}

} // namespace

CaseDetail::CaseDetail(QUndoStack* undo, QWidget* parent)
    : QWidget(parent)
    , m_undo(undo)
    , m_stack(new QStackedWidget(this))
    , m_id(new QLabel(this))
    , m_state(new QuietLabel({}, secondaryFont(), this))
    , m_disposition(new QComboBox(this))
    , m_status(new QComboBox(this))
    , m_save(new QPushButton(themedIcon(QStringLiteral("save"), Role::onAccent), tr("Save"), this))
    , m_revert(new QPushButton(themedIcon(QStringLiteral("undo")), tr("Discard changes"), this))
    , m_request(makeField("caseRequestEdit", tr("Request")))
    , m_governs(new QLabel(this))
    , m_citations(new QuietLabel({}, secondaryFont(), this))
    , m_chain(makeField("caseChainEdit", tr("Chain")))
    , m_answer(makeField("caseAnswerEdit", tr("Answer")))
    , m_form(new QWidget)
    , m_reveal(new QPushButton(themedIcon(QStringLiteral("eye")), tr("Reveal"), this))
    , m_twinCard(new Card(this))
    , m_twin(new QLabel(m_twinCard))
    , m_highlighter(new CitationHighlighter(m_chain->document()))
{
    setObjectName(QStringLiteral("caseDetail"));
    m_id->setObjectName(QStringLiteral("caseIdLabel"));
    QFont idFont = monospaceFont();
    idFont.setPixelSize(sectionFont().pixelSize());
    idFont.setWeight(QFont::DemiBold);
    m_id->setFont(idFont);
    m_state->setWordWrap(false);
    m_disposition->setObjectName(QStringLiteral("caseDispositionCombo"));
    m_disposition->setAccessibleName(tr("Disposition"));
    for (const Disposition d : {Disposition::comply, Disposition::safeComplete, Disposition::refuse, Disposition::unknown}) {
        const DispositionLook look = lookOf(d);
        m_disposition->addItem(themedIcon(look.icon, look.role), look.word, static_cast<int>(d));
    }
    m_status->setObjectName(QStringLiteral("caseStatusCombo"));
    m_status->setAccessibleName(tr("Status"));
    for (const auto& [status, icon, word] :
        {std::tuple{casebase::CaseStatus::draft, "draft", tr("draft")}, {casebase::CaseStatus::inReview, "review", tr("in review")},
            {casebase::CaseStatus::approved, "approved", tr("approved")}, {casebase::CaseStatus::retired, "x", tr("retired")}})
        m_status->addItem(themedIcon(QString::fromLatin1(icon)), word, static_cast<int>(status));
    m_save->setObjectName(QStringLiteral("saveCaseButton"));
    m_save->setProperty("primary", true);
    m_revert->setObjectName(QStringLiteral("revertCaseButton"));
    m_citations->setObjectName(QStringLiteral("citationsLabel"));
    m_citations->setWordWrap(false);
    m_governs->setObjectName(QStringLiteral("governsLabel"));
    m_governs->setWordWrap(true);
    m_twin->setObjectName(QStringLiteral("twinLabel"));
    m_twin->setWordWrap(true);
    m_twin->setTextFormat(Qt::RichText);

    auto* head = new QWidget(this);
    head->setFixedHeight(kBarHeight);
    auto* headLayout = new QHBoxLayout(head);
    headLayout->setContentsMargins(16, 0, 12, 1);
    headLayout->setSpacing(8);
    auto* names = new QVBoxLayout;
    names->setSpacing(0);
    names->addWidget(m_id);
    names->addWidget(m_state);
    headLayout->addLayout(names);
    headLayout->addStretch();
    m_reveal->setObjectName(QStringLiteral("revealCaseButton"));
    headLayout->addWidget(m_reveal);
    headLayout->addWidget(m_disposition);
    headLayout->addWidget(m_status);

    auto* form = m_form;
    auto* layout = new QVBoxLayout(form);
    layout->setContentsMargins(16, 12, 16, 16);
    layout->setSpacing(4);
    const auto gap = [layout] { layout->addSpacing(12); };
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_save);
    buttons->addWidget(m_revert);
    buttons->addStretch();
    layout->addLayout(buttons);
    gap();
    layout->addWidget(fieldLabel(tr("Request"), form));
    layout->addWidget(m_request);
    gap();
    layout->addWidget(fieldLabel(tr("Governs"), form));
    layout->addWidget(m_governs);
    gap();
    auto* chainHead = new QHBoxLayout;
    chainHead->addWidget(fieldLabel(tr("Chain"), form));
    chainHead->addStretch();
    chainHead->addWidget(m_citations);
    layout->addLayout(chainHead);
    layout->addWidget(m_chain);
    gap();
    layout->addWidget(fieldLabel(tr("Answer"), form));
    layout->addWidget(m_answer);
    gap();
    auto* twinLayout = new QVBoxLayout(m_twinCard);
    twinLayout->setContentsMargins(12, 12, 12, 12);
    twinLayout->addWidget(m_twin);
    layout->addWidget(m_twinCard);
    layout->addStretch();
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(form);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    form->setAutoFillBackground(false);

    auto* page = new QWidget(this);
    auto* pageLayout = new QVBoxLayout(page);
    pageLayout->setContentsMargins(0, 0, 0, 0);
    pageLayout->setSpacing(0);
    pageLayout->addWidget(head);
    pageLayout->addWidget(scroll, 1);
    auto* none = new QuietLabel(tr("Choose a case to read it here."), bodyFont(), this);
    none->setAlignment(Qt::AlignCenter);
    m_stack->addWidget(none);
    m_stack->addWidget(page);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(m_stack);

    auto* pause = new QTimer(this);
    pause->setSingleShot(true);
    pause->setInterval(kTypingPauseMs);
    connect(pause, &QTimer::timeout, this, [this] {
        checkCitations();
        keepDraft();
    });
    for (QTextEdit* field : {m_request, m_chain, m_answer}) {
        connect(field, &QTextEdit::textChanged, this, &CaseDetail::changed);
        connect(field, &QTextEdit::textChanged, pause, qOverload<>(&QTimer::start));
    }
    for (QComboBox* combo : {m_disposition, m_status}) {
        connect(combo, &QComboBox::currentIndexChanged, this, &CaseDetail::changed);
        connect(combo, &QComboBox::currentIndexChanged, pause, qOverload<>(&QTimer::start));
    }
    connect(m_save, &QPushButton::clicked, this, &CaseDetail::save);
    connect(m_revert, &QPushButton::clicked, this, [this] {
        if (m_case) {
            fill();
            keepDraft();
        }
    });
    connect(m_reveal, &QPushButton::clicked, this, [] { Reveal::instance().setOn(true); });
    connect(&Reveal::instance(), &Reveal::changed, this, &CaseDetail::hideOrShow);
    connect(m_twin, &QLabel::linkActivated, this, &CaseDetail::caseWanted);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        // A label keeps its links' colour until it gets another text.
        const QString twin = m_twin->text();
        m_twin->clear();
        m_twin->setText(twin);
        update();
    });
}

QTextEdit* CaseDetail::makeField(const char* name, const QString& accessible)
{
    auto* field = new QTextEdit(this);
    field->setObjectName(QString::fromLatin1(name));
    field->setAccessibleName(accessible);
    field->setProperty("field", true);
    field->setAcceptRichText(false);
    field->setTabChangesFocus(true);
    field->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    field->viewport()->setAutoFillBackground(false); // the frame fills its rounded ground
    field->document()->setDocumentMargin(8);
    // As high as its text: one scrolls the case, not its parts.
    connect(field->document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, field,
        [field](const QSizeF& size) { field->setFixedHeight(std::max(44, qRound(size.height()) + 4)); });
    return field;
}

void CaseDetail::setCasebase(CasebaseBridge* casebase)
{
    if (m_casebase)
        m_casebase->disconnect(this);
    m_casebase = casebase;
    m_case.reset();
    m_wanted.clear();
    m_stack->setCurrentIndex(0);
    if (casebase != nullptr)
        connect(casebase, &CasebaseBridge::changed, this, &CaseDetail::readBack);
}

void CaseDetail::showCase(const QString& id)
{
    if (id == m_wanted)
        return;
    keepDraft();
    m_wanted = id;
    m_case.reset();
    if (id.isEmpty())
        m_stack->setCurrentIndex(0);
    else
        readBack();
}

void CaseDetail::readBack()
{
    if (!m_casebase || m_wanted.isEmpty())
        return;
    m_casebase->ask(
        this, [id = m_wanted.toStdString()](casebase::Casebase& casebase) { return casebase.cases().find(id); },
        [this, id = m_wanted](const Result<casebase::Case>& found) {
            if (id != m_wanted)
                return;
            if (!found.ok()) {
                m_case.reset();
                m_stack->setCurrentIndex(0);
                return;
            }
            m_case = found.value();
            fill();
            takeDraft();
        });
}

void CaseDetail::fill()
{
    m_filling = true;
    const casebase::Case& c = *m_case;
    m_id->setText(text(c.id));
    m_request->setPlainText(text(lastUserText(c.request)));
    m_chain->setPlainText(text(c.chain));
    m_answer->setPlainText(text(c.answer));
    m_disposition->setCurrentIndex(m_disposition->findData(static_cast<int>(c.disposition)));
    m_status->setCurrentIndex(m_status->findData(static_cast<int>(c.status)));
    QStringList governs;
    for (const auto& code : c.codes)
        governs += code.decides ? tr("%1 decides").arg(text(code.code)) : text(code.code);
    m_governs->setText(governs.isEmpty() ? tr("no code") : governs.join(QStringLiteral(", ")));
    m_twinCard->setVisible(!c.twinId.empty());
    if (!c.twinId.empty())
        m_twin->setText(tr("Twin <a href=\"%1\">%1</a> %2").arg(text(c.twinId).toHtmlEscaped(), text(c.twinDifference).toHtmlEscaped()));
    const bool readOnly = m_casebase && m_casebase->isReadOnly();
    for (QTextEdit* field : {m_request, m_chain, m_answer})
        field->setReadOnly(readOnly);
    m_disposition->setEnabled(!readOnly);
    m_status->setEnabled(!readOnly);
    m_filling = false;
    hideOrShow();
    m_stack->setCurrentIndex(1);
    changed();
    checkCitations();
}

casebase::Case CaseDetail::edited() const
{
    casebase::Case value = *m_case;
    setLastUserText(value, m_request->toPlainText().toStdString());
    value.chain = m_chain->toPlainText().toStdString();
    value.answer = m_answer->toPlainText().toStdString();
    value.disposition = static_cast<Disposition>(m_disposition->currentData().toInt());
    value.status = static_cast<casebase::CaseStatus>(m_status->currentData().toInt());
    return value;
}

bool CaseDetail::isEdited() const
{
    if (!m_case)
        return false;
    const casebase::Case now = edited();
    return now.request != m_case->request || now.chain != m_case->chain || now.answer != m_case->answer ||
        now.disposition != m_case->disposition || now.status != m_case->status;
}

void CaseDetail::changed()
{
    if (m_filling || !m_case)
        return;
    const bool edits = isEdited();
    m_save->setEnabled(edits);
    m_revert->setVisible(edits);
    m_state->setText(edits ? tr("edited, v%1 stays until you save").arg(m_case->version) : tr("v%1").arg(m_case->version));
}

void CaseDetail::hideOrShow()
{
    const bool hidden = m_case && !Reveal::instance().isOn() && isSensitive(m_case->disposition, m_case->source);
    m_reveal->setVisible(hidden);
    m_form->setEnabled(!hidden); // what one cannot read one does not edit
    setBlurred(*m_form, hidden);
}

void CaseDetail::checkCitations()
{
    if (!m_casebase || !m_case)
        return;
    const QStringList ids = CitationHighlighter::cited(m_chain->toPlainText());
    m_casebase->ask(
        this, [ids](casebase::Casebase& casebase) { return unknownOf(casebase, ids); },
        [this, ids](const QSet<QString>& unknown) {
            m_highlighter->setUnknown(unknown);
            const int known = static_cast<int>(ids.size() - unknown.size());
            if (ids.isEmpty())
                m_citations->setText(tr("no citation"));
            else if (unknown.isEmpty())
                m_citations->setText(counted(known, tr("1 citation, found"), tr("%1 citations, all found")));
            else
                m_citations->setText(tr("not found: %1").arg(QStringList(unknown.cbegin(), unknown.cend()).join(QStringLiteral(", "))));
        });
}

void CaseDetail::keepDraft()
{
    if (!m_casebase || !m_case || m_casebase->isReadOnly() || (!isEdited() && !m_hasDraft))
        return;
    m_hasDraft = isEdited();
    std::string draft; // empty: none
    if (m_hasDraft)
        draft = dumpJson({{"version", m_case->version}, {"request", m_request->toPlainText().toStdString()},
            {"chain", m_chain->toPlainText().toStdString()}, {"answer", m_answer->toPlainText().toStdString()}});
    m_casebase->ask(
        this, [key = draftKey(m_case->id), draft](casebase::Casebase& casebase) { return casebase.setMetadata(key, draft); },
        [this](const Status& kept) {
            if (!kept.ok())
                Q_EMIT troubled(tr("The draft could not be kept: %1").arg(text(kept.error().message())), text(kept.error().hint()));
        });
}

void CaseDetail::takeDraft()
{
    m_hasDraft = false;
    m_casebase->ask(
        this, [key = draftKey(m_case->id)](casebase::Casebase& casebase) { return casebase.metadata(key); },
        [this, id = m_case->id](const Result<std::optional<std::string>>& stored) {
            if (!m_case || m_case->id != id || !stored.ok() || !stored.value() || stored.value()->empty())
                return;
            const Result<Json> draft = parseJson(*stored.value(), "draft of " + id);
            // A draft of an older version would undo what was saved since.
            if (!draft.ok() || draft.value().value("version", 0) != m_case->version)
                return;
            m_hasDraft = true;
            m_request->setPlainText(text(draft.value().value("request", std::string())));
            m_chain->setPlainText(text(draft.value().value("chain", std::string())));
            m_answer->setPlainText(text(draft.value().value("answer", std::string())));
        });
}

void CaseDetail::save()
{
    if (!m_casebase || !isEdited())
        return;
    m_undo->push(new EditCaseCommand(
        *m_casebase, *m_case, edited(), [this](const Error& error) { Q_EMIT troubled(text(error.message()), text(error.hint())); }));
}

void CaseDetail::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::surface));
    if (m_stack->currentIndex() == 1)
        painter.fillRect(QRect(0, kBarHeight - 1, width(), 1), theme.color(Role::border));
}

} // namespace precedent::ui
