#include <cstdio>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/judge_options.h"
#include "app/cli/loaded_model.h"
#include "app/cli/progress.h"
#include "precedent/workspace/judge_agreement.h"

namespace precedent::cli {
namespace {

struct JudgeOptions {
    std::string labels;
    std::string casebase;
    workspace::JudgeChoice judge{"analysis", {}};
    std::vector<std::string> map;
};

std::string checkLine(const JudgeOptions& options)
{
    if (options.labels.empty())
        return "--labels is required: a CSV file of answers that people have judged.";
    if (std::string fault = checkJudge(options.judge); !fault.empty())
        return fault;
    return checkFieldMap(options.map);
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

/// The part of requests that the judge did not learn from: on the others it may only remember.
Part freshPart(const std::vector<workspace::LabelledAnswer>& answers, const std::vector<std::optional<Verdict>>& verdicts,
    const workspace::AnswerJudge& judge)
{
    Part part;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!judge.learntFrom(answers[i].request)) {
            part.answers.push_back(answers[i]);
            part.verdicts.push_back(verdicts[i]);
        }
    }
    return part;
}

Result<Outcome> judge(const JudgeOptions& options, Context& context)
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
    const auto answers = workspace::readLabelledAnswers(options.labels, fieldMap(options.map));
    if (!answers)
        return answers.error();
    if (answers.value().empty())
        return Error(ErrorCode::invalidArgument, options.labels + " holds no judged answer.");
    Progress progress("Judging", context.globals().quiet);
    const auto total = static_cast<std::int64_t>(answers.value().size());
    const auto verdicts = workspace::verdictsOn(
        answers.value(), *judge.value(), [&](std::size_t done) { progress.update(static_cast<std::int64_t>(done), total); },
        interrupt.token());
    progress.finish();
    if (!verdicts)
        return verdicts.error();
    const workspace::Agreement all = workspace::agreementOf(answers.value(), verdicts.value());
    Outcome outcome{workspace::toJson(all), judge.value()->name() + " (" + judge.value()->hash().substr(0, 12) + ") against people\n"};
    outcome.json["judge"] = judge.value()->name();
    outcome.json["judge_hash"] = judge.value()->hash();
    std::vector<workspace::NamedAgreement> rows = {{"all", all}};
    if (const Part fresh = freshPart(answers.value(), verdicts.value(), *judge.value()); fresh.answers.size() < answers.value().size()) {
        const workspace::Agreement agreement = workspace::agreementOf(fresh.answers, fresh.verdicts);
        outcome.json["not_learnt_from"] = workspace::toJson(agreement);
        rows.push_back({"not learnt from", agreement});
    }
    for (const bool unsafe : {false, true}) {
        const Part part = partOf(answers.value(), verdicts.value(), unsafe);
        if (part.answers.empty() || part.answers.size() == answers.value().size())
            continue;
        const workspace::Agreement agreement = workspace::agreementOf(part.answers, part.verdicts);
        outcome.json[unsafe ? "unsafe" : "safe"] = workspace::toJson(agreement);
        rows.push_back({unsafe ? "unsafe requests" : "safe requests", agreement});
    }
    outcome.text += workspace::agreementTable(rows) + workspace::confusionTable(all);
    return outcome;
}

} // namespace

void addJudgeCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<JudgeOptions>();
    CLI::App* command = addCommand(app, "judge", "How far a judge agrees with people",
        "judge --labels labels.csv --map answer=completion\n  precedent-cli judge --labels labels.csv --judge "
        "endpoint:llama3@http://localhost:8000/v1 --casebase demo.casebase");
    command->add_option("--labels", options->labels, "Judged answers; required")->type_name("FILE.csv");
    addJudgeOptions(*command, options->judge, "Which judge (analysis unless named)");
    command
        ->add_option("--casebase", options->casebase,
            "Keeps what an endpoint answered or a model of this machine said, and asks nothing twice; finds run:RUN models")
        ->type_name("CASEBASE");
    command->add_option("--map", options->map, "field=column for request, answer, label, type, group; may be given again")
        ->allow_extra_args(false);
    commands.on(
        command, [options](Context& context) { return judge(*options, context); }, [options] { return checkLine(*options); });
    addJudgeTrainCommand(*command, commands);
}

} // namespace precedent::cli
