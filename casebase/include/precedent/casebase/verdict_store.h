#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

class Connection;

/// What people said about answers. Verdicts are added, never edited. Errors and threads: see Casebase.
class VerdictStore {
public:
    explicit VerdictStore(Connection& connection)
        : m_connection(connection)
    {
    }

    /// Returns the verdict's id; `whenMs` 0 means now.
    [[nodiscard]] Result<std::int64_t> add(const HumanVerdict& verdict);
    [[nodiscard]] Result<std::vector<HumanVerdict>> forTarget(VerdictTarget target, const std::string& targetId) const;
    /// Oldest first; `countableOnly`: blind and drawn at random.
    [[nodiscard]] Result<std::vector<HumanVerdict>> all(bool countableOnly = false) const;

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
