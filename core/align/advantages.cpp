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

} // namespace

Advantages computeAdvantages(const std::vector<GroupRewards>& groups, core::ScaleRewards scale, double stdFloor)
{
    Advantages out;
    std::vector<double> all;
    for (const GroupRewards& group : groups)
        all.insert(all.end(), group.rewards.begin(), group.rewards.end());
    const double batchStd = sampleStd(all);
    double stdSum = 0;
    int without = 0;
    for (const GroupRewards& group : groups) {
        const double mean = meanOf(group.rewards);
        const double std = scale == core::ScaleRewards::batch ? batchStd : sampleStd(group.rewards);
        stdSum += std;
        std::vector<double> values;
        for (const double reward : group.rewards) {
            const double centred = group.rewards.size() < 2 ? 0.0 : reward - mean;
            values.push_back(scale == core::ScaleRewards::none ? centred : centred / (std::max(std, stdFloor) + kAdvantageEps));
        }
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
