#pragma once

#include <vector>

#include "core/generate/aligned_buffer.h"
#include "core/generate/kernels.h"
#include "core/model/decoder.h"

namespace precedent::core {

/// A weight [N, K] (y = x W^T) as panels [K, 32] of its columns. Several weights with one input may share a matrix,
/// each beginning at a panel's boundary or, unpadded, right after the one before.
struct PackedMatrix {
    std::int64_t K = 0;
    std::int64_t panels = 0;
    AlignedBuffer data;

    [[nodiscard]] std::int64_t panelStride() const { return K * kPanel; }
    [[nodiscard]] std::int64_t paddedColumns() const { return panels * kPanel; }
};

/// A Llama's weights as generation reads them: a copy, the adapter merged in, q, k, v and gate, up fused.
struct PackedWeights {
    struct Layer {
        AlignedBuffer inputNorm, postNorm; // [C]
        PackedMatrix qkv; // q, k, v columns one after another
        PackedMatrix output;
        PackedMatrix gateUp; // gate from column 0, up from the first panel boundary after it
        PackedMatrix down;
    };
    DecoderConfig config;
    AlignedBuffer embedding; // [V, C]
    std::vector<Layer> layers;
    AlignedBuffer norm; // [C]
    PackedMatrix head;
    AlignedBuffer ropeCos, ropeSin; // [context, D/2]

    /// Copies from the decoder's parameters(); reuses the buffers of a former call for the same config.
    void copyFrom(const Decoder& decoder);
    /// Bytes that one decoding step reads.
    [[nodiscard]] std::int64_t bytes() const;
};

} // namespace precedent::core
