#include "core/generate/kv_cache.h"

namespace precedent::core {

KvBlock::KvBlock(const DecoderConfig& config, std::int64_t capacity, KvFormat format)
    : m_capacity(paddedToPanel(capacity))
    , m_headDim(config.headDim)
    , m_kvHeads(config.kvHeads)
    , m_format(format)
    , m_headStride(format == KvFormat::rows ? m_capacity * rowStride() : m_capacity * (m_headDim + paddedToPanel(m_headDim)))
    , m_data(config.layers * m_kvHeads * m_headStride)
{
}

void KvBlock::write(std::int64_t layer, std::int64_t kvHead, std::int64_t index, const float* key, const float* value)
{
    float* base = m_data.data() + head(layer, kvHead);
    if (m_format == KvFormat::rows) {
        Bf16* keyRow = reinterpret_cast<Bf16*>(base) + index * rowStride();
        Bf16* valueRow = keyRow + m_capacity * rowStride();
        for (std::int64_t d = 0; d < m_headDim; ++d)
            keyRow[d] = narrowedToBf16(key[d]);
        for (std::int64_t d = 0; d < m_headDim; ++d)
            valueRow[d] = narrowedToBf16(value[d]);
        return;
    }
    float* keyTarget = base + index / kPanel * keyPanelStride() + index % kPanel;
    float* valueTarget = base + m_capacity * m_headDim + index * kPanel;
    for (std::int64_t d = 0; d < m_headDim; ++d)
        keyTarget[d * kPanel] = key[d];
    for (std::int64_t d = 0; d < m_headDim; ++d)
        valueTarget[d / kPanel * valuePanelStride() + d % kPanel] = value[d];
}

KvBlockPtr KvPool::take()
{
    std::unique_ptr<KvBlock> block;
    {
        const std::scoped_lock lock(m_mutex);
        if (!m_free.empty()) {
            block = std::move(m_free.back());
            m_free.pop_back();
        }
    }
    if (!block)
        block = std::make_unique<KvBlock>(m_config, kBlockPositions, m_format);
    return {block.release(), [this](KvBlock* back) {
                const std::scoped_lock lock(m_mutex);
                m_free.emplace_back(back);
            }};
}

KvSequence KvSequence::fork() const
{
    KvSequence copy = *this;
    for (Piece& piece : copy.m_pieces)
        piece.own = false;
    return copy;
}

std::int64_t KvSequence::room() const
{
    if (m_pieces.empty() || !m_pieces.back().own)
        return 0;
    return m_pieces.back().block->capacity() - m_pieces.back().count;
}

void KvSequence::addBlock(KvBlockPtr block) { m_pieces.push_back({std::move(block), m_length, 0, true}); }

void KvSequence::extend(std::int64_t n)
{
    m_pieces.back().count += n;
    m_length += n;
}

const KvSequence::Piece& KvSequence::pieceOf(std::int64_t position) const
{
    std::size_t i = m_pieces.size() - 1; // what is asked for is nearly always at the end
    while (m_pieces[i].begin > position)
        --i;
    return m_pieces[i];
}

} // namespace precedent::core
