#include <cstdio>
#include <memory>

#include "app/cli/command.h"
#include "precedent/workspace/judge_agreement.h"

namespace precedent::cli {
namespace {

struct JudgeOptions {
    std::string labels;
    std::string judge = "analysis";
    std::vector<std::string> map;
};

std::string agreementText(const std::string& title, const workspace::Agreement& a)
{
    char text[200];
    std::snprintf(text, sizeof text,
        "%s: n %zu, accuracy %.3f, kappa %.3f, recall of full refusals %.3f (%zu), partial %.3f (%zu), none %.3f (%zu)\n", title.c_str(),
        a.n, a.accuracy, a.kappa, a.recall(Verdict::refuse), a.count(Verdict::refuse), a.recall(Verdict::safeComplete),
        a.count(Verdict::safeComplete), a.recall(Verdict::comply), a.count(Verdict::comply));
    return text;
}

Result<Outcome> judge(const JudgeOptions& options)
{
    const Result<std::unique_ptr<workspace::AnswerJudge>> judge = workspace::judgeFor(options.judge, false);
    if (!judge)
        return judge.error();
    const auto answers = workspace::readLabelledAnswers(options.labels, fieldMap(options.map));
    if (!answers)
        return answers.error();
    if (answers.value().empty())
        return Error(ErrorCode::invalidArgument, options.labels + " holds no judged answer.");
    const workspace::Agreement all = workspace::agreementOf(answers.value(), *judge.value());
    Outcome outcome{workspace::toJson(all), agreementText("all", all)};
    outcome.json["judge"] = judge.value()->name();
    outcome.json["judge_hash"] = judge.value()->hash();
    for (const bool unsafe : {false, true}) {
        std::vector<workspace::LabelledAnswer> part;
        for (const workspace::LabelledAnswer& answer : answers.value()) {
            if (answer.unsafe == unsafe)
                part.push_back(answer);
        }
        if (part.empty() || part.size() == answers.value().size())
            continue;
        const workspace::Agreement agreement = workspace::agreementOf(part, *judge.value());
        outcome.json[unsafe ? "unsafe" : "safe"] = workspace::toJson(agreement);
        outcome.text += agreementText(unsafe ? "unsafe requests" : "safe requests", agreement);
    }
    return outcome;
}

} // namespace

void addJudgeCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<JudgeOptions>();
    CLI::App* command = addCommand(app, "judge", "How far a judge agrees with people", "judge --labels labels.csv --map answer=completion");
    command->add_option("--labels", options->labels, "Judged answers")->required()->type_name("FILE.csv");
    command->add_option("--judge", options->judge, "Which judge")->check(CLI::IsMember({"analysis", "grammar"}))->capture_default_str();
    command->add_option("--map", options->map, "field=column for request, answer, label, type; may be given again")
        ->allow_extra_args(false);
    commands.on(
        command, [options](Context&) { return judge(*options); }, [options] { return checkFieldMap(options->map); });
}

} // namespace precedent::cli
