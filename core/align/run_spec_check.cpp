#include <algorithm>
#include <cctype>
#include <set>

#include "precedent/align/case_settings.h"
#include "precedent/align/run_spec_json.h"
#include "precedent/base/domain.h"

namespace precedent::align {
namespace {

using core::Method;
using core::RunSpec;
using core::SftExamples;
using core::WeightDtype;

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
        return outOfRange(key, Json(shares), "at least one share above 0");
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
        {"rollout_publish_steps", double(s.rolloutPublishSteps), 1, 1e6, "1 or more steps"},
        {"rollout_max_staleness", double(s.rolloutMaxStaleness), 0, 1e6, "0 or more steps"}, {"beta", s.beta, 0, 100, "0 (no KL) to 100"},
        {"epsilon", s.epsilon, 1e-6, 1, "above 0 and at most 1"}, {"epsilon_high", s.epsilonHigh, 1e-6, 100, "above 0 and at most 100"},
        {"num_iterations", double(s.numIterations), 1, 1000, "1 to 1000"}, {"reward_std_floor", s.rewardStdFloor, 0, 100, "0 or more"},
        {"lora_r", double(s.loraR), 1, 4096, "1 to 4096"}, {"lora_alpha", s.loraAlpha, 1e-6, 1e6, "above 0"},
        {"lora_dropout", s.loraDropout, 0, 0.99, "0 to 0.99"}, {"cases_per_prompt", double(s.casesPerPrompt), 0, 64, "0 to 64"},
        {"overlong_from", double(s.overlongFrom), 0, 1e6, "0 (three quarters of the maximum) or more"},
        {"self_generation_steps", double(s.selfGenerationSteps), 0, 1e9, "0 (none) or more"},
        {"self_generation_threshold", s.selfGenerationThreshold, 0, 1, "0 to 1"},
        {"sft_steps", double(s.sftSteps), 0, 1e9, "0 (none) or more"}, {"batch_size", double(s.batchSize), 1, 65536, "1 to 65,536"},
        {"dpo_beta", s.dpoBeta, 1e-6, 100, "above 0 and at most 100"}, {"save_steps", double(s.saveSteps), 1, 1e9, "1 or more"},
        {"save_total_limit", double(s.saveTotalLimit), 0, 1e9, "0 (all) or more"}, {"kl_bound", s.klBound, 1e-9, 1e9, "above 0"},
        {"max_kl", s.maxKl, 0, 1e9, "0 (never) or more"}, {"micro_batch_tokens", double(s.microBatchTokens), 1, 1e9, "1 or more"},
        {"evaluate_limit", double(s.evaluateLimit), 0, 1e9, "0 (all) or more"},
        {"evaluate_temperature", s.evaluateTemperature, 0, 10, "0 (greedy) to 10"},
        {"evaluate_cases_per_prompt", double(s.evaluateCasesPerPrompt), 0, 64, "0 to 64"}};
}

Status validateWeights(const core::RewardWeights& weights)
{
    const std::pair<const char*, double> parts[] = {{"disposition", weights.disposition}, {"harmlessness", weights.harmlessness},
        {"format", weights.format}, {"citation", weights.citation}, {"overlong", weights.overlong}, {"helpful", weights.helpful}};
    for (const auto& [part, weight] : parts) {
        if (!(weight >= 0 && weight <= 1e6))
            return outOfRange(std::string("reward_weights.") + part, weight, "0 or more");
    }
    return {};
}

/// `key`: reward_server and its kin.
Status validateServer(const std::string& key, const core::ServerLimits& limits)
{
    const Range parts[] = {{"requests_per_minute", limits.requestsPerMinute, 0, 1e6, "0 (as fast as they come) to 1,000,000"},
        {"concurrent", double(limits.concurrent), 1, 256, "1 to 256"},
        {"timeout", double(limits.timeoutSeconds), 1, 86400, "1 to 86,400 seconds"},
        {"retries", double(limits.retries), 0, 100, "0 to 100"}};
    for (const Range& r : parts) {
        if (!(r.value >= r.low && r.value <= r.high))
            return outOfRange(key + "." + r.key, r.value, r.expected);
    }
    const std::string& name = limits.keyVariable;
    const bool isName = std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    // What stands there is not shown: it may be the key.
    if (!isName || (!name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) != 0))
        return Error(ErrorCode::invalidArgument, key + ".key_variable is no name of an environment variable.",
            "Name the variable that holds the key; the key itself belongs in no setting.");
    return {};
}

/// Of completions that a server draws.
Status validateRollouts(const RunSpec& spec)
{
    if (spec.rolloutEndpoint.empty())
        return {};
    if (!spec.useLora)
        return outOfRange("rollout_endpoint", spec.rolloutEndpoint, "no server where use_peft is false: it is handed adapters");
    if (spec.rolloutMaxStaleness < spec.rolloutPublishSteps - 1)
        return outOfRange("rollout_max_staleness", spec.rolloutMaxStaleness,
            std::to_string(spec.rolloutPublishSteps - 1) + " or more: weights that are handed over every " +
                std::to_string(spec.rolloutPublishSteps) + " steps grow so old");
    return {};
}

} // namespace

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
    const bool learns = spec.method == Method::sft || spec.sftSteps > 0;
    if (learns && spec.sftExamples == SftExamples::file && spec.sftFile.empty())
        return outOfRange("sft_file", spec.sftFile, "a JSONL file where sft_examples is file");
    PRECEDENT_TRY(validateServer("reward_server", spec.rewardServer));
    PRECEDENT_TRY(validateServer("self_generation_server", spec.selfGenerationServer));
    PRECEDENT_TRY(validateServer("rollout_server", spec.rolloutServer));
    if (!spec.selfGenerationEndpoint.empty() && spec.selfGenerationSteps == 0)
        return outOfRange("self_generation_steps", 0, "1 or more where self_generation_endpoint names a server");
    PRECEDENT_TRY(validateShares("label_weights", spec.labelWeights, {"harmful", "benign", "attack", "utility"}));
    PRECEDENT_TRY(validateWeights(spec.rewardWeights));
    if (!spec.useLora && spec.dtype == WeightDtype::bfloat16)
        return outOfRange("dtype", "bfloat16", "auto or float32 where use_peft is false: all weights are trained, in float32");
    PRECEDENT_TRY(validateRollouts(spec));
    if (spec.useLora && spec.loraTargets.empty())
        return outOfRange("lora_target_modules", Json::array(), "at least one projection");
    return {};
}

} // namespace precedent::align
