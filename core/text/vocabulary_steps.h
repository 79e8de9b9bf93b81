#pragma once

#include <cstddef>

#include <nlohmann/json.hpp>

#include "core/text/split_rules.h"
#include "precedent/text/vocabulary.h"

namespace precedent::text {

/// What happens to a text before and after a vocabulary's model, as a tokenizer.json says it. Null: nothing.
struct VocabularySteps {
    nlohmann::json normalizer;
    nlohmann::json preTokenizer;
    nlohmann::json decoder;
};

/// GPT-2's bytes, split by a rule.
[[nodiscard]] VocabularySteps byteLevelSteps(const SplitRule& rule);

/// Spaces written "▁", one before the text where it is `prefixed`, and bytes for what the vocabulary lacks.
[[nodiscard]] VocabularySteps escapingSteps(bool prefixed);

/// Undoes the escaping and the bytes, and drops up to so many spaces at the text's start.
[[nodiscard]] nlohmann::json unescapingDecoder(std::size_t droppedSpaces);

/// What a token is for. Files without types, or with the type 0, mean normal ones.
[[nodiscard]] inline TokenType typeOf(const Vocabulary& vocabulary, std::size_t id)
{
    const bool isNormal = vocabulary.types.empty() || vocabulary.types[id] == 0;
    return isNormal ? TokenType::normal : static_cast<TokenType>(vocabulary.types[id]);
}

/// Whether a special token takes the white space after it where stripsAfterTokens().
[[nodiscard]] bool stripsAfter(std::string_view token);

} // namespace precedent::text
