#pragma once

#include "precedent/casebase/importer.h"

namespace precedent::workspace {

/// The built-in refusal analysis, for imported answers that come without a disposition.
[[nodiscard]] casebase::DispositionDeriver analysisDeriver();

} // namespace precedent::workspace
