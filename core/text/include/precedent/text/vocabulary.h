#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace precedent::text {

/// What a token is for, with the numbers that GGUF's `tokenizer.ggml.token_type` and SentencePiece give it.
enum class TokenType : std::int32_t {
    normal = 1,
    unknown = 2, ///< stands for what the vocabulary lacks
    control = 3, ///< <s>, <|im_end|>: special, left out of a decoded text on request
    userDefined = 4, ///< found in the text before any merging
    unused = 5, ///< a placeholder; never produced
    byte = 6, ///< "<0x0A>": one byte of what the vocabulary lacks
};

/// A vocabulary as a GGUF file holds it (its `tokenizer.ggml.*` keys, named below without that prefix): what
/// Tokenizer::fromVocabulary() takes. A plain value: whoever reads the file fills in what is there, leaves the rest
/// as it is and checks nothing but the types; fromVocabulary() checks lengths, ids and names.
struct Vocabulary {
    /// `model`: "llama" (SentencePiece's BPE, by scores), "gpt2" (byte-level BPE, by merges), "gemma4" (BPE by merges
    /// over escaped spaces, with bytes to fall back on) or "t5" (unigram).
    std::string model;
    /// `pre`: how a "gpt2" text is split before merging ("llama-bpe", "qwen2", ...). Empty where the key is missing.
    std::string pre;
    /// `general.name` (no prefix): Phi-3 is known by it, whose special tokens take the white space after them.
    std::string modelName;

    std::vector<std::string> tokens; ///< `tokens`, by id, as the file spells them ("Ġthe", "▁the", "<0x0A>")
    std::vector<float> scores; ///< `scores`, one a token; "llama" and "t5" need them
    std::vector<std::int32_t> types; ///< `token_type`, one a token, see TokenType; empty: all of them normal
    std::vector<std::string> merges; ///< `merges`, best first, each "left right"; "gpt2" and "gemma4" need them

    std::optional<std::int64_t> bosId; ///< `bos_token_id`
    std::optional<std::int64_t> eosId; ///< `eos_token_id`
    std::optional<std::int64_t> unknownId; ///< `unknown_token_id`
    std::optional<std::int64_t> paddingId; ///< `padding_token_id`
    /// `add_bos_token`, `add_eos_token`, `add_space_prefix`, `remove_extra_whitespaces`. Where a key is missing the
    /// model's own default holds: "llama" adds the beginning-of-text token and a space, "t5" the end and a space,
    /// "gpt2" nothing (but Llama 3's and Mistral's splits the beginning).
    std::optional<bool> addBos;
    std::optional<bool> addEos;
    std::optional<bool> addSpacePrefix;
    std::optional<bool> removeExtraWhitespaces;

    /// `precompiled_charsmap`: SentencePiece's table of replacements, as bytes. Empty: none.
    std::string charactersMap;
};

/// Whether its special tokens take the white space after them, as Phi-3's do: `modelName` alone tells.
[[nodiscard]] bool stripsAfterTokens(const Vocabulary& vocabulary);

} // namespace precedent::text
