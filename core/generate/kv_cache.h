#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/generate/aligned_buffer.h"
#include "core/generate/kernels.h"
#include "core/generate/row_kernels.h"
#include "precedent/architecture/decoder_config.h"

namespace precedent::core {

/// How keys and values are kept: in float32, or in bfloat16 where the kernels round what they read anyway.
enum class KvFormat {
    panels, ///< float32, in the layouts of packed panels: keys [D, 32 positions], values [positions, 32 of D]
    rows, ///< bfloat16, a row a position
};

/// Keys and values of a run of consecutive positions, all layers.
class KvBlock {
public:
    KvBlock(const DecoderConfig& config, std::int64_t capacity, KvFormat format = KvFormat::panels);

    [[nodiscard]] std::int64_t capacity() const { return m_capacity; }
    [[nodiscard]] KvFormat format() const { return m_format; }

    /// Panels of one layer and key head; a key panel is D * 32 floats on, a value panel capacity * 32.
    [[nodiscard]] const float* keys(std::int64_t layer, std::int64_t kvHead) const { return m_data.data() + head(layer, kvHead); }
    [[nodiscard]] const float* values(std::int64_t layer, std::int64_t kvHead) const
    {
        return keys(layer, kvHead) + m_capacity * m_headDim;
    }
    [[nodiscard]] std::int64_t keyPanelStride() const { return m_headDim * kPanel; }
    [[nodiscard]] std::int64_t valuePanelStride() const { return m_capacity * kPanel; }

    /// Rows of one layer and key head, rowStride() apart and filled up with zeros.
    [[nodiscard]] const Bf16* keyRows(std::int64_t layer, std::int64_t kvHead) const
    {
        return reinterpret_cast<const Bf16*>(m_data.data() + head(layer, kvHead));
    }
    [[nodiscard]] const Bf16* valueRows(std::int64_t layer, std::int64_t kvHead) const
    {
        return keyRows(layer, kvHead) + m_capacity * rowStride();
    }
    [[nodiscard]] std::int64_t rowStride() const { return paddedToPanel(m_headDim); }

    /// Writes one position's key and value of one head, D floats each.
    void write(std::int64_t layer, std::int64_t kvHead, std::int64_t index, const float* key, const float* value);

private:
    [[nodiscard]] std::int64_t head(std::int64_t layer, std::int64_t kvHead) const { return (layer * m_kvHeads + kvHead) * m_headStride; }

    std::int64_t m_capacity;
    std::int64_t m_headDim;
    std::int64_t m_kvHeads;
    KvFormat m_format;
    std::int64_t m_headStride; // floats
    AlignedBuffer m_data;
};

using KvBlockPtr = std::shared_ptr<KvBlock>;

/// Blocks of completions are all of one size and are taken again when one ends. Any thread; must outlive its blocks.
class KvPool {
public:
    static constexpr std::int64_t kBlockPositions = 64;

    KvPool(const DecoderConfig& config, KvFormat format)
        : m_config(config)
        , m_format(format)
    {
    }
    [[nodiscard]] KvBlockPtr take();
    [[nodiscard]] KvBlockPtr make(std::int64_t positions) const { return std::make_shared<KvBlock>(m_config, positions, m_format); }

private:
    DecoderConfig m_config;
    KvFormat m_format;
    std::mutex m_mutex;
    std::vector<std::unique_ptr<KvBlock>> m_free;
};

/// What one sequence sees: runs of positions in blocks, which other sequences may see too; it appends to the last one
/// if that is its own.
class KvSequence {
public:
    struct Piece {
        KvBlockPtr block;
        std::int64_t begin = 0; ///< the position that is the block's first
        std::int64_t count = 0;
        bool own = false;
    };

    /// A sequence that goes on from what this one holds now, without writing to it.
    [[nodiscard]] KvSequence fork() const;

    [[nodiscard]] std::int64_t length() const { return m_length; }
    [[nodiscard]] const std::vector<Piece>& pieces() const { return m_pieces; }

    /// Positions that extend() can add before another block is needed.
    [[nodiscard]] std::int64_t room() const;
    void addBlock(KvBlockPtr block);
    /// Counts n <= room() more positions as its own; their keys and values are still to be written.
    void extend(std::int64_t n);

    /// The piece that holds a position < length().
    [[nodiscard]] const Piece& pieceOf(std::int64_t position) const;

private:
    std::vector<Piece> m_pieces;
    std::int64_t m_length = 0;
};

} // namespace precedent::core
