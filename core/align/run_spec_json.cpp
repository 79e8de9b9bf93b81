#include "precedent/align/run_spec_json.h"

#include <algorithm>
#include <array>
#include <set>

#include "precedent/align/case_settings.h"
#include "precedent/base/digest.h"
#include "precedent/base/domain.h"

namespace precedent::align {
namespace {

using core::AdvantageEstimator;
using core::Control;
using core::LossType;
using core::LrScheduler;
using core::Method;
using core::RunSpec;
using core::ScaleRewards;
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
    static const Names<SftExamples> list{{SftExamples::self, "self"}, {SftExamples::cases, "cases"}, {SftExamples::answers, "answers"}};
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

/// Whether a key decides what a step computes, and so belongs to the hash that a resume is checked against.
enum class Decides { steps, surroundings };

/// The one list of keys: name, field, and what it decides.
template <typename Spec, typename Visitor>
void visitFields(Spec& s, Visitor&& v)
{
    using enum Decides;
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
    v("overlong_from", s.overlongFrom, steps);
    v("self_generation_steps", s.selfGenerationSteps, steps);
    v("self_generation_mode", s.selfGenerationMode, steps);
    v("self_generation_threshold", s.selfGenerationThreshold, steps);
    v("sft_steps", s.sftSteps, steps);
    v("sft_examples", s.sftExamples, steps);
    v("sft_dispositions", s.sftDispositions, steps);
    v("sft_context", s.sftContext, steps);
    v("batch_size", s.batchSize, steps);
    v("dpo_beta", s.dpoBeta, steps);
    v("control", s.control, steps);
    v("save_steps", s.saveSteps, surroundings);
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
        visitWeights(value, [&](const char* key, double weight) { json[key] = weight; });
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
                "The parts are disposition, harmlessness, format, citation and overlong.");
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

Error outOfRange(const std::string& key, const Json& seen, const std::string& expected)
{
    return {ErrorCode::invalidArgument, key + " is " + dumpJson(seen) + "; expected " + expected + "."};
}

Status validateShares(const std::string& key, const std::map<std::string, double>& shares, const std::set<std::string>& allowed)
{
    double total = 0;
    for (const auto& [name, share] : shares) {
        if (!allowed.contains(name)) {
            std::string list;
            for (const auto& a : allowed)
                list += (list.empty() ? "" : ", ") + a;
            return outOfRange(key, name, "names among " + list);
        }
        if (!(share >= 0 && share < 1e9))
            return outOfRange(key + "." + name, share, "a share of at least 0");
        total += share;
    }
    if (!shares.empty() && !(total > 0))
        return outOfRange(key, valueJson(shares), "at least one share above 0");
    return {};
}

struct Range {
    const char* key;
    double value;
    double low;
    double high;
    const char* expected;
};

std::vector<Range> ranges(const RunSpec& s)
{
    return {{"max_steps", double(s.maxSteps), 0, 1e9, "0 to 1,000,000,000"},
        {"prompts_per_step", double(s.promptsPerStep), 1, 4096, "1 to 4096"},
        {"num_generations", double(s.numGenerations), 2, 1024, "2 to 1024 (a group of one has no advantage)"},
        {"max_completion_length", double(s.maxCompletionLength), 1, 1e6, "1 to 1,000,000 tokens"},
        {"max_prompt_length", double(s.maxPromptLength), 1, 1e6, "1 to 1,000,000 tokens"},
        {"temperature", s.temperature, 1e-3, 10, "above 0 and at most 10 (training draws at random)"},
        {"top_p", s.topP, 1e-6, 1, "above 0 and at most 1"}, {"top_k", double(s.topK), 0, 1e9, "0 (off) or more"},
        {"learning_rate", s.learningRate, 1e-12, 10, "above 0 and at most 10"}, {"warmup_ratio", s.warmupRatio, 0, 1, "0 to 1"},
        {"adam_beta1", s.adamBeta1, 0, 0.999999, "0 to below 1"}, {"adam_beta2", s.adamBeta2, 0, 0.9999999, "0 to below 1"},
        {"weight_decay", s.weightDecay, 0, 10, "0 to 10"}, {"max_grad_norm", s.maxGradNorm, 1e-9, 1e9, "above 0"},
        {"beta", s.beta, 0, 100, "0 (no KL) to 100"}, {"epsilon", s.epsilon, 1e-6, 1, "above 0 and at most 1"},
        {"epsilon_high", s.epsilonHigh, 1e-6, 100, "above 0 and at most 100"},
        {"num_iterations", double(s.numIterations), 1, 1000, "1 to 1000"}, {"reward_std_floor", s.rewardStdFloor, 0, 100, "0 or more"},
        {"lora_r", double(s.loraR), 1, 4096, "1 to 4096"}, {"lora_alpha", s.loraAlpha, 1e-6, 1e6, "above 0"},
        {"lora_dropout", s.loraDropout, 0, 0.99, "0 to 0.99"}, {"cases_per_prompt", double(s.casesPerPrompt), 0, 64, "0 to 64"},
        {"overlong_from", double(s.overlongFrom), 0, 1e6, "0 (three quarters of the maximum) or more"},
        {"self_generation_steps", double(s.selfGenerationSteps), 0, 1e9, "0 (none) or more"},
        {"self_generation_threshold", s.selfGenerationThreshold, 0, 1, "0 to 1"},
        {"sft_steps", double(s.sftSteps), 0, 1e9, "0 (none) or more"}, {"batch_size", double(s.batchSize), 1, 65536, "1 to 65,536"},
        {"dpo_beta", s.dpoBeta, 1e-6, 100, "above 0 and at most 100"}, {"save_steps", double(s.saveSteps), 1, 1e9, "1 or more"},
        {"micro_batch_tokens", double(s.microBatchTokens), 1, 1e9, "1 or more"},
        {"evaluate_limit", double(s.evaluateLimit), 0, 1e9, "0 (all) or more"},
        {"evaluate_temperature", s.evaluateTemperature, 0, 10, "0 (greedy) to 10"},
        {"evaluate_cases_per_prompt", double(s.evaluateCasesPerPrompt), 0, 64, "0 to 64"}};
}

} // namespace

Result<RunSpec> runSpecFromJson(const Json& json, RunSpec base)
{
    if (!json.is_object())
        return Error(ErrorCode::invalidArgument, "A run spec is a JSON object; this is " + std::string(json.type_name()) + ".");
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

Status validate(const RunSpec& spec)
{
    for (const Range& r : ranges(spec)) {
        if (!(r.value >= r.low && r.value <= r.high))
            return outOfRange(r.key, r.value, r.expected);
    }
    if (spec.model.empty())
        return outOfRange("model", spec.model, "a model's name or folder");
    if (spec.modeWeights.empty())
        return outOfRange("mode", Json::object(), "at least one mode");
    PRECEDENT_TRY(validateShares("mode", spec.modeWeights, {"none", "codes", "cases"}));
    PRECEDENT_TRY(validateShares("self_generation_mode", spec.selfGenerationMode, {"none", "codes", "cases"}));
    for (const std::string& disposition : spec.sftDispositions) {
        if (const auto known = dispositionFromString(disposition); !known || *known == Disposition::unknown)
            return outOfRange("sft_dispositions", disposition, "comply, refuse or safe_complete");
    }
    PRECEDENT_TRY(validateCases(spec));
    const bool learnsFromSelf =
        spec.method == Method::dpo || ((spec.method == Method::sft || spec.sftSteps > 0) && spec.sftExamples == SftExamples::self);
    if (learnsFromSelf && spec.selfGenerationSteps == 0)
        return outOfRange("self_generation_steps", 0, "1 or more where the run learns from its own chains (dpo, or sft_examples self)");
    PRECEDENT_TRY(validateShares("label_weights", spec.labelWeights, {"harmful", "benign", "attack", "utility"}));
    Status status;
    visitWeights(spec.rewardWeights, [&](const char* part, double weight) {
        if (!(weight >= 0 && weight <= 1e6))
            status = outOfRange(std::string("reward_weights.") + part, weight, "0 or more");
    });
    PRECEDENT_TRY(std::move(status));
    if (!spec.useLora && spec.dtype == WeightDtype::bfloat16)
        return outOfRange("dtype", "bfloat16", "auto or float32 where use_peft is false: all weights are trained, in float32");
    if (spec.useLora && spec.loraTargets.empty())
        return outOfRange("lora_target_modules", Json::array(), "at least one projection");
    return {};
}

std::string specHash(const RunSpec& spec)
{
    Json json = Json::object();
    visitFields(spec, [&](const char* key, const auto& field, Decides decides) {
        if (decides == Decides::steps)
            json[key] = valueJson(field);
    });
    return sha256Hex(dumpJson(json));
}

} // namespace precedent::align
