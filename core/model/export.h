#pragma once

#include <filesystem>
#include <stop_token>

#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// Writes a model, an adapter merged into it or alone, in the form that the request says; then loads what was written and
/// compares its logits with the source's on fixed prompts, in float32 on both sides.
///
/// The destination appears whole or not at all. Thread: one at a time. Fails as loading does, with invalidArgument (a form
/// and a type that do not go together, an adapter that is missing), alreadyExists for a destination that is there,
/// diskFull or io, and with internal where what was written does not answer as the source does: it is then removed.
/// Throws c10::Error.
[[nodiscard]] Result<ExportReport> exportModel(const ExportRequest& request, const std::stop_token& stop);

} // namespace precedent::core
