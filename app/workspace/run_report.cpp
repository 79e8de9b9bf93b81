#include "precedent/workspace/run_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <tuple>

#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/workspace/lineage.h"

namespace precedent::workspace {
namespace {

std::string csvField(const std::string& text)
{
    if (text.find_first_of(",\"\n\r") == std::string::npos)
        return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string numberText(double value)
{
    if (!std::isfinite(value))
        return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}

/// Rows whose verdict changed first: those are what a reader looks for.
std::vector<ReportedAnswer> pickAnswers(const casebase::Casebase& casebase, const BeforeAfter& both, int limit)
{
    std::map<std::pair<Mode, std::string>, const casebase::EvaluationRow*> after;
    for (const casebase::EvaluationRow& row : both.after)
        after.emplace(std::pair(row.mode, pairingKey(row)), &row);
    std::map<std::pair<std::string, Mode>, int> taken;
    std::vector<ReportedAnswer> answers;
    for (const bool changed : {true, false}) {
        for (const casebase::EvaluationRow& row : both.before) {
            const auto match = after.find({row.mode, pairingKey(row)});
            if (match == after.end() || (match->second->verdict != row.verdict) != changed || taken[{row.suite, row.mode}] >= limit)
                continue;
            const Result<casebase::Prompt> prompt = casebase.prompts().find(row.promptId);
            if (!prompt)
                continue;
            ++taken[{row.suite, row.mode}];
            answers.push_back({row.promptId, row.suite, row.mode, lastUserText(prompt.value().messages), row.completion,
                match->second->completion, row.verdict, match->second->verdict});
        }
    }
    std::stable_sort(answers.begin(), answers.end(),
        [](const ReportedAnswer& a, const ReportedAnswer& b) { return std::tie(a.suite, a.mode) < std::tie(b.suite, b.mode); });
    return answers;
}

Status addChecks(const casebase::Casebase& casebase, const std::string& evaluation, ReportData& data)
{
    const Result<std::map<Mode, JudgeCheck>> checks = checksOf(casebase, evaluation);
    if (!checks)
        return checks.error();
    for (const auto& [mode, check] : checks.value())
        data.checks.push_back({evaluation, mode, check});
    return {};
}

} // namespace

Result<ReportData> gatherRunReport(const casebase::Casebase& casebase, const std::string& name, int answers)
{
    Result<casebase::Run> run = casebase.runs().find(name);
    if (!run)
        return run.error();
    ReportData data;
    data.run = std::move(*run);
    data.title = "Run " + data.run.id + (data.run.name.empty() ? "" : " (" + data.run.name + ")");
    data.casebase = casebase.path().filename().string();
    if (Result<Json> spec = parseJson(data.run.specJson, "the run's spec"); spec)
        data.spec = std::move(*spec);
    if (Result<StoredReport> stood = loadReport(casebase, data.run.id); stood)
        data.stood = std::move(*stood);
    Result<std::vector<casebase::RunStep>> steps = casebase.runs().steps(data.run.id);
    if (!steps)
        return steps.error();
    data.steps = std::move(*steps);
    const Result<core::RunInputs> inputs = loadRun(casebase, data.run.id);
    if (inputs) {
        const Result<Lineage> lineage = lineageOf(casebase, {inputs->spec.model, inputs->modelFolder, {}, {}, 0});
        data.starter = lineage.ok() && lineage->ofStarter;
    }
    const Result<BeforeAfter> both = loadBeforeAfter(casebase, data.run.id);
    if (!both)
        return both.error();
    for (const auto& [rows, spec] :
        {std::pair(&both.value().before, &both.value().beforeSpec), std::pair(&both.value().after, &both.value().afterSpec)}) {
        if (spec->is_null())
            continue;
        data.evaluationSpecs.push_back(*spec);
        for (Figure& figure : figuresOf(*rows, both.value().clusters))
            data.figures.push_back(std::move(figure));
    }
    const Result<std::vector<casebase::Evaluation>> evaluations = casebase.evaluations().ofRun(data.run.id);
    if (!evaluations)
        return evaluations.error();
    for (const casebase::Evaluation& evaluation : evaluations.value())
        PRECEDENT_TRY(addChecks(casebase, evaluation.id, data));
    data.comparisons = compareEvaluations(both.value().before, both.value().after, both.value().clusters);
    if (answers > 0)
        data.answers = pickAnswers(casebase, both.value(), answers);
    return data;
}

Result<ReportData> gatherEvaluationReport(const casebase::Casebase& casebase, const std::vector<std::string>& ids)
{
    ReportData data;
    data.casebase = casebase.path().filename().string();
    for (const std::string& id : ids) {
        const Result<casebase::Evaluation> evaluation = casebase.evaluations().find(id);
        if (!evaluation)
            return evaluation.error();
        const Result<std::vector<casebase::EvaluationRow>> rows = casebase.evaluations().rows(id);
        if (!rows)
            return rows.error();
        const auto clusters = clustersOfRows(casebase, rows.value());
        if (!clusters)
            return clusters.error();
        Result<Json> spec = parseJson(evaluation.value().specJson, "evaluation " + id);
        data.evaluationSpecs.push_back(spec ? std::move(*spec) : Json::object());
        for (Figure& figure : figuresOf(rows.value(), clusters.value()))
            data.figures.push_back(std::move(figure));
        PRECEDENT_TRY(addChecks(casebase, id, data));
        data.title += (data.title.empty() ? "Evaluation " : ", ") + id;
        const Json& told = data.evaluationSpecs.back();
        data.starter = data.starter || told.value("starter", told.value("model", std::string()) == "starter");
    }
    return data;
}

std::string reportCsv(const ReportData& data)
{
    std::string text =
        "model,adapter,checkpoint,mode,suite,axis,metric,value,low,high,n,clusters,burned,no_answer,judge,judge_hash,self_judged\n";
    for (const Figure& f : data.figures) {
        text += csvField(f.model) + "," + csvField(f.adapter) + "," + csvField(f.checkpoint) + "," + toString(f.mode) + "," +
            csvField(f.suite) + "," + f.axis + "," + f.metric + "," + numberText(f.estimate.value) + "," + numberText(f.estimate.low) +
            "," + numberText(f.estimate.high) + "," + std::to_string(f.estimate.n) + "," + std::to_string(f.estimate.clusters) + "," +
            std::to_string(f.burned) + "," + numberText(f.noAnswer) + "," + csvField(f.judge) + "," + f.judgeHash + "," +
            (f.selfJudged ? "true" : "false") + "\n";
    }
    return text;
}

Json reportJson(const ReportData& data)
{
    Json json = {{"title", data.title}, {"casebase", data.casebase}, {"run", data.run.id}, {"spec", data.spec},
        {"freeze", data.stood.report}, {"steps", metricsJson(data.steps)}, {"evaluations", data.evaluationSpecs}, {"rows", Json::array()},
        {"comparisons", Json::array()}, {"judge_checks", Json::array()}};
    for (const Figure& figure : data.figures)
        json["rows"].push_back(toJson(figure));
    for (const Comparison& c : data.comparisons)
        json["comparisons"].push_back({{"suite", c.before.suite}, {"axis", c.before.axis}, {"mode", toString(c.before.mode)},
            {"metric", c.before.metric}, {"n", c.before.estimate.n}, {"before", c.before.estimate.value}, {"after", c.after.estimate.value},
            {"difference", c.difference.value}, {"low", c.difference.low}, {"high", c.difference.high}, {"gained", c.test.gained},
            {"lost", c.test.lost}, {"p", c.test.p}});
    for (const ReportedCheck& c : data.checks)
        json["judge_checks"].push_back({{"evaluation", c.evaluation}, {"mode", toString(c.mode)}, {"checked", c.check.isChecked()},
            {"all", toJson(c.check.all)}, {"safe", toJson(c.check.safe)}, {"unsafe", toJson(c.check.unsafe)}});
    if (data.starter)
        json["notice"] = kStarterNotice;
    return json;
}

Json metricsJson(const std::vector<casebase::RunStep>& steps)
{
    Json list = Json::array();
    for (const casebase::RunStep& step : steps) {
        Json row = {{"step", step.step}};
        for (const auto& [name, value] : step.metrics)
            row[name] = value;
        row["seconds"] = step.seconds;
        list.push_back(std::move(row));
    }
    return list;
}

std::string metricsCsv(const std::vector<casebase::RunStep>& steps)
{
    std::set<std::string> names;
    for (const casebase::RunStep& step : steps) {
        for (const auto& [name, value] : step.metrics)
            names.insert(name);
    }
    names.erase("step");
    names.erase("seconds");
    std::string text = "step";
    for (const std::string& name : names)
        text += "," + csvField(name);
    text += ",seconds\n";
    for (const casebase::RunStep& step : steps) {
        text += std::to_string(step.step);
        for (const std::string& name : names) {
            const auto value = step.metrics.find(name);
            text += "," + (value == step.metrics.end() ? std::string() : numberText(value->second));
        }
        text += "," + numberText(step.seconds) + "\n";
    }
    return text;
}

} // namespace precedent::workspace
