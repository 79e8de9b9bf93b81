#include "core/generate/pass.h"

#include <algorithm>
#include <cstring>

namespace precedent::core {
namespace {

constexpr std::int64_t kRowsPerTask = 8; // of norms, where nothing is prepared in groups
constexpr std::int64_t kTasksPerThread = 8; // of a product: enough to even out what other programs take
constexpr std::int64_t kMostGateColumns = 96; // both products of a gate's task stay in the second-level cache
constexpr std::int64_t kNarrowRows = 32; // of one task

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

void widen(const Bf16* source, std::int64_t n, float* out)
{
    for (std::int64_t i = 0; i < n; ++i) {
        const std::uint32_t bits = std::uint32_t{source[i]} << 16;
        std::memcpy(out + i, &bits, sizeof bits);
    }
}

/// Columns of one task of a product: a step that its kernels divide well, and a fair share.
std::int64_t columnsPerTask(const Linear& linear, int threads)
{
    const std::int64_t step = linear.rows != nullptr && linear.adapter.up.panels == 0 ? 24 : kPanel;
    if (threads == 1)
        return roundedUp(linear.N, step);
    return roundedUp((linear.N + threads * kTasksPerThread - 1) / (threads * kTasksPerThread), step);
}

} // namespace

Pass::Pass(const PackedWeights& weights, const KernelChoice& kernels, Phase phase, std::int64_t rows, Scratch& scratch, int threads)
    : m_weights(weights)
    , m_floats(*kernels.floats)
    , m_rowKernels(kernels.rows(phase))
    , m_scratch(scratch)
    , m_rows(rows)
    , m_xStride(paddedToPanel(weights.config.hiddenSize))
{
    const DecoderConfig& config = weights.config;
    const std::int64_t Q = std::int64_t{config.heads} * config.headDim, KV = std::int64_t{config.kvHeads} * config.headDim;
    m_keyStart = paddedToPanel(Q);
    m_valueStart = m_keyStart + paddedToPanel(KV);
    m_qkvStride = m_valueStart + paddedToPanel(KV);
    m_mixedStride = paddedToPanel(Q);
    m_gateStride = paddedToPanel(config.intermediateSize);
    for (const PackedWeights::Layer& layer : weights.layers) {
        for (const Linear* linear : layer.linears())
            m_narrowStride = std::max(m_narrowStride, linear->adapter.down.paddedColumns());
    }
    scratch.threads.resize(std::max(scratch.threads.size(), static_cast<std::size_t>(threads)));
    if (weights.heldAsRows)
        scratch.prepared.reserve(
            m_rowKernels.preparedBytes(rows, std::max({config.hiddenSize, static_cast<int>(Q), config.intermediateSize})) /
                static_cast<std::int64_t>(sizeof(float)) +
            1);
}

Pass::Pass(
    const PackedWeights& weights, const KernelChoice& kernels, Phase phase, const std::vector<Span>& spans, Scratch& scratch, int threads)
    : Pass(
          weights, kernels, phase,
          [&] {
              std::int64_t rows = 0;
              for (const Span& span : spans)
                  rows += span.count;
              return rows;
          }(),
          scratch, threads)
{
    for (const Span& span : spans) {
        for (std::int64_t i = 0; i < span.count; ++i)
            m_places.push_back({&span, span.begin() + i});
    }
    m_attention = planAttention(spans, weights.config, threads);
    scratch.x.reserve(m_rows * m_xStride);
    scratch.branch.reserve(m_rows * m_xStride);
    scratch.normed.reserve(m_rows * m_xStride);
    scratch.qkv.reserve(m_rows * m_qkvStride);
    scratch.mixed.reserve(m_rows * m_mixedStride);
    scratch.activated.reserve(m_rows * m_gateStride);
    scratch.narrow.reserve(3 * m_rows * m_narrowStride);
    const std::int64_t attentionSize = attentionFloats(m_attention, weights.config, m_rowKernels);
    const std::int64_t gateSize = m_rows * std::min(m_gateStride, kMostGateColumns);
    for (int t = 0; t < threads; ++t) {
        Scratch::PerThread& own = scratch.threads[static_cast<std::size_t>(t)];
        own.attention.reserve(attentionSize);
        own.gate.reserve(gateSize);
        own.up.reserve(gateSize);
    }
}

void Pass::embed(Team::Member& member)
{
    const std::int64_t C = m_weights.config.hiddenSize;
    const auto scale = static_cast<float>(m_weights.config.embeddingScale);
    member.each(m_rows, [&](std::int64_t r, bool) {
        const RowPlace& place = m_places[static_cast<std::size_t>(r)];
        const std::int64_t id = place.span->ids[place.position - place.span->begin()];
        float* row = m_scratch.x.data() + r * m_xStride;
        if (m_weights.embeddingRows != nullptr)
            widen(m_weights.embeddingRows + id * C, C, row);
        else
            std::copy_n(m_weights.embedding + id * C, C, row);
        for (std::int64_t i = 0; scale != 1.0F && i < C; ++i)
            row[i] *= scale;
    });
}

void Pass::addAndNorm(Team::Member& member, bool pending, const AlignedBuffer& branchNorm, const AlignedBuffer& weight)
{
    const std::int64_t C = m_weights.config.hiddenSize;
    const auto eps = static_cast<float>(m_weights.config.rmsEps);
    const std::int64_t tasks = m_weights.heldAsRows ? m_rowKernels.groups(m_rows) : (m_rows + kRowsPerTask - 1) / kRowsPerTask;
    member.each(tasks, [&](std::int64_t task, bool) {
        for (std::int64_t r = m_rows * task / tasks; r < m_rows * (task + 1) / tasks; ++r) {
            float* x = m_scratch.x.data() + r * m_xStride;
            if (pending) {
                float* branch = m_scratch.branch.data() + r * m_xStride;
                if (branchNorm.size() > 0)
                    m_floats.rmsNorm(branch, branchNorm.data(), eps, C, branch);
                for (std::int64_t i = 0; i < C; ++i)
                    x[i] += branch[i];
            }
            m_floats.rmsNorm(x, weight.data(), eps, C, m_scratch.normed.data() + r * m_xStride);
        }
        if (m_weights.heldAsRows)
            m_rowKernels.prepareGroup(m_scratch.normed.data(), m_xStride, m_rows, C, task, m_scratch.prepared.data());
    });
}

ProductInput Pass::normedInput() const { return {m_rows, m_scratch.normed.data(), m_xStride, m_scratch.prepared.data(), nullptr, 0}; }

ProductInput Pass::ready(Team::Member& member, const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t K)
{
    if (m_weights.heldAsRows)
        member.each(m_rowKernels.groups(rows),
            [&](std::int64_t group, bool) { m_rowKernels.prepareGroup(x, xStride, rows, K, group, m_scratch.prepared.data()); });
    return {rows, x, xStride, m_scratch.prepared.data(), nullptr, 0};
}

void Pass::narrow(Team::Member& member, std::initializer_list<const Linear*> linears, const ProductInput& input)
{
    if (m_narrowStride == 0)
        return;
    const std::int64_t blocks = (input.rows + kNarrowRows - 1) / kNarrowRows;
    member.each(static_cast<std::int64_t>(linears.size()) * blocks, [&](std::int64_t task, bool) {
        const LowRank& adapter = linears.begin()[task / blocks]->adapter;
        if (adapter.up.panels == 0)
            return;
        const std::int64_t first = task % blocks * kNarrowRows, count = std::min(kNarrowRows, input.rows - first);
        narrowRows(m_floats, adapter, input.x + first * input.xStride, input.xStride, count,
            m_scratch.narrow.data() + (task / blocks * m_rows + first) * m_narrowStride, m_narrowStride);
    });
}

ProductInput Pass::narrowed(ProductInput input, std::size_t index) const
{
    input.narrow = m_scratch.narrow.data() + static_cast<std::int64_t>(index) * m_rows * m_narrowStride;
    input.narrowStride = m_narrowStride;
    return input;
}

void Pass::multiply(Team::Member& member, std::initializer_list<Product> products, const ProductInput& input)
{
    std::int64_t tasks = 0;
    for (const Product& product : products) {
        const std::int64_t columns = columnsPerTask(*product.linear, member.size());
        tasks += (product.linear->N + columns - 1) / columns;
    }
    member.each(tasks, [&](std::int64_t task, bool more) {
        std::size_t index = 0;
        for (const Product& product : products) {
            const std::int64_t N = product.linear->N, columns = columnsPerTask(*product.linear, member.size());
            const std::int64_t count = (N + columns - 1) / columns;
            if (task >= count) {
                task -= count;
                ++index;
                continue;
            }
            const std::int64_t begin = task * columns, end = std::min(N, begin + columns);
            multiplyColumns(m_floats, m_rowKernels, *product.linear, narrowed(input, index), begin, end,
                more ? std::min(columns, N - end) : 0, product.out + begin, product.outStride, product.accumulate);
            return;
        }
    });
}

void Pass::rotateAndStore(Team::Member& member, std::int64_t l)
{
    const PackedWeights::Layer& layer = m_weights.layers[static_cast<std::size_t>(l)];
    const std::int64_t D = m_weights.config.headDim, H = m_weights.config.heads, KV = m_weights.config.kvHeads, half = D / 2;
    const auto eps = static_cast<float>(m_weights.config.rmsEps);
    const PackedWeights::Rope& rope = layer.config.rope == LayerConfig::Rope::local ? m_weights.localRope : m_weights.globalRope;
    member.each(m_rows, [&](std::int64_t r, bool) {
        const auto [span, position] = m_places[static_cast<std::size_t>(r)];
        float* row = m_scratch.qkv.data() + r * m_qkvStride;
        const auto turn = [&](float* heads, std::int64_t count, const AlignedBuffer& norm) {
            for (std::int64_t head = 0; head < count; ++head, heads += D) {
                if (norm.size() > 0)
                    m_floats.rmsNorm(heads, norm.data(), eps, D, heads);
                if (layer.config.rope != LayerConfig::Rope::none)
                    rotateHead(heads, rope.cos.data() + position * half, rope.sin.data() + position * half, half);
            }
        };
        turn(row, H, layer.queryNorm);
        turn(row + m_keyStart, KV, layer.keyNorm);
        const KvSequence::Piece& piece = span->sequence->pieceOf(position);
        for (std::int64_t head = 0; head < KV; ++head)
            piece.block->write(l, head, position - piece.begin, row + m_keyStart + head * D, row + m_valueStart + head * D);
    });
}

void Pass::attention(Team::Member& member, std::int64_t l)
{
    const std::int64_t KV = m_weights.config.kvHeads;
    const AttentionRows rows = {m_scratch.qkv.data(), m_qkvStride, m_scratch.mixed.data(), m_mixedStride};
    float* buffer = m_scratch.threads[static_cast<std::size_t>(member.thread())].attention.data();
    member.each(static_cast<std::int64_t>(m_attention.size()) * KV, [&](std::int64_t i, bool) {
        attend(m_floats, m_rowKernels, m_weights.config, m_attention[static_cast<std::size_t>(i / KV)], l, i % KV, rows, buffer);
    });
}

void Pass::gated(Team::Member& member, const PackedWeights::Layer& layer, const ProductInput& input)
{
    const std::int64_t I = m_weights.config.intermediateSize;
    const auto activate = m_weights.config.activation == Activation::geluTanh ? m_floats.geluGlu : m_floats.swiGlu;
    Scratch::PerThread& own = m_scratch.threads[static_cast<std::size_t>(member.thread())];
    const std::int64_t columns = std::min(m_gateStride, kMostGateColumns);
    member.each((I + columns - 1) / columns, [&](std::int64_t task, bool more) {
        const std::int64_t begin = task * columns, end = std::min(I, begin + columns), wanted = more ? std::min(columns, I - end) : 0;
        multiplyColumns(m_floats, m_rowKernels, layer.gateUp[0], narrowed(input, 0), begin, end, wanted, own.gate.data(), columns, false);
        multiplyColumns(m_floats, m_rowKernels, layer.gateUp[1], narrowed(input, 1), begin, end, wanted, own.up.data(), columns, false);
        for (std::int64_t r = 0; r < m_rows; ++r)
            activate(own.gate.data() + r * columns, own.up.data() + r * columns, end - begin,
                m_scratch.activated.data() + r * m_gateStride + begin);
    });
}

bool Pass::back(Team::Member& member, const Linear& linear, const ProductInput& input, const AlignedBuffer& branchNorm)
{
    narrow(member, {&linear}, input);
    const bool pending = linear.rows != nullptr || branchNorm.size() > 0;
    multiply(member, {{&linear, pending ? m_scratch.branch.data() : m_scratch.x.data(), m_xStride, !pending}}, input);
    return pending;
}

bool Pass::layers(Team::Member& member, const std::stop_token& stop)
{
    const DecoderConfig& config = m_weights.config;
    const std::int64_t Q = std::int64_t{config.heads} * config.headDim;
    static const AlignedBuffer kNone;
    bool pending = false;
    const AlignedBuffer* pendingNorm = &kNone;
    embed(member);
    for (std::int64_t l = 0; l < config.layers; ++l) {
        const PackedWeights::Layer& layer = m_weights.layers[static_cast<std::size_t>(l)];
        if (member.thread() == 0 && stop.stop_requested())
            m_stopped = true;
        addAndNorm(member, pending, *pendingNorm, layer.inputNorm);
        if (m_stopped) // decided before the threads met
            return false;
        const ProductInput normed = normedInput();
        narrow(member, {&layer.qkv[0], &layer.qkv[1], &layer.qkv[2]}, normed);
        float* qkv = m_scratch.qkv.data();
        multiply(member,
            {{&layer.qkv[0], qkv, m_qkvStride}, {&layer.qkv[1], qkv + m_keyStart, m_qkvStride},
                {&layer.qkv[2], qkv + m_valueStart, m_qkvStride}},
            normed);
        rotateAndStore(member, l);
        attention(member, l);
        pending = back(member, layer.output, ready(member, m_scratch.mixed.data(), m_mixedStride, m_rows, Q), layer.attentionNorm);
        addAndNorm(member, pending, layer.attentionNorm, layer.feedForwardNorm);
        narrow(member, {&layer.gateUp[0], &layer.gateUp[1]}, normedInput());
        gated(member, layer, normedInput());
        pending = back(
            member, layer.down, ready(member, m_scratch.activated.data(), m_gateStride, m_rows, config.intermediateSize), layer.outputNorm);
        pendingNorm = &layer.outputNorm;
    }
    addAndNorm(member, pending, *pendingNorm, m_weights.norm);
    return true;
}

void Pass::headOf(Team::Member& member, const float* x, std::int64_t rows)
{
    const ProductInput input = ready(member, x, m_xStride, rows, m_weights.config.hiddenSize);
    multiply(member, {{&m_weights.head, m_scratch.logits.data(), paddedToPanel(m_weights.head.N), false}}, input);
}

void Pass::head(Team::Member& member, std::int64_t first, std::int64_t rows)
{
    headOf(member, m_scratch.normed.data() + first * m_xStride, rows);
}

void Pass::head(Team::Member& member, const std::vector<std::int64_t>& rows)
{
    const auto count = static_cast<std::int64_t>(rows.size());
    if (rows.back() - rows.front() + 1 == count)
        return head(member, rows.front(), count);
    member.each(count, [&](std::int64_t i, bool) {
        std::copy_n(
            m_scratch.normed.data() + rows[static_cast<std::size_t>(i)] * m_xStride, m_xStride, m_scratch.picked.data() + i * m_xStride);
    });
    headOf(member, m_scratch.picked.data(), count);
}

} // namespace precedent::core
