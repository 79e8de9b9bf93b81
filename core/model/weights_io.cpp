#include "core/model/weights_io.h"

#include <deque>

#include <ATen/ATen.h>

namespace precedent::core {
namespace {

std::string shapeText(at::IntArrayRef shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

} // namespace

Status readWeight(const formats::TensorView* stored, const std::string& name, const at::Tensor& target, const std::string& where)
{
    const auto fail = [&](ErrorCode code, const std::string& message) {
        return Error(
            code, where + ": tensor \"" + name + "\" " + message, "The files do not fit together or are damaged: fetch the model again.");
    };
    if (stored == nullptr)
        return fail(ErrorCode::corrupt, "is missing.");
    if (at::IntArrayRef(stored->shape) != target.sizes())
        return fail(ErrorCode::corrupt, "has shape " + shapeText(stored->shape) + "; config.json needs " + shapeText(target.sizes()) + ".");
    at::Tensor values = at::empty(target.sizes(), at::kFloat);
    if (!formats::widenToFloat(*stored, values.data_ptr<float>()))
        return fail(
            ErrorCode::unsupported, std::string("is stored as ") + formats::toString(stored->dtype) + "; F32, F16 and BF16 can be read.");
    if (!at::isfinite(values).all().item<bool>())
        return fail(ErrorCode::corrupt, "holds a NaN or an infinity.");
    target.detach().copy_(values); // detach() shares the storage: a leaf that wants gradients may not be written in place
    return {};
}

Status writeWeights(const std::filesystem::path& path, const NamedTensors& tensors, formats::DType dtype)
{
    std::deque<at::Tensor> kept;
    std::deque<std::string> narrowed;
    std::vector<formats::TensorView> views;
    for (const auto& [name, tensor] : tensors) {
        kept.push_back(tensor.detach().to(at::kFloat).contiguous());
        const float* data = kept.back().data_ptr<float>();
        const std::int64_t n = kept.back().numel();
        std::string_view bytes(reinterpret_cast<const char*>(data), static_cast<std::size_t>(n) * sizeof(float));
        if (dtype == formats::DType::bf16) {
            narrowed.push_back(formats::narrowToBf16(data, n));
            bytes = narrowed.back();
        }
        views.push_back({name, dtype, tensor.sizes().vec(), bytes});
    }
    return formats::writeSafetensors(path, views);
}

} // namespace precedent::core
