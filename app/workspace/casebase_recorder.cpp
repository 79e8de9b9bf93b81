#include "precedent/workspace/casebase_recorder.h"

#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_folders.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

casebase::Rollout toStored(const core::RolloutRecord& r)
{
    casebase::Rollout stored{r.step, r.group, r.index, r.promptId, r.mode, r.prompt, r.completion, r.chain, r.answer, r.parseProblem,
        r.verdict, r.reward, r.rewards, r.advantage, r.tokens, r.logprob, {}};
    for (const core::CitationRecord& c : r.citations)
        stored.citations.push_back({c.id, c.inContext, c.exists, c.governs});
    return stored;
}

} // namespace

Result<std::shared_ptr<CasebaseRecorder>> CasebaseRecorder::open(const fs::path& path, const std::string& run)
{
    Result<std::unique_ptr<casebase::Casebase>> opened = casebase::Casebase::open(path, casebase::OpenMode::readWrite);
    if (!opened)
        return opened.error();
    const Result<casebase::Run> found = (*opened)->runs().find(run);
    if (!found)
        return found.error();
    return std::shared_ptr<CasebaseRecorder>(new CasebaseRecorder(std::move(*opened), found.value().id));
}

CasebaseRecorder::CasebaseRecorder(std::unique_ptr<casebase::Casebase> casebase, std::string run)
    : m_casebase(std::move(casebase))
    , m_run(std::move(run))
{
}

Status CasebaseRecorder::step(const core::StepRecord& step, const std::vector<core::RolloutRecord>& rollouts)
{
    std::vector<casebase::Rollout> stored;
    stored.reserve(rollouts.size());
    for (const core::RolloutRecord& rollout : rollouts)
        stored.push_back(toStored(rollout));
    return m_casebase->runs().recordStep(m_run, {step.step, step.metrics, step.seconds}, stored);
}

Status CasebaseRecorder::checkpoint(const core::CheckpointRecord& checkpoint)
{
    casebase::Checkpoint stored;
    stored.step = checkpoint.step;
    stored.folder = storedFolder(m_casebase->path(), checkpoint.folder);
    stored.sha256 = checkpoint.sha256;
    return m_casebase->runs().recordCheckpoint(m_run, stored);
}

Status CasebaseRecorder::state(core::RunState state, const std::string& message)
{
    return m_casebase->runs().setState(m_run, core::toString(state), message);
}

} // namespace precedent::workspace
