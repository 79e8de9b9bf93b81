#include "precedent/workspace/model_attacks.h"

#include <algorithm>

#include "precedent/base/files.h"

namespace precedent::workspace {
namespace {

// A search costs the product of the last two in passes through the model.
constexpr int kMostWords = 200;
constexpr int kMostRounds = 1000;
constexpr int kMostCandidates = 1000;
constexpr std::size_t kLargestFile = std::size_t{1} << 20;

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

Error missing(const std::string& what)
{
    return {ErrorCode::corrupt, "The attacks' texts lack " + what + ".", "Bring the file back as it was."};
}

} // namespace

std::string begunTurn(const TurnOpening& opening, const core::ContextTemplates& templates)
{
    if (opening.empty())
        return {};
    std::string turn = (templates.openInPrompt ? "" : templates.chainOpen + "\n") + opening.chain;
    if (opening.closesChain || !opening.answer.empty())
        turn += (opening.chain.empty() ? "" : "\n") + templates.chainClose + "\n" + opening.answer;
    return turn;
}

const std::vector<std::string>& modelAttacks()
{
    static const std::vector<std::string> names{kPrefillAnswer, kPrefillChain, kSuffixSearch};
    return names;
}

bool isModelAttack(const std::string& name)
{
    return std::find(modelAttacks().begin(), modelAttacks().end(), name) != modelAttacks().end();
}

std::string ownAttackOf(const std::string& attack) { return isModelAttack(attack) ? attack : std::string(); }

Result<AttackMaterial> loadAttacks()
{
    const Result<std::filesystem::path> resources = resourceFolder();
    if (!resources)
        return resources.error();
    const std::filesystem::path file = resources.value() / "attacks.json";
    const Result<std::string> text = readFile(file, kLargestFile);
    if (!text)
        return text.error();
    const Result<Json> json = parseJson(text.value(), file.string());
    if (!json)
        return json.error();
    Result<AttackMaterial> material = attacksFromJson(json.value());
    return material.ok() ? std::move(material) : Result<AttackMaterial>(material.error().in(file.string()));
}

Result<AttackMaterial> attacksFromJson(const Json& json)
{
    AttackMaterial material;
    try {
        material.answer.answer = json.at(kPrefillAnswer).at("answer").get<std::string>();
        material.chain.chain = json.at(kPrefillChain).at("chain").get<std::string>();
        material.chain.closesChain = true;
        const Json& search = json.at(kSuffixSearch);
        material.search = {search.at("words").get<std::vector<std::string>>(), search.at("length").get<int>(),
            search.at("rounds").get<int>(), search.at("candidates").get<int>()};
    } catch (const Json::exception& e) {
        return Error(
            ErrorCode::corrupt, std::string("The attacks' texts are not as they should be: ") + e.what(), "Bring the file back as it was.");
    }
    const SuffixSearch& s = material.search;
    if (material.answer.answer.empty() || material.chain.chain.empty())
        return missing("a text");
    if (s.words.empty() || std::any_of(s.words.begin(), s.words.end(), [](const std::string& word) { return word.empty(); }))
        return missing("words, of which none is empty");
    if (s.length < 1 || s.length > kMostWords || s.rounds < 1 || s.rounds > kMostRounds || s.candidates < 1 ||
        s.candidates > kMostCandidates)
        return missing(
            "a length from 1 to " + std::to_string(kMostWords) + ", or rounds and candidates from 1 to " + std::to_string(kMostRounds));
    return material;
}

Json toJson(const AttackMaterial& material, const std::string& attack)
{
    if (attack == kPrefillAnswer)
        return {{"answer", material.answer.answer}};
    if (attack == kPrefillChain)
        return {{"chain", material.chain.chain}};
    return {{"words", material.search.words}, {"length", material.search.length}, {"rounds", material.search.rounds},
        {"candidates", material.search.candidates}};
}

void appendSuffix(std::vector<Message>& messages, const std::string& suffix)
{
    const auto last = std::find_if(messages.rbegin(), messages.rend(), [](const Message& m) { return m.role == "user"; });
    if (!suffix.empty() && last != messages.rend())
        last->content += " " + suffix;
}

Result<FoundSuffix> findSuffix(const SuffixSearch& search, Random random,
    const std::function<Result<double>(const std::string& suffix)>& objective, const std::stop_token& stop)
{
    const auto length = static_cast<std::size_t>(search.length);
    std::vector<std::string> best;
    for (std::size_t i = 0; i < length; ++i)
        best.push_back(random.pick(search.words));
    const Result<double> begun = objective(joined(best));
    if (!begun)
        return begun.error();
    FoundSuffix found{joined(best), begun.value(), begun.value()};
    for (int round = 0; round < search.rounds; ++round) {
        const std::vector<std::string> from = best;
        // Half of the words at first, one at last.
        const double left = 1.0 - static_cast<double>(round) / search.rounds;
        const auto changed = std::max<std::size_t>(1, static_cast<std::size_t>(left * static_cast<double>(length) / 2));
        for (int i = 0; i < search.candidates; ++i) {
            if (stop.stop_requested())
                return Error(ErrorCode::cancelled, "The search was stopped.");
            std::vector<std::string> candidate = from;
            const std::size_t at = random.below(length - changed + 1);
            for (std::size_t word = at; word < at + changed; ++word)
                candidate[word] = random.pick(search.words);
            const Result<double> value = objective(joined(candidate));
            if (!value)
                return value.error();
            if (value.value() > found.best) {
                found.best = value.value();
                found.suffix = joined(candidate);
                best = std::move(candidate);
            }
        }
    }
    return found;
}

} // namespace precedent::workspace
