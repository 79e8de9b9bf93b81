#include "precedent/workspace/lineage.h"

#include <algorithm>

#include "precedent/align/run_spec_json.h"
#include "precedent/base/json.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/export_provenance.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRunPrefix = "run:";
/// Longer chains of runs than this are a loop in a damaged casebase.
constexpr std::size_t kMostRuns = 64;

/// A checkpoint of the casebase; `run` is empty for none.
struct CheckpointPlace {
    std::string run;
    int step = 0;
};

/// The checkpoint that lies in `folder`.
Result<CheckpointPlace> checkpointIn(const casebase::Casebase& casebase, const fs::path& folder)
{
    if (folder.empty())
        return CheckpointPlace{};
    const Result<std::vector<casebase::Run>> runs = casebase.runs().all();
    if (!runs)
        return runs.error();
    for (const casebase::Run& run : runs.value()) {
        const Result<std::vector<casebase::Checkpoint>> checkpoints = casebase.runs().checkpoints(run.id);
        if (!checkpoints)
            return checkpoints.error();
        for (const casebase::Checkpoint& checkpoint : checkpoints.value()) {
            std::error_code ec;
            if (fs::equivalent(folderFromStored(casebase.path(), checkpoint.folder), folder, ec))
                return CheckpointPlace{run.id, checkpoint.step};
        }
    }
    return CheckpointPlace{};
}

/// The run of "run:RUN[@STEP]"; empty for any other model.
std::string runNamed(const std::string& model)
{
    if (model.rfind(kRunPrefix, 0) != 0)
        return {};
    const std::string reference = model.substr(kRunPrefix.size());
    return reference.substr(0, reference.rfind('@'));
}

fs::path placeOf(const std::string& model)
{
    const Result<ModelSource> source = resolveModel(model);
    return source.ok() ? source.value().folder : fs::path();
}

/// Goes from a model to what it was made from, again and again.
class Tracer {
public:
    Tracer(const casebase::Casebase& casebase, Lineage& lineage)
        : m_casebase(casebase)
        , m_lineage(lineage)
    {
    }

    /// The run of this casebase that made the model and, from run to run, what they began with.
    Status throughRuns(std::string next)
    {
        while (!next.empty() && goesOn()) {
            const Result<casebase::Run> run = m_casebase.runs().find(next);
            if (!run)
                return run.error().code() == ErrorCode::notFound ? Status() : run.error();
            const Result<Json> json = parseJson(run.value().specJson, "run " + next);
            if (!json)
                return json.error();
            Result<core::RunSpec> spec = align::runSpecFromJson(json.value(), core::RunSpec{});
            if (!spec)
                return spec.error();
            m_lineage.base = spec->model;
            next = runNamed(m_lineage.base);
            m_lineage.runs.push_back(std::move(*spec));
        }
        return next.empty() ? throughFiles(placeOf(m_lineage.base)) : Status();
    }

    /// What the files beside exports say, until one was made of a checkpoint of this casebase.
    Status throughFiles(fs::path place)
    {
        while (!place.empty() && goesOn()) {
            const Result<CheckpointPlace> here = checkpointIn(m_casebase, place);
            if (!here)
                return here.error();
            if (!here->run.empty())
                return throughRuns(here->run);
            const std::optional<ExportOrigin> origin = exportOrigin(place);
            if (!origin)
                return {};
            // Paths are of the machine that wrote them; what they name may have gone.
            const Result<CheckpointPlace> own = checkpointIn(m_casebase, origin->adapter.empty() ? origin->base : origin->adapter);
            if (!own)
                return own.error();
            if (!own->run.empty())
                return throughRuns(own->run);
            const std::string named = origin->spec ? origin->spec->model : origin->model;
            const bool ofOtherCasebase = !runNamed(named).empty(); // whose numbers say nothing here
            m_lineage.base = ofOtherCasebase || named.empty() ? origin->base.string() : named;
            if (origin->spec)
                m_lineage.runs.push_back(*origin->spec);
            const bool baseIsBelow = !origin->spec || !origin->adapter.empty();
            place = baseIsBelow && !origin->base.empty() ? origin->base : placeOf(m_lineage.base);
        }
        return {};
    }

private:
    bool goesOn() { return ++m_hops < kMostRuns; }

    const casebase::Casebase& m_casebase;
    Lineage& m_lineage;
    std::size_t m_hops = 0;
};

bool isPaid(const core::RunSpec& spec) { return spec.control != core::Control::randomRewards && core::drawsCompletions(spec); }

} // namespace

Result<Lineage> lineageOf(const casebase::Casebase& casebase, const ModelSource& source)
{
    Lineage lineage;
    lineage.run = source.run;
    lineage.step = source.checkpoint;
    lineage.base = source.name;
    const fs::path place = source.adapter.empty() ? source.folder : fs::path(source.adapter);
    if (lineage.run.empty()) {
        const Result<CheckpointPlace> checkpoint = checkpointIn(casebase, place);
        if (!checkpoint)
            return checkpoint.error();
        lineage.run = checkpoint->run;
        lineage.step = checkpoint->step;
    }
    Tracer tracer(casebase, lineage);
    if (!lineage.run.empty()) {
        PRECEDENT_TRY(tracer.throughRuns(lineage.run));
    } else {
        PRECEDENT_TRY(tracer.throughFiles(place));
        if (!source.adapter.empty())
            PRECEDENT_TRY(tracer.throughFiles(source.folder));
    }
    for (const fs::path& weights : {placeOf(lineage.base), source.folder})
        lineage.ofStarter = lineage.ofStarter || (!weights.empty() && isStarterModel(weights));
    return lineage;
}

// Every part of a reward hangs on the judge's verdict: style is paid only where the disposition is right (Rule 1).
bool wasPaid(const core::RunSpec& spec, const AnswerJudge& judge)
{
    return isPaid(spec) && (spec.rewardJudgeHash.empty() ? judge.paysReward() : spec.rewardJudgeHash == judge.hash());
}

bool wasPaid(const Lineage& lineage, const AnswerJudge& judge)
{
    return std::any_of(lineage.runs.begin(), lineage.runs.end(), [&](const core::RunSpec& spec) { return wasPaid(spec, judge); });
}

bool wasPaid(const Lineage& lineage, const std::string& judgeHash)
{
    return std::any_of(lineage.runs.begin(), lineage.runs.end(),
        [&](const core::RunSpec& spec) { return isPaid(spec) && spec.rewardJudgeHash == judgeHash; });
}

} // namespace precedent::workspace
