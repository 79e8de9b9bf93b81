#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/text/vocabulary.h"

namespace precedent::text {

struct TokenizerParts;

/// Byte-level BPE, SentencePiece's BPE with byte fallback, or unigram: from a Hugging Face tokenizer.json, with its
/// normalizers, pre-tokenizers, added tokens, template post-processing and decoder, or from a GGUF file's vocabulary.
/// Immutable once loaded; every method from any thread.
class Tokenizer {
public:
    /// Loads FOLDER/tokenizer.json (or the file itself). The beginning- and end-of-text tokens come from
    /// tokenizer_config.json, special_tokens_map.json or config.json beside it, in that order.
    /// Fails with notFound; corrupt; or unsupported, naming the entry that this reader does not know.
    [[nodiscard]] static Result<std::shared_ptr<const Tokenizer>> load(const std::filesystem::path& folderOrFile);

    /// The same from a tokenizer.json in memory, which `what` names in errors. Neither bosId() nor eosId() is known.
    [[nodiscard]] static Result<std::shared_ptr<const Tokenizer>> parse(std::string_view tokenizerJson, const std::string& what);

    /// The tokenizer of a vocabulary. Fails with corrupt where lengths differ, ids or types are out of range, a token
    /// is there twice, a score is not finite or a merge names a token that there is not; with unsupported for another
    /// `model` or an unknown `pre`, naming it. Errors name no file: the caller knows it.
    ///
    /// With the space prefix ("llama", "t5") a space goes before the text and after each added token written out in
    /// it; decode() drops one space at the text's start, so decode(encode(text)) is the text if no token is written
    /// out in it and the vocabulary has all bytes.
    [[nodiscard]] static Result<std::shared_ptr<const Tokenizer>> fromVocabulary(Vocabulary vocabulary);

    ~Tokenizer();
    Tokenizer(const Tokenizer&) = delete;
    Tokenizer& operator=(const Tokenizer&) = delete;

    /// Ids of any byte string. Added tokens written out in the text ("<|user|>") become their ids. `addSpecial` adds
    /// what the file's post-processor adds to a single text (often the beginning-of-text token). Bytes that are no
    /// UTF-8 are kept byte for byte where the model has tokens for single bytes, else they become the unknown token.
    [[nodiscard]] std::vector<int> encode(std::string_view text, bool addSpecial = true) const;

    /// Text of the ids, always valid UTF-8 (U+FFFD for broken sequences). `skipSpecial` leaves special tokens out.
    /// Ids outside the vocabulary add nothing.
    [[nodiscard]] std::string decode(const std::vector<int>& ids, bool skipSpecial = false) const;

    /// Highest id + 1: the least number of rows that a model's embedding must have.
    [[nodiscard]] int vocabularySize() const;
    [[nodiscard]] std::optional<int> idOf(std::string_view token) const;
    /// The token as the file spells it ("Ġthe", "<0x0A>"); empty for an id that there is not.
    [[nodiscard]] std::string tokenText(int id) const;
    [[nodiscard]] bool isSpecial(int id) const;
    [[nodiscard]] std::optional<int> bosId() const;
    [[nodiscard]] std::optional<int> eosId() const;

private:
    friend class StreamDecoder;
    explicit Tokenizer(std::unique_ptr<const TokenizerParts> parts);
    std::unique_ptr<const TokenizerParts> m_parts;
};

/// Text of ids that arrive one by one. Never emits half a character: the pieces joined are what decode() gives for all
/// ids at once. One stream, one thread; the work for an id does not grow with the length of the stream.
class StreamDecoder {
public:
    explicit StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer, bool skipSpecial = false);
    ~StreamDecoder();
    StreamDecoder(StreamDecoder&&) noexcept;
    StreamDecoder& operator=(StreamDecoder&&) noexcept;

    /// The text that is complete with this id; may be empty.
    [[nodiscard]] std::string push(int id);
    /// What was held back. The decoder then starts afresh.
    [[nodiscard]] std::string finish();

private:
    struct State;
    std::shared_ptr<const Tokenizer> m_tokenizer;
    std::unique_ptr<State> m_state;
};

} // namespace precedent::text
