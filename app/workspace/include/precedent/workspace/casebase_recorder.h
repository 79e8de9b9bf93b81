#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/run_records.h"

namespace precedent::workspace {

/// Writes a run's records into its casebase at full resolution, one transaction a step. It holds a connection of its
/// own, so the thread that started the run keeps using its Casebase. Thread: the run's worker.
class CasebaseRecorder final : public core::RunRecorder {
public:
    /// Fails as Casebase::open() does, or with notFound if the run is not in it.
    [[nodiscard]] static Result<std::shared_ptr<CasebaseRecorder>> open(const std::filesystem::path& casebase, const std::string& run);

    [[nodiscard]] Status step(const core::StepRecord& step, const std::vector<core::RolloutRecord>& rollouts) override;
    [[nodiscard]] Status checkpoint(const core::CheckpointRecord& checkpoint) override;
    [[nodiscard]] Status state(core::RunState state, const std::string& message) override;

private:
    CasebaseRecorder(std::unique_ptr<casebase::Casebase> casebase, std::string run);

    std::unique_ptr<casebase::Casebase> m_casebase;
    std::string m_run;
};

} // namespace precedent::workspace
