#pragma once

#include <functional>
#include <stop_token>

#include "core/generate/generator.h"
#include "precedent/base/result.h"
#include "precedent/core/model_bench.h"

namespace precedent::core {

/// Model::bench() (precedent/core/engine.h) for a generator. Throws c10::Error.
[[nodiscard]] Result<BenchResult> benchModel(
    Generator& generator, const BenchRequest& request, const std::stop_token& stop, const std::function<void(const BenchRow&)>& onRow);

} // namespace precedent::core
