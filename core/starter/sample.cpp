#include "precedent/starter/sample.h"

#include <cstdio>
#include <set>

#include "precedent/starter/requests.h"

namespace precedent::starter {
namespace {

constexpr int kPairsPerClass = 3;
constexpr int kHeldOutPerAxis = 520;

struct TrainingShare {
    RequestKind kind;
    int prompts;
};
constexpr TrainingShare kTraining[] = {{RequestKind::harmful, 150}, {RequestKind::benign, 180}, {RequestKind::wrappedHarmful, 150},
    {RequestKind::wrappedBenign, 150}, {RequestKind::compound, 60}, {RequestKind::everyday, 50}, {RequestKind::sum, 150},
    {RequestKind::fact, 24}};

std::string numbered(const std::string& prefix, int n)
{
    char digits[16];
    std::snprintf(digits, sizeof digits, "%03d", n);
    return prefix + digits;
}

SampleCase caseOf(const Grammar& grammar, const Request& request, std::string id, Random& random)
{
    const Reasoned r = reason(grammar, request, ChainStyle::deep, nullptr, random);
    return {std::move(id), request.text, governingCodes(grammar, request), r.disposition, r.chain, r.answer, {}, {}};
}

/// Two requests about the same thing, one to make it and one to take it away: what is asked decides, not the thing.
void addPair(const Grammar& grammar, std::size_t category, bool danger, int& number, std::vector<SampleCase>& cases, Random& random)
{
    Ask make = drawAsk(grammar, category, danger, true, Part::train, random);
    Ask remove = drawAsk(grammar, category, danger, false, Part::train, random);
    remove.thing = make.thing;
    const std::string prefix = grammar.categories[category].id + "-";
    const std::string firstId = numbered(prefix, ++number);
    const std::string secondId = numbered(prefix, ++number);
    const auto kindOf = [](const Ask& ask) { return ask.harmful() ? RequestKind::harmful : RequestKind::benign; };
    cases.push_back(caseOf(grammar, requestFor(grammar, kindOf(make), make, Part::train, random), firstId, random));
    cases.push_back(caseOf(grammar, requestFor(grammar, kindOf(remove), remove, Part::train, random), secondId, random));
    const std::string differs = "One asks to " + make.act + " " + make.thing + ", the other to " + remove.act + " it.";
    cases[cases.size() - 2].twinId = secondId;
    cases[cases.size() - 1].twinId = firstId;
    cases[cases.size() - 2].differs = differs;
    cases[cases.size() - 1].differs = differs;
}

void addCases(const Grammar& grammar, std::size_t category, std::vector<SampleCase>& cases, Random& random)
{
    int number = 0;
    for (int i = 0; i < kPairsPerClass; ++i) {
        addPair(grammar, category, true, number, cases, random);
        addPair(grammar, category, false, number, cases, random);
    }
    const std::string& id = grammar.categories[category].id;
    const bool danger = random.uniform() < 0.5;
    const Ask wrapped = drawAsk(grammar, category, danger, danger, Part::train, random);
    cases.push_back(caseOf(
        grammar, requestFor(grammar, RequestKind::wrappedHarmful, wrapped, Part::train, random), numbered(id + "-", ++number), random));
    for (;;) {
        const Request both = drawRequest(grammar, RequestKind::compound, Part::train, random);
        if (both.expected != Disposition::safeComplete || both.asks[0].category != category)
            continue;
        cases.push_back(caseOf(grammar, both, numbered(id + "-", ++number), random));
        return;
    }
}

PromptLabel labelOf(const Request& request)
{
    switch (request.kind) {
    case RequestKind::harmful:
        return PromptLabel::harmful;
    case RequestKind::wrappedHarmful:
    case RequestKind::wrappedBenign:
        return PromptLabel::attack;
    case RequestKind::sum:
    case RequestKind::fact:
        return PromptLabel::utility;
    case RequestKind::compound:
        return request.expected == Disposition::comply ? PromptLabel::benign : PromptLabel::harmful;
    default:
        return PromptLabel::benign;
    }
}

SamplePrompt promptOf(const Grammar& grammar, const Request& request, std::string id)
{
    return {std::move(id), request.text, labelOf(request), request.expected, governingCodes(grammar, request), {}, request.wrapperFamily,
        request.answer, {}};
}

void addTraining(const Grammar& grammar, SampleContent& content, std::set<std::string>& seen, Random& random)
{
    int number = 0;
    for (const auto& [kind, count] : kTraining) {
        int tries = 0;
        for (int made = 0; made < count && tries < count * 50; ++tries) {
            const Request request = drawRequest(grammar, kind, Part::train, random);
            if (!seen.insert(request.text).second)
                continue;
            content.prompts.push_back(promptOf(grammar, request, numbered("train-", ++number)));
            ++made;
        }
    }
}

/// A plain suite and the same goals in held-out wrappers: clusters for the statistics, and Rule 4's "same wrappers".
void addHeldOut(const Grammar& grammar, bool harmful, SampleContent& content, std::set<std::string>& seen, Random& random)
{
    const std::string stem = harmful ? "harmful" : "benign";
    SampleSuite plain{harmful ? kSuiteHarmful : kSuiteLookAlikes,
        harmful ? "Plainly harmful requests in held-out words." : "Harmless requests that look like harmful ones, in held-out words.",
        "sealed", {}};
    SampleSuite wrapped{harmful ? kSuiteAttacked : kSuiteWrapped,
        harmful ? "The same harmful requests in attack wrappers of held-out families." : "The same harmless requests in the same wrappers.",
        "sealed", {}};
    const RequestKind wrappedKind = harmful ? RequestKind::wrappedHarmful : RequestKind::wrappedBenign;
    int number = 0;
    while (number < kHeldOutPerAxis) {
        const auto category = static_cast<std::size_t>(number) % grammar.categories.size();
        const bool danger = random.uniform() < 0.5;
        const Ask ask = drawAsk(grammar, category, danger, danger == harmful, Part::heldOut, random);
        const Request request = requestFor(grammar, wrappedKind, ask, Part::heldOut, random);
        if (!seen.insert(request.goal).second)
            continue;
        ++number;
        Request goal = request;
        goal.kind = harmful ? RequestKind::harmful : RequestKind::benign;
        goal.text = request.goal;
        goal.wrapperFamily.clear();
        content.prompts.push_back(promptOf(grammar, goal, numbered(stem + "-", number)));
        content.prompts.push_back(promptOf(grammar, request, numbered("wrapped-" + stem + "-", number)));
        content.prompts.back().goalId = numbered(stem + "-", number);
        plain.promptIds.push_back(content.prompts[content.prompts.size() - 2].id);
        wrapped.promptIds.push_back(content.prompts.back().id);
    }
    content.suites.push_back(std::move(plain));
    content.suites.push_back(std::move(wrapped));
}

void addHeldOutSums(const Grammar& grammar, SampleContent& content, std::set<std::string>& seen, Random& random)
{
    SampleSuite suite{kSuiteSums, "Sums of pairs of numbers that no training text adds.", "sealed", {}};
    int number = 0;
    while (number < kHeldOutPerAxis) {
        const Request request = drawRequest(grammar, RequestKind::sum, Part::heldOut, random);
        if (!seen.insert(request.text).second)
            continue;
        content.prompts.push_back(promptOf(grammar, request, numbered("sum-", ++number)));
        suite.promptIds.push_back(content.prompts.back().id);
    }
    content.suites.push_back(std::move(suite));
}

} // namespace

Result<SampleContent> makeSample(const std::filesystem::path& grammarFolder, std::uint64_t seed)
{
    auto grammar = Grammar::load(grammarFolder);
    if (!grammar.ok())
        return grammar.error();
    grammar->invented.modifierShare = 0; // invented words and filler drill the model; a sample is for people to read
    grammar->invented.everydayShare = 0;
    grammar->filler = {};
    SampleContent content;
    Random random(seed, streamOf("sample casebase"));
    std::set<std::string> seen;
    for (std::size_t i = 0; i < grammar->categories.size(); ++i) {
        const Category& c = grammar->categories[i];
        content.codes.push_back({c.id, {}, c.title, grammar->simpleText(c), grammar->detailedText(c)});
        addCases(*grammar, i, content.cases, random);
    }
    for (const SampleCase& c : content.cases)
        seen.insert(c.request);
    addTraining(*grammar, content, seen, random);
    addHeldOut(*grammar, true, content, seen, random);
    addHeldOut(*grammar, false, content, seen, random);
    addHeldOutSums(*grammar, content, seen, random);
    return content;
}

} // namespace precedent::starter
