#include "core/generate/forward.h"

#include <algorithm>
#include <cmath>

#include "core/model/parallel.h"

namespace precedent::core {
namespace {

constexpr std::int64_t kAttentionRows = 24; // rows (position, query head) that go through the keys together

/// (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin), the two halves of a head.
void rotateHead(float* x, const float* cos, const float* sin, std::int64_t half)
{
    for (std::int64_t i = 0; i < half; ++i) {
        const float a = x[i];
        const float b = x[i + half];
        x[i] = a * cos[i] - b * sin[i];
        x[i + half] = b * cos[i] + a * sin[i];
    }
}

} // namespace

void Forward::multiply(
    const float* x, std::int64_t xStride, std::int64_t rows, const PackedMatrix& matrix, float* out, bool accumulate, bool team) const
{
    const std::int64_t stride = matrix.paddedColumns();
    const std::int64_t parts = team ? std::min<std::int64_t>(matrix.panels, threadCount() * 4L) : 1;
    parallelTasks(parts, team, [&](std::int64_t part, int) {
        const std::int64_t begin = matrix.panels * part / parts;
        const std::int64_t end = matrix.panels * (part + 1) / parts;
        m_kernels.matmul(x, xStride, 1, rows, matrix.K, matrix.data.data() + begin * matrix.panelStride(), end - begin,
            matrix.panelStride(), out + begin * kPanel, stride, accumulate);
    });
}

void Forward::rotateAndStore(const std::vector<Span>& spans, Scratch& scratch, std::int64_t layer, bool team) const
{
    const DecoderConfig& config = m_weights.config;
    const std::int64_t D = config.headDim, half = D / 2, H = config.heads, KV = config.kvHeads;
    const std::int64_t stride = m_weights.layers.front().qkv.paddedColumns();
    std::int64_t firstRow = 0;
    for (const Span& span : spans) {
        parallelTasks(span.count, team && span.count > kAttentionRows, [&](std::int64_t i, int) {
            float* row = scratch.qkv.data() + (firstRow + i) * stride;
            const std::int64_t position = span.begin() + i;
            const float* cos = m_weights.ropeCos.data() + position * half;
            const float* sin = m_weights.ropeSin.data() + position * half;
            for (std::int64_t head = 0; head < H + KV; ++head)
                rotateHead(row + head * D, cos, sin, half);
            const KvSequence::Piece& piece = span.sequence->pieceOf(position);
            for (std::int64_t head = 0; head < KV; ++head)
                piece.block->write(layer, head, position - piece.begin, row + (H + head) * D, row + (H + KV + head) * D);
        });
        firstRow += span.count;
    }
}

void Forward::attend(const std::vector<Span>& spans, Scratch& scratch, std::int64_t layer, bool team) const
{
    const std::int64_t KV = m_weights.config.kvHeads;
    const std::int64_t step = std::max<std::int64_t>(1, kAttentionRows / m_weights.config.queriesPerKv());
    std::vector<AttentionTask> tasks;
    std::int64_t row = 0;
    for (const Span& span : spans) {
        for (std::int64_t i = 0; i < span.count; i += step)
            tasks.push_back({&span, row + i, span.begin() + i, span.begin() + std::min(i + step, span.count)});
        row += span.count;
    }
    parallelTasks(static_cast<std::int64_t>(tasks.size()) * KV, team, [&](std::int64_t i, int thread) {
        attendSome(tasks[static_cast<std::size_t>(i / KV)], layer, i % KV, scratch, scratch.attention[static_cast<std::size_t>(thread)]);
    });
}

// Positions [begin, end), the query heads of one key head. Keys and values are packed panels, so both products are the
// kernel's. Scores lie by position, so that how the cache is cut into blocks changes no sum's order: a block's last
// panel may write past its positions, and the next block writes over that.
void Forward::attendSome(const AttentionTask& task, std::int64_t layer, std::int64_t kvHead, Scratch& scratch, AlignedBuffer& buffer) const
{
    const std::int64_t D = m_weights.config.headDim, R = m_weights.config.queriesPerKv(), rows = (task.end - task.begin) * R;
    const std::int64_t valueStride = paddedToPanel(D);
    const std::int64_t qkvStride = m_weights.layers.front().qkv.paddedColumns();
    const std::int64_t mixedStride = paddedToPanel(m_weights.layers.front().output.K);
    const std::int64_t scoreStride = paddedToPanel(task.end) + kPanel;
    buffer.reserve(rows * (D + valueStride + scoreStride + 1));
    float* queries = buffer.data(); // [rows, D]
    float* result = queries + rows * D;
    float* scores = result + rows * valueStride;
    float* sums = scores + rows * scoreStride;

    for (std::int64_t r = 0; r < rows; ++r)
        std::copy_n(scratch.qkv.data() + (task.row + r / R) * qkvStride + (kvHead * R + r % R) * D, D, queries + r * D);
    for (const KvSequence::Piece& piece : task.span->sequence->pieces()) {
        const std::int64_t count = std::min(piece.count, task.end - piece.begin);
        if (count > 0)
            m_kernels.matmul(queries, D, 1, rows, D, piece.block->keys(layer, kvHead), (count + kPanel - 1) / kPanel,
                piece.block->keyPanelStride(), scores + piece.begin, scoreStride, false);
    }
    const float scale = 1.0F / std::sqrt(static_cast<float>(D));
    for (std::int64_t r = 0; r < rows; ++r) {
        const std::int64_t limit = task.begin + r / R + 1;
        float highest = 0;
        sums[r] = m_kernels.softmaxWeights(scores + r * scoreStride, limit, scale, &highest);
        std::fill(scores + r * scoreStride + limit, scores + r * scoreStride + task.end, 0.0F);
    }
    for (const KvSequence::Piece& piece : task.span->sequence->pieces()) {
        const std::int64_t count = std::min(piece.count, task.end - piece.begin);
        if (count > 0)
            m_kernels.matmul(scores + piece.begin, scoreStride, 1, rows, count, piece.block->values(layer, kvHead), valueStride / kPanel,
                piece.block->valuePanelStride(), result, valueStride, piece.begin > 0);
    }
    for (std::int64_t r = 0; r < rows; ++r) {
        float* target = scratch.mixed.data() + (task.row + r / R) * mixedStride + (kvHead * R + r % R) * D;
        const float factor = 1.0F / sums[r];
        for (std::int64_t d = 0; d < D; ++d)
            target[d] = result[r * valueStride + d] * factor;
    }
}

bool Forward::run(const std::vector<Span>& spans, Scratch& scratch, bool team, const std::stop_token& stop) const
{
    const DecoderConfig& config = m_weights.config;
    const PackedWeights::Layer& shapes = m_weights.layers.front();
    const std::int64_t C = config.hiddenSize, I = config.intermediateSize, xStride = hiddenStride();
    const std::int64_t mixedStride = paddedToPanel(shapes.output.K), upStart = paddedToPanel(I), gateStride = shapes.gateUp.paddedColumns();
    const auto eps = static_cast<float>(config.rmsEps);
    std::int64_t rows = 0;
    for (const Span& span : spans)
        rows += span.count;
    team = team && rows * m_weights.bytes() >= m_leastTeamBytes;
    scratch.reserve(rows, m_weights, team ? threadCount() : 1);

    std::int64_t row = 0;
    for (const Span& span : spans) {
        for (std::int64_t i = 0; i < span.count; ++i)
            std::copy_n(m_weights.embedding.data() + span.ids[i] * C, C, scratch.x.data() + row++ * xStride);
    }
    const auto norm = [&](const AlignedBuffer& weight) {
        parallelTasks(rows, team && rows > kAttentionRows, [&](std::int64_t r, int) {
            m_kernels.rmsNorm(scratch.x.data() + r * xStride, weight.data(), eps, C, scratch.normed.data() + r * xStride);
        });
    };
    for (std::int64_t l = 0; l < config.layers; ++l) {
        if (stop.stop_requested())
            return false;
        const PackedWeights::Layer& layer = m_weights.layers[static_cast<std::size_t>(l)];
        norm(layer.inputNorm);
        multiply(scratch.normed.data(), xStride, rows, layer.qkv, scratch.qkv.data(), false, team);
        rotateAndStore(spans, scratch, l, team);
        attend(spans, scratch, l, team);
        multiply(scratch.mixed.data(), mixedStride, rows, layer.output, scratch.x.data(), true, team);
        norm(layer.postNorm);
        multiply(scratch.normed.data(), xStride, rows, layer.gateUp, scratch.gateUp.data(), false, team);
        parallelTasks(rows, team && rows > kAttentionRows, [&](std::int64_t r, int) {
            const float* gate = scratch.gateUp.data() + r * gateStride;
            m_kernels.swiGlu(gate, gate + upStart, I, scratch.activated.data() + r * upStart);
        });
        multiply(scratch.activated.data(), upStart, rows, layer.down, scratch.x.data(), true, team);
    }
    norm(m_weights.norm);
    return true;
}

void Forward::logits(Scratch& scratch, std::int64_t first, std::int64_t rows, bool team) const
{
    scratch.logits.reserve(rows * logitStride());
    team = team && rows * m_weights.bytes() >= m_leastTeamBytes;
    multiply(scratch.normed.data() + first * hiddenStride(), hiddenStride(), rows, m_weights.head, scratch.logits.data(), false, team);
}

void Scratch::reserve(std::int64_t rows, const PackedWeights& weights, int threads)
{
    const PackedWeights::Layer& layer = weights.layers.front();
    x.reserve(rows * paddedToPanel(weights.config.hiddenSize));
    normed.reserve(rows * paddedToPanel(weights.config.hiddenSize));
    qkv.reserve(rows * layer.qkv.paddedColumns());
    mixed.reserve(rows * paddedToPanel(layer.output.K));
    gateUp.reserve(rows * layer.gateUp.paddedColumns());
    activated.reserve(rows * paddedToPanel(weights.config.intermediateSize));
    attention.resize(std::max(attention.size(), static_cast<std::size_t>(threads)));
}

} // namespace precedent::core
