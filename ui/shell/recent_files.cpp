#include "ui/shell/recent_files.h"

#include <algorithm>

#include <QDir>
#include <QFileInfo>
#include <QSettings>

namespace precedent::ui {
namespace {

constexpr const char* kKey = "recent";

/// "/home/a/Documents/policies" as "Documents / policies", the home folder left out.
QString folderText(const QString& path)
{
    QString folder = QFileInfo(path).absolutePath();
    const QString home = QDir::homePath();
    if (folder.startsWith(home))
        folder.remove(0, home.size());
    return folder.split(QLatin1Char('/'), Qt::SkipEmptyParts).join(QStringLiteral(" / "));
}

} // namespace

RecentFiles::RecentFiles(QObject* parent)
    : QAbstractListModel(parent)
{
    QSettings settings;
    const int size = settings.beginReadArray(QString::fromLatin1(kKey));
    for (int i = 0; i < std::min(size, kMost); ++i) {
        settings.setArrayIndex(i);
        m_entries.append({settings.value(QStringLiteral("path")).toString(), settings.value(QStringLiteral("when")).toDateTime()});
    }
    settings.endArray();
}

void RecentFiles::add(const QString& path)
{
    const QString absolute = QFileInfo(path).absoluteFilePath();
    beginResetModel();
    m_entries.removeIf([&](const Entry& entry) { return entry.path == absolute; });
    m_entries.prepend({absolute, QDateTime::currentDateTime()});
    if (m_entries.size() > kMost)
        m_entries.resize(kMost);
    endResetModel();
    store();
}

void RecentFiles::clear()
{
    beginResetModel();
    m_entries.clear();
    endResetModel();
    store();
}

QStringList RecentFiles::paths() const
{
    QStringList paths;
    for (const Entry& entry : m_entries)
        paths += entry.path;
    return paths;
}

void RecentFiles::store() const
{
    QSettings settings;
    settings.beginWriteArray(QString::fromLatin1(kKey), static_cast<int>(m_entries.size()));
    for (int i = 0; i < m_entries.size(); ++i) {
        settings.setArrayIndex(i);
        settings.setValue(QStringLiteral("path"), m_entries.at(i).path);
        settings.setValue(QStringLiteral("when"), m_entries.at(i).when);
    }
    settings.endArray();
}

int RecentFiles::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_entries.size()); }

QVariant RecentFiles::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Entry& entry = m_entries.at(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return QFileInfo(entry.path).completeBaseName();
    case Qt::ToolTipRole:
    case pathRole:
        return entry.path;
    case folderRole:
        return folderText(entry.path);
    case whenRole:
        return entry.when;
    case existsRole:
        return QFileInfo::exists(entry.path);
    default:
        return {};
    }
}

} // namespace precedent::ui
