#pragma once

#include <QAbstractListModel>
#include <QDateTime>
#include <QVector>

namespace precedent::ui {

/// The casebases opened last, newest first, kept in the settings. A file that is gone is greyed, not dropped: a disk
/// may be away. UI thread.
class RecentFiles final : public QAbstractListModel {
    Q_OBJECT
public:
    enum DataRole { pathRole = Qt::UserRole + 1, folderRole, whenRole, existsRole };
    static constexpr int kMost = 12;

    explicit RecentFiles(QObject* parent = nullptr);

    void add(const QString& path);
    void clear();
    [[nodiscard]] QStringList paths() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    struct Entry {
        QString path;
        QDateTime when;
    };
    void store() const;
    QVector<Entry> m_entries;
};

} // namespace precedent::ui
