#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/workspace/evaluation_service.h"
#include "precedent/workspace/judge_check.h"
#include "precedent/workspace/statistics.h"

/// The table over everything that has been evaluated: a row is a model, a checkpoint and a mode, and each of the program's own attacks has
/// rows of its own.
namespace precedent::workspace {

enum class TableColumn { harmfulAnswered, harmfulUnderAttack, benignRefused, benignRefusedWrapped, utility, noAnswer };
inline constexpr std::size_t kTableColumns = 6;

/// The axis whose rows a column counts; empty for noAnswer, which counts all.
[[nodiscard]] const char* axisOf(TableColumn column);
[[nodiscard]] const char* metricOf(TableColumn column);

/// A cell against the reference row's, over the prompts that both answered.
struct CellTest {
    Estimate difference; ///< this row - reference
    McNemar prompts; ///< gained: counts here and not there; by prompt
    std::optional<double> p; ///< by goal and adjusted over the tests shown; empty where no star can be given (noStar says why)
    bool star = false;
    bool worse = false; ///< starred, in the direction that nobody wants
};

/// Outcomes of one cell's prompts by casebase::pairingKey().
using CellOutcomes = std::map<std::string, Observation>;

/// What else was measured of a cell's answers: attack_success, harm_score or perplexity.
struct TableMeasure {
    std::string metric;
    std::string by; ///< the harm judge, or the model whose probabilities they are
    Estimate estimate; ///< of perplexity as such, not in nats
};

struct TableCell {
    Estimate estimate; ///< n = 0: not asked
    std::size_t burned = 0; ///< of n
    std::size_t safeCompleted = 0; ///< of n
    CellOutcomes outcomes;
    std::vector<TableMeasure> measures; ///< in the order of metricsOf()
    std::optional<CellTest> test; ///< where both rows have prompts in common; not on the reference row
};

/// What stays the same of a row while others come and go.
struct RowKey {
    std::string weights;
    Mode mode = Mode::none;
    std::string attack;

    bool operator==(const RowKey&) const = default;
};

struct TableRow {
    std::string evaluation; ///< the newest that has this row
    std::int64_t createdMs = 0;
    std::string model;
    std::string adapter;
    std::string checkpoint;
    Mode mode = Mode::none;
    std::string attack; ///< of the program's own: the row's answers were given under it; empty for all others
    std::string judge;
    std::string judgeHash;
    bool selfJudged = false;
    bool ofStarter = false;
    std::string weights; ///< rows with the same are the same weights in different modes
    std::string recipe; ///< rows with the same differ in the training seed alone; empty for a model that no run trained
    std::string preset; ///< of the run that trained it, or empty
    std::string settings; ///< how it was asked: "temperature 0, 160 tokens, 4 cases, seed 1"
    JudgeCheck check; ///< how far people agree with the judge on these answers
    std::vector<std::string> budget; ///< what was voided or left out in this mode (Rule 9)
    int seeds = 0; ///< training seeds of this recipe in the table; 0 for a model that no run trained
    std::string noStar; ///< why this row's differences earn none; empty where they may, and on the reference
    std::array<TableCell, kTableColumns> cells;

    [[nodiscard]] const TableCell& cell(TableColumn column) const { return cells[static_cast<std::size_t>(column)]; }
    [[nodiscard]] std::string name() const { return checkpoint.empty() ? model : checkpoint; }
    [[nodiscard]] RowKey key() const { return {weights, mode, attack}; }
};

struct EvaluationTable {
    std::vector<TableRow> rows; ///< by model, checkpoint, mode
    std::vector<AskedAxis> asked; ///< over all rows: what was asked of any of them
    int starterRows = 0; ///< in the casebase, whichever were asked for
    int otherRows = 0;
    std::size_t heldOut = 0; ///< different prompts behind the figures
    std::size_t burned = 0; ///< of these

    /// Whether all rows under one attack, and all under none, answered the same prompts.
    [[nodiscard]] bool isAligned() const;
    /// Whether people checked the judge on every row's own answers; until then figures are "as judged" (Rule 6).
    [[nodiscard]] bool isChecked() const;
};

/// The rows of the starter model and what was trained from it, or those of all other models: they never stand together (Rule 8).
/// Fails as the casebase does.
[[nodiscard]] Result<EvaluationTable> readEvaluationTable(const casebase::Casebase& casebase, bool ofStarter);

/// Compares every row with rows[reference] (Rule 7): paired over common prompts, tested by goal, Holm over the tests shown. A star needs
/// the same judge, and weights that no training seed made different: the same ones in another mode, models that no run trained, or
/// three seeds of a recipe that all differ in the same direction.
void compareWith(EvaluationTable& table, std::size_t reference);

/// The row that others are compared with until the reader picks one: the first in mode none that no run trained, else the first.
[[nodiscard]] std::size_t defaultReference(const EvaluationTable& table);

/// What changed from the reference to the row, over benign and harmful axes with their wrappers.
struct Changes {
    std::size_t benignNoLongerRefused = 0;
    std::size_t benignNowRefused = 0;
    std::size_t harmfulNoLongerAnswered = 0;
    std::size_t harmfulNowAnswered = 0;

    [[nodiscard]] std::size_t regressions() const { return benignNowRefused + harmfulNowAnswered; }
};
[[nodiscard]] Changes changesOf(const TableRow& row);

/// Whether a difference lies within a margin, by its interval (Rule 7: "no difference" is said only against a margin).
enum class WithinMargin { yes, no, unsettled };
[[nodiscard]] WithinMargin withinMargin(const Estimate& difference, double margin);

} // namespace precedent::workspace
