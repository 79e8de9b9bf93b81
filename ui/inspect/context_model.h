#pragma once

#include <set>
#include <string>
#include <vector>

#include <QAbstractListModel>

#include "precedent/workspace/asking.h"

namespace precedent::ui {

/// The codes and cases of one prompt, each with a box that switches it off. A sensitive case's request is hidden until revealed. What is
/// switched off stays in the list, so that it can be switched on again. UI thread.
class ContextModel final : public QAbstractListModel {
    Q_OBJECT
public:
    enum DataRole { titleRole = Qt::UserRole + 1, isCaseRole, dispositionRole, citedRole, hiddenRole };
    using QAbstractListModel::QAbstractListModel;

    /// `prompt` may be null: nothing is shown but what is switched off.
    void setPrompt(const workspace::AskPrompt* prompt);
    void setCited(std::set<std::string> ids);
    void switchAllOn();
    /// Ids that are switched off.
    [[nodiscard]] std::set<std::string> without() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

Q_SIGNALS:
    void withoutChanged();

private:
    struct Item {
        workspace::AskPrompt::Shown shown;
        bool on = true;
    };
    std::vector<Item> m_items;
    std::set<std::string> m_cited;
};

} // namespace precedent::ui
