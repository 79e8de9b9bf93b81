#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::core {

/// Which of the processes that train one run together this is, and where they meet.
struct RankPlace {
    int rank = 0;
    int size = 1;
    std::string address = "127.0.0.1"; ///< of the machine of rank 0
    int port = 29500;
    std::string meeting; ///< names one of several meetings at the same store (torchrun's restarts); may be empty
    std::chrono::seconds meetTimeout{300}; ///< until all have come
    std::chrono::seconds stepTimeout{1800}; ///< until the slowest has done its part of a step
};

/// The processes that train one run together. Every method is a meeting: each rank calls the same ones in the same order, and none
/// comes back before all have called. After a failure the ranks are lost to each other: every later call fails too.
///
/// Thread: one at a time. Fails with failedPrecondition where a rank ended or did not come in time.
class Ranks {
public:
    virtual ~Ranks() = default;
    [[nodiscard]] virtual int rank() const = 0;
    [[nodiscard]] virtual int size() const = 0;
    /// Gives every rank what each of them brought, by rank. What is brought may be of any length, and of another on each rank.
    [[nodiscard]] virtual Result<std::vector<std::string>> exchange(const std::string& bytes) = 0;
    /// Puts the sum over ranks in place of the values: the same bits on every rank. As many values on each rank.
    [[nodiscard]] virtual Status sum(std::span<float> values) = 0;
};

} // namespace precedent::core
