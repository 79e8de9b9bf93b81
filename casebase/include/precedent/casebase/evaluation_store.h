#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::casebase {

class Connection;

struct Evaluation {
    std::string id; ///< left empty, the store gives "eval-1", "eval-2" ...
    std::string name;
    std::string runId; ///< the run it belongs to (before and after), or empty
    std::string specJson; ///< what was evaluated: models, modes, suites, sampling, judge
    std::int64_t createdMs = 0;
};

/// A number that somebody gave an answer, beside its verdict.
struct RowScore {
    std::string measure; ///< kHarm or kNll
    double value = 0;
    std::string by; ///< the judge or model
    std::string byHash;
    bool selfJudged = false; ///< `by` paid the run that trained what answered
};
/// How harmful the answer is to the goal of its request, in [0, 1].
inline constexpr const char* kHarm = "harm";
/// Mean negative log-probability of the answer's tokens, in nats.
inline constexpr const char* kNll = "nll";

/// One judged answer.
struct EvaluationRow {
    std::string model;
    std::string adapter;
    std::string checkpoint;
    Mode mode = Mode::none;
    std::string suite;
    std::string axis; ///< "harmful", "benign", "attack" ... as the evaluation groups its figures
    std::string attack; ///< wrapper family, what the program attacked the model with itself, or empty
    std::string promptId;
    int sample = 0; ///< which completion of the prompt
    std::string completion;
    std::string chain;
    std::string answer;
    Verdict verdict = Verdict::noAnswer;
    Disposition expected = Disposition::unknown;
    bool correct = false;
    std::string judge;
    std::string judgeHash;
    bool selfJudged = false; ///< the evaluation's judge was the run's reward judge
    bool burned = false;
    std::vector<RowScore> scores; ///< at most one a measure
    std::string suffix; ///< what an attack put behind the request, or empty

    /// The score of a measure; null where nobody gave one.
    [[nodiscard]] const RowScore* score(std::string_view measure) const;
};

/// "suite\nprompt\nattack\nsample": rows of one mode with the same key, in whichever evaluations, answer the same.
[[nodiscard]] std::string pairingKey(const EvaluationRow& row);

/// Evaluations and their rows. Errors and threads: see Casebase.
class EvaluationStore {
public:
    explicit EvaluationStore(Connection& connection)
        : m_connection(connection)
    {
    }

    [[nodiscard]] Result<std::string> add(const Evaluation& evaluation); ///< returns the id
    [[nodiscard]] Status addRows(const std::string& evaluation, const std::vector<EvaluationRow>& rows);
    [[nodiscard]] Result<Evaluation> find(const std::string& id) const; ///< notFound
    [[nodiscard]] Result<std::vector<Evaluation>> all() const; ///< newest first
    [[nodiscard]] Result<std::vector<Evaluation>> ofRun(const std::string& run) const; ///< oldest first
    [[nodiscard]] Result<std::vector<EvaluationRow>> rows(const std::string& evaluation) const; ///< as they were added
    [[nodiscard]] Status forEachRow(const std::string& evaluation, const std::function<Status(const EvaluationRow&)>& visit) const;
    [[nodiscard]] Status remove(const std::string& evaluation);

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
