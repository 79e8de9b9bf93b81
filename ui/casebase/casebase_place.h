#pragma once

#include <functional>
#include <string>

#include "precedent/casebase/types.h"
#include "ui/shell/place.h"

class QAction;
class QLabel;
class QLineEdit;
class QStackedWidget;
class QTableView;
class QToolButton;
class QTreeView;
class QUndoStack;

namespace precedent::ui {

class CaseDetail;
class CaseTableModel;
class CodeDetail;
class CodeTreeModel;
class FacetBar;
class QuickLook;

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
    [[nodiscard]] QVariantMap state() const override; ///< search, code and case
    void restore(const QVariantMap& state) override;

    /// Asks for files and shows the import's preview; `files` skips the asking.
    void importFiles(const QStringList& files = {});
    /// Opens the editor on `prefilled`, unsaved; the store gives the id. The draft is kept like any other, so that a crash loses
    /// nothing. Saving it burns `burnsPrompt` (where it is not empty) in its suites, and says so.
    void newCase(const casebase::Case& prefilled, const std::string& burnsPrompt);
    void openCase(const QString& id);
    void openCode(const QString& id);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void makeActions();
    QWidget* makeLeft();
    QWidget* makeMiddle();
    void setUpTable();
    void connectAll();
    void chooseCode(const QString& id);
    void showNewDraft(const std::function<void()>& open);
    void newEmptyCase();
    void countNewDrafts();
    void offerNewDrafts();
    void filter();
    void chooseAgain();
    void showCurrent();

    CodeTreeModel* m_codes;
    CaseTableModel* m_cases;
    QTreeView* m_tree;
    QTableView* m_table;
    QLineEdit* m_search;
    FacetBar* m_facets;
    QLabel* m_count;
    CaseDetail* m_detail;
    CodeDetail* m_codeDetail;
    QStackedWidget* m_right; ///< the case or the code
    QuickLook* m_look;
    QString m_shown; ///< the case in the detail
    QString m_code; ///< chosen in the tree; empty: all cases
    QAction* m_newCase = nullptr;
    QAction* m_newCode = nullptr;
    QToolButton* m_drafts; ///< cases that were never saved
    CasebaseBridge* m_casebase = nullptr;
};

} // namespace precedent::ui
