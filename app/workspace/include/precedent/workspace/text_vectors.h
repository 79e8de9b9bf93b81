#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/dense_index.h"
#include "precedent/core/engine.h"
#include "precedent/core/run_inputs.h"
#include "precedent/core/text_encoder.h"
#include "precedent/text/tokenizer.h"
#include "precedent/workspace/case_choice.h"
#include "precedent/workspace/model_source.h"

namespace precedent::workspace {

/// Makes a vector of a text, so that texts that mean the like lie in like directions.
/// Thread: one at a time.
class TextVectors {
public:
    virtual ~TextVectors() = default;
    /// Names weights and recipe: what stored vectors are filed under.
    [[nodiscard]] virtual const std::string& model() const = 0;
    [[nodiscard]] virtual std::size_t width() const = 0;
    /// [texts, width], each of length 1; zeros for a text without a token. Blocks. Fails as Model::pooledStates() does.
    [[nodiscard]] virtual Result<std::vector<float>> of(const std::vector<std::string>& texts, std::stop_token stop) = 0;
};

/// The mean state of a language model over a text's tokens, its beginning-of-text token among them where it has one.
class ModelVectors final : public TextVectors {
public:
    /// The model must be loaded without an adapter, which its digest does not know.
    ModelVectors(std::shared_ptr<core::Model> model, std::shared_ptr<const text::Tokenizer> tokenizer);

    [[nodiscard]] const std::string& model() const override { return m_name; }
    [[nodiscard]] std::size_t width() const override { return static_cast<std::size_t>(m_model->info().hiddenSize); }
    [[nodiscard]] Result<std::vector<float>> of(const std::vector<std::string>& texts, std::stop_token stop) override;

private:
    std::shared_ptr<core::Model> m_model;
    std::shared_ptr<const text::Tokenizer> m_tokenizer;
    std::string m_name;
};

/// The vectors of a sentence encoder. A text of more tokens than it reads is cut at its end, as where the encoder was trained.
class EncoderVectors final : public TextVectors {
public:
    EncoderVectors(std::shared_ptr<core::TextEncoder> encoder, std::shared_ptr<const text::Tokenizer> tokenizer);

    [[nodiscard]] const std::string& model() const override { return m_name; }
    [[nodiscard]] std::size_t width() const override { return static_cast<std::size_t>(m_encoder->info().width); }
    [[nodiscard]] Result<std::vector<float>> of(const std::vector<std::string>& texts, std::stop_token stop) override;

private:
    [[nodiscard]] std::vector<int> idsOf(const std::string& text) const; ///< empty where the text has no token of its own

    std::shared_ptr<core::TextEncoder> m_encoder;
    std::shared_ptr<const text::Tokenizer> m_tokenizer;
    std::size_t m_around = 0; ///< tokens that begin and end each text
    std::size_t m_after = 0; ///< of them, those that end it
    std::string m_name;
};

/// Opens the engine; called only when something must be computed.
using EngineSource = std::function<Result<core::Engine*>()>;

/// What makes a retrieval's vectors: `named` as resolveModel() takes it, a language model or a sentence encoder, or, where it is
/// empty, the model in `modelFolder`. Fails with unsupported for an adapter, or as resolveModel(), Engine::load() and loadEncoder() do.
[[nodiscard]] Result<std::unique_ptr<TextVectors>> loadTextVectors(
    const casebase::Casebase& casebase, const std::string& named, const std::filesystem::path& modelFolder, const EngineSource& engine);

/// What finds cases as `choice` says for a model that is asked: null where words do; else the vectors of the model that `choice` names, of
/// `loaded` where it names none and `asked` has no adapter, else of the asked model's folder without its adapter. `loaded` is null
/// where the model answers elsewhere. Fails with invalidArgument where then none is named, or as loadTextVectors().
[[nodiscard]] Result<std::shared_ptr<TextVectors>> vectorsFor(const casebase::Casebase& casebase, const CaseChoice& choice,
    const ModelSource& asked, std::shared_ptr<core::Model> loaded, const EngineSource& engine);

/// The cases' requests by meaning. Vectors come from the casebase, where they are stored for this model and these very
/// texts; the others are computed, and stored if the casebase can be written to, so that a stop loses little.
/// Blocks. Fails as `vectors` and the casebase do, or with cancelled.
[[nodiscard]] Result<casebase::DenseIndex> denseIndexOf(
    const casebase::Casebase& casebase, const std::vector<core::Case>& cases, TextVectors& vectors, std::stop_token stop = {});

} // namespace precedent::workspace
