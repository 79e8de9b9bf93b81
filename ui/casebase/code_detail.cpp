#include "ui/casebase/code_detail.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QTimer>
#include <QUndoStack>
#include <QVBoxLayout>

#include "precedent/base/json.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/value_json.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/code_acts.h"
#include "ui/casebase/notice_card.h"
#include "ui/casebase/text_field.h"
#include "ui/commands/change_code_command.h"
#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kDraftEveryMs = 400;
constexpr int kGap = 12;
constexpr int kLongestTitle = 1000;
constexpr const char* kNewDraft = "draft-code-new";

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

CodeDetail::CodeDetail(QUndoStack* undo, QWidget* parent)
    : QWidget(parent)
    , m_undo(undo)
    , m_draftPause(new QTimer(this))
    , m_id(new QLabel(this))
    , m_state(new QuietLabel({}, secondaryFont(), this))
    , m_actions(new QWidget(this))
    , m_save(new QPushButton(themedIcon(QStringLiteral("save"), Role::onAccent), tr("Save"), m_actions))
    , m_revert(new QPushButton(themedIcon(QStringLiteral("undo")), tr("Discard changes"), m_actions))
    , m_below(new QPushButton(themedIcon(QStringLiteral("plus")), tr("Code below"), m_actions))
    , m_remove(new QPushButton(tr("Remove"), m_actions))
    , m_notice(new NoticeCard("codeNotice", this))
    , m_idLabel(new QuietLabel(tr("Id, as chains cite it"), labelFont(), this))
    , m_idEdit(new QLineEdit(this))
    , m_title(new QLineEdit(this))
    , m_simple(new TextField("codeSimpleEdit", tr("Simple form"), this))
    , m_detailed(new TextField("codeDetailedEdit", tr("Detailed form"), this))
{
    setObjectName(QStringLiteral("codeDetail"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    buildHead(*layout);
    buildForm(*layout);
    m_draftPause->setSingleShot(true);
    m_draftPause->setInterval(kDraftEveryMs);
    connect(m_draftPause, &QTimer::timeout, this, &CodeDetail::keepDraft);
    for (QLineEdit* line : {m_idEdit, m_title})
        connect(line, &QLineEdit::textChanged, this, &CodeDetail::changed);
    for (TextField* field : {m_simple, m_detailed}) {
        connect(field, &QTextEdit::textChanged, this, &CodeDetail::changed);
        connect(field, &TextField::refused, this, [this](const QString& why) { m_notice->say(why); });
    }
    connect(m_save, &QPushButton::clicked, this, [this] {
        if (m_base && isEdited())
            save(m_base->version);
    });
    connect(m_revert, &QPushButton::clicked, this, &CodeDetail::discard);
    connect(m_remove, &QPushButton::clicked, this, &CodeDetail::remove);
    connect(m_below, &QPushButton::clicked, this, &CodeDetail::newCodeWanted);
    connect(m_notice, &NoticeCard::chosen, this, [this](const QString& key) {
        if (key == QStringLiteral("discard"))
            discard();
        else if (key == QStringLiteral("over") && m_stored)
            save(m_stored->version);
    });
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void CodeDetail::buildHead(QVBoxLayout& page)
{
    m_id->setObjectName(QStringLiteral("codeIdLabel"));
    QFont idFont = monospaceFont();
    idFont.setPixelSize(sectionFont().pixelSize());
    idFont.setWeight(QFont::DemiBold);
    m_id->setFont(idFont);
    m_state->setObjectName(QStringLiteral("codeStateLabel"));
    m_state->setWordWrap(false);
    auto* head = new QWidget(this);
    head->setFixedHeight(kBarHeight);
    auto* names = new QVBoxLayout(head);
    names->setContentsMargins(16, 2, 12, 3);
    names->setSpacing(0);
    names->addWidget(m_id);
    names->addWidget(m_state);
    page.addWidget(head);
    m_save->setObjectName(QStringLiteral("saveCodeButton"));
    m_save->setProperty("primary", true);
    m_revert->setObjectName(QStringLiteral("revertCodeButton"));
    m_below->setObjectName(QStringLiteral("codeBelowButton"));
    m_remove->setObjectName(QStringLiteral("removeCodeButton"));
    m_actions->setFixedHeight(kBarHeight);
    auto* layout = new QHBoxLayout(m_actions);
    layout->setContentsMargins(16, 0, 12, 0);
    layout->setSpacing(8);
    layout->addWidget(m_save);
    layout->addWidget(m_revert);
    layout->addStretch();
    layout->addWidget(m_below);
    layout->addWidget(m_remove);
    page.addWidget(m_actions);
}

void CodeDetail::buildForm(QVBoxLayout& page)
{
    m_idEdit->setObjectName(QStringLiteral("codeIdEdit"));
    m_idEdit->setAccessibleName(m_idLabel->text());
    m_idEdit->setFont(monospaceFont());
    m_title->setObjectName(QStringLiteral("codeTitleEdit"));
    m_title->setAccessibleName(tr("Title"));
    m_title->setMaxLength(kLongestTitle);
    auto* form = new QWidget;
    auto* layout = new QVBoxLayout(form);
    layout->setContentsMargins(16, kGap, 16, 16);
    layout->setSpacing(4);
    const auto add = [&](const QString& words, QWidget* field) {
        layout->addWidget(new QuietLabel(words, labelFont(), form));
        layout->addWidget(field);
        layout->addSpacing(kGap);
    };
    layout->addWidget(m_notice);
    layout->addWidget(m_idLabel);
    layout->addWidget(m_idEdit);
    add(tr("Title"), m_title);
    add(tr("Simple form, shown with cases"), m_simple);
    add(tr("Detailed form, shown in mode codes"), m_detailed);
    layout->addStretch();
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(form);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    form->setAutoFillBackground(false);
    page.addWidget(scroll, 1);
}

bool CodeDetail::isReadOnly() const { return m_casebase && m_casebase->isReadOnly(); }

std::string CodeDetail::draftKey() const { return m_isNew ? kNewDraft : "draft-code/" + m_base->id; }

void CodeDetail::setCasebase(CasebaseBridge* casebase)
{
    if (m_casebase) {
        leave();
        m_casebase->disconnect(this);
    }
    m_casebase = casebase;
    if (casebase == nullptr)
        return;
    m_actions->setVisible(!isReadOnly());
    connect(casebase, &CasebaseBridge::changed, this, &CodeDetail::readBack);
}

void CodeDetail::leave()
{
    keepDraft();
    ++m_serial;
    m_draftPause->stop();
    m_wanted.clear();
    m_base.reset();
    m_stored.reset();
    m_isNew = false;
    m_hasDraft = false;
    m_notice->clear();
}

void CodeDetail::showCode(const QString& id)
{
    if (id == m_wanted && !id.isEmpty())
        return;
    leave();
    m_wanted = id;
    readBack();
}

void CodeDetail::newCode(const QString& parent)
{
    if (!m_casebase || isReadOnly())
        return;
    leave();
    m_casebase->ask(
        this, [parent = parent.toStdString()](casebase::Casebase& casebase) { return blankCode(casebase, parent); },
        [this, serial = m_serial](const Result<casebase::Code>& code) {
            if (serial != m_serial || !code.ok())
                return;
            m_isNew = true;
            show(*code, *code);
            m_title->setFocus(Qt::OtherFocusReason);
            takeDraft();
        });
}

void CodeDetail::readBack()
{
    if (!m_casebase || m_wanted.isEmpty())
        return;
    m_casebase->ask(
        this, [id = m_wanted.toStdString()](casebase::Casebase& casebase) { return casebase.codes().find(id); },
        [this, serial = m_serial](const Result<casebase::Code>& found) {
            if (serial != m_serial)
                return;
            if (!found.ok()) {
                if (m_base && isEdited())
                    tell(found.error());
                return;
            }
            if (!m_base) {
                show(*found, *found);
                takeDraft();
            } else if (!isEdited()) {
                show(*found, *found);
            } else if (found->version != m_base->version) {
                tellConflict(*found);
            }
        });
}

void CodeDetail::show(const casebase::Code& base, const casebase::Code& value)
{
    m_filling = true;
    m_base = base;
    m_id->setText(m_isNew ? tr("New code") : text(base.id));
    m_idEdit->setText(text(value.id));
    m_idLabel->setVisible(m_isNew);
    m_idEdit->setVisible(m_isNew);
    m_title->setText(text(value.title));
    m_title->setReadOnly(isReadOnly());
    m_simple->setStored(value.simple);
    m_detailed->setStored(value.detailed);
    for (TextField* field : {m_simple, m_detailed})
        field->setEditable(!isReadOnly());
    m_below->setVisible(!m_isNew);
    m_remove->setVisible(!m_isNew);
    m_filling = false;
    changed();
}

casebase::Code CodeDetail::edited() const
{
    casebase::Code value = *m_base;
    if (m_isNew)
        value.id = m_idEdit->text().trimmed().toStdString();
    if (m_title->text() != text(value.title))
        value.title = m_title->text().trimmed().toStdString();
    value.simple = m_simple->stored();
    value.detailed = m_detailed->stored();
    return value;
}

bool CodeDetail::isEdited() const { return m_base && !isReadOnly() && !sayTheSame(edited(), *m_base); }

void CodeDetail::changed()
{
    if (m_filling || !m_base)
        return;
    const bool edits = isEdited();
    m_save->setEnabled(edits);
    m_revert->setVisible(edits || m_isNew);
    const QString below = m_base->parent.empty() ? QString() : tr("below %1").arg(text(m_base->parent));
    if (m_isNew)
        m_state->setText(below.isEmpty() ? tr("not saved yet") : tr("not saved yet, %1").arg(below));
    else
        m_state->setText(edits ? tr("edited, v%1 stays until you save").arg(m_base->version) : tr("v%1").arg(m_base->version));
    if (!m_draftPause->isActive())
        m_draftPause->start();
}

void CodeDetail::keepDraft()
{
    if (!m_casebase || !m_base || isReadOnly() || (!isEdited() && !m_hasDraft))
        return;
    m_hasDraft = isEdited();
    const std::string draft = m_hasDraft ? dumpJson({{"version", m_base->version}, {"code", casebase::toJson(edited())}}) : std::string();
    m_casebase->keep(
        this,
        [key = draftKey(), draft](
            casebase::Casebase& casebase) { return draft.empty() ? casebase.removeMetadata(key) : casebase.setMetadata(key, draft); },
        [this](const Status& kept) {
            if (!kept.ok())
                Q_EMIT troubled(tr("The draft could not be kept: %1").arg(text(kept.error().message())), text(kept.error().hint()));
        });
}

void CodeDetail::takeDraft()
{
    if (isReadOnly())
        return;
    m_casebase->ask(
        this, [key = draftKey()](casebase::Casebase& casebase) { return readCodeDraft(casebase, key); },
        [this, serial = m_serial](const Result<casebase::Code>& draft) {
            if (serial != m_serial || !m_base || !draft.ok() || isEdited())
                return;
            const casebase::Code stored = *m_base;
            casebase::Code base = stored;
            base.version = draft->version;
            if (m_isNew)
                base.parent = draft->parent;
            m_hasDraft = true;
            show(base, *draft);
            if (base.version != stored.version)
                tellConflict(stored);
            else
                m_notice->say(tr("Your unsaved changes are back."), {{tr("Discard them"), QStringLiteral("discard")}});
        });
}

void CodeDetail::push(const QString& words, std::optional<casebase::Code> before, std::optional<casebase::Code> after)
{
    m_undo->push(
        new ChangeCodeCommand(*m_casebase, words, std::move(before), std::move(after), [this](const Error& error) { tell(error); }));
}

void CodeDetail::save(int expectedVersion)
{
    const casebase::Code value = edited();
    m_save->setEnabled(false);
    m_casebase->write(
        this,
        [value, isNew = m_isNew, expectedVersion, draft = draftKey()](
            casebase::Casebase& casebase) { return storeCode(casebase, value, isNew, expectedVersion, draft); },
        [this, isNew = m_isNew, serial = m_serial](const Result<CodeChange>& change) {
            if (!change.ok()) {
                if (serial == m_serial)
                    failed(change.error());
                return tell(change.error());
            }
            const QString id = text(change->after->id);
            push(isNew ? tr("new code %1").arg(id) : tr("edit of %1").arg(id), change->before, change->after);
            if (serial != m_serial)
                return;
            m_hasDraft = false;
            m_stored.reset();
            m_notice->clear();
            m_isNew = false;
            m_wanted = id;
            show(*change->after, *change->after);
            if (isNew)
                Q_EMIT codeAdded(id);
        });
}

void CodeDetail::remove()
{
    if (!m_casebase || !m_base || m_isNew)
        return;
    m_casebase->write(
        this,
        [id = m_base->id](casebase::Casebase& casebase) -> Result<casebase::Code> {
            auto code = casebase.codes().find(id);
            if (code.ok())
                PRECEDENT_TRY(casebase.codes().remove(id));
            return code;
        },
        [this, serial = m_serial](const Result<casebase::Code>& removed) {
            if (!removed.ok()) {
                if (serial == m_serial)
                    m_notice->say(text(removed.error().message()) + QLatin1Char(' ') + text(removed.error().hint()));
                return;
            }
            push(tr("removal of %1").arg(text(removed->id)), *removed, std::nullopt);
            if (serial != m_serial)
                return;
            m_base.reset();
            leave();
            Q_EMIT codeRemoved(text(removed->parent));
        });
}

void CodeDetail::discard()
{
    if (!m_base)
        return;
    const casebase::Code back = m_stored.value_or(*m_base);
    m_stored.reset();
    m_notice->clear();
    show(back, back);
    keepDraft();
    if (m_isNew) {
        const QString parent = text(m_base->parent);
        m_base.reset();
        leave();
        Q_EMIT codeRemoved(parent);
    }
}

void CodeDetail::failed(const Error& error)
{
    keepDraft();
    changed();
    m_notice->say(text(error.message()) + QLatin1Char(' ') + text(error.hint()));
    if (!m_isNew)
        readBack(); // a conflict is told with what one can do about it
}

void CodeDetail::tellConflict(const casebase::Code& stored)
{
    m_stored = stored;
    m_notice->say(tr("%1 was changed elsewhere: it is at version %2, and your edit began at version %3. Nothing was overwritten, and your "
                     "text is kept as a draft.")
                      .arg(text(stored.id))
                      .arg(stored.version)
                      .arg(m_base->version),
        {{tr("Take the stored version"), QStringLiteral("discard")}, {tr("Save mine over it"), QStringLiteral("over")}});
}

void CodeDetail::tell(const Error& error) { Q_EMIT troubled(text(error.message()), text(error.hint())); }

void CodeDetail::hideEvent(QHideEvent* event)
{
    keepDraft();
    QWidget::hideEvent(event);
}

void CodeDetail::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::surface));
    for (int bars = isReadOnly() ? 1 : 2; bars > 0; --bars)
        painter.fillRect(QRect(0, bars * kBarHeight - 1, width(), 1), theme.color(Role::border));
}

} // namespace precedent::ui
