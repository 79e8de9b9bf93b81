#include "ui/bridge/model_catalog_bridge.h"

#include <chrono>

#include "precedent/workspace/model_registry.h"
#include "ui/bridge/background.h"

namespace precedent::ui {
namespace {

using workspace::ModelCard;
using workspace::ModelPlace;
using workspace::ModelPlaces;

constexpr std::chrono::milliseconds kBetweenNews(50);

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

ModelCatalogBridge::ModelCatalogBridge(QObject* parent)
    : QObject(parent)
{
}

ModelCatalogBridge::~ModelCatalogBridge()
{
    m_stop.request_stop();
    for (auto& [name, stop] : m_checks)
        stop.request_stop();
}

void ModelCatalogBridge::refresh()
{
    m_stop.request_stop(); // cards of an older list would only be overtaken
    m_stop = std::stop_source();
    inBackground(
        this, [] { return workspace::modelPlaces(); },
        [this, stop = m_stop.get_token()](const ModelPlaces& places) {
            if (stop.stop_requested())
                return;
            Q_EMIT placesRead(places);
            readCards(places.places);
        });
}

void ModelCatalogBridge::readCards(std::vector<ModelPlace> places)
{
    if (places.empty())
        return;
    inBackground(
        this,
        [self = QPointer<QObject>(this), this, places = std::move(places), stop = m_stop.get_token()] {
            for (const ModelPlace& place : places) {
                if (stop.stop_requested())
                    break;
                // `this` is only used on the UI thread, behind the pointer's check.
                postTo(self, [this, stop, card = workspace::readModelCard(place)] {
                    if (!stop.stop_requested())
                        Q_EMIT cardRead(card);
                });
            }
            return true;
        },
        [](bool) {});
}

void ModelCatalogBridge::add(const QString& folder)
{
    inBackground(
        this, [folder = folder.toStdString()] { return workspace::addModel(folder); },
        [this](const Result<ModelCard>& card) {
            if (card.ok())
                Q_EMIT added(card.value());
            else
                Q_EMIT failed(text(card.error().message()), text(card.error().hint()));
        });
}

void ModelCatalogBridge::remove(const QString& name)
{
    inBackground(
        this,
        [name = name.toStdString()]() -> Result<std::filesystem::path> {
            workspace::ModelRegistry registry;
            Result<std::filesystem::path> folder = registry.find(name);
            if (folder.ok())
                PRECEDENT_TRY(registry.remove(name));
            return folder;
        },
        [this, name](const Result<std::filesystem::path>& folder) {
            if (folder.ok())
                Q_EMIT removed(name, text(folder.value().string()));
            else
                Q_EMIT failed(text(folder.error().message()), text(folder.error().hint()));
        });
}

void ModelCatalogBridge::restore(const QString& name, const QString& folder)
{
    inBackground(
        this, [name = name.toStdString(), folder = folder.toStdString()] { return workspace::ModelRegistry().add(name, folder); },
        [this, name](const Status& added) {
            if (added.ok())
                Q_EMIT restored(name);
            else
                Q_EMIT failed(text(added.error().message()), text(added.error().hint()));
        });
}

void ModelCatalogBridge::check(const ModelCard& card)
{
    const QString name = text(card.name);
    if (m_checks.contains(name))
        return;
    const std::stop_token stop = (m_checks[name] = std::stop_source()).get_token();
    const auto progress = [self = QPointer<QObject>(this), this, name, stop, last = std::chrono::steady_clock::time_point{}](
                              std::int64_t read, std::int64_t total) mutable {
        const auto now = std::chrono::steady_clock::now();
        if (now - last > kBetweenNews) {
            last = now;
            // `this` is only used on the UI thread, behind the pointer's check.
            postTo(self, [this, name, read, total] { Q_EMIT checkProgressed(name, read, total); });
        }
        return !stop.stop_requested();
    };
    inBackground(
        this, [files = card.weightFiles, progress] { return workspace::modelDigest(files, progress); },
        [this, name](const Result<std::string>& digest) {
            m_checks.erase(name);
            if (digest.ok()) {
                Q_EMIT checked(name, text(digest.value()));
                return;
            }
            Q_EMIT checkCancelled(name);
            if (digest.error().code() != ErrorCode::cancelled)
                Q_EMIT failed(text(digest.error().message()), text(digest.error().hint()));
        });
}

void ModelCatalogBridge::cancelCheck(const QString& name)
{
    if (const auto found = m_checks.find(name); found != m_checks.end())
        found->second.request_stop();
}

} // namespace precedent::ui
