#pragma once

#include "precedent/core/engine.h"

namespace precedent::core {

struct EncoderInfo {
    std::string architecture; ///< "bert"
    std::int64_t parameters = 0; ///< that vectors are computed from
    int width = 0; ///< C, of a vector
    int vocabulary = 0;
    int longestText = 0; ///< tokens, with those that begin and end a text
    std::string pooling; ///< "mean" or "first token"
    std::string sha256; ///< of the weights' file (of the index file's shards in order, where sharded)
};

/// A loaded sentence encoder: texts that mean the like become vectors of like directions (Sentence-BERT, arXiv 1908.10084).
/// Held and computed in float32 on the processor. Calls are serialised inside; each may come from any thread.
class TextEncoder {
public:
    virtual ~TextEncoder() = default;
    [[nodiscard]] virtual const EncoderInfo& info() const = 0;

    /// Texts as token ids, with the tokens that begin and end one: a row each, of length 1. A text's row depends on its ids alone, on the
    /// same machine with the same number of threads: not on the other texts or their order. Blocks. Fails with invalidArgument (an empty
    /// text, one of more than longestText tokens, an id out of the vocabulary), cancelled, internal for weights that are not numbers.
    [[nodiscard]] virtual Result<PooledStates> vectors(const std::vector<std::vector<int>>& texts, std::stop_token stop = {}) = 0;
};

} // namespace precedent::core
