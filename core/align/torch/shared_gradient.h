#pragma once

#include <functional>
#include <vector>

#include "core/model/decoder.h"
#include "precedent/core/ranks.h"

namespace precedent::core {

/// Does this rank's part of an update and puts the ranks' sums in place of the gradients of `parameters` (float32, any device) and of the
/// figures: the same bits on every rank. A parameter that got a gradient on no rank is left without. `own` may throw: then every rank
/// throws alike, Cancelled or RankFailure, and gradients are of no use.
void shareGradient(Ranks& ranks, const std::function<void()>& own, const NamedTensors& parameters, const std::vector<double*>& figures);

} // namespace precedent::core
