#include "precedent/align/advantages.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace precedent::align {
namespace {

double meanOf(const std::vector<double>& values)
{
    return values.empty() ? 0.0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sampleStd(const std::vector<double>& values)
{
    if (values.size() < 2)
        return 0.0;
    const double mean = meanOf(values);
    double squares = 0;
    for (const double v : values)
        squares += (v - mean) * (v - mean);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

bool agree(const std::vector<double>& values)
{
    if (values.empty())
        return true;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return *high - *low < 1e-9;
}

struct Statistics {
    double mean = 0;
    double std = 0;
};

/// One completion's advantage among its group of `size`.
double advantageOf(double reward, std::size_t size, const Statistics& group, const Statistics& batch, core::ScaleRewards scale,
    double stdFloor, core::AdvantageEstimator estimator)
{
    if (estimator == core::AdvantageEstimator::reinforcePlusPlus)
        return (reward - batch.mean) / (std::max(batch.std, stdFloor) + kAdvantageEps);
    if (size < 2)
        return 0;
    const auto n = static_cast<double>(size);
    if (estimator == core::AdvantageEstimator::rloo)
        return (reward - group.mean) * n / (n - 1);
    const double centred = reward - group.mean, std = scale == core::ScaleRewards::batch ? batch.std : group.std;
    return scale == core::ScaleRewards::none ? centred : centred / (std::max(std, stdFloor) + kAdvantageEps);
}

} // namespace

Advantages computeAdvantages(
    const std::vector<GroupRewards>& groups, core::ScaleRewards scale, double stdFloor, core::AdvantageEstimator estimator)
{
    Advantages out;
    std::vector<double> all;
    for (const GroupRewards& group : groups)
        all.insert(all.end(), group.rewards.begin(), group.rewards.end());
    const Statistics batch{meanOf(all), sampleStd(all)};
    double stdSum = 0;
    int without = 0;
    for (const GroupRewards& group : groups) {
        const Statistics own{meanOf(group.rewards), sampleStd(group.rewards)};
        stdSum += scale == core::ScaleRewards::batch ? batch.std : own.std;
        std::vector<double> values;
        for (const double reward : group.rewards)
            values.push_back(advantageOf(reward, group.rewards.size(), own, batch, scale, stdFloor, estimator));
        out.values.push_back(std::move(values));
        out.withoutSpread.push_back(agree(group.spread));
        without += out.withoutSpread.back() ? 1 : 0;
    }
    if (!groups.empty()) {
        out.rewardStd = stdSum / static_cast<double>(groups.size());
        out.fracZeroStd = static_cast<double>(without) / static_cast<double>(groups.size());
    }
    return out;
}

} // namespace precedent::align
