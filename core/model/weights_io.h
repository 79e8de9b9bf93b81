#pragma once

#include <filesystem>
#include <string>

#include "core/model/decoder.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {

/// Copies a stored tensor into `target`, widened to its dtype. `where` begins the message. Fails with corrupt for a
/// missing tensor (stored == nullptr), another shape, NaN or infinity, and with unsupported for a dtype that is no
/// float; each names the tensor.
[[nodiscard]] Status readWeight(
    const formats::TensorView* stored, const std::string& name, const at::Tensor& target, const std::string& where);

/// The same of a model's weight, with what its file's format wants undone. `target` is float32, float64 or bfloat16.
[[nodiscard]] Status readWeight(const StoredModel& stored, const std::string& name, const at::Tensor& target, const std::string& where);

/// Writes tensors as F32 or BF16 (formats::writeSafetensors).
[[nodiscard]] Status writeWeights(const std::filesystem::path& path, const NamedTensors& tensors, formats::DType dtype);

} // namespace precedent::core
