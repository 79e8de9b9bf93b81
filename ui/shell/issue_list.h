#pragma once

#include <QAbstractListModel>
#include <QDateTime>
#include <QVector>

namespace precedent::ui {

/// Something that went wrong and that the user should know of.
struct Issue {
    QString message;
    QString hint;
    QDateTime when;
};

/// The window's troubles, newest first, behind the Issues panel and the count in the status bar. UI thread.
class IssueList final : public QAbstractListModel {
    Q_OBJECT
public:
    enum DataRole { hintRole = Qt::UserRole + 1, whenRole };
    using QAbstractListModel::QAbstractListModel;

    /// The same message again only moves to the top.
    void add(const QString& message, const QString& hint);
    void clear();

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

Q_SIGNALS:
    void countChanged(int count);

private:
    QVector<Issue> m_issues;
};

} // namespace precedent::ui
