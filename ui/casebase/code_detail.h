#pragma once

#include <QPointer>
#include <QWidget>

#include <optional>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/types.h"

class QLabel;
class QLineEdit;
class QPushButton;
class QTimer;
class QUndoStack;
class QVBoxLayout;

namespace precedent::ui {

class CasebaseBridge;
class NoticeCard;
class TextField;

/// The code chosen in the tree, or a new one, read and edited in place like a case: title, simple and detailed form. Save makes one
/// undoable act and never overwrites what someone else wrote; unsaved changes are kept as a draft. A code that no case and no code below
/// refers to can be removed, undoably.
class CodeDetail final : public QWidget {
    Q_OBJECT
public:
    explicit CodeDetail(QUndoStack* undo, QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    void showCode(const QString& id); ///< empty: none
    void newCode(const QString& parent); ///< below it; empty: at the top
    [[nodiscard]] bool isEdited() const;

Q_SIGNALS:
    void codeAdded(const QString& id);
    void codeRemoved(const QString& parent);
    void newCodeWanted();
    void troubled(const QString& message, const QString& hint);

protected:
    void paintEvent(QPaintEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void buildHead(QVBoxLayout& page);
    void buildForm(QVBoxLayout& page);
    void leave();
    void readBack();
    void show(const casebase::Code& base, const casebase::Code& value);
    void changed();
    void keepDraft();
    void takeDraft();
    void save(int expectedVersion);
    void remove();
    void discard();
    void failed(const Error& error);
    void tellConflict(const casebase::Code& stored);
    void push(const QString& text, std::optional<casebase::Code> before, std::optional<casebase::Code> after);
    void tell(const Error& error);
    [[nodiscard]] bool isReadOnly() const;
    [[nodiscard]] std::string draftKey() const;
    [[nodiscard]] casebase::Code edited() const;

    QUndoStack* m_undo;
    QPointer<CasebaseBridge> m_casebase;
    QString m_wanted; ///< id; empty for a new code
    std::optional<casebase::Code> m_base; ///< what edits are measured against
    std::optional<casebase::Code> m_stored; ///< what someone else stored over m_base
    bool m_isNew = false;
    bool m_filling = false;
    bool m_hasDraft = false;
    quint64 m_serial = 0; ///< late answers about what was open before are dropped
    QTimer* m_draftPause;
    QLabel* m_id;
    QLabel* m_state;
    QWidget* m_actions;
    QPushButton* m_save;
    QPushButton* m_revert;
    QPushButton* m_below;
    QPushButton* m_remove;
    NoticeCard* m_notice;
    QLabel* m_idLabel;
    QLineEdit* m_idEdit;
    QLineEdit* m_title;
    TextField* m_simple;
    TextField* m_detailed;
};

} // namespace precedent::ui
