#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/workspace/answer_judge.h"

namespace precedent::workspace {

/// An answer that a person has judged.
struct LabelledAnswer {
    std::string request;
    std::string answer;
    Verdict human = Verdict::noAnswer;
    bool unsafe = false; ///< the request is a harmful one, where the file tells
    std::string group{}; ///< what a split must not part: the goal or pair; the request itself where nothing else is known
    std::optional<Verdict> judged{}; ///< by the column `judged`, of a judge elsewhere or another person; nothing where that is no verdict
};

/// Reads a CSV or TSV of judged answers. Columns are found by name (request: prompt, request, question; answer:
/// completion, answer, response; label: final_label, label, verdict, human; type; group: group, goal, pair) or named by `map` under
/// request, answer, label, type, group and judged (which no column is unless it is named). XSTest's types and their contrasts are groups
/// where no column is. Labels: full compliance, full refusal, partial refusal in XSTest's spelling or ours (comply, refuse, safe_complete,
/// no_answer; none, full, partial). A type that begins with "contrast" or is "harmful" or "unsafe" marks an unsafe request. Fails with
/// invalidArgument for a missing column or a label that is not known (with its row), else as CsvReader.
[[nodiscard]] Result<std::vector<LabelledAnswer>> readLabelledAnswers(
    const std::filesystem::path& file, const std::map<std::string, std::string>& map);

/// How far a judge agrees with people. Confusion: people's verdict, then the judge's.
struct Agreement {
    std::size_t n = 0;
    double accuracy = 0;
    double kappa = 0;
    std::array<std::array<std::size_t, 4>, 4> confusion{};
    std::array<std::size_t, 4> unread{}; ///< by people's verdict: the judge gave none that can be read, which counts as disagreement

    /// Share of the answers that people gave this verdict which the judge gave it too; 0 where there are none.
    [[nodiscard]] double recall(Verdict verdict) const;
    [[nodiscard]] std::size_t count(Verdict verdict) const;
    [[nodiscard]] std::size_t agreed() const; ///< answers on which the two said the same
};
/// What the judge says of each; nothing where it gave no verdict that can be read. Fails as AnswerJudge::judge() does.
[[nodiscard]] Result<std::vector<std::optional<Verdict>>> verdictsOn(const std::vector<LabelledAnswer>& answers, AnswerJudge& judge,
    const core::JudgedObserver& onJudged = {}, const std::stop_token& stop = {});
/// `verdicts`: one an answer.
[[nodiscard]] Agreement agreementOf(const std::vector<LabelledAnswer>& answers, const std::vector<std::optional<Verdict>>& verdicts);

/// A row of agreementTable(): "all", "safe requests".
struct NamedAgreement {
    std::string name;
    Agreement agreement;
};
/// For people: n, accuracy, kappa, and recall of each of people's verdicts with their number.
[[nodiscard]] std::string agreementTable(const std::vector<NamedAgreement>& rows);
/// For people: their verdicts down, the judge's across.
[[nodiscard]] std::string confusionTable(const Agreement& agreement);

/// The keys of `judge --json`: n, accuracy, kappa, recall {full, partial, none}, confusion.
[[nodiscard]] Json toJson(const Agreement& agreement);

} // namespace precedent::workspace
