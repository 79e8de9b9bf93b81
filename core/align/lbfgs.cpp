#include "core/align/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <numeric>

namespace precedent::align {
namespace {

constexpr std::size_t kMemory = 10;
constexpr double kSmallest = 1e-7;
constexpr double kArmijo = 1e-4;
constexpr int kHalvings = 40;

double dot(const std::vector<double>& a, const std::vector<double>& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

void addScaled(std::vector<double>& to, double by, const std::vector<double>& what)
{
    for (std::size_t i = 0; i < to.size(); ++i)
        to[i] += by * what[i];
}

/// A step that was made and how the gradient changed over it.
struct Pair {
    std::vector<double> step;
    std::vector<double> change;
    double product; ///< of the two
};

/// The inverse Hessian, as the pairs know it, times the gradient: the two-loop recursion.
std::vector<double> directionOf(const std::deque<Pair>& pairs, const std::vector<double>& gradient)
{
    std::vector<double> direction = gradient;
    std::vector<double> alphas(pairs.size());
    for (std::size_t i = pairs.size(); i-- > 0;) {
        alphas[i] = dot(pairs[i].step, direction) / pairs[i].product;
        addScaled(direction, -alphas[i], pairs[i].change);
    }
    if (!pairs.empty()) {
        const double scale = pairs.back().product / dot(pairs.back().change, pairs.back().change);
        for (double& x : direction)
            x *= scale;
    }
    for (std::size_t i = 0; i < pairs.size(); ++i)
        addScaled(direction, alphas[i] - dot(pairs[i].change, direction) / pairs[i].product, pairs[i].step);
    for (double& x : direction)
        x = -x;
    return direction;
}

} // namespace

double minimise(std::vector<double>& at, const Differentiable& function, int iterations)
{
    std::deque<Pair> pairs;
    std::vector<double> gradient;
    double value = function(at, gradient);
    for (int iteration = 0; iteration < iterations; ++iteration) {
        const bool flat = std::all_of(gradient.begin(), gradient.end(), [](double g) { return std::abs(g) < kSmallest; });
        if (flat)
            break;
        const std::vector<double> direction = directionOf(pairs, gradient);
        const double slope = dot(direction, gradient);
        double length = pairs.empty() ? 1 / std::max(1.0, std::sqrt(dot(gradient, gradient))) : 1.0;
        std::vector<double> next;
        std::vector<double> nextGradient;
        double nextValue = value;
        bool lower = false;
        for (int halving = 0; halving < kHalvings && !lower; ++halving, length /= 2) {
            next = at;
            addScaled(next, length, direction);
            nextValue = function(next, nextGradient);
            lower = nextValue <= value + kArmijo * length * slope;
        }
        if (!lower)
            break;
        Pair pair{next, nextGradient, 0};
        addScaled(pair.step, -1, at);
        addScaled(pair.change, -1, gradient);
        pair.product = dot(pair.step, pair.change);
        at = std::move(next);
        gradient = std::move(nextGradient);
        value = nextValue;
        // Of a convex function it is never below zero; of rounding it may be.
        if (pair.product > 1e-12)
            pairs.push_back(std::move(pair));
        if (pairs.size() > kMemory)
            pairs.pop_front();
    }
    return value;
}

} // namespace precedent::align
