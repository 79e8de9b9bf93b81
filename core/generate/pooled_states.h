#pragma once

#include <stop_token>
#include <vector>

#include "core/generate/forward.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// Computes PooledStates of checked texts over the kernels. Rotary positions must reach the longest window
/// (PackedWeights::reserveRope). Each token's state depends on its window alone, and a text's states are added in order
/// in float64, so what else is asked for changes nothing.
class StatePooling {
public:
    StatePooling(const Forward& forward, const PackedWeights& weights, std::vector<Scratch>& scratch, const PooledRequest& request,
        const std::stop_token& stop);

    /// Fails with cancelled, or internal where a state is not a number.
    [[nodiscard]] Result<PooledStates> run();

private:
    /// A text, or as much of it as the context holds, on its way through passes.
    struct Window {
        const int* ids = nullptr;
        std::int64_t count = 0;
        KvSequence sequence;
        std::vector<double> sum; ///< of the states so far, [C]
    };

    [[nodiscard]] std::vector<Window> windowsOf(const std::vector<int>& ids) const;
    [[nodiscard]] bool computePacked(std::vector<Window>& windows);
    [[nodiscard]] bool computeSingly(std::vector<Window>& windows);
    void begin(Window& window) const;
    void add(Window& window, const float* states, std::int64_t rows) const;

    const Forward& m_forward;
    const PackedWeights& m_weights;
    std::vector<Scratch>& m_scratch;
    const PooledRequest& m_request;
    const std::stop_token& m_stop;
};

/// The same over the plain path, for decoders that are not on the processor.
[[nodiscard]] Result<PooledStates> pooledStatesPlain(const Decoder& decoder, const PooledRequest& request, const std::stop_token& stop);

} // namespace precedent::core
