#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "precedent/base/result.h"

namespace precedent::text {

/// How a byte-level tokenizer.json splits a text before merging.
struct Splitting {
    std::vector<std::string> expressions; ///< in a spelling that split rules can be compared by
    bool composed = false; ///< the text is brought into normal form C first
    bool ignoresMerges = false;
    bool dropsUnmatched = false; ///< what no expression matches is dropped, which can be broken UTF-8 only
};

/// Reads the normalizer, the pre-tokenizer and the model's flag of a tokenizer.json. Fails with unsupported, naming a
/// step that the split rules of GGUF files cannot express.
[[nodiscard]] Result<Splitting> splittingOf(const nlohmann::json& tokenizer);

/// The name of the rule that splits so (`tokenizer.ggml.pre`); of several the commonest. Where no rule has the flag
/// ignoresMerges alike, one that differs in it. Fails with unsupported if there is none.
[[nodiscard]] Result<std::string> nameOfSplitting(const Splitting& splitting);

} // namespace precedent::text
