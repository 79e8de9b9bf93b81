#include "core/generate/attention.h"

#include <algorithm>

namespace precedent::core {
namespace {

constexpr std::int64_t kRows = 24; // of a task: what the register tiles of all instruction sets divide
constexpr std::int64_t kTogetherRows = 32; // of several sequences

/// Leading pieces that two sequences have in common.
std::size_t sharedPieces(const KvSequence& a, const KvSequence& b, std::size_t most)
{
    std::size_t n = 0;
    while (n < std::min({most, a.pieces().size(), b.pieces().size()}) && a.pieces()[n].block == b.pieces()[n].block &&
        a.pieces()[n].count == b.pieces()[n].count)
        ++n;
    return n;
}

/// One task for spans [first, first + count) of one new position each, its heads in `parts`.
void addTogether(
    std::vector<AttentionTask>& tasks, const Span* spans, std::int64_t count, std::int64_t row, std::int64_t R, std::int64_t parts)
{
    AttentionTask task;
    task.spans = spans;
    task.spanCount = count;
    task.row = row;
    task.begin = spans->begin();
    task.end = task.begin + 1;
    task.shared = spans->sequence->pieces().size() - 1; // the last piece is a sequence's own
    for (std::int64_t i = 1; i < count; ++i)
        task.shared = sharedPieces(*spans[0].sequence, *spans[i].sequence, task.shared);
    for (std::int64_t part = 0; part < parts; ++part) {
        task.firstHead = R * part / parts;
        task.heads = R * (part + 1) / parts - task.firstHead;
        tasks.push_back(task);
    }
}

/// Room for prepared queries, in floats, up to a cache line's end.
std::int64_t preparedFloats(const RowKernels& kernels, std::int64_t rows, std::int64_t D)
{
    return roundedUp(kernels.preparedBytes(rows, D), 64) / static_cast<std::int64_t>(sizeof(float));
}

/// Everything that one call of attend() works on.
class Attention {
public:
    Attention(const Kernels& kernels, const RowKernels& rowKernels, const DecoderConfig& config, const AttentionTask& task,
        std::int64_t layer, std::int64_t kvHead, float* buffer)
        : m_kernels(kernels)
        , m_rowKernels(rowKernels)
        , m_task(task)
        , m_layer(layer)
        , m_kvHead(kvHead)
        , m_D(config.headDim)
        , m_window(config.layer(static_cast<int>(layer)).window)
        , m_scale(static_cast<float>(config.scoreScale()))
        , m_perSpan(task.positions() * task.heads)
    {
        std::int64_t last = 0;
        m_lowest = INT64_MAX;
        for (std::int64_t s = 0; s < task.spanCount; ++s) {
            m_lowest = std::min(m_lowest, lowest(first(s)));
            last = std::max(last, end(s));
        }
        m_base = m_lowest == 0 ? 0 : m_lowest - kPanel; // a panel that holds position m_lowest may begin before it
        m_valueStride = paddedToPanel(m_D);
        m_scoreStride = paddedToPanel(last - m_base) + kPanel;
        m_prepared = buffer; // first, as the buffer begins on a cache line's boundary
        m_queries = m_prepared + preparedFloats(rowKernels, task.rows(), m_D);
        m_result = m_queries + task.rows() * m_D;
        m_scores = m_result + task.rows() * m_valueStride;
        m_sums = m_scores + task.rows() * m_scoreStride;
    }

    void run(const AttentionRows& rows, std::int64_t firstHead)
    {
        gather(rows, firstHead);
        eachPiece([&](const KvSequence::Piece& piece, std::int64_t row, std::int64_t count, std::int64_t limit, bool /*first*/) {
            score(piece, row, count, limit);
        });
        for (std::int64_t row = 0; row < m_task.rows(); ++row)
            weigh(row);
        eachPiece([&](const KvSequence::Piece& piece, std::int64_t row, std::int64_t count, std::int64_t limit, bool isFirst) {
            mix(piece, row, count, limit, isFirst);
        });
        scatter(rows, firstHead);
    }

private:
    [[nodiscard]] std::int64_t first(std::int64_t span) const { return m_task.spanCount == 1 ? m_task.begin : m_task.spans[span].begin(); }
    [[nodiscard]] std::int64_t end(std::int64_t span) const { return first(span) + m_task.positions(); }
    [[nodiscard]] std::int64_t lowest(std::int64_t position) const
    {
        return m_window == 0 ? 0 : std::max<std::int64_t>(0, position - m_window + 1);
    }
    /// Of a row: its span, and its position.
    [[nodiscard]] std::int64_t positionOf(std::int64_t row) const { return first(row / m_perSpan) + row % m_perSpan / m_task.heads; }
    /// Its row in the pass: the spans' new positions lie one after another.
    [[nodiscard]] std::int64_t passRow(std::int64_t row) const { return m_task.row + row / m_task.heads; }

    /// visit(piece, first row, rows, position to stop before, whether nothing came before) for what is read together.
    template <typename Visit>
    void eachPiece(const Visit& visit) const
    {
        const std::vector<KvSequence::Piece>& pieces = m_task.spans->sequence->pieces();
        bool began = false;
        for (std::size_t p = 0; m_task.spanCount > 1 && p < m_task.shared; ++p) {
            const std::int64_t limit = pieces[p].begin + pieces[p].count;
            if (limit <= m_lowest)
                continue;
            visit(pieces[p], 0, m_task.rows(), limit, !began);
            began = true;
        }
        for (std::int64_t s = 0; s < m_task.spanCount; ++s) {
            const std::vector<KvSequence::Piece>& own = m_task.spans[s].sequence->pieces();
            bool fresh = !began;
            for (std::size_t p = m_task.spanCount > 1 ? m_task.shared : 0; p < own.size() && own[p].begin < end(s); ++p) {
                const std::int64_t limit = std::min(own[p].begin + own[p].count, end(s));
                if (limit <= m_lowest)
                    continue;
                visit(own[p], s * m_perSpan, m_perSpan, limit, fresh);
                fresh = false;
            }
        }
    }

    void gather(const AttentionRows& rows, std::int64_t firstHead) const
    {
        for (std::int64_t r = 0; r < m_task.rows(); ++r)
            std::copy_n(rows.queries + passRow(r) * rows.queryStride + (firstHead + r % m_task.heads) * m_D, m_D, m_queries + r * m_D);
    }

    void score(const KvSequence::Piece& piece, std::int64_t row, std::int64_t count, std::int64_t limit) const
    {
        if (piece.block->format() == KvFormat::panels)
            return scorePanels(piece, row, count, limit);
        for (std::int64_t group = 0; group < m_rowKernels.groups(count); ++group)
            m_rowKernels.prepareGroup(m_queries + row * m_D, m_D, count, m_D, group, m_prepared);
        const std::int64_t from = std::max(m_lowest, piece.begin), stride = piece.block->rowStride();
        m_rowKernels.multiply(m_prepared, count, m_D, piece.block->keyRows(m_layer, m_kvHead) + (from - piece.begin) * stride, stride,
            limit - from, 0, m_scores + row * m_scoreStride + from - m_base, m_scoreStride);
    }

    // Whole panels of keys: the last may write past the piece, and the next piece then writes over that.
    void scorePanels(const KvSequence::Piece& piece, std::int64_t row, std::int64_t count, std::int64_t limit) const
    {
        const std::int64_t panel = std::max<std::int64_t>(0, m_lowest - piece.begin) / kPanel;
        const std::int64_t panels = (limit - piece.begin + kPanel - 1) / kPanel - panel;
        m_kernels.matmul(m_queries + row * m_D, m_D, 1, count, m_D,
            piece.block->keys(m_layer, m_kvHead) + panel * piece.block->keyPanelStride(), panels, piece.block->keyPanelStride(),
            m_scores + row * m_scoreStride + piece.begin + panel * kPanel - m_base, m_scoreStride, false);
    }

    void weigh(std::int64_t row) const
    {
        float* scores = m_scores + row * m_scoreStride;
        const std::int64_t position = positionOf(row), from = lowest(position) - m_base, to = position + 1 - m_base;
        float highest = 0;
        m_sums[row] = m_kernels.softmaxWeights(scores + from, to - from, m_scale, &highest);
        std::fill(scores + (m_lowest - m_base), scores + from, 0.0F);
        std::fill(scores + to, scores + (end(row / m_perSpan) - m_base), 0.0F);
    }

    void mix(const KvSequence::Piece& piece, std::int64_t row, std::int64_t count, std::int64_t limit, bool isFirst) const
    {
        const std::int64_t from = std::max(m_lowest, piece.begin);
        const float* weights = m_scores + row * m_scoreStride + from - m_base;
        float* result = m_result + row * m_valueStride;
        if (piece.block->format() == KvFormat::panels)
            m_kernels.matmul(weights, m_scoreStride, 1, count, limit - from,
                piece.block->values(m_layer, m_kvHead) + (from - piece.begin) * kPanel, m_valueStride / kPanel,
                piece.block->valuePanelStride(), result, m_valueStride, !isFirst);
        else
            m_rowKernels.mix(weights, m_scoreStride, count, limit - from,
                piece.block->valueRows(m_layer, m_kvHead) + (from - piece.begin) * m_valueStride, m_valueStride, result, m_valueStride,
                !isFirst);
    }

    void scatter(const AttentionRows& rows, std::int64_t firstHead) const
    {
        for (std::int64_t r = 0; r < m_task.rows(); ++r) {
            float* target = rows.out + passRow(r) * rows.outStride + (firstHead + r % m_task.heads) * m_D;
            const float factor = 1.0F / m_sums[r];
            for (std::int64_t d = 0; d < m_D; ++d)
                target[d] = m_result[r * m_valueStride + d] * factor;
        }
    }

    const Kernels& m_kernels;
    const RowKernels& m_rowKernels;
    const AttentionTask& m_task;
    std::int64_t m_layer;
    std::int64_t m_kvHead;
    std::int64_t m_D;
    std::int64_t m_window;
    float m_scale;
    std::int64_t m_perSpan; // rows
    std::int64_t m_lowest = 0; // position that any row sees
    std::int64_t m_base = 0; // position of the scores' first column
    std::int64_t m_valueStride = 0;
    std::int64_t m_scoreStride = 0;
    float* m_prepared = nullptr; // the queries as the row kernels read them
    float* m_queries = nullptr; // [rows, D]
    float* m_result = nullptr; // [rows, valueStride]
    float* m_scores = nullptr; // [rows, scoreStride], by position
    float* m_sums = nullptr; // [rows]
};

} // namespace

std::vector<AttentionTask> planAttention(const std::vector<Span>& spans, const DecoderConfig& config, int threads)
{
    const std::int64_t R = config.queriesPerKv(), step = std::max<std::int64_t>(1, kRows / R);
    const std::int64_t wanted = std::max<std::int64_t>(1, threads / config.kvHeads); // tasks for each key head
    std::vector<AttentionTask> tasks;
    std::int64_t row = 0;
    for (std::size_t s = 0; s < spans.size();) {
        const Span& span = spans[s];
        if (span.count > 1) {
            for (std::int64_t i = 0; i < span.count; i += step)
                tasks.push_back({&span, 1, row + i, span.begin() + i, span.begin() + std::min(i + step, span.count), 0, 0, R});
            row += span.count;
            ++s;
            continue;
        }
        std::size_t last = s + 1; // neighbours that share their first block
        while (last < spans.size() && spans[last].count == 1 && sharedPieces(*span.sequence, *spans[last].sequence, 1) == 1)
            ++last;
        const auto count = static_cast<std::int64_t>(last - s);
        const std::int64_t together = std::max<std::int64_t>(1, kTogetherRows / R);
        const std::int64_t groups = std::min(count, roundedUp(std::max(wanted, (count + together - 1) / together), wanted));
        const std::int64_t parts = std::min(R, (wanted + groups - 1) / groups);
        for (std::int64_t g = 0; g < groups; ++g) {
            const std::int64_t begin = count * g / groups, end = count * (g + 1) / groups;
            addTogether(tasks, &span + begin, end - begin, row + begin, R, parts);
        }
        row += count;
        s = last;
    }
    return tasks;
}

std::int64_t attentionFloats(const std::vector<AttentionTask>& tasks, const DecoderConfig& config, const RowKernels& rowKernels)
{
    std::int64_t most = 0;
    for (const AttentionTask& task : tasks) {
        std::int64_t last = task.end;
        for (std::int64_t s = 0; s < task.spanCount && task.spanCount > 1; ++s)
            last = std::max(last, task.spans[s].begin() + 1);
        const std::int64_t D = config.headDim, perRow = D + paddedToPanel(D) + paddedToPanel(last) + 2 * kPanel + 1;
        most = std::max(most, preparedFloats(rowKernels, task.rows(), D) + task.rows() * perRow);
    }
    return most;
}

void attend(const Kernels& kernels, const RowKernels& rowKernels, const DecoderConfig& config, const AttentionTask& task,
    std::int64_t layer, std::int64_t kvHead, const AttentionRows& rows, float* buffer)
{
    Attention(kernels, rowKernels, config, task, layer, kvHead, buffer).run(rows, kvHead * config.queriesPerKv() + task.firstHead);
}

} // namespace precedent::core
