#include "precedent/core/engine.h"

#include <algorithm>
#include <dlfcn.h>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <ATen/Version.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include "core/generate/kernel_choice.h"
#include "core/model/cancelled.h"
#include "core/model/export.h"
#include "core/model/placement.h"
#include "core/model/threads.h"
#include "core/run/agreement.h"
#include "core/run/checkpoint_folder.h"
#include "core/run/model_impl.h"
#include "core/run/orders.h"
#include "core/run/pretrain.h"
#include "core/run/ranks_c10d.h"
#include "core/run/text_encoder_impl.h"
#include "core/run/training_run_impl.h"
#include "precedent/base/log.h"
#include "precedent/base/process_memory.h"

namespace precedent::core {
namespace {

/// OpenBLAS's version and the kernel set that it multiplies with, as "OpenBLAS 0.3.21 SkylakeX"; empty where another BLAS is loaded. The
/// set follows the processor and OPENBLAS_CORETYPE, and with it the last bits of every large product.
std::string openBlasName()
{
    using Text = char* (*)();
    const auto config = reinterpret_cast<Text>(::dlsym(RTLD_DEFAULT, "openblas_get_config"));
    const auto set = reinterpret_cast<Text>(::dlsym(RTLD_DEFAULT, "openblas_get_corename"));
    if (config == nullptr || set == nullptr)
        return {};
    const std::string told = config(); // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
    return told.substr(0, told.find(' ', told.find(' ') + 1)) + " " + set();
}

/// As LibTorch's own description says it, "generic" being whatever was found under a BLAS's soname; empty where it says nothing.
std::string blasName()
{
    const std::string config = at::show_config();
    constexpr std::string_view kKey = "BLAS_INFO=";
    const std::size_t at = config.find(kKey);
    if (at == std::string::npos)
        return {};
    const std::size_t from = at + kKey.size();
    const std::string named = config.substr(from, config.find_first_of(",\n", from) - from);
    const std::string open = named == "generic" || named == "open" ? openBlasName() : std::string();
    return open.empty() ? named : open;
}

class EngineImpl final : public Engine {
public:
    [[nodiscard]] Status configure(const EngineSettings& settings) override
    {
        const auto device = deviceNamed(settings.device, settings.localRank);
        PRECEDENT_TRY(device);
        setThreadCount(settings.threads);
        setDefaultPlacement({settings.dtype, *device});
        return {};
    }

    [[nodiscard]] std::string description() const override
    {
        const std::string version = at::show_config();
        return "LibTorch, " + std::to_string(threadCount()) + " threads; " + version.substr(0, version.find('\n'));
    }

    [[nodiscard]] EngineFacts facts() const override
    {
        EngineFacts facts;
        facts.libtorch = TORCH_VERSION;
        facts.blas = blasName();
        facts.processor = processorName();
        facts.cores = static_cast<int>(std::thread::hardware_concurrency());
        facts.threads = threadCount();
        facts.memoryBytes = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE);
        return facts;
    }

    [[nodiscard]] Result<std::shared_ptr<Model>> load(const LoadOptions& options) override { return openModel(options); }

    [[nodiscard]] Result<std::shared_ptr<TextEncoder>> loadEncoder(const std::string& folder) override { return openEncoder(folder); }

    [[nodiscard]] Result<std::unique_ptr<TrainingRun>> start(
        const RunInputs& inputs, std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Ranks> ranks) override
    {
        return begin(inputs, std::move(recorder), false, std::move(ranks));
    }

    [[nodiscard]] Result<std::unique_ptr<TrainingRun>> resume(
        const RunInputs& inputs, std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Ranks> ranks) override
    {
        return begin(inputs, std::move(recorder), true, std::move(ranks));
    }

    [[nodiscard]] Result<std::shared_ptr<Ranks>> meet(const RankPlace& place) override { return meetRanks(place); }

    [[nodiscard]] Result<FollowedEnd> follow(
        const RunInputs& inputs, bool resumes, const std::shared_ptr<Ranks>& ranks, std::stop_token stop) override
    {
        setThreadCount(threadCount()); // OpenMP's team size belongs to the thread that sets it
        const Result<std::unique_ptr<Trainer>> trainer = trainerFor(inputs, resumes, ranks);
        if (!trainer.ok())
            return trainer.error();
        Result<FollowedEnd> end = FollowedEnd{};
        if (const Status done = attempt([&] { end = followOrders(**trainer, *ranks, stop); }); !done.ok())
            end = done.error();
        if (end.ok())
            return end;
        std::vector<std::string> skipped;
        const Result<FoundCheckpoint> last = lastGoodCheckpoint(inputs.outputFolder, skipped);
        return Error(end.error().code(), end.error().message() + " " + goOnFrom(last.ok() ? last->step : 0), end.error().hint());
    }

    [[nodiscard]] Result<ExportReport> exportModel(const ExportRequest& request, std::stop_token stop) override
    {
        try {
            return core::exportModel(request, stop);
        } catch (const Cancelled&) {
            return Error(ErrorCode::cancelled, "The export was stopped; nothing was written.");
        } catch (const std::bad_alloc&) {
            return Error(ErrorCode::outOfMemory, "There is not enough memory to export " + request.model.folder + ".",
                "Close other programs; an export needs the model twice, once in float32.");
        } catch (const std::exception& e) {
            return Error(ErrorCode::internal, "Exporting " + request.model.folder + " failed: " + e.what());
        }
    }

    [[nodiscard]] Result<PretrainSummary> pretrain(
        const PretrainSpec& spec, const std::function<void(const PretrainProgress&)>& onProgress, std::stop_token stop) override
    {
        return core::pretrain(spec, onProgress, std::move(stop));
    }

    [[nodiscard]] Result<Rehearsal> rehearse(const RunInputs& inputs, std::stop_token stop) override
    {
        try {
            resetPeakMemory();
            auto trainer = Trainer::create(inputs);
            if (!trainer.ok())
                return trainer.error();
            Result<Rehearsal> rehearsal = (*trainer)->rehearse(stop);
            trainer = Error(ErrorCode::cancelled, "It has done its work.");
            releaseFreeMemory(); // so that the run's own peak is no larger for the rehearsal
            return rehearsal;
        } catch (const Cancelled&) {
            return Error(ErrorCode::cancelled, "Measuring was stopped; nothing was written.");
        } catch (const std::bad_alloc&) {
            return Error(ErrorCode::outOfMemory, "There is not enough memory for a step of this run.",
                "Lower micro_batch_tokens, num_generations or prompts_per_step, or train with LoRA.");
        } catch (const std::exception& e) {
            return Error(ErrorCode::internal, std::string("A step could not be measured: ") + e.what());
        }
    }

private:
    Result<std::unique_ptr<TrainingRun>> begin(
        const RunInputs& inputs, std::shared_ptr<RunRecorder> recorder, bool resumes, std::shared_ptr<Ranks> ranks)
    {
        m_yard.sweep();
        if (!paidByAnalysis(inputs.spec) && !inputs.judge)
            return Error(ErrorCode::internal, "The judge " + inputs.spec.rewardJudge + ", which pays the run, was not handed to it.");
        if (!inputs.spec.rolloutEndpoint.empty() && !inputs.rolloutSource)
            return Error(ErrorCode::internal, "The server " + inputs.spec.rolloutEndpoint + ", which draws, was not handed to the run.");
        Result<std::unique_ptr<Trainer>> trainer = trainerFor(inputs, resumes, ranks);
        if (!trainer.ok())
            return trainer.error();
        return runOnWorker(std::move(*trainer), inputs.spec, std::move(recorder), std::move(ranks), m_yard);
    }

    /// Among ranks a meeting, as agreeToBegin() is.
    static Result<std::unique_ptr<Trainer>> trainerFor(const RunInputs& inputs, bool resumes, const std::shared_ptr<Ranks>& ranks)
    {
        Result<std::unique_ptr<Trainer>> trainer = ownTrainer(inputs, resumes);
        if (!ranks)
            return trainer;
        PRECEDENT_TRY(agreeToBegin(*ranks, trainer));
        (*trainer)->setRanks(ranks);
        return trainer;
    }

    static Result<std::unique_ptr<Trainer>> ownTrainer(const RunInputs& inputs, bool resumes)
    {
        // Else the run's own model would draw in silence what a server was to.
        if (!inputs.spec.selfGenerationEndpoint.empty() && !inputs.completions)
            return Error(ErrorCode::invalidArgument,
                "self_generation_endpoint is " + inputs.spec.selfGenerationEndpoint + ", and whoever starts the run did not open it.");
        try {
            auto trainer = Trainer::create(inputs);
            if (!trainer.ok())
                return trainer.error();
            if (resumes) {
                std::vector<std::string> skipped;
                const Status resumed = (*trainer)->resume(skipped);
                for (const std::string& message : skipped)
                    logWarning(message);
                PRECEDENT_TRY(resumed);
            }
            return trainer;
        } catch (const std::bad_alloc&) {
            return Error(ErrorCode::outOfMemory, "There is not enough memory to load " + inputs.modelFolder + " for training.",
                "Close other programs, or train with LoRA.");
        } catch (const c10::Error& e) {
            return Error(ErrorCode::internal, std::string("LibTorch failed while the run was set up: ") + e.what_without_backtrace());
        } catch (const std::exception& e) {
            return Error(ErrorCode::internal, std::string("The run could not be set up: ") + e.what());
        }
    }

    WorkerYard m_yard;
};

} // namespace
} // namespace precedent::core

extern "C" {

__attribute__((visibility("default"))) precedent::core::Engine* precedent_engine()
{
    static precedent::core::EngineImpl engine;
    return &engine;
}

__attribute__((visibility("default"))) int precedent_engine_version() { return precedent::core::kEngineVersion; }
}
