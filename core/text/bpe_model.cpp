#include "core/text/bpe_model.h"

#include <array>
#include <queue>

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

constexpr std::uint64_t kFreeSlot = ~std::uint64_t{0};
/// Up to this many symbols, looking at all pairs again after each merge beats keeping a queue.
constexpr std::size_t kFewSymbols = 24;
constexpr int kDropped = -1;

std::uint64_t pairKey(int left, int right)
{
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

struct Candidate {
    std::uint32_t rank;
    std::uint32_t position;
    int id;

    /// Lowest rank first, then leftmost.
    bool operator<(const Candidate& other) const { return rank != other.rank ? rank > other.rank : position > other.position; }
};

void mergeFew(std::vector<int>& symbols, const MergeTable& merges)
{
    while (symbols.size() > 1) {
        const MergeTable::Merge* best = nullptr;
        std::size_t at = 0;
        for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
            const MergeTable::Merge* candidate = merges.find(symbols[i], symbols[i + 1]);
            if (candidate != nullptr && (best == nullptr || candidate->rank < best->rank)) {
                best = candidate;
                at = i;
            }
        }
        if (best == nullptr)
            return;
        symbols[at] = best->id;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
}

/// The same with a queue over a linked list. A symbol that was joined into its left neighbour becomes kDropped.
void mergeMany(std::vector<int>& symbols, const MergeTable& merges)
{
    const auto count = static_cast<std::uint32_t>(symbols.size());
    std::vector<std::uint32_t> previous(count);
    std::vector<std::uint32_t> next(count);
    std::vector<Candidate> storage;
    storage.reserve(count);
    std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(storage));
    const auto offer = [&](std::uint32_t position) {
        if (next[position] == count)
            return;
        if (const MergeTable::Merge* merge = merges.find(symbols[position], symbols[next[position]]))
            queue.push({merge->rank, position, merge->id});
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        previous[i] = i - 1; // the first one wraps to a value past the end
        next[i] = i + 1;
    }
    for (std::uint32_t i = 0; i + 1 < count; ++i)
        offer(i);
    while (!queue.empty()) {
        const Candidate top = queue.top();
        queue.pop();
        const std::uint32_t position = top.position;
        if (symbols[position] == kDropped || next[position] == count)
            continue;
        const std::uint32_t right = next[position];
        const MergeTable::Merge* merge = merges.find(symbols[position], symbols[right]);
        if (merge == nullptr || merge->id != top.id)
            continue;
        symbols[position] = top.id;
        symbols[right] = kDropped;
        next[position] = next[right];
        if (next[right] != count)
            previous[next[right]] = position;
        if (previous[position] < count)
            offer(previous[position]);
        offer(position);
    }
    std::erase(symbols, kDropped);
}

} // namespace

void MergeTable::reserve(std::size_t count)
{
    std::size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    if (slots > m_slots.size())
        grow(slots);
}

void MergeTable::grow(std::size_t slots)
{
    std::vector<Slot> old(slots, {kFreeSlot, {0, 0}});
    old.swap(m_slots);
    for (const Slot& slot : old) {
        if (slot.key != kFreeSlot)
            m_slots[slotOf(slot.key)] = slot;
    }
}

std::size_t MergeTable::slotOf(std::uint64_t key) const
{
    const std::size_t mask = m_slots.size() - 1;
    std::uint64_t hash = key * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
    std::size_t at = static_cast<std::size_t>(hash) & mask;
    while (m_slots[at].key != kFreeSlot && m_slots[at].key != key)
        at = (at + 1) & mask;
    return at;
}

void MergeTable::add(int left, int right, Merge merge)
{
    reserve(m_used + 1);
    Slot& slot = m_slots[slotOf(pairKey(left, right))];
    if (slot.key == kFreeSlot)
        ++m_used;
    slot = {pairKey(left, right), merge};
}

const MergeTable::Merge* MergeTable::find(int left, int right) const
{
    if (m_slots.empty())
        return nullptr;
    const Slot& slot = m_slots[slotOf(pairKey(left, right))];
    return slot.key == kFreeSlot ? nullptr : &slot.merge;
}

Result<std::unique_ptr<const TokenModel>> BpeModel::make(TokenIds tokenIds, const MergeList& merges, const BpeOptions& options)
{
    auto model = std::make_unique<BpeModel>();
    model->m_tokenIds = std::move(tokenIds);
    model->m_options = options;
    PRECEDENT_TRY(model->addMerges(merges));
    if (options.unknownToken) {
        const auto found = model->m_tokenIds.find(*options.unknownToken);
        if (found != model->m_tokenIds.end())
            model->m_unknownId = found->second;
    }
    model->m_byteIds = byteIdsOf(model->m_tokenIds);
    // A whole piece that is a token is one, so there is nothing to cut before that was looked up.
    if (!options.ignoreMerges)
        model->m_breaks = WordBreaks(model->m_tokenIds);
    return std::unique_ptr<const TokenModel>(std::move(model));
}

Status BpeModel::addMerges(const MergeList& merges)
{
    m_merges.reserve(merges.size());
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const std::array<std::string_view, 3> texts{merges.left(rank), merges.right(rank), merges.joined(rank)};
        std::array<int, 3> ids{};
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const auto found = m_tokenIds.find(texts[i]);
            if (found == m_tokenIds.end()) {
                return Error(ErrorCode::corrupt,
                    "merge " + std::to_string(rank + 1) + " needs the token \"" + toValidUtf8(texts[i]) + "\", which the vocabulary lacks.",
                    "The file is damaged or was put together from two tokenizers.");
            }
            ids[i] = found->second;
        }
        m_merges.add(ids[0], ids[1], {static_cast<std::uint32_t>(rank), ids[2]});
    }
    return {};
}

void BpeModel::encode(std::string_view piece, std::vector<int>& ids) const
{
    if (m_options.ignoreMerges) {
        if (const auto whole = m_tokenIds.find(piece); whole != m_tokenIds.end()) {
            ids.push_back(whole->second);
            return;
        }
    }
    for (std::size_t from = 0; from < piece.size();) {
        const std::size_t end = m_breaks.wordEnd(piece, from);
        encodeWord(piece.substr(from, end - from), ids);
        from = end;
    }
}

void BpeModel::encodeWord(std::string_view word, std::vector<int>& ids) const
{
    if (m_cache.append(word, ids))
        return;
    std::vector<int> symbols;
    firstSymbols(word, symbols);
    merge(symbols);
    ids.insert(ids.end(), symbols.begin(), symbols.end());
    m_cache.keep(word, std::move(symbols));
}

void BpeModel::firstSymbols(std::string_view piece, std::vector<int>& symbols) const
{
    symbols.reserve(piece.size());
    bool afterUnknown = false;
    for (std::size_t at = 0; at < piece.size();) {
        const std::size_t length = stepLength(piece, at);
        const std::string_view character = piece.substr(at, length);
        at += length;
        if (const auto found = m_tokenIds.find(character); found != m_tokenIds.end()) {
            symbols.push_back(found->second);
            afterUnknown = false;
            continue;
        }
        if (m_options.byteFallback && appendBytes(character, m_byteIds, symbols)) {
            afterUnknown = false;
        } else if (m_unknownId) {
            if (!afterUnknown || !m_options.fuseUnknown)
                symbols.push_back(*m_unknownId);
            afterUnknown = true;
        }
    }
}

void BpeModel::merge(std::vector<int>& symbols) const
{
    if (symbols.size() <= kFewSymbols)
        mergeFew(symbols, m_merges);
    else
        mergeMany(symbols, m_merges);
}

} // namespace precedent::text
