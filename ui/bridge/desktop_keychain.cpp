#include <utility>

#include <qt6keychain/keychain.h>

#include "ui/bridge/key_store.h"

namespace precedent::ui {
namespace {

const QString kService = QStringLiteral("precedent");
constexpr const char* kHint = "Until then the environment variable PRECEDENT_API_KEY, set before the program starts, is what counts.";

Error errorOf(const QKeychain::Job& job)
{
    const std::string said = job.errorString().toStdString();
    switch (job.error()) {
    case QKeychain::NoBackendAvailable:
    case QKeychain::NotImplemented:
        return {ErrorCode::unsupported, "There is no keychain here: no Secret Service (GNOME Keyring, KeePassXC) and no KWallet runs.",
            std::string("Start one. ") + kHint};
    case QKeychain::AccessDeniedByUser:
    case QKeychain::AccessDenied:
        return {ErrorCode::permissionDenied, "The keychain did not let the program in" + (said.empty() ? "." : " (" + said + ")."),
            std::string("Unlock it. ") + kHint};
    default:
        return {ErrorCode::io, "The keychain could not be used" + (said.empty() ? "." : " (" + said + ")."),
            std::string("A Secret Service (GNOME Keyring, KeePassXC) or KWallet has to run. ") + kHint};
    }
}

class DesktopKeychain final : public KeyStore {
public:
    void read(const QString& address, Found found) override
    {
        auto* job = new QKeychain::ReadPasswordJob(kService);
        start(job, address, [found = std::move(found)](const QKeychain::Job& ended) {
            if (ended.error() == QKeychain::EntryNotFound)
                return found(std::optional<QString>());
            if (ended.error() != QKeychain::NoError)
                return found(errorOf(ended));
            found(std::optional(static_cast<const QKeychain::ReadPasswordJob&>(ended).textData()));
        });
    }

    void write(const QString& address, const QString& key, Done done) override
    {
        auto* job = new QKeychain::WritePasswordJob(kService);
        job->setTextData(key);
        start(job, address, [done = std::move(done)](const QKeychain::Job& ended) {
            done(ended.error() == QKeychain::NoError ? Status() : errorOf(ended));
        });
    }

    void remove(const QString& address, Done done) override
    {
        start(new QKeychain::DeletePasswordJob(kService), address, [done = std::move(done)](const QKeychain::Job& ended) {
            const bool gone = ended.error() == QKeychain::NoError || ended.error() == QKeychain::EntryNotFound;
            done(gone ? Status() : errorOf(ended));
        });
    }

private:
    /// The job deletes itself at its end.
    template <typename Ended>
    static void start(QKeychain::Job* job, const QString& address, Ended ended)
    {
        job->setKey(address);
        job->setInsecureFallback(false); // never a file
        QObject::connect(job, &QKeychain::Job::finished, job, [ended = std::move(ended)](QKeychain::Job* self) { ended(*self); });
        job->start();
    }
};

} // namespace

std::unique_ptr<KeyStore> desktopKeychain() { return std::make_unique<DesktopKeychain>(); }

} // namespace precedent::ui
