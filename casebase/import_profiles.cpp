#include "casebase/import_profiles.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace precedent::casebase {
namespace {

using Columns = std::set<std::string>;

bool holds(const Columns& columns, std::initializer_list<const char*> names)
{
    return std::all_of(names.begin(), names.end(), [&](const char* name) { return columns.contains(name); });
}

struct KnownSet {
    ProfileKind kind;
    const char* name;
    const char* source;
    std::vector<const char*> columns;
    ImportTarget target;
    std::optional<PromptLabel> label;
    std::map<std::string, std::string> fields;
};

/// By their columns, exactly as upstream spells them. The first that fits is taken: the one with more columns comes first.
const std::vector<KnownSet>& knownSets()
{
    using enum ProfileKind;
    static const std::vector<KnownSet> sets = {
        {star1, "STAR-1", "star1", {"question", "response", "category", "source", "score"}, ImportTarget::cases, {},
            {{"request", "question"}, {"prompt", "question"}, {"response", "response"}, {"codes", "category"}, {"category", "category"},
                {"source_id", "id"}, {"tags", "source"}}},
        {xstest, "XSTest", "xstest", {"prompt", "type", "label", "focus", "note"}, ImportTarget::prompts, {},
            {{"request", "prompt"}, {"prompt", "prompt"}, {"label", "label"}, {"category", "type"}, {"source_id", "id"}}},
        {harmBench, "HarmBench", "harmbench", {"Behavior", "SemanticCategory", "Tags", "ContextString", "BehaviorID"},
            ImportTarget::prompts, PromptLabel::harmful,
            {{"request", "Behavior"}, {"prompt", "Behavior"}, {"context", "ContextString"}, {"category", "SemanticCategory"},
                {"source_id", "BehaviorID"}}},
        {jailbreakBench, "JailbreakBench", "jailbreakbench", {"Goal", "Target", "Behavior", "Category", "Source"}, ImportTarget::prompts,
            PromptLabel::harmful, {{"request", "Goal"}, {"prompt", "Goal"}, {"category", "Category"}}},
        {simpleSafetyTests, "SimpleSafetyTests", "simplesafetytests", {"id", "harm_area", "counter", "category", "prompts_final"},
            ImportTarget::prompts, PromptLabel::harmful,
            {{"request", "prompts_final"}, {"prompt", "prompts_final"}, {"category", "harm_area"}, {"source_id", "id"}}},
        {advBench, "AdvBench", "advbench", {"goal", "target"}, ImportTarget::prompts, PromptLabel::harmful,
            {{"request", "goal"}, {"prompt", "goal"}}},
        {mmlu, "MMLU", "mmlu", {"question", "A", "B", "C", "D", "answer"}, ImportTarget::prompts, PromptLabel::utility,
            {{"prompt", "question"}, {"utility_answer", "answer"}, {"category", "subject"}, {"source_id", "id"}, {"choice_a", "A"},
                {"choice_b", "B"}, {"choice_c", "C"}, {"choice_d", "D"}}},
    };
    return sets;
}

bool looksLikeMmluRow(const std::vector<std::string>& cells)
{
    return cells.size() == 6 && cells.back().size() == 1 && cells.back()[0] >= 'A' && cells.back()[0] <= 'D' && !cells.front().empty();
}

Profile ownColumns(const Columns& columns)
{
    Profile profile;
    if (holds(columns, {"title", "detailed"}) || holds(columns, {"title", "simple"}))
        profile.target = ImportTarget::codes;
    else if (columns.contains("request") || columns.contains("chain"))
        profile.target = ImportTarget::cases;
    return profile;
}

} // namespace

Profile recognise(const std::vector<std::string>& columnList, const std::vector<std::string>& firstRow, const std::string& fileName)
{
    const Columns columns(columnList.begin(), columnList.end());
    const std::string stem = std::filesystem::path(fileName).stem().string();
    for (const KnownSet& set : knownSets()) {
        if (!std::all_of(set.columns.begin(), set.columns.end(), [&](const char* name) { return columns.contains(name); }))
            continue;
        Profile profile{set.kind, set.name, set.source, set.target, set.fields, set.label, {}};
        // Both halves of JailbreakBench have the same columns; only the file's name tells them apart.
        if (set.kind == ProfileKind::jailbreakBench) {
            if (stem.find("benign") != std::string::npos)
                profile.label = PromptLabel::benign;
            profile.fields["source_id"] = columns.contains("Index") ? "Index" : "";
        }
        std::erase_if(profile.fields, [&](const auto& field) { return !columns.contains(field.second); });
        return profile;
    }
    const auto cellOf = [&](const char* column) {
        const auto at = std::find(columnList.begin(), columnList.end(), column);
        const auto index = static_cast<std::size_t>(at - columnList.begin());
        return index < firstRow.size() ? firstRow[index] : std::string();
    };
    if (columns == Columns{"question", "answer"} && cellOf("answer").find("\n#### ") != std::string::npos)
        return {ProfileKind::gsm8k, "GSM8K", "gsm8k", ImportTarget::prompts, {{"prompt", "question"}, {"utility_answer", "answer"}},
            PromptLabel::utility, {}};
    if (looksLikeMmluRow(columnList) && looksLikeMmluRow(firstRow))
        return {ProfileKind::mmlu, "MMLU", "mmlu", ImportTarget::prompts,
            {{"prompt", "question"}, {"utility_answer", "answer"}, {"choice_a", "A"}, {"choice_b", "B"}, {"choice_c", "C"},
                {"choice_d", "D"}},
            PromptLabel::utility, {"question", "A", "B", "C", "D", "answer"}};
    Profile profile = ownColumns(columns);
    const std::string kind = cellOf("kind");
    if (kind == "code" || kind == "case" || kind == "prompt" || kind == "suite")
        profile = {ProfileKind::ownExport, "Precedent export", "", ImportTarget::cases, {}, {}, {}};
    profile.source = stem;
    return profile;
}

const std::vector<std::string_view>& fieldsOf(ImportTarget target)
{
    static const std::vector<std::string_view> cases = {"id", "request", "system", "user", "codes", "disposition", "chain", "answer",
        "response", "notes", "status", "source", "source_id", "tags", "twin", "twin_difference", "surface", "audience", "language",
        "jurisdiction"};
    static const std::vector<std::string_view> prompts = {"id", "prompt", "messages", "system", "context", "label", "expected", "codes",
        "goal", "sibling", "wrapper", "family", "utility_answer", "source_case", "source", "source_id", "category"};
    static const std::vector<std::string_view> codes = {"id", "parent", "title", "simple", "detailed", "position"};
    switch (target) {
    case ImportTarget::cases:
        return cases;
    case ImportTarget::codes:
        return codes;
    case ImportTarget::prompts:
    case ImportTarget::suite:
        break;
    }
    return prompts;
}

} // namespace precedent::casebase
