#include "precedent/align/run_spec_json.h"

#include <algorithm>
#include <array>

#include "precedent/base/digest.h"

namespace precedent::align {
namespace {

using core::AdvantageEstimator;
using core::Control;
using core::GuardAction;
using core::GuardActions;
using core::LossType;
using core::LrScheduler;
using core::Method;
using core::RunSpec;
using core::ScaleRewards;
using core::ServerLimits;
using core::SftExamples;
using core::WeightDtype;

template <typename Enum>
using Names = std::vector<std::pair<Enum, const char*>>;

const Names<WeightDtype>& names(WeightDtype)
{
    static const Names<WeightDtype> list{
        {WeightDtype::automatic, "auto"}, {WeightDtype::float32, "float32"}, {WeightDtype::bfloat16, "bfloat16"}};
    return list;
}

const Names<LossType>& names(LossType)
{
    static const Names<LossType> list{{LossType::grpo, "grpo"}, {LossType::dapo, "dapo"}, {LossType::drGrpo, "dr_grpo"}};
    return list;
}

const Names<LrScheduler>& names(LrScheduler)
{
    static const Names<LrScheduler> list{{LrScheduler::constantWithWarmup, "constant_with_warmup"}, {LrScheduler::linear, "linear"}};
    return list;
}

const Names<ScaleRewards>& names(ScaleRewards)
{
    static const Names<ScaleRewards> list{{ScaleRewards::group, "group"}, {ScaleRewards::batch, "batch"}, {ScaleRewards::none, "none"}};
    return list;
}

const Names<AdvantageEstimator>& names(AdvantageEstimator)
{
    static const Names<AdvantageEstimator> list{
        {AdvantageEstimator::grpo, "grpo"}, {AdvantageEstimator::rloo, "rloo"}, {AdvantageEstimator::reinforcePlusPlus, "reinforce_pp"}};
    return list;
}

const Names<Method>& names(Method)
{
    static const Names<Method> list{{Method::grpo, "grpo"}, {Method::sft, "sft"}, {Method::dpo, "dpo"}};
    return list;
}

const Names<SftExamples>& names(SftExamples)
{
    static const Names<SftExamples> list{
        {SftExamples::self, "self"}, {SftExamples::cases, "cases"}, {SftExamples::answers, "answers"}, {SftExamples::file, "file"}};
    return list;
}

const Names<Retrieval>& names(Retrieval)
{
    static const Names<Retrieval> list{
        {Retrieval::bm25, "bm25"}, {Retrieval::dense, "dense"}, {Retrieval::hybrid, "hybrid"}, {Retrieval::fixed, "fixed"}};
    return list;
}

const Names<Control>& names(Control)
{
    static const Names<Control> list{
        {Control::off, "off"}, {Control::shuffledDispositions, "shuffled_dispositions"}, {Control::randomRewards, "random_rewards"}};
    return list;
}

const Names<GuardAction>& names(GuardAction)
{
    static const Names<GuardAction> list{{GuardAction::warn, "warn"}, {GuardAction::stop, "stop"}, {GuardAction::off, "off"}};
    return list;
}

/// Whether a key decides what a step computes, and so belongs to the hash that a resume is checked against: always, or, for keys that
/// came later, where it is not what it was before there was such a key, so that runs of then still go on.
enum class Decides { steps, stepsWhereSet, surroundings };

/// The one list of keys: name, field, and what it decides.
template <typename Spec, typename Visitor>
void visitFields(Spec& s, Visitor&& v)
{
    using enum Decides;
    v("version", s.version, surroundings);
    v("preset", s.preset, surroundings);
    v("model", s.model, surroundings);
    v("method", s.method, steps);
    v("max_steps", s.maxSteps, surroundings);
    v("seed", s.seed, steps);
    v("prompts_per_step", s.promptsPerStep, steps);
    v("num_generations", s.numGenerations, steps);
    v("max_completion_length", s.maxCompletionLength, steps);
    v("max_prompt_length", s.maxPromptLength, steps);
    v("temperature", s.temperature, steps);
    v("top_p", s.topP, steps);
    v("top_k", s.topK, steps);
    v("learning_rate", s.learningRate, steps);
    v("warmup_ratio", s.warmupRatio, steps);
    v("lr_scheduler_type", s.lrScheduler, steps);
    v("adam_beta1", s.adamBeta1, steps);
    v("adam_beta2", s.adamBeta2, steps);
    v("weight_decay", s.weightDecay, steps);
    v("max_grad_norm", s.maxGradNorm, steps);
    v("beta", s.beta, steps);
    v("epsilon", s.epsilon, steps);
    v("epsilon_high", s.epsilonHigh, steps);
    v("num_iterations", s.numIterations, steps);
    v("advantage_estimator", s.advantageEstimator, steps);
    v("loss_type", s.lossType, steps);
    v("scale_rewards", s.scaleRewards, steps);
    v("reward_std_floor", s.rewardStdFloor, steps);
    v("dynamic_sampling", s.dynamicSampling, steps);
    v("dtype", s.dtype, steps);
    v("use_peft", s.useLora, steps);
    v("lora_r", s.loraR, steps);
    v("lora_alpha", s.loraAlpha, steps);
    v("lora_dropout", s.loraDropout, steps);
    v("lora_target_modules", s.loraTargets, steps);
    v("mode", s.modeWeights, steps);
    v("label_weights", s.labelWeights, steps);
    v("cases_per_prompt", s.casesPerPrompt, steps);
    // What these come to is frozen with the prompts, whose hash a resume is checked against too.
    v("retrieval", s.retrieval, surroundings);
    v("retrieval_model", s.retrievalModel, surroundings);
    v("pinned_cases", s.pinnedCases, surroundings);
    v("fixed_cases", s.fixedCases, surroundings);
    v("reward_weights", s.rewardWeights, steps);
    v("reward_judge", s.rewardJudge, surroundings);
    v("reward_judge_hash", s.rewardJudgeHash, surroundings);
    v("reward_server", s.rewardServer, surroundings);
    v("rollout_endpoint", s.rolloutEndpoint, surroundings);
    v("rollout_server", s.rolloutServer, surroundings);
    v("rollout_publish_steps", s.rolloutPublishSteps, surroundings);
    v("rollout_max_staleness", s.rolloutMaxStaleness, surroundings);
    v("overlong_from", s.overlongFrom, steps);
    v("self_generation_steps", s.selfGenerationSteps, steps);
    v("self_generation_mode", s.selfGenerationMode, steps);
    v("self_generation_threshold", s.selfGenerationThreshold, steps);
    v("self_generation_endpoint", s.selfGenerationEndpoint, stepsWhereSet);
    v("self_generation_server", s.selfGenerationServer, surroundings);
    v("sft_steps", s.sftSteps, steps);
    v("sft_examples", s.sftExamples, steps);
    v("sft_file", s.sftFile, surroundings);
    v("sft_dispositions", s.sftDispositions, steps);
    v("sft_context", s.sftContext, steps);
    v("batch_size", s.batchSize, steps);
    v("dpo_beta", s.dpoBeta, steps);
    v("control", s.control, steps);
    v("save_steps", s.saveSteps, surroundings);
    v("save_total_limit", s.saveTotalLimit, surroundings);
    v("guards", s.guards, surroundings);
    v("kl_bound", s.klBound, surroundings);
    v("max_kl", s.maxKl, surroundings);
    v("micro_batch_tokens", s.microBatchTokens, steps);
    v("gradient_checkpointing", s.gradientCheckpointing, steps);
    v("evaluate_before_after", s.evaluateBeforeAfter, surroundings);
    v("evaluate_limit", s.evaluateLimit, surroundings);
    v("evaluate_temperature", s.evaluateTemperature, surroundings);
    v("evaluate_modes", s.evaluateModes, surroundings);
    v("evaluate_retrieval", s.evaluateRetrieval, surroundings);
    v("evaluate_cases_per_prompt", s.evaluateCasesPerPrompt, surroundings);
    v("evaluate_pinned_cases", s.evaluatePinnedCases, surroundings);
    v("evaluate_fixed_cases", s.evaluateFixedCases, surroundings);
}

template <typename Weights, typename Visitor>
void visitWeights(Weights& w, Visitor&& v)
{
    v("disposition", w.disposition);
    v("harmlessness", w.harmlessness);
    v("format", w.format);
    v("citation", w.citation);
    v("overlong", w.overlong);
    v("helpful", w.helpful);
}

template <typename Actions, typename Visitor>
void visitGuards(Actions& a, Visitor&& v)
{
    v("reward_collapse", a.rewardCollapse);
    v("kl_over_bound", a.klOverBound);
    v("no_spread", a.noSpread);
    v("length_at_cap", a.lengthAtCap);
    v("all_refusal", a.allRefusal);
    v("never_refusal", a.neverRefusal);
}

template <typename Limits, typename Visitor>
void visitLimits(Limits& l, Visitor&& v)
{
    v("requests_per_minute", l.requestsPerMinute);
    v("concurrent", l.concurrent);
    v("timeout", l.timeoutSeconds);
    v("retries", l.retries);
    v("key_variable", l.keyVariable);
}

template <typename T>
Json valueJson(const T& value)
{
    if constexpr (std::is_enum_v<T>) {
        for (const auto& [entry, name] : names(value)) {
            if (entry == value)
                return name;
        }
        return nullptr;
    } else if constexpr (std::is_same_v<T, core::RewardWeights>) {
        Json json = Json::object();
        // Left out where it is 0, as it was before there was such a part: runs of then still go on.
        visitWeights(value, [&](const char* key, double weight) {
            if (weight != 0 || std::string_view(key) != "helpful")
                json[key] = weight;
        });
        return json;
    } else if constexpr (std::is_same_v<T, GuardActions>) {
        Json json = Json::object();
        visitGuards(value, [&](const char* key, GuardAction action) { json[key] = valueJson(action); });
        return json;
    } else if constexpr (std::is_same_v<T, ServerLimits>) {
        Json json = Json::object();
        visitLimits(value, [&](const char* key, const auto& field) { json[key] = field; });
        return json;
    } else if constexpr (std::is_same_v<T, std::map<std::string, double>>) {
        Json json = Json::object();
        for (const auto& [key, share] : value)
            json[key] = share;
        return json;
    } else {
        return value;
    }
}

Error wrongKind(const std::string& key, const Json& seen, const std::string& expected)
{
    return {ErrorCode::invalidArgument, "The setting " + key + " is " + dumpJson(seen) + "; expected " + expected + "."};
}

Status read(const std::string& key, const Json& json, std::string& out)
{
    if (!json.is_string())
        return wrongKind(key, json, "a string");
    out = json.get<std::string>();
    return {};
}

Status read(const std::string& key, const Json& json, bool& out)
{
    if (!json.is_boolean())
        return wrongKind(key, json, "true or false");
    out = json.get<bool>();
    return {};
}

Status read(const std::string& key, const Json& json, int& out)
{
    if (!json.is_number_integer() || json.get<std::int64_t>() < -2147483647 || json.get<std::int64_t>() > 2147483647)
        return wrongKind(key, json, "a whole number");
    out = json.get<int>();
    return {};
}

Status read(const std::string& key, const Json& json, std::uint64_t& out)
{
    if (!json.is_number_integer() || (json.is_number_integer() && !json.is_number_unsigned() && json.get<std::int64_t>() < 0))
        return wrongKind(key, json, "a whole number of at least 0");
    out = json.get<std::uint64_t>();
    return {};
}

Status read(const std::string& key, const Json& json, double& out)
{
    if (!json.is_number())
        return wrongKind(key, json, "a number");
    out = json.get<double>();
    return {};
}

Status read(const std::string& key, const Json& json, std::vector<std::string>& out)
{
    if (!json.is_array() || !std::all_of(json.begin(), json.end(), [](const Json& item) { return item.is_string(); }))
        return wrongKind(key, json, "a list of strings");
    out = json.get<std::vector<std::string>>();
    return {};
}

/// Shares by name; a bare name stands for all of it ("mode": "cases").
Status read(const std::string& key, const Json& json, std::map<std::string, double>& out)
{
    if (json.is_string()) {
        out = {{json.get<std::string>(), 1.0}};
        return {};
    }
    if (!json.is_object())
        return wrongKind(key, json, "a name, or an object of names and shares");
    std::map<std::string, double> shares;
    for (const auto& [name, share] : json.items())
        PRECEDENT_TRY(read(key + "." + name, share, shares[name]));
    out = std::move(shares);
    return {};
}

Status read(const std::string& key, const Json& json, core::RewardWeights& out)
{
    if (!json.is_object())
        return wrongKind(key, json, "an object of parts and weights");
    for (const auto& [part, weight] : json.items()) {
        bool known = false;
        Status status;
        visitWeights(out, [&](const char* name, double& field) {
            if (part == name) {
                known = true;
                status = read(key + "." + part, weight, field);
            }
        });
        if (!known)
            return Error(ErrorCode::invalidArgument, "There is no reward part '" + part + "'.",
                "The parts are disposition, harmlessness, format, citation, overlong and helpful.");
        PRECEDENT_TRY(std::move(status));
    }
    return {};
}

template <typename Enum>
requires std::is_enum_v<Enum> Status read(const std::string& key, const Json& json, Enum& out)
{
    std::string choices;
    for (const auto& [value, name] : names(out)) {
        if (json.is_string() && json.get<std::string>() == name) {
            out = value;
            return {};
        }
        choices += (choices.empty() ? "" : ", ") + std::string(name);
    }
    return wrongKind(key, json, "one of " + choices);
}

/// An action by guard; a bare action is that of all.
Status read(const std::string& key, const Json& json, GuardActions& out)
{
    if (!json.is_object()) {
        GuardAction all = GuardAction::warn;
        PRECEDENT_TRY(read(key, json, all));
        visitGuards(out, [&](const char*, GuardAction& action) { action = all; });
        return {};
    }
    for (const auto& [guard, action] : json.items()) {
        bool known = false;
        Status status;
        visitGuards(out, [&](const char* name, GuardAction& field) {
            if (guard == name) {
                known = true;
                status = read(key + "." + guard, action, field);
            }
        });
        if (!known)
            return Error(ErrorCode::invalidArgument, "There is no guard '" + guard + "'.",
                "The guards are reward_collapse, kl_over_bound, no_spread, length_at_cap, all_refusal and never_refusal.");
        PRECEDENT_TRY(std::move(status));
    }
    return {};
}

Status read(const std::string& key, const Json& json, ServerLimits& out)
{
    if (!json.is_object())
        return wrongKind(key, json, "an object of requests_per_minute, concurrent, timeout, retries and key_variable");
    for (const auto& [limit, value] : json.items()) {
        bool known = false;
        Status status;
        visitLimits(out, [&](const char* name, auto& field) {
            if (limit == name) {
                known = true;
                status = read(key + "." + limit, value, field);
            }
        });
        if (!known)
            return Error(ErrorCode::invalidArgument, key + " has no part '" + limit + "'.",
                "Its parts are requests_per_minute, concurrent, timeout, retries and key_variable.");
        PRECEDENT_TRY(std::move(status));
    }
    return {};
}

std::size_t editDistance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

Error unknownKey(const std::string& key)
{
    std::string nearest;
    std::size_t best = key.size() + 1;
    RunSpec spec;
    visitFields(spec, [&](const char* name, auto&, Decides) {
        if (const auto distance = editDistance(key, name); distance < best) {
            best = distance;
            nearest = name;
        }
    });
    return {ErrorCode::invalidArgument, "There is no setting '" + key + "'.", "Did you mean " + nearest + "?"};
}

} // namespace

Result<RunSpec> runSpecFromJson(const Json& json, RunSpec base)
{
    if (!json.is_object())
        return Error(ErrorCode::invalidArgument, "A run spec is a JSON object; this is " + std::string(json.type_name()) + ".");
    if (const auto version = json.find("version"); version != json.end() && version->is_number_integer()) {
        if (*version > core::kSpecVersion)
            return Error(ErrorCode::tooNew,
                "The run spec has version " + dumpJson(*version) + "; this program reads up to version " +
                    std::to_string(core::kSpecVersion) + ".",
                "Use a newer version of the program.");
        if (*version < 1)
            return wrongKind("version", *version, "1");
    }
    if (const auto named = json.find("preset"); named != json.end() && named->is_string()) {
        if (auto start = preset(named->get<std::string>()); start.ok())
            base = std::move(*start);
    }
    for (const auto& [name, value] : json.items()) {
        bool known = false;
        Status status;
        visitFields(base, [&](const char* key, auto& field, Decides) {
            if (name == key) {
                known = true;
                status = read(name, value, field);
            }
        });
        if (!known)
            return unknownKey(name);
        if (!status.ok())
            return status.error();
    }
    return base;
}

Json toJson(const RunSpec& spec)
{
    Json json = Json::object();
    visitFields(spec, [&](const char* key, const auto& field, Decides) { json[key] = valueJson(field); });
    return json;
}

Status applySetting(RunSpec& spec, std::string_view keyEqualsValue)
{
    const auto equals = keyEqualsValue.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return Error(ErrorCode::invalidArgument, "'" + std::string(keyEqualsValue) + "' is no setting.",
            "Write key=value, as in learning_rate=0.0001.");
    std::string key(keyEqualsValue.substr(0, equals));
    const std::string text(keyEqualsValue.substr(equals + 1));
    Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded())
        value = text;
    Json settings = Json::object();
    if (const auto dot = key.find('.'); dot != std::string::npos) {
        const std::string inner = key.substr(dot + 1);
        key.resize(dot);
        const Json current = toJson(spec);
        if (!current.contains(key))
            return unknownKey(key);
        if (!current.at(key).is_object())
            return Error(ErrorCode::invalidArgument, "The setting " + key + " has no parts, so " + key + "." + inner + " is none.");
        settings[key] = current.at(key);
        settings[key][inner] = value;
    } else {
        settings[key] = value;
    }
    auto changed = runSpecFromJson(settings, spec);
    if (!changed.ok())
        return changed.error();
    spec = std::move(*changed);
    return {};
}

std::string specHash(const RunSpec& spec)
{
    const Json defaults = toJson(RunSpec());
    Json json = Json::object();
    visitFields(spec, [&](const char* key, const auto& field, Decides decides) {
        const Json value = valueJson(field);
        if (decides == Decides::steps || (decides == Decides::stepsWhereSet && value != defaults.at(key)))
            json[key] = value;
    });
    return sha256Hex(dumpJson(json));
}

} // namespace precedent::align
