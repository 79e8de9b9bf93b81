#pragma once

#include <cstddef>
#include <vector>

#include "core/generate/kv_cache.h"

namespace precedent::core {

/// The beginning that the last prompts had in common (a judge's rubric, codes before many questions) with its keys and values, for
/// the next that begins so. Memory: one sequence of that length. Not for several threads.
class KeptPrefix {
public:
    /// Of a prompt's ids: the first `kept` are in sequence(), the first `wanted` >= kept should be, as the prompt before began with
    /// them too. At least one id is left to the prompt itself, since what follows it is read off its last state.
    struct Plan {
        std::size_t kept = 0;
        std::size_t wanted = 0;
    };

    /// Drops what the prompt does not begin with, and remembers the prompt.
    [[nodiscard]] Plan planFor(const std::vector<int>& prompt);
    [[nodiscard]] const KvSequence& sequence() const { return m_sequence; }
    /// Keeps the sequence of the first `length` ids of the prompt planned last.
    void keep(KvSequence sequence, std::size_t length);
    /// When the weights change.
    void clear() { *this = {}; }

private:
    std::vector<int> m_ids; // of m_sequence
    KvSequence m_sequence;
    std::vector<int> m_last;
};

} // namespace precedent::core
