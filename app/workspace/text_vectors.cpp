#include "precedent/workspace/text_vectors.h"

#include <algorithm>

#include "precedent/architecture/encoder_config.h"
#include "precedent/casebase/vector_store.h"
#include "precedent/workspace/engine_loader.h"

namespace precedent::workspace {
namespace {

/// Changes with how a vector is made of a text: stored ones of another recipe are then computed again.
constexpr const char* kRecipe = "mean-state-1";
constexpr const char* kEncoderRecipe = "encoder-1";
/// Vectors computed between two writes.
constexpr std::size_t kVectorsAtOnce = 256;

/// Computes the vectors of the texts at `places`, stores them if that is possible, and writes them to their rows of `values`.
Status addVectors(const casebase::Casebase& casebase, const std::vector<casebase::CaseText>& texts, const std::vector<std::size_t>& places,
    TextVectors& vectors, const std::stop_token& stop, std::vector<float>& values)
{
    std::vector<casebase::CaseText> some;
    std::vector<std::string> words;
    for (const std::size_t place : places) {
        some.push_back(texts[place]);
        words.push_back(texts[place].text);
    }
    const Result<std::vector<float>> rows = vectors.of(words, stop);
    if (!rows)
        return rows.error();
    const std::size_t width = vectors.width();
    for (std::size_t i = 0; i < places.size(); ++i)
        std::copy_n(rows.value().begin() + static_cast<std::ptrdiff_t>(i * width), width,
            values.begin() + static_cast<std::ptrdiff_t>(places[i] * width));
    return casebase.isReadOnly() ? Status{} : casebase.vectors().put(vectors.model(), some, rows.value(), width);
}

/// A row a text: what `statesOf` makes of the ids that `idsOf` makes of it, zeros for a text without ids.
template <typename IdsOf, typename StatesOf>
Result<std::vector<float>> rowsOf(const std::vector<std::string>& texts, std::size_t width, const IdsOf& idsOf, const StatesOf& statesOf)
{
    std::vector<std::vector<int>> known;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        std::vector<int> ids = idsOf(texts[i]);
        if (ids.empty())
            continue;
        known.push_back(std::move(ids));
        places.push_back(i);
    }
    const Result<core::PooledStates> states = statesOf(std::move(known));
    if (!states)
        return states.error();
    std::vector<float> rows(texts.size() * width, 0.0F);
    for (std::size_t i = 0; i < places.size(); ++i)
        std::copy_n(states.value().row(i), width, rows.begin() + static_cast<std::ptrdiff_t>(places[i] * width));
    return rows;
}

Result<std::unique_ptr<TextVectors>> encoderVectors(
    core::Engine& engine, const std::filesystem::path& folder, std::shared_ptr<const text::Tokenizer> tokenizer)
{
    Result<std::shared_ptr<core::TextEncoder>> encoder = engine.loadEncoder(folder.string());
    if (!encoder)
        return encoder.error();
    if (tokenizer->vocabularySize() > encoder.value()->info().vocabulary)
        return Error(ErrorCode::corrupt,
            folder.string() + ": the tokenizer has " + std::to_string(tokenizer->vocabularySize()) + " tokens and the encoder " +
                std::to_string(encoder.value()->info().vocabulary) + ".",
            "The files do not fit together: fetch the encoder again.");
    return std::unique_ptr<TextVectors>(std::make_unique<EncoderVectors>(std::move(*encoder), std::move(tokenizer)));
}

} // namespace

ModelVectors::ModelVectors(std::shared_ptr<core::Model> model, std::shared_ptr<const text::Tokenizer> tokenizer)
    : m_model(std::move(model))
    , m_tokenizer(std::move(tokenizer))
    , m_name(m_model->info().sha256 + " " + kRecipe)
{
}

Result<std::vector<float>> ModelVectors::of(const std::vector<std::string>& texts, std::stop_token stop)
{
    return rowsOf(
        texts, width(), [this](const std::string& text) { return m_tokenizer->encode(text); },
        [&](std::vector<std::vector<int>> known) {
            return m_model->pooledStates({std::move(known), /*normalise=*/true}, stop);
        });
}

EncoderVectors::EncoderVectors(std::shared_ptr<core::TextEncoder> encoder, std::shared_ptr<const text::Tokenizer> tokenizer)
    : m_encoder(std::move(encoder))
    , m_tokenizer(std::move(tokenizer))
    , m_name(m_encoder->info().sha256 + " " + kEncoderRecipe + " " + m_encoder->info().pooling + " " +
          std::to_string(m_encoder->info().longestText))
{
    // Which of a text's tokens only end it.
    const std::vector<int> whole = m_tokenizer->encode("a"), plain = m_tokenizer->encode("a", false);
    m_around = whole.size() - plain.size();
    m_after = static_cast<std::size_t>(whole.end() - std::search(whole.begin(), whole.end(), plain.begin(), plain.end())) - plain.size();
}

std::vector<int> EncoderVectors::idsOf(const std::string& text) const
{
    std::vector<int> ids = m_tokenizer->encode(text);
    if (ids.size() <= m_around)
        return {};
    const auto most = static_cast<std::size_t>(m_encoder->info().longestText);
    if (ids.size() > most)
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(most - m_after), ids.end() - static_cast<std::ptrdiff_t>(m_after));
    return ids;
}

Result<std::vector<float>> EncoderVectors::of(const std::vector<std::string>& texts, std::stop_token stop)
{
    return rowsOf(
        texts, width(), [this](const std::string& text) { return idsOf(text); },
        [&](const std::vector<std::vector<int>>& known) { return m_encoder->vectors(known, stop); });
}

Result<std::unique_ptr<TextVectors>> loadTextVectors(
    const casebase::Casebase& casebase, const std::string& named, const std::filesystem::path& modelFolder, const EngineSource& engine)
{
    std::filesystem::path folder = modelFolder;
    if (!named.empty()) {
        const Result<ModelSource> source = resolveModel(named, &casebase);
        if (!source)
            return source.error().in("The model that retrieves");
        if (!source.value().adapter.empty())
            return Error(ErrorCode::unsupported, "Retrieval takes a model's own states, and " + named + " is an adapter.",
                "Name the model that it was trained on.");
        folder = source.value().folder;
    }
    Result<std::shared_ptr<const text::Tokenizer>> tokenizer = tokenizerOf(folder);
    if (!tokenizer)
        return tokenizer.error();
    const Result<core::Engine*> opened = engine ? engine() : openEngine();
    if (!opened)
        return opened.error();
    if (core::isEncoderFolder(folder))
        return encoderVectors(**opened, folder, std::move(*tokenizer));
    Result<std::shared_ptr<core::Model>> model = opened.value()->load({folder.string(), {}});
    if (!model)
        return model.error();
    return std::unique_ptr<TextVectors>(std::make_unique<ModelVectors>(std::move(*model), std::move(*tokenizer)));
}

Result<std::shared_ptr<TextVectors>> vectorsFor(const casebase::Casebase& casebase, const CaseChoice& choice, const ModelSource& asked,
    std::shared_ptr<core::Model> loaded, const EngineSource& engine)
{
    if (!needsVectors(choice))
        return std::shared_ptr<TextVectors>();
    if (choice.model.empty() && loaded == nullptr)
        return Error(ErrorCode::invalidArgument, "Cases are to be found by meaning, and no model of this machine is named to compare them.",
            "Name one: --retrieval-model MODEL; or find them by words: --retrieval bm25.");
    if (choice.model.empty() && asked.adapter.empty()) {
        Result<std::shared_ptr<const text::Tokenizer>> tokenizer = tokenizerOf(asked.folder);
        if (!tokenizer)
            return tokenizer.error();
        return std::shared_ptr<TextVectors>(std::make_shared<ModelVectors>(std::move(loaded), std::move(*tokenizer)));
    }
    Result<std::unique_ptr<TextVectors>> own = loadTextVectors(casebase, choice.model, asked.folder, engine);
    if (!own)
        return own.error();
    return std::shared_ptr<TextVectors>(std::move(*own));
}

Result<casebase::DenseIndex> denseIndexOf(
    const casebase::Casebase& casebase, const std::vector<core::Case>& cases, TextVectors& vectors, std::stop_token stop)
{
    std::vector<casebase::CaseText> texts;
    std::vector<std::string> ids;
    for (const core::Case& value : cases) {
        texts.push_back({value.id, lastUserText(value.request)});
        ids.push_back(value.id);
    }
    Result<casebase::VectorTable> table = casebase.vectors().find(vectors.model(), texts);
    if (!table)
        return table.error();
    const std::size_t width = vectors.width();
    if (table->width != width) { // nothing is stored
        table->values.assign(texts.size() * width, 0.0F);
        table->width = width;
    }
    for (std::size_t first = 0; first < table->missing.size(); first += kVectorsAtOnce) {
        const std::size_t last = std::min(table->missing.size(), first + kVectorsAtOnce);
        PRECEDENT_TRY(addVectors(casebase, texts,
            {table->missing.begin() + static_cast<std::ptrdiff_t>(first), table->missing.begin() + static_cast<std::ptrdiff_t>(last)},
            vectors, stop, table->values));
    }
    return casebase::DenseIndex::build(ids, table->values, width);
}

} // namespace precedent::workspace
