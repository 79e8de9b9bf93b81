#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace precedent::text {

/// How the models that share a name in `tokenizer.ggml.pre` split a text before byte-level merging.
struct SplitRule {
    /// Each splits, in order, the pieces that those before it have left; what none of them matches is a piece as well.
    std::vector<std::string> expressions;
    bool ignoreMerges = false; ///< a piece that is a token becomes it whatever the merges say
    bool addBos = false; ///< where the file does not say
    bool composed = false; ///< the text is brought into normal form C first
};

/// Null for a name that is not known. The empty name is "default".
[[nodiscard]] const SplitRule* splitRuleOf(std::string_view name);

} // namespace precedent::text
