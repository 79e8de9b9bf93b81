#include "precedent/workspace/lineage.h"

#include <algorithm>

#include "precedent/align/run_spec_json.h"
#include "precedent/base/json.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/casebase_recorder.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRunPrefix = "run:";
/// Longer chains of runs than this are a loop in a damaged casebase.
constexpr std::size_t kMostRuns = 64;

/// The run and step whose checkpoint lies in `folder`.
Status findCheckpoint(const casebase::Casebase& casebase, const fs::path& folder, Lineage& lineage)
{
    const Result<std::vector<casebase::Run>> runs = casebase.runs().all();
    if (!runs)
        return runs.error();
    for (const casebase::Run& run : runs.value()) {
        const Result<std::vector<casebase::Checkpoint>> checkpoints = casebase.runs().checkpoints(run.id);
        if (!checkpoints)
            return checkpoints.error();
        for (const casebase::Checkpoint& checkpoint : checkpoints.value()) {
            std::error_code ec;
            if (fs::equivalent(folderFromStored(casebase.path(), checkpoint.folder), folder, ec)) {
                lineage.run = run.id;
                lineage.step = checkpoint.step;
                return {};
            }
        }
    }
    return {};
}

/// The run of "run:RUN[@STEP]"; empty for any other model.
std::string runNamed(const std::string& model)
{
    if (model.rfind(kRunPrefix, 0) != 0)
        return {};
    const std::string reference = model.substr(kRunPrefix.size());
    return reference.substr(0, reference.rfind('@'));
}

bool isStarter(const std::string& base)
{
    const Result<ModelSource> source = resolveModel(base);
    return source.ok() && isStarterModel(source.value().folder);
}

} // namespace

Result<Lineage> lineageOf(const casebase::Casebase& casebase, const ModelSource& source)
{
    Lineage lineage;
    lineage.run = source.run;
    lineage.step = source.checkpoint;
    lineage.base = source.name;
    if (lineage.run.empty())
        PRECEDENT_TRY(findCheckpoint(casebase, source.adapter.empty() ? source.folder : fs::path(source.adapter), lineage));
    std::string next = lineage.run;
    while (!next.empty() && lineage.runs.size() < kMostRuns) {
        const Result<casebase::Run> run = casebase.runs().find(next);
        if (!run) {
            if (run.error().code() == ErrorCode::notFound)
                break;
            return run.error();
        }
        const Result<Json> json = parseJson(run.value().specJson, "run " + next);
        if (!json)
            return json.error();
        Result<core::RunSpec> spec = align::runSpecFromJson(json.value(), core::RunSpec{});
        if (!spec)
            return spec.error();
        lineage.base = spec->model;
        next = runNamed(lineage.base);
        lineage.runs.push_back(std::move(*spec));
    }
    lineage.ofStarter = isStarter(lineage.base);
    return lineage;
}

// Every part of a reward hangs on the judge's verdict: style is paid only where the disposition is right (Rule 1).
bool wasPaid(const core::RunSpec& spec, const AnswerJudge& judge)
{
    if (spec.control == core::Control::randomRewards || !core::drawsCompletions(spec))
        return false;
    return spec.rewardJudgeHash.empty() ? judge.paysReward() : spec.rewardJudgeHash == judge.hash();
}

bool wasPaid(const Lineage& lineage, const AnswerJudge& judge)
{
    return std::any_of(lineage.runs.begin(), lineage.runs.end(), [&](const core::RunSpec& spec) { return wasPaid(spec, judge); });
}

} // namespace precedent::workspace
