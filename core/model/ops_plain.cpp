#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "core/model/ops.h"

namespace precedent::core {
namespace {

/// [rows, keys] with -infinity where a row may not look; row i stands at key keys - rows + i.
at::Tensor attentionMask(std::int64_t rows, std::int64_t keys, std::int64_t window, const at::TensorOptions& options)
{
    const double never = -std::numeric_limits<double>::infinity();
    at::Tensor mask = at::full({rows, keys}, never, options).triu_(keys - rows + 1);
    if (window > 0)
        mask += at::full({rows, keys}, never, options).tril_(keys - rows - window);
    return mask;
}

double scaleOf(const AttentionOptions& options, std::int64_t D)
{
    return options.scale > 0 ? options.scale : 1.0 / std::sqrt(static_cast<double>(D));
}

} // namespace

RopeTable makeRopeTable(std::int64_t positions, const at::Tensor& frequencies, double magnitude, const at::TensorOptions& options)
{
    const at::Tensor angles = at::outer(at::arange(positions, at::TensorOptions(at::kDouble)), frequencies); // [T, D/2]
    return {(angles.cos() * magnitude).to(options), (angles.sin() * magnitude).to(options)};
}

namespace plain {

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps)
{
    return x * at::rsqrt(x.square().mean(-1, /*keepdim=*/true) + eps) * weight;
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin)
{
    const std::int64_t half = x.size(-1) / 2;
    const at::Tensor c = cos.unsqueeze(1); // [N, 1, D/2]
    const at::Tensor s = sin.unsqueeze(1);
    const at::Tensor x1 = x.slice(-1, 0, half);
    const at::Tensor x2 = x.slice(-1, half);
    return at::cat({x1 * c - x2 * s, x2 * c + x1 * s}, -1);
}

at::Tensor swiGlu(const at::Tensor& gate, const at::Tensor& up) { return at::silu(gate) * up; }

at::Tensor geluGlu(const at::Tensor& gate, const at::Tensor& up) { return at::gelu(gate, "tanh") * up; }

at::Tensor causalAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionOptions& options)
{
    const std::int64_t B = q.size(0), T = q.size(1), H = q.size(2), D = q.size(3), KV = k.size(2);
    const std::int64_t R = H / KV; // query heads that share a key head
    // The R heads of a group lie one after another, so they become rows of one product with their keys.
    const at::Tensor queries = q.reshape({B, T, KV, R, D}).permute({0, 2, 3, 1, 4}).reshape({B * KV, R * T, D});
    const at::Tensor keys = k.permute({0, 2, 3, 1}).reshape({B * KV, D, T});
    const at::Tensor values = v.permute({0, 2, 1, 3}).reshape({B * KV, T, D});
    at::Tensor scores = at::bmm(queries, keys) * scaleOf(options, D); // [B KV, R T, T]
    scores = scores.reshape({B * KV, R, T, T}) + attentionMask(T, T, options.window, q.options());
    const at::Tensor weights = at::softmax(scores, -1).reshape({B * KV, R * T, T});
    const at::Tensor mixed = at::bmm(weights, values); // [B KV, R T, D]
    return mixed.reshape({B, KV, R, T, D}).permute({0, 3, 1, 2, 4}).reshape({B, T, H, D});
}

at::Tensor suffixAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<std::int64_t>& lengths,
    const at::Tensor& promptK, const at::Tensor& promptV, const AttentionOptions& options)
{
    const std::int64_t H = q.size(1), D = q.size(2), KV = k.size(1), P = promptK.size(0), R = H / KV;
    const auto G = static_cast<std::int64_t>(lengths.size());
    const std::int64_t L = *std::max_element(lengths.begin(), lengths.end());
    const auto padded = [&](const at::Tensor& rows) { return paddedSequences(rows, lengths, L); }; // [G, L, ..]
    const at::Tensor queries = padded(q).reshape({G, L, KV, R, D}).permute({2, 0, 3, 1, 4}).reshape({KV, G * R * L, D});
    const at::Tensor seen = promptK.permute({1, 2, 0}).contiguous(); // [KV, D, P]
    const at::Tensor own = padded(k).permute({2, 0, 3, 1}).reshape({KV * G, D, L}); // own keys
    const at::Tensor ownValues = padded(v).permute({2, 0, 1, 3}).reshape({KV * G, L, D});
    const at::Tensor promptScores = at::bmm(queries, seen).reshape({KV, G, R, L, P});
    const at::Tensor ownScores = at::bmm(queries.reshape({KV * G, R * L, D}), own).reshape({KV, G, R, L, L});
    const at::Tensor scores = at::cat({promptScores, ownScores}, -1) * scaleOf(options, D);
    const at::Tensor weights = at::softmax(scores + attentionMask(L, P + L, options.window, q.options()), -1); // [KV, G, R, L, P + L]
    const at::Tensor fromPrompt = at::bmm(weights.slice(-1, 0, P).reshape({KV, G * R * L, P}), promptV.permute({1, 0, 2}));
    const at::Tensor fromOwn = at::bmm(weights.slice(-1, P).reshape({KV * G, R * L, L}), ownValues);
    const at::Tensor mixed = fromPrompt.reshape({KV, G, R, L, D}) + fromOwn.reshape({KV, G, R, L, D});
    const at::Tensor out = mixed.permute({1, 3, 0, 2, 4}).reshape({G, L, H, D});
    std::vector<at::Tensor> rows;
    for (std::int64_t g = 0; g < G; ++g)
        rows.push_back(out[g].slice(0, 0, lengths[static_cast<std::size_t>(g)]));
    return at::cat(rows);
}

at::Tensor stepAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& promptK,
    const at::Tensor& promptV, const AttentionOptions& options)
{
    const std::int64_t G = q.size(0), H = q.size(1), D = q.size(2), KV = k.size(2), R = H / KV;
    // The window ends with the new token: what is left of it before the own tokens is the prompt's.
    const std::int64_t own = options.window > 0 ? std::min(options.window, k.size(1)) : k.size(1);
    const std::int64_t seen = options.window > 0 ? std::min(options.window - own, promptK.size(0)) : promptK.size(0);
    const at::Tensor keys = k.slice(1, k.size(1) - own), values = v.slice(1, v.size(1) - own);
    const at::Tensor seenKeys = promptK.slice(0, promptK.size(0) - seen), seenValues = promptV.slice(0, promptV.size(0) - seen);
    const at::Tensor grouped = q.view({G, KV, R, D});
    const at::Tensor promptScores =
        at::bmm(grouped.permute({1, 0, 2, 3}).reshape({KV, G * R, D}), seenKeys.permute({1, 2, 0})).view({KV, G, R, seen});
    const at::Tensor ownScores = at::matmul(grouped, keys.permute({0, 2, 3, 1})); // [G, KV, R, own]
    const at::Tensor scores = at::cat({promptScores.permute({1, 0, 2, 3}), ownScores}, -1) * scaleOf(options, D);
    const at::Tensor weights = at::softmax(scores, -1); // [G, KV, R, seen + own]
    const at::Tensor fromPrompt =
        at::bmm(weights.slice(-1, 0, seen).permute({1, 0, 2, 3}).reshape({KV, G * R, seen}), seenValues.permute({1, 0, 2}))
            .view({KV, G, R, D})
            .permute({1, 0, 2, 3});
    const at::Tensor fromOwn = at::matmul(weights.slice(-1, seen), values.permute({0, 2, 1, 3})); // [G, KV, R, D]
    return (fromPrompt + fromOwn).reshape({G, H, D});
}

} // namespace plain
} // namespace precedent::core
