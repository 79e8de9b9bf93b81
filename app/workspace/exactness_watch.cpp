#include "app/workspace/exactness_watch.h"

#include <utility>

#include "precedent/workspace/run_manifest.h"

namespace precedent::workspace {

ExactnessWatch::ExactnessWatch(
    std::shared_ptr<core::RunRecorder> recorder, std::shared_ptr<const ReplyTally> tally, std::filesystem::path runFolder, int reached)
    : m_recorder(std::move(recorder))
    , m_tally(std::move(tally))
    , m_folder(std::move(runFolder))
    , m_reached(reached)
{
}

Status ExactnessWatch::step(const core::StepRecord& step, const std::vector<core::RolloutRecord>& rollouts)
{
    const std::int64_t asked = m_tally->asked - std::exchange(m_asked, m_tally->asked);
    const std::string number = std::to_string(step.step);
    // Once is enough: a run without its replies would have a sentence for each step.
    if (asked > 0 && step.step <= m_reached && !std::exchange(m_askedAfresh, true))
        PRECEDENT_TRY(mark("Step " + number + " had been done before, and " + std::to_string(asked) +
            " of the replies that it rests on were no longer in the casebase: a server was asked afresh."));
    if (m_tally->notKept > 0 && !std::exchange(m_lost, true))
        PRECEDENT_TRY(mark("Step " + number + " rests on a reply that the casebase cannot hold."));
    return m_recorder->step(step, rollouts);
}

Status ExactnessWatch::begun()
{
    const std::scoped_lock lock(m_mutex);
    m_begun = true;
    for (const std::string& why : m_marks)
        PRECEDENT_TRY(markNotExact(m_folder, why));
    return {};
}

std::vector<std::string> ExactnessWatch::marks() const
{
    const std::scoped_lock lock(m_mutex);
    return m_marks;
}

Status ExactnessWatch::mark(std::string why)
{
    const std::scoped_lock lock(m_mutex);
    m_marks.push_back(std::move(why));
    return m_begun ? markNotExact(m_folder, m_marks.back()) : Status();
}

} // namespace precedent::workspace
