#include "core/text/bpe_model.h"

#include <cstdio>
#include <queue>

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

constexpr std::uint64_t kFreeSlot = ~std::uint64_t{0};
constexpr std::size_t kLongestCachedPiece = 96;
constexpr std::size_t kLargestCache = std::size_t{1} << 16;
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

Result<std::unique_ptr<const BpeModel>> BpeModel::make(
    TokenIds vocabulary, const std::vector<std::pair<std::string, std::string>>& merges, const BpeOptions& options)
{
    std::unique_ptr<BpeModel> model(new BpeModel);
    model->m_vocabulary = std::move(vocabulary);
    model->m_options = options;
    PRECEDENT_TRY(model->addMerges(merges));
    if (options.unknownToken) {
        const auto found = model->m_vocabulary.find(*options.unknownToken);
        if (found != model->m_vocabulary.end())
            model->m_unknownId = found->second;
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
        std::array<char, 8> name{};
        std::snprintf(name.data(), name.size(), "<0x%02X>", byte);
        const auto found = model->m_vocabulary.find(std::string_view(name.data()));
        model->m_byteIds[byte] = found == model->m_vocabulary.end() ? kDropped : found->second;
    }
    return std::unique_ptr<const BpeModel>(std::move(model));
}

Status BpeModel::addMerges(const std::vector<std::pair<std::string, std::string>>& merges)
{
    m_merges.reserve(merges.size());
    std::string joined;
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const auto& [left, right] = merges[rank];
        joined.assign(left).append(right);
        for (const std::string* token : {&left, &right, static_cast<const std::string*>(&joined)}) {
            if (!m_vocabulary.contains(*token)) {
                return Error(ErrorCode::corrupt,
                    "merge " + std::to_string(rank + 1) + " needs the token \"" + toValidUtf8(*token) + "\", which the vocabulary lacks.",
                    "The file is damaged or was put together from two tokenizers.");
            }
        }
        m_merges.add(m_vocabulary.find(left)->second, m_vocabulary.find(right)->second,
            {static_cast<std::uint32_t>(rank), m_vocabulary.find(joined)->second});
    }
    return {};
}

void BpeModel::encode(std::string_view piece, std::vector<int>& ids) const
{
    if (piece.empty())
        return;
    if (m_options.ignoreMerges) {
        if (const auto whole = m_vocabulary.find(piece); whole != m_vocabulary.end()) {
            ids.push_back(whole->second);
            return;
        }
    }
    const bool cached = piece.size() <= kLongestCachedPiece;
    if (cached) {
        const std::scoped_lock lock(m_cacheLock);
        if (const auto known = m_cache.find(piece); known != m_cache.end()) {
            ids.insert(ids.end(), known->second.begin(), known->second.end());
            return;
        }
    }
    std::vector<int> symbols;
    firstSymbols(piece, symbols);
    merge(symbols);
    ids.insert(ids.end(), symbols.begin(), symbols.end());
    if (cached) {
        const std::scoped_lock lock(m_cacheLock);
        if (m_cache.size() >= kLargestCache)
            m_cache.clear();
        m_cache.emplace(std::string(piece), std::move(symbols));
    }
}

void BpeModel::firstSymbols(std::string_view piece, std::vector<int>& symbols) const
{
    symbols.reserve(piece.size());
    bool afterUnknown = false;
    for (std::size_t at = 0; at < piece.size();) {
        const std::size_t length = stepLength(piece, at);
        const std::string_view character = piece.substr(at, length);
        at += length;
        if (const auto found = m_vocabulary.find(character); found != m_vocabulary.end()) {
            symbols.push_back(found->second);
            afterUnknown = false;
            continue;
        }
        bool allBytes = m_options.byteFallback;
        for (const char c : character)
            allBytes = allBytes && m_byteIds[static_cast<unsigned char>(c)] != kDropped;
        if (allBytes) {
            for (const char c : character)
                symbols.push_back(m_byteIds[static_cast<unsigned char>(c)]);
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
