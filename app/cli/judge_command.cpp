#include <cstdio>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/judge_options.h"
#include "app/cli/loaded_model.h"
#include "app/cli/progress.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/workspace/judge_agreement.h"
#include "precedent/workspace/judge_check.h"
#include "precedent/workspace/judged_answers.h"

namespace precedent::cli {
namespace {

constexpr const char* kAnalysis = "analysis";
/// The field of --map whose column holds verdicts to hold against people's.
constexpr const char* kJudged = "judged";

struct JudgeOptions {
    std::string labels;
    std::string casebase;
    bool fromCasebase = false; ///< the labels are the verdicts stored there
    std::string evaluation;
    std::string mode;
    workspace::JudgeChoice judge{kAnalysis, {}};
    std::vector<std::string> map;
};

std::string checkLine(const JudgeOptions& options)
{
    if ((options.labels.empty() ? 0 : 1) + (options.evaluation.empty() ? 0 : 1) + (options.fromCasebase ? 1 : 0) != 1)
        return "Name the answers that people have judged: --labels, a CSV file, or, with --casebase, --from-casebase or --evaluation.";
    if (options.labels.empty() && options.casebase.empty())
        return "Verdicts are stored in a casebase: name it with --casebase.";
    if (options.fromCasebase && !options.map.empty())
        return "--map is for the columns of --labels.";
    if (!options.evaluation.empty() && (options.judge.name != kAnalysis || !options.map.empty()))
        return "--evaluation has a judge of its own: leave --judge and --map out.";
    if (options.evaluation.empty() && !options.mode.empty())
        return "--mode is one of an evaluation's: name that with --evaluation.";
    if (std::string fault = checkJudge(options.judge); !fault.empty())
        return fault;
    if (std::string fault = checkFieldMap(options.map); !fault.empty())
        return fault;
    if (fieldMap(options.map).count(kJudged) > 0 && options.judge.name != kAnalysis)
        return "--map judged=COLUMN takes the verdicts of the file, and --judge " + options.judge.name +
            " asks for others: give one of the two.";
    return {};
}

/// The part of the answers to safe or to unsafe requests, with what the judge said of it.
struct Part {
    std::vector<workspace::LabelledAnswer> answers;
    std::vector<std::optional<Verdict>> verdicts;
};

Part partOf(const std::vector<workspace::LabelledAnswer>& answers, const std::vector<std::optional<Verdict>>& verdicts, bool unsafe)
{
    Part part;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i].unsafe == unsafe) {
            part.answers.push_back(answers[i]);
            part.verdicts.push_back(verdicts[i]);
        }
    }
    return part;
}

/// What was said of each answer, and by whom.
struct Judged {
    std::string name;
    std::string hash; ///< of the judge; empty for a column of the file
    std::vector<std::optional<Verdict>> verdicts;
    Part fresh; ///< of requests that the judge did not learn from: on the others it may only remember
};

Judged judgedBy(const std::string& column, const std::vector<workspace::LabelledAnswer>& answers)
{
    Judged judged{"the column " + column, {}, {}, {}};
    for (const workspace::LabelledAnswer& answer : answers)
        judged.verdicts.push_back(answer.judged);
    judged.fresh = {answers, judged.verdicts};
    return judged;
}

Result<Judged> ask(const JudgeOptions& options, const std::vector<workspace::LabelledAnswer>& answers, Context& context)
{
    const InterruptWatcher interrupt;
    std::unique_ptr<casebase::Casebase> casebase;
    if (!options.casebase.empty()) {
        auto opened = casebase::Casebase::open(options.casebase, casebase::OpenMode::readWrite);
        if (!opened)
            return opened.error();
        casebase = std::move(*opened);
    }
    const workspace::JudgeMeans means{[&context] { return openEngine(context); }, casebase.get()};
    const Result<std::unique_ptr<workspace::AnswerJudge>> judge = workspace::openJudge(options.judge, false, means);
    if (!judge)
        return judge.error();
    Progress progress("Judging", context.globals().quiet);
    const auto total = static_cast<std::int64_t>(answers.size());
    auto verdicts = workspace::verdictsOn(
        answers, *judge.value(), [&](std::size_t done) { progress.update(static_cast<std::int64_t>(done), total); }, interrupt.token());
    progress.finish();
    if (!verdicts)
        return verdicts.error();
    Judged judged{judge.value()->name(), judge.value()->hash(), *std::move(verdicts), {}};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!judge.value()->learntFrom(answers[i].request)) {
            judged.fresh.answers.push_back(answers[i]);
            judged.fresh.verdicts.push_back(judged.verdicts[i]);
        }
    }
    return judged;
}

Outcome outcomeOf(const std::vector<workspace::LabelledAnswer>& answers, const Judged& judged)
{
    const workspace::Agreement all = workspace::agreementOf(answers, judged.verdicts);
    const std::string hash = judged.hash.empty() ? "" : " (" + judged.hash.substr(0, 12) + ")";
    Outcome outcome{workspace::toJson(all), judged.name + hash + " against people\n"};
    outcome.json["judge"] = judged.name;
    outcome.json["judge_hash"] = judged.hash.empty() ? Json() : Json(judged.hash);
    std::vector<workspace::NamedAgreement> rows = {{"all", all}};
    if (judged.fresh.answers.size() < answers.size()) {
        const workspace::Agreement agreement = workspace::agreementOf(judged.fresh.answers, judged.fresh.verdicts);
        outcome.json["not_learnt_from"] = workspace::toJson(agreement);
        rows.push_back({"not learnt from", agreement});
    }
    for (const bool unsafe : {false, true}) {
        const Part part = partOf(answers, judged.verdicts, unsafe);
        if (part.answers.empty() || part.answers.size() == answers.size())
            continue;
        const workspace::Agreement agreement = workspace::agreementOf(part.answers, part.verdicts);
        outcome.json[unsafe ? "unsafe" : "safe"] = workspace::toJson(agreement);
        rows.push_back({unsafe ? "unsafe requests" : "safe requests", agreement});
    }
    outcome.text += workspace::agreementTable(rows) + workspace::confusionTable(all);
    return outcome;
}

/// The judge of an evaluation against those who judged its answers blind.
Result<Outcome> judgeOfEvaluation(const JudgeOptions& options)
{
    const auto opened = casebase::Casebase::open(options.casebase, casebase::OpenMode::readOnly);
    if (!opened)
        return opened.error();
    const Result<casebase::Evaluation> evaluation = opened.value()->evaluations().find(options.evaluation);
    if (!evaluation)
        return evaluation.error();
    const Result<Json> spec = parseJson(evaluation.value().specJson, "evaluation " + options.evaluation);
    if (!spec)
        return spec.error();
    const auto answers = workspace::blindVerdicts(*opened.value(), options.evaluation, modeFromString(options.mode));
    if (!answers)
        return answers.error();
    if (answers.value().empty())
        return Error(ErrorCode::failedPrecondition,
            "Nobody has judged answers of " + options.evaluation + (options.mode.empty() ? "" : " in mode " + options.mode) +
                " without seeing the judge's verdict.",
            "In the window's Evaluate, Check blind rows draws some at random.");
    Judged judged = judgedBy({}, answers.value());
    judged.name = spec.value().value("judge", std::string());
    judged.hash = spec.value().value("judge_hash", std::string());
    return outcomeOf(answers.value(), judged);
}

Result<std::vector<workspace::LabelledAnswer>> storedVerdicts(const std::string& path)
{
    const auto opened = casebase::Casebase::open(path, casebase::OpenMode::readOnly);
    if (!opened)
        return opened.error();
    return workspace::judgedAnswers(*opened.value());
}

Result<Outcome> judge(const JudgeOptions& options, Context& context)
{
    if (!options.evaluation.empty())
        return judgeOfEvaluation(options);
    const std::map<std::string, std::string> map = fieldMap(options.map);
    const auto answers = options.fromCasebase ? storedVerdicts(options.casebase) : workspace::readLabelledAnswers(options.labels, map);
    if (!answers)
        return answers.error();
    if (answers.value().empty())
        return Error(ErrorCode::invalidArgument, (options.fromCasebase ? options.casebase : options.labels) + " holds no judged answer.");
    const auto column = map.find(kJudged);
    const Result<Judged> judged =
        column != map.end() ? Result<Judged>(judgedBy(column->second, answers.value())) : ask(options, answers.value(), context);
    if (!judged)
        return judged.error();
    return outcomeOf(answers.value(), judged.value());
}

} // namespace

void addJudgeCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<JudgeOptions>();
    CLI::App* command = addCommand(app, "judge", "How far a judge agrees with people",
        "judge --labels labels.csv --map answer=completion\n  precedent-cli judge --labels labels.csv --judge "
        "endpoint:llama3@http://localhost:8000/v1 --casebase demo.casebase\n  precedent-cli judge --casebase demo.casebase --evaluation "
        "eval-1");
    command->add_option("--labels", options->labels, "Judged answers")->type_name("FILE.csv");
    command->add_flag("--from-casebase", options->fromCasebase,
        "In place of --labels: what people said of the answers of the casebase's runs and evaluations");
    command
        ->add_option("--evaluation", options->evaluation,
            "In place of --labels: an evaluation of the casebase, whose judge is held against those who judged its answers blind")
        ->type_name("ID");
    command->add_option("--mode", options->mode, "Of the evaluation, the answers in this mode alone")
        ->check(CLI::IsMember({"none", "codes", "cases"}));
    addJudgeOptions(*command, options->judge, "Which judge (analysis unless named)");
    command
        ->add_option("--casebase", options->casebase,
            "Keeps what an endpoint answered or a model of this machine said, and asks nothing twice; finds run:RUN models")
        ->type_name("CASEBASE");
    command
        ->add_option("--map", options->map,
            "field=column for request, answer, label, type, group; judged=column holds verdicts of the file against the labels and asks no "
            "judge; may be given again")
        ->allow_extra_args(false);
    commands.on(
        command, [options](Context& context) { return judge(*options, context); }, [options] { return checkLine(*options); });
    addJudgeTrainCommand(*command, commands);
}

} // namespace precedent::cli
