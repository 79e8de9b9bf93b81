#pragma once

#include <functional>
#include <optional>
#include <string>

#include "precedent/base/result.h"

namespace precedent::workspace {

/// The key of the server at an address, as serverAddress() writes it, or nothing. Called from any thread; must not block.
using KeyLookup = std::function<std::optional<std::string>(const std::string& address)>;

/// From now on every server that this process asks is given its key of these, and the environment's only where there is none. The
/// process's, as its environment is: for programs that have a keychain. An empty function ends it. Any thread.
void useServerKeys(KeyLookup lookup);

/// What those keys know of a server.
[[nodiscard]] std::optional<std::string> keyOfServer(const std::string& address);

/// scheme://host:port of a server's URL, in lower case, with the scheme's own port where none is written. Fails with invalidArgument as
/// remote::checkEndpoint() does, and for a port that is none.
[[nodiscard]] Result<std::string> serverAddress(const std::string& url);

} // namespace precedent::workspace
