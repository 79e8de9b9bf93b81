#include "core/generate/linear.h"

#include <algorithm>

namespace precedent::core {

std::int64_t Linear::bytes() const
{
    const auto floats = static_cast<std::int64_t>(sizeof(float));
    if (rows == nullptr)
        return panels.data.size() * floats;
    return N * K * static_cast<std::int64_t>(sizeof(Bf16)) + (adapter.down.data.size() + adapter.up.data.size()) * floats;
}

void narrowRows(const Kernels& floats, const LowRank& adapter, const float* x, std::int64_t xStride, std::int64_t rows, float* narrow,
    std::int64_t narrowStride)
{
    floats.matmul(x, xStride, 1, rows, adapter.down.K, adapter.down.data.data(), adapter.down.panels, adapter.down.panelStride(), narrow,
        narrowStride, false);
}

void multiplyColumns(const Kernels& floats, const RowKernels& kernels, const Linear& linear, const ProductInput& input, std::int64_t begin,
    std::int64_t end, std::int64_t wanted, float* out, std::int64_t outStride, bool accumulate)
{
    const std::int64_t firstPanel = begin / kPanel, panelCount = (end - begin + kPanel - 1) / kPanel;
    if (linear.rows == nullptr) {
        floats.matmul(input.x, input.xStride, 1, input.rows, linear.K, linear.panels.panel(firstPanel), panelCount,
            linear.panels.panelStride(), out, outStride, accumulate);
    } else {
        kernels.multiply(
            input.prepared, input.rows, linear.K, linear.rows + begin * linear.K, linear.K, end - begin, wanted, out, outStride);
        const PackedMatrix& up = linear.adapter.up;
        if (up.panels > 0)
            floats.matmul(input.narrow, input.narrowStride, 1, input.rows, up.K, up.panel(firstPanel), panelCount, up.panelStride(), out,
                outStride, true);
    }
    if (linear.bias.size() == 0)
        return;
    for (std::int64_t r = 0; r < input.rows; ++r) {
        float* row = out + r * outStride;
        for (std::int64_t n = begin; n < end; ++n)
            row[n - begin] += linear.bias.data()[n];
    }
}

} // namespace precedent::core
