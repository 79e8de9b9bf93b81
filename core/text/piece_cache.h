#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/token_model.h"

namespace precedent::text {

/// Ids of short pieces that were encoded before: texts repeat their words. Any thread.
class PieceCache {
public:
    /// Appends the ids of a known piece; false where it is not known.
    bool append(std::string_view piece, std::vector<int>& ids) const
    {
        if (piece.size() > kLongestPiece)
            return false;
        const std::scoped_lock lock(m_lock);
        const auto known = m_pieces.find(piece);
        if (known == m_pieces.end())
            return false;
        ids.insert(ids.end(), known->second.begin(), known->second.end());
        return true;
    }

    void keep(std::string_view piece, std::vector<int> ids) const
    {
        if (piece.size() > kLongestPiece)
            return;
        const std::scoped_lock lock(m_lock);
        if (m_pieces.size() >= kMostPieces)
            m_pieces.clear();
        m_pieces.emplace(std::string(piece), std::move(ids));
    }

private:
    static constexpr std::size_t kLongestPiece = 96;
    static constexpr std::size_t kMostPieces = std::size_t{1} << 16;
    mutable std::mutex m_lock;
    mutable std::unordered_map<std::string, std::vector<int>, TextHash, std::equal_to<>> m_pieces;
};

} // namespace precedent::text
