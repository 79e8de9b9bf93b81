#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/near_duplicate.h"
#include "precedent/casebase/retrieval_index.h"
#include "precedent/core/run_inputs.h"
#include "precedent/workspace/case_choice.h"
#include "precedent/workspace/text_vectors.h"

namespace precedent::workspace {

/// The cases that a request's context shows, out of a frozen list: those that are named, then those found for it by their
/// requests, dispositions balanced, leaks left out.
/// Thread: retrieve() from any thread where nothing is computed (bm25, fixed, foreseen texts), else from one at a time.
/// Ownership: the cases must outlive the retriever.
class CaseRetriever {
public:
    /// By shared words alone. Fails as RetrievalIndex::build() does.
    [[nodiscard]] static Result<CaseRetriever> build(const std::vector<core::Case>& cases);
    /// As `choice` says. `vectors` serves dense and hybrid and may be null for the others. Blocks while vectors are
    /// computed. Fails as RetrievalIndex::build() and denseIndexOf() do; failedPrecondition where `vectors` is needed and null.
    [[nodiscard]] static Result<CaseRetriever> build(const std::vector<core::Case>& cases, const CaseChoice& choice,
        const casebase::Casebase& casebase, std::shared_ptr<TextVectors> vectors, const std::stop_token& stop = {});

    /// Cases that no prompt may see, because a held-out suite overlaps them.
    void hide(const std::set<std::string>& caseIds) { m_hidden = caseIds; }
    /// Whether the cases that are named (pinned, fixed) may be shown: notFound for one that is not in the list,
    /// failedPrecondition for a hidden one.
    [[nodiscard]] Status checkNamed() const;
    /// Computes what will be asked for together, which is faster than one by one; without effect for bm25 and fixed.
    [[nodiscard]] Status foresee(const std::vector<std::string>& texts, const std::stop_token& stop = {});

    struct Query {
        std::string text; ///< the request's last user turn
        std::string ownCase; ///< the case that the request was made from, or empty
        std::set<std::string> declaredTwins; ///< near-duplicates that may be shown all the same
        std::uint64_t seed = 0; ///< which disposition comes first
        bool barNearDuplicates = true; ///< false only where a person asks: then the nearest precedent is the point
    };
    struct Chosen {
        std::vector<const core::Case*> cases;
        std::size_t firm = 0; ///< the first so many are named ones: they do not give way to the budget
    };
    /// At most `k` cases. Pinned and fixed ones first, in the order they are named in; then those found, best first in turn by
    /// disposition: first the best of a disposition drawn from the seed, then of the next, and so on, where a disposition
    /// loses a turn for each named case that has it; one that has run out is passed over. The request's own case and
    /// near-duplicates of the request are never among them, named or found; a declared twin may be.
    [[nodiscard]] Result<Chosen> retrieve(const Query& query, std::size_t k) const;

    [[nodiscard]] const core::Case* find(const std::string& id) const;

private:
    CaseRetriever(CaseChoice choice, casebase::RetrievalIndex index)
        : m_choice(std::move(choice))
        , m_index(std::move(index))
    {
    }

    [[nodiscard]] Result<std::vector<casebase::Retrieved>> rank(const std::string& text) const;
    [[nodiscard]] Result<std::vector<casebase::Retrieved>> nearest(const std::string& text) const;
    [[nodiscard]] std::vector<std::string> named() const;

    CaseChoice m_choice;
    casebase::RetrievalIndex m_index;
    std::optional<casebase::DenseIndex> m_dense;
    std::shared_ptr<TextVectors> m_vectors;
    std::map<std::string, std::vector<float>> m_foreseen;
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
