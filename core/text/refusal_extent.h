#pragma once

#include <array>
#include <cstddef>

#include "core/text/answer_findings.h"

namespace precedent::text {

constexpr std::size_t kExtentFeatures = 8;

/// What an answer that declines or rejects a request holds beside that, as numbers of about one in size; the first is 1.
[[nodiscard]] std::array<double, kExtentFeatures> extentFeatures(const Findings& findings);

/// How likely people are to call such an answer a partial refusal, not a full one: between 0 and 1.
[[nodiscard]] double partialProbability(const Findings& findings);

} // namespace precedent::text
