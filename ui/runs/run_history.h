#pragma once

#include "ui/shell/pane.h"

class QLabel;
class QLineEdit;
class QListView;
class QPushButton;

namespace precedent::ui {

class CasebaseBridge;
class DraftRow;
class RunFilter;
class RunListModel;

/// The runs of the casebase at the left of the place: filter on top, the runs by day, how many there are and what can be compared
/// below. Renames in the row (F2), deletes after asking, since the files are gone then.
class RunHistory final : public Pane {
    Q_OBJECT
public:
    explicit RunHistory(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    [[nodiscard]] RunListModel* model() const { return m_runs; }
    [[nodiscard]] QListView* view() const { return m_list; }
    [[nodiscard]] QLineEdit* filterField() const { return m_filter; }
    [[nodiscard]] QString currentId() const;
    /// Selects a run; the first one where there is none of that id. False if the list is empty.
    bool select(const QString& id);
    void clearSelection();
    /// A row over the runs for the one that is being made, in place of a selected run; empty: none is.
    void setDraft(const QString& what);

Q_SIGNALS:
    void chosen(const QString& id);
    void newWanted();
    void compareWanted(const QStringList& ids);
    void troubled(const QString& message, const QString& hint);

private:
    void follow();
    [[nodiscard]] QStringList selectedIds() const;
    void showMenu(const QPoint& at);
    void askToDelete(const QString& id);
    void remove(const QString& id, bool keepFiles);

    CasebaseBridge* m_casebase = nullptr;
    RunListModel* m_runs;
    RunFilter* m_shown;
    QLineEdit* m_filter;
    DraftRow* m_draft;
    QListView* m_list;
    QLabel* m_count;
    QPushButton* m_compare;
};

} // namespace precedent::ui
