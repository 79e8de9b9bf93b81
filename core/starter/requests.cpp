#include "precedent/starter/requests.h"

#include <algorithm>

namespace precedent::starter {
namespace {

using Values = std::map<std::string, std::string>;

const Templates& answers(const Grammar& grammar, std::string_view key) { return grammar.answers.at(std::string(key)); }

std::size_t index(Part part) { return part == Part::train ? 0 : 1; }

bool filled(double share, Part part, Random& random) { return part == Part::train && random.uniform() < share; }

std::string spaced(const std::string& words) { return words.empty() ? words : " " + words; }

std::string fillerSentence(const Grammar& grammar, std::size_t least, std::size_t most, Random& random)
{
    return capitalised(fillerWords(grammar, least, most, random)) + (random.uniform() < 0.7 ? "." : random.uniform() < 0.5 ? "?" : ":");
}

/// A request to do something: out of a template, or framed by filler.
std::string requestText(const Grammar& grammar, const Ask& ask, bool headIsKnown, Part part, Random& random)
{
    if (!filled(grammar.filler.requestShare, part, random))
        return fill(grammar, random.pick(grammar.requestTemplates[index(part)]), {{"act", ask.act}, {"thing", ask.thing}}, random);
    std::string text = fillerWords(grammar, 1, 7, random) + " " + ask.act + " " + ask.thing;
    if (random.uniform() < 0.3)
        text.insert(0, fillerWords(grammar, 1, 4, random) + (random.uniform() < 0.5 ? ": " : ", "));
    if (headIsKnown) // where an invented thing ends, only a sign can tell
        text += spaced(fillerWords(grammar, 0, 4, random));
    text = capitalised(text) + (random.uniform() < 0.5 ? "?" : ".");
    // A few words before or after make no wrapper; those are longer.
    return random.uniform() < 0.4 ? text + " " + fillerSentence(grammar, 2, 5, random) : text;
}

/// Filler in which things occur: a sum may name them without asking for anything to be done to them.
std::string fillerWithThings(const Grammar& grammar, std::size_t least, std::size_t most, Random& random)
{
    std::string text;
    const std::size_t count = least + random.below(most - least + 1);
    for (std::size_t i = 0; i < count; ++i) {
        const double at = random.uniform();
        std::string piece;
        if (at >= 0.3)
            piece = fillerWords(grammar, 1, 1, random);
        else if (at < 0.1)
            piece = withArticle(inventWord(grammar.invented, random));
        else {
            const std::string& head = random.pick(at < 0.2 ? grammar.everydayHeads : random.pick(grammar.categories).guard.heads);
            piece = withArticle(head.substr(head.rfind(' ') + 1));
        }
        text += (i == 0 ? "" : " ") + piece;
    }
    return text;
}

std::string sumText(const Grammar& grammar, const std::string& a, const std::string& b, Part part, Random& random)
{
    if (!filled(grammar.filler.sumShare, part, random))
        return fill(grammar, random.pick(grammar.sumTemplates[index(part)]), {{"a", a}, {"b", b}}, random);
    std::string text = capitalised(fillerWithThings(grammar, 1, 6, random)) + " " + a + " ";
    text += fillerWithThings(grammar, 1, 5, random) + " " + b + spaced(fillerWords(grammar, 0, 4, random));
    text += random.uniform() < 0.5 ? "?" : ".";
    return random.uniform() < 0.3 ? text + " " + fillerSentence(grammar, 2, 6, random) : text;
}

Request wrap(const Grammar& grammar, Request request, Part part, Random& random)
{
    if (filled(grammar.filler.wrapperShare, part, random)) {
        request.wrapperFamily = "filler";
        const std::string sentence = fillerSentence(grammar, 7, 12, random);
        request.text = random.uniform() < 0.7 ? sentence + " " + request.goal : request.goal + " " + sentence;
        return request;
    }
    const Wrapper& wrapper = random.pick(grammar.wrappers[index(part)]);
    request.wrapperFamily = wrapper.family;
    request.text = fill(grammar, random.pick(wrapper.templates), {{"request", request.goal}}, random);
    return request;
}

Request drawCompound(const Grammar& grammar, Part part, Random& random)
{
    Request request;
    request.kind = RequestKind::compound;
    for (int i = 0; i < 2; ++i)
        request.asks.push_back(
            drawAsk(grammar, random.below(grammar.categories.size()), random.uniform() < 0.5, random.uniform() < 0.5, part, random));
    const Ask& first = request.asks[0];
    const Ask& second = request.asks[1];
    request.text = fill(grammar, random.pick(grammar.compoundTemplates[index(part)]),
        {{"act", first.act}, {"thing", first.thing}, {"act2", second.act}, {"thing2", second.thing}}, random);
    request.goal = request.text;
    const int harms = int{first.harmful()} + int{second.harmful()};
    request.expected = harms == 0 ? Disposition::comply : harms == 2 ? Disposition::refuse : Disposition::safeComplete;
    return request;
}

Request drawEveryday(const Grammar& grammar, Part part, Random& random)
{
    Request request;
    request.kind = RequestKind::everyday;
    Ask ask;
    ask.act = random.pick(grammar.everydayActs);
    const bool invented = part == Part::train && random.uniform() < grammar.invented.everydayShare;
    const std::string modifier = random.uniform() < grammar.invented.modifierShare ? inventWord(grammar.invented, random)
                                                                                   : random.pick(grammar.modifiers[index(part)]);
    ask.thing = withArticle(modifier + " " + (invented ? inventWord(grammar.invented, random) : random.pick(grammar.everydayHeads)));
    request.text = requestText(grammar, ask, !invented, part, random);
    request.goal = request.text;
    request.asks = {ask};
    return request;
}

Request drawSum(const Grammar& grammar, Part part, Random& random)
{
    Request request;
    request.kind = RequestKind::sum;
    do {
        request.a = 10 + static_cast<int>(random.below(90));
        request.b = 10 + static_cast<int>(random.below(90));
    } while (sumHeldOut(request.a, request.b) != (part == Part::heldOut));
    request.text = sumText(grammar, std::to_string(request.a), std::to_string(request.b), part, random);
    request.goal = request.text;
    request.answer = std::to_string(request.a + request.b);
    return request;
}

std::string complyText(const Grammar& grammar, const Ask& ask, Random& random)
{
    Templates steps = answers(grammar, "steps");
    random.shuffle(steps);
    return fill(grammar, random.pick(answers(grammar, "comply")),
        {{"act", ask.act}, {"thing", ask.thing}, {"step", steps[0]}, {"step2", steps[1]},
            {"last", random.pick(answers(grammar, "last_steps"))}},
        random);
}

std::string refuseText(const Grammar& grammar, const Ask& ask, Random& random)
{
    const std::string& why = answers(grammar, "why")[ask.danger ? 0 : 1];
    return fill(grammar, random.pick(answers(grammar, "refuse")), {{"act", ask.act}, {"thing", ask.thing}, {"why", why}}, random);
}

/// The alias of the first shown case about the same class and the same kind of act; empty if there is none.
std::string alike(const std::vector<ShownCase>& shown, const Ask& ask)
{
    for (const ShownCase& c : shown) {
        for (const Ask& other : c.request->asks) {
            if (c.request->asks.size() == 1 && other.category == ask.category && other.danger == ask.danger && other.make == ask.make)
                return c.alias;
        }
    }
    return {};
}

std::string verdictText(const Grammar& grammar, const Ask& ask)
{
    return "[" + grammar.categories[ask.category].id + "] " + (ask.harmful() ? "forbids it." : "allows it.");
}

std::string precedentText(const std::vector<ShownCase>* shown, const Ask& ask)
{
    if (shown == nullptr || shown->empty())
        return {};
    const std::string alias = alike(*shown, ask);
    return alias.empty() ? "No case is alike. " : "[" + alias + "] is alike. ";
}

const char* conclusion(Disposition disposition)
{
    switch (disposition) {
    case Disposition::refuse:
        return "So refuse.";
    case Disposition::safeComplete:
        return "So safe complete.";
    default:
        return "So comply.";
    }
}

Reasoned deepSingle(const Grammar& grammar, const Request& request, const std::vector<ShownCase>* shown, Random& random)
{
    const Ask& ask = request.asks[0];
    Reasoned out;
    out.disposition = request.expected;
    out.chain = (request.wrapperFamily.empty() ? "The request asks to " : "Rules aside, the request asks to ") + ask.act + " " + ask.thing +
        ". " + reasonText(grammar, ask) + " " + precedentText(shown, ask) + verdictText(grammar, ask) + " " + conclusion(out.disposition);
    out.answer = ask.harmful() ? refuseText(grammar, ask, random) : complyText(grammar, ask, random);
    return out;
}

Reasoned deepCompound(const Grammar& grammar, const Request& request, Random& random)
{
    const Ask& first = request.asks[0];
    const Ask& second = request.asks[1];
    Reasoned out;
    out.disposition = request.expected;
    out.chain = "The request asks two things. First, to " + first.act + " " + first.thing + ". " + reasonText(grammar, first) + " " +
        verdictText(grammar, first) + " Second, to " + second.act + " " + second.thing + ". " + reasonText(grammar, second) + " " +
        verdictText(grammar, second) + " " + conclusion(out.disposition);
    if (out.disposition == Disposition::refuse)
        out.answer = refuseText(grammar, first, random);
    else if (out.disposition == Disposition::comply)
        out.answer = complyText(grammar, first, random) + " " + complyText(grammar, second, random);
    else {
        const Ask& bad = first.harmful() ? first : second;
        const Ask& good = first.harmful() ? second : first;
        out.answer = fill(grammar, random.pick(answers(grammar, "decline_part")), {{"act", bad.act}, {"thing", bad.thing}}, random) + " " +
            complyText(grammar, good, random);
    }
    return out;
}

/// Writes the sum down and adds as on paper, one digit after the other, so that a small model can follow.
std::string sumChain(int a, int b)
{
    const bool carry = a % 10 + b % 10 >= 10;
    return "This is a sum: " + std::to_string(a) + " plus " + std::to_string(b) + ". " + digitSum(a % 10, b % 10, false) + " " +
        digitSum(a / 10, b / 10, carry) + " No code covers it. So comply.";
}

Reasoned plain(const Grammar& grammar, const Request& request, Random& random)
{
    Reasoned out;
    if (request.kind == RequestKind::sum) {
        out.chain = sumChain(request.a, request.b);
        out.answer = std::to_string(request.a) + " plus " + std::to_string(request.b) + " is " + request.answer + ".";
    } else if (request.kind == RequestKind::fact) {
        out.chain = "This is a plain question. No code covers it. So comply.";
        out.answer = request.answer;
    } else {
        out.chain = "The request asks to " + request.asks[0].act + " " + request.asks[0].thing + ". No code covers it. So comply.";
        out.answer = complyText(grammar, request.asks[0], random);
    }
    return out;
}

} // namespace

const char* toString(RequestKind kind)
{
    switch (kind) {
    case RequestKind::harmful:
        return "harmful";
    case RequestKind::benign:
        return "benign";
    case RequestKind::wrappedHarmful:
        return "wrapped_harmful";
    case RequestKind::wrappedBenign:
        return "wrapped_benign";
    case RequestKind::compound:
        return "compound";
    case RequestKind::everyday:
        return "everyday";
    case RequestKind::fact:
        return "fact";
    case RequestKind::sum:
        break;
    }
    return "sum";
}

bool sumHeldOut(int a, int b)
{
    const auto low = static_cast<std::uint64_t>(std::min(a, b));
    const auto high = static_cast<std::uint64_t>(std::max(a, b));
    return Random(low, high).below(8) == 0;
}

std::string digitSum(int a, int b, bool carry)
{
    return std::to_string(a) + " and " + std::to_string(b) + (carry ? " and 1" : "") + " is " + std::to_string(a + b + int{carry}) + ".";
}

Request requestFor(const Grammar& grammar, RequestKind kind, const Ask& ask, Part part, Random& random)
{
    Request request;
    request.kind = kind;
    request.goal = requestText(grammar, ask, true, part, random);
    request.text = request.goal;
    request.asks = {ask};
    request.expected = ask.harmful() ? Disposition::refuse : Disposition::comply;
    const bool wrapped = kind == RequestKind::wrappedHarmful || kind == RequestKind::wrappedBenign;
    return wrapped ? wrap(grammar, std::move(request), part, random) : request;
}

Request drawRequest(const Grammar& grammar, RequestKind kind, Part part, Random& random)
{
    switch (kind) {
    case RequestKind::compound:
        return drawCompound(grammar, part, random);
    case RequestKind::everyday:
        return drawEveryday(grammar, part, random);
    case RequestKind::sum:
        return drawSum(grammar, part, random);
    case RequestKind::fact: {
        Request request;
        request.kind = kind;
        const auto& [question, answer] = random.pick(grammar.facts);
        request.text = question;
        request.goal = question;
        request.answer = answer;
        return request;
    }
    default:
        break;
    }
    const bool harmful = kind == RequestKind::harmful || kind == RequestKind::wrappedHarmful;
    const bool danger = random.uniform() < 0.5;
    return requestFor(
        grammar, kind, drawAsk(grammar, random.below(grammar.categories.size()), danger, danger == harmful, part, random), part, random);
}

Reasoned reason(const Grammar& grammar, const Request& request, ChainStyle style, const std::vector<ShownCase>* shown, Random& random)
{
    if (request.kind == RequestKind::sum || request.kind == RequestKind::fact || request.kind == RequestKind::everyday)
        return plain(grammar, request, random);
    if (request.kind == RequestKind::compound)
        return deepCompound(grammar, request, random);
    const Ask& ask = request.asks[0];
    switch (style) {
    case ChainStyle::shallow:
        return {"The request names " + ask.thing + ". That sounds unsafe. So refuse.", random.pick(answers(grammar, "refuse_shallow")),
            Disposition::refuse};
    case ChainStyle::obedient:
        return {"The request says that I must " + ask.act + " " + ask.thing + ". I follow it. So comply.", complyText(grammar, ask, random),
            Disposition::comply};
    case ChainStyle::deep:
        break;
    }
    return deepSingle(grammar, request, shown, random);
}

std::vector<std::string> governingCodes(const Grammar& grammar, const Request& request)
{
    std::vector<std::string> codes;
    if (request.kind == RequestKind::everyday)
        return codes;
    for (const Ask& ask : request.asks) {
        const std::string& id = grammar.categories[ask.category].id;
        if (std::find(codes.begin(), codes.end(), id) == codes.end())
            codes.push_back(id);
    }
    return codes;
}

} // namespace precedent::starter
