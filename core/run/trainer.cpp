#include "core/run/trainer_parts.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "core/model/cancelled.h"
#include "core/run/checkpoint_folder.h"
#include "core/run/step_metrics.h"
#include "precedent/align/run_spec_json.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/base/process_memory.h"
#include "precedent/base/random.h"
#include <ATen/CPUGeneratorImpl.h>

namespace precedent::core {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kLongStep{1}; // beside it the time that giving memory back takes is nothing
constexpr const char* kExamplesFile = "examples.json"; // of a checkpoint: what self-generation kept

/// Everything that a checkpoint shares with the run that goes on from it.
std::string stateHash(const RunInputs& inputs, const std::string& modelSha256)
{
    return Sha256().addField(align::specHash(inputs.spec)).addField(inputs.contentHash).addField(modelSha256).hex();
}

align::Advantages advantagesOf(
    const StepPlan& plan, const std::vector<double>& rewards, const std::vector<double>& spreads, const RunSpec& spec)
{
    std::vector<align::GroupRewards> groups(plan.prompts.size());
    const auto G = static_cast<std::size_t>(spec.numGenerations);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const auto begin = static_cast<std::ptrdiff_t>(g * G);
        const auto end = begin + static_cast<std::ptrdiff_t>(G);
        groups[g].rewards.assign(rewards.begin() + begin, rewards.begin() + end);
        groups[g].spread.assign(spreads.begin() + begin, spreads.begin() + end);
    }
    return align::computeAdvantages(groups, spec.scaleRewards, spec.rewardStdFloor, spec.advantageEstimator);
}

} // namespace

Trainer::Trainer(const RunInputs& inputs, LoadedModel model, align::PromptEncoder encoder)
    : m_inputs(inputs)
    , m_model(std::move(model))
    , m_encoder(std::move(encoder))
    , m_planner(m_inputs, m_encoder, m_model.config.contextLength)
    , m_known(align::knownIds(m_inputs))
    , m_guards(m_inputs.spec)
    , m_stateHash(stateHash(m_inputs, m_model.sha256))
    , m_warmupSteps(static_cast<int>(inputs.spec.warmupRatio * std::max(0, inputs.spec.maxSteps - inputs.spec.selfGenerationSteps)))
    , m_scheduledSteps(inputs.spec.maxSteps)
    , m_longestDrawn(inputs.spec.maxCompletionLength)
{
}

Trainer::~Trainer() = default;

Result<std::unique_ptr<Trainer>> Trainer::create(const RunInputs& inputs)
{
    PRECEDENT_TRY(align::validate(inputs.spec));
    if (inputs.prompts.empty())
        return Error(ErrorCode::invalidArgument, "There is nothing to train on: the run's frozen set holds no prompt.",
            "Add prompts or approved cases to the casebase, or see what was excluded and why.");
    Placement placement = defaultPlacement();
    placement.dtype = inputs.spec.useLora ? inputs.spec.dtype : WeightDtype::float32;
    auto model = loadModel(inputs.modelFolder, /*requireTokenizer=*/true, placement);
    if (!model.ok())
        return model.error();
    if (align::promptBudget(inputs.spec, model->config.contextLength) < 1)
        return Error(ErrorCode::invalidArgument,
            "max_completion_length is " + std::to_string(inputs.spec.maxCompletionLength) + ", and the model's context is " +
                std::to_string(model->config.contextLength) + ": no room is left for a prompt.",
            "Lower max_completion_length.");
    auto encoder = align::PromptEncoder::load(inputs.modelFolder);
    if (!encoder.ok())
        return encoder.error();
    auto policy = Policy::create(*model, inputs.spec);
    if (!policy.ok())
        return policy.error();
    std::unique_ptr<Trainer> trainer(new Trainer(inputs, std::move(*model), std::move(*encoder)));
    trainer->m_policy = std::move(*policy);
    trainer->m_generator = inputs.kernels == KernelNames()
        ? std::make_unique<Generator>(trainer->m_policy->decoder())
        : std::make_unique<Generator>(trainer->m_policy->decoder(), kernelsAsBefore(inputs.kernels));
    if (inputs.rolloutSource)
        trainer->m_elsewhere = std::make_unique<RolloutsElsewhere>(
            inputs.rolloutSource, inputs.spec, fs::path(inputs.outputFolder), trainer->m_model.config.vocabulary);
    if (inputs.spec.sftExamples != SftExamples::self) {
        auto examples = ExampleSet::given(trainer->m_inputs, trainer->m_encoder, trainer->m_model.config.contextLength);
        if (!examples.ok())
            return examples.error();
        trainer->m_examples = std::move(*examples);
    }
    if (inputs.spec.selfGenerationSteps == 0) // else what is kept decides
        PRECEDENT_TRY(trainer->needExamples(trainer->stageOf(1)));
    const Result<StepPlan> first =
        trainer->m_planner.plan(1, inputs.spec.selfGenerationSteps > 0 ? inputs.spec.selfGenerationMode : inputs.spec.modeWeights);
    if (!first.ok())
        return first.error();
    if (first->prompts.empty())
        return Error(ErrorCode::invalidArgument,
            "No prompt of the first step fits: codes and request alone are longer than the " +
                std::to_string(align::promptBudget(inputs.spec, trainer->m_model.config.contextLength)) +
                " tokens that the model's context leaves.",
            "Use another mode, shorter codes, a smaller max_completion_length, or a model with a longer context.");
    return trainer;
}

KernelNames Trainer::kernels() const { return namesOf(m_generator->kernels()); }

Trainer::Stage Trainer::stageOf(int step) const
{
    const RunSpec& spec = m_inputs.spec;
    if (step <= spec.selfGenerationSteps)
        return Stage::selfGeneration;
    if (step <= spec.selfGenerationSteps + spec.sftSteps || spec.method == Method::sft)
        return Stage::supervised;
    return spec.method == Method::dpo ? Stage::preference : Stage::policyGradient;
}

Status Trainer::needExamples(Stage stage) const
{
    const RunSpec& spec = m_inputs.spec;
    const std::string left = std::to_string(m_examples.leftOut());
    if (stage == Stage::supervised && m_examples.size() == 0) {
        if (spec.sftExamples == SftExamples::self)
            return Error(ErrorCode::failedPrecondition,
                "There is nothing to learn from: of " + left + " prompts none had a whole chain of reward " +
                    dumpJson(spec.selfGenerationThreshold) + " or more.",
                "Lower self_generation_threshold, raise num_generations or self_generation_steps, or look at the chains that were drawn.");
        if (spec.sftExamples == SftExamples::file)
            return Error(ErrorCode::failedPrecondition,
                "There is nothing to learn from: of the examples that sft_file gave none can be used (" + left + " are too long).",
                "Give more of them, or raise max_completion_length.");
        return Error(ErrorCode::failedPrecondition,
            "There is nothing to learn from: no case of the dispositions asked for has what sft_examples wants (" + left +
                " lack a chain or an answer, or are too long).",
            "Approve cases with chains and answers, change sft_dispositions, or raise max_completion_length.");
    }
    if (stage == Stage::preference && m_examples.pairs() == 0)
        return Error(ErrorCode::failedPrecondition,
            "There is nothing to prefer: none of " + std::to_string(m_examples.size()) +
                " prompts with a good chain has one that earned less.",
            "Raise num_generations or temperature, or use a model that does not always answer alike.");
    return {};
}

double Trainer::learningRate(int step) const
{
    const double full = m_inputs.spec.learningRate;
    step -= m_inputs.spec.selfGenerationSteps; // the schedule is of the steps that change weights
    if (step <= m_warmupSteps)
        return full * step / (m_warmupSteps + 1.0);
    if (m_inputs.spec.lrScheduler == LrScheduler::constantWithWarmup)
        return full;
    const int scheduled = m_scheduledSteps - m_inputs.spec.selfGenerationSteps, left = std::max(1, scheduled - step + 1);
    return full * left / std::max(1, scheduled - m_warmupSteps);
}

Result<GenerationResult> Trainer::sample(
    const StepPlan& plan, int step, const std::stop_token& stop, const std::function<void(const TokenEvent&)>& onToken)
{
    const RunSpec& spec = m_inputs.spec;
    GenerationRequest request;
    std::vector<int> places; // in the plan
    for (std::size_t p = 0; p < plan.prompts.size(); ++p) {
        if (!share().has(p))
            continue;
        request.prompts.push_back({plan.prompts[p].fitted.ids, spec.numGenerations, plan.prompts[p].seed});
        places.push_back(static_cast<int>(p));
    }
    if (places.empty())
        return GenerationResult{};
    request.sampling = {spec.temperature, spec.topK, spec.topP, m_longestDrawn, spec.seed};
    request.stopIds = m_encoder.stopIds();
    request.maxBatch = std::max(1, spec.promptsPerStep * spec.numGenerations);
    std::map<std::pair<int, int>, text::StreamDecoder> streams;
    TokenSink sink;
    if (onToken) {
        sink = [&](int prompt, int index, int id) {
            auto stream = streams.find({prompt, index});
            if (stream == streams.end())
                stream = streams.emplace(std::pair{prompt, index}, text::StreamDecoder(m_encoder.sharedTokenizer())).first;
            if (std::string text = stream->second.push(id); !text.empty())
                onToken({step, places[static_cast<std::size_t>(prompt)], index, std::move(text)});
        };
    }
    Result<GenerationResult> generated =
        m_elsewhere ? m_elsewhere->draw(request, step - 1, *m_policy, stop) : m_generator->generate(request, stop, sink);
    PRECEDENT_TRY(generated);
    for (Completion& completion : generated->completions)
        completion.prompt = places[static_cast<std::size_t>(completion.prompt)];
    return generated;
}

std::vector<Sampled> Trainer::score(
    const StepPlan& plan, const GenerationResult& generated, const std::vector<Judgement>& judgements, int step) const
{
    const RunSpec& spec = m_inputs.spec;
    std::vector<Sampled> sampled;
    for (const Completion& completion : generated.completions) {
        const PlannedPrompt& planned = plan.prompts[static_cast<std::size_t>(completion.prompt)];
        Sampled s;
        s.ids = completion.ids;
        if (m_elsewhere)
            s.drawnLogProbs = completion.logprobs;
        RolloutRecord& r = s.record;
        r.step = step;
        r.group = completion.prompt;
        r.index = completion.index;
        r.promptId = planned.prompt->id;
        r.mode = planned.mode;
        r.prompt = planned.fitted.rendered;
        r.completion = m_encoder.tokenizer().decode(completion.ids);
        r.tokens = static_cast<int>(completion.ids.size());
        r.logprob = std::accumulate(completion.logprobs.begin(), completion.logprobs.end(), 0.0);
        s.whole = completion.stopReason == StopReason::stopId || m_encoder.endsAtStopText(completion.ids);
        align::ScoreInput input{planned.mode, planned.prompt, m_encoder.completionText(completion.ids), r.tokens, s.whole,
            &planned.fitted.context, &spec, &m_inputs.templates, &m_known, judgements.empty() ? nullptr : &judgements[sampled.size()]};
        align::Score score = align::scoreCompletion(input);
        r.chain = std::move(score.parsed.chain);
        r.answer = std::move(score.parsed.answer);
        r.parseProblem = std::move(score.parsed.problem);
        r.verdict = score.verdict;
        r.rewards = std::move(score.parts);
        r.citations = std::move(score.citations);
        r.reward = score.reward;
        s.spread = score.spread;
        if (spec.control == Control::randomRewards) {
            Random random(planned.seed, streamOf("random reward") + static_cast<std::uint64_t>(completion.index));
            r.reward = random.uniform();
            s.spread = r.reward;
        }
        sampled.push_back(std::move(s));
    }
    return sampled;
}

Result<Trainer::Rollouts> Trainer::roll(
    int step, const std::map<std::string, double>& modes, std::stop_token stop, const std::function<void(const TokenEvent&)>& onToken)
{
    Rollouts rollouts;
    Result<StepPlan> drawn = m_planner.plan(step, modes);
    PRECEDENT_TRY(drawn);
    rollouts.plan = std::move(*drawn);
    if (rollouts.plan.prompts.empty())
        return rollouts;
    Result<std::vector<Sampled>> sampled = draw(rollouts.plan, step, stop, onToken, rollouts.decodeSeconds);
    PRECEDENT_TRY(sampled);
    rollouts.sampled = std::move(*sampled);
    std::vector<double> rewards;
    std::vector<double> spreads;
    for (const Sampled& s : rollouts.sampled) {
        rewards.push_back(s.record.reward);
        spreads.push_back(s.spread);
        rollouts.tokens += s.record.tokens;
    }
    for (const PlannedPrompt& planned : rollouts.plan.prompts)
        rollouts.tokens += static_cast<double>(planned.fitted.ids.size()) * m_inputs.spec.numGenerations;
    rollouts.advantages = advantagesOf(rollouts.plan, rewards, spreads, m_inputs.spec);
    for (Sampled& s : rollouts.sampled)
        s.record.advantage = rollouts.advantages.values[static_cast<std::size_t>(s.record.group)][static_cast<std::size_t>(s.record.index)];
    return rollouts;
}

Result<std::vector<int>> Trainer::examplePrompt(const PlannedPrompt& planned) const
{
    if (m_inputs.spec.sftContext || planned.mode == Mode::none)
        return planned.fitted.ids;
    auto bare = align::fitPrompt(m_encoder, m_inputs.templates, Mode::none, m_inputs.codes, {}, planned.prompt->messages, planned.seed,
        align::promptBudget(m_inputs.spec, m_model.config.contextLength));
    if (!bare.ok())
        return bare.error();
    return std::move(bare->ids);
}

Status Trainer::keepGood(const Rollouts& rollouts)
{
    const RunSpec& spec = m_inputs.spec;
    std::vector<std::vector<ScoredCompletion>> groups(rollouts.plan.prompts.size());
    for (const Sampled& s : rollouts.sampled)
        groups[static_cast<std::size_t>(s.record.group)].push_back({s.ids, s.record.reward, s.whole});
    const int step = rollouts.sampled.empty() ? 0 : rollouts.sampled.front().record.step;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const PlannedPrompt& planned = rollouts.plan.prompts[g];
        Result<std::vector<int>> ids = examplePrompt(planned);
        if (!ids.ok())
            return ids.error();
        m_examples.keep(planned.prompt->id, std::move(*ids), groups[g], spec.selfGenerationThreshold, {step, static_cast<int>(g), -1});
    }
    return {};
}

Result<double> Trainer::selfGenerate(StepOutcome& outcome, std::stop_token stop, const std::function<void(const TokenEvent&)>& onToken)
{
    Result<Rollouts> rollouts = roll(outcome.step.step, m_inputs.spec.selfGenerationMode, stop, onToken);
    PRECEDENT_TRY(rollouts);
    PRECEDENT_TRY(keepGood(*rollouts));
    for (Sampled& s : rollouts->sampled)
        outcome.rollouts.push_back(std::move(s.record));
    outcome.step.metrics = rolloutMetrics(rollouts->plan, outcome.rollouts, rollouts->advantages);
    outcome.step.metrics["self_generation/kept"] = static_cast<double>(m_examples.size());
    outcome.step.metrics["self_generation/pairs"] = static_cast<double>(m_examples.pairs());
    outcome.step.metrics["self_generation/left_out"] = m_examples.leftOut();
    return rollouts->tokens;
}

Result<double> Trainer::learnFromExamples(StepOutcome& outcome, Stage stage)
{
    PRECEDENT_TRY(needExamples(stage));
    const RunSpec& spec = m_inputs.spec;
    const int step = outcome.step.step;
    const bool pairs = stage == Stage::preference;
    const int before = spec.selfGenerationSteps + (pairs ? spec.sftSteps : 0); // batches are counted from the stage's first step
    std::vector<UpdateGroup> groups;
    double tokens = 0;
    for (const Example* example : m_examples.batch(spec.seed, step - before - 1, spec.batchSize, pairs)) {
        UpdateGroup group{example->prompt, {example->completion}, {}};
        if (pairs)
            group.completions.push_back(example->rejected);
        for (const auto& completion : group.completions)
            tokens += static_cast<double>(example->prompt.size() + completion.size());
        groups.push_back(std::move(group));
    }
    const UpdateResult update = m_policy->update(groups, learningRate(step), pairs ? Objective::preference : Objective::supervised);
    outcome.finite = update.finite;
    outcome.step.metrics = {{"loss", update.loss}, {"grad_norm", update.gradNorm}, {"entropy", update.entropy},
        {"completions/mean_length", update.tokens / static_cast<double>(groups.size() * (pairs ? 2 : 1))}};
    if (pairs) {
        outcome.step.metrics["rewards/chosen"] = update.chosenReward;
        outcome.step.metrics["rewards/rejected"] = update.rejectedReward;
        outcome.step.metrics["rewards/margins"] = update.chosenReward - update.rejectedReward;
        outcome.step.metrics["rewards/accuracies"] = update.accuracy;
    }
    return tokens;
}

Result<double> Trainer::improve(StepOutcome& outcome, std::stop_token stop, const std::function<void(const TokenEvent&)>& onToken)
{
    const RunSpec& spec = m_inputs.spec;
    Result<Rollouts> rolled = roll(outcome.step.step, spec.modeWeights, stop, onToken);
    PRECEDENT_TRY(rolled);
    std::vector<UpdateGroup> groups;
    for (const PlannedPrompt& planned : rolled->plan.prompts)
        groups.push_back({planned.fitted.ids, {}, {}});
    for (Sampled& s : rolled->sampled) {
        UpdateGroup& group = groups[static_cast<std::size_t>(s.record.group)];
        group.completions.push_back(std::move(s.ids));
        if (m_elsewhere)
            group.drawnLogProbs.push_back(std::move(s.drawnLogProbs));
        group.advantages.push_back(s.record.advantage);
        outcome.rollouts.push_back(std::move(s.record));
    }
    if (spec.dynamicSampling) {
        std::size_t g = 0;
        std::erase_if(groups, [&](const UpdateGroup&) { return rolled->advantages.withoutSpread[g++]; });
    }
    const UpdateResult update = m_policy->update(groups, learningRate(outcome.step.step));
    outcome.finite = update.finite;
    outcome.step.metrics = rolloutMetrics(rolled->plan, outcome.rollouts, rolled->advantages);
    addUpdateMetrics(update, outcome.step.metrics);
    if (m_elsewhere)
        outcome.step.metrics["rollouts/version"] = m_elsewhere->version();
    return rolled->tokens;
}

Result<StepOutcome> Trainer::step(std::stop_token stop, const std::function<void(const TokenEvent&)>& onToken)
{
    const auto began = Clock::now();
    const int step = m_done + 1;
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    // LoRA's dropout draws from it. Each rank has masks of its own: the same ones for different prompts would be one mask of a larger
    // batch.
    const std::uint64_t ofRank = static_cast<std::uint64_t>(share().rank) << 40U;
    generator.set_current_seed((m_inputs.spec.seed * 1'000'003 + static_cast<std::uint64_t>(step)) ^ ofRank);
    m_policy->setStopCheck([&stop] { return stop.stop_requested(); });
    StepOutcome outcome;
    outcome.step.step = step;
    const Stage stage = stageOf(step);
    const Result<double> tokens = work(outcome, stage, stop, onToken);
    if (!tokens.ok())
        return tokens.error();
    if (!outcome.finite)
        return outcome;
    if (stage != Stage::selfGeneration)
        m_generator->refreshWeights();
    if (Clock::now() - began > kLongStep)
        releaseFreeMemory(); // a step's pieces in the way of the next one's would make a run grow
    m_done = step;
    m_tokensSeen += *tokens;
    outcome.step.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    if (stage != Stage::selfGeneration)
        outcome.step.metrics["learning_rate"] = learningRate(step);
    outcome.step.metrics["num_tokens"] = m_tokensSeen;
    outcome.step.metrics["tokens_per_second"] = *tokens / std::max(outcome.step.seconds, 1e-9);
    outcome.alarms = m_guards.take(outcome.step);
    return outcome;
}

Result<CheckpointRecord> Trainer::checkpoint()
{
    if (m_saved == m_done)
        return m_lastCheckpoint;
    auto folder = CheckpointFolder::begin(m_inputs.outputFolder, m_done);
    if (!folder.ok())
        return folder.error();
    PRECEDENT_TRY(m_policy->save(folder->path(), companionFiles(m_inputs.modelFolder)));
    const Json state{{"step", m_done}, {"optimizer_steps", m_policy->optimiserSteps()}, {"warmup_steps", m_warmupSteps},
        {"scheduled_steps", m_scheduledSteps}, {"num_tokens", m_tokensSeen}, {"state_sha256", m_stateHash},
        {"content_sha256", m_inputs.contentHash}, {"model_sha256", m_model.sha256}, {"guards", m_guards.toJson()},
        {"spec", align::toJson(m_inputs.spec)}};
    PRECEDENT_TRY(writeFileAtomically(folder->path() / "trainer_state.json", dumpJson(state, 2) + "\n"));
    if (m_inputs.spec.selfGenerationSteps > 0)
        PRECEDENT_TRY(writeFileAtomically(folder->path() / kExamplesFile, dumpJson(m_examples.toJson()) + "\n"));
    const auto digest = sha256File(folder->path() / m_policy->weightsFile());
    if (!digest.ok())
        return digest.error();
    const auto written = folder->commit();
    if (!written.ok())
        return written.error();
    m_saved = m_done;
    m_lastCheckpoint = {m_done, written->string(), *digest};
    return m_lastCheckpoint;
}

std::optional<fs::path> Trainer::lastGood(int before) const
{
    std::vector<std::string> skipped;
    const auto found = lastGoodCheckpoint(m_inputs.outputFolder, skipped, before);
    return found.ok() ? std::optional(found->folder) : std::nullopt;
}

Status Trainer::resume(std::vector<std::string>& skipped)
{
    const auto found = lastGoodCheckpoint(m_inputs.outputFolder, skipped);
    if (!found.ok())
        return found.error();
    const fs::path stateFile = found->folder / "trainer_state.json";
    const auto text = readFile(stateFile);
    if (!text.ok())
        return text.error();
    const auto state = parseJson(*text, stateFile.string());
    if (!state.ok())
        return state.error();
    try {
        const auto differs = [&](const char* key, const std::string& now, const char* what) -> Status {
            if (state->at(key).get<std::string>() == now)
                return {};
            return Error(ErrorCode::failedPrecondition,
                "The run cannot go on from " + found->folder.string() + ": " + what + " changed since.",
                "Restore it, or start a new run. The checkpoints are unchanged.");
        };
        PRECEDENT_TRY(differs("model_sha256", m_model.sha256, "the model's weights have"));
        PRECEDENT_TRY(differs("content_sha256", m_inputs.contentHash, "the frozen codes, cases and prompts have"));
        PRECEDENT_TRY(differs("state_sha256", m_stateHash, "the run's settings have"));
        PRECEDENT_TRY(m_policy->load(found->folder, state->at("optimizer_steps").get<std::int64_t>()));
        m_warmupSteps = state->at("warmup_steps").get<int>();
        m_scheduledSteps = state->value("scheduled_steps", m_scheduledSteps);
        m_tokensSeen = state->at("num_tokens").get<double>();
        m_done = state->at("step").get<int>();
        if (const auto guards = state->find("guards"); guards != state->end())
            PRECEDENT_TRY(m_guards.restore(*guards));
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, stateFile.string() + ": " + e.what());
    }
    if (m_inputs.spec.selfGenerationSteps > 0) {
        const fs::path file = found->folder / kExamplesFile;
        const auto kept = readFile(file);
        PRECEDENT_TRY(kept);
        const auto json = parseJson(*kept, file.string());
        PRECEDENT_TRY(json);
        auto examples = ExampleSet::fromJson(*json);
        if (!examples.ok())
            return examples.error().in(file.string());
        m_examples = std::move(*examples);
    }
    const auto digest = sha256File(found->folder / m_policy->weightsFile());
    if (!digest.ok())
        return digest.error();
    m_saved = m_done;
    m_lastCheckpoint = {m_done, found->folder.string(), *digest};
    m_generator->refreshWeights();
    return {};
}

} // namespace precedent::core
