#pragma once

#include <cstdint>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/types.h"
#include "precedent/core/run_inputs.h"

namespace precedent::workspace {

/// A casebase's codes and usable cases as they are now, in the form that contexts are built from.
struct PrecedentSet {
    std::vector<core::Code> codes;
    std::vector<core::Case> cases;
    std::int64_t casesTotal = 0; ///< with those that are not usable
};

/// Usable are approved cases of a known disposition; with `includeDrafts` also drafts and those in review. Fails as the casebase does.
[[nodiscard]] Result<PrecedentSet> readPrecedentSet(const casebase::Casebase& casebase, bool includeDrafts);

/// True if the case's status lets it be shown to a model.
[[nodiscard]] bool isInForce(const casebase::Case& value, bool includeDrafts);

[[nodiscard]] core::Code frozenCode(const casebase::Code& value);
[[nodiscard]] core::Case frozenCase(const casebase::Case& value);

} // namespace precedent::workspace
