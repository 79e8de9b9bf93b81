#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <QObject>
#include <QStringList>

#include "precedent/base/result.h"
#include "ui/bridge/key_store.h"

namespace precedent::ui {

/// Keys of servers that judge, answer or draw, by address (scheme://host:port): in the desktop's keychain, and in memory while the program
/// runs, where jobs find them in place of the environment's. The settings hold the addresses, no file a key. As long as no
/// address was ever stored the keychain is left alone, so that the program needs none. UI thread.
class ServerKeys final : public QObject {
    Q_OBJECT
public:
    static ServerKeys& instance();

    enum class State { asked, known, missing, failed }; ///< missing: the keychain no longer has it

    /// In place of the desktop's keychain. What is known of the old one is forgotten.
    void setStore(std::unique_ptr<KeyStore> store);
    /// How long a keychain may think, for instance while its user unlocks it.
    void setPatience(int milliseconds) { m_patienceMs = milliseconds; }

    /// Asks the keychain for the key of every address that the settings name.
    void read();
    [[nodiscard]] QStringList addresses() const;
    [[nodiscard]] State stateOf(const QString& address) const;

    /// `url`: of a server, with any path. Fails at once with invalidArgument for what is no address or no key; what the keychain says
    /// comes with stored() or failed().
    [[nodiscard]] Status store(const QString& url, const QString& key);
    void remove(const QString& address);

Q_SIGNALS:
    void changed();
    void stored(const QString& address);
    void failed(const precedent::Error& error);

private:
    struct Known; ///< what jobs look into
    ServerKeys();
    /// What is done with an answer of the keychain: once, and no later than its patience allows, as if that had been its answer.
    template <typename Answer>
    [[nodiscard]] std::function<void(const Answer&)> inTime(std::function<void(const Answer&)> act);
    [[nodiscard]] KeyStore& keychain();
    void set(const QString& address, State state, const QString& key = {});
    void forget(const QString& address);
    void fail(const QString& address, const Error& error);

    std::unique_ptr<KeyStore> m_store;
    std::shared_ptr<Known> m_known;
    std::map<QString, State> m_states;
    int m_patienceMs;
    int m_round = 0; ///< of stores: answers of an earlier one count no more
};

} // namespace precedent::ui
