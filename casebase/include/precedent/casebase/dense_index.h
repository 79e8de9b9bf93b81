#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "precedent/casebase/retrieval_index.h"

namespace precedent::casebase {

/// Exact search by cosine over vectors of one width, all compared each time. Value type; query() is const and may be
/// called from several threads. The same vectors and query give the same answer everywhere the same program runs.
class DenseIndex {
public:
    /// Vectors [ids, width] in the order of `ids`. A vector of zeros is never found. Fails with invalidArgument: values of
    /// another shape, an id twice, a number that is not finite.
    [[nodiscard]] static Result<DenseIndex> build(const std::vector<std::string>& ids, const std::vector<float>& values, std::size_t width);

    /// The `k` nearest to `vector` [width], best first, ties by id; score is the cosine, -1 to 1. None for a vector of zeros.
    [[nodiscard]] std::vector<Retrieved> query(const float* vector, std::size_t k) const;
    [[nodiscard]] std::size_t size() const { return m_ids.size(); }
    [[nodiscard]] std::size_t width() const { return m_width; }

private:
    std::vector<std::string> m_ids; ///< sorted
    std::vector<float> m_values; ///< [ids, padded width], each of length 1 or 0
    std::size_t m_width = 0;
    std::size_t m_stride = 0;
};

/// Rankings joined by reciprocal rank fusion: the score of an id is the sum over rankings of 1 / (k + its rank there), ranks
/// from 1, nothing where it is not ranked (Cormack, Clarke and Buettcher, SIGIR 2009, who take k = 60). Best first, ties by id.
[[nodiscard]] std::vector<Retrieved> fuseRanks(const std::vector<std::vector<Retrieved>>& rankings, double k = 60);

} // namespace precedent::casebase
