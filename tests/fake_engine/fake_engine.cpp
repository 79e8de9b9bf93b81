// An engine that trains nothing: it makes up steps, answers and checkpoints, quickly and always the same, and goes wrong where a test
// asks for it through the environment (read as each run starts):
//   FAKE_STEP_MS       how long a step takes (20)
//   FAKE_ANSWER_MS     how long an evaluated answer takes (0)
//   FAKE_NAN_AT        the step whose loss is no number (never)
//   FAKE_ROLLOUT_BYTES how long an answer is in letters (40)
//   FAKE_CRASH_AT      the step at which LibTorch would have thrown (never)
//   FAKE_LATE_END      1: the last event comes just before someone sees that the worker is over, as a slow machine may have it (0)

#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "precedent/core/engine.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

int setting(const char* name, int otherwise)
{
    const char* text = std::getenv(name);
    return text != nullptr && *text != '\0' ? std::atoi(text) : otherwise;
}

constexpr int kAnswerTokens = 8;
constexpr int kEndOfText = 1; ///< the starter's

class FakeModel final : public Model {
public:
    [[nodiscard]] const ModelInfo& info() const override { return m_info; }

    [[nodiscard]] Result<GenerationResult> generate(
        const GenerationRequest& request, std::stop_token stop, const TokenSink& onToken, const CompletionSink& onCompletion) override
    {
        GenerationResult result;
        for (int p = 0; p < static_cast<int>(request.prompts.size()); ++p) {
            for (int i = 0; i < request.prompts[static_cast<std::size_t>(p)].n; ++i) {
                std::this_thread::sleep_for(std::chrono::milliseconds(setting("FAKE_ANSWER_MS", 0)));
                Completion made;
                made.prompt = p;
                made.index = i;
                for (int t = 0; t < kAnswerTokens; ++t)
                    made.ids.push_back(300 + t);
                made.ids.push_back(kEndOfText);
                made.logprobs.assign(made.ids.size(), -0.5F);
                made.stopReason = stop.stop_requested() ? StopReason::cancelled : StopReason::stopId;
                if (onToken)
                    onToken(p, i, made.ids.front());
                if (onCompletion)
                    onCompletion(made);
                result.completionTokens += static_cast<std::int64_t>(made.ids.size());
                result.completions.push_back(std::move(made));
            }
        }
        return result;
    }

    [[nodiscard]] Result<LogitsResult> logits(const std::vector<int>&, int) override { return LogitsResult{}; }

    /// All are equally likely.
    [[nodiscard]] Result<std::vector<double>> continuationLogProbs(
        const std::vector<int>&, const std::vector<std::vector<int>>& continuations, std::stop_token) override
    {
        return std::vector<double>(continuations.size(), -1.0);
    }

    /// A text's vector counts its ids: those that are equal modulo the width, in one place.
    [[nodiscard]] Result<PooledStates> pooledStates(const PooledRequest& request, std::stop_token) override
    {
        PooledStates result;
        result.width = m_info.hiddenSize;
        for (const std::vector<int>& ids : request.texts) {
            std::vector<float> counts(static_cast<std::size_t>(result.width));
            for (const int id : ids)
                counts[static_cast<std::size_t>(id) % counts.size()] += 1.0F;
            float squares = 0;
            for (const float count : counts)
                squares += count * count;
            const float length = request.normalise ? std::sqrt(squares) : static_cast<float>(ids.size());
            for (const float count : counts)
                result.values.push_back(count / length);
            result.tokens += static_cast<std::int64_t>(ids.size());
        }
        return result;
    }

    [[nodiscard]] Result<BenchResult> bench(const BenchRequest&, std::stop_token, const std::function<void(const BenchRow&)>&) override
    {
        return BenchResult{};
    }

private:
    ModelInfo m_info{"llama", "bf16", 2'361'408, 2048, 2048, 5, 192, "fake"};
};

struct Shared {
    EventChannel<RunEvent> events;
    std::mutex mutex;
    std::condition_variable changed;
    RunState state = RunState::running;
    bool paused = false;
    bool stopAfterStep = false;
    bool checkpoint = false;
    bool over = false;
    std::optional<StateEvent> late; ///< the last event, if it is held back
};

class Worker {
public:
    Worker(RunInputs inputs, std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Shared> shared, int from)
        : m_inputs(std::move(inputs))
        , m_recorder(std::move(recorder))
        , m_shared(std::move(shared))
        , m_done(from)
    {
    }

    void run(const std::stop_token& stop)
    {
        loop(stop);
        m_recorder.reset();
        const std::scoped_lock lock(m_shared->mutex);
        m_shared->over = true;
        m_shared->changed.notify_all();
    }

private:
    void loop(const std::stop_token& stop)
    {
        if (!enter(RunState::running, {}))
            return;
        while (m_done < m_inputs.spec.maxSteps) {
            if (!waitWhilePaused(stop))
                return;
            if (stop.stop_requested() || taken(&Shared::stopAfterStep))
                return conclude(RunState::stopped, "Stopped after step " + std::to_string(m_done) + ".");
            if (!step(stop))
                return;
        }
        conclude(RunState::finished, {});
    }

    bool step(const std::stop_token& stop)
    {
        const int number = m_done + 1;
        for (int waited = 0; waited < setting("FAKE_STEP_MS", 20) && !stop.stop_requested(); ++waited)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (stop.stop_requested())
            return true;
        if (number == setting("FAKE_NAN_AT", 0)) {
            conclude(RunState::failed,
                "The loss or the gradient of step " + std::to_string(number) + " is not a number. The weights are those of step " +
                    std::to_string(m_done) + "; lower learning_rate and resume.");
            return false;
        }
        if (number == setting("FAKE_CRASH_AT", 0)) {
            enter(RunState::failed, "LibTorch failed: made up.");
            return false;
        }
        const StepRecord record = stepRecord(number);
        std::vector<RolloutRecord> rollouts = rolloutsOf(number);
        if (const Status recorded = m_recorder->step(record, rollouts); !recorded.ok()) {
            enter(RunState::failed,
                "The casebase could not take step " + std::to_string(number) + ": " + recorded.error().message() + " " +
                    recorded.error().hint());
            return false;
        }
        m_done = number;
        m_shared->events.push(TokenEvent{number, 0, 0, "Under [S1] this is fine. "}, true);
        m_shared->events.push(StepEvent{record, m_inputs.spec.maxSteps}, false);
        const bool due = m_done % m_inputs.spec.saveSteps == 0 || taken(&Shared::checkpoint);
        return !due || save();
    }

    [[nodiscard]] StepRecord stepRecord(int step) const
    {
        const double share = static_cast<double>(step) / m_inputs.spec.maxSteps;
        return {step,
            {{"reward", 0.3 + 0.5 * share}, {"reward/harmful/mean", 0.4 + 0.5 * share}, {"reward/benign/mean", 0.2 + 0.5 * share},
                {"refusal_rate/harmful", 0.7 + 0.2 * share}, {"refusal_rate/benign", 0.5 - 0.4 * share}, {"kl", 0.05 * share},
                {"entropy", 0.2}, {"completions/mean_length", 60}, {"tokens_per_second", 9000}, {"frac_reward_zero_std", 0.5}},
            setting("FAKE_STEP_MS", 20) / 1000.0};
    }

    [[nodiscard]] std::vector<RolloutRecord> rolloutsOf(int step) const
    {
        std::vector<RolloutRecord> rollouts;
        for (int group = 0; group < m_inputs.spec.promptsPerStep; ++group) {
            for (int index = 0; index < m_inputs.spec.numGenerations; ++index) {
                RolloutRecord r;
                r.step = step;
                r.group = group;
                r.index = index;
                const std::size_t at = static_cast<std::size_t>(step * m_inputs.spec.promptsPerStep + group) % m_inputs.prompts.size();
                r.promptId = m_inputs.prompts[at].id;
                r.prompt = "The request, and what is folded around it.";
                r.chain = "The request is under [S1]. So comply.";
                r.answer = std::string(static_cast<std::size_t>(setting("FAKE_ROLLOUT_BYTES", 40)), 'a');
                r.completion = r.chain;
                r.verdict = index % 2 == 0 ? Verdict::comply : Verdict::refuse;
                r.reward = index % 2 == 0 ? 0.9 : 0.2;
                r.rewards = {{"disposition", r.reward}, {"format", 1.0}};
                r.advantage = index % 2 == 0 ? 0.9 : -0.9;
                r.tokens = 60;
                r.citations = {{"S1", true, true, true}};
                rollouts.push_back(std::move(r));
            }
        }
        return rollouts;
    }

    bool save()
    {
        const fs::path folder = fs::path(m_inputs.outputFolder) / ("checkpoint-" + std::to_string(m_done));
        std::error_code ec;
        fs::create_directories(folder, ec);
        std::ofstream(folder / "weights") << std::string(1000, 'w');
        if (!m_recorder->checkpoint({m_done, folder.string(), "fake"}).ok()) {
            enter(RunState::failed, "The casebase could not take the checkpoint of step " + std::to_string(m_done) + ".");
            return false;
        }
        m_shared->events.push(CheckpointEvent{{m_done, folder.string(), "fake"}}, false);
        return true;
    }

    void conclude(RunState state, const std::string& message)
    {
        if (m_done == 0 && state == RunState::failed)
            enter(state, message);
        else if (save())
            enter(state, message);
    }

    bool enter(RunState state, const std::string& message)
    {
        const Status recorded = m_recorder->state(state, message);
        const RunState reached = recorded.ok() ? state : RunState::failed;
        {
            const std::scoped_lock lock(m_shared->mutex);
            m_shared->state = reached;
        }
        StateEvent event{reached, recorded.ok() || !message.empty() ? message : recorded.error().message()};
        const bool last = reached == RunState::failed || reached == RunState::stopped || reached == RunState::finished;
        if (last && setting("FAKE_LATE_END", 0) != 0) {
            const std::scoped_lock lock(m_shared->mutex);
            m_shared->late = std::move(event);
        } else {
            m_shared->events.push(std::move(event), false);
        }
        return recorded.ok();
    }

    bool taken(bool Shared::*flag)
    {
        const std::scoped_lock lock(m_shared->mutex);
        return std::exchange((*m_shared).*flag, false);
    }

    bool waitWhilePaused(const std::stop_token& stop)
    {
        std::unique_lock lock(m_shared->mutex);
        if (!m_shared->paused)
            return true;
        lock.unlock();
        if (!enter(RunState::paused, {}))
            return false;
        lock.lock();
        while (m_shared->paused && !m_shared->stopAfterStep && !stop.stop_requested())
            m_shared->changed.wait_for(lock, std::chrono::milliseconds(10));
        lock.unlock();
        return stop.stop_requested() || enter(RunState::running, {});
    }

    RunInputs m_inputs;
    std::shared_ptr<RunRecorder> m_recorder;
    std::shared_ptr<Shared> m_shared;
    int m_done;
};

class FakeRun final : public TrainingRun {
public:
    FakeRun(const RunInputs& inputs, std::shared_ptr<RunRecorder> recorder, int from)
        : m_shared(std::make_shared<Shared>())
    {
        auto worker = std::make_shared<Worker>(inputs, std::move(recorder), m_shared, from);
        m_worker = std::jthread([worker](const std::stop_token& stop) { worker->run(stop); });
    }

    void pause() override { set(&Shared::paused, true); }
    void resume() override { set(&Shared::paused, false); }
    void stop() override { m_worker.request_stop(); }
    void stopAfterStep() override { set(&Shared::stopAfterStep, true); }
    void checkpointNow() override { set(&Shared::checkpoint, true); }
    [[nodiscard]] RunState state() const override
    {
        const std::scoped_lock lock(m_shared->mutex);
        return m_shared->state;
    }
    [[nodiscard]] EventChannel<RunEvent>& events() override { return m_shared->events; }
    [[nodiscard]] bool wait(std::chrono::milliseconds timeout) override
    {
        std::unique_lock lock(m_shared->mutex);
        if (!m_shared->changed.wait_for(lock, timeout, [this] { return m_shared->over; }))
            return false;
        if (m_shared->late)
            m_shared->events.push(*std::exchange(m_shared->late, {}), false);
        return true;
    }

private:
    void set(bool Shared::*flag, bool value)
    {
        const std::scoped_lock lock(m_shared->mutex);
        (*m_shared).*flag = value;
        m_shared->changed.notify_all();
    }

    std::shared_ptr<Shared> m_shared;
    std::jthread m_worker;
};

class FakeEngine final : public Engine {
public:
    [[nodiscard]] Status configure(const EngineSettings&) override { return {}; }
    [[nodiscard]] std::string description() const override { return "fake"; }
    [[nodiscard]] Result<ExportReport> exportModel(const ExportRequest&, std::stop_token) override
    {
        return Error(ErrorCode::unsupported, "The made-up engine exports nothing.");
    }
    [[nodiscard]] Result<std::shared_ptr<Model>> load(const LoadOptions&) override { return std::shared_ptr<Model>(new FakeModel); }
    [[nodiscard]] Result<std::unique_ptr<TrainingRun>> start(
        const RunInputs& inputs, std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Ranks>) override
    {
        return std::unique_ptr<TrainingRun>(new FakeRun(inputs, std::move(recorder), 0));
    }
    [[nodiscard]] Result<std::unique_ptr<TrainingRun>> resume(
        const RunInputs& inputs, std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Ranks>) override
    {
        int from = 0;
        std::error_code ec;
        for (const fs::directory_entry& entry : fs::directory_iterator(inputs.outputFolder, ec)) {
            const std::string name = entry.path().filename().string();
            if (name.rfind("checkpoint-", 0) == 0)
                from = std::max(from, std::atoi(name.c_str() + 11));
        }
        return std::unique_ptr<TrainingRun>(new FakeRun(inputs, std::move(recorder), from));
    }
    [[nodiscard]] Result<std::shared_ptr<Ranks>> meet(const RankPlace&) override
    {
        return Error(ErrorCode::unsupported, "The fake engine trains alone.");
    }
    [[nodiscard]] Result<FollowedEnd> follow(const RunInputs&, bool, const std::shared_ptr<Ranks>&, std::stop_token) override
    {
        return Error(ErrorCode::unsupported, "The fake engine trains alone.");
    }
    [[nodiscard]] Result<PretrainSummary> pretrain(
        const PretrainSpec&, const std::function<void(const PretrainProgress&)>&, std::stop_token) override
    {
        return Error(ErrorCode::unsupported, "The fake engine makes no models.");
    }
};

} // namespace
} // namespace precedent::core

extern "C" {
__attribute__((visibility("default"))) precedent::core::Engine* precedent_engine()
{
    static precedent::core::FakeEngine engine;
    return &engine;
}
__attribute__((visibility("default"))) int precedent_engine_version() { return precedent::core::kEngineVersion; }
}
