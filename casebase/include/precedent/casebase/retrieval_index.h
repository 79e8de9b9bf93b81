#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::casebase {

struct Retrieved {
    std::string id;
    double score = 0; ///< BM25, higher is better
};

/// A BM25 index in memory over a frozen list of texts. The same list and query give the same answer everywhere.
/// Thread: query() from any thread (calls are serialised inside).
class RetrievalIndex {
public:
    /// `documents`: (id, text); ids are unique (invalidArgument).
    [[nodiscard]] static Result<RetrievalIndex> build(const std::vector<std::pair<std::string, std::string>>& documents);
    ~RetrievalIndex();
    RetrievalIndex(RetrievalIndex&&) noexcept;
    RetrievalIndex& operator=(RetrievalIndex&&) noexcept;

    /// The `k` documents that share words with `text`, best first, ties by id. Any text is valid; fewer than `k` if
    /// fewer match.
    [[nodiscard]] Result<std::vector<Retrieved>> query(std::string_view text, std::size_t k) const;
    [[nodiscard]] std::size_t size() const;

private:
    struct State;
    explicit RetrievalIndex(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace precedent::casebase
