#include "precedent/workspace/run_notes.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "precedent/casebase/evaluation_store.h"
#include "precedent/workspace/folder_size.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_lock.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNotes = "notes";

Status removeRecords(casebase::Casebase& casebase, const RemovalPlan& plan, Removal what)
{
    for (const int step : plan.checkpoints)
        PRECEDENT_TRY(casebase.runs().removeCheckpoint(plan.run.id, step));
    for (const std::string& evaluation : plan.evaluations)
        PRECEDENT_TRY(casebase.evaluations().remove(evaluation));
    return what == Removal::allButLast ? Status() : casebase.runs().remove(plan.run.id);
}

} // namespace

Result<std::string> runNotes(const casebase::Casebase& casebase, const std::string& name)
{
    const Result<casebase::Run> run = casebase.runs().find(name);
    if (!run)
        return run.error();
    Result<std::string> notes = casebase.runs().inputs(run.value().id, kNotes);
    if (!notes && notes.error().code() == ErrorCode::notFound)
        return std::string();
    return notes;
}

Status setRunNotes(casebase::Casebase& casebase, const std::string& run, const std::string& notes)
{
    return casebase.runs().setInputs(run, kNotes, notes);
}

Status renameRun(casebase::Casebase& casebase, const std::string& run, const std::string& name)
{
    if (name.find_first_not_of(" \t\r\n") == std::string::npos)
        return Error(ErrorCode::invalidArgument, "A run's name needs a letter.", "Write what tells it from the others.");
    return casebase.transact([&]() -> Status {
        Result<casebase::Run> found = casebase.runs().find(run);
        if (!found)
            return found.error();
        found->name = name;
        return casebase.runs().update(*found);
    });
}

Result<RemovalPlan> planRemoval(const casebase::Casebase& casebase, const std::string& name, Removal what)
{
    Result<casebase::Run> run = casebase.runs().find(name);
    if (!run)
        return run.error();
    if (run->kept && what != Removal::allButLast)
        return Error(ErrorCode::failedPrecondition, "Run " + run->id + " is marked to be kept.", "Take the mark off first.");
    Result<std::vector<casebase::Checkpoint>> checkpoints = casebase.runs().checkpoints(run->id);
    if (!checkpoints)
        return checkpoints.error();
    if (what == Removal::allButLast && !checkpoints->empty())
        checkpoints->pop_back();
    RemovalPlan plan;
    plan.run = std::move(*run);
    for (const casebase::Checkpoint& checkpoint : *checkpoints) {
        plan.checkpoints.push_back(checkpoint.step);
        plan.folders.push_back(folderFromStored(casebase.path(), checkpoint.folder).string());
        plan.bytes += folderBytes(plan.folders.back());
    }
    if (what != Removal::allButLast) {
        const Result<std::vector<casebase::Evaluation>> evaluations = casebase.evaluations().ofRun(plan.run.id);
        if (!evaluations)
            return evaluations.error();
        for (const casebase::Evaluation& evaluation : evaluations.value())
            plan.evaluations.push_back(evaluation.id);
    }
    return plan;
}

Status removeRun(casebase::Casebase& casebase, const RemovalPlan& plan, Removal what)
{
    const fs::path runFolder = folderFromStored(casebase.path(), plan.run.folder);
    std::error_code ec;
    std::optional<RunLock> lock;
    if (fs::is_directory(runFolder, ec)) {
        // A run that some process still trains is not taken from under it.
        Result<RunLock> taken = RunLock::take(runFolder);
        if (!taken)
            return taken.error();
        lock.emplace(std::move(*taken));
    }
    // Records first: a folder that is left over is only lost space, a record without its folder is a broken promise.
    const Status removed = casebase.transact([&] { return removeRecords(casebase, plan, what); });
    if (!removed)
        return removed;
    if (what == Removal::recordOnly)
        return {};
    for (const std::string& folder : plan.folders) {
        fs::remove_all(folder, ec);
        if (ec)
            return errnoError(ec.value(), "remove", folder);
    }
    if (what == Removal::everything) {
        fs::remove(runFolder / ".lock", ec);
        fs::remove(runFolder / "manifest.json", ec);
        fs::remove(runFolder, ec);
    }
    return {};
}

} // namespace precedent::workspace
