#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/formats/gguf.h"
#include "precedent/text/chat_template.h"
#include "precedent/text/tokenizer.h"

/// What a model's files say of texts, whether they are a Hugging Face folder or a GGUF file (see openStoredModel()).
namespace precedent::core {

/// A GGUF file of vocabulary and chat template, without weights, in a folder whose tokenizer has no tokenizer.json.
inline constexpr const char* kGgufTokenizerFile = "tokenizer.gguf";

/// Fails as text::Tokenizer::load() and fromVocabulary() do, with corrupt also for a GGUF file that cannot be read; each names
/// the file.
[[nodiscard]] Result<std::shared_ptr<const text::Tokenizer>> loadTokenizer(const std::filesystem::path& model);

/// Fails as text::ChatTemplate::forModel(), or as formats::GgufFile::open().
[[nodiscard]] Result<text::ChatTemplate> loadChatTemplate(const std::filesystem::path& model);
/// Another template for the model, whose special tokens it is given. `source` is Jinja, or a built-in template's name.
[[nodiscard]] Result<text::ChatTemplate> loadChatTemplate(const std::filesystem::path& model, const std::string& source);

/// The Jinja that a model's files hold as its chat template; empty where they hold none that can be read, or a built-in one's name.
[[nodiscard]] std::string chatTemplateText(const std::filesystem::path& model);

/// The GGUF file that a model's texts are read from; empty where a Hugging Face folder has its own.
[[nodiscard]] std::filesystem::path ggufTextFile(const std::filesystem::path& model);

/// What a GGUF file holds of a model's texts.
struct GgufTexts {
    std::vector<formats::GgufEntry> tokenizer; ///< "tokenizer.*": the vocabulary, and the chat template where the model has one
    std::string nameNeeded; ///< what "general.name" must contain for the vocabulary to be read right (Phi-3); as a rule empty
    std::string note; ///< what could not be said; else empty
};

/// Of a GGUF file (or a folder with one of its texts) as they stand there; of a Hugging Face folder as text::vocabularyOf() makes
/// them, filled up to `vocabulary`, the rows of the embedding. Fails with unsupported for a tokenizer that has no exact form.
[[nodiscard]] Result<GgufTexts> ggufTexts(const std::filesystem::path& model, int vocabulary);

/// The licence that a GGUF file states; empty if it states none or cannot be read.
[[nodiscard]] std::string ggufLicence(const std::filesystem::path& file);

/// Writes what texts need of a GGUF file into the folder of weights made from it: tokenizer.json and tokenizer_config.json, or
/// tokenizer.gguf where no tokenizer.json gives the same ids. Fails as reading and writing do.
[[nodiscard]] Status writeGgufTexts(const std::filesystem::path& file, const std::filesystem::path& folder);

} // namespace precedent::core
