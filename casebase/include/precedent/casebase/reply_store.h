#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "precedent/base/result.h"

namespace precedent::casebase {

class Connection;

/// What a server answered to a request, as it was sent. Keys are no part of a request.
struct RemoteReply {
    std::string url;
    std::string model;
    std::string request; ///< its JSON, whole
    std::string reply; ///< the text of the answer
    bool cutOff = false; ///< at the length that the request allows
    std::int64_t createdMs = 0; ///< set by the store
};

struct KeptReply {
    std::string text;
    bool cutOff = false;
};

/// Replies of servers, and verdicts of a model of this machine that judges, by the digest of address, model and request: what was asked
/// once is not asked again, and a run that asked can be replayed without the server. Not in the audit chain. Errors and threads: see
/// Casebase.
class ReplyStore {
public:
    explicit ReplyStore(Connection& connection)
        : m_connection(connection)
    {
    }

    /// Keeps what is there: the first reply to a request stays its reply, and is the result. Fails with invalidArgument for a text that
    /// cannot be stored.
    [[nodiscard]] Result<KeptReply> add(const RemoteReply& reply);
    [[nodiscard]] Result<std::optional<KeptReply>> find(const std::string& url, const std::string& model, const std::string& request) const;
    [[nodiscard]] Result<std::int64_t> count() const;

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
