#pragma once

#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

class Connection;

/// The tree of codes. Errors and threads: see Casebase.
class CodeStore {
public:
    explicit CodeStore(Connection& connection)
        : m_connection(connection)
    {
    }

    /// Fails with alreadyExists, invalidArgument (empty id or title, text that is no UTF-8, a parent that is itself or
    /// below it) or notFound (parent).
    [[nodiscard]] Status add(const Code& code);
    /// Replaces the code of this id; version and times are the store's. With `expectedVersion` > 0 fails with failedPrecondition if
    /// someone else wrote meanwhile. Does nothing if nothing differs.
    [[nodiscard]] Status update(const Code& code, int expectedVersion = 0);
    /// Fails with failedPrecondition while cases or codes refer to it.
    [[nodiscard]] Status remove(const std::string& id);

    [[nodiscard]] Result<Code> find(const std::string& id) const; ///< notFound
    /// The code whose title is the same but for case and punctuation; notFound.
    [[nodiscard]] Result<Code> findByTitle(const std::string& title) const;
    /// Every code: each parent before its children, siblings by position, then id in natural order (S2 before S10).
    [[nodiscard]] Result<std::vector<Code>> all() const;
    /// The first of S1, S2, ... that is free; below a parent, of PARENT.1, PARENT.2, ...
    [[nodiscard]] Result<std::string> nextId(const std::string& parent = {}) const;

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
