#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/text/added_tokens.h"
#include "core/text/normalizer.h"
#include "core/text/pre_tokenizer.h"
#include "core/text/token_decoder.h"
#include "core/text/token_model.h"
#include "core/text/tokenizer_tables.h"
#include "precedent/text/vocabulary.h"

namespace precedent::text {

/// A loaded tokenizer's parts.
struct TokenizerParts {
    struct Entry {
        std::string text;
        bool exists = false;
        bool special = false;
        bool verbatim = false; ///< decodes to its own text, past the decoder
    };
    /// What the token puts into a decoded text; `first` says that nothing stands before it.
    [[nodiscard]] std::string bytesOf(const Entry& entry, bool first) const
    {
        return entry.verbatim ? entry.text : decoder.bytesOf(entry.text, first);
    }

    Normalizer normalizer;
    PreTokenizer preTokenizer;
    std::unique_ptr<const TokenModel> model;
    TokenDecoder decoder;
    AddedTokenFinder rawTokens; ///< looked for in the text as it came
    AddedTokenFinder normalizedTokens; ///< looked for after normalizing
    TokenIds addedIds;
    std::vector<Entry> entries; ///< by id
    std::vector<int> before; ///< what the post-processor puts before a single text
    std::vector<int> after;
    std::optional<int> bosId;
    std::optional<int> eosId;

    void encodeSegment(std::string_view segment, bool atStart, std::vector<int>& ids) const;
    void encodePlain(std::string_view text, bool atStart, std::vector<int>& ids) const;
    [[nodiscard]] std::optional<int> idOf(std::string_view token) const;
    /// The entry of an id that takes part in decoding; null for ids that are unknown or skipped.
    [[nodiscard]] const Entry* decodable(int id, bool skipSpecial) const;
};

/// The parts that `vocabulary` asks for; errors as Tokenizer::fromVocabulary() says.
[[nodiscard]] Result<std::unique_ptr<TokenizerParts>> readVocabulary(Vocabulary vocabulary);

/// Reads a tokenizer.json from memory. Nothing says which tokens begin and end a text.
[[nodiscard]] Result<std::unique_ptr<TokenizerParts>> readTokenizer(std::string_view bytes);

/// Reads a tokenizer.json and the settings beside it.
[[nodiscard]] Result<std::unique_ptr<TokenizerParts>> readTokenizer(const std::filesystem::path& file);

} // namespace precedent::text
