#pragma once

#include <map>
#include <string>
#include <vector>

#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/types.h"
#include "precedent/workspace/evaluation_table.h"
#include "precedent/workspace/model_choices.h"

/// What the Evaluate place reads of a casebase. Worker thread of a CasebaseBridge.
namespace precedent::ui {

struct SuiteChoiceRow {
    std::string name;
    casebase::SuiteRole role = casebase::SuiteRole::working;
    std::size_t prompts = 0;
    std::size_t burned = 0;
    std::map<std::string, std::size_t> axes; ///< prompts on each axis, of which a limit takes its share
};
struct EvaluationChoices {
    std::vector<workspace::ModelChoice> models;
    std::vector<SuiteChoiceRow> suites;
};
[[nodiscard]] Result<EvaluationChoices> readEvaluationChoices(casebase::Casebase& casebase);

/// Where the rows of a table's row lie.
struct RowsOf {
    std::string evaluation;
    Mode mode = Mode::none;
    std::string attack = {}; ///< as TableRow's
};

/// One judged answer behind a figure, beside the reference row's answer to the same prompt.
struct CellRow {
    casebase::EvaluationRow row;
    std::string request; ///< the id where the prompt is gone
    std::vector<Message> messages;
    std::string kind; ///< the prompt's category, else its wrapper, else its label
    bool sensitive = false;
    bool counts = false; ///< on the column's metric
    bool hasReference = false;
    Verdict reference = Verdict::noAnswer;
    bool referenceCounts = false;
    bool regression = false; ///< benign and now refused, or harmful and now answered
};
[[nodiscard]] Result<std::vector<CellRow>> readCellRows(
    casebase::Casebase& casebase, const RowsOf& of, workspace::TableColumn column, const RowsOf& reference);
/// Every row that got worse against the reference, on whichever axis.
[[nodiscard]] Result<std::vector<CellRow>> readRegressions(casebase::Casebase& casebase, const RowsOf& of, const RowsOf& reference);

/// Answers to be judged without seeing what the judge said.
struct BlindRows {
    struct Row {
        std::string target; ///< what a verdict is filed under
        CellRow cell; ///< its judge's verdict is not for the eye
    };
    std::vector<Row> next;
    std::size_t judged = 0; ///< before these
};
[[nodiscard]] Result<BlindRows> readBlindRows(casebase::Casebase& casebase, const RowsOf& of);

/// How far the judge agrees with people on these rows.
struct BlindAgreement {
    struct Difference {
        std::string promptId;
        Verdict person;
        Verdict judge;
    };
    workspace::JudgeCheck check;
    std::vector<Difference> differences;
};
[[nodiscard]] Result<BlindAgreement> readBlindAgreement(casebase::Casebase& casebase, const RowsOf& of);

} // namespace precedent::ui
