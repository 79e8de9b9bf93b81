#include <cstdio>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "app/cli/progress.h"
#include "precedent/workspace/head_judge.h"
#include "precedent/workspace/judged_answers.h"

namespace precedent::cli {
namespace {

struct JudgeTrainOptions {
    std::vector<std::string> labels;
    std::string casebase;
    std::vector<std::string> map;
    bool fromCasebase = false;
    workspace::HeadOrder order; ///< but for the answers
    std::string out;
};

std::string checkLine(const JudgeTrainOptions& options)
{
    if (options.labels.empty() && !options.fromCasebase)
        return "Nothing to learn from is named: give --labels FILE.csv, or --casebase with --from-casebase.";
    if (options.fromCasebase && options.casebase.empty())
        return "--from-casebase needs --casebase.";
    if (fieldMap(options.map).count("judged") > 0)
        return "A head learns from labels alone: --map judged=COLUMN is for judge --labels.";
    return checkFieldMap(options.map);
}

Result<std::vector<workspace::LabelledAnswer>> answersOf(const JudgeTrainOptions& options, const casebase::Casebase* casebase)
{
    std::vector<workspace::LabelledAnswer> answers;
    for (const std::string& file : options.labels) {
        Result<std::vector<workspace::LabelledAnswer>> read = workspace::readLabelledAnswers(file, fieldMap(options.map));
        if (!read)
            return read.error();
        answers.insert(answers.end(), read->begin(), read->end());
    }
    if (options.fromCasebase) {
        Result<std::vector<workspace::LabelledAnswer>> judged = workspace::judgedAnswers(*casebase);
        if (!judged)
            return judged.error();
        if (judged->empty())
            return Error(ErrorCode::failedPrecondition, options.casebase + " holds no answer that a person has judged.",
                "Judge answers of runs or evaluations first, or learn from a file (--labels).");
        answers.insert(answers.end(), judged->begin(), judged->end());
    }
    return answers;
}

Result<Outcome> train(const JudgeTrainOptions& options, Context& context)
{
    const InterruptWatcher interrupt;
    std::unique_ptr<casebase::Casebase> casebase;
    if (!options.casebase.empty()) {
        auto opened = casebase::Casebase::open(options.casebase, casebase::OpenMode::readOnly);
        if (!opened)
            return opened.error();
        casebase = std::move(*opened);
    }
    Result<std::vector<workspace::LabelledAnswer>> answers = answersOf(options, casebase.get());
    if (!answers)
        return answers.error();
    workspace::HeadOrder order = options.order;
    order.answers = std::move(*answers);
    order.out = options.out;
    Progress progress("Reading answers", context.globals().quiet);
    const Result<workspace::HeadReport> report = workspace::trainHeadJudge(
        order, [&context] { return openEngine(context); }, casebase.get(),
        [&](std::size_t done, std::size_t total) { progress.update(static_cast<std::int64_t>(done), static_cast<std::int64_t>(total)); },
        interrupt.token());
    progress.finish();
    if (!report)
        return report.error();
    const workspace::HeadReport& head = report.value();
    char line[160];
    std::snprintf(line, sizeof line, "head:%s (%s), of %zu groups of requests, penalty %g\n", options.out.c_str(),
        head.hash.substr(0, 12).c_str(), head.groups, head.l2);
    Outcome outcome{{{"path", options.out}, {"judge_hash", head.hash}, {"groups", head.groups}, {"l2", head.l2},
                        {"held_out", workspace::toJson(head.heldOut)}, {"trained_on", workspace::toJson(head.trained)}},
        line + workspace::agreementTable({{"held out", head.heldOut}, {"learnt from", head.trained}}) +
            workspace::confusionTable(head.heldOut)};
    return outcome;
}

} // namespace

void addJudgeTrainCommand(CLI::App& group, Commands& commands)
{
    auto options = std::make_shared<JudgeTrainOptions>();
    CLI::App* command = addCommand(group, "train", "Trains a judge on answers that people have judged: a head over a frozen model's states",
        "judge train --model models/gemma-3-270m --labels labels.csv --out heads/first\n  precedent-cli judge --labels others.csv --judge "
        "head:heads/first");
    command->add_option("--model", options->order.model, "The model that reads the answers")->required()->type_name("MODEL");
    command->add_option("--labels", options->labels, "Judged answers; may be given again")->type_name("FILE.csv")->allow_extra_args(false);
    command->add_option("--map", options->map, "field=column for request, answer, label, type, group; may be given again")
        ->allow_extra_args(false);
    command->add_option("--casebase", options->casebase, "The casebase of --from-casebase, and of run:RUN models")->type_name("CASEBASE");
    command->add_flag("--from-casebase", options->fromCasebase, "Learn from what people said of the answers of its runs and evaluations");
    command->add_option("--out", options->out, "A folder that is not there yet")->required()->type_name("FOLDER");
    command->add_option("--held-out", options->order.heldOut, "Share of the groups of requests that the head is measured on")
        ->check(CLI::Range(0.01, 0.5))
        ->capture_default_str();
    command->add_option("--seed", options->order.seed, "Of the split")->capture_default_str();
    commands.on(
        command, [options](Context& context) { return train(*options, context); }, [options] { return checkLine(*options); });
}

} // namespace precedent::cli
