#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "core/run/packed_network.h"

// Causal attention of PackedNetwork, a query block at a time: scores of a block against the keys up to its end, never a
// whole [T, T] matrix. The backward computes the probabilities again from log sum exp.
namespace precedent::core {
namespace {

constexpr std::int64_t kQueryBlock = 128;

// [rows, columns] inside a wider row-major matrix.
at::Tensor window(float* start, std::int64_t rows, std::int64_t columns, std::int64_t stride)
{
    return at::from_blob(start, {rows, columns}, {stride, 1}, at::TensorOptions(at::kFloat));
}

std::int64_t longest(const PackedBatch& batch)
{
    std::int64_t rows = 0;
    for (std::size_t d = 1; d < batch.offsets.size(); ++d)
        rows = std::max(rows, batch.offsets[d] - batch.offsets[d - 1]);
    return rows;
}

} // namespace

// One query head of one document. scratch [kQueryBlock, >= rows].
void PackedNetwork::attendBlock(const Block& block, const Activations& a, const at::Tensor& scratch) const
{
    const std::int64_t D = m_config.headDim;
    const std::int64_t kvHead = block.head / m_config.queriesPerKv();
    const std::int64_t outWidth = m_config.heads * D;
    const float scale = 1.0F / std::sqrt(static_cast<float>(D));
    float* rows = a.qkv.data_ptr<float>() + block.first * m_qkvWidth;
    float* keys = rows + (m_config.heads + kvHead) * D;
    float* values = keys + m_config.kvHeads * D;
    float* lse = a.lse.data_ptr<float>() + block.head * a.lse.size(0) + block.first;
    for (std::int64_t q = 0; q < block.rows; q += kQueryBlock) {
        const std::int64_t n = std::min(kQueryBlock, block.rows - q);
        const std::int64_t seen = q + n;
        at::Tensor scores = window(scratch.data_ptr<float>(), n, seen, seen);
        at::mm_out(scores, window(rows + q * m_qkvWidth + block.head * D, n, D, m_qkvWidth), window(keys, seen, D, m_qkvWidth).t());
        kernels::causalSoftmax(scores.data_ptr<float>(), n, seen, seen, q, scale, lse + q);
        at::Tensor out = window(a.attention.data_ptr<float>() + (block.first + q) * outWidth + block.head * D, n, D, outWidth);
        at::mm_out(out, scores, window(values, seen, D, m_qkvWidth));
    }
}

// As attendBlock; scratch [2 * kQueryBlock + 1, >= rows]. `firstOfKv`: the key and value gradients are set, not added to.
void PackedNetwork::attendBlockBackward(const Block& block, const Activations& a, const at::Tensor& scratch, bool firstOfKv)
{
    const std::int64_t D = m_config.headDim;
    const std::int64_t kvHead = block.head / m_config.queriesPerKv();
    const std::int64_t outWidth = m_config.heads * D;
    const float scale = 1.0F / std::sqrt(static_cast<float>(D));
    float* rows = a.qkv.data_ptr<float>() + block.first * m_qkvWidth;
    float* dRows = m_dqkv.data_ptr<float>() + block.first * m_qkvWidth;
    const std::int64_t keyAt = (m_config.heads + kvHead) * D;
    const std::int64_t valueAt = keyAt + m_config.kvHeads * D;
    const float* lse = a.lse.data_ptr<float>() + block.head * a.lse.size(0) + block.first;
    float* p = scratch.data_ptr<float>();
    float* d = p + kQueryBlock * scratch.size(1);
    float* delta = d + kQueryBlock * scratch.size(1);
    if (firstOfKv) {
        window(dRows + keyAt, block.rows, D, m_qkvWidth).zero_();
        window(dRows + valueAt, block.rows, D, m_qkvWidth).zero_();
    }
    for (std::int64_t q = 0; q < block.rows; q += kQueryBlock) {
        const std::int64_t n = std::min(kQueryBlock, block.rows - q);
        const std::int64_t seen = q + n;
        const std::int64_t outAt = (block.first + q) * outWidth + block.head * D;
        const at::Tensor queries = window(rows + q * m_qkvWidth + block.head * D, n, D, m_qkvWidth);
        const at::Tensor keys = window(rows + keyAt, seen, D, m_qkvWidth);
        const at::Tensor dOut = window(m_dAttention.data_ptr<float>() + outAt, n, D, outWidth);
        at::Tensor probabilities = window(p, n, seen, seen);
        at::Tensor dScores = window(d, n, seen, seen);
        at::mm_out(probabilities, queries, keys.t());
        kernels::causalProbabilities(p, n, seen, seen, q, scale, lse + q);
        window(dRows + valueAt, seen, D, m_qkvWidth).addmm_(probabilities.t(), dOut);
        at::mm_out(dScores, dOut, window(rows + valueAt, seen, D, m_qkvWidth).t());
        kernels::rowDots(dOut.data_ptr<float>(), outWidth, a.attention.data_ptr<float>() + outAt, outWidth, n, D, delta);
        kernels::softmaxBackward(p, d, n, seen, seen, scale, delta);
        at::Tensor dQueries = window(dRows + q * m_qkvWidth + block.head * D, n, D, m_qkvWidth);
        at::mm_out(dQueries, dScores, keys);
        window(dRows + keyAt, seen, D, m_qkvWidth).addmm_(dScores.t(), queries);
    }
}

void PackedNetwork::attend(const PackedBatch& batch, const Activations& a) const
{
    const std::int64_t heads = m_config.heads;
    const auto items = static_cast<std::int64_t>(batch.offsets.size() - 1) * heads;
    const std::int64_t width = longest(batch);
#pragma omp parallel
    {
        const c10::InferenceMode guard; // of each thread
        const at::Tensor scratch = at::empty({kQueryBlock, width}, at::kFloat);
#pragma omp for schedule(dynamic)
        for (std::int64_t item = 0; item < items; ++item) {
            const std::int64_t first = batch.offsets[static_cast<std::size_t>(item / heads)];
            attendBlock({first, batch.offsets[static_cast<std::size_t>(item / heads + 1)] - first, item % heads}, a, scratch);
        }
    }
}

void PackedNetwork::attendBackward(const PackedBatch& batch, const Activations& a)
{
    const std::int64_t groups = m_config.kvHeads;
    const std::int64_t queries = m_config.queriesPerKv();
    const auto items = static_cast<std::int64_t>(batch.offsets.size() - 1) * groups;
    const std::int64_t width = longest(batch);
#pragma omp parallel
    {
        const c10::InferenceMode guard; // of each thread
        const at::Tensor scratch = at::empty({2 * kQueryBlock + 1, std::max(width, kQueryBlock)}, at::kFloat);
#pragma omp for schedule(dynamic)
        for (std::int64_t item = 0; item < items; ++item) {
            const std::int64_t first = batch.offsets[static_cast<std::size_t>(item / groups)];
            const std::int64_t rows = batch.offsets[static_cast<std::size_t>(item / groups + 1)] - first;
            for (std::int64_t h = 0; h < queries; ++h)
                attendBlockBackward({first, rows, (item % groups) * queries + h}, a, scratch, h == 0);
        }
    }
}

} // namespace precedent::core
