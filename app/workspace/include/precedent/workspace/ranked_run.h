#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

#include "precedent/base/json.h"
#include "precedent/core/engine.h"
#include "precedent/core/run_inputs.h"

namespace precedent::workspace {

/// Rank 0's side of a run that several processes train, until training begins: it alone has the casebase, and the others wait for what
/// it froze. Whatever keeps the run from beginning must reach them, or they wait in vain: call giveUp() then. Thread: one.
class RankLead {
public:
    explicit RankLead(std::shared_ptr<core::Ranks> ranks);

    [[nodiscard]] const std::shared_ptr<core::Ranks>& ranks() const { return m_ranks; }
    /// For work that may take longer than the others' patience, such as an evaluation; call it as often as you like.
    [[nodiscard]] Status keepWaiting();
    /// The others now call Engine::follow() with these inputs: follow up with Engine::start(), or resume(), and the ranks.
    [[nodiscard]] Status begin(const core::RunInputs& inputs, bool resumes);
    /// Has the others end with this error; without effect after begin().
    void giveUp(const Error& why);

private:
    [[nodiscard]] Status tell(const Json& what);

    std::shared_ptr<core::Ranks> m_ranks;
    std::chrono::steady_clock::time_point m_lastTold = std::chrono::steady_clock::now();
    bool m_over = false; ///< begun, given up, or the others are lost
};

/// Any other rank's part of a run, from after the meeting to its end. Blocks. `onBegin` is called when training begins. Fails as
/// Engine::follow(), and where rank 0 could not begin.
[[nodiscard]] Result<core::FollowedEnd> followRun(
    core::Engine& engine, const std::shared_ptr<core::Ranks>& ranks, const std::stop_token& stop, const std::function<void()>& onBegin);

} // namespace precedent::workspace
