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

/// Writes tensors as F32 or BF16, one at a time in memory (formats::streamSafetensors).
[[nodiscard]] Status writeWeights(const std::filesystem::path& path, const NamedTensors& tensors, formats::DType dtype);

/// The same into a folder: model.safetensors, or, where that would be longer than `mostBytes`, shards of about that length and
/// model.safetensors.index.json, named as transformers names them. A longer tensor is a shard of its own.
[[nodiscard]] Status writeWeightFiles(
    const std::filesystem::path& folder, const NamedTensors& tensors, formats::DType dtype, std::uint64_t mostBytes);

/// The values in float32, on the CPU and contiguous: its own if they are so already.
[[nodiscard]] at::Tensor floatValues(const at::Tensor& tensor);

} // namespace precedent::core
