#include "ui/casebase/case_detail.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTimer>
#include <QUndoStack>
#include <QVBoxLayout>

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/suite_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/case_editor.h"
#include "ui/casebase/notice_card.h"
#include "ui/casebase/status_look.h"
#include "ui/commands/change_cases_command.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kDraftEveryMs = 400;

QString text(const std::string& value) { return QString::fromStdString(value); }

/// What a stored new case came to.
struct Added {
    casebase::Case stored;
    int burned = 0;
};

Result<Added> addCase(casebase::Casebase& casebase, const CaseDraft& draft)
{
    Added added;
    const Status done = casebase.transact([&]() -> Status {
        const Result<std::string> id = casebase.cases().add(draft.value);
        if (!id.ok())
            return id.error();
        if (!draft.burnsPrompt.empty()) {
            const Result<int> burned = casebase.suites().burn(draft.burnsPrompt, "filed as case " + *id);
            if (!burned.ok())
                return burned.error();
            added.burned = *burned;
        }
        Result<casebase::Case> stored = casebase.cases().find(*id);
        if (!stored.ok())
            return stored.error();
        added.stored = std::move(*stored);
        return draft.key.empty() ? Status() : casebase.removeMetadata(draft.key);
    });
    if (!done.ok())
        return done.error();
    return added;
}

Result<CaseChange> storeEdit(casebase::Casebase& casebase, const casebase::Case& value, int expectedVersion)
{
    CaseChange change;
    const Status done = casebase.transact([&]() -> Status {
        for (std::optional<casebase::Case>* side : {&change.before, &change.after}) {
            if (side == &change.after)
                PRECEDENT_TRY(casebase.cases().update(value, expectedVersion));
            Result<casebase::Case> found = casebase.cases().find(value.id);
            if (!found.ok())
                return found.error();
            *side = std::move(*found);
        }
        return casebase.removeMetadata(draftKeyOf(value.id));
    });
    if (!done.ok())
        return done.error();
    return change;
}

} // namespace

CaseDetail::CaseDetail(QUndoStack* undo, QWidget* parent)
    : QWidget(parent)
    , m_undo(undo)
    , m_draftPause(new QTimer(this))
    , m_stack(new QStackedWidget(this))
    , m_id(new QLabel(this))
    , m_state(new QuietLabel({}, secondaryFont(), this))
    , m_disposition(new QComboBox(this))
    , m_status(new QComboBox(this))
    , m_actions(new QWidget(this))
    , m_save(new QPushButton(themedIcon(QStringLiteral("save"), Role::onAccent), tr("Save"), m_actions))
    , m_revert(new QPushButton(themedIcon(QStringLiteral("undo")), tr("Discard changes"), m_actions))
    , m_editor(new CaseEditor(this))
    , m_notice(new NoticeCard("caseNotice", this))
    , m_reveal(new QPushButton(themedIcon(QStringLiteral("eye")), tr("Reveal"), this))
    , m_twinCard(new Card(this))
    , m_twin(new QLabel(m_twinCard))
{
    setObjectName(QStringLiteral("caseDetail"));
    auto* page = new QWidget(this);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    buildHead(*layout);
    buildActions(*layout);
    buildBody(*layout);
    auto* none = new QuietLabel(tr("Choose a case to read it here."), bodyFont(), this);
    none->setAlignment(Qt::AlignCenter);
    m_stack->addWidget(none);
    m_stack->addWidget(page);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(m_stack);

    // Not put off by further typing: what was typed a moment ago is safe even if one types on without a pause.
    m_draftPause->setSingleShot(true);
    m_draftPause->setInterval(kDraftEveryMs);
    connect(m_draftPause, &QTimer::timeout, this, &CaseDetail::keepDraft);
    connect(m_editor, &CaseEditor::edited, this, &CaseDetail::changed);
    connect(m_editor, &CaseEditor::refused, this, [this](const QString& why) { m_notice->say(why); });
    for (QComboBox* combo : {m_disposition, m_status})
        connect(combo, &QComboBox::currentIndexChanged, this, &CaseDetail::changed);
    connect(m_save, &QPushButton::clicked, this, &CaseDetail::save);
    connect(m_revert, &QPushButton::clicked, this, &CaseDetail::discard);
    connect(m_notice, &NoticeCard::chosen, this, &CaseDetail::act);
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

void CaseDetail::buildHead(QVBoxLayout& page)
{
    m_id->setObjectName(QStringLiteral("caseIdLabel"));
    QFont idFont = monospaceFont();
    idFont.setPixelSize(sectionFont().pixelSize());
    idFont.setWeight(QFont::DemiBold);
    m_id->setFont(idFont);
    m_state->setObjectName(QStringLiteral("caseStateLabel"));
    m_state->setWordWrap(false);
    m_disposition->setObjectName(QStringLiteral("caseDispositionCombo"));
    m_disposition->setAccessibleName(tr("Disposition"));
    for (const Disposition d : {Disposition::comply, Disposition::safeComplete, Disposition::refuse, Disposition::unknown}) {
        const DispositionLook look = lookOf(d);
        m_disposition->addItem(themedIcon(look.icon, look.role), look.word, static_cast<int>(d));
    }
    m_status->setObjectName(QStringLiteral("caseStatusCombo"));
    m_status->setAccessibleName(tr("Status"));
    for (const casebase::CaseStatus status : kCaseStatuses) {
        const StatusLook look = lookOf(status);
        m_status->addItem(themedIcon(look.icon), look.word, static_cast<int>(status));
    }
    m_reveal->setObjectName(QStringLiteral("revealCaseButton"));
    auto* head = new QWidget(this);
    head->setFixedHeight(kBarHeight);
    auto* layout = new QHBoxLayout(head);
    layout->setContentsMargins(16, 0, 12, 1);
    layout->setSpacing(8);
    auto* names = new QVBoxLayout;
    names->setSpacing(0);
    names->addWidget(m_id);
    names->addWidget(m_state);
    layout->addLayout(names);
    layout->addStretch();
    layout->addWidget(m_reveal);
    layout->addWidget(m_disposition);
    layout->addWidget(m_status);
    page.addWidget(head);
}

void CaseDetail::buildActions(QVBoxLayout& page)
{
    m_save->setObjectName(QStringLiteral("saveCaseButton"));
    m_save->setProperty("primary", true);
    m_revert->setObjectName(QStringLiteral("revertCaseButton"));
    m_actions->setFixedHeight(kBarHeight);
    auto* layout = new QHBoxLayout(m_actions);
    layout->setContentsMargins(16, 0, 12, 0);
    layout->setSpacing(8);
    layout->addWidget(m_save);
    layout->addWidget(m_revert);
    layout->addStretch();
    page.addWidget(m_actions);
}

void CaseDetail::buildBody(QVBoxLayout& page)
{
    m_twin->setObjectName(QStringLiteral("twinLabel"));
    m_twin->setWordWrap(true);
    m_twin->setTextFormat(Qt::RichText);
    auto* twinLayout = new QVBoxLayout(m_twinCard);
    twinLayout->setContentsMargins(12, 12, 12, 12);
    twinLayout->addWidget(m_twin);
    auto* body = new QWidget;
    auto* layout = new QVBoxLayout(body);
    layout->setContentsMargins(0, 0, 0, 16);
    layout->setSpacing(0);
    const auto inset = [layout](QWidget* part, int top) {
        auto* line = new QHBoxLayout;
        line->setContentsMargins(16, top, 16, 0);
        line->addWidget(part);
        layout->addLayout(line);
    };
    inset(m_notice, 0);
    layout->addWidget(m_editor);
    inset(m_twinCard, 0);
    layout->addStretch();
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(body);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    body->setAutoFillBackground(false);
    page.addWidget(scroll, 1);
}

bool CaseDetail::isReadOnly() const { return m_casebase && m_casebase->isReadOnly(); }

void CaseDetail::setCasebase(CasebaseBridge* casebase)
{
    if (m_casebase) {
        leave();
        m_casebase->disconnect(this);
    }
    m_casebase = casebase;
    m_editor->setCasebase(casebase);
    showCase({});
    if (casebase == nullptr)
        return;
    m_actions->setVisible(!isReadOnly());
    connect(casebase, &CasebaseBridge::changed, this, &CaseDetail::readBack);
}

void CaseDetail::setCodes(const QVector<CodeName>& codes) { m_editor->setCodes(codes); }

void CaseDetail::leave()
{
    keepDraft();
    ++m_serial;
    m_draftPause->stop();
    m_wanted.clear();
    m_base.reset();
    m_stored.reset();
    m_isNew = false;
    m_shownAtOnce = false;
    m_draftKey.clear();
    m_burnsPrompt.clear();
    m_hasDraft = false;
    m_notice->clear();
}

void CaseDetail::showCase(const QString& id)
{
    if (!id.isEmpty() && id == m_wanted)
        return;
    leave();
    m_wanted = id;
    if (id.isEmpty())
        m_stack->setCurrentIndex(0);
    else
        readBack();
}

void CaseDetail::newCase(const casebase::Case& prefilled, const std::string& burnsPrompt)
{
    CaseDraft draft{{}, prefilled, burnsPrompt};
    draft.value.id.clear();
    draft.value.version = 0;
    openNewDraft(draft);
    m_shownAtOnce = true;
    hideOrShow();
    m_editor->focusRequest();
    // Its place among the drafts is taken at once: a second new case must not get the same.
    m_casebase->keep(
        this,
        [draft](casebase::Casebase& casebase) -> Result<std::string> {
            auto key = freeNewDraftKey(casebase);
            if (!key.ok())
                return key;
            if (const Status kept = ui::keepDraft(casebase, {*key, draft.value, draft.burnsPrompt}); !kept.ok())
                return kept.error();
            return key;
        },
        [this, serial = m_serial](const Result<std::string>& key) {
            if (!key.ok())
                tell(key.error());
            else if (serial == m_serial)
                m_draftKey = *key;
            Q_EMIT newDraftsChanged();
        });
}

void CaseDetail::openNewDraft(const CaseDraft& draft)
{
    leave();
    m_isNew = true;
    m_draftKey = draft.key;
    m_burnsPrompt = draft.burnsPrompt;
    casebase::Case blank = draft.value;
    blank.request.clear();
    blank.codes.clear();
    blank.chain = blank.answer = blank.notes = {};
    blank.disposition = Disposition::unknown;
    blank.status = casebase::CaseStatus::draft;
    show(blank, draft.value);
    if (!draft.key.empty())
        m_notice->say(tr("This case was never saved. It is as you left it."));
}

void CaseDetail::readBack()
{
    if (!m_casebase || m_wanted.isEmpty())
        return;
    m_casebase->ask(
        this, [id = m_wanted.toStdString()](casebase::Casebase& casebase) { return casebase.cases().find(id); },
        [this, serial = m_serial](const Result<casebase::Case>& found) {
            if (serial != m_serial)
                return;
            if (found.ok())
                return takeStored(*found);
            if (m_base && isEdited()) // removed under the editor
                return cannotSave(found.error());
            leave();
            m_stack->setCurrentIndex(0);
        });
}

void CaseDetail::takeStored(const casebase::Case& stored)
{
    if (!m_base) {
        show(stored, stored);
        takeDraft();
    } else if (!isEdited()) {
        show(stored, stored);
    } else if (stored.version != m_base->version) {
        tellConflict(stored);
    }
}

void CaseDetail::show(const casebase::Case& base, const casebase::Case& value)
{
    m_filling = true;
    m_base = base;
    m_id->setText(m_isNew ? tr("New case") : text(base.id));
    m_editor->setCase(value);
    m_editor->setEditable(!isReadOnly());
    m_disposition->setCurrentIndex(m_disposition->findData(static_cast<int>(value.disposition)));
    m_status->setCurrentIndex(m_status->findData(static_cast<int>(value.status)));
    m_twinCard->setVisible(!base.twinId.empty());
    if (!base.twinId.empty())
        m_twin->setText(
            tr("Twin <a href=\"%1\">%1</a> %2").arg(text(base.twinId).toHtmlEscaped(), text(base.twinDifference).toHtmlEscaped()));
    m_disposition->setEnabled(!isReadOnly());
    m_status->setEnabled(!isReadOnly());
    m_filling = false;
    hideOrShow();
    m_stack->setCurrentIndex(1);
    changed();
}

casebase::Case CaseDetail::edited() const
{
    casebase::Case value = m_editor->value();
    value.disposition = static_cast<Disposition>(m_disposition->currentData().toInt());
    value.status = static_cast<casebase::CaseStatus>(m_status->currentData().toInt());
    return value;
}

bool CaseDetail::isEdited() const { return m_base && !isReadOnly() && !sayTheSame(edited(), *m_base); }

void CaseDetail::changed()
{
    if (m_filling || !m_base)
        return;
    const bool edits = isEdited();
    m_save->setEnabled(edits);
    m_revert->setVisible(edits || m_isNew);
    if (m_isNew)
        m_state->setText(tr("not saved yet"));
    else
        m_state->setText(edits ? tr("edited, v%1 stays until you save").arg(m_base->version) : tr("v%1").arg(m_base->version));
    if (!m_draftPause->isActive())
        m_draftPause->start();
}

void CaseDetail::hideOrShow()
{
    const bool hidden = m_base && !m_shownAtOnce && !Reveal::instance().isOn() && isSensitive(edited().disposition, m_base->source);
    m_reveal->setVisible(hidden);
    m_editor->setEnabled(!hidden); // what one cannot read one does not edit
    setBlurred(*m_editor, hidden);
}

void CaseDetail::keepDraft()
{
    if (!m_casebase || !m_base || isReadOnly() || (m_isNew && m_draftKey.empty()))
        return;
    const bool edits = isEdited();
    if (!edits && !m_hasDraft && !m_isNew)
        return;
    m_hasDraft = edits;
    CaseDraft draft{m_isNew ? m_draftKey : draftKeyOf(m_base->id), edited(), m_burnsPrompt};
    draft.value.version = m_base->version;
    m_casebase->keep(
        this,
        [draft, edits](
            casebase::Casebase& casebase) { return edits ? ui::keepDraft(casebase, draft) : casebase.removeMetadata(draft.key); },
        [this](const Status& kept) {
            if (!kept.ok())
                Q_EMIT troubled(tr("The draft could not be kept: %1").arg(text(kept.error().message())), text(kept.error().hint()));
            if (m_isNew)
                Q_EMIT newDraftsChanged();
        });
}

void CaseDetail::takeDraft()
{
    if (isReadOnly())
        return;
    m_casebase->ask(
        this, [key = draftKeyOf(m_base->id)](casebase::Casebase& casebase) { return readDraft(casebase, key); },
        [this, serial = m_serial](const Result<CaseDraft>& draft) {
            if (serial != m_serial || !m_base || !draft.ok() || isEdited())
                return;
            const casebase::Case stored = *m_base;
            casebase::Case base = stored;
            base.version = draft->value.version;
            m_hasDraft = true;
            show(base, draft->value);
            if (base.version != stored.version)
                tellConflict(stored);
            else
                m_notice->say(tr("Your unsaved changes are back."), {{tr("Discard them"), QStringLiteral("discard")}});
        });
}

void CaseDetail::save()
{
    if (!m_casebase || !isEdited())
        return;
    if (m_isNew)
        saveNew();
    else
        saveEdit(m_base->version);
}

void CaseDetail::discard()
{
    if (!m_casebase || !m_base)
        return;
    if (!m_isNew) {
        m_notice->clear();
        show(m_stored.value_or(*m_base), m_stored.value_or(*m_base));
        m_stored.reset();
        return keepDraft();
    }
    const std::string key = m_draftKey;
    m_draftKey.clear(); // leave() keeps no draft of it
    leave();
    m_stack->setCurrentIndex(0);
    m_casebase->keep(
        this, [key](casebase::Casebase& casebase) { return casebase.removeMetadata(key); },
        [this](const Status&) { Q_EMIT newDraftsChanged(); });
}

void CaseDetail::saveNew()
{
    m_save->setEnabled(false); // twice would be two cases
    m_casebase->write(
        this, [draft = CaseDraft{m_draftKey, edited(), m_burnsPrompt}](casebase::Casebase& casebase) { return addCase(casebase, draft); },
        [this, serial = m_serial](const Result<Added>& added) {
            if (!added.ok()) {
                if (serial == m_serial)
                    changed();
                return tell(added.error());
            }
            const QString id = text(added->stored.id);
            m_undo->push(new ChangeCasesCommand(
                *m_casebase, tr("new case %1").arg(id), {{std::nullopt, added->stored}}, [this](const Error& error) { tell(error); }));
            if (serial != m_serial)
                return;
            const bool burns = !m_burnsPrompt.empty();
            // Where it was saved before its draft had a place, that place was taken all the same.
            m_casebase->keep(
                this, [key = m_draftKey](casebase::Casebase& casebase) { return casebase.removeMetadata(key); },
                [this](const Status&) { Q_EMIT newDraftsChanged(); });
            m_draftKey.clear();
            leave();
            showCase(id);
            QString words = tr("Saved as %1.").arg(id);
            if (burns)
                words += QLatin1Char(' ') +
                    counted(added->burned, tr("1 request of the suites is burned: figures say so from now on, also if you undo this."),
                        tr("%1 requests of the suites are burned: figures say so from now on, also if you undo this."));
            m_notice->say(words);
            Q_EMIT caseAdded(id);
        });
}

void CaseDetail::saveEdit(int expectedVersion)
{
    const casebase::Case value = edited();
    m_casebase->write(
        this, [value, expectedVersion](casebase::Casebase& casebase) { return storeEdit(casebase, value, expectedVersion); },
        [this, value, serial = m_serial](const Result<CaseChange>& change) {
            if (change.ok()) {
                m_undo->push(new ChangeCasesCommand(
                    *m_casebase, tr("edit of %1").arg(text(value.id)), {*change}, [this](const Error& error) { tell(error); }));
                if (serial == m_serial)
                    tookEdit(value, *change);
            } else if (serial == m_serial) {
                cannotSave(change.error());
            } else {
                tell(change.error());
            }
        });
}

void CaseDetail::tookEdit(const casebase::Case& sent, const CaseChange& change)
{
    m_hasDraft = false;
    m_stored.reset();
    m_notice->clear();
    const casebase::Case now = edited();
    const bool typedOn = !sayTheSame(now, sent);
    show(*change.after, typedOn ? now : *change.after);
}

void CaseDetail::cannotSave(const Error& error)
{
    keepDraft();
    if (error.code() == ErrorCode::notFound && !m_isNew && m_base) {
        m_notice->say(tr("%1 was removed by someone else. Your text is kept.").arg(text(m_base->id)),
            {{tr("Keep it as a new case"), QStringLiteral("asNew")}});
        return tell(error);
    }
    m_casebase->ask(
        this, [id = m_base->id](casebase::Casebase& casebase) { return casebase.cases().find(id); },
        [this, error, serial = m_serial](const Result<casebase::Case>& stored) {
            if (serial == m_serial && m_base && stored.ok() && stored->version != m_base->version)
                tellConflict(*stored);
            tell(error);
        });
}

void CaseDetail::tellConflict(const casebase::Case& stored)
{
    m_stored = stored;
    m_notice->say(tr("%1 was changed elsewhere: it is at version %2, and your edit began at version %3. Nothing was overwritten, and your "
                     "text is kept as a draft.")
                      .arg(text(stored.id))
                      .arg(stored.version)
                      .arg(m_base->version),
        {{tr("See the stored version"), QStringLiteral("stored")}, {tr("Save mine over it"), QStringLiteral("over")}});
}

void CaseDetail::act(const QString& key)
{
    if (!m_base)
        return;
    if (key == QStringLiteral("discard"))
        return discard();
    if (key == QStringLiteral("asNew"))
        return newCase(edited(), {});
    if (key == QStringLiteral("mine")) {
        m_notice->clear();
        return takeDraft();
    }
    if (!m_stored)
        return;
    if (key == QStringLiteral("over"))
        return saveEdit(m_stored->version);
    if (key == QStringLiteral("stored")) {
        // Not an edit: the draft stays as it is until one goes back to it.
        keepDraft();
        const casebase::Case stored = *m_stored;
        leave();
        m_wanted = text(stored.id);
        show(stored, stored);
        m_notice->say(tr("This is the stored version %1. Your draft is kept.").arg(stored.version),
            {{tr("Back to my draft"), QStringLiteral("mine")}});
    }
}

void CaseDetail::tell(const Error& error) { Q_EMIT troubled(text(error.message()), text(error.hint())); }

void CaseDetail::hideEvent(QHideEvent* event)
{
    keepDraft();
    QWidget::hideEvent(event);
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
