#include "precedent/workspace/server_keys.h"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <utility>

#include "precedent/remote/chat_endpoint.h"

namespace precedent::workspace {
namespace {

struct Lookup {
    std::mutex mutex;
    KeyLookup lookup; ///< guarded
};

Lookup& current()
{
    static Lookup lookup;
    return lookup;
}

bool isPort(const std::string& text)
{
    const bool digits = std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    return digits && !text.empty() && text.size() <= 5 && std::stoi(text) > 0 && std::stoi(text) <= 65535;
}

} // namespace

void useServerKeys(KeyLookup lookup)
{
    const std::scoped_lock lock(current().mutex);
    current().lookup = std::move(lookup);
}

std::optional<std::string> keyOfServer(const std::string& address)
{
    const std::scoped_lock lock(current().mutex);
    return current().lookup ? current().lookup(address) : std::nullopt;
}

Result<std::string> serverAddress(const std::string& url)
{
    PRECEDENT_TRY(remote::checkEndpoint({url, "any"}));
    const std::size_t host = url.find("://") + 3;
    std::string address = url.substr(0, url.find('/', host));
    std::transform(address.begin(), address.end(), address.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t bracket = address.find(']', host); // behind an address of IP version 6, which has colons of its own
    const std::size_t colon = address.find(':', bracket == std::string::npos ? host : bracket);
    if (colon == std::string::npos)
        return address + (address.compare(0, host, "https://") == 0 ? ":443" : ":80");
    if (!isPort(address.substr(colon + 1)))
        return Error(ErrorCode::invalidArgument, "The server's address has no port behind its colon: \"" + url + "\".",
            "Write it as http://localhost:8000.");
    return address;
}

} // namespace precedent::workspace
