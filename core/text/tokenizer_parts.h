#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

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

    /// As Tokenizer's.
    [[nodiscard]] std::vector<int> encode(std::string_view text, bool addSpecial) const;
    [[nodiscard]] std::string decode(const std::vector<int>& ids, bool skipSpecial) const;

    void encodeSegment(std::string_view segment, bool atStart, std::vector<int>& ids) const;
    void encodePlain(std::string_view text, bool atStart, std::vector<int>& ids) const;
    [[nodiscard]] std::optional<int> idOf(std::string_view token) const;
    /// The entry of an id that takes part in decoding; null for ids that are unknown or skipped.
    [[nodiscard]] const Entry* decodable(int id, bool skipSpecial) const;
};

/// The parts that `vocabulary` asks for; errors as Tokenizer::fromVocabulary() says.
[[nodiscard]] Result<std::unique_ptr<TokenizerParts>> readVocabulary(Vocabulary vocabulary);

/// The file itself, or the one in the folder. Fails with notFound.
[[nodiscard]] Result<std::filesystem::path> tokenizerFileOf(const std::filesystem::path& folderOrFile);

/// A small JSON file beside the tokenizer; null if there is none or it is not an object.
[[nodiscard]] nlohmann::json readSettings(const std::filesystem::path& path);

/// A token that settings name: `name` as a string or as {"content": ...}, or `name`_id as a number or a list of them.
[[nodiscard]] std::optional<int> tokenSetting(const nlohmann::json& settings, const std::string& name, const TokenizerParts& parts);

/// Reads a tokenizer.json from memory. Nothing says which tokens begin and end a text.
[[nodiscard]] Result<std::unique_ptr<TokenizerParts>> readTokenizer(std::string_view bytes);

/// What a tokenizer.json says, for those who write it in another form.
struct TokenizerSource {
    nlohmann::json json; ///< all but the tables
    TokenizerTables tables; ///< the merges and the scores; the tokens are in the parts
};

/// Reads a tokenizer.json and the settings beside it.
[[nodiscard]] Result<std::unique_ptr<TokenizerParts>> readTokenizer(const std::filesystem::path& file, TokenizerSource& source);
[[nodiscard]] Result<std::unique_ptr<TokenizerParts>> readTokenizer(const std::filesystem::path& file);

} // namespace precedent::text
