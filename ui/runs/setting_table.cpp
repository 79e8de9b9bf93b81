#include "ui/runs/setting_table.h"

#include <limits>

#include <QCoreApplication>

namespace precedent::ui {
namespace {

using core::Method;
using core::RunSpec;
using core::SftExamples;
using Kind = Setting::Kind;
using Choices = std::vector<std::pair<QString, QString>>;

class Words {
    Q_DECLARE_TR_FUNCTIONS(SettingTable)
};

QString tr(const char* text) { return Words::tr(text); }

bool reinforces(const RunSpec& s) { return s.method == Method::grpo; }
bool drawsFirst(const RunSpec& s) { return s.selfGenerationSteps > 0; }
bool learnsExamples(const RunSpec& s) { return s.method == Method::sft || s.sftSteps > 0; }
bool warmsUp(const RunSpec& s) { return s.method != Method::sft || s.sftSteps > 0; }
bool takesFile(const RunSpec& s) { return learnsExamples(s) && s.sftExamples == SftExamples::file; }
bool takesCases(const RunSpec& s)
{
    return learnsExamples(s) && (s.sftExamples == SftExamples::cases || s.sftExamples == SftExamples::answers);
}
bool mixes(const RunSpec& s) { return s.modeWeights.size() > 1; }
bool adapts(const RunSpec& s) { return s.useLora; }
bool evaluates(const RunSpec& s) { return s.evaluateBeforeAfter; }
bool findsByMeaning(const RunSpec& s)
{
    return s.retrieval == Retrieval::dense || s.retrieval == Retrieval::hybrid || s.evaluateRetrieval == "dense" ||
        s.evaluateRetrieval == "hybrid" || !s.retrievalModel.empty();
}
bool fixesCases(const RunSpec& s) { return s.retrieval == Retrieval::fixed || !s.fixedCases.empty(); }
bool boundsKl(const RunSpec& s) { return reinforces(s) && s.guards.klOverBound != core::GuardAction::off; }
/// Also where they are set to no avail, so that they can be taken back.
bool evaluatesApart(const RunSpec& s)
{
    return s.evaluateBeforeAfter && (!s.evaluateRetrieval.empty() || !s.evaluatePinnedCases.empty() || !s.evaluateFixedCases.empty());
}

Choices modes() { return {{"none", tr("none")}, {"codes", tr("codes")}, {"cases", tr("cases")}}; }

Choices retrievals()
{
    return {{"bm25", tr("shared words (bm25)")}, {"dense", tr("meaning (dense)")}, {"hybrid", tr("both (hybrid)")},
        {"fixed", tr("a fixed set")}};
}

SettingGroup basics()
{
    return {"basics", tr("Basics"), true,
        {{.key = "model",
             .title = tr("Model"),
             .note = tr("Ships with the program. Bring others in under Models."),
             .kind = Kind::model,
             .name = "modelCombo"},
            {.key = "mode",
                .title = tr("Mode"),
                .note = tr("What the model reads before it reasons."),
                .kind = Kind::mode,
                .choices = modes(),
                .name = "modeSegments"},
            {.key = "mode",
                .title = tr("Shares of the modes"),
                .note = tr("Each request is answered in one of them, drawn by share."),
                .kind = Kind::shares,
                .choices = modes(),
                .matters = mixes,
                .name = "modeShares"},
            {.key = "cases_per_prompt",
                .title = tr("Cases in the prompt"),
                .note = tr("A request never sees the case that it came from."),
                .most = 64,
                .name = "casesSpin"},
            {.key = "max_steps", .title = tr("Steps"), .name = "stepsSpin"},
            {.key = "seed",
                .title = tr("Seed"),
                .note = tr("The same seed on the same machine gives the same run."),
                .most = std::numeric_limits<int>::max(),
                .name = "seedSpin"}}};
}

SettingGroup rollouts()
{
    return {"rollouts", tr("Rollouts"), true,
        {{.key = "prompts_per_step",
             .title = tr("Requests a step"),
             .note = tr("More make a step steadier, and slower."),
             .least = 1,
             .most = 4096,
             .matters = core::drawsCompletions,
             .name = "promptsSpin"},
            {.key = "num_generations",
                .title = tr("Answers to a request"),
                .note = tr("Judged against each other. More is steadier, and slower."),
                .least = 2,
                .most = 1024,
                .matters = core::drawsCompletions,
                .name = "generationsSpin"},
            {.key = "temperature",
                .title = tr("Temperature"),
                .kind = Kind::real,
                .most = 10,
                .step = 0.1,
                .matters = core::drawsCompletions,
                .name = "temperatureSpin"},
            {.key = "beta",
                .title = tr("Pull to the reference"),
                .note = tr("KL weight. At 0 the model may drift until it breaks."),
                .kind = Kind::real,
                .most = 100,
                .step = 0.01,
                .matters = reinforces,
                .name = "betaSpin"},
            {.key = "max_completion_length",
                .title = tr("Longest answer"),
                .note = tr("In tokens, the chain included. What is longer is cut off."),
                .least = 1,
                .most = 1e6,
                .step = 16,
                .name = "longestSpin"}}};
}

SettingGroup sampling()
{
    return {"sampling", tr("Sampling"), false,
        {{.key = "label_weights",
             .title = tr("Requests by label"),
             .note = tr("Shares among what is drawn. All 0: as they come."),
             .kind = Kind::shares,
             .none = tr("as they come"),
             .choices = {{"harmful", tr("harmful")}, {"benign", tr("benign")}, {"attack", tr("attack")}, {"utility", tr("utility")}},
             .matters = core::drawsCompletions},
            {.key = "top_p",
                .title = tr("Likeliest share"),
                .note = tr("Tokens are drawn from the smallest set of that probability. 1: all."),
                .kind = Kind::real,
                .most = 1,
                .step = 0.05,
                .matters = core::drawsCompletions},
            {.key = "top_k",
                .title = tr("Likeliest tokens"),
                .note = tr("So many are drawn from."),
                .none = tr("all"),
                .matters = core::drawsCompletions}}};
}

SettingGroup rewards()
{
    return {"rewards", tr("Reward weights"), true,
        {{.key = "reward_weights", .title = tr("Weights"), .kind = Kind::weights, .step = 0.05, .matters = core::drawsCompletions},
            {.key = "reward_judge", .title = tr("Judge that pays"), .kind = Kind::judge, .matters = core::drawsCompletions},
            {.key = "overlong_from",
                .title = tr("Too long from"),
                .note = tr("Tokens from which length is punished. 3/4: of the longest."),
                .most = 1e6,
                .step = 8,
                .none = tr("3/4"),
                .matters = core::drawsCompletions}}};
}

SettingGroup cases()
{
    return {"cases", tr("Cases and retrieval"), false,
        {{.key = "retrieval",
             .title = tr("Cases are found by"),
             .note = tr("By meaning, a model reads every case once, which takes a while."),
             .kind = Kind::choice,
             .choices = retrievals()},
            {.key = "retrieval_model",
                .title = tr("Model of the meaning"),
                .note = tr("A model or a sentence encoder's folder. For evaluation too."),
                .kind = Kind::model,
                .none = tr("the run's own"),
                .matters = findsByMeaning},
            {.key = "max_prompt_length",
                .title = tr("Longest prompt"),
                .note = tr("In tokens. Cases give way; what does not fit is left out."),
                .least = 1,
                .most = 1e6,
                .step = 64},
            {.key = "pinned_cases",
                .title = tr("Pinned cases"),
                .note = tr("Ids, shown with every request, before those that are found."),
                .kind = Kind::list},
            {.key = "fixed_cases",
                .title = tr("Fixed set"),
                .note = tr("Ids, all that is shown beside the pinned ones."),
                .kind = Kind::list,
                .matters = fixesCases}}};
}

SettingGroup warmStart()
{
    return {"warm", tr("Method and warm start"), false,
        {{.key = "method",
             .title = tr("Method"),
             .note = tr("What the steps behind self-generation and warm start do."),
             .kind = Kind::choice,
             .choices = {{"grpo", tr("reinforce (grpo)")}, {"sft", tr("imitate (sft)")}, {"dpo", tr("prefer (dpo)")}}},
            {.key = "self_generation_steps",
                .title = tr("Self-generation"),
                .note = tr("First steps: chains are drawn, the best kept; no weight changes."),
                .none = tr("none")},
            {.key = "self_generation_mode",
                .title = tr("Their context"),
                .note = tr("By share, as the run's own modes."),
                .kind = Kind::shares,
                .choices = modes(),
                .matters = drawsFirst},
            {.key = "self_generation_threshold",
                .title = tr("Kept from"),
                .note = tr("The reward from which a chain is kept."),
                .kind = Kind::real,
                .most = 1,
                .step = 0.05,
                .matters = drawsFirst},
            {.key = "sft_steps",
                .title = tr("Supervised steps"),
                .note = tr("Behind self-generation, before the method's own steps."),
                .none = tr("none"),
                .matters = warmsUp},
            {.key = "sft_examples",
                .title = tr("They learn from"),
                .note = tr("Its own chains need steps of self-generation."),
                .kind = Kind::choice,
                .choices = {{"self", tr("its own chains")}, {"cases", tr("cases, with chains")}, {"answers", tr("cases' answers alone")},
                    {"file", tr("a file")}},
                .matters = learnsExamples},
            {.key = "sft_file",
                .title = tr("File"),
                .note = tr("JSONL: a line each with request, chain and answer. Frozen with the run."),
                .kind = Kind::file,
                .matters = takesFile},
            {.key = "sft_dispositions",
                .title = tr("Cases that"),
                .note = tr("None ticked: all cases are learnt from."),
                .kind = Kind::checks,
                .choices = {{"comply", tr("comply")}, {"refuse", tr("refuse")}, {"safe_complete", tr("safe-complete")}},
                .matters = takesCases},
            {.key = "sft_context",
                .title = tr("Context stays"),
                .note = tr("Else examples are learnt without codes and cases (context distillation)."),
                .kind = Kind::yesNo,
                .matters = learnsExamples},
            {.key = "batch_size",
                .title = tr("Examples a step"),
                .note = tr("Pairs, where the method is prefer."),
                .least = 1,
                .most = 65536,
                .matters = [](const RunSpec& s) { return learnsExamples(s) || s.method == Method::dpo; }}}};
}

SettingGroup learning()
{
    return {"learning", tr("Learning"), false,
        {{.key = "learning_rate",
             .title = tr("Rate"),
             .note = tr("Of AdamW, once it has risen."),
             .kind = Kind::real,
             .most = 10,
             .step = 0},
            {.key = "lr_scheduler_type",
                .title = tr("Schedule"),
                .note = tr("After the rise."),
                .kind = Kind::choice,
                .choices = {{"constant_with_warmup", tr("constant")}, {"linear", tr("down to 0 (linear)")}}},
            {.key = "warmup_ratio",
                .title = tr("Rise"),
                .note = tr("Share of the steps that the rate rises in."),
                .kind = Kind::real,
                .most = 1,
                .step = 0.01},
            {.key = "num_iterations",
                .title = tr("Passes"),
                .note = tr("Updates on each step's answers."),
                .least = 1,
                .most = 1000,
                .matters = reinforces},
            {.key = "epsilon",
                .title = tr("Clip below"),
                .note = tr("How far a token's probability may fall, as a ratio."),
                .kind = Kind::real,
                .most = 1,
                .step = 0.01,
                .matters = reinforces},
            {.key = "epsilon_high",
                .title = tr("Clip above"),
                .note = tr("How far it may rise."),
                .kind = Kind::real,
                .most = 100,
                .step = 0.01,
                .matters = reinforces},
            {.key = "advantage_estimator",
                .title = tr("Compared with"),
                .note = tr("What a reward is held against."),
                .kind = Kind::choice,
                .choices = {{"grpo", tr("its group (grpo)")}, {"rloo", tr("the others (rloo)")},
                    {"reinforce_pp", tr("the step (reinforce_pp)")}},
                .matters = reinforces},
            {.key = "scale_rewards",
                .title = tr("Divided by the spread"),
                .note = tr("Of the group, the whole step, or not at all."),
                .kind = Kind::segments,
                .choices = {{"group", tr("group")}, {"batch", tr("batch")}, {"none", tr("none")}},
                .matters = reinforces},
            {.key = "reward_std_floor",
                .title = tr("Least spread"),
                .note = tr("What is divided by at least."),
                .kind = Kind::real,
                .most = 100,
                .step = 0.01,
                .matters = reinforces},
            {.key = "loss_type",
                .title = tr("Loss"),
                .note = tr("Its mean: over all tokens, each answer, or a constant."),
                .kind = Kind::segments,
                .choices = {{"dapo", tr("dapo")}, {"grpo", tr("grpo")}, {"dr_grpo", tr("dr_grpo")}},
                .matters = reinforces},
            {.key = "dynamic_sampling",
                .title = tr("Skip what is alike"),
                .note = tr("Groups whose answers all did the same teach nothing."),
                .kind = Kind::yesNo,
                .matters = reinforces},
            {.key = "dpo_beta",
                .title = tr("Hold to the reference"),
                .note = tr("More keeps the model nearer to what it was."),
                .kind = Kind::real,
                .most = 100,
                .step = 0.05,
                .matters = [](const RunSpec& s) { return s.method == Method::dpo; }},
            {.key = "max_grad_norm",
                .title = tr("Longest gradient"),
                .note = tr("Longer ones are shortened to it."),
                .kind = Kind::real,
                .step = 0.1},
            {.key = "adam_beta1",
                .title = tr("Memory of gradients"),
                .note = tr("Of the optimiser's mean. More smooths more."),
                .kind = Kind::real,
                .most = 1,
                .step = 0.01},
            {.key = "adam_beta2",
                .title = tr("Memory of squares"),
                .note = tr("Of the mean of their squares."),
                .kind = Kind::real,
                .most = 1,
                .step = 0.01},
            {.key = "weight_decay", .title = tr("Weight decay"), .note = tr("Of matrices."), .kind = Kind::real, .most = 10, .step = 0.01},
            {.key = "control",
                .title = tr("Control"),
                .note = tr("What is left without the method shows beside it."),
                .kind = Kind::choice,
                .choices = {{"off", tr("none")}, {"shuffled_dispositions", tr("shuffled dispositions")},
                    {"random_rewards", tr("random rewards")}}}}};
}

SettingGroup adapter()
{
    return {"adapter", tr("Adapter"), false,
        {{.key = "use_peft", .title = tr("LoRA adapter"), .note = tr("Else all weights are trained, in float32."), .kind = Kind::yesNo},
            {.key = "lora_r",
                .title = tr("Rank"),
                .note = tr("More learns more, and takes more memory."),
                .least = 1,
                .most = 4096,
                .matters = adapts},
            {.key = "lora_alpha",
                .title = tr("Alpha"),
                .note = tr("Its scale is alpha over rank."),
                .kind = Kind::real,
                .most = 1e6,
                .matters = adapts},
            {.key = "lora_dropout",
                .title = tr("Dropout"),
                .note = tr("Share of its inputs that is dropped while it learns."),
                .kind = Kind::real,
                .most = 1,
                .step = 0.05,
                .matters = adapts},
            {.key = "lora_target_modules",
                .title = tr("Projections"),
                .note = tr("Those that get one."),
                .kind = Kind::checks,
                .choices = {{"q_proj", "q_proj"}, {"k_proj", "k_proj"}, {"v_proj", "v_proj"}, {"o_proj", "o_proj"},
                    {"gate_proj", "gate_proj"}, {"up_proj", "up_proj"}, {"down_proj", "down_proj"}},
                .matters = adapts},
            {.key = "dtype",
                .title = tr("Weights are held as"),
                .note = tr("auto: bfloat16 from 32 million parameters on, below an adapter."),
                .kind = Kind::choice,
                .choices = {{"auto", "auto"}, {"float32", "float32"}, {"bfloat16", "bfloat16"}}},
            {.key = "gradient_checkpointing",
                .title = tr("Compute again"),
                .note = tr("A quarter of the memory, a third more time for the update."),
                .kind = Kind::yesNo},
            {.key = "micro_batch_tokens",
                .title = tr("Positions at once"),
                .note = tr("Less takes less memory and more time."),
                .least = 1,
                .step = 256}}};
}

Setting guard(const char* key, const QString& title, const QString& note)
{
    return {.key = QStringLiteral("guards.") + QLatin1String(key),
        .title = title,
        .note = note,
        .kind = Kind::segments,
        .choices = {{"off", tr("off")}, {"warn", tr("warn")}, {"stop", tr("stop")}},
        .matters = core::drawsCompletions};
}

SettingGroup stopping()
{
    return {"stopping", tr("When to stop"), false,
        {guard("reward_collapse", tr("Reward collapse"), tr("It has fallen to 60 % of the best.")),
            guard("kl_over_bound", tr("Drift"), tr("The divergence from the reference is over the bound.")),
            guard("no_spread", tr("No spread"), tr("In 95 % of the groups all answers did the same.")),
            guard("length_at_cap", tr("Length at the cap"), tr("Most answers are cut off.")),
            guard("all_refusal", tr("Refuses everything"), tr("95 % of harmless requests are refused as well.")),
            guard("never_refusal", tr("Refuses nothing"), tr("At most 2 % of either are refused.")),
            {.key = "kl_bound",
                .title = tr("Bound of the drift"),
                .note = tr("The divergence from which the guard speaks."),
                .kind = Kind::real,
                .step = 0.05,
                .matters = boundsKl},
            {.key = "max_kl",
                .title = tr("Drift that stops"),
                .note = tr("The run stops over it, whatever the guard does."),
                .kind = Kind::real,
                .step = 0.1,
                .none = tr("never"),
                .matters = reinforces},
            {.key = "save_steps", .title = tr("Checkpoint every"), .note = tr("Steps; and at a stop and the end."), .least = 1},
            {.key = "save_total_limit",
                .title = tr("Checkpoints kept"),
                .note = tr("The newest, and beyond them those that something points to."),
                .none = tr("all")}}};
}

SettingGroup evaluation()
{
    Choices retrieval = retrievals();
    retrieval.insert(retrieval.begin(), {"", tr("as in training")});
    return {"evaluation", tr("Evaluation"), false,
        {{.key = "evaluate_before_after",
             .title = tr("Before and after"),
             .note = tr("The sealed suites are answered and judged."),
             .kind = Kind::yesNo},
            {.key = "evaluate_limit",
                .title = tr("Requests of a suite"),
                .note = tr("Fewer are quicker, with wider intervals."),
                .none = tr("all"),
                .matters = evaluates},
            {.key = "evaluate_temperature",
                .title = tr("Temperature"),
                .note = tr("Of those answers; 0 takes the likeliest token."),
                .kind = Kind::real,
                .most = 10,
                .step = 0.1,
                .matters = evaluates},
            {.key = "evaluate_modes",
                .title = tr("Modes"),
                .note = tr("None ticked: without context, and in those that it trains in."),
                .kind = Kind::checks,
                .choices = modes(),
                .matters = evaluates},
            {.key = "evaluate_retrieval",
                .title = tr("Cases are found by"),
                .note = tr("In those answers' contexts."),
                .kind = Kind::choice,
                .choices = retrieval,
                .matters = evaluates},
            {.key = "evaluate_cases_per_prompt", .title = tr("Cases in the prompt"), .most = 64, .matters = evaluatesApart},
            {.key = "evaluate_pinned_cases",
                .title = tr("Pinned cases"),
                .note = tr("Ids, shown with every request."),
                .kind = Kind::list,
                .matters = evaluatesApart},
            {.key = "evaluate_fixed_cases",
                .title = tr("Fixed set"),
                .note = tr("Ids, where cases are a fixed set."),
                .kind = Kind::list,
                .matters = evaluatesApart}}};
}

} // namespace

std::vector<SettingGroup> settingGroups()
{
    return {basics(), rollouts(), rewards(), sampling(), cases(), warmStart(), learning(), adapter(), serverSettings(), stopping(),
        evaluation()};
}

} // namespace precedent::ui
