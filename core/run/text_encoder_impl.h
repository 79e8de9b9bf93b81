#pragma once

#include <memory>
#include <string>

#include "precedent/base/result.h"
#include "precedent/core/text_encoder.h"

namespace precedent::core {

/// Loads a sentence encoder behind the facade's TextEncoder. Fails as Encoder::load(); LibTorch's exceptions end here.
[[nodiscard]] Result<std::shared_ptr<TextEncoder>> openEncoder(const std::string& folder);

} // namespace precedent::core
