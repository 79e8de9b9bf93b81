#include "core/align/torch/update_batch.h"

#include <algorithm>
#include <map>

#include <ATen/ATen.h>

namespace precedent::core {
namespace {

constexpr std::size_t kLeastTrunk = 16; // tokens

using Members = std::vector<std::size_t>; // places of groups

std::size_t longestOf(const UpdateGroup& group)
{
    std::size_t longest = 1;
    for (const auto& ids : group.completions)
        longest = std::max(longest, ids.size());
    return longest;
}

/// The share's groups by the beginning of their prompts, in the order of their first ones. Prompts too short for a trunk stay together.
std::vector<Members> alike(const std::vector<UpdateGroup>& groups, GroupShare share)
{
    std::vector<Members> all;
    std::map<std::vector<int>, std::size_t> places;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        if (!share.has(g))
            continue;
        const std::vector<int>& prompt = groups[g].prompt;
        std::vector<int> start;
        if (prompt.size() > kLeastTrunk)
            start.assign(prompt.begin(), prompt.begin() + kLeastTrunk);
        const auto [found, isNew] = places.emplace(std::move(start), all.size());
        if (isNew)
            all.emplace_back();
        all[found->second].push_back(g);
    }
    return all;
}

/// Tokens that all prompts begin with; each keeps one of its own, whose state predicts the first token.
std::size_t commonLength(const std::vector<UpdateGroup>& groups, const Members& members)
{
    const std::vector<int>& first = groups[members.front()].prompt;
    std::size_t length = first.size() - 1;
    for (const std::size_t g : members) {
        const std::vector<int>& prompt = groups[g].prompt;
        const auto differs =
            std::mismatch(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(length), prompt.begin(), prompt.end());
        length = std::min<std::size_t>(static_cast<std::size_t>(differs.first - first.begin()), prompt.size() - 1);
    }
    return length;
}

at::Tensor idTensor(const std::vector<int>& ids, std::size_t from, std::size_t to)
{
    const at::Tensor tensor = at::empty({static_cast<std::int64_t>(to - from)}, at::kLong);
    std::copy(
        ids.begin() + static_cast<std::ptrdiff_t>(from), ids.begin() + static_cast<std::ptrdiff_t>(to), tensor.data_ptr<std::int64_t>());
    return tensor;
}

/// The positions that a chunk may have of its own. A long trunk leaves half: completions one at a time would each read the whole head.
std::size_t roomBehind(std::size_t trunk, std::size_t microBatch)
{
    return std::max(microBatch - std::min(trunk, microBatch), microBatch / 2);
}

/// Puts completions into chunks.
class Packer {
public:
    Packer(const RunSpec& spec, Objective objective, std::size_t trunk, at::Device device)
        : m_objective(objective)
        , m_trunk(trunk)
        , m_room(roomBehind(trunk, static_cast<std::size_t>(spec.microBatchTokens)))
        , m_device(device)
    {
    }

    void add(const UpdateGroup& group, const double* weights)
    {
        const std::size_t own = group.prompt.size() - m_trunk, longest = longestOf(group);
        std::size_t first = 0;
        while (first < group.completions.size()) {
            const std::size_t left = group.completions.size() - first;
            const auto fitting = [&](std::size_t used) { return fittingFrom(group, first, used + own); };
            // A group is only cut where it does not fit whole into a chunk of its own.
            if (m_used > 0 && fitting(m_used) < left &&
                (fitting(0) >= left || fitting(m_used) == 0 || m_objective == Objective::preference))
                finish();
            const std::size_t count = m_objective == Objective::preference ? left : std::max<std::size_t>(1, fitting(m_used));
            addPart(group, weights, first, count, longest);
            m_used += own;
            for (std::size_t i = first; i < first + count; ++i)
                m_used += group.completions[i].size();
            first += count;
        }
    }

    std::vector<UpdateChunk> take()
    {
        finish();
        return std::move(m_chunks);
    }

private:
    /// How many of a group's completions, from `first` on, have room beside `used` positions.
    [[nodiscard]] std::size_t fittingFrom(const UpdateGroup& group, std::size_t first, std::size_t used) const
    {
        std::size_t last = first;
        while (last < group.completions.size() && used + group.completions[last].size() <= m_room)
            used += group.completions[last++].size();
        return last - first;
    }

    void addPart(const UpdateGroup& group, const double* weights, std::size_t first, std::size_t count, std::size_t longest)
    {
        const auto G = static_cast<std::int64_t>(count), S = static_cast<std::int64_t>(longest);
        UpdatePart part;
        part.ids.prompt = idTensor(group.prompt, m_trunk, group.prompt.size()).to(m_device);
        const at::Tensor ids = at::zeros({G, S}, at::kLong), shares = at::zeros({G, S}, at::kFloat),
                         advantages = at::zeros({G}, at::kFloat);
        const at::Tensor drawn = group.drawnLogProbs.empty() ? at::Tensor() : at::zeros({G, S}, at::kFloat);
        for (std::size_t g = 0; g < count; ++g) {
            const std::vector<int>& completion = group.completions[first + g];
            part.ids.lengths.push_back(static_cast<std::int64_t>(completion.size()));
            if (drawn.defined())
                std::copy(
                    group.drawnLogProbs[first + g].begin(), group.drawnLogProbs[first + g].end(), drawn.data_ptr<float>() + g * longest);
            if (m_objective == Objective::policyGradient)
                advantages.data_ptr<float>()[g] = static_cast<float>(group.advantages[first + g]);
            for (std::size_t s = 0; s < completion.size(); ++s) {
                ids.data_ptr<std::int64_t>()[g * longest + s] = completion[s];
                shares.data_ptr<float>()[g * longest + s] = static_cast<float>(weights[first + g]);
                m_rows.push_back(m_places + static_cast<std::int64_t>(g * longest + s));
                m_targets.push_back(completion[s]);
            }
        }
        part.ids.completions = ids.to(m_device);
        part.tokens.weights = shares.to(m_device);
        part.tokens.advantages = advantages.to(m_device);
        if (drawn.defined())
            part.tokens.oldLogProbs = drawn.to(m_device);
        m_places += G * S;
        m_chunk.parts.push_back(std::move(part));
    }

    void finish()
    {
        if (m_chunk.parts.empty())
            return;
        m_chunk.rows = at::tensor(m_rows, at::kLong).to(m_device);
        m_chunk.targets = at::tensor(m_targets, at::kLong).to(m_device);
        m_chunks.push_back(std::move(m_chunk));
        m_chunk = {};
        m_rows.clear();
        m_targets.clear();
        m_places = 0;
        m_used = 0;
    }

    const Objective m_objective;
    const std::size_t m_trunk, m_room;
    const at::Device m_device;
    std::vector<UpdateChunk> m_chunks;
    UpdateChunk m_chunk;
    std::vector<std::int64_t> m_rows, m_targets;
    std::int64_t m_places = 0;
    std::size_t m_used = 0;
};

} // namespace

std::vector<PackedGroup> UpdateChunk::groups() const
{
    std::vector<PackedGroup> all;
    for (const UpdatePart& part : parts)
        all.push_back(part.ids);
    return all;
}

std::vector<UpdateBatch> updateBatches(
    const std::vector<UpdateGroup>& groups, const RunSpec& spec, Objective objective, at::Device device, GroupShare share)
{
    std::vector<int> lengths;
    std::vector<std::size_t> firsts;
    for (const UpdateGroup& group : groups) {
        firsts.push_back(lengths.size());
        for (const auto& ids : group.completions)
            lengths.push_back(static_cast<int>(ids.size()));
    }
    const LossType shares = objective == Objective::policyGradient ? spec.lossType : LossType::dapo; // else a mean over tokens
    const std::vector<double> weights = tokenWeights(lengths, shares, spec.maxCompletionLength);
    std::vector<UpdateBatch> batches;
    for (const Members& members : alike(groups, share)) {
        const auto packed = [&](std::size_t trunk) {
            Packer packer(spec, objective, trunk, device);
            for (const std::size_t g : members)
                packer.add(groups[g], weights.data() + firsts[g]);
            return packer.take();
        };
        const std::size_t common = commonLength(groups, members);
        UpdateBatch batch;
        batch.chunks = packed(0);
        if (common >= kLeastTrunk && (members.size() > 1 || batch.chunks.size() > 1)) { // else it is computed once anyway
            batch.chunks = packed(common);
            batch.trunk = idTensor(groups[members.front()].prompt, 0, common).to(device);
        }
        batches.push_back(std::move(batch));
    }
    return batches;
}

} // namespace precedent::core
