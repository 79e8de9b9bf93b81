#include <filesystem>
#include <memory>

#include "app/cli/command.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/exporter.h"
#include "precedent/casebase/search.h"
#include "precedent/casebase/snapshot_store.h"
#include "precedent/workspace/freezer.h"
#include "precedent/workspace/sample_casebase.h"

namespace precedent::cli {
namespace {

namespace fs = std::filesystem;
using casebase::Casebase;
using casebase::OpenMode;
using workspace::grouped;

std::string countsText(const casebase::CasebaseInfo& info)
{
    return grouped(info.codes) + " codes, " + grouped(info.cases) + " cases, " + grouped(info.prompts) + " prompts, " +
        grouped(info.suites) + " suites";
}

void addNew(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string path;
        bool sample = false;
        std::uint64_t seed = 1;
        bool dryRun = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(group, "new", "Creates a casebase, empty or with the sample", "casebase new demo.casebase --sample");
    command->add_option("CASEBASE", options->path, "The file to create")->required();
    command->add_flag("--sample", options->sample, "Fill it with the sample's codes, cases, prompts and suites");
    command->add_option("--sample-seed", options->seed, "Which sample is drawn from the grammar")->capture_default_str();
    command->add_flag("--dry-run", options->dryRun, "Say what would be there; write nothing");
    commands.on(command, [options](Context&) -> Result<Outcome> {
        std::error_code ec;
        if (options->dryRun && fs::exists(options->path, ec))
            return Error(ErrorCode::alreadyExists, options->path + " is there already.", "Name another file, or remove that one first.");
        Result<std::unique_ptr<Casebase>> made = options->dryRun ? Casebase::createInMemory() : Casebase::create(options->path);
        if (!made)
            return made.error();
        if (options->sample) {
            if (const Status filled = workspace::fillWithSample(**made, options->seed); !filled) {
                made->reset();
                if (!options->dryRun)
                    fs::remove(options->path, ec);
                return filled.error();
            }
        }
        const Result<casebase::CasebaseInfo> info = (*made)->info();
        if (!info)
            return info.error();
        const std::string path = options->dryRun ? options->path : info.value().path;
        return Outcome{{{"path", path}, {"schema_version", info.value().schemaVersion}, {"codes", info.value().codes},
                           {"cases", info.value().cases}, {"prompts", info.value().prompts}, {"suites", info.value().suites}},
            (options->dryRun ? "Would create " : "Created ") + path + ": " + countsText(info.value()) + ".\n"};
    });
}

void addInfo(CLI::App& group, Commands& commands)
{
    auto path = std::make_shared<std::string>();
    CLI::App* command = addCommand(group, "info", "Counts what a casebase holds", "casebase info demo.casebase --json");
    command->add_option("CASEBASE", *path, "The casebase")->required();
    commands.on(command, [path](Context&) -> Result<Outcome> {
        Result<std::unique_ptr<Casebase>> opened = Casebase::open(*path, OpenMode::readOnly);
        if (!opened)
            return opened.error();
        const Result<casebase::CasebaseInfo> result = (*opened)->info();
        if (!result)
            return result.error();
        const casebase::CasebaseInfo& info = result.value();
        return Outcome{{{"path", info.path}, {"schema_version", info.schemaVersion}, {"codes", info.codes}, {"cases", info.cases},
                           {"prompts", info.prompts}, {"runs", info.runs}, {"suites", info.suites}, {"snapshots", info.snapshots},
                           {"evaluations", info.evaluations}, {"size_bytes", info.sizeBytes}},
            info.path + ": " + countsText(info) + ", " + grouped(info.runs) + " runs, " + grouped(info.snapshots) + " snapshots; " +
                grouped(info.sizeBytes) + " bytes, schema " + std::to_string(info.schemaVersion) + ".\n"};
    });
}

void addCheck(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string path;
        bool repair = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        addCommand(group, "check", "Checks pages, links, the audit chain and the search index", "casebase check demo.casebase");
    command->add_option("CASEBASE", options->path, "The casebase")->required();
    command->add_flag("--repair", options->repair, "Make again what can be made from the rest (the search index)");
    commands.on(command, [options](Context&) -> Result<Outcome> {
        Result<std::unique_ptr<Casebase>> opened =
            Casebase::open(options->path, options->repair ? OpenMode::readWrite : OpenMode::readOnly);
        if (!opened)
            return opened.error();
        const Result<std::vector<casebase::CheckProblem>> problems = (*opened)->check(options->repair);
        if (!problems)
            return problems.error();
        Outcome outcome;
        Json list = Json::array();
        bool ok = true;
        for (const casebase::CheckProblem& problem : problems.value()) {
            ok = ok && problem.repaired;
            list.push_back({{"kind", problem.kind}, {"id", problem.id}, {"message", problem.message}, {"repaired", problem.repaired}});
            outcome.text += problem.kind + (problem.id.empty() ? "" : " " + problem.id) + ": " + problem.message +
                (problem.repaired ? " (repaired)" : "") + "\n";
        }
        outcome.json = {{"ok", ok}, {"problems", list}};
        if (ok)
            outcome.text += problems.value().empty() ? "No problem found.\n" : "No problem left.\n";
        else
            outcome.text += grouped(static_cast<std::int64_t>(problems.value().size())) + " problems.\n";
        outcome.exitCode = ok ? 0 : 1;
        return outcome;
    });
}

void addCopy(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string path;
        std::string to;
        bool dryRun = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        addCommand(group, "copy", "A consistent copy, also while it is open", "casebase copy demo.casebase backup.casebase");
    command->add_option("CASEBASE", options->path, "The casebase")->required();
    command->add_option("DEST", options->to, "The copy; must not exist")->required();
    command->add_flag("--dry-run", options->dryRun, "Say what would be done; write nothing");
    commands.on(command, [options](Context&) -> Result<Outcome> {
        Result<std::unique_ptr<Casebase>> opened = Casebase::open(options->path, OpenMode::readOnly);
        if (!opened)
            return opened.error();
        const std::string to = fs::absolute(options->to).lexically_normal().string();
        if (options->dryRun)
            return Outcome{{{"path", to}}, "Would copy to " + to + ".\n"};
        PRECEDENT_TRY((*opened)->copyTo(options->to));
        return Outcome{{{"path", to}}, "Copied to " + to + ".\n"};
    });
}

void addSearch(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string path;
        std::string query;
        std::int64_t limit = 20;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        addCommand(group, "search", "Full text and field filters (code:S3 disposition:refuse status:approved tag:x source:y)",
            "casebase search demo.casebase 'fog code:S1' --limit 5");
    command->add_option("CASEBASE", options->path, "The casebase")->required();
    command->add_option("QUERY", options->query, "Words, \"exact phrases\" and field:value filters")->required();
    command->add_option("--limit", options->limit, "Hits shown at most")->check(CLI::Range(1, 1000000))->capture_default_str();
    commands.on(command, [options](Context&) -> Result<Outcome> {
        Result<std::unique_ptr<Casebase>> opened = Casebase::open(options->path, OpenMode::readOnly);
        if (!opened)
            return opened.error();
        const Result<casebase::SearchResult> found = casebase::searchAll(**opened, options->query, options->limit);
        if (!found)
            return found.error();
        Outcome outcome;
        Json hits = Json::array();
        for (const casebase::SearchHit& hit : found.value().hits) {
            hits.push_back({{"id", hit.id}, {"kind", hit.kind}, {"title", hit.title}, {"snippet", hit.snippet}, {"score", hit.score}});
            outcome.text += hit.kind + " " + hit.id + ": " + hit.snippet + "\n";
        }
        outcome.text += grouped(found.value().total) + " found.\n";
        outcome.json = {{"total", found.value().total}, {"hits", hits}};
        return outcome;
    });
}

void addExport(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string path;
        std::string to;
        std::string format;
        bool dryRun = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        addCommand(group, "export", "Writes codes, cases, prompts and suites", "casebase export demo.casebase out --format folder");
    command->add_option("CASEBASE", options->path, "The casebase")->required();
    command->add_option("DEST", options->to, "Where to")->required();
    command->add_option("--format", options->format, "How")->required()->check(CLI::IsMember({"folder", "jsonl", "csv"}));
    command->add_flag("--dry-run", options->dryRun, "Say what would be written; write nothing");
    commands.on(command, [options](Context&) -> Result<Outcome> {
        Result<std::unique_ptr<Casebase>> opened = Casebase::open(options->path, OpenMode::readOnly);
        if (!opened)
            return opened.error();
        if (options->dryRun) {
            const Result<casebase::CasebaseInfo> info = (*opened)->info();
            const Result<casebase::SnapshotInfo> present = (*opened)->snapshots().present();
            if (!info || !present)
                return info.ok() ? present.error() : info.error();
            const std::int64_t n = info.value().codes + info.value().cases + info.value().prompts + info.value().suites;
            return Outcome{{{"written", n}, {"path", options->to}, {"snapshot", present.value().hash}},
                "Would write " + countsText(info.value()) + ".\n"};
        }
        const Result<casebase::ExportResult> written =
            casebase::exportCasebase(**opened, options->to, *casebase::exportFormatFromString(options->format));
        if (!written)
            return written.error();
        return Outcome{{{"written", written.value().written}, {"path", written.value().path}, {"snapshot", written.value().snapshot}},
            "Wrote " + grouped(written.value().written) + " entries to " + written.value().path + " (state " +
                written.value().snapshot.substr(0, 12) + ").\n"};
    });
}

void addSnapshot(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string path;
        bool dryRun = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(group, "snapshot", "Freezes the present state under its hash", "casebase snapshot demo.casebase");
    command->add_option("CASEBASE", options->path, "The casebase")->required();
    command->add_flag("--dry-run", options->dryRun, "Give the hash; store nothing");
    commands.on(command, [options](Context&) -> Result<Outcome> {
        Result<std::unique_ptr<Casebase>> opened =
            Casebase::open(options->path, options->dryRun ? OpenMode::readOnly : OpenMode::readWrite);
        if (!opened)
            return opened.error();
        const Result<casebase::SnapshotInfo> taken = options->dryRun ? (*opened)->snapshots().present() : (*opened)->snapshots().take();
        if (!taken)
            return taken.error();
        return Outcome{{{"snapshot", taken.value().hash}, {"codes", taken.value().codes}, {"cases", taken.value().cases},
                           {"prompts", taken.value().prompts}},
            taken.value().hash + "\n"};
    });
}

} // namespace

void addCasebaseCommands(CLI::App& app, Commands& commands)
{
    CLI::App* group = addCommand(app, "casebase", "Codes, cases, prompts and suites in one file", "casebase info demo.casebase");
    group->require_subcommand(1);
    addNew(*group, commands);
    addInfo(*group, commands);
    addCheck(*group, commands);
    addCopy(*group, commands);
    addImportCommand(*group, commands);
    addSearch(*group, commands);
    addExport(*group, commands);
    addSnapshot(*group, commands);
}

} // namespace precedent::cli
