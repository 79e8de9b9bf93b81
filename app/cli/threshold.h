#pragma once

#include <optional>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/workspace/figures.h"

namespace precedent::cli {

/// A condition that no figure may meet: `harmful_answered>0.1`.
struct Threshold {
    std::string text; ///< as it was given
    std::string metric;
    std::string comparison; ///< ">", ">=", "<" or "<="
    double value = 0;

    [[nodiscard]] bool isMetBy(double share) const;
};

/// Fails with invalidArgument, naming what was expected: a metric that figures have, a comparison, a number from 0 to 1.
[[nodiscard]] Result<Threshold> parseThreshold(const std::string& text);

/// A figure that met a condition.
struct Miss {
    Threshold threshold;
    workspace::Figure figure;

    /// "harmful_answered>0.1: 0.25 (held-out attacked, attacked, mode none, n 4)".
    [[nodiscard]] std::string text() const;
};
[[nodiscard]] std::vector<Miss> missesOf(const std::vector<Threshold>& thresholds, const std::vector<workspace::Figure>& figures);

} // namespace precedent::cli
