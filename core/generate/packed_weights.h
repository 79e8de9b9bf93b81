#pragma once

#include <array>
#include <vector>

#include "core/generate/aligned_buffer.h"
#include "core/generate/linear.h"
#include "core/model/decoder.h"

namespace precedent::core {

/// A decoder's weights as generation reads them. Matrices held in float32 are copied, the adapter merged in; those held in
/// bfloat16, and the embedding, stay where they are (their tensors are kept alive), and an adapter beside bfloat16 is a
/// small copy.
struct PackedWeights {
    struct Layer {
        LayerConfig config;
        AlignedBuffer inputNorm, feedForwardNorm; // [C]
        AlignedBuffer attentionNorm, outputNorm; // [C], of what attention and feed-forward give back; empty: none
        AlignedBuffer queryNorm, keyNorm; // [D]; empty: none
        std::array<Linear, 3> qkv;
        Linear output;
        std::array<Linear, 2> gateUp;
        Linear down;

        [[nodiscard]] std::array<const Linear*, 7> linears() const
        {
            return {&qkv[0], &qkv[1], &qkv[2], &output, &gateUp[0], &gateUp[1], &down};
        }
    };
    struct Rope {
        AlignedBuffer cos, sin; // [positions, D/2]
    };
    DecoderConfig config;
    const float* embedding = nullptr; // [V, C], the decoder's own, or
    const Bf16* embeddingRows = nullptr; // [V, C]
    std::vector<Layer> layers;
    AlignedBuffer norm; // [C]
    Linear head;
    Rope globalRope, localRope;
    bool heldAsRows = false; ///< some matrices are bfloat16 rows

    /// Takes the decoder's parameters() and adapter(); reuses the buffers of a former call for the same config.
    void copyFrom(const Decoder& decoder);
    /// Makes the rotary tables reach `positions`. Not while a pass is running.
    void reserveRope(std::int64_t positions);
    /// Bytes that one decoding step reads.
    [[nodiscard]] std::int64_t bytes() const;

private:
    std::vector<at::Tensor> m_held; // what is pointed into
};

} // namespace precedent::core
