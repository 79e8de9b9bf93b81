#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/near_duplicate.h"
#include "precedent/casebase/types.h"

namespace precedent::workspace {

/// How something overlaps what is held out, and with which prompt.
struct Overlap {
    std::string kind; ///< "member", "exact", "near-duplicate", "goal", "twin", "family", "wrapper family" or "case"
    std::string with; ///< the held-out prompt's id
};

/// What the sealed suites of a casebase keep out of training and of retrieval (Rule 3): their prompts, exact and
/// near-duplicates of them, their goals, their twins, their families and wrapper families, and the cases that they
/// were made from. Immutable once built; every method from any thread.
class HeldOutGuard {
public:
    /// Reads every sealed suite. Fails as the casebase does.
    [[nodiscard]] static Result<HeldOutGuard> forSealedSuites(const casebase::Casebase& casebase);

    [[nodiscard]] std::optional<Overlap> overlapOf(const casebase::Prompt& prompt) const;
    [[nodiscard]] std::optional<Overlap> overlapOf(const casebase::Case& value) const;

    [[nodiscard]] std::size_t size() const { return m_members.size(); }

private:
    void add(const casebase::Prompt& prompt);
    [[nodiscard]] std::optional<Overlap> textOverlap(const std::string& request) const;

    std::set<std::string> m_members;
    std::map<std::string, std::string> m_exact; ///< comparable words joined -> prompt
    std::map<std::string, std::string> m_goals; ///< goal id -> prompt
    std::map<std::string, std::string> m_siblings; ///< id named as sibling -> prompt
    std::map<std::string, std::string> m_families;
    std::map<std::string, std::string> m_wrappers;
    std::map<std::string, std::string> m_cases; ///< source case -> prompt
    casebase::NearDuplicateIndex m_nearDuplicates;
};

} // namespace precedent::workspace
