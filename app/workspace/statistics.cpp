#include "precedent/workspace/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "precedent/base/random.h"

namespace precedent::workspace {
namespace {

struct Cluster {
    double sum = 0;
    double count = 0;
};

std::vector<Cluster> clustersOf(const std::vector<Observation>& observations)
{
    std::map<std::string, std::size_t> index;
    std::vector<Cluster> clusters;
    for (std::size_t i = 0; i < observations.size(); ++i) {
        std::size_t at = clusters.size();
        // An observation without a cluster stands alone.
        if (!observations[i].cluster.empty())
            at = index.emplace(observations[i].cluster, clusters.size()).first->second;
        if (at == clusters.size())
            clusters.emplace_back();
        clusters[at].sum += observations[i].value;
        clusters[at].count += 1;
    }
    return clusters;
}

/// Linear interpolation between order statistics; `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double q)
{
    const double position = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

void setBootstrapInterval(Estimate& estimate, const std::vector<Cluster>& clusters, const BootstrapOptions& options)
{
    Random random(options.seed, streamOf("bootstrap"));
    std::vector<double> means;
    means.reserve(static_cast<std::size_t>(options.resamples));
    for (int r = 0; r < options.resamples; ++r) {
        double sum = 0;
        double count = 0;
        for (std::size_t i = 0; i < clusters.size(); ++i) {
            const Cluster& drawn = clusters[random.below(clusters.size())];
            sum += drawn.sum;
            count += drawn.count;
        }
        means.push_back(sum / count);
    }
    std::sort(means.begin(), means.end());
    const double tail = (1 - options.confidence) / 2;
    estimate.low = quantile(means, tail);
    estimate.high = quantile(means, 1 - tail);
}

/// The largest probability of an event, at the given confidence, that n trials did not show.
double unseenBound(std::size_t n, double confidence) { return 1 - std::pow((1 - confidence) / 2, 1 / static_cast<double>(n)); }

/// Two-sided binomial probability of a split at least as uneven, if both sides were equally likely.
double evenSplitProbability(std::size_t a, std::size_t b)
{
    if (a + b == 0)
        return 1;
    const auto n = static_cast<double>(a + b);
    double tail = 0;
    for (std::size_t k = 0; k <= std::min(a, b); ++k) {
        const auto kd = static_cast<double>(k);
        tail += std::exp(std::lgamma(n + 1) - std::lgamma(kd + 1) - std::lgamma(n - kd + 1) - n * std::log(2.0));
    }
    return std::min(1.0, 2 * tail);
}

Estimate estimateOf(const std::vector<Observation>& observations, const BootstrapOptions& options, double lowest, double highest)
{
    Estimate estimate;
    estimate.n = observations.size();
    if (observations.empty())
        return estimate;
    const std::vector<Cluster> clusters = clustersOf(observations);
    estimate.clusters = clusters.size();
    double sum = 0;
    for (const Cluster& cluster : clusters)
        sum += cluster.sum;
    estimate.value = sum / static_cast<double>(observations.size());
    const bool allEqual =
        std::all_of(observations.begin(), observations.end(), [&](const Observation& o) { return o.value == observations.front().value; });
    if (!allEqual) {
        setBootstrapInterval(estimate, clusters, options);
        return estimate;
    }
    const double bound = unseenBound(clusters.size(), options.confidence);
    estimate.low = estimate.value - bound * (estimate.value - lowest);
    estimate.high = estimate.value + bound * (highest - estimate.value);
    return estimate;
}

} // namespace

Estimate meanWithInterval(const std::vector<Observation>& observations, const BootstrapOptions& options)
{
    return estimateOf(observations, options, options.lowest, options.highest);
}

Estimate pairedDifference(const std::vector<Observation>& before, const std::vector<Observation>& after, const BootstrapOptions& options)
{
    std::vector<Observation> differences;
    const std::size_t n = std::min(before.size(), after.size());
    differences.reserve(n);
    for (std::size_t i = 0; i < n; ++i)
        differences.push_back({after[i].value - before[i].value, before[i].cluster});
    return estimateOf(differences, options, options.lowest - options.highest, options.highest - options.lowest);
}

McNemar mcNemar(const std::vector<Observation>& before, const std::vector<Observation>& after)
{
    McNemar result;
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
        const bool was = before[i].value > 0.5;
        const bool is = after[i].value > 0.5;
        result.gained += !was && is ? 1 : 0;
        result.lost += was && !is ? 1 : 0;
    }
    result.p = evenSplitProbability(result.gained, result.lost);
    return result;
}

McNemar mcNemarByCluster(const std::vector<Observation>& before, const std::vector<Observation>& after)
{
    std::vector<Observation> differences;
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i)
        differences.push_back({after[i].value - before[i].value, before[i].cluster});
    McNemar result;
    for (const Cluster& cluster : clustersOf(differences)) {
        result.gained += cluster.sum > 0 ? 1 : 0;
        result.lost += cluster.sum < 0 ? 1 : 0;
    }
    result.p = evenSplitProbability(result.gained, result.lost);
    return result;
}

std::vector<double> holm(const std::vector<double>& p)
{
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
    std::vector<double> adjusted(p.size());
    double most = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        most = std::max(most, std::min(1.0, p[order[i]] * static_cast<double>(p.size() - i)));
        adjusted[order[i]] = most;
    }
    return adjusted;
}

double cohenKappa(const std::vector<std::vector<std::size_t>>& counts)
{
    double total = 0;
    double agreed = 0;
    std::vector<double> rows(counts.size(), 0);
    std::vector<double> columns(counts.size(), 0);
    for (std::size_t r = 0; r < counts.size(); ++r) {
        for (std::size_t c = 0; c < counts[r].size() && c < counts.size(); ++c) {
            const auto n = static_cast<double>(counts[r][c]);
            total += n;
            rows[r] += n;
            columns[c] += n;
            agreed += r == c ? n : 0;
        }
    }
    if (total == 0)
        return 0;
    double expected = 0;
    for (std::size_t k = 0; k < counts.size(); ++k)
        expected += rows[k] * columns[k] / (total * total);
    return expected >= 1 ? 1 : (agreed / total - expected) / (1 - expected);
}

} // namespace precedent::workspace
