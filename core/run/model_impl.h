#pragma once

#include <memory>

#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// Loads a model (and its adapter, if one is named) behind the facade's Model. Fails as loadModel() and LoraSet::load();
/// LibTorch's exceptions end here.
[[nodiscard]] Result<std::shared_ptr<Model>> openModel(const LoadOptions& options);

} // namespace precedent::core
