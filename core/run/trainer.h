#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/align/torch/policy.h"
#include "core/generate/generator.h"
#include "core/run/examples.h"
#include "core/run/prompt_plan.h"
#include "core/run/rollouts_elsewhere.h"
#include "core/run/sampled.h"
#include "precedent/align/guard_watch.h"
#include "precedent/align/rewards.h"
#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::core {

struct StepOutcome {
    StepRecord step;
    std::vector<RolloutRecord> rollouts;
    std::vector<Alarm> alarms; ///< that begin with this step
    bool finite = true; ///< false: loss or gradient was not a number; the weights are those of the step before
};

/// One run's steps without thread or events: plan, sample, score, update, checkpoint. The first steps of a spec that asks for it
/// draw chains and keep the good ones (self-generation), the next ones learn from those or from cases (warm start), the others
/// do what the spec's method says. Every step is a function of the frozen inputs, the step's number, the weights and what was
/// kept. Among ranks each draws and learns from its share, all know all completions, and all end a step with the same weights.
/// Thread: one at a time.
class Trainer {
public:
    /// Loads model and tokenizer. Fails as loadModel() and Policy::create(), or with invalidArgument where there is
    /// nothing to train on or the answers leave no room in the model's context.
    [[nodiscard]] static Result<std::unique_ptr<Trainer>> create(const RunInputs& inputs);
    ~Trainer();

    /// From now on every step() is the ranks' common one, and so are its failures. Call it on every rank before the first.
    void setRanks(std::shared_ptr<Ranks> ranks);
    /// What must be the same on every rank, a word for each thing.
    [[nodiscard]] std::map<std::string, std::string> identity() const;

    /// Steps done so far.
    [[nodiscard]] int done() const { return m_done; }

    /// Does step done() + 1. Throws Cancelled when `stop` was asked for: the step is then as if it had not begun.
    [[nodiscard]] Result<StepOutcome> step(std::stop_token stop, const std::function<void(const TokenEvent&)>& onToken);

    /// What completions are drawn with.
    [[nodiscard]] KernelNames kernels() const;

    /// Measures parts of steps (see Engine::rehearse). The trainer is not the run's afterwards. Throws Cancelled.
    [[nodiscard]] Result<Rehearsal> rehearse(const std::stop_token& stop);

    /// Writes checkpoint-STEP of the last whole step, if it is not there yet.
    [[nodiscard]] Result<CheckpointRecord> checkpoint();

    /// The newest whole checkpoint of a step below `before`; nothing if there is none.
    [[nodiscard]] std::optional<std::filesystem::path> lastGood(int before) const;

    /// Continues from the last good checkpoint of the output folder. `skipped` receives a sentence for each damaged one.
    [[nodiscard]] Status resume(std::vector<std::string>& skipped);

private:
    struct Rollouts;
    friend class Rehearsing;
    enum class Stage { selfGeneration, supervised, preference, policyGradient };
    Trainer(const RunInputs& inputs, LoadedModel model, align::PromptEncoder encoder);

    [[nodiscard]] GroupShare share() const; ///< this rank's
    /// Of this rank's prompts; completions name the plan's.
    [[nodiscard]] Result<GenerationResult> sample(
        const StepPlan& plan, int step, const std::stop_token& stop, const std::function<void(const TokenEvent&)>& onToken);
    /// All ranks' completions, scored; `decodeSeconds` is this rank's. Throws Cancelled on all where a stop was asked for on one.
    [[nodiscard]] Result<std::vector<Sampled>> draw(const StepPlan& plan, int step, const std::stop_token& stop,
        const std::function<void(const TokenEvent&)>& onToken, double& decodeSeconds);
    /// The stage's part of step().
    [[nodiscard]] Result<double> work(
        StepOutcome& outcome, Stage stage, const std::stop_token& stop, const std::function<void(const TokenEvent&)>& onToken);
    [[nodiscard]] std::vector<Sampled> score(
        const StepPlan& plan, const GenerationResult& generated, const std::vector<Judgement>& judgements, int step) const;
    [[nodiscard]] double learningRate(int step) const;
    [[nodiscard]] Stage stageOf(int step) const;
    [[nodiscard]] Status needExamples(Stage stage) const;

    /// Draws and scores a step's completions.
    [[nodiscard]] Result<Rollouts> roll(
        int step, const std::map<std::string, double>& modes, std::stop_token stop, const std::function<void(const TokenEvent&)>& onToken);
    /// The prompt under which a completion is learnt from: without its context where that is to be distilled.
    [[nodiscard]] Result<std::vector<int>> examplePrompt(const PlannedPrompt& planned) const;
    [[nodiscard]] Status keepGood(const Rollouts& rollouts);
    /// The stages' own parts of step(): what they leave in `outcome` is its metrics and rollouts; the result are tokens seen.
    [[nodiscard]] Result<double> selfGenerate(
        StepOutcome& outcome, std::stop_token stop, const std::function<void(const TokenEvent&)>& onToken);
    [[nodiscard]] Result<double> learnFromExamples(StepOutcome& outcome, Stage stage);
    [[nodiscard]] Result<double> improve(StepOutcome& outcome, std::stop_token stop, const std::function<void(const TokenEvent&)>& onToken);

    const RunInputs m_inputs;
    std::shared_ptr<Ranks> m_ranks; ///< null: alone
    LoadedModel m_model;
    align::PromptEncoder m_encoder;
    PromptPlanner m_planner;
    align::KnownIds m_known;
    std::unique_ptr<Policy> m_policy;
    std::unique_ptr<Generator> m_generator;
    std::unique_ptr<RolloutsElsewhere> m_elsewhere; ///< null: completions are drawn here
    ExampleSet m_examples;
    align::GuardWatch m_guards;
    std::string m_stateHash; ///< what a checkpoint must agree with
    int m_warmupSteps = 0;
    int m_scheduledSteps = 0; ///< max_steps at the start: what the learning rate is laid out over
    int m_longestDrawn; ///< tokens: max_completion_length, less in a rehearsal
    int m_done = 0;
    int m_saved = -1;
    CheckpointRecord m_lastCheckpoint;
    double m_tokensSeen = 0;
};

} // namespace precedent::core
