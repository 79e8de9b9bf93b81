#pragma once

#include <map>
#include <stop_token>
#include <vector>

#include <QObject>
#include <QString>

#include "precedent/workspace/model_catalog.h"

namespace precedent::ui {

/// The models at hand and what they are, read off the UI thread.
///
/// Thread: every method and signal on the UI thread. Destruction ends the reading of weights; it never waits.
class ModelCatalogBridge final : public QObject {
    Q_OBJECT
public:
    explicit ModelCatalogBridge(QObject* parent = nullptr);
    ~ModelCatalogBridge() override;

    /// placesRead() follows, then cardRead() for each place of it.
    void refresh();
    /// cardRead() follows for each.
    void readCards(std::vector<workspace::ModelPlace> places);

    /// Adds a folder to the list once it is sure that it loads. added() or failed() follows.
    void add(const QString& folder);
    /// Takes a name off the list; the folder stays as it is. removed() or failed() follows.
    void remove(const QString& name);
    /// Puts back what remove() took. restored() or failed() follows.
    void restore(const QString& name, const QString& folder);

    /// Reads the weights for their digest. checkProgressed() follows at most every 50 ms, then checked() or checkFailed().
    void check(const workspace::ModelCard& card);
    void cancelCheck(const QString& name);

Q_SIGNALS:
    void placesRead(const precedent::workspace::ModelPlaces& places);
    void cardRead(const precedent::workspace::ModelCard& card);
    void added(const precedent::workspace::ModelCard& card);
    void removed(const QString& name, const QString& folder);
    void restored(const QString& name);
    void checkProgressed(const QString& name, qint64 read, qint64 total);
    void checked(const QString& name, const QString& sha256);
    void checkCancelled(const QString& name);
    /// What was asked did not happen: a sentence and what to do.
    void failed(const QString& message, const QString& hint);

private:
    std::stop_source m_stop; ///< of reading cards
    std::map<QString, std::stop_source> m_checks; ///< under way, by model
};

} // namespace precedent::ui
