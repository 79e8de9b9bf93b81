#pragma once

#include "ui/shell/place.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QTableView;
class QTreeView;
class QUndoStack;

namespace precedent::ui {

class CaseDetail;
class CaseTableModel;
class CodeTreeModel;

/// The casebase: codes at the left, cases in the middle, the chosen case at the right.
class CasebasePlace final : public Place {
    Q_OBJECT
public:
    explicit CasebasePlace(QUndoStack* undo, QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Casebase"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("casebase"); }
    [[nodiscard]] QString help() const override;
    void setCasebase(CasebaseBridge* casebase) override;
    [[nodiscard]] QWidget* filterField() const override;
    [[nodiscard]] QWidget* mainView() override;

    /// Asks for files and shows the import's preview; `files` skips the asking.
    void importFiles(const QStringList& files = {});
    void openCase(const QString& id);
    void openCode(const QString& id);

private:
    void filter();
    void chooseAgain();
    void showCurrent();

    CodeTreeModel* m_codes;
    CaseTableModel* m_cases;
    QTreeView* m_tree;
    QTableView* m_table;
    QLineEdit* m_search;
    QComboBox* m_disposition;
    QComboBox* m_status;
    QLabel* m_count;
    CaseDetail* m_detail;
    QString m_shown; ///< the case in the detail
    QString m_code; ///< chosen in the tree; empty: all cases
    CasebaseBridge* m_casebase = nullptr;
};

} // namespace precedent::ui
