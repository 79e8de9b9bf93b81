#include "precedent/starter/grammar.h"

#include <cctype>

#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::starter {
namespace {

std::array<Templates, 2> bothParts(const Json& json) { return {json.at("train").get<Templates>(), json.at("held_out").get<Templates>()}; }

ThingClass thingClass(const Json& json)
{
    return {json.at("class").get<std::string>(), json.at("heads").get<Templates>(), json.at("held_out").get<Templates>()};
}

std::vector<Wrapper> wrapperList(const Json& json)
{
    std::vector<Wrapper> wrappers;
    for (const auto& entry : json)
        wrappers.push_back({entry.at("family").get<std::string>(), entry.at("templates").get<Templates>()});
    return wrappers;
}

Grammar read(const Json& json)
{
    Grammar g;
    g.modifiers = bothParts(json.at("modifiers"));
    const Json& invented = json.at("invented");
    g.invented = {invented.at("modifier_share").get<double>(), invented.at("everyday_share").get<double>(),
        invented.at("onsets").get<Templates>(), invented.at("vowels").get<Templates>(), invented.at("codas").get<Templates>()};
    const Json& filler = json.at("filler");
    g.filler = {filler.at("request_share").get<double>(), filler.at("wrapper_share").get<double>(), filler.at("sum_share").get<double>(),
        filler.at("words").get<Templates>()};
    g.makeActs = json.at("acts").at("make").get<Templates>();
    g.removeActs = json.at("acts").at("remove").get<Templates>();
    for (const auto& entry : json.at("categories"))
        g.categories.push_back({entry.at("id").get<std::string>(), entry.at("title").get<std::string>(),
            entry.at("about").get<std::string>(), thingClass(entry.at("danger")), thingClass(entry.at("guard"))});
    g.simpleCode = json.at("simple_code").get<std::string>();
    g.detailedCode = json.at("detailed_code").get<std::string>();
    g.requestTemplates = bothParts(json.at("request_templates"));
    g.compoundTemplates = bothParts(json.at("compound_templates"));
    g.slots = json.at("slots").get<std::map<std::string, Templates>>();
    g.wrappers = {wrapperList(json.at("wrappers").at("train")), wrapperList(json.at("wrappers").at("held_out"))};
    g.drills = json.at("drills").at("templates").get<Templates>();
    g.firstDrills = json.at("drills").at("first_documents").get<std::uint64_t>();
    g.everydayActs = json.at("everyday").at("acts").get<Templates>();
    g.everydayHeads = json.at("everyday").at("heads").get<Templates>();
    for (const auto& pair : json.at("facts"))
        g.facts.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
    g.sumTemplates = bothParts(json.at("sums"));
    g.answers = json.at("answers").get<std::map<std::string, Templates>>();
    g.mix = json.at("mix").get<std::map<std::string, double>>();
    for (const auto& [name, share] : json.at("modes").items()) {
        if (const auto mode = modeFromString(name))
            g.modes[*mode] = share.get<double>();
    }
    for (const auto& [name, shares] : json.at("faults").items())
        g.faults[name] = {shares.at("deep").get<double>(), shares.at("shallow").get<double>(), shares.at("obedient").get<double>()};
    return g;
}

std::string replaceClass(std::string text, const std::string& key, const std::string& value)
{
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size()))
        text.replace(at, key.size(), value);
    return text;
}

std::string codeText(const std::string& pattern, const Category& category)
{
    std::string text = replaceClass(pattern, "{about}", category.about);
    text = replaceClass(text, "{a danger}", withArticle(category.danger.name));
    text = replaceClass(text, "{a guard}", withArticle(category.guard.name));
    text = replaceClass(text, "{A guard}", capitalised(withArticle(category.guard.name)));
    text = replaceClass(text, "{danger}", category.danger.name);
    return replaceClass(text, "{guard}", category.guard.name);
}

} // namespace

Result<Grammar> Grammar::load(const std::filesystem::path& folder)
{
    const auto path = folder / "grammar.json";
    auto bytes = readFile(path);
    if (!bytes.ok())
        return bytes.error();
    auto json = parseJson(*bytes, path.string());
    if (!json.ok())
        return json.error();
    try {
        Grammar grammar = read(*json);
        grammar.hash = sha256Hex(*bytes);
        if (grammar.categories.empty() || grammar.facts.empty())
            return Error(ErrorCode::corrupt, path.string() + " has no categories or no facts.");
        return grammar;
    } catch (const nlohmann::json::exception& e) {
        return Error(
            ErrorCode::corrupt, path.string() + " is no complete grammar: " + e.what(), "Restore the file from the program's resources.");
    }
}

std::string Grammar::simpleText(const Category& category) const { return capitalised(codeText(simpleCode, category)); }

std::string Grammar::detailedText(const Category& category) const { return codeText(detailedCode, category); }

std::string withArticle(const std::string& noun)
{
    const bool vowel = !noun.empty() &&
        std::string("aeiou").find(static_cast<char>(std::tolower(static_cast<unsigned char>(noun[0])))) != std::string::npos;
    return (vowel ? "an " : "a ") + noun;
}

std::string capitalised(std::string text)
{
    if (!text.empty())
        text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
}

std::string fill(const Grammar& grammar, const std::string& text, std::map<std::string, std::string> values, Random& random)
{
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto open = text.find('{', at);
        if (open == std::string::npos)
            break;
        const auto close = text.find('}', open);
        if (close == std::string::npos)
            break;
        out.append(text, at, open - at);
        const std::string name = text.substr(open + 1, close - open - 1);
        auto value = values.find(name);
        if (value == values.end()) {
            const auto slot = grammar.slots.find(name);
            value = values.emplace(name, slot == grammar.slots.end() ? "{" + name + "}" : random.pick(slot->second)).first;
        }
        out += value->second;
        at = close + 1;
    }
    return out.append(text, at);
}

std::string inventWord(const InventedWords& invented, Random& random)
{
    std::string word;
    const std::size_t syllables = 1 + random.below(2);
    for (std::size_t i = 0; i < syllables; ++i)
        word += random.pick(invented.onsets) + random.pick(invented.vowels);
    return word + random.pick(invented.codas);
}

std::string fillerWords(const Grammar& grammar, std::size_t least, std::size_t most, Random& random)
{
    std::string text;
    const std::size_t count = least + random.below(most - least + 1);
    for (std::size_t i = 0; i < count; ++i)
        text += (i == 0 ? "" : " ") + (random.uniform() < 0.1 ? inventWord(grammar.invented, random) : random.pick(grammar.filler.words));
    return text;
}

std::string drawThing(const Grammar& grammar, const ThingClass& things, Part part, Random& random)
{
    if (part == Part::train) {
        const bool invented = random.uniform() < grammar.invented.modifierShare;
        const std::string modifier = invented ? inventWord(grammar.invented, random) : random.pick(grammar.modifiers[0]);
        return withArticle(modifier + " " + random.pick(things.heads));
    }
    // A quarter of the held-out things have a head that no request of the corpus names, the others a modifier of that
    // kind.
    if (random.uniform() < 0.75)
        return withArticle(random.pick(grammar.modifiers[1]) + " " + random.pick(things.heads));
    return withArticle(random.pick(grammar.modifiers[random.below(2)]) + " " + random.pick(things.heldOutHeads));
}

Ask drawAsk(const Grammar& grammar, std::size_t category, bool danger, bool make, Part part, Random& random)
{
    const Category& c = grammar.categories[category];
    Ask ask{category, danger, make, random.pick(make ? grammar.makeActs : grammar.removeActs), {}};
    ask.thing = drawThing(grammar, danger ? c.danger : c.guard, part, random);
    return ask;
}

const ThingClass& classOf(const Grammar& grammar, const Ask& ask)
{
    const Category& c = grammar.categories[ask.category];
    return ask.danger ? c.danger : c.guard;
}

std::string definitionText(const std::string& thing, const ThingClass& things, bool danger)
{
    return capitalised(thing) + " is " + withArticle(things.name) + (danger ? ", a danger." : ", a guard.");
}

std::string reasonText(const Grammar& grammar, const Ask& ask)
{
    const char* effect = ask.danger ? (ask.make ? "That adds harm." : "That takes harm away.")
                                    : (ask.make ? "That adds safety." : "That takes safety away.");
    return definitionText(ask.thing, classOf(grammar, ask), ask.danger) + " " + effect;
}

} // namespace precedent::starter
