#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::casebase {

class Connection;

/// One link of the chain: who did what to which entity, with digests of its fields in place of the texts, so that a
/// text can be erased while the chain still verifies.
struct AuditEntry {
    std::int64_t sequence = 0;
    std::int64_t whenMs = 0;
    std::string who;
    std::string action; ///< "add", "update", "remove", "import", "burn", "snapshot", "verdict" ...
    std::string kind; ///< "code", "case", "prompt", "suite", "verdict", "snapshot"
    std::string id;
    int version = 0;
    std::map<std::string, std::string> digests; ///< field -> sha256
    std::string previous; ///< hash of the entry before
    std::string hash; ///< over all of the above
};

/// The append-only audit chain; the other stores write it. Errors and threads: see Casebase.
class AuditStore {
public:
    explicit AuditStore(Connection& connection)
        : m_connection(connection)
    {
    }

    [[nodiscard]] Result<std::vector<AuditEntry>> history(const std::string& kind, const std::string& id) const; ///< oldest first
    [[nodiscard]] Result<std::vector<AuditEntry>> page(std::int64_t afterSequence, std::int64_t limit) const;
    /// Hash of the last entry; 64 zeros while there is none.
    [[nodiscard]] Result<std::string> head() const;
    /// Walks the chain. Returns a sentence for each link that does not verify and for each entity whose present texts
    /// are not those of its last entry; empty if all is well.
    [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> verify() const; ///< (id, what is wrong)

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
