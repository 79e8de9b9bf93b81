#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "precedent/core/run_records.h"
#include "precedent/workspace/reply_tally.h"

namespace precedent::workspace {

/// Records a run as its recorder does, and marks it as not exact, in its manifest, before it records a step that rests on servers' replies
/// and cannot come out again as it did: a step that had been done before for which a server was asked afresh, or one with a reply that the
/// casebase cannot hold. Thread: the run's worker, but for what says otherwise.
class ExactnessWatch final : public core::RunRecorder {
public:
    /// `reached`: the last step that the run has ever recorded.
    ExactnessWatch(
        std::shared_ptr<core::RunRecorder> recorder, std::shared_ptr<const ReplyTally> tally, std::filesystem::path runFolder, int reached);

    [[nodiscard]] Status step(const core::StepRecord& step, const std::vector<core::RolloutRecord>& rollouts) override;
    [[nodiscard]] Status checkpoint(const core::CheckpointRecord& checkpoint) override { return m_recorder->checkpoint(checkpoint); }
    [[nodiscard]] Status state(core::RunState state, const std::string& message) override { return m_recorder->state(state, message); }

    /// The manifest is there: marks are kept until then. Any thread.
    [[nodiscard]] Status begun();
    /// A sentence for each kind of mark. Any thread.
    [[nodiscard]] std::vector<std::string> marks() const;

private:
    [[nodiscard]] Status mark(std::string why);

    const std::shared_ptr<core::RunRecorder> m_recorder;
    const std::shared_ptr<const ReplyTally> m_tally;
    const std::filesystem::path m_folder;
    const int m_reached;
    std::int64_t m_asked = 0; ///< up to the last step
    bool m_askedAfresh = false;
    bool m_lost = false;
    mutable std::mutex m_mutex;
    bool m_begun = false; ///< guarded, as the next
    std::vector<std::string> m_marks;
};

} // namespace precedent::workspace
