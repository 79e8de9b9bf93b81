#include <filesystem>
#include <memory>

#include "app/cli/command.h"
#include "precedent/base/files.h"
#include "precedent/workspace/run_report.h"

namespace precedent::cli {
namespace {

struct ReportOptions {
    std::string path;
    std::string run;
    std::vector<std::string> evaluations;
    std::string out;
    int answers = 0;
    bool dryRun = false;
};

std::string checkLine(const ReportOptions& options)
{
    const std::string kind = std::filesystem::path(options.out).extension().string();
    if (kind != ".html" && kind != ".csv" && kind != ".json")
        return "--out " + options.out + " names no kind of report: end it in .html, .csv or .json.";
    return options.run.empty() == options.evaluations.empty()
        ? "A report is of a run or of evaluations: give either --run RUN or --evaluation ID."
        : "";
}

Result<Outcome> report(const ReportOptions& options)
{
    namespace fs = std::filesystem;
    const std::string kind = fs::path(options.out).extension().string();
    Result<std::unique_ptr<casebase::Casebase>> opened = casebase::Casebase::open(options.path, casebase::OpenMode::readOnly);
    if (!opened)
        return opened.error();
    const Result<workspace::ReportData> data = options.run.empty() ? workspace::gatherEvaluationReport(**opened, options.evaluations)
                                                                   : workspace::gatherRunReport(**opened, options.run, options.answers);
    if (!data)
        return data.error();
    const std::string bytes = kind == ".html" ? workspace::reportHtml(data.value())
        : kind == ".csv"                      ? workspace::reportCsv(data.value())
                                              : dumpJson(workspace::reportJson(data.value()), 2) + "\n";
    const std::string path = fs::absolute(options.out).lexically_normal().string();
    if (!options.dryRun)
        PRECEDENT_TRY(writeFileAtomically(path, bytes));
    return Outcome{
        {{"path", path}}, (options.dryRun ? "Would write " : "Wrote ") + path + " (" + std::to_string(bytes.size()) + " bytes).\n"};
}

} // namespace

void addReportCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<ReportOptions>();
    CLI::App* command = addCommand(app, "report", "Writes a run's before and after, or evaluations, as HTML, CSV or JSON",
        "report demo.casebase --run run-1 --out report.html");
    command->add_option("CASEBASE", options->path, "The casebase")->required();
    CLI::Option* run = command->add_option("--run", options->run, "Of this run")->type_name("RUN");
    command->add_option("--evaluation", options->evaluations, "Of these evaluations; may be given again")
        ->type_name("ID")
        ->allow_extra_args(false)
        ->excludes(run);
    command->add_option("--out", options->out, "FILE.html, .csv or .json")->required()->type_name("FILE");
    command
        ->add_option(
            "--answers", options->answers, "Changed answers to include from each suite and mode; texts are left out unless asked for")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str();
    command->add_flag("--dry-run", options->dryRun, "Write nothing");
    commands.on(
        command, [options](Context&) { return report(*options); }, [options] { return checkLine(*options); });
}

} // namespace precedent::cli
