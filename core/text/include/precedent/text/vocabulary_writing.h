#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "precedent/base/result.h"
#include "precedent/text/vocabulary.h"

namespace precedent::text {

/// The vocabulary that a GGUF file would hold of FOLDER/tokenizer.json (or the file itself) and the settings beside it
/// (tokenizer_config.json, special_tokens_map.json, config.json): byte-level BPE becomes "gpt2", BPE with bytes to fall
/// back on "llama", unigram "t5". Tokenizer::fromVocabulary() of it gives the ids that Tokenizer::load() of the file
/// gives; this is checked for every token and for some forty texts before it is handed out. Known exceptions: texts in
/// which "▁" (U+2581) itself stands, and, for "t5", texts that are no UTF-8 or spell out a control or byte token
/// ("<0x0A>") and combining characters, which Hugging Face's normalizer takes a grapheme at a time.
///
/// `rows` is how many rows the model's embedding has; without it config.json's vocabulary size, or the tokenizer's own.
/// Rows without a token become unused "[PAD7]" and the like; added tokens beyond the rows, for which the model has
/// nothing, are left out. What is added to a text is what the file's template adds, or, where there is no template,
/// what tokenizer_config.json says (add_bos_token, add_eos_token).
///
/// Phi-3's special tokens take the white space after them, which a GGUF file says by the model's name only: where
/// `modelName` comes back set, `general.name` must contain it.
///
/// Fails as Tokenizer::load() does; with corrupt where ids or rows do not fit; with unsupported, naming the part, where
/// no vocabulary would give the same ids (an unknown way to split, for instance).
[[nodiscard]] Result<Vocabulary> vocabularyOf(const std::filesystem::path& folderOrFile, std::optional<std::size_t> rows = std::nullopt);

/// A tokenizer.json of a vocabulary, with which Tokenizer::load() and Hugging Face's tokenizers give the ids that
/// Tokenizer::fromVocabulary() gives; checked as vocabularyOf() does, with the same exceptions for "t5". The scores of a
/// "llama" vocabulary become merges: all ways to make a token of two others, as Hugging Face's converters find them.
///
/// Fails as Tokenizer::fromVocabulary() does; with unsupported where a token is no UTF-8, where no merges do what the
/// scores do, or where the check finds other ids.
[[nodiscard]] Result<std::string> tokenizerJson(const Vocabulary& vocabulary);

/// The tokenizer_config.json beside it: special tokens, what is added to a text, and the chat template where there is one
/// (empty: none). Fails with corrupt where an id is no token or a text no UTF-8.
[[nodiscard]] Result<std::string> tokenizerConfigJson(const Vocabulary& vocabulary, const std::string& chatTemplate);

} // namespace precedent::text
