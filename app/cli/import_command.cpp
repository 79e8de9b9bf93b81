#include <filesystem>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/progress.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/importer.h"
#include "precedent/workspace/disposition_deriver.h"
#include "precedent/workspace/freezer.h"

namespace precedent::cli {
namespace {

using workspace::grouped;

constexpr std::size_t kRejectedLinesShown = 20;

struct ImportLine {
    std::string path;
    std::vector<std::string> files;
    std::string as;
    std::string label;
    std::vector<std::string> map;
    std::string duplicates = "skip";
    std::string suite;
    std::string role;
    bool strict = false;
    bool dryRun = false;
};

casebase::ImportOptions importOptions(const ImportLine& options)
{
    casebase::ImportOptions how;
    if (!options.as.empty())
        how.as = casebase::importTargetFromString(options.as);
    if (!options.label.empty())
        how.label = promptLabelFromString(options.label);
    how.map = fieldMap(options.map);
    how.duplicates = casebase::duplicatesFromString(options.duplicates).value_or(casebase::Duplicates::skip);
    how.suite = options.suite;
    if (!options.role.empty())
        how.suiteRole = casebase::suiteRoleFromString(options.role);
    how.strict = options.strict;
    how.dryRun = options.dryRun;
    how.disposition = workspace::analysisDeriver();
    return how;
}

Outcome outcomeOf(const casebase::ImportResult& result, const ImportLine& options)
{
    Outcome outcome;
    Json rejected = Json::array(), suites = Json::array();
    for (const casebase::RejectedRow& row : result.rejected) {
        rejected.push_back({{"file", row.file}, {"row", row.row}, {"column", row.column}, {"reason", row.reason}});
        if (rejected.size() <= kRejectedLinesShown)
            outcome.text += row.file + " row " + std::to_string(row.row) + (row.column.empty() ? "" : ", column " + row.column) + ": " +
                row.reason + "\n";
    }
    outcome.json = {{"imported", result.imported}, {"updated", result.updated}, {"skipped", result.skipped}, {"derived", result.derived},
        {"rejected", rejected}, {"rejected_total", result.rejectedTotal}, {"codes_made", result.codesMade},
        {"recognised", result.recognised}, {"stored", result.stored}};
    for (std::size_t i = 0; i < result.recognised.size() && i < options.files.size(); ++i)
        outcome.text += options.files[i] + " was read as " + result.recognised[i] + ".\n";
    outcome.text += (result.stored           ? "Imported "
                            : options.dryRun ? "Would import "
                                             : "Nothing stored; would have imported ") +
        grouped(result.imported) + ", updated " + grouped(result.updated) + ", skipped " + grouped(result.skipped) +
        " that were there, rejected " + grouped(result.rejectedTotal) + "; " + grouped(result.derived) + " rows have derived fields.\n";
    for (const casebase::JoinedSuite& suite : result.suites) {
        suites.push_back({{"name", suite.name}, {"role", casebase::toString(suite.role)}, {"added", suite.added}});
        outcome.text += "Suite \"" + suite.name + "\": " + grouped(suite.added) + " prompts added. It is " +
            (suite.role == casebase::SuiteRole::sealed ? "sealed: its prompts are for figures, and what overlaps them is not trained on.\n"
                                                       : "a working suite: its prompts may be trained on.\n");
    }
    outcome.json["suites"] = std::move(suites);
    const bool tookNone = result.imported + result.updated + result.skipped == 0;
    outcome.exitCode = tookNone || (options.strict && result.rejectedTotal > 0) ? 1 : 0;
    return outcome;
}

Result<Outcome> runImport(const ImportLine& options, Context& context)
{
    casebase::ImportOptions how = importOptions(options);
    // A dry run works on a copy: it may be had of a casebase that is only to be read, and keeps no writer waiting.
    Result<std::unique_ptr<casebase::Casebase>> opened = options.dryRun
        ? casebase::Casebase::openScratch(options.path)
        : casebase::Casebase::open(options.path, casebase::OpenMode::readWrite);
    if (!opened)
        return opened.error();
    const InterruptWatcher interrupt;
    Progress progress("Import", context.globals().quiet);
    how.stop = interrupt.token();
    how.onProgress = [&](const casebase::ImportProgress& p) { progress.update(p.bytes, p.fileBytes, grouped(p.rows) + " rows"); };
    casebase::Importer importer(**opened, std::move(how));
    const std::vector<std::filesystem::path> files(options.files.begin(), options.files.end());
    const Result<casebase::ImportResult> result = importer.import(files);
    progress.finish();
    if (!result)
        return result.error();
    return outcomeOf(result.value(), options);
}

} // namespace

void addImportCommand(CLI::App& group, Commands& commands)
{
    auto options = std::make_shared<ImportLine>();
    CLI::App* command = addCommand(group, "import", "Reads CSV, TSV, JSON or JSONL; known data sets are recognised by their columns",
        "casebase import demo.casebase cases.csv --as cases --map request=question --map answer=response");
    command->add_option("CASEBASE", options->path, "The casebase")->required();
    command->add_option("FILE", options->files, "The files")->required();
    command->add_option("--as", options->as, "What the rows are")->check(CLI::IsMember({"cases", "prompts", "codes", "suite"}));
    command->add_option("--label", options->label, "Label of rows that bring none")
        ->check(CLI::IsMember({"harmful", "benign", "attack", "utility"}));
    command->add_option("--map", options->map, "field=column; may be given again")->allow_extra_args(false);
    command->add_option("--duplicates", options->duplicates, "What to do with rows that are there already")
        ->check(CLI::IsMember({"skip", "update", "keep"}))
        ->capture_default_str();
    command->add_option("--suite", options->suite, "Also add the prompts to this suite, made if missing")->type_name("NAME");
    command
        ->add_option("--role", options->role,
            "Of that suite: sealed (for figures, kept out of training) or working (may be trained on); else a new one is sealed")
        ->check(CLI::IsMember({"sealed", "working"}));
    command->add_flag("--strict", options->strict, "One rejected row: nothing is stored");
    command->add_flag("--dry-run", options->dryRun, "Count and report; store nothing");
    commands.on(
        command, [options](Context& context) { return runImport(*options, context); }, [options] { return checkFieldMap(options->map); });
}

} // namespace precedent::cli
