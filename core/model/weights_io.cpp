#include "core/model/weights_io.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>

#include <ATen/ATen.h>

#include "core/model/parallel.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::core {

namespace {

constexpr std::int64_t kElementsAtOnce = 1 << 18;

/// Whether all are finite: in bfloat16 the exponent's eight bits are not all set.
bool finite(const float* values, std::int64_t count)
{
    float sum = 0; // of zeros, or NaN
    for (std::int64_t i = 0; i < count; ++i)
        sum += values[i] * 0.0F;
    return sum == 0.0F;
}

bool finite(const std::uint16_t* values, std::int64_t count)
{
    int bad = 0;
    for (std::int64_t i = 0; i < count; ++i)
        bad |= static_cast<int>((values[i] & 0x7F80U) == 0x7F80U);
    return bad == 0;
}

/// Where rows come from, first and count, in either type.
struct RowSource {
    std::int64_t rows = 0;
    std::int64_t width = 1;
    std::function<bool(std::int64_t, std::int64_t, float*)> floats;
    std::function<bool(std::int64_t, std::int64_t, std::uint16_t*)> bf16;
};

/// Rows of the stored tensor in the target's type, piece by piece over the threads. False if one is not finite.
bool copyRows(const RowSource& stored, const at::Tensor& target)
{
    const std::int64_t width = std::max<std::int64_t>(1, stored.width), rows = stored.rows;
    const std::int64_t step = std::max<std::int64_t>(1, kElementsAtOnce / width), parts = (rows + step - 1) / step;
    const at::Tensor own = target.detach(); // shares the storage: a leaf that wants gradients may not be written in place
    const bool direct =
        own.is_contiguous() && own.device().is_cpu() && (own.scalar_type() == at::kFloat || own.scalar_type() == at::kBFloat16);
    const at::Tensor values = direct ? own : at::empty(own.sizes(), at::kFloat);
    std::atomic<bool> good{true};
    parallelTasks(parts, parts > 1, [&](std::int64_t part, int) {
        const std::int64_t first = part * step, count = std::min(step, rows - first);
        if (values.scalar_type() == at::kBFloat16) {
            auto* out = reinterpret_cast<std::uint16_t*>(values.data_ptr<at::BFloat16>()) + first * width;
            if (!stored.bf16(first, count, out) || !finite(out, count * width))
                good = false;
        } else {
            float* out = values.data_ptr<float>() + first * width;
            if (!stored.floats(first, count, out) || !finite(out, count * width))
                good = false;
        }
    });
    if (good && !direct)
        own.copy_(values);
    return good;
}

Error notFinite(const std::string& name, const std::string& where)
{
    return {ErrorCode::corrupt, where + ": tensor \"" + name + "\" holds a NaN or an infinity.",
        "The files do not fit together or are damaged: fetch the model again."};
}

formats::TensorToWrite toWrite(const std::string& name, const at::Tensor& tensor, formats::DType dtype)
{
    return {name, dtype, tensor.sizes().vec(), [tensor, dtype]() -> Result<std::string> {
                const at::Tensor values = floatValues(tensor);
                const float* data = values.data_ptr<float>();
                if (dtype == formats::DType::bf16)
                    return formats::narrowToBf16(data, values.numel());
                return std::string(reinterpret_cast<const char*>(data), values.nbytes());
            }};
}

} // namespace

Status readWeight(const formats::TensorView* stored, const std::string& name, const at::Tensor& target, const std::string& where)
{
    PRECEDENT_TRY(checkStoredWeight(stored, name, target.sizes().vec(), where));
    const RowSource source{stored->rows(), stored->rowLength(),
        [&](std::int64_t first, std::int64_t count, float* out) { return formats::widenRowsToFloat(*stored, first, count, out); },
        [&](std::int64_t first, std::int64_t count, std::uint16_t* out) { return formats::widenRowsToBf16(*stored, first, count, out); }};
    return copyRows(source, target) ? Status() : notFinite(name, where);
}

Status readWeight(const StoredModel& stored, const std::string& name, const at::Tensor& target, const std::string& where)
{
    const formats::TensorView* view = stored.find(name);
    PRECEDENT_TRY(checkStoredWeight(view, name, target.sizes().vec(), where));
    const RowSource source{view->rows(), view->rowLength(),
        [&](std::int64_t first, std::int64_t count, float* out) { return stored.readRows(name, first, count, out); },
        [&](std::int64_t first, std::int64_t count, std::uint16_t* out) { return stored.readRowsAsBf16(name, first, count, out); }};
    const bool good = copyRows(source, target);
    stored.release(name); // the copy is enough: a model's weights are held once
    return good ? Status() : notFinite(name, where);
}

at::Tensor floatValues(const at::Tensor& tensor) { return tensor.detach().to(at::kCPU, at::kFloat).contiguous(); }

Status writeWeights(const std::filesystem::path& path, const NamedTensors& tensors, formats::DType dtype)
{
    std::vector<formats::TensorToWrite> planned;
    for (const auto& [name, tensor] : tensors)
        planned.push_back(toWrite(name, tensor, dtype));
    return formats::streamSafetensors(path, planned);
}

Status writeWeightFiles(const std::filesystem::path& folder, const NamedTensors& tensors, formats::DType dtype, std::uint64_t mostBytes)
{
    std::vector<NamedTensors> shards(1);
    std::uint64_t total = 0, ofShard = 0;
    for (const auto& entry : tensors) {
        const std::uint64_t size = toWrite(entry.first, entry.second, dtype).size().value_or(0);
        if (!shards.back().empty() && size > mostBytes - std::min(ofShard, mostBytes)) {
            shards.emplace_back();
            ofShard = 0;
        }
        shards.back().push_back(entry);
        ofShard += size;
        total += size;
    }
    if (shards.size() == 1)
        return writeWeights(folder / "model.safetensors", tensors, dtype);
    Json index = {{"metadata", {{"total_size", total}}}, {"weight_map", Json::object()}};
    for (std::size_t i = 0; i < shards.size(); ++i) {
        char name[48];
        std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", i + 1, shards.size());
        PRECEDENT_TRY(writeWeights(folder / name, shards[i], dtype));
        for (const auto& entry : shards[i])
            index["weight_map"][entry.first] = name;
    }
    return writeFileAtomically(folder / "model.safetensors.index.json", dumpJson(index, 2) + "\n");
}

} // namespace precedent::core
