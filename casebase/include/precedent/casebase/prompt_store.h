#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

class Connection;

/// Which prompts. Unset fields let everything through; lists mean "any of".
struct PromptFilter {
    std::string text; ///< full text
    std::vector<PromptLabel> labels;
    std::string suite; ///< members only, in the suite's order
    std::string notInSuite; ///< everything but the members of this suite
    bool outsideSealed = false; ///< leaves out every prompt that is in a sealed suite
    std::string source;
    std::string notSource; ///< everything but what came from there
    std::string wrapper;
};

/// Prompts. Errors and threads: see Casebase.
class PromptStore {
public:
    explicit PromptStore(Connection& connection)
        : m_connection(connection)
    {
    }

    /// Returns the id. Fails with alreadyExists or invalidArgument (no user turn, no UTF-8).
    [[nodiscard]] Result<std::string> add(const Prompt& prompt);
    /// Replaces the prompt of this id. Does nothing if nothing differs.
    [[nodiscard]] Status update(const Prompt& prompt);
    /// Fails with failedPrecondition while a suite holds it.
    [[nodiscard]] Status remove(const std::string& id);

    [[nodiscard]] Result<Prompt> find(const std::string& id) const; ///< notFound
    /// The id of a prompt with the same messages and label, if there is one.
    [[nodiscard]] Result<std::optional<std::string>> findSame(const std::vector<Message>& messages, PromptLabel label) const;

    [[nodiscard]] Result<std::int64_t> count(const PromptFilter& filter = {}) const;
    /// Whether there is one: stops at the first, and reads no text.
    [[nodiscard]] Result<bool> any(const PromptFilter& filter) const;
    /// In the order of the ids (of the suite, where one is named).
    [[nodiscard]] Result<std::vector<Prompt>> all(const PromptFilter& filter = {}, std::int64_t offset = 0, std::int64_t limit = -1) const;
    [[nodiscard]] Status forEach(const PromptFilter& filter, const std::function<Status(const Prompt&)>& visit) const;

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
