#include "core/run/model_impl.h"

#include <mutex>

#include "core/generate/generator.h"
#include "core/model/loader.h"
#include "core/model/lora.h"
#include "core/run/guarded.h"
#include "core/run/model_bench.h"

namespace precedent::core {
namespace {

class ModelImpl final : public Model {
public:
    explicit ModelImpl(const LoadedModel& loaded)
        : m_generator(loaded.decoder)
    {
        const DecoderConfig& config = loaded.config;
        m_info = {config.family, loaded.dtype, config.parameterCount(), config.vocabulary, config.contextLength, config.layers,
            config.hiddenSize, loaded.sha256};
    }

    [[nodiscard]] const ModelInfo& info() const override { return m_info; }

    [[nodiscard]] Result<GenerationResult> generate(
        const GenerationRequest& request, std::stop_token stop, const TokenSink& onToken, const CompletionSink& onCompletion) override
    {
        const std::scoped_lock lock(m_mutex);
        return guarded("Generation", [&] { return m_generator.generate(request, std::move(stop), onToken, onCompletion); });
    }

    [[nodiscard]] Result<LogitsResult> logits(const std::vector<int>& ids, int topK) override
    {
        const std::scoped_lock lock(m_mutex);
        return guarded("Computing logits", [&] { return m_generator.logits(ids, topK); });
    }

    [[nodiscard]] Result<std::vector<double>> continuationLogProbs(
        const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, std::stop_token stop) override
    {
        const std::scoped_lock lock(m_mutex);
        return guarded("Computing log-probabilities", [&] { return m_generator.continuationLogProbs(prompt, continuations, stop); });
    }

    [[nodiscard]] Result<PooledStates> pooledStates(const PooledRequest& request, std::stop_token stop) override
    {
        const std::scoped_lock lock(m_mutex);
        return guarded("Computing vectors", [&] { return m_generator.pooledStates(request, stop); });
    }

    [[nodiscard]] Result<BenchResult> bench(
        const BenchRequest& request, std::stop_token stop, const std::function<void(const BenchRow&)>& onRow) override
    {
        const std::scoped_lock lock(m_mutex);
        return guarded("Measuring", [&] { return benchModel(m_generator, request, stop, onRow); });
    }

private:
    std::mutex m_mutex;
    Generator m_generator;
    ModelInfo m_info;
};

Result<std::shared_ptr<Model>> open(const LoadOptions& options)
{
    auto loaded = loadModel(options.folder, /*requireTokenizer=*/true, defaultPlacement());
    if (!loaded.ok())
        return loaded.error();
    loaded->decoder->setTrainable(false);
    if (!options.adapter.empty()) {
        auto adapter = LoraSet::load(*loaded->decoder, options.adapter);
        if (!adapter.ok())
            return adapter.error();
        loaded->decoder->setAdapter(*adapter);
    }
    return std::shared_ptr<Model>(std::make_shared<ModelImpl>(*loaded));
}

} // namespace

Result<std::shared_ptr<Model>> openModel(const LoadOptions& options)
{
    return guarded("Loading " + options.folder, [&] { return open(options); });
}

} // namespace precedent::core
