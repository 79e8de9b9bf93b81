#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "precedent/base/domain.h"

namespace precedent::core {

/// How completions are drawn. temperature 0 is greedy; topK 0 and topP 1 switch those filters off.
struct Sampling {
    double temperature = 1.0;
    int topK = 0;
    double topP = 1.0;
    int maxTokens = 128;
    std::uint64_t seed = 0;
};

/// How the matrices of a model are held in memory. bfloat16 halves it and is frozen: what is trained is an adapter.
/// automatic: bfloat16 for a model of 32 million parameters or more, unless its file holds float32.
enum class WeightDtype { automatic, float32, bfloat16 };
enum class LossType { grpo, dapo, drGrpo };
enum class LrScheduler { constantWithWarmup, linear };
enum class ScaleRewards { group, batch, none };
/// What a completion's reward is compared with: its group's mean (GRPO), the mean of the others of its group (RLOO, arXiv
/// 2402.14740), or the mean of the step's batch, divided by the batch's std (REINFORCE++, arXiv 2501.03262).
enum class AdvantageEstimator { grpo, rloo, reinforcePlusPlus };
/// What a run's steps do, once its chains are self-generated and its warm start is over.
enum class Method { grpo, sft, dpo };
/// What supervised steps learn from: the run's own chains that were good enough, the cases' chains and answers, the
/// cases' answers alone, without a chain (the classical baseline), or what a file holds.
enum class SftExamples { self, cases, answers, file };
/// The controls that show what the method adds: dispositions permuted over prompts, rewards drawn at random.
enum class Control { off, shuffledDispositions, randomRewards };

/// What becomes of a run in which something goes wrong (see align::GuardWatch): it is told, or the run stops there with a
/// checkpoint, or nobody looks.
enum class GuardAction { warn, stop, off };

/// The guards that a run may set; a loss that is not a number always ends it.
struct GuardActions {
    GuardAction rewardCollapse = GuardAction::warn;
    GuardAction klOverBound = GuardAction::warn;
    GuardAction noSpread = GuardAction::warn;
    GuardAction lengthAtCap = GuardAction::warn;
    GuardAction allRefusal = GuardAction::warn;
    GuardAction neverRefusal = GuardAction::warn;
};

/// The newest form of a spec that this program reads.
inline constexpr int kSpecVersion = 1;

/// Weights of the named reward parts (method.md, Reward). A part with weight 0 is still computed and stored.
struct RewardWeights {
    double disposition = 1.0;
    double harmlessness = 0.5;
    double format = 0.2;
    double citation = 0.1;
    double overlong = 0.1;
    double helpful = 0.0; ///< as far as the reward's judge measures it; on sums, whether the answer is right
};

/// How a server is asked that a run needs; as it is asked changes nothing in what a run computes.
struct ServerLimits {
    double requestsPerMinute = 0; ///< requests_per_minute: at most, evenly spaced; 0: as fast as they come
    int concurrent = 4; ///< concurrent: requests under way at once
    int timeoutSeconds = 120; ///< timeout: of one attempt
    int retries = 4; ///< retries: further attempts after one that failed
    /// key_variable: the NAME of the environment variable that holds the key; empty: PRECEDENT_API_KEY. The key itself is in no spec.
    std::string keyVariable;

    /// For a server that draws many long completions at once.
    [[nodiscard]] static ServerLimits patient()
    {
        ServerLimits limits;
        limits.timeoutSeconds = 1800;
        return limits;
    }
};

/// Everything that decides a run. JSON keys carry TRL's names where TRL has one (see runSpecFromJson); units are
/// tokens and steps unless a name says otherwise.
struct RunSpec {
    int version = kSpecVersion; ///< version: of this list of keys; where a spec names none, 1
    std::string preset = "cada";
    std::string model = "starter";
    Method method = Method::grpo; ///< method: grpo (RL), sft, dpo: what the steps after self-generation and warm start do
    int maxSteps = 100; ///< max_steps: the total, also after a resume
    std::uint64_t seed = 1; ///< seed
    int promptsPerStep = 4; ///< prompts_per_step
    int numGenerations = 8; ///< num_generations (G)
    int maxCompletionLength = 128; ///< max_completion_length
    int maxPromptLength = 1536; ///< max_prompt_length: a longer prompt is voided and reported, never cut
    double temperature = 1.0; ///< temperature
    double topP = 1.0; ///< top_p
    int topK = 0; ///< top_k
    double learningRate = 1e-4; ///< learning_rate
    double warmupRatio = 0.05; ///< warmup_ratio: share of max_steps that the rate rises in
    /// lr_scheduler_type: after the rise constant_with_warmup, or linear, down to nothing behind the last step. A run that
    /// goes on past its first max_steps keeps the last step's rate.
    LrScheduler lrScheduler = LrScheduler::constantWithWarmup;
    double adamBeta1 = 0.9; ///< adam_beta1
    double adamBeta2 = 0.99; ///< adam_beta2
    double weightDecay = 0.0; ///< weight_decay
    double maxGradNorm = 1.0; ///< max_grad_norm
    double beta = 0.02; ///< beta: weight of KL against the reference
    double epsilon = 0.2; ///< epsilon
    double epsilonHigh = 0.2; ///< epsilon_high
    int numIterations = 1; ///< num_iterations: updates on each batch of rollouts
    AdvantageEstimator advantageEstimator = AdvantageEstimator::grpo; ///< advantage_estimator: grpo, rloo, reinforce_pp
    LossType lossType = LossType::dapo; ///< loss_type: grpo, dapo, dr_grpo
    ScaleRewards scaleRewards = ScaleRewards::group; ///< scale_rewards: group, batch, none
    double rewardStdFloor = 0.05; ///< reward_std_floor: added as a floor to the std that divides
    bool dynamicSampling = false; ///< dynamic_sampling: groups without spread leave the loss's normaliser
    WeightDtype dtype = WeightDtype::automatic; ///< dtype: auto, float32, bfloat16; without an adapter always float32
    bool useLora = true; ///< use_peft
    int loraR = 16; ///< lora_r
    double loraAlpha = 32; ///< lora_alpha
    double loraDropout = 0.0; ///< lora_dropout
    std::vector<std::string> loraTargets = {
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}; ///< lora_target_modules
    std::map<std::string, double> modeWeights = {{"cases", 1.0}}; ///< mode: a name, or an object of name to share
    std::map<std::string, double> labelWeights; ///< label_weights: share of each label; empty: as the prompts come
    int casesPerPrompt = 4; ///< cases_per_prompt: shown at most, named ones among them
    Retrieval retrieval = Retrieval::bm25; ///< retrieval: bm25, dense, hybrid, fixed: how a training prompt's cases are found
    /// retrieval_model: whose states are the vectors of dense and hybrid, in training and evaluation; empty: the model itself
    std::string retrievalModel;
    std::vector<std::string> pinnedCases; ///< pinned_cases: ids, shown with every prompt, before those found
    std::vector<std::string> fixedCases; ///< fixed_cases: ids, all that is shown beside them where retrieval is fixed
    RewardWeights rewardWeights; ///< reward_weights
    /// reward_judge: who pays: analysis, head:FOLDER, model:MODEL, endpoint:MODEL@URL. The workspace hands the judge to the run.
    std::string rewardJudge = "analysis";
    /// reward_judge_hash: of that judge, found when the run is prepared; another one then pays nothing. Empty for the analysis.
    std::string rewardJudgeHash;
    ServerLimits rewardServer = ServerLimits(); ///< reward_server: how the server of an endpoint: judge is asked
    /// rollout_endpoint: MODEL@URL of a server that draws the completions, with the run's adapter, which it is handed; empty: drawn here
    std::string rolloutEndpoint;
    /// rollout_server: how it is asked; a group of long completions takes its time
    ServerLimits rolloutServer = ServerLimits::patient();
    int rolloutPublishSteps = 1; ///< rollout_publish_steps: the server is handed the weights every so many steps
    int rolloutMaxStaleness = 0; ///< rollout_max_staleness: completions of weights that are more steps old are refused
    /// self_generation_steps: the first steps draw chains from the model as it stands and keep the best of each prompt, which
    /// sft and dpo learn from; weights do not change in them.
    int selfGenerationSteps = 0;
    std::map<std::string, double> selfGenerationMode = {{"cases", 1.0}}; ///< self_generation_mode: as mode
    double selfGenerationThreshold = 0.6; ///< self_generation_threshold: the reward from which a chain is kept
    /// self_generation_endpoint: MODEL@URL, an OpenAI-compatible server that draws those chains; empty: the run's own model
    std::string selfGenerationEndpoint;
    ServerLimits selfGenerationServer = ServerLimits(); ///< self_generation_server: how it is asked
    int sftSteps = 0; ///< sft_steps: a warm start of so many supervised steps before the method's own
    SftExamples sftExamples = SftExamples::self; ///< sft_examples: self, cases, answers, file
    std::string sftFile; ///< sft_file: the JSONL file of sft_examples "file"; what it holds is frozen with the run
    std::vector<std::string> sftDispositions; ///< sft_dispositions: of the cases that are learnt from; empty: all
    bool sftContext = false; ///< sft_context: false leaves the context out of the prompt (context distillation), true keeps it
    int batchSize = 8; ///< batch_size: examples of a supervised step, pairs of a dpo step
    double dpoBeta = 0.1; ///< dpo_beta: how strongly dpo holds to the reference
    int overlongFrom = 0; ///< overlong_from: tokens where the soft penalty starts; 0: 3/4 of the maximum
    Control control = Control::off; ///< control: off, shuffled_dispositions, random_rewards
    int saveSteps = 25; ///< save_steps: a checkpoint every so many steps (and at a stop and the end)
    int saveTotalLimit = 0; ///< save_total_limit: so many checkpoints are kept, and those that something points to; 0: all
    GuardActions guards; ///< guards: warn, stop or off for all, or an object of guard to that
    double klBound = 0.3; ///< kl_bound: KL to the reference from which kl_over_bound speaks
    double maxKl = 0.0; ///< max_kl: the run stops over it whatever guards say; 0: never
    int microBatchTokens = 2048; ///< micro_batch_tokens: positions held at once in the update; of a shared beginning, half of it at most
    bool gradientCheckpointing = false; ///< gradient_checkpointing: activations are computed again in the backward, not kept
    bool evaluateBeforeAfter = false; ///< evaluate_before_after: the workspace runs the sealed suites before and after
    int evaluateLimit = 0; ///< evaluate_limit: prompts an axis; 0: all
    double evaluateTemperature = 0.7; ///< evaluate_temperature
    std::vector<std::string> evaluateModes; ///< evaluate_modes: none, codes, cases; empty: none and those that the run trains in
    /// evaluate_retrieval: as retrieval, for the evaluation's contexts; empty: they are made as the training prompts' are, and
    /// the three below are not used
    std::string evaluateRetrieval;
    int evaluateCasesPerPrompt = 4; ///< evaluate_cases_per_prompt
    std::vector<std::string> evaluatePinnedCases; ///< evaluate_pinned_cases
    std::vector<std::string> evaluateFixedCases; ///< evaluate_fixed_cases
};

/// Whether the built-in analysis pays the run, which the engine has itself.
[[nodiscard]] inline bool paidByAnalysis(const RunSpec& spec) { return spec.rewardJudge.empty() || spec.rewardJudge == "analysis"; }

/// Whether steps of the run draw completions, which are rewarded. Supervised steps alone, on cases or a file, draw and pay nothing.
[[nodiscard]] inline bool drawsCompletions(const RunSpec& spec) { return spec.method == Method::grpo || spec.selfGenerationSteps > 0; }

} // namespace precedent::core
