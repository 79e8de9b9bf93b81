#pragma once

#include <QPointer>
#include <QWidget>

#include <functional>
#include <optional>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"
#include "ui/casebase/case_draft.h"
#include "ui/casebase/governs_field.h"

class QStackedWidget;
class QTabBar;
class QTimer;
class QUndoStack;
class QVBoxLayout;

namespace precedent::ui {

class CasebaseBridge;
class CaseEditor;
class CaseHead;
class HistoryModel;
class NoticeCard;
class PromptPage;
class TwinCard;
struct CaseChange;

/// The chosen case, or a new one, read and edited in place. Save makes one undoable edit, and never overwrites what someone else
/// wrote meanwhile. Leaving a case with unsaved changes keeps them as a draft, which comes back with the case.
class CaseDetail final : public QWidget {
    Q_OBJECT
public:
    explicit CaseDetail(QUndoStack* undo, QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    void setCodes(const QVector<CodeName>& codes);
    void showCase(const QString& id); ///< empty: none
    /// Opens `prefilled` unsaved; its id is the store's to give. Saving it burns `burnsPrompt`, if there is one.
    void newCase(const casebase::Case& prefilled, const std::string& burnsPrompt);
    void openNewDraft(const CaseDraft& draft);
    void focusEditor(); ///< where there is one
    [[nodiscard]] bool isEdited() const;
    [[nodiscard]] bool isNew() const { return m_isNew; }

public Q_SLOTS:
    void save();
    void discard();

Q_SIGNALS:
    void caseWanted(const QString& id); ///< a citation or the twin was clicked
    void caseAdded(const QString& id);
    void newDraftsChanged();
    void troubled(const QString& message, const QString& hint);

protected:
    void paintEvent(QPaintEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void buildPages(QVBoxLayout& page);
    void leave(); ///< what is open: its draft is kept
    void readBack();
    void takeStored(const casebase::Case& stored);
    void show(const casebase::Case& base, const casebase::Case& value);
    void changed();
    void hideOrShow();
    void keepDraft();
    void takeDraft();
    void saveNew();
    void saveEdit(int expectedVersion);
    void tookEdit(const casebase::Case& sent, const CaseChange& change);
    void cannotSave(const Error& error);
    void tellConflict(const casebase::Case& stored);
    void act(const QString& key); ///< of the notice
    void readHistory();
    void linkTwin();
    void remove();
    void store(const QString& words, std::function<Result<std::vector<CaseChange>>(casebase::Casebase&)> act);
    void tell(const Error& error);
    [[nodiscard]] bool isReadOnly() const;
    [[nodiscard]] casebase::Case edited() const;

    QUndoStack* m_undo;
    QPointer<CasebaseBridge> m_casebase;
    QString m_wanted; ///< id; empty for a new case
    std::optional<casebase::Case> m_base; ///< what edits are measured against
    std::optional<casebase::Case> m_stored; ///< what someone else stored over m_base
    bool m_isNew = false;
    bool m_shownAtOnce = false; ///< a case being written: its author need not reveal it
    std::string m_draftKey; ///< of a new case
    std::string m_burnsPrompt;
    bool m_filling = false;
    bool m_hasDraft = false;
    quint64 m_serial = 0; ///< of what is open: late answers about what was open before are dropped
    QTimer* m_draftPause;
    QStackedWidget* m_stack;
    CaseHead* m_head;
    QTabBar* m_tabs;
    QStackedWidget* m_pages;
    CaseEditor* m_editor;
    NoticeCard* m_notice;
    TwinCard* m_twin;
    PromptPage* m_prompt;
    HistoryModel* m_history;
};

} // namespace precedent::ui
