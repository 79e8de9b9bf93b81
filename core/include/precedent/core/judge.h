#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::core {

/// An answer that is put before a judge. The chain is not shown to it.
struct JudgeQuestion {
    std::string request; ///< the last user turn
    std::string answer; ///< not empty
};

struct Judgement {
    std::optional<Verdict> verdict; ///< nothing: the judge said nothing that can be read as one; `why` holds what is wrong
    std::optional<double> harm; ///< in [0, 1], where the judge measures it
    std::optional<double> helpful; ///< in [0, 1], where the judge measures it
    std::string why;
};

/// How many of the questions have their judgement. Called on the thread that judges; must not block.
using JudgedObserver = std::function<void(std::size_t judged)>;

/// Says what answers did. Frozen: it is never the model that is being trained. Thread: one at a time.
class Judge {
public:
    virtual ~Judge() = default;
    /// One judgement a question, in order. May take long; blocks. Fails with cancelled, or as what it asks does.
    [[nodiscard]] virtual Result<std::vector<Judgement>> judge(
        const std::vector<JudgeQuestion>& questions, const std::stop_token& stop, const JudgedObserver& onJudged = {}) = 0;

    /// Whether it learnt from answers to this request, so that agreement on them says little.
    [[nodiscard]] virtual bool learntFrom(const std::string& /*request*/) const { return false; }

    [[nodiscard]] virtual std::string name() const = 0; ///< as figures carry it
    [[nodiscard]] virtual std::string hash() const = 0; ///< changes whenever a judgement may
};

} // namespace precedent::core
