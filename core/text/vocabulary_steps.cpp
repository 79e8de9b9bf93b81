#include "core/text/vocabulary_steps.h"

#include <algorithm>

#include "core/text/word_breaks.h"

namespace precedent::text {
namespace {

using Json = nlohmann::json;

Json splitStep(const std::string& expression)
{
    return {{"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", "Isolated"}, {"invert", false}};
}

Json replaceStep(std::string_view text, std::string_view content)
{
    return {{"type", "Replace"}, {"pattern", {{"String", text}}}, {"content", content}};
}

Json byteLevelStep() { return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}}; }

} // namespace

VocabularySteps byteLevelSteps(const SplitRule& rule)
{
    Json steps = Json::array();
    for (const std::string& expression : rule.expressions)
        steps.push_back(splitStep(expression));
    steps.push_back(byteLevelStep());
    return {rule.composed ? Json{{"type", "NFC"}} : Json(), {{"type", "Sequence"}, {"pretokenizers", steps}}, byteLevelStep()};
}

VocabularySteps escapingSteps(bool prefixed)
{
    const Json escape = replaceStep(" ", kEscapedSpace);
    if (!prefixed)
        return {escape, nullptr, unescapingDecoder(0)};
    const Json steps = Json::array({{{"type", "Prepend"}, {"prepend", kEscapedSpace}}, escape});
    return {{{"type", "Sequence"}, {"normalizers", steps}}, nullptr, unescapingDecoder(1)};
}

Json unescapingDecoder(std::size_t droppedSpaces)
{
    Json steps = Json::array({replaceStep(kEscapedSpace, " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
    if (droppedSpaces > 0)
        steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", droppedSpaces}, {"stop", 0U}});
    return {{"type", "Sequence"}, {"decoders", steps}};
}

bool stripsAfterTokens(const Vocabulary& vocabulary)
{
    std::string name = vocabulary.modelName;
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return name.find("phi-3") != std::string::npos || name.find("phi3") != std::string::npos;
}

bool stripsAfter(std::string_view token) { return token != "<unk>" && token != "<s>" && token != "<|endoftext|>"; }

} // namespace precedent::text
