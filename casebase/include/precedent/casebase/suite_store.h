#pragma once

#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

class Connection;

/// Suites of prompts. Errors and threads: see Casebase.
class SuiteStore {
public:
    explicit SuiteStore(Connection& connection)
        : m_connection(connection)
    {
    }

    [[nodiscard]] Status add(const Suite& suite); ///< alreadyExists
    [[nodiscard]] Status update(const Suite& suite); ///< role and description; a sealed suite stays sealed (failedPrecondition)
    [[nodiscard]] Status remove(const std::string& name);
    [[nodiscard]] Result<Suite> find(const std::string& name) const; ///< notFound
    [[nodiscard]] Result<std::vector<Suite>> all() const; ///< by name
    [[nodiscard]] Result<std::vector<std::string>> named(SuiteRole role) const; ///< names of the suites of that role, in order

    /// Adds prompts at the end, in the order given; those that are members already are left where they are.
    [[nodiscard]] Status addMembers(const std::string& suite, const std::vector<std::string>& promptIds);
    [[nodiscard]] Result<std::vector<SuiteMember>> members(const std::string& suite) const; ///< by position
    /// Marks a prompt, its goal, its sibling and what shares either as burned in every suite. Returns how many members
    /// were newly burned.
    [[nodiscard]] Result<int> burn(const std::string& promptId, const std::string& why);

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
