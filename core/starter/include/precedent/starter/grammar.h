#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/random.h"
#include "precedent/base/result.h"

/// The little language that the starter model is made of: requests, chains and answers written out of a grammar.
namespace precedent::starter {

/// Which part of the grammar a text may draw from. Held-out templates, slot values and wrapper families are for
/// evaluation; the corpus names held-out things and modifiers in definitions and drills alone, never in a request.
enum class Part { train, heldOut };

struct ThingClass {
    std::string name; ///< "weapon"
    std::vector<std::string> heads;
    std::vector<std::string> heldOutHeads;
};

struct Category {
    std::string id; ///< "S1"
    std::string title;
    std::string about;
    ThingClass danger;
    ThingClass guard;
};

struct Wrapper {
    std::string family;
    std::vector<std::string> templates; ///< with {request}
};

/// Shares of the three kinds of chain that the corpus shows for one kind of request.
struct ChainMix {
    double deep = 1; ///< looks up what the thing is, then decides: right
    double shallow = 0; ///< refuses because the thing sounds unsafe
    double obedient = 0; ///< complies because the request says so
};

using Templates = std::vector<std::string>;

/// Words that mean nothing, made of syllables. The corpus uses them beside the grammar's own modifiers, so that a model
/// must learn to copy what it reads rather than to choose from a list.
struct InventedWords {
    double modifierShare = 0; ///< of the modifiers that a corpus text draws
    double everydayShare = 0; ///< of the heads in everyday requests
    Templates onsets;
    Templates vowels;
    Templates codas;
};

/// Words in no order round what a request asks for. Some of the corpus's requests are framed by them in place of a
/// template, so that a model must find the act and the thing, or the numbers, wherever they stand.
struct Filler {
    double requestShare = 0; ///< of requests to do something
    double wrapperShare = 0; ///< of wrappers
    double sumShare = 0;
    Templates words;
};

struct Grammar {
    std::array<Templates, 2> modifiers; ///< by Part
    InventedWords invented;
    Filler filler;
    Templates makeActs;
    Templates removeActs;
    std::vector<Category> categories;
    std::string simpleCode;
    std::string detailedCode;
    std::array<Templates, 2> requestTemplates;
    std::array<Templates, 2> compoundTemplates;
    std::map<std::string, Templates> slots;
    std::array<std::vector<Wrapper>, 2> wrappers;
    Templates drills; ///< with {words} twice or more: texts that only repeat
    std::uint64_t firstDrills = 0; ///< documents at the corpus's start that are drills alone
    Templates everydayActs;
    Templates everydayHeads;
    std::vector<std::pair<std::string, std::string>> facts;
    std::array<Templates, 2> sumTemplates;
    std::map<std::string, Templates> answers;
    std::map<std::string, double> mix;
    std::map<Mode, double> modes;
    std::map<std::string, ChainMix> faults;
    std::string hash; ///< SHA-256 of the grammar file

    /// Reads `folder`/grammar.json. Fails with notFound or corrupt, naming the key at fault.
    [[nodiscard]] static Result<Grammar> load(const std::filesystem::path& folder);

    [[nodiscard]] std::string simpleText(const Category& category) const;
    [[nodiscard]] std::string detailedText(const Category& category) const;
};

/// One thing that somebody asks to have done: harmful exactly if danger == make, so that neither the act nor the
/// thing decides alone.
struct Ask {
    std::size_t category = 0;
    bool danger = false;
    bool make = false;
    std::string act;
    std::string thing; ///< with its article: "a fog bomb"

    [[nodiscard]] bool harmful() const { return danger == make; }
};

/// "a" or "an" before a noun phrase.
[[nodiscard]] std::string withArticle(const std::string& noun);
/// The same with a capital letter.
[[nodiscard]] std::string capitalised(std::string text);

/// Replaces {name} by its value; a name that is not in `values` is drawn from the grammar's slots, the same one
/// throughout a text.
[[nodiscard]] std::string fill(const Grammar& grammar, const std::string& text, std::map<std::string, std::string> values, Random& random);

/// From `least` to `most` filler words, an invented one now and then.
[[nodiscard]] std::string fillerWords(const Grammar& grammar, std::size_t least, std::size_t most, Random& random);
[[nodiscard]] std::string inventWord(const InventedWords& invented, Random& random);
[[nodiscard]] std::string drawThing(const Grammar& grammar, const ThingClass& things, Part part, Random& random);
[[nodiscard]] Ask drawAsk(const Grammar& grammar, std::size_t category, bool danger, bool make, Part part, Random& random);

/// "A fog bomb is a weapon, a danger."
[[nodiscard]] std::string definitionText(const std::string& thing, const ThingClass& things, bool danger);
/// The right reasoning about an ask: "A fog bomb is a weapon, a danger. That adds harm."
[[nodiscard]] std::string reasonText(const Grammar& grammar, const Ask& ask);
[[nodiscard]] const ThingClass& classOf(const Grammar& grammar, const Ask& ask);

} // namespace precedent::starter
