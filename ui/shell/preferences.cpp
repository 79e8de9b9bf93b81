#include "ui/shell/preferences.h"

#include <QHeaderView>
#include <QSettings>
#include <QTableView>
#include <QTreeView>

#include "ui/shell/style.h"

namespace precedent::ui {
namespace {

constexpr int kComfortableRow = 36;

void keep(const char* key, bool value) { QSettings().setValue(QString::fromLatin1(key), value); }

} // namespace

Preferences& Preferences::instance()
{
    static Preferences preferences;
    return preferences;
}

void Preferences::read()
{
    const QSettings settings;
    m_comfortable = settings.value(QStringLiteral("comfortableRows"), false).toBool();
    m_names = settings.value(QStringLiteral("placeNames"), false).toBool();
    m_systemFont = settings.value(QStringLiteral("systemFont"), false).toBool();
    Q_EMIT changed();
}

int Preferences::rowHeight() const { return m_comfortable ? kComfortableRow : kRowHeight; }

void Preferences::setComfortable(bool comfortable)
{
    m_comfortable = comfortable;
    keep("comfortableRows", comfortable);
    Q_EMIT changed();
}

void Preferences::setShowsNames(bool shown)
{
    m_names = shown;
    keep("placeNames", shown);
    Q_EMIT changed();
}

void Preferences::setUsesSystemFont(bool used)
{
    m_systemFont = used;
    keep("systemFont", used);
    Q_EMIT changed();
}

void applyRowHeight(QWidget& root)
{
    const int height = Preferences::instance().rowHeight();
    for (QTableView* table : root.findChildren<QTableView*>())
        table->verticalHeader()->setDefaultSectionSize(height);
    for (QTreeView* tree : root.findChildren<QTreeView*>())
        tree->doItemsLayout();
}

} // namespace precedent::ui
