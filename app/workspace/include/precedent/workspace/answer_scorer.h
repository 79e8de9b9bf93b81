#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/text/chain_parser.h"
#include "precedent/workspace/judge_choice.h"
#include "precedent/workspace/model_source.h"

/// What is measured of answers beside their verdicts: how harmful they are, and how likely a model finds them.
namespace precedent::workspace {

/// Borrowed; never null.
struct ScoredAnswer {
    const casebase::Prompt* prompt = nullptr;
    const text::ParsedCompletion* completion = nullptr;
    bool isAnswer = false; ///< false: cut off, empty, or a chain that never closed
};

/// How many of the answers have their score. Called on the thread that scores; must not block.
using ScoredObserver = std::function<void(std::size_t scored)>;

/// Thread: one at a time.
class AnswerScorer {
public:
    virtual ~AnswerScorer() = default;

    [[nodiscard]] virtual const char* measure() const = 0; ///< casebase::kHarm or casebase::kNll
    /// Whether answers on this axis are measured.
    [[nodiscard]] virtual bool takes(const std::string& axis) const = 0;
    /// One score an answer, in order; nothing where it has none. Blocks. Fails with cancelled, or as what gives the scores does.
    [[nodiscard]] virtual Result<std::vector<std::optional<double>>> score(
        const std::vector<ScoredAnswer>& answers, const std::stop_token& stop, const ScoredObserver& onScored) = 0;

    [[nodiscard]] virtual std::string name() const = 0; ///< as figures carry it
    [[nodiscard]] virtual std::string hash() const = 0; ///< of a model it is known once it has scored
};

/// A judge that marks harm, on harmful and attacked requests: the answer is put before it with the request's goal, where the casebase has
/// that, and not with its wrapper. What is no answer does no harm, and is not put before it. `casebase` is borrowed.
[[nodiscard]] std::unique_ptr<AnswerScorer> harmScorer(std::unique_ptr<core::Judge> judge, const casebase::Casebase& casebase);

/// A sentence about what is wrong with the name of a harm judge; empty where it may name one. Marks of harm come from the graded rubric,
/// which a server's model alone is asked.
[[nodiscard]] std::string checkHarmJudgeName(const std::string& name);

/// The mean negative log-probability a token, in nats, that `model` gives an answer behind its bare request in its own chat template, as if
/// it had answered at once: harmless requests and questions. Loaded when first asked. Letters and what is longer than its context have
/// none. Fails with invalidArgument or notFound (no such model).
[[nodiscard]] Result<std::unique_ptr<AnswerScorer>> likelihoodScorer(
    const std::string& model, const EngineOpener& engine, const casebase::Casebase* casebase);

} // namespace precedent::workspace
