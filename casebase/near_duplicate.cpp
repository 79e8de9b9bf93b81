#include "precedent/casebase/near_duplicate.h"

#include <algorithm>
#include <map>

#include "casebase/text_rules.h"
#include "precedent/base/random.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kShingleWords = 5;
constexpr std::size_t kRunWords = 8;
constexpr double kSimilarEnough = 0.5;

/// Sorted distinct hashes of every `n` consecutive words; a shorter text is one shingle, an empty one none.
std::vector<std::uint64_t> shinglesOf(const std::vector<std::string>& words, std::size_t n)
{
    std::vector<std::uint64_t> hashes;
    if (words.empty())
        return hashes;
    const std::size_t width = std::min(n, words.size());
    for (std::size_t i = 0; i + width <= words.size(); ++i) {
        std::uint64_t hash = width;
        for (std::size_t j = i; j < i + width; ++j)
            hash = hash * 0x9e3779b97f4a7c15ULL + streamOf(words[j]);
        hashes.push_back(hash);
    }
    std::sort(hashes.begin(), hashes.end());
    hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
    return hashes;
}

/// Runs of exactly eight words; none in a shorter text.
std::vector<std::uint64_t> runsOf(const std::vector<std::string>& words)
{
    return words.size() < kRunWords ? std::vector<std::uint64_t>{} : shinglesOf(words, kRunWords);
}

std::size_t sharedCount(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b)
{
    std::vector<std::uint64_t> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both.size();
}

double jaccard(std::size_t a, std::size_t b, std::size_t shared)
{
    const std::size_t all = a + b - shared;
    return all == 0 ? 0.0 : static_cast<double>(shared) / static_cast<double>(all);
}

} // namespace

std::vector<std::string> comparableWords(std::string_view text)
{
    std::vector<std::string> words;
    const std::string key = titleKey(text);
    for (std::size_t from = 0; from < key.size();) {
        const std::size_t end = std::min(key.find(' ', from), key.size());
        words.push_back(key.substr(from, end - from));
        from = end + 1;
    }
    return words;
}

double shingleSimilarity(std::string_view a, std::string_view b, std::size_t n)
{
    const auto x = shinglesOf(comparableWords(a), std::max<std::size_t>(n, 1));
    const auto y = shinglesOf(comparableWords(b), std::max<std::size_t>(n, 1));
    return jaccard(x.size(), y.size(), sharedCount(x, y));
}

bool nearDuplicate(std::string_view a, std::string_view b)
{
    const auto x = comparableWords(a);
    const auto y = comparableWords(b);
    if (sharedCount(runsOf(x), runsOf(y)) > 0)
        return true;
    const auto p = shinglesOf(x, kShingleWords);
    const auto q = shinglesOf(y, kShingleWords);
    return jaccard(p.size(), q.size(), sharedCount(p, q)) >= kSimilarEnough;
}

void NearDuplicateIndex::add(const std::string& id, std::string_view text)
{
    const auto number = static_cast<std::uint32_t>(m_ids.size());
    const auto words = comparableWords(text);
    const auto shingles = shinglesOf(words, kShingleWords);
    m_ids.push_back(id);
    m_shingleCounts.push_back(static_cast<std::uint32_t>(shingles.size()));
    for (const std::uint64_t hash : shingles)
        m_shingles[hash].push_back(number);
    for (const std::uint64_t hash : runsOf(words))
        m_runs[hash].push_back(number);
}

std::vector<std::string> NearDuplicateIndex::find(std::string_view text) const
{
    const auto words = comparableWords(text);
    const auto shingles = shinglesOf(words, kShingleWords);
    std::map<std::uint32_t, std::size_t> shared; // ordered: the answer is in the order of adding
    for (const std::uint64_t hash : shingles) {
        if (const auto it = m_shingles.find(hash); it != m_shingles.end()) {
            for (const std::uint32_t number : it->second)
                ++shared[number];
        }
    }
    std::map<std::uint32_t, bool> hits;
    for (const auto& [number, count] : shared) {
        if (jaccard(shingles.size(), m_shingleCounts[number], count) >= kSimilarEnough)
            hits[number] = true;
    }
    for (const std::uint64_t hash : runsOf(words)) {
        if (const auto it = m_runs.find(hash); it != m_runs.end()) {
            for (const std::uint32_t number : it->second)
                hits[number] = true;
        }
    }
    std::vector<std::string> ids;
    for (const auto& [number, hit] : hits)
        ids.push_back(m_ids[number]);
    return ids;
}

} // namespace precedent::casebase
