#include "precedent/workspace/checkpoint_pruning.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "precedent/base/json.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/workspace/model_registry.h"
#include "precedent/workspace/run_alarms.h"
#include "precedent/workspace/run_folders.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPruned = ".pruned-";
constexpr const char* kCheckpoint = "checkpoint-";
constexpr std::string_view kRunPrefix = "run:";

fs::path settled(const fs::path& path)
{
    std::error_code ec;
    fs::path whole = fs::weakly_canonical(path, ec);
    if (ec)
        whole = path.lexically_normal();
    return whole.filename().empty() ? whole.parent_path() : whole;
}

/// The checkpoints of one run that others were made from, by what they are referred to as.
class References {
public:
    References(const casebase::Casebase& casebase, const casebase::Run& run, const std::vector<casebase::Checkpoint>& checkpoints)
        : m_run(run)
    {
        for (const casebase::Checkpoint& checkpoint : checkpoints)
            m_steps[settled(folderFromStored(casebase.path(), checkpoint.folder))] = checkpoint.step;
    }

    /// `reference`: run:RUN@STEP, or a folder in or at the checkpoint's.
    void hold(const std::string& reference, const std::string& why)
    {
        if (reference.rfind(kRunPrefix, 0) == 0) {
            const std::string of = reference.substr(kRunPrefix.size());
            const std::size_t at = of.rfind('@');
            if (at != std::string::npos && (of.substr(0, at) == m_run.id || of.substr(0, at) == m_run.name))
                m_held.emplace(std::atoi(of.c_str() + at + 1), why);
            return;
        }
        if (reference.empty() || !fs::path(reference).is_absolute())
            return;
        for (fs::path path = settled(reference); path.has_relative_path(); path = path.parent_path()) {
            if (const auto found = m_steps.find(path); found != m_steps.end())
                m_held.emplace(found->second, why);
        }
    }
    void hold(int step, const std::string& why) { m_held.emplace(step, why); }

    /// Empty where nothing holds it.
    [[nodiscard]] std::string why(int step) const
    {
        const auto found = m_held.find(step);
        return found == m_held.end() ? std::string() : found->second;
    }

private:
    const casebase::Run& m_run;
    std::map<fs::path, int> m_steps;
    std::map<int, std::string> m_held;
};

Status addRuns(const casebase::Casebase& casebase, const casebase::Run& run, References& references)
{
    const Result<std::vector<casebase::Run>> all = casebase.runs().all();
    if (!all)
        return all.error();
    for (const casebase::Run& other : all.value()) {
        if (other.id == run.id)
            continue;
        const std::string why = "run " + other.id + " goes on from it";
        references.hold(other.model, why);
        // run:RUN without a step was the last checkpoint of its day: what it froze says which.
        if (other.model != std::string(kRunPrefix) + run.id && other.model != std::string(kRunPrefix) + run.name)
            continue;
        const Result<std::string> inputs = casebase.runs().inputs(other.id, "inputs");
        if (!inputs)
            return inputs.error();
        const Result<Json> json = parseJson(inputs.value(), "what run " + other.id + " froze");
        if (!json)
            return json.error();
        const fs::path then = json.value().value("output_folder", std::string());
        const fs::path now = folderFromStored(casebase.path(), other.folder);
        references.hold(movedAlong(json.value().value("model_folder", std::string()), then, now).string(), why);
    }
    return {};
}

Status addEvaluations(const casebase::Casebase& casebase, References& references)
{
    const Result<std::vector<casebase::Evaluation>> all = casebase.evaluations().all();
    if (!all)
        return all.error();
    for (const casebase::Evaluation& evaluation : all.value()) {
        const Result<Json> spec = parseJson(evaluation.specJson, "evaluation " + evaluation.id);
        if (!spec || !spec.value().is_object())
            continue;
        for (const char* key : {"model", "adapter", "checkpoint"}) {
            if (const auto found = spec.value().find(key); found != spec.value().end() && found->is_string())
                references.hold(found->get<std::string>(), "evaluation " + evaluation.id + " measured it");
        }
    }
    return {};
}

Status addModels(References& references)
{
    const Result<std::vector<RegisteredModel>> models = ModelRegistry().list();
    if (!models)
        return models.error();
    for (const RegisteredModel& model : models.value())
        references.hold(model.folder.string(), "the model " + model.name + " is it");
    return {};
}

Status addAlarms(const casebase::Casebase& casebase, const casebase::Run& run, const std::vector<casebase::Checkpoint>& checkpoints,
    References& references)
{
    const Result<std::vector<Alarm>> alarms = alarmsOf(casebase, run.id);
    if (!alarms)
        return alarms.error();
    for (const Alarm& alarm : alarms.value()) {
        if (!alarm.stops && alarm.to < run.stepsDone)
            continue;
        for (auto checkpoint = checkpoints.rbegin(); checkpoint != checkpoints.rend(); ++checkpoint) {
            if (checkpoint->step < alarm.from - 1) { // a step's figures are of the weights before it
                references.hold(checkpoint->step, std::string("it is the last before ") + core::toString(alarm.kind));
                break;
            }
        }
    }
    return {};
}

/// Folders whose record is gone: renamed ones, and checkpoints older than the newest that is recorded.
Status removeLeftOvers(const casebase::Casebase& casebase, const casebase::Run& run, const std::vector<casebase::Checkpoint>& recorded)
{
    std::set<fs::path> known;
    for (const casebase::Checkpoint& checkpoint : recorded)
        known.insert(settled(folderFromStored(casebase.path(), checkpoint.folder)));
    std::vector<fs::path> leftOver;
    std::error_code ec;
    for (const fs::directory_entry& entry : fs::directory_iterator(folderFromStored(casebase.path(), run.folder), ec)) {
        const std::string name = entry.path().filename().string();
        const bool old = name.rfind(kCheckpoint, 0) == 0 && !recorded.empty() && known.count(settled(entry.path())) == 0 &&
            std::atoi(name.c_str() + std::char_traits<char>::length(kCheckpoint)) < recorded.back().step;
        if (old || name.rfind(kPruned, 0) == 0)
            leftOver.push_back(entry.path());
    }
    for (const fs::path& folder : leftOver) {
        fs::remove_all(folder, ec);
        if (ec)
            return errnoError(ec.value(), "remove", folder.string());
    }
    return {};
}

} // namespace

Result<PruningPlan> planPruning(const casebase::Casebase& casebase, const std::string& name, int limit)
{
    PruningPlan plan;
    const Result<casebase::Run> run = casebase.runs().find(name);
    if (!run)
        return run.error();
    const Result<std::vector<casebase::Checkpoint>> recorded = casebase.runs().checkpoints(run.value().id);
    if (!recorded)
        return recorded.error();
    const std::vector<casebase::Checkpoint>& checkpoints = recorded.value();
    if (limit <= 0 || run.value().kept || checkpoints.size() <= static_cast<std::size_t>(limit))
        return plan;
    References references(casebase, run.value(), checkpoints);
    PRECEDENT_TRY(addRuns(casebase, run.value(), references));
    PRECEDENT_TRY(addEvaluations(casebase, references));
    PRECEDENT_TRY(addModels(references));
    PRECEDENT_TRY(addAlarms(casebase, run.value(), checkpoints, references));
    std::error_code ec;
    const auto onDisk = [&](const casebase::Checkpoint& c) { return fs::exists(folderFromStored(casebase.path(), c.folder), ec); };
    if (const auto newest = std::find_if(checkpoints.rbegin(), checkpoints.rend(), onDisk); newest != checkpoints.rend())
        references.hold(newest->step, "it is the newest on disk");
    for (std::size_t i = 0; i + static_cast<std::size_t>(limit) < checkpoints.size(); ++i) {
        if (std::string why = references.why(checkpoints[i].step); !why.empty())
            plan.held.emplace_back(checkpoints[i].step, std::move(why));
        else
            plan.remove.push_back(checkpoints[i]);
    }
    return plan;
}

Result<PruningPlan> pruneCheckpoints(casebase::Casebase& casebase, const std::string& name, int limit)
{
    Result<PruningPlan> plan = planPruning(casebase, name, limit);
    if (!plan || limit <= 0)
        return plan;
    const Result<casebase::Run> run = casebase.runs().find(name);
    if (!run)
        return run.error();
    std::error_code ec;
    for (const casebase::Checkpoint& checkpoint : plan->remove) {
        PRECEDENT_TRY(casebase.runs().removeCheckpoint(run.value().id, checkpoint.step));
        const fs::path folder = folderFromStored(casebase.path(), checkpoint.folder);
        const fs::path aside = folder.parent_path() / (kPruned + folder.filename().string());
        fs::remove_all(aside, ec);
        fs::rename(folder, aside, ec);
        if (const int failed = ec.value(); failed != 0 && fs::exists(folder, ec))
            return errnoError(failed, "rename", folder.string());
        fs::remove_all(aside, ec);
        if (ec)
            return errnoError(ec.value(), "remove", aside.string());
    }
    const Result<std::vector<casebase::Checkpoint>> left = casebase.runs().checkpoints(run.value().id);
    if (!left)
        return left.error();
    PRECEDENT_TRY(removeLeftOvers(casebase, run.value(), left.value()));
    return plan;
}

} // namespace precedent::workspace
