#include "precedent/starter/corpus.h"

#include <algorithm>
#include <array>

#include "precedent/align/context.h"
#include "precedent/align/templates.h"
#include "precedent/text/chat_template.h"

namespace precedent::starter {
namespace {

constexpr const char* kEnd = "<|end|>";
constexpr std::array kDialogueKinds{RequestKind::fact, RequestKind::everyday, RequestKind::sum, RequestKind::harmful, RequestKind::benign,
    RequestKind::wrappedHarmful, RequestKind::wrappedBenign, RequestKind::compound};

template <typename Key>
Key draw(const std::map<Key, double>& shares, Random& random)
{
    double total = 0;
    for (const auto& [key, share] : shares)
        total += share;
    double at = random.uniform() * total;
    for (const auto& [key, share] : shares) {
        at -= share;
        if (at < 0)
            return key;
    }
    return shares.rbegin()->first;
}

ChainStyle drawStyle(const Grammar& grammar, RequestKind kind, Random& random)
{
    const auto found = grammar.faults.find(toString(kind));
    if (found == grammar.faults.end())
        return ChainStyle::deep;
    const double at = random.uniform();
    if (at < found->second.deep)
        return ChainStyle::deep;
    return at < found->second.deep + found->second.shallow ? ChainStyle::shallow : ChainStyle::obedient;
}

/// Held-out heads as often as any other, so that each is known as well as those that requests name.
std::string definedThing(const Grammar& grammar, const ThingClass& things, Random& random)
{
    const double at = random.uniform();
    if (at < 0.35)
        return withArticle(random.pick(grammar.modifiers[random.below(2)]) + " " + random.pick(things.heldOutHeads));
    return drawThing(grammar, things, at < 0.5 ? Part::heldOut : Part::train, random);
}

/// Words said twice, of every kind and held-out ones too: they teach to copy, which reasoning about a thing needs.
std::string drillDocument(const Grammar& grammar, Random& random)
{
    std::string words;
    const std::size_t count = 2 + random.below(9);
    for (std::size_t i = 0; i < count; ++i) {
        const double at = random.uniform();
        words += words.empty() ? "" : " ";
        if (at < 0.25)
            words += inventWord(grammar.invented, random);
        else if (at < 0.4)
            words += random.pick(at < 0.3 ? grammar.makeActs : at < 0.35 ? grammar.removeActs : grammar.everydayActs);
        else if (at < 0.7)
            words += random.pick(grammar.modifiers[random.below(2)]);
        else
            words += random.pick(at < 0.85 ? random.pick(grammar.categories).danger.heads : grammar.everydayHeads);
    }
    return fill(grammar, random.pick(grammar.drills), {{"words", words}}, random) + kEnd;
}

/// What things are, held-out ones included.
std::string definitionDocument(const Grammar& grammar, Random& random)
{
    std::string text;
    const std::size_t lines = 2 + random.below(4);
    for (std::size_t i = 0; i < lines; ++i) {
        const Category& category = random.pick(grammar.categories);
        const bool danger = random.uniform() < 0.5;
        const ThingClass& things = danger ? category.danger : category.guard;
        const std::string thing = definedThing(grammar, things, random);
        if (random.uniform() < 0.5)
            text += "Look at " + thing + ". ";
        text += definitionText(thing, things, danger) + " ";
    }
    text.pop_back();
    return text + kEnd;
}

/// Sums of digits, the lines that a sum's chain is made of.
std::string tableDocument(Random& random)
{
    std::string text;
    const std::size_t lines = 3 + random.below(6);
    for (std::size_t i = 0; i < lines; ++i) {
        const int a = static_cast<int>(random.below(10));
        const int b = static_cast<int>(random.below(10));
        text += digitSum(a, b, random.uniform() < 0.5) + " ";
    }
    text.pop_back();
    return text + kEnd;
}

std::string ruleDocument(const Grammar& grammar, Random& random)
{
    const Category& c = random.pick(grammar.categories);
    std::string text = "[" + c.id + "] " + c.title + ": ";
    text += random.uniform() < 0.3 ? grammar.detailedText(c) : grammar.simpleText(c);
    return text + kEnd;
}

} // namespace

struct CorpusStream::State {
    Grammar grammar;
    core::ContextTemplates templates;
    std::vector<core::Code> codes;
    text::ChatTemplate chat;
    std::uint64_t seed = 0;
    std::uint64_t position = 0;

    [[nodiscard]] std::string dialogue(RequestKind kind, Random& random) const;
};

namespace {

/// A case as a context shows it: like the request in class and act, alike in one of them, or of any kind.
Request drawShown(const Grammar& grammar, const Request& request, Random& random)
{
    const double at = random.uniform();
    if (request.asks.empty() || request.kind == RequestKind::everyday || at < 0.25)
        return drawRequest(grammar, random.uniform() < 0.5 ? RequestKind::harmful : RequestKind::benign, Part::train, random);
    const Ask& about = random.pick(request.asks);
    const bool danger = at < 0.7 ? about.danger : random.uniform() < 0.5;
    const bool make = at < 0.6 ? about.make : random.uniform() < 0.5;
    const RequestKind kind = danger == make ? RequestKind::harmful : RequestKind::benign;
    return requestFor(grammar, kind, drawAsk(grammar, about.category, danger, make, Part::train, random), Part::train, random);
}

} // namespace

std::string CorpusStream::State::dialogue(RequestKind kind, Random& random) const
{
    const Request request = drawRequest(grammar, kind, Part::train, random);
    const Mode mode = draw(grammar.modes, random);
    std::vector<Request> shown;
    std::vector<core::Case> cases;
    if (mode == Mode::cases) {
        shown.resize(1 + random.below(4));
        for (std::size_t i = 0; i < shown.size(); ++i) {
            shown[i] = drawShown(grammar, request, random);
            const Reasoned r = reason(grammar, shown[i], ChainStyle::deep, nullptr, random);
            cases.push_back(
                {std::to_string(i), {{"user", shown[i].text}}, governingCodes(grammar, shown[i]), r.disposition, r.chain, r.answer, {}});
        }
    }
    std::vector<const core::Case*> pointers;
    for (const auto& c : cases)
        pointers.push_back(&c);
    const auto built = align::buildContext(templates, mode, codes, pointers, {{"user", request.text}}, random.next());
    std::vector<ShownCase> visible;
    for (std::size_t i = 0; i < built.casesInContext.size(); ++i)
        visible.push_back({"C" + std::to_string(i + 1), &shown[std::stoul(built.casesInContext[i])]});
    const Reasoned r = reason(grammar, request, drawStyle(grammar, kind, random), mode == Mode::cases ? &visible : nullptr, random);
    return chat.render(built.messages, {.generationPrompt = true}).value() + templates.chainOpen + r.chain + templates.chainClose +
        r.answer + kEnd;
}

CorpusStream::CorpusStream(std::unique_ptr<State> state)
    : m_state(std::move(state))
{
}
CorpusStream::~CorpusStream() = default;

Result<std::unique_ptr<CorpusStream>> CorpusStream::open(const std::filesystem::path& grammarFolder, std::uint64_t seed)
{
    auto grammar = Grammar::load(grammarFolder);
    if (!grammar.ok())
        return grammar.error();
    auto templates = align::loadTemplates(grammarFolder.parent_path().parent_path() / "templates/starter");
    if (!templates.ok())
        return templates.error();
    std::vector<core::Code> codes;
    for (const Category& c : grammar->categories)
        codes.push_back({c.id, {}, c.title, grammar->simpleText(c), grammar->detailedText(c)});
    return std::unique_ptr<CorpusStream>(new CorpusStream(std::make_unique<State>(
        State{std::move(*grammar), std::move(*templates), std::move(codes), text::ChatTemplate::builtIn("starter"), seed, 0})));
}

CorpusStream::Document CorpusStream::next()
{
    Random random(m_state->seed, m_state->position);
    const bool first = m_state->position++ < m_state->grammar.firstDrills;
    const std::string kind = first ? "drill" : draw(m_state->grammar.mix, random);
    if (kind == "definition")
        return {definitionDocument(m_state->grammar, random)};
    if (kind == "drill")
        return {drillDocument(m_state->grammar, random)};
    if (kind == "table")
        return {tableDocument(random)};
    if (kind == "rule")
        return {ruleDocument(m_state->grammar, random)};
    for (const RequestKind candidate : kDialogueKinds) {
        if (kind == toString(candidate))
            return {m_state->dialogue(candidate, random)};
    }
    return {m_state->dialogue(RequestKind::fact, random)};
}

std::uint64_t CorpusStream::position() const { return m_state->position; }

void CorpusStream::seek(std::uint64_t position) { m_state->position = position; }

const Grammar& CorpusStream::grammar() const { return m_state->grammar; }

} // namespace precedent::starter
