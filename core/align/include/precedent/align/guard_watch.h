#pragma once

#include <memory>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/core/run_records.h"
#include "precedent/core/run_spec.h"

/// What in a run's steps says that it goes wrong. One place for the engine, which stops a run, and for all that show one.
namespace precedent::align {

/// Where an alarm begins, but for what the spec says (kl_bound, max_kl). A share is from 0 to 1. All but KL are taken on the mean
/// of the last `window` steps, since a step is a handful of requests; nothing is said before there are that many.
struct GuardBounds {
    int window = 8;
    /// The reward has fallen to this share of the best mean that the run had reached ...
    double rewardKept = 0.6;
    double rewardWorthKeeping = 0.2; ///< ... if that best was at least so high
    double withoutSpread = 0.95; ///< share of groups from which nothing can be learned
    double lengthAtCap = 0.95; ///< mean length as a share of max_completion_length
    double allRefusal = 0.95; ///< refused, of the harmless and of the harmful requests
    double neverRefusal = 0.02; ///< refused, of both
};

/// Watches a run's steps as they come, or read back. Thread: one at a time.
class GuardWatch {
public:
    explicit GuardWatch(const core::RunSpec& spec, const GuardBounds& bounds = {});
    ~GuardWatch();
    GuardWatch(GuardWatch&&) noexcept;
    GuardWatch& operator=(GuardWatch&&) noexcept;

    /// The next step, in order. Returns the alarms that begin with it.
    [[nodiscard]] std::vector<core::Alarm> take(const core::StepRecord& step);

    /// All since this watch was made, by where they begin.
    [[nodiscard]] const std::vector<core::Alarm>& alarms() const;

    /// What a checkpoint keeps, so that a run that goes on is watched as if it had never been interrupted. An alarm that
    /// stopped the run is raised anew by the next step that is no better.
    [[nodiscard]] Json toJson() const;
    /// The opposite. Fails with corrupt.
    [[nodiscard]] Status restore(const Json& json);

private:
    class Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace precedent::align
