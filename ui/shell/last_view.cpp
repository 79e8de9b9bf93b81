#include "ui/shell/last_view.h"

#include <algorithm>

#include <QCryptographicHash>
#include <QSettings>
#include <QSplitter>
#include <QVariantMap>

#include "ui/shell/place.h"

namespace precedent::ui {
namespace {

// A path may hold what a settings key must not.
QString keyOf(const QString& casebase)
{
    return QStringLiteral("views/") +
        QString::fromLatin1(QCryptographicHash::hash(casebase.toUtf8(), QCryptographicHash::Sha256).toHex().left(16));
}

} // namespace

void rememberView(const QString& casebase, int current, const std::vector<Place*>& places)
{
    QVariantMap view{{QStringLiteral("current"), current}};
    for (const Place* place : places)
        view.insert(place->icon(), place->state());
    QSettings().setValue(keyOf(casebase), view);
}

int recallView(const QString& casebase, const std::vector<Place*>& places)
{
    const QVariantMap view = QSettings().value(keyOf(casebase)).toMap();
    for (Place* place : places)
        place->restore(view.value(place->icon()).toMap());
    return std::clamp(view.value(QStringLiteral("current"), 0).toInt(), 0, static_cast<int>(places.size()) - 1);
}

void rememberSplitters(const QWidget& window)
{
    QSettings settings;
    for (const QSplitter* splitter : window.findChildren<QSplitter*>()) {
        if (!splitter->objectName().isEmpty())
            settings.setValue(QStringLiteral("splitters/") + splitter->objectName(), splitter->saveState());
    }
}

void recallSplitters(QWidget& window)
{
    const QSettings settings;
    for (QSplitter* splitter : window.findChildren<QSplitter*>()) {
        const QByteArray state = settings.value(QStringLiteral("splitters/") + splitter->objectName()).toByteArray();
        if (!splitter->objectName().isEmpty() && !state.isEmpty())
            splitter->restoreState(state);
    }
}

} // namespace precedent::ui
