#pragma once

#include <functional>
#include <vector>

namespace precedent::align {

/// A smooth function's value at a point, and its gradient there.
using Differentiable = std::function<double(const std::vector<double>& at, std::vector<double>& gradient)>;

/// Moves `at` to a minimum of a convex function by L-BFGS with a backtracking line search (Nocedal and Wright, Numerical
/// Optimization, algorithms 3.1 and 7.4). Ends where the gradient's largest entry is under 1e-7, no step lowers the value, or after
/// `iterations`. Returns the value there. Deterministic.
double minimise(std::vector<double>& at, const Differentiable& function, int iterations);

} // namespace precedent::align
