#include "ui/casebase/case_detail.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPainter>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QTimer>
#include <QUndoStack>
#include <QVBoxLayout>

#include "precedent/casebase/audit_store.h"
#include "precedent/casebase/case_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/case_acts.h"
#include "ui/casebase/case_editor.h"
#include "ui/casebase/case_head.h"
#include "ui/casebase/history_model.h"
#include "ui/casebase/notice_card.h"
#include "ui/casebase/prompt_page.h"
#include "ui/casebase/twin_card.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kDraftEveryMs = 400;
constexpr int kHistoryTab = 2;
constexpr int kOverTabs = 6; ///< with it the line of tabs has 36
constexpr int kVersionWidth = 72;

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

CaseDetail::CaseDetail(QUndoStack* undo, QWidget* parent)
    : QWidget(parent)
    , m_undo(undo)
    , m_draftPause(new QTimer(this))
    , m_stack(new QStackedWidget(this))
    , m_head(new CaseHead(undo, this))
    , m_tabs(new QTabBar(this))
    , m_pages(new QStackedWidget(this))
    , m_editor(new CaseEditor(this))
    , m_notice(new NoticeCard("caseNotice", this))
    , m_twin(new TwinCard(this))
    , m_prompt(new PromptPage(this))
    , m_history(new HistoryModel(this))
{
    setObjectName(QStringLiteral("caseDetail"));
    auto* page = new QWidget(this);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_head);
    buildPages(*layout);
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
    connect(m_head, &CaseHead::edited, this, &CaseDetail::changed);
    connect(m_head, &CaseHead::saveAsked, this, &CaseDetail::save);
    connect(m_head, &CaseHead::discardAsked, this, &CaseDetail::discard);
    connect(m_head, &CaseHead::compareAsked, m_twin, &TwinCard::compare);
    connect(m_head, &CaseHead::linkAsked, this, &CaseDetail::linkTwin);
    connect(m_head, &CaseHead::removeAsked, this, &CaseDetail::remove);
    connect(m_notice, &NoticeCard::chosen, this, &CaseDetail::act);
    connect(&Reveal::instance(), &Reveal::changed, this, &CaseDetail::hideOrShow);
    connect(m_twin, &TwinCard::caseWanted, this, &CaseDetail::caseWanted);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void CaseDetail::buildPages(QVBoxLayout& page)
{
    m_tabs->setObjectName(QStringLiteral("caseTabs"));
    m_tabs->setExpanding(false);
    m_tabs->setDrawBase(false);
    m_tabs->addTab(tr("Case"));
    m_tabs->addTab(tr("What the model sees"));
    m_tabs->addTab(tr("History"));
    auto* tabLine = new QHBoxLayout;
    tabLine->setContentsMargins(16, kOverTabs, 12, 0);
    tabLine->addWidget(m_tabs);
    page.addLayout(tabLine);
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
    inset(m_twin, 0);
    layout->addStretch();
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(body);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    body->setAutoFillBackground(false);
    auto* history = new QTableView(this);
    history->setObjectName(QStringLiteral("caseHistoryTable"));
    history->setAccessibleName(tr("History"));
    history->setModel(m_history);
    history->setShowGrid(false);
    history->setSelectionBehavior(QAbstractItemView::SelectRows);
    history->verticalHeader()->hide();
    history->verticalHeader()->setMinimumSectionSize(kRowHeight);
    history->verticalHeader()->setDefaultSectionSize(kRowHeight);
    history->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    history->horizontalHeader()->setSectionResizeMode(HistoryModel::whatColumn, QHeaderView::Stretch);
    history->horizontalHeader()->setSectionResizeMode(HistoryModel::versionColumn, QHeaderView::Fixed);
    history->horizontalHeader()->resizeSection(HistoryModel::versionColumn, kVersionWidth);
    history->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    auto* historyPage = new QWidget(this);
    auto* historyLayout = new QVBoxLayout(historyPage);
    historyLayout->setContentsMargins(12, 0, 8, 0);
    historyLayout->addWidget(history);
    history->horizontalHeader()->setHighlightSections(false);
    m_pages->addWidget(scroll);
    m_pages->addWidget(m_prompt);
    m_pages->addWidget(historyPage);
    page.addWidget(m_pages, 1);
    connect(m_tabs, &QTabBar::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
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
    m_twin->setCasebase(casebase);
    showCase({});
    if (casebase == nullptr)
        return;
    m_head->setEditable(!isReadOnly());
    connect(casebase, &CasebaseBridge::changed, this, &CaseDetail::readBack);
}

void CaseDetail::focusEditor()
{
    if (m_base)
        m_editor->focusRequest();
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
    if (lastUserText(blank.request).empty() && blank.chain.empty() && blank.answer.empty() && blank.notes.empty())
        return show(blank, blank); // a code alone is nothing to keep
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
    m_head->setCase(m_isNew ? tr("New case") : text(base.id), value.disposition, value.status);
    m_head->setKind(m_isNew, !base.twinId.empty());
    m_editor->setCase(value);
    m_editor->setEditable(!isReadOnly());
    m_twin->setCase(base);
    m_prompt->setCase(m_casebase->path(), value);
    m_filling = false;
    hideOrShow();
    m_stack->setCurrentIndex(1);
    changed();
    readHistory();
}

void CaseDetail::readHistory()
{
    m_tabs->setTabVisible(kHistoryTab, !m_isNew);
    if (m_isNew)
        return;
    m_casebase->ask(
        this, [id = m_base->id](casebase::Casebase& casebase) { return casebase.audit().history("case", id); },
        [this, serial = m_serial](const Result<std::vector<casebase::AuditEntry>>& entries) {
            if (serial != m_serial || !entries.ok())
                return;
            m_history->setEntries(*entries);
            m_tabs->setTabText(kHistoryTab, tr("History %L1").arg(static_cast<qint64>(entries->size())));
        });
}

casebase::Case CaseDetail::edited() const
{
    casebase::Case value = m_editor->value();
    value.disposition = m_head->disposition();
    value.status = m_head->status();
    return value;
}

bool CaseDetail::isEdited() const { return m_base && !isReadOnly() && !sayTheSame(edited(), *m_base); }

void CaseDetail::changed()
{
    if (m_filling || !m_base)
        return;
    const bool edits = isEdited();
    QString state = m_isNew ? tr("not saved yet") : tr("v%1").arg(m_base->version);
    if (edits && !m_isNew)
        state = tr("edited, v%1 stays until you save").arg(m_base->version);
    m_head->setState(state, edits, edits || m_isNew);
    if (!m_draftPause->isActive())
        m_draftPause->start();
}

void CaseDetail::hideOrShow()
{
    const bool hidden = m_base && !m_shownAtOnce && !Reveal::instance().isOn() && isSensitive(edited().disposition, m_base->source);
    m_head->setHidden(hidden);
    for (QWidget* part : std::initializer_list<QWidget*>{m_editor, m_prompt}) {
        part->setEnabled(!hidden); // what one cannot read one does not edit
        setBlurred(*part, hidden);
    }
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
        painter.fillRect(QRect(0, m_pages->mapTo(this, QPoint()).y() - 1, width(), 1), theme.color(Role::border));
}

} // namespace precedent::ui
