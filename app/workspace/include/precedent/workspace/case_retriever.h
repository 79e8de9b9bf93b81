#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/near_duplicate.h"
#include "precedent/casebase/retrieval_index.h"
#include "precedent/core/run_inputs.h"

namespace precedent::workspace {

/// Retrieval over a frozen list of cases: BM25 on their requests, dispositions balanced, leaks left out.
/// Thread: retrieve() from any thread. Ownership: the cases must outlive the retriever.
class CaseRetriever {
public:
    /// Fails as RetrievalIndex::build() does.
    [[nodiscard]] static Result<CaseRetriever> build(const std::vector<core::Case>& cases);

    /// Cases that no prompt may see, because a held-out suite overlaps them.
    void hide(const std::set<std::string>& caseIds) { m_hidden = caseIds; }

    struct Query {
        std::string text; ///< the request's last user turn
        std::string ownCase; ///< the case that the request was made from, or empty
        std::set<std::string> declaredTwins; ///< near-duplicates that may be shown all the same
        std::uint64_t seed = 0; ///< which disposition comes first
        bool barNearDuplicates = true; ///< false only where a person asks: then the nearest precedent is the point
    };
    /// At most `k` cases, best first in turn by disposition: first the best of a disposition drawn from the seed, then
    /// of the next, and so on; one that has run out is passed over. The request's own case and near-duplicates of the
    /// request are never among them, a declared twin may be.
    [[nodiscard]] Result<std::vector<const core::Case*>> retrieve(const Query& query, std::size_t k) const;

    [[nodiscard]] const core::Case* find(const std::string& id) const;

private:
    explicit CaseRetriever(casebase::RetrievalIndex index)
        : m_index(std::move(index))
    {
    }

    casebase::RetrievalIndex m_index;
    casebase::NearDuplicateIndex m_nearDuplicates;
    std::map<std::string, const core::Case*> m_cases;
    std::set<std::string> m_hidden;
};

/// How well the dispositions of the cases shown predict what is expected of the request, by themselves (Rule 2).
struct LeakFigure {
    double accuracy = 0; ///< of the best guess from the dispositions shown, each prompt left out in turn
    double baseRate = 0; ///< of always guessing the commonest expectation
    std::size_t n = 0; ///< prompts with a known expectation
    bool warning = false; ///< the accuracy is above the base rate by more than chance explains
};

/// One prompt's expectation and the dispositions shown with it.
struct ShownDispositions {
    Disposition expected = Disposition::unknown;
    std::vector<Disposition> shown;
};
[[nodiscard]] LeakFigure leakFigure(const std::vector<ShownDispositions>& prompts);

} // namespace precedent::workspace
