#include "core/model/weights_io.h"

#include <deque>

#include <ATen/ATen.h>

#include "precedent/architecture/stored_model.h"

namespace precedent::core {

Status readWeight(const formats::TensorView* stored, const std::string& name, const at::Tensor& target, const std::string& where)
{
    PRECEDENT_TRY(checkStoredWeight(stored, name, target.sizes().vec(), where));
    at::Tensor values = at::empty(target.sizes(), at::kFloat);
    (void)formats::widenToFloat(*stored, values.data_ptr<float>()); // the dtype was checked
    if (!at::isfinite(values).all().item<bool>())
        return Error(ErrorCode::corrupt, where + ": tensor \"" + name + "\" holds a NaN or an infinity.",
            "The files do not fit together or are damaged: fetch the model again.");
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
