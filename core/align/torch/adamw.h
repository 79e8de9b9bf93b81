#pragma once

#include "core/model/decoder.h"
#include "precedent/base/result.h"

namespace precedent::core {

/// AdamW (arXiv 1711.05101) over float32 leaf tensors of one device, with weight decay on matrices alone. Deterministic.
class AdamW {
public:
    struct Settings {
        double beta1 = 0.9;
        double beta2 = 0.99;
        double eps = 1e-8;
        double weightDecay = 0.0;
        bool plain = false; ///< by ATen's operations also on the CPU: the reference for tests
    };

    AdamW(NamedTensors parameters, Settings settings);

    void zeroGradient();
    /// Scales the gradient to a norm of at most maxNorm and takes one step. Returns the norm before; with a norm that
    /// is not finite nothing is changed.
    double step(double learningRate, double maxNorm);

    [[nodiscard]] std::int64_t steps() const { return m_steps; }
    void setSteps(std::int64_t steps) { m_steps = steps; }
    /// The moments as exp_avg.NAME and exp_avg_sq.NAME: tensors that share the optimiser's storage.
    [[nodiscard]] NamedTensors state() const;

private:
    [[nodiscard]] bool usesPlain(const at::Tensor& tensor) const { return m_settings.plain || !tensor.device().is_cpu(); }

    NamedTensors m_parameters;
    NamedTensors m_first;
    NamedTensors m_second;
    Settings m_settings;
    std::int64_t m_steps = 0;
};

} // namespace precedent::core
