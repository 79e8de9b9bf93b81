#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <QString>

#include "precedent/base/result.h"

namespace precedent::ui {

/// Where secrets lie outside the program. Nothing blocks: each answer comes in a later turn of the event loop, or never, which its
/// caller must expect. UI thread.
class KeyStore {
public:
    virtual ~KeyStore() = default;

    using Found = std::function<void(const Result<std::optional<QString>>&)>; ///< nothing: there is no key of that address
    using Done = std::function<void(const Status&)>;
    virtual void read(const QString& address, Found found) = 0;
    virtual void write(const QString& address, const QString& key, Done done) = 0; ///< in place of what is there
    virtual void remove(const QString& address, Done done) = 0; ///< no error where there is none
};

/// The desktop's own keychain: a Secret Service (GNOME Keyring, KeePassXC and others) or KWallet. Nothing is written anywhere else where
/// there is none: then everything fails with unsupported.
[[nodiscard]] std::unique_ptr<KeyStore> desktopKeychain();

} // namespace precedent::ui
