#include "core/text/split_rules.h"

#include <map>

namespace precedent::text {
namespace {

using Names = std::vector<const char*>;
using RulesByName = std::map<std::string, SplitRule, std::less<>>;

void add(RulesByName& rules, const Names& names, const SplitRule& rule)
{
    for (const char* name : names)
        rules.emplace(name, rule);
}

const std::string kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string kDigit = R"(\p{N})";
const std::string kThreeDigits = R"([0-9][0-9][0-9])";
const std::string kUpToThreeDigits = R"(\p{N}{1,3})";
const std::string kContractions = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))";
const std::string kSpaces = R"(\s*[\r\n]+|\s+(?!\S)|\s+)";

/// GPT-2's expression and what its first followers put before or after it.
void addFollowersOfGpt2(RulesByName& rules)
{
    add(rules, {"", "default"}, {{R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", kThreeDigits}});
    add(rules, {"gpt-2", "phi-2", "jais", "trillion", "granite-docling", "exaone4", "gigachat", "a.x-4.0", "mellum"}, {{kGpt2}});
    add(rules, {"mpt", "olmo"}, {{kGpt2}, false, false, true});
    add(rules, {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"}, {{kDigit, kGpt2}});
    add(rules, {"falcon"}, {{R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2, kThreeDigits}});
    const std::string bloom = R"( ?[^(\s|.,!?…。，、।۔،)]+)";
    add(rules, {"bloom", "poro-chat", "gpt3-finnish"}, {{bloom}});
    add(rules, {"viking"}, {{bloom, kDigit}});
}

/// The expression of GPT-4's tokenizer, which differs from model to model in how digits and line ends go.
void addFollowersOfGpt4(RulesByName& rules)
{
    const std::string letters = kContractions + R"(|[^\r\n\p{L}\p{N}]?\p{L}+)";
    const std::string symbols = R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|)" + kSpaces;
    const std::string llama3 = letters + R"(|\p{N}{1,3})" + symbols;
    const std::string qwen2 = letters + R"(|\p{N})" + symbols;
    add(rules, {"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"}, {{llama3}, true, true});
    add(rules, {"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}, {{llama3}});
    add(rules, {"qwen2", "deepseek-r1-qwen", "megrez", "kormo"}, {{qwen2}, false, false, true});
    add(rules, {"stablelm2", "hunyuan", "solar-open", "grok-2"}, {{qwen2}});
    add(rules, {"qwen35"},
        {{kContractions + R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|)" + kSpaces}, false, false, true});
    add(rules, {"minicpm5"}, {{kUpToThreeDigits, letters + R"(|\p{N}+)" + symbols}, true});
    add(rules, {"seed-coder"}, {{letters + R"(|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|)" + kSpaces}});
    const std::string bailing =
        R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)";
    add(rules, {"bailingmoe", "bailingmoe2", "llada-moe"}, {{bailing}});
}

/// Those that keep small and capital letters apart.
void addFollowersOfGpt4o(RulesByName& rules)
{
    const std::string capitalised = R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)";
    const std::string capitals = R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)";
    const std::string symbols = R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" + kSpaces;
    const std::string gpt4o = capitalised + kContractions + "?|" + capitals + kContractions + R"(?|\p{N}{1,3})" + symbols;
    add(rules, {"gpt-4o", "llama4", "kanana2", "minimax-m2"}, {{gpt4o}});
    add(rules, {"tekken"}, {{capitalised + "|" + capitals + R"(|\p{N})" + symbols}, true, true});
}

void addDeepseek(RulesByName& rules)
{
    add(rules, {"deepseek-coder"}, {{R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", R"([\x{0800}-\x{9FA5}\x{AC00}-\x{D7FF}]+)", kDigit}});
    const std::string words =
        R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|)" + kSpaces;
    add(rules, {"deepseek-v3", "hunyuan-dense"}, {{kUpToThreeDigits, R"([\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+)", words}});
}

} // namespace

const SplitRule* splitRuleOf(std::string_view name)
{
    static const RulesByName rules = [] {
        RulesByName made;
        addFollowersOfGpt2(made);
        addFollowersOfGpt4(made);
        addFollowersOfGpt4o(made);
        addDeepseek(made);
        return made;
    }();
    const auto found = rules.find(name);
    return found == rules.end() ? nullptr : &found->second;
}

} // namespace precedent::text
