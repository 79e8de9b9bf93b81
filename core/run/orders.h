#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/run/trainer.h"
#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// What rank 0 has the others do next.
struct Order {
    enum class What { step, end };
    What what = What::step;
    int step = 0; ///< of a step: its number
    RunState state = RunState::stopped; ///< of an end
    std::string message; ///< of an end
};

/// A sentence: that any number of ranks can continue a failed run from the checkpoint of this step; 0: that there is none.
[[nodiscard]] std::string goOnFrom(int step);

/// On rank 0: tells the others. A meeting; fails as Ranks::exchange().
[[nodiscard]] Status giveOrder(Ranks& ranks, const Order& order);

/// Makes sure on every rank that all have a trainer and that these agree in what identity() says; else fails on all alike, with
/// failedPrecondition where something differs. `trainer` may be an error.
[[nodiscard]] Status agreeToBegin(Ranks& ranks, const Result<std::unique_ptr<Trainer>>& trainer);

/// On the other ranks: does the steps that rank 0 orders until it says that the run is over. Fails where a rank is lost.
[[nodiscard]] Result<FollowedEnd> followOrders(Trainer& trainer, Ranks& ranks, const std::stop_token& stop);

} // namespace precedent::core
