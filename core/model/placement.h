#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "precedent/base/result.h"
#include "precedent/core/run_spec.h"

namespace precedent::core {

/// How a model's weights are held and where. Activations are float32 in any case.
struct Placement {
    WeightDtype dtype = WeightDtype::automatic;
    at::Device device = at::Device(at::kCPU);
};

/// "cpu", or "cuda" for one of this process's GPUs: the first, or that of the process's number on its machine, counted round. Fails with
/// unsupported where this LibTorch has no CUDA, failedPrecondition where it finds no GPU, invalidArgument for another name.
[[nodiscard]] Result<at::Device> deviceNamed(const std::string& name, int localRank = 0);

/// What models are loaded with unless a caller says otherwise; the engine's settings. Any thread.
void setDefaultPlacement(const Placement& placement);
[[nodiscard]] Placement defaultPlacement();

/// Whether matrices are held in bfloat16: as `dtype` says, or, if it leaves the choice, where the file does not hold them
/// in float32 and there are so many that reading them is what takes the time.
[[nodiscard]] bool holdsBf16(WeightDtype dtype, bool storedAsFloat32, std::int64_t parameters);

} // namespace precedent::core
