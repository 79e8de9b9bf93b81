#include "core/text/split_rule_names.h"

#include <array>
#include <utility>

#include "core/text/json_fields.h"
#include "core/text/split_rules.h"
#include "core/text/unicode.h"
#include "core/text/vocabulary_check.h"

namespace precedent::text {
namespace {

/// Rules by the name that most files give them, commonest first.
constexpr std::array<const char*, 22> kNames{"llama-bpe", "qwen2", "gpt-2", "smollm", "gpt-4o", "tekken", "deepseek-v3", "deepseek-coder",
    "qwen35", "stablelm2", "dbrx", "falcon", "olmo", "bailingmoe", "seed-coder", "minicpm5", "bloom", "viking", "default", "starcoder",
    "command-r", "glm4"};

/// Spellings of the same: possessive where nothing could be given back, alternatives in one group, characters by number.
constexpr std::array<std::pair<const char*, const char*>, 9> kSpellings{{
    {"\r", R"(\r)"},
    {"\n", R"(\n)"},
    {R"('(?i:[sdmt]|ll|ve|re))", R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"},
    {R"([^\r\n\p{L}\p{N}]?+\p{L}+)", R"([^\r\n\p{L}\p{N}]?\p{L}+)"},
    {R"([^\s\p{L}\p{N}]++)", R"([^\s\p{L}\p{N}]+)"},
    {R"(\s*[\r\n]|)", R"(\s*[\r\n]+|)"},
    {R"(\p{N}{1}|)", R"(\p{N}|)"},
    {"[一-龥\u3040-\u309f\u30a0-\u30ff]+", R"([\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+)"},
    {"[一-龥\u0800-一\uac00-\ud7ff]+", R"([\x{0800}-\x{9FA5}\x{AC00}-\x{D7FF}]+)"},
}};

/// What ByteLevel splits by where use_regex is on.
const std::string& gpt2Expression() { return splitRuleOf("gpt-2")->expressions.front(); }

std::string oneSpelling(std::string expression)
{
    for (const auto& [from, to] : kSpellings) {
        const std::string_view old(from);
        const std::string_view made(to);
        for (std::size_t at = expression.find(old); at != std::string::npos; at = expression.find(old, at + made.size()))
            expression.replace(at, old.size(), made);
    }
    return expression;
}

bool sameExpressions(const SplitRule& rule, const Splitting& splitting)
{
    if (rule.expressions.size() != splitting.expressions.size())
        return false;
    for (std::size_t i = 0; i < rule.expressions.size(); ++i) {
        if (oneSpelling(rule.expressions[i]) != splitting.expressions[i])
            return false;
    }
    return true;
}

Status addSplit(const nlohmann::json& step, Splitting& splitting)
{
    const nlohmann::json& pattern = fieldOrNull(step, "pattern");
    const std::string expression = pattern.is_object() ? stringField(pattern, "Regex") : std::string();
    if (expression.empty())
        return inexact(Made::vocabulary, "its pre-tokenizer splits by something other than an expression");
    const std::string behavior = stringField(step, "behavior");
    const bool inverted = boolField(step, "invert", false);
    if (behavior == "Removed" && inverted)
        splitting.dropsUnmatched = true;
    else if (behavior != "Isolated" || inverted)
        return inexact(Made::vocabulary, "its pre-tokenizer has a Split of the behavior \"" + toValidUtf8(behavior) + "\"");
    splitting.expressions.push_back(oneSpelling(expression));
    return {};
}

} // namespace

Result<Splitting> splittingOf(const nlohmann::json& tokenizer)
{
    Splitting splitting;
    if (const nlohmann::json& model = fieldOrNull(tokenizer, "model"); model.is_object())
        splitting.ignoresMerges = boolField(model, "ignore_merges", false);
    PRECEDENT_TRY(forEachPart(
        fieldOrNull(tokenizer, "normalizer"), "normalizers", "normalizer", [&](const nlohmann::json&, const std::string& type) -> Status {
            splitting.composed = type == "NFC";
            return splitting.composed ? Status() : inexact(Made::vocabulary, "it has the normalizer " + toValidUtf8(type));
        }));
    bool inBytes = false;
    PRECEDENT_TRY(forEachPart(fieldOrNull(tokenizer, "pre_tokenizer"), "pretokenizers", "pre_tokenizer",
        [&](const nlohmann::json& step, const std::string& type) -> Status {
            if (inBytes)
                return inexact(Made::vocabulary, "its pre-tokenizer splits after ByteLevel");
            if (type == "Split")
                return addSplit(step, splitting);
            if (type == "Digits") {
                splitting.expressions.emplace_back(boolField(step, "individual_digits", false) ? R"(\p{N})" : R"(\p{N}+)");
                return {};
            }
            if (type != "ByteLevel")
                return inexact(Made::vocabulary, "it has the pre-tokenizer " + toValidUtf8(type));
            if (boolField(step, "add_prefix_space", true))
                return inexact(Made::vocabulary, "its pre-tokenizer puts a space before each text");
            if (boolField(step, "use_regex", true))
                splitting.expressions.push_back(oneSpelling(gpt2Expression()));
            inBytes = true;
            return {};
        }));
    return splitting;
}

Result<std::string> nameOfSplitting(const Splitting& splitting)
{
    const char* second = nullptr;
    for (const char* name : kNames) {
        const SplitRule* rule = splitRuleOf(name);
        if (rule == nullptr || rule->composed != splitting.composed || !sameExpressions(*rule, splitting))
            continue;
        if (rule->ignoreMerges == splitting.ignoresMerges)
            return std::string(name);
        second = second == nullptr ? name : second;
    }
    if (second != nullptr)
        return std::string(second);
    std::string expressions;
    for (const std::string& expression : splitting.expressions)
        expressions += (expressions.empty() ? "" : ", then ") + expression;
    return inexact(Made::vocabulary,
        std::string("it splits ") + (splitting.composed ? "composed " : "") + "texts by " + toValidUtf8(expressions) +
            ", which is none of the ways that GGUF files have names for");
}

} // namespace precedent::text
