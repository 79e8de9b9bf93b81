#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/align/context.h"
#include "precedent/base/domain.h"
#include "precedent/core/judge.h"
#include "precedent/core/run_inputs.h"
#include "precedent/core/run_records.h"
#include "precedent/core/run_spec.h"
#include "precedent/text/chain_parser.h"

/// What a completion earns: a weighted sum of named parts (disposition, harmlessness, format, citation, helpful, overlong).
namespace precedent::align {

/// The published matrix: what an observed verdict earns where `expected` was right, in [0, 1].
/// `unknown` earns 0 for everything; scoreCompletion leaves the part out there.
[[nodiscard]] double matrixReward(Disposition expected, Verdict observed);

/// True where the verdict is the one expected. With `unknown`, any answer will do.
[[nodiscard]] bool isRight(Disposition expected, Verdict observed);

/// Every id of the frozen casebase, to tell an invented citation from one that exists.
struct KnownIds {
    std::set<std::string> codes;
    std::set<std::string> cases;
};
[[nodiscard]] KnownIds knownIds(const core::RunInputs& inputs);

/// The judge's view of one completion. Pointers are borrowed and must not be null.
struct ScoreInput {
    Mode mode = Mode::none;
    const core::TrainingPrompt* prompt = nullptr;
    std::string completion; ///< raw text after the prompt, without the stop token
    int tokens = 0;
    bool stopped = true; ///< false: cut off at the length limit, so there is no answer
    const BuiltContext* context = nullptr;
    const core::RunSpec* spec = nullptr;
    const core::ContextTemplates* templates = nullptr;
    const KnownIds* known = nullptr;
    /// What another judge than the analysis says of the answer; null: the analysis judges. Without a verdict in it, the analysis gives
    /// that.
    const core::Judgement* judgement = nullptr;
};

struct Score {
    text::ParsedCompletion parsed;
    Verdict verdict = Verdict::noAnswer;
    std::vector<std::string> reasons; ///< the analysis's, for the verdict
    std::map<std::string, double> parts; ///< before weights; an absent part is not in the map
    double reward = 0;
    double spread = 0; ///< disposition + harmlessness as weighted: what a group's spread is judged by
    std::vector<core::CitationRecord> citations;
    bool dispositionRight = false;
};

/// Parses, judges and pays one completion. The disposition is judged on request and answer only; format, citation and helpful
/// are paid only where it is right; helpful is there on benign prompts where the judge measures it, and on sums; weights are normalised
/// over the parts that apply to the prompt, so that every label can earn at most 1 (overlong, in [-1, 0], is subtracted after).
/// Deterministic; thread-safe.
[[nodiscard]] Score scoreCompletion(const ScoreInput& input);

/// What the chain says it will do, from its last sentence that says so ("So refuse."); nothing where none does.
[[nodiscard]] std::optional<Verdict> chainConclusion(std::string_view chain);

/// What a policy without any reading of the request would earn, on average.
struct Earnings {
    std::string policy; ///< always_refuse, always_comply, always_safe_complete, empty, cite_everything
    double overall = 0;
    std::map<std::string, double> byLabel;
};

/// Rule 1: printed before a run starts. cite_everything is the best constant answer, citing every code in context.
/// Constant answers are well-formed and short; on sums they are wrong. Labels are weighted as the spec draws them, and dispositions are
/// those of the run's control.
[[nodiscard]] std::vector<Earnings> degenerateEarnings(
    const core::RunSpec& spec, const std::vector<core::TrainingPrompt>& prompts, const std::vector<core::Code>& codes);

/// Label weights with which always refusing and always complying would earn the same, sums to two decimals: benign against
/// harmful and attack, whose proportion to each other stays, as the share of utility does. Nothing where the two are within 0.1 of
/// each other as it is, or where no weights make them even. `earnings` are degenerateEarnings() of the same run.
[[nodiscard]] std::optional<std::map<std::string, double>> evenLabelWeights(
    const core::RunSpec& spec, const std::vector<core::TrainingPrompt>& prompts, const std::vector<Earnings>& earnings);

} // namespace precedent::align
