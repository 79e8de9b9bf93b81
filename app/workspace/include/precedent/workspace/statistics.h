#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// The figures' statistics. Prompts that share a goal or a sibling are one cluster and are resampled together; every
/// function is deterministic in its seed.
namespace precedent::workspace {

/// One prompt's outcome on one measure (1 or 0 for a rate) and the cluster that it is resampled with.
struct Observation {
    double value = 0;
    std::string cluster;
};

/// A mean with its interval. `n` counts observations, `clusters` the independent units among them.
struct Estimate {
    double value = 0;
    double low = 0;
    double high = 0;
    std::size_t n = 0;
    std::size_t clusters = 0;
};

struct BootstrapOptions {
    int resamples = 2000;
    double confidence = 0.95;
    std::uint64_t seed = 1;
    double lowest = 0; ///< of what a value can be
    double highest = 1;
};

/// Mean of the values with a percentile interval from the cluster bootstrap (Efron and Tibshirani 1993, chapter 13).
/// Where all values are 0 or all are 1 the bootstrap has no width, so the exact binomial bound (Clopper and Pearson
/// 1934) with the clusters as n stands in for it; likewise where all are some other value, which one that was not seen may differ from as
/// far as `lowest` and `highest` say. n = 0 gives zeros.
[[nodiscard]] Estimate meanWithInterval(const std::vector<Observation>& observations, const BootstrapOptions& options = {});

/// Mean of after - before over pairs in the same order, clusters taken from `before`. Both must have one length.
/// Differences that are all equal are bounded by the probability that a cluster that was not seen differs, at most from the lowest value
/// to the highest.
[[nodiscard]] Estimate pairedDifference(
    const std::vector<Observation>& before, const std::vector<Observation>& after, const BootstrapOptions& options = {});

/// McNemar's exact test on paired yes/no outcomes: pairs that changed, and the two-sided binomial probability of a
/// split at least as uneven if both directions were equally likely (McNemar 1947). 1 where no pair changed.
struct McNemar {
    std::size_t gained = 0; ///< 0 before, 1 after
    std::size_t lost = 0; ///< 1 before, 0 after
    double p = 1;
};
[[nodiscard]] McNemar mcNemar(const std::vector<Observation>& before, const std::vector<Observation>& after);

/// The same test by cluster, for pairs that are not independent: a cluster gained or lost if its pairs did so on balance (a sign test).
[[nodiscard]] McNemar mcNemarByCluster(const std::vector<Observation>& before, const std::vector<Observation>& after);

/// Probabilities adjusted for their number, in the same order (Holm 1979): the chance of one false alarm among them stays what it is
/// for a single test.
[[nodiscard]] std::vector<double> holm(const std::vector<double>& p);

/// Cohen's kappa of a square table of counts, rows one rater and columns the other. 0 for an empty table; 1 where both
/// raters use one and the same category only.
[[nodiscard]] double cohenKappa(const std::vector<std::vector<std::size_t>>& counts);

} // namespace precedent::workspace
