#include "core/generate/prefix_groups.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace precedent::core {
namespace {

constexpr std::int64_t kLeastShared = 8; // below this a block of its own costs more than it saves

} // namespace

std::size_t sharedIds(const std::vector<int>& a, const std::vector<int>& b)
{
    if (a.empty() || b.empty())
        return 0;
    const auto most = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())) - 1;
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + most, b.begin()).first - a.begin());
}

PrefixGroups groupByPrefix(const std::vector<const std::vector<int>*>& prompts)
{
    const std::size_t n = prompts.size();
    PrefixGroups groups;
    groups.groupOf.assign(n, -1);
    if (n < 2)
        return groups;
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return *prompts[a] < *prompts[b]; });
    std::vector<std::int64_t> shared(n, 0); // with the one before in that order
    std::set<std::int64_t> cuts;
    for (std::size_t i = 1; i < n; ++i) {
        shared[i] = static_cast<std::int64_t>(sharedIds(*prompts[order[i - 1]], *prompts[order[i]]));
        if (shared[i] >= kLeastShared)
            cuts.insert(shared[i] / kLeastShared * kLeastShared); // coarse, so that few are tried
    }
    const auto visit = [&](std::int64_t cut, const auto& each) {
        for (std::size_t begin = 0; begin < n;) {
            std::size_t end = begin + 1;
            std::int64_t least = INT64_MAX;
            for (; end < n && shared[end] >= cut; ++end)
                least = std::min(least, shared[end]);
            if (end - begin > 1)
                each(begin, end, least);
            begin = end;
        }
    };
    std::int64_t bestCut = 0, bestSaved = 0;
    for (const std::int64_t cut : cuts) {
        std::int64_t saved = 0;
        visit(cut,
            [&](std::size_t begin, std::size_t end, std::int64_t least) { saved += static_cast<std::int64_t>(end - begin - 1) * least; });
        if (saved > bestSaved) {
            bestSaved = saved;
            bestCut = cut;
        }
    }
    if (bestSaved == 0)
        return groups;
    visit(bestCut, [&](std::size_t begin, std::size_t end, std::int64_t least) {
        for (std::size_t i = begin; i < end; ++i)
            groups.groupOf[order[i]] = static_cast<int>(groups.length.size());
        groups.length.push_back(least);
        groups.members.push_back(static_cast<int>(end - begin));
    });
    return groups;
}

} // namespace precedent::core
