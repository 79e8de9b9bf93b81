#pragma once

#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"
#include "precedent/core/run_spec.h"

namespace precedent::align {

/// Whether named cases go with a retrieval and with how many are shown. `prefix` goes before the keys in the message
/// ("evaluate_"). Fails with invalidArgument: more pinned and fixed cases than `casesPerPrompt`, an id that is empty or named
/// twice, retrieval fixed without a fixed case, or fixed cases for another retrieval.
[[nodiscard]] Status validateCases(Retrieval retrieval, int casesPerPrompt, const std::vector<std::string>& pinned,
    const std::vector<std::string>& fixed, const std::string& prefix);

/// The same for all that a spec says of its training prompts and of its evaluation.
[[nodiscard]] Status validateCases(const core::RunSpec& spec);

} // namespace precedent::align
