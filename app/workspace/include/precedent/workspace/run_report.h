#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/figures.h"
#include "precedent/workspace/judge_check.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {

/// An answer that a reader may open in a report: the same prompt before and after.
struct ReportedAnswer {
    std::string promptId;
    std::string suite;
    Mode mode = Mode::none;
    std::string request;
    std::string before;
    std::string after;
    Verdict verdictBefore = Verdict::noAnswer;
    Verdict verdictAfter = Verdict::noAnswer;
};

/// How far people agree with the judge of one evaluation's mode, if anybody judged its answers blind.
struct ReportedCheck {
    std::string evaluation;
    Mode mode = Mode::none;
    JudgeCheck check;
};

/// Everything that a report of a run, or of evaluations, shows.
struct ReportData {
    std::string title;
    std::string casebase;
    casebase::Run run; ///< id empty where the report is of evaluations alone
    Json spec;
    StoredReport stood; ///< what the run froze and what degenerate policies earn
    std::vector<casebase::RunStep> steps;
    std::vector<Json> evaluationSpecs;
    std::vector<Figure> figures; ///< of every evaluation, in order
    std::vector<ReportedCheck> checks; ///< where people judged answers blind
    std::vector<Comparison> comparisons; ///< before and after, where there are both
    std::vector<ReportedAnswer> answers; ///< empty unless asked for
    bool starter = false;
};

/// `answers`: how many changed answers of each suite and mode to include; 0 leaves all texts out.
[[nodiscard]] Result<ReportData> gatherRunReport(const casebase::Casebase& casebase, const std::string& run, int answers);
/// The figures of evaluations by id. Fails with notFound.
[[nodiscard]] Result<ReportData> gatherEvaluationReport(const casebase::Casebase& casebase, const std::vector<std::string>& evaluations);

/// One HTML file with nothing outside itself, light and dark. Texts of requests and answers are closed until clicked.
[[nodiscard]] std::string reportHtml(const ReportData& data);
/// One row a figure: phase's checkpoint, mode, suite, metric, value, interval, n, judge.
[[nodiscard]] std::string reportCsv(const ReportData& data);
[[nodiscard]] Json reportJson(const ReportData& data);

/// One object a step: `step`, TRL's names, `seconds`.
[[nodiscard]] Json metricsJson(const std::vector<casebase::RunStep>& steps);
/// The same as CSV with a header; a metric that a step lacks is an empty field.
[[nodiscard]] std::string metricsCsv(const std::vector<casebase::RunStep>& steps);

} // namespace precedent::workspace
