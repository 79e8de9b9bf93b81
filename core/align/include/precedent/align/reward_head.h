#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::align {

/// Answers as a head learns from them: a row of features each, what people said, and what may not be split.
struct HeadExamples {
    std::int64_t width = 0; ///< C
    std::vector<float> features; ///< [N, C]
    std::vector<Verdict> verdicts; ///< [N]
    std::vector<std::string> groups; ///< [N]: answers of one group (a goal, a pair) go to one side of every split

    [[nodiscard]] std::size_t size() const { return verdicts.size(); }
    [[nodiscard]] std::span<const float> row(std::size_t i) const
    {
        return {features.data() + i * static_cast<std::size_t>(width), static_cast<std::size_t>(width)};
    }
};

/// A multinomial logistic regression over standardised features: what turns a frozen model's states into a verdict.
struct RewardHead {
    std::vector<Verdict> verdicts; ///< [K]: those that it can give
    std::int64_t width = 0; ///< C
    std::vector<float> mean; ///< [C]
    std::vector<float> scale; ///< [C]: one over the standard deviation
    std::vector<float> weights; ///< [K, C]
    std::vector<float> bias; ///< [K]
    double l2 = 0; ///< what it was trained with

    /// [K], summing to 1. `row` is [C].
    [[nodiscard]] std::vector<double> probabilities(std::span<const float> row) const;
    [[nodiscard]] Verdict verdict(std::span<const float> row) const;
};

struct HeadSettings {
    /// Weights of the penalty l2 / 2 * |W|^2 on the mean loss, of which cross-validation over groups takes the best.
    std::vector<double> l2 = {0.003, 0.01, 0.03, 0.1, 0.3, 1.0};
    int folds = 5;
    int iterations = 200; ///< of L-BFGS at most
    std::uint64_t seed = 1; ///< of the folds
};

/// Trains by L-BFGS from zero: the same examples give the same head on the same machine. Fails with invalidArgument where there are fewer
/// than two verdicts or groups, or a feature that is no number.
[[nodiscard]] Result<RewardHead> trainHead(const HeadExamples& examples, const HeadSettings& settings = {});

/// Mean loss, penalty included, at `parameters` ([K, C] weights, then [K] biases), and its gradient. `features` are standardised.
[[nodiscard]] double headLoss(const HeadExamples& examples, const std::vector<int>& labels, int classes, double l2,
    const std::vector<double>& parameters, std::vector<double>& gradient);

/// Which of `count` parts each group is in, by a draw from `seed`: [N]. Parts hold about the same number of groups.
[[nodiscard]] std::vector<int> partsByGroup(const std::vector<std::string>& groups, int count, std::uint64_t seed);

} // namespace precedent::align
