#include "precedent/casebase/dense_index.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace precedent::casebase {
namespace {

/// Sums kept side by side: without them the compiler may not put the products of a row into one vector register.
constexpr std::size_t kLanes = 16;

using Lanes = std::array<float, kLanes>;

/// a . b over a stride that is a multiple of kLanes, always in the same order.
float dot(const float* a, const float* b, std::size_t stride)
{
    Lanes sums{};
    for (std::size_t i = 0; i < stride; i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            sums[lane] += a[i + lane] * b[i + lane];
    }
    return std::accumulate(sums.begin(), sums.end(), 0.0F);
}

/// Writes a row of length 1, or leaves zeros. False if a number is not finite.
bool normalise(const float* from, std::size_t width, float* to)
{
    double squares = 0;
    for (std::size_t i = 0; i < width; ++i)
        squares += static_cast<double>(from[i]) * static_cast<double>(from[i]);
    const double length = std::sqrt(squares);
    for (std::size_t i = 0; i < width && length > 0; ++i)
        to[i] = static_cast<float>(from[i] / length);
    return std::isfinite(squares);
}

bool better(const std::pair<float, std::size_t>& a, const std::pair<float, std::size_t>& b)
{
    return a.first != b.first ? a.first > b.first : a.second < b.second;
}

} // namespace

Result<DenseIndex> DenseIndex::build(const std::vector<std::string>& ids, const std::vector<float>& values, std::size_t width)
{
    if (values.size() != ids.size() * width)
        return Error(ErrorCode::invalidArgument,
            "An index of " + std::to_string(ids.size()) + " vectors of " + std::to_string(width) + " was given " +
                std::to_string(values.size()) + " numbers.");
    DenseIndex index;
    index.m_width = width;
    index.m_stride = (width + kLanes - 1) / kLanes * kLanes;
    std::vector<std::size_t> order(ids.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
    index.m_ids.reserve(ids.size());
    index.m_values.assign(ids.size() * index.m_stride, 0.0F);
    for (std::size_t row = 0; row < order.size(); ++row) {
        const std::string& id = ids[order[row]];
        if (row > 0 && index.m_ids.back() == id)
            return Error(ErrorCode::invalidArgument, "The retrieval index was given the id " + id + " twice.");
        index.m_ids.push_back(id);
        if (!normalise(values.data() + order[row] * width, width, index.m_values.data() + row * index.m_stride))
            return Error(ErrorCode::invalidArgument, "The vector of " + id + " holds a number that is not finite.");
    }
    return index;
}

std::vector<Retrieved> DenseIndex::query(const float* vector, std::size_t k) const
{
    std::vector<float> wanted(m_stride, 0.0F);
    const bool finite = normalise(vector, m_width, wanted.data());
    if (!finite || k == 0 || std::all_of(wanted.begin(), wanted.end(), [](float value) { return value == 0; }))
        return {};
    std::vector<std::pair<float, std::size_t>> best; // a heap, the worst of the best on top
    for (std::size_t row = 0; row < m_ids.size(); ++row) {
        const float* values = m_values.data() + row * m_stride;
        const float score = dot(wanted.data(), values, m_stride);
        if (score == 0 && std::all_of(values, values + m_stride, [](float value) { return value == 0; }))
            continue;
        const std::pair<float, std::size_t> candidate{score, row};
        if (best.size() == k && !better(candidate, best.front()))
            continue;
        if (best.size() == k) {
            std::pop_heap(best.begin(), best.end(), better);
            best.pop_back();
        }
        best.push_back(candidate);
        std::push_heap(best.begin(), best.end(), better);
    }
    std::sort_heap(best.begin(), best.end(), better);
    std::vector<Retrieved> found;
    found.reserve(best.size());
    for (const auto& [score, row] : best)
        found.push_back({m_ids[row], static_cast<double>(score)});
    return found;
}

std::vector<Retrieved> fuseRanks(const std::vector<std::vector<Retrieved>>& rankings, double k)
{
    std::unordered_map<std::string, double> scores;
    for (const std::vector<Retrieved>& ranking : rankings) {
        for (std::size_t i = 0; i < ranking.size(); ++i)
            scores[ranking[i].id] += 1.0 / (k + static_cast<double>(i + 1));
    }
    std::vector<Retrieved> fused;
    fused.reserve(scores.size());
    for (const auto& [id, score] : scores)
        fused.push_back({id, score});
    std::sort(fused.begin(), fused.end(),
        [](const Retrieved& a, const Retrieved& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; });
    return fused;
}

} // namespace precedent::casebase
