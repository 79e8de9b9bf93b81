// Saving, and what may stand in its way: the other half of CaseDetail, in a file of its own for its length.
#include <QUndoStack>

#include "precedent/casebase/case_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/case_acts.h"
#include "ui/casebase/case_detail.h"
#include "ui/casebase/case_head.h"
#include "ui/casebase/notice_card.h"
#include "ui/casebase/twin_card.h"
#include "ui/shell/counted.h"

namespace precedent::ui {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

void CaseDetail::save()
{
    if (!m_casebase || !isEdited())
        return;
    if (m_isNew)
        saveNew();
    else
        saveEdit(m_base->version);
}

void CaseDetail::saveNew()
{
    m_head->setState(tr("saving"), false, false); // twice would be two cases
    m_casebase->write(
        this, [draft = CaseDraft{m_draftKey, edited(), m_burnsPrompt}](casebase::Casebase& casebase) { return addCase(casebase, draft); },
        [this, serial = m_serial](const Result<AddedCase>& added) {
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

void CaseDetail::linkTwin()
{
    if (!m_casebase || !m_base || m_isNew)
        return;
    QString twin = text(m_base->twinId);
    QString difference = text(m_base->twinDifference);
    if (!askForTwin(*this, text(m_base->id), twin, difference))
        return;
    store(tr("twin of %1").arg(text(m_base->id)),
        [id = m_base->id, twin = twin.toStdString(), difference = difference.toStdString()](
            casebase::Casebase& casebase) { return linkTwins(casebase, id, twin, difference); });
}

void CaseDetail::remove()
{
    if (!m_casebase || !m_base || m_isNew)
        return;
    store(tr("removal of %1").arg(text(m_base->id)), [id = m_base->id](casebase::Casebase& casebase) { return removeCase(casebase, id); });
}

void CaseDetail::store(const QString& words, std::function<Result<std::vector<CaseChange>>(casebase::Casebase&)> act)
{
    m_casebase->write(this, std::move(act), [this, words](const Result<std::vector<CaseChange>>& changes) {
        if (!changes.ok())
            return tell(changes.error());
        m_undo->push(new ChangeCasesCommand(*m_casebase, words, *changes, [this](const Error& error) { tell(error); }));
    });
}

void CaseDetail::tell(const Error& error) { Q_EMIT troubled(text(error.message()), text(error.hint())); }

} // namespace precedent::ui
