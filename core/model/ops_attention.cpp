#include "core/model/ops_attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/generate/aligned_buffer.h"
#include "core/generate/kernels.h"
#include "core/model/parallel.h"

namespace precedent::core {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// (position, query head) pairs that go through the keys together: more where the keys do not stay in the second-level cache, but few
// positions, as all of a block's rows go up to its last one's keys.
constexpr std::int64_t kRows = 24;
constexpr std::int64_t kRowsOfMany = 96;
constexpr std::int64_t kMany = 1024; // keys
constexpr std::int64_t kPositions = 24;
constexpr std::int64_t kLeastRows = 64; // positions of one sequence that are worth a task of their own

struct Shape {
    std::vector<std::int64_t> starts; // [G + 1]: where each sequence begins among the rows
    std::int64_t longest; // positions of a sequence
    std::int64_t H, D, KV, P;
    std::int64_t window; // 0: none
    float scale;
    [[nodiscard]] std::int64_t G() const { return static_cast<std::int64_t>(starts.size()) - 1; }
    [[nodiscard]] std::int64_t start(std::int64_t g) const { return starts[static_cast<std::size_t>(g)]; }
    [[nodiscard]] std::int64_t length(std::int64_t g) const { return start(g + 1) - start(g); }
    [[nodiscard]] std::int64_t R() const { return H / KV; }
    [[nodiscard]] std::int64_t keys() const { return P + longest; }
    [[nodiscard]] std::int64_t wideD() const { return paddedToPanel(D); }
    [[nodiscard]] std::int64_t positionsPerBlock() const
    {
        const std::int64_t seen = window > 0 ? std::min(window, keys()) : keys();
        return std::clamp<std::int64_t>((seen > kMany ? kRowsOfMany : kRows) / R(), 1, kPositions);
    }
    /// The first key that own position i sees; keys are the prompt's, then the own.
    [[nodiscard]] std::int64_t firstKey(std::int64_t i) const { return window > 0 ? std::max<std::int64_t>(0, P + i + 1 - window) : 0; }
};

/// rows [n, D] at `stride` as panels [D, 32 rows]: what a product with their transpose reads. Begins at row `first`.
void packAcross(const float* rows, std::int64_t stride, std::int64_t n, std::int64_t D, std::int64_t first, float* panels)
{
    for (std::int64_t i = 0; i < n; ++i) {
        float* column = panels + (first + i) / kPanel * D * kPanel + (first + i) % kPanel;
        for (std::int64_t d = 0; d < D; ++d)
            column[d * kPanel] = rows[i * stride + d];
    }
}

/// rows [n, D] at `stride` as panels [rows, 32 of D] of `capacity` rows each: what a product over the rows reads.
void packAlong(
    const float* rows, std::int64_t stride, std::int64_t n, std::int64_t D, std::int64_t first, std::int64_t capacity, float* panels)
{
    for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t d = 0; d < D; d += kPanel)
            std::memcpy(panels + (d / kPanel * capacity + first + i) * kPanel, rows + i * stride + d,
                static_cast<std::size_t>(std::min(kPanel, D - d)) * sizeof(float));
    }
}

/// What one task computes: the positions [begin, end), as far as they go, of the sequences [first, last).
struct Run {
    std::int64_t first, last, begin, end;
};

/// Work of one thread on one key head and a run. Scores lie by key: the prompt's first, then the own.
class HeadWorker {
public:
    HeadWorker(
        const Shape& shape, const float* q, const float* k, const float* v, const float* promptK, const float* promptV, std::int64_t kvHead)
        : m(shape)
        , m_q(q)
        , m_k(k)
        , m_v(v)
        , m_promptK(promptK)
        , m_promptV(promptV)
        , m_head(kvHead)
        , m_scoreStride(paddedToPanel(shape.keys()) + kPanel)
        , m_kernels(bestKernels())
        , m_keysAcross(paddedToPanel(shape.keys()) * shape.D)
        , m_valuesAlong(shape.keys() * shape.wideD())
        , m_block(rowsPerBlock() * (2 * shape.D + shape.wideD() + m_scoreStride))
    {
        packPrompt(m_promptK, m_keysAcross, true);
        packPrompt(m_promptV, m_valuesAlong, false);
    }

    /// out [N, H, D], logSums [N, H].
    void forward(std::int64_t g, const Run& run, float* out, float* logSums)
    {
        pack(g);
        float *queries = m_block.data(), *result = queries + rowsPerBlock() * m.D, *scores = result + rowsPerBlock() * m.wideD();
        const std::int64_t last = std::min(run.end, m.length(g));
        for (std::int64_t begin = run.begin; begin < last; begin += m.positionsPerBlock()) {
            const std::int64_t end = std::min(begin + m.positionsPerBlock(), last), rows = (end - begin) * m.R(), seen = m.P + end;
            const std::int64_t first = firstKeyOfBlock(begin);
            gather(m_q, g, begin, rows, queries);
            m_kernels.matmul(queries, m.D, 1, rows, m.D, m_keysAcross.data() + first * m.D, (seen - first + kPanel - 1) / kPanel,
                m.D * kPanel, scores + first, m_scoreStride, false);
            for (std::int64_t r = 0; r < rows; ++r) {
                float highest = 0, *row = scores + r * m_scoreStride;
                const std::int64_t i = begin + r / m.R(), from = m.firstKey(i), limit = m.P + i + 1;
                const float sum = m_kernels.softmaxWeights(row + from, limit - from, m.scale, &highest);
                std::fill(row + first, row + from, 0.0F);
                std::fill(row + limit, row + seen, 0.0F);
                logSums[rowIndex(g, begin, r)] = highest * m.scale + std::log(sum);
                queries[r] = 1.0F / sum; // the queries are used up
            }
            m_kernels.matmul(scores + first, m_scoreStride, 1, rows, seen - first, m_valuesAlong.data() + first * kPanel,
                m.wideD() / kPanel, m.keys() * kPanel, result, m.wideD(), false);
            for (std::int64_t r = 0; r < rows; ++r) {
                float* target = out + rowIndex(g, begin, r) * m.D;
                for (std::int64_t d = 0; d < m.D; ++d)
                    target[d] = result[r * m.wideD() + d] * queries[r];
            }
        }
    }

    struct Gradients {
        float *q, *k, *v; // as the inputs
        float *promptKeys, *promptValues; // [P, wideD] of this worker's own: added up over workers later
    };

    /// P = exp(s - logSum); dV = P^T dO; dP = dO V^T; dS = P (dP - sum(dO O)) scale; dQ = dS K; dK = dS^T Q.
    void backward(std::int64_t g, const Run& run, const float* out, const float* logSums, const float* upstream, const Gradients& gradients)
    {
        prepareBackward();
        pack(g);
        packOwn(m_k, g, m_keysAlong, false);
        packOwn(m_v, g, m_valuesAcross, true);
        const std::int64_t length = m.length(g), last = std::min(run.end, length);
        float *keyGradient = m_ownGradient.data(), *valueGradient = keyGradient + length * m.wideD();
        std::fill_n(keyGradient, 2 * length * m.wideD(), 0.0F);
        for (std::int64_t begin = run.begin; begin < last; begin += m.positionsPerBlock()) {
            const std::int64_t end = std::min(begin + m.positionsPerBlock(), last), rows = (end - begin) * m.R(), seen = m.P + end;
            backwardBlock(g, begin, rows, seen, out, logSums, upstream, gradients.q);
            const std::int64_t first = firstKeyOfBlock(begin), firstOwn = std::max(first, m.P);
            const auto addRows = [&](const float* weights, const float* panels, float* prompt, float* own) {
                // Both products run over the rows of the block, for every key: the scores are read down their columns.
                const auto add = [&](std::int64_t from, std::int64_t to, float* target) {
                    m_kernels.matmul(weights + from, 1, m_scoreStride, to - from, rows, panels, m.wideD() / kPanel, rowsPerBlock() * kPanel,
                        target, m.wideD(), true);
                };
                if (first < m.P)
                    add(first, m.P, prompt + first * m.wideD());
                add(firstOwn, seen, own + (firstOwn - m.P) * m.wideD());
            };
            addRows(m_weights.data(), m_upstreamAlong.data(), gradients.promptValues, valueGradient);
            addRows(m_scoreGradient.data(), m_queriesAlong.data(), gradients.promptKeys, keyGradient);
        }
        for (std::int64_t i = 0; i < length; ++i) {
            const std::int64_t place = ((m.start(g) + i) * m.KV + m_head) * m.D;
            std::copy_n(keyGradient + i * m.wideD(), m.D, gradients.k + place);
            std::copy_n(valueGradient + i * m.wideD(), m.D, gradients.v + place);
        }
    }

private:
    [[nodiscard]] std::int64_t rowsPerBlock() const { return m.positionsPerBlock() * m.R(); }
    /// Of the panel with the first key that a block of positions sees.
    [[nodiscard]] std::int64_t firstKeyOfBlock(std::int64_t begin) const { return m.firstKey(begin) / kPanel * kPanel; }
    [[nodiscard]] std::int64_t rowIndex(std::int64_t g, std::int64_t begin, std::int64_t r) const
    {
        return (m.start(g) + begin + r / m.R()) * m.H + m_head * m.R() + r % m.R();
    }

    void gather(const float* tensor, std::int64_t g, std::int64_t begin, std::int64_t rows, float* target) const
    {
        for (std::int64_t r = 0; r < rows; ++r)
            std::copy_n(tensor + rowIndex(g, begin, r) * m.D, m.D, target + r * m.D);
    }

    void packPrompt(const float* tensor, AlignedBuffer& panels, bool across) const
    {
        if (across)
            packAcross(tensor + m_head * m.D, m.KV * m.D, m.P, m.D, 0, panels.data());
        else
            packAlong(tensor + m_head * m.D, m.KV * m.D, m.P, m.D, 0, m.keys(), panels.data());
    }

    void packOwn(const float* tensor, std::int64_t g, AlignedBuffer& panels, bool across) const
    {
        const float* rows = tensor + (m.start(g) * m.KV + m_head) * m.D;
        if (across)
            packAcross(rows, m.KV * m.D, m.length(g), m.D, m.P, panels.data());
        else
            packAlong(rows, m.KV * m.D, m.length(g), m.D, m.P, m.keys(), panels.data());
    }

    void pack(std::int64_t g)
    {
        packOwn(m_k, g, m_keysAcross, true);
        packOwn(m_v, g, m_valuesAlong, false);
    }

    void prepareBackward()
    {
        if (m_keysAlong.size() > 0)
            return;
        m_keysAlong.reset(m.keys() * m.wideD());
        m_valuesAcross.reset(paddedToPanel(m.keys()) * m.D);
        m_weights.reset(rowsPerBlock() * m_scoreStride);
        m_scoreGradient.reset(rowsPerBlock() * m_scoreStride);
        m_queriesAlong.reset(rowsPerBlock() * m.wideD());
        m_upstreamAlong.reset(rowsPerBlock() * m.wideD());
        m_ownGradient.reset(2 * m.longest * m.wideD());
        packPrompt(m_promptK, m_keysAlong, false);
        packPrompt(m_promptV, m_valuesAcross, true);
    }

    /// Fills m_weights (P), m_scoreGradient (dS) and the block's panels, and writes dQ.
    void backwardBlock(std::int64_t g, std::int64_t begin, std::int64_t rows, std::int64_t seen, const float* out, const float* logSums,
        const float* upstream, float* queryGradient)
    {
        float *queries = m_block.data(), *outputs = queries + rowsPerBlock() * m.D, *result = outputs + rowsPerBlock() * m.D;
        const std::int64_t first = firstKeyOfBlock(begin), panels = (seen - first + kPanel - 1) / kPanel;
        gather(m_q, g, begin, rows, queries);
        packAlong(queries, m.D, rows, m.D, 0, rowsPerBlock(), m_queriesAlong.data());
        m_kernels.matmul(queries, m.D, 1, rows, m.D, m_keysAcross.data() + first * m.D, panels, m.D * kPanel, m_weights.data() + first,
            m_scoreStride, false);
        gather(upstream, g, begin, rows, outputs);
        packAlong(outputs, m.D, rows, m.D, 0, rowsPerBlock(), m_upstreamAlong.data());
        m_kernels.matmul(outputs, m.D, 1, rows, m.D, m_valuesAcross.data() + first * m.D, panels, m.D * kPanel,
            m_scoreGradient.data() + first, m_scoreStride, false);
        for (std::int64_t r = 0; r < rows; ++r) {
            const std::int64_t i = begin + r / m.R(), from = m.firstKey(i), limit = m.P + i + 1, index = rowIndex(g, begin, r);
            float *weights = m_weights.data() + r * m_scoreStride, *gradient = m_scoreGradient.data() + r * m_scoreStride, mean = 0;
            for (std::int64_t d = 0; d < m.D; ++d)
                mean += upstream[index * m.D + d] * out[index * m.D + d];
            m_kernels.exponentials(weights + from, limit - from, m.scale, logSums[index]);
            m_kernels.softmaxGradient(weights + from, gradient + from, limit - from, mean, m.scale);
            for (float* row : {weights, gradient}) {
                std::fill(row + first, row + from, 0.0F);
                std::fill(row + limit, row + seen, 0.0F);
            }
        }
        m_kernels.matmul(m_scoreGradient.data() + first, m_scoreStride, 1, rows, seen - first, m_keysAlong.data() + first * kPanel,
            m.wideD() / kPanel, m.keys() * kPanel, result, m.wideD(), false);
        for (std::int64_t r = 0; r < rows; ++r)
            std::copy_n(result + r * m.wideD(), m.D, queryGradient + rowIndex(g, begin, r) * m.D);
    }

    const Shape& m;
    const float *m_q, *m_k, *m_v, *m_promptK, *m_promptV;
    const std::int64_t m_head;
    const std::int64_t m_scoreStride;
    const Kernels& m_kernels;
    AlignedBuffer m_keysAcross, m_valuesAlong, m_block;
    AlignedBuffer m_keysAlong, m_valuesAcross, m_weights, m_scoreGradient, m_queriesAlong, m_upstreamAlong, m_ownGradient;
};

/// The runs that each key head's workers take: as few as keep every thread busy, because each packs the prompt; all
/// sequences alone where no prompt is shared. They are cut so that each has about as many scores: between sequences, or a single
/// sequence at its rows.
std::vector<Run> runsOf(const Shape& shape)
{
    const std::int64_t wanted = std::max<std::int64_t>(1, (threadCount() + shape.KV - 1) / shape.KV), G = shape.G();
    const double P = static_cast<double>(shape.P);
    const auto scoresBefore = [P](std::int64_t row) { return static_cast<double>(row) * (P + static_cast<double>(row) / 2); };
    std::vector<Run> all;
    if (G == 1) {
        const std::int64_t length = shape.longest, parts = std::clamp<std::int64_t>(length / kLeastRows, 1, wanted);
        const auto cut = [&](std::int64_t i) {
            const double share = static_cast<double>(i) / static_cast<double>(parts) * scoresBefore(length);
            return i == parts ? length : static_cast<std::int64_t>(std::sqrt(P * P + 2 * share) - P);
        };
        for (std::int64_t i = 0; i < parts; ++i)
            all.push_back({0, 1, cut(i), cut(i + 1)});
        return all;
    }
    const std::int64_t runs = shape.P == 0 ? G : std::min(wanted, G);
    double total = 0, before = 0;
    for (std::int64_t g = 0; g < G; ++g)
        total += scoresBefore(shape.length(g));
    for (std::int64_t g = 0; g < G; ++g) {
        const double share = (before + scoresBefore(shape.length(g)) / 2) / std::max(total, 1.0);
        before += scoresBefore(shape.length(g));
        const bool next = runs == G || static_cast<double>(all.size()) <= share * static_cast<double>(runs);
        if (all.empty() || (next && static_cast<std::int64_t>(all.size()) < runs))
            all.push_back({g, g + 1, 0, shape.longest});
        else
            all.back().last = g + 1;
    }
    return all;
}

class Attention : public torch::autograd::Function<Attention> {
public:
    static Variable forward(AutogradContext* context, const at::Tensor& qIn, const at::Tensor& kIn, const at::Tensor& vIn,
        const std::vector<std::int64_t>& lengths, const at::Tensor& promptKIn, const at::Tensor& promptVIn, const AttentionOptions& options)
    {
        const at::Tensor q = qIn.contiguous(), k = kIn.contiguous(), v = vIn.contiguous(), promptK = promptKIn.contiguous(),
                         promptV = promptVIn.contiguous();
        const Shape shape = shapeOf(q, k, lengths, promptK, options);
        const at::Tensor out = at::empty_like(q), logSums = at::empty({q.size(0), shape.H}, q.options());
        const std::vector<Run> runs = runsOf(shape);
        const auto tasks = static_cast<std::int64_t>(runs.size()) * shape.KV;
        parallelTasks(tasks, /*wide=*/true, [&](std::int64_t i, int) {
            HeadWorker worker(shape, q.data_ptr<float>(), k.data_ptr<float>(), v.data_ptr<float>(), promptK.data_ptr<float>(),
                promptV.data_ptr<float>(), i % shape.KV);
            const Run& run = runs[static_cast<std::size_t>(i / shape.KV)];
            for (std::int64_t g = run.first; g < run.last; ++g)
                worker.forward(g, run, out.data_ptr<float>(), logSums.data_ptr<float>());
        });
        context->save_for_backward({q, k, v, promptK, promptV, out, logSums});
        context->saved_data["scale"] = options.scale;
        context->saved_data["window"] = options.window;
        context->saved_data["lengths"] = lengths;
        return out;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &promptK = saved[3], &promptV = saved[4], &out = saved[5],
                         &logSums = saved[6];
        const at::Tensor upstream = gradients[0].contiguous();
        const Shape shape = shapeOf(q, k, context->saved_data["lengths"].toIntVector(), promptK,
            {context->saved_data["scale"].toDouble(), context->saved_data["window"].toInt()});
        const std::vector<Run> runs = runsOf(shape);
        const auto tasks = static_cast<std::int64_t>(runs.size()) * shape.KV;
        // Rows of one sequence in several runs: each adds to all keys before it.
        const std::int64_t copies = shape.G() == 1 ? static_cast<std::int64_t>(runs.size()) : 1;
        const at::Tensor dq = at::empty_like(q), dks = at::empty({copies, k.numel()}, k.options()), dvs = at::empty_like(dks);
        // One part a task, added up below in a fixed order.
        const at::Tensor promptParts =
            at::zeros({2, static_cast<std::int64_t>(runs.size()), shape.KV, shape.P, shape.wideD()}, q.options());
        const std::int64_t part = shape.P * shape.wideD();
        parallelTasks(tasks, /*wide=*/true, [&](std::int64_t i, int) {
            HeadWorker worker(shape, q.data_ptr<float>(), k.data_ptr<float>(), v.data_ptr<float>(), promptK.data_ptr<float>(),
                promptV.data_ptr<float>(), i % shape.KV);
            float* parts = promptParts.data_ptr<float>() + i * part;
            const std::int64_t index = i / shape.KV, own = copies > 1 ? index * k.numel() : 0;
            const HeadWorker::Gradients targets = {
                dq.data_ptr<float>(), dks.data_ptr<float>() + own, dvs.data_ptr<float>() + own, parts, parts + tasks * part};
            const Run& run = runs[static_cast<std::size_t>(index)];
            for (std::int64_t g = run.first; g < run.last; ++g)
                worker.backward(g, run, out.data_ptr<float>(), logSums.data_ptr<float>(), upstream.data_ptr<float>(), targets);
        });
        const auto added = [&](const at::Tensor& copiesOf) { return (copies > 1 ? copiesOf.sum(0) : copiesOf[0]).view(k.sizes()); };
        // [2, runs, KV, P, wide D] -> [2, P, KV, D]
        const at::Tensor promptGradients = promptParts.sum(1).slice(-1, 0, shape.D).permute({0, 2, 1, 3}).contiguous();
        return {dq, added(dks), added(dvs), Variable(), promptGradients[0], promptGradients[1], Variable()};
    }

private:
    static Shape shapeOf(const at::Tensor& q, const at::Tensor& k, const std::vector<std::int64_t>& lengths, const at::Tensor& promptK,
        const AttentionOptions& options)
    {
        const float scale = options.scale > 0 ? static_cast<float>(options.scale) : 1.0F / std::sqrt(static_cast<float>(q.size(2)));
        std::vector<std::int64_t> starts(lengths.size() + 1, 0);
        std::partial_sum(lengths.begin(), lengths.end(), starts.begin() + 1);
        TORCH_CHECK(!lengths.empty() && starts.back() == q.size(0), "attention: the lengths are not those of the rows");
        return {std::move(starts), *std::max_element(lengths.begin(), lengths.end()), q.size(1), q.size(2), k.size(1), promptK.size(0),
            options.window, scale};
    }
};

} // namespace

bool canFuseAttention(const at::Tensor& q) { return q.device().is_cpu() && q.scalar_type() == at::kFloat; }

at::Tensor fusedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<std::int64_t>& lengths,
    const at::Tensor& promptK, const at::Tensor& promptV, const AttentionOptions& options)
{
    return Attention::apply(q, k, v, lengths, promptK, promptV, options);
}

} // namespace precedent::core
