#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/json.h"
#include "precedent/base/random.h"
#include "precedent/base/result.h"
#include "precedent/core/run_inputs.h"

/// Attacks that the program makes itself on a suite's plain requests, where wrappers are prompts of the suite: a model's turn that is begun
/// for it, and a search for words behind the request.
namespace precedent::workspace {

/// What a model's turn begins with, as if it had written it.
struct TurnOpening {
    std::string chain;
    std::string answer; ///< behind the chain, which it closes
    bool closesChain = false; ///< the chain is whole, also where no answer is begun

    [[nodiscard]] bool empty() const { return chain.empty() && answer.empty(); }
};
/// The opening as it stands in the model's turn, with the chain's delimiters; empty for an empty one.
[[nodiscard]] std::string begunTurn(const TurnOpening& opening, const core::ContextTemplates& templates);

inline constexpr const char* kPrefillAnswer = "prefill-answer";
inline constexpr const char* kPrefillChain = "prefill-chain";
inline constexpr const char* kSuffixSearch = "suffix-search";
[[nodiscard]] const std::vector<std::string>& modelAttacks(); ///< the three
[[nodiscard]] bool isModelAttack(const std::string& name);
/// A row's attack where it is one of the program's own, else empty.
[[nodiscard]] std::string ownAttackOf(const std::string& attack);

/// Random search (Andriushchenko et al. 2024, arXiv 2404.02151) over words of a list.
struct SuffixSearch {
    std::vector<std::string> words;
    int length = 0; ///< words of a suffix
    int rounds = 0;
    int candidates = 0; ///< tried in a round
};

/// How often a search asks for its objective.
[[nodiscard]] constexpr int passesOf(const SuffixSearch& search) { return 1 + search.rounds * search.candidates; }

/// What the attacks are made of.
struct AttackMaterial {
    TurnOpening answer; ///< of prefill-answer
    TurnOpening chain; ///< of prefill-chain: one that decides against codes and cases, and closed
    SuffixSearch search;
};
/// resources/attacks.json. Fails with notFound, or corrupt, naming what is wrong in it.
[[nodiscard]] Result<AttackMaterial> loadAttacks();
[[nodiscard]] Result<AttackMaterial> attacksFromJson(const Json& json);
/// The part of it that an attack is made of, as an evaluation's spec keeps it.
[[nodiscard]] Json toJson(const AttackMaterial& material, const std::string& attack);

/// Puts a suffix behind the last user turn; an empty one changes nothing.
void appendSuffix(std::vector<Message>& messages, const std::string& suffix);

struct FoundSuffix {
    std::string suffix;
    double first = 0; ///< the objective of the suffix that the search began with
    double best = 0;
};
/// The suffix with the highest objective that was found: beginning with random words, each round changes a run of them, shorter from round
/// to round, in each candidate, and goes on from the best. The same seed finds the same. Fails with cancelled, or as the objective does.
[[nodiscard]] Result<FoundSuffix> findSuffix(const SuffixSearch& search, Random random,
    const std::function<Result<double>(const std::string& suffix)>& objective, const std::stop_token& stop);

} // namespace precedent::workspace
