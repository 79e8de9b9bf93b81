#include "ui/bridge/server_keys.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <QSettings>
#include <QTimer>

#include "precedent/workspace/server_keys.h"

namespace precedent::ui {
namespace {

constexpr int kPatienceMs = 60'000;
const QString kAddresses = QStringLiteral("servers/addresses");

Error silence(int milliseconds)
{
    return {ErrorCode::io, "The keychain gave no answer within " + std::to_string(milliseconds / 1000) + " seconds.",
        "Unlock it, or set the environment variable PRECEDENT_API_KEY before the program starts."};
}

} // namespace

struct ServerKeys::Known {
    std::mutex mutex;
    std::map<std::string, std::string> keys; ///< guarded
};

ServerKeys& ServerKeys::instance()
{
    static ServerKeys keys;
    return keys;
}

ServerKeys::ServerKeys()
    : m_known(std::make_shared<Known>())
    , m_patienceMs(kPatienceMs)
{
    workspace::useServerKeys([known = m_known](const std::string& address) {
        const std::scoped_lock lock(known->mutex);
        const auto found = known->keys.find(address);
        return found == known->keys.end() ? std::optional<std::string>() : found->second;
    });
}

KeyStore& ServerKeys::keychain()
{
    if (!m_store)
        m_store = desktopKeychain();
    return *m_store;
}

void ServerKeys::setStore(std::unique_ptr<KeyStore> store)
{
    ++m_round;
    m_store = std::move(store);
    m_states.clear();
    const std::scoped_lock lock(m_known->mutex);
    m_known->keys.clear();
}

template <typename Answer>
std::function<void(const Answer&)> ServerKeys::inTime(std::function<void(const Answer&)> act)
{
    const auto once = [this, act = std::move(act), open = std::make_shared<bool>(true), round = m_round](const Answer& answer) {
        if (std::exchange(*open, false) && round == m_round)
            act(answer);
    };
    QTimer::singleShot(m_patienceMs, this, [once, patience = m_patienceMs] { once(Answer(silence(patience))); });
    return once;
}

void ServerKeys::read()
{
    for (const QString& address : addresses()) {
        m_states[address] = State::asked;
        keychain().read(address, inTime<Result<std::optional<QString>>>([this, address](const Result<std::optional<QString>>& found) {
            if (!found.ok())
                return fail(address, found.error());
            set(address, found->has_value() ? State::known : State::missing, found->value_or(QString()));
        }));
    }
}

QStringList ServerKeys::addresses() const
{
    QStringList addresses = QSettings().value(kAddresses).toStringList();
    addresses.sort();
    return addresses;
}

ServerKeys::State ServerKeys::stateOf(const QString& address) const
{
    const auto found = m_states.find(address);
    return found == m_states.end() ? State::missing : found->second;
}

Status ServerKeys::store(const QString& url, const QString& key)
{
    const Result<std::string> named = workspace::serverAddress(url.trimmed().toStdString());
    if (!named.ok())
        return named.error();
    const QString secret = key.trimmed();
    // What is wrong with a key is said without the key.
    if (secret.isEmpty())
        return Error(ErrorCode::invalidArgument, "There is no key.", "Write or paste it.");
    if (std::any_of(secret.begin(), secret.end(), [](QChar c) { return c.category() == QChar::Other_Control; }))
        return Error(ErrorCode::invalidArgument, "The key holds a line end or another control character.", "Paste the key alone.");
    const QString address = QString::fromStdString(*named);
    keychain().write(address, secret, inTime<Status>([this, address, secret](const Status& written) {
        if (!written.ok())
            return fail(address, written.error());
        QStringList all = addresses();
        if (!all.contains(address))
            QSettings().setValue(kAddresses, all << address);
        set(address, State::known, secret);
        Q_EMIT stored(address);
    }));
    return {};
}

void ServerKeys::remove(const QString& address)
{
    keychain().remove(address, inTime<Status>([this, address](const Status& removed) {
        if (!removed.ok())
            return fail(address, removed.error());
        QStringList all = addresses();
        all.removeAll(address);
        QSettings().setValue(kAddresses, all);
        forget(address);
    }));
}

void ServerKeys::set(const QString& address, State state, const QString& key)
{
    m_states[address] = state;
    {
        const std::scoped_lock lock(m_known->mutex);
        if (state == State::known)
            m_known->keys[address.toStdString()] = key.toStdString();
        else
            m_known->keys.erase(address.toStdString());
    }
    Q_EMIT changed();
}

void ServerKeys::forget(const QString& address)
{
    set(address, State::missing);
    m_states.erase(address);
}

void ServerKeys::fail(const QString& address, const Error& error)
{
    if (const auto state = m_states.find(address); state != m_states.end() && state->second == State::asked)
        state->second = State::failed;
    Q_EMIT changed();
    Q_EMIT failed(error);
}

} // namespace precedent::ui
