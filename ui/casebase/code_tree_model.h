#pragma once

#include <QAbstractItemModel>
#include <QPointer>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "ui/casebase/governs_field.h"

namespace precedent::ui {

class CasebaseBridge;

/// The codes as a tree, under a first row for all cases, each with how many cases it and the codes below it govern, by
/// disposition. Read whole (codes are hundreds at most). Lives on the UI thread.
class CodeTreeModel final : public QAbstractItemModel {
    Q_OBJECT
public:
    enum DataRole {
        idRole = Qt::UserRole + 1, ///< empty for "All cases"
        casesRole,
        complyRole,
        safeCompleteRole,
        refuseRole,
    };

    explicit CodeTreeModel(QObject* parent = nullptr);
    ~CodeTreeModel() override;

    void setCasebase(CasebaseBridge* casebase);
    void refresh();
    [[nodiscard]] QVector<CodeName> names() const; ///< of every code, in the tree's order
    [[nodiscard]] QModelIndex indexOf(const QString& id) const; ///< invalid if there is no such code

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

Q_SIGNALS:
    void failed(const QString& message);

private:
    struct Node;
    [[nodiscard]] Node* nodeAt(const QModelIndex& index) const;

    QPointer<CasebaseBridge> m_casebase;
    std::unique_ptr<Node> m_root;
};

} // namespace precedent::ui
