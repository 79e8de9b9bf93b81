#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>

#include "core/run/trainer_parts.h"
#include "precedent/base/process_memory.h"

namespace precedent::core {
namespace {

using Clock = std::chrono::steady_clock;

// Small models are measured by whole steps, more than one of them; what takes longer is measured in parts.
constexpr int kLongestDrawn = 128; // tokens of a completion
constexpr double kDrawFor = 1.5; // seconds
constexpr int kMostDraws = 4;
constexpr double kWholeUpdateBelow = 3.0; // seconds that a whole update may be thought to take
constexpr double kUpdateFor = 1.0;
constexpr int kMostUpdates = 3;
constexpr double kRateThatChangesNothing = 1e-12;
constexpr int kStepsLookedAt = 32; // of those to come, for the sizes of their batches and prompts

double since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

double completionTokens(const UpdateGroup& group)
{
    return std::accumulate(group.completions.begin(), group.completions.end(), 0.0,
        [](double sum, const std::vector<int>& ids) { return sum + static_cast<double>(ids.size()); });
}

/// What an update computes of a group: its completions behind one prompt.
double positionsOf(const UpdateGroup& group) { return static_cast<double>(group.prompt.size()) + completionTokens(group); }

UpdateGroup firstOf(const UpdateGroup& group, std::size_t count)
{
    UpdateGroup part = group;
    part.completions.resize(std::min(count, part.completions.size()));
    if (!part.advantages.empty())
        part.advantages.resize(part.completions.size());
    return part;
}

std::vector<UpdateGroup> bySize(std::vector<UpdateGroup> groups)
{
    std::erase_if(groups, [](const UpdateGroup& group) { return group.completions.empty(); });
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return positionsOf(a) > positionsOf(b); });
    return groups;
}

} // namespace

/// One rehearsal, in parts. Friend of the trainer whose steps it measures.
class Rehearsing {
public:
    Rehearsing(Trainer& trainer, const std::stop_token& stop)
        : m_trainer(trainer)
        , m_spec(trainer.m_inputs.spec)
        , m_stop(stop)
        , m_bound(std::min(m_spec.maxCompletionLength, kLongestDrawn))
    {
        trainer.m_longestDrawn = m_bound;
    }

    Result<Rehearsal> run()
    {
        const auto began = Clock::now();
        m_trainer.m_policy->setStopCheck([this] { return m_stop.stop_requested(); });
        const int learning = std::max(0, m_spec.maxSteps - m_spec.selfGenerationSteps);
        const int supervised = m_spec.method == Method::sft ? learning : std::min(learning, m_spec.sftSteps);
        if (m_spec.selfGenerationSteps > 0)
            PRECEDENT_TRY(draw(m_spec.selfGenerationMode, m_result.selfGeneration));
        if (m_spec.method == Method::grpo && supervised < learning) {
            PRECEDENT_TRY(draw(m_spec.modeWeights, m_result.policyGradient));
            m_result.policyGradient += policyUpdate();
        }
        if (supervised > 0)
            m_result.supervised = exampleUpdate(supervisedGroups(), Objective::supervised, batchesToCome(supervised));
        if (m_spec.method == Method::dpo && supervised < learning)
            m_result.preference = exampleUpdate(pairs(), Objective::preference, {});
        m_result.memoryBytes = std::max(m_result.memoryBytes, peakMemory());
        m_result.took = since(began);
        return m_result;
    }

private:
    /// Draws steps' completions; the groups stay for the updates.
    Status draw(const std::map<std::string, double>& modes, double& seconds)
    {
        if (!m_groups.empty() && modes == m_drawnIn) { // what self-generation drew serves the policy's steps too
            seconds = m_drawSeconds;
            return {};
        }
        std::vector<double> times;
        double drawn = 0, tokens = 0;
        m_groups.clear();
        m_drawnPrompts = 0;
        m_examples.clear();
        const auto began = Clock::now();
        for (int step = 1; step <= kMostDraws && (step == 1 || since(began) < kDrawFor); ++step) {
            const auto start = Clock::now();
            auto rolled = m_trainer.roll(step, modes, m_stop, {});
            if (!rolled.ok())
                return rolled.error();
            if (rolled->sampled.empty())
                continue;
            const double whole = since(start);
            double mean = 0, went = 0;
            int cutOff = 0;
            for (const Sampled& s : rolled->sampled) {
                mean += static_cast<double>(s.ids.size()) / static_cast<double>(rolled->sampled.size());
                const bool cut = !s.whole && static_cast<int>(s.ids.size()) >= m_bound;
                cutOff += cut ? 1 : 0;
                went += (cut ? 0.5 * (m_spec.maxCompletionLength - m_bound) : 0.0) / static_cast<double>(rolled->sampled.size());
            }
            // Decoding goes on as long as the longest does, and takes little less for few than for many.
            const double stretch = cutOff > 0 ? goesOnTo(cutOff) / m_bound : 1;
            times.push_back(whole + rolled->decodeSeconds * (stretch - 1));
            drawn += static_cast<double>(rolled->sampled.size());
            tokens += (mean + went) * static_cast<double>(rolled->sampled.size());
            PRECEDENT_TRY(keepGroups(*rolled));
        }
        if (times.empty())
            return {};
        if (times.size() > 1)
            times.erase(times.begin()); // it touched memory for the first time
        seconds = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
        m_drawnIn = modes;
        m_drawSeconds = seconds;
        m_result.answerTokens = tokens / drawn;
        PRECEDENT_TRY(lookAhead(modes));
        m_result.secondsPerAnswer = seconds * static_cast<double>(times.size() + (times.size() > 1 ? 1 : 0)) / drawn;
        m_result.memoryBytes = std::max(m_result.memoryBytes, peakMemory());
        return {};
    }

    /// The prompts of the steps to come.
    Status lookAhead(const std::map<std::string, double>& modes)
    {
        double tokens = 0, prompts = 0;
        int steps = 0;
        for (; steps < std::min(kStepsLookedAt, m_spec.maxSteps); ++steps) {
            const Result<StepPlan> plan = m_trainer.m_planner.plan(steps + 1, modes);
            if (!plan.ok())
                return plan.error();
            for (const PlannedPrompt& planned : plan->prompts)
                tokens += static_cast<double>(planned.fitted.ids.size());
            prompts += static_cast<double>(plan->prompts.size());
        }
        m_promptTokensPerStep = tokens / std::max(1, steps);
        m_result.promptTokens = tokens / std::max(1.0, prompts);
        return {};
    }

    /// How long the longest of `cutOff` completions becomes that the rehearsal's own bound cut off, where each ends anywhere up to the
    /// run's bound.
    [[nodiscard]] double goesOnTo(int cutOff) const { return m_bound + (m_spec.maxCompletionLength - m_bound) * cutOff / (cutOff + 1.0); }

    /// What an update would compute of a group's completions, had they not been cut off: they end anywhere up to the run's bound.
    [[nodiscard]] double completionPositions(const UpdateGroup& group) const
    {
        const auto cutOff = std::count_if(group.completions.begin(), group.completions.end(),
            [this](const auto& ids) { return static_cast<int>(ids.size()) >= m_bound; });
        return completionTokens(group) + 0.5 * static_cast<double>(cutOff) * (m_spec.maxCompletionLength - m_bound);
    }

    Status keepGroups(const Trainer::Rollouts& rolled)
    {
        std::vector<UpdateGroup> groups;
        for (const PlannedPrompt& planned : rolled.plan.prompts)
            groups.push_back({planned.fitted.ids, {}, {}});
        for (const Sampled& s : rolled.sampled) {
            UpdateGroup& group = groups[static_cast<std::size_t>(s.record.group)];
            group.completions.push_back(s.ids);
            group.advantages.push_back(s.record.advantage);
        }
        for (std::size_t g = 0; g < groups.size(); ++g) {
            Result<std::vector<int>> prompt = m_trainer.examplePrompt(rolled.plan.prompts[g]);
            if (!prompt.ok())
                return prompt.error();
            m_examples.push_back({std::move(*prompt), groups[g].completions, {}});
        }
        m_drawnPrompts += groups.size();
        if (m_spec.dynamicSampling) {
            std::size_t g = 0;
            std::erase_if(groups, [&](const UpdateGroup&) { return rolled.advantages.withoutSpread[g++]; });
        }
        m_groups.push_back(std::move(groups));
        return {};
    }

    double update(const std::vector<UpdateGroup>& groups, Objective objective)
    {
        const auto start = Clock::now();
        (void)m_trainer.m_policy->update(groups, kRateThatChangesNothing, objective);
        return since(start);
    }

    /// What was left free before would hide what an update takes.
    static void countMemoryAnew()
    {
        releaseFreeMemory();
        resetPeakMemory();
    }

    double refresh()
    {
        m_trainer.m_generator->refreshWeights();
        const auto start = Clock::now();
        m_trainer.m_generator->refreshWeights();
        return since(start);
    }

    /// Whole updates where they are quick, else the sum of what an update takes by itself, by group and by completion.
    double policyUpdate()
    {
        std::vector<UpdateGroup> all;
        for (const auto& groups : m_groups)
            all.insert(all.end(), groups.begin(), groups.end());
        all = bySize(std::move(all));
        if (all.empty())
            return refresh();
        const UpdateGroup& first = all.front();
        const std::size_t G = first.completions.size(), few = std::max<std::size_t>(1, G / 4), more = std::max(few + 1, G / 2);
        (void)update({firstOf(first, few)}, Objective::policyGradient); // the optimiser's state comes to be
        countMemoryAnew();
        const double one = update({firstOf(first, few)}, Objective::policyGradient);
        const std::int64_t peakOfFew = peakMemory();
        const std::size_t held = std::min(G, more);
        countMemoryAnew();
        const double two = held > few ? update({firstOf(first, held)}, Objective::policyGradient) : one;
        const std::int64_t peakOfMore = std::max(peakOfFew, peakMemory());
        const double tokensOfFew = completionTokens(firstOf(first, few)), tokensOfMore = completionTokens(firstOf(first, held));
        const double perToken = tokensOfMore > tokensOfFew ? 1 / (tokensOfMore - tokensOfFew) : 0;
        expectMemory(first, tokensOfMore, peakOfMore, static_cast<double>(peakOfMore - peakOfFew) * perToken);
        const double perGroupAtMost =
            one + std::max(0.0, two - one) / std::max<double>(1, static_cast<double>(held - few)) * static_cast<double>(G);
        const double steps = static_cast<double>(m_groups.size());
        const double promptTokens =
            m_promptTokensPerStep * static_cast<double>(all.size()) / static_cast<double>(m_drawnPrompts); // of a step
        double completions = 0, drawn = 0;
        for (const UpdateGroup& group : all) {
            completions += completionPositions(group);
            drawn += positionsOf(group);
        }
        if (perGroupAtMost * meanGroups() < kWholeUpdateBelow)
            return wholeUpdates() * (promptTokens * steps + completions) / drawn + refresh();
        const double both =
            update({firstOf(first, few), firstOf(all[std::min<std::size_t>(1, all.size() - 1)], few)}, Objective::policyGradient);
        const double secondsPerToken = std::max(0.0, two - one) * perToken;
        const double fixed = std::clamp(2 * one - both, 0.0, one);
        const double ofGroup = std::max(0.0, one - fixed - secondsPerToken * tokensOfFew);
        return fixed + ofGroup * promptTokens / static_cast<double>(std::max<std::size_t>(1, first.prompt.size())) +
            secondsPerToken * completions / steps + refresh();
    }

    [[nodiscard]] double meanGroups() const
    {
        double n = 0;
        for (const auto& groups : m_groups)
            n += static_cast<double>(groups.size());
        return n / static_cast<double>(std::max<std::size_t>(1, m_groups.size()));
    }

    double wholeUpdates()
    {
        resetPeakMemory();
        double sum = 0;
        int n = 0;
        for (const auto& groups : m_groups) {
            sum += groups.empty() ? 0 : update(groups, Objective::policyGradient);
            if (++n == kMostUpdates && sum > kUpdateFor)
                break;
        }
        m_result.memoryBytes = std::max(m_result.memoryBytes, peakMemory());
        return n > 0 ? sum / n : 0;
    }

    /// The most that one part of an update holds: completions of the longest allowed, as many as go into it.
    void expectMemory(const UpdateGroup& group, double measured, std::int64_t peak, double perPosition)
    {
        const double microBatch = m_spec.microBatchTokens, longest = m_spec.maxCompletionLength;
        const double room = std::max({longest, microBatch - static_cast<double>(group.prompt.size()), microBatch / 2});
        const double most = std::max(measured, std::min(room, longest * static_cast<double>(group.completions.size())));
        m_result.memoryBytes = std::max(m_result.memoryBytes, peak + static_cast<std::int64_t>(perPosition * (most - measured)));
    }

    [[nodiscard]] std::vector<UpdateGroup> supervisedGroups() const
    {
        std::vector<UpdateGroup> groups;
        for (const Example* example : m_trainer.m_examples.batch(m_spec.seed, 0, m_spec.batchSize, false))
            groups.push_back({example->prompt, {example->completion}, {}});
        if (groups.empty())
            groups = drawnGroups(1);
        return groups;
    }

    [[nodiscard]] std::vector<UpdateGroup> pairs() const { return drawnGroups(2); }

    /// A batch of what was drawn, in place of what self-generation will keep.
    [[nodiscard]] std::vector<UpdateGroup> drawnGroups(std::size_t completions) const
    {
        std::vector<UpdateGroup> groups;
        for (const UpdateGroup& group : m_examples) {
            if (group.completions.size() >= completions)
                groups.push_back(firstOf(group, completions));
        }
        for (std::size_t i = 0; !groups.empty() && static_cast<int>(groups.size()) < m_spec.batchSize; ++i)
            groups.push_back(groups[i]);
        if (static_cast<int>(groups.size()) > m_spec.batchSize)
            groups.resize(static_cast<std::size_t>(m_spec.batchSize));
        return groups;
    }

    /// Positions of a step's examples.
    struct BatchSizes {
        double mean = 0, most = 0; ///< 0: not known
    };

    [[nodiscard]] BatchSizes batchesToCome(int steps) const
    {
        BatchSizes sizes;
        const int looked = std::min(kStepsLookedAt, steps);
        for (int i = 0; i < looked; ++i) {
            double positions = 0;
            for (const Example* example : m_trainer.m_examples.batch(m_spec.seed, i, m_spec.batchSize, false))
                positions += static_cast<double>(example->prompt.size() + example->completion.size());
            sizes.mean += positions / looked;
            sizes.most = std::max(sizes.most, positions);
        }
        return sizes;
    }

    /// Time and memory are linear in positions: examples go through together, up to micro_batch_tokens of them.
    double exampleUpdate(const std::vector<UpdateGroup>& batch, Objective objective, BatchSizes sizes)
    {
        const std::vector<UpdateGroup> groups = bySize(batch);
        if (groups.empty())
            return 0;
        (void)update({groups.front()}, objective);
        countMemoryAnew();
        const double one = update({groups.front()}, objective);
        const auto sizeOf = [](const std::vector<UpdateGroup>& of) {
            return std::accumulate(of.begin(), of.end(), 0.0, [](double sum, const UpdateGroup& g) { return sum + positionsOf(g); });
        };
        const double size = sizeOf(groups), mean = sizes.mean > 0 ? sizes.mean : size;
        double seconds = 0;
        if (one * static_cast<double>(groups.size()) < kWholeUpdateBelow) {
            const auto began = Clock::now();
            int n = 0;
            while (n == 0 || (n < kMostUpdates && since(began) < kUpdateFor)) {
                seconds += update(groups, objective);
                ++n;
            }
            seconds *= mean / size / n;
        } else {
            const std::vector<UpdateGroup> some(
                groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(3, groups.size())));
            const std::int64_t peakOfOne = peakMemory();
            countMemoryAnew();
            const double several = update(some, objective);
            const std::int64_t peakOfSeveral = std::max(peakOfOne, peakMemory());
            const double more = sizeOf(some) - positionsOf(groups.front());
            const double rate = more > 0 ? std::max(0.0, several - one) / more : 0;
            seconds = several + rate * (mean - sizeOf(some));
            const double together = std::min(std::max(size, sizes.most), static_cast<double>(m_spec.microBatchTokens));
            if (more > 0 && together > sizeOf(some))
                m_result.memoryBytes = std::max(m_result.memoryBytes,
                    peakOfSeveral +
                        static_cast<std::int64_t>(static_cast<double>(peakOfSeveral - peakOfOne) / more * (together - sizeOf(some))));
        }
        m_result.memoryBytes = std::max(m_result.memoryBytes, peakMemory());
        return seconds + refresh();
    }

    Trainer& m_trainer;
    const RunSpec& m_spec;
    const std::stop_token& m_stop;
    const int m_bound; ///< of what is drawn here, tokens
    std::vector<std::vector<UpdateGroup>> m_groups; ///< of each step that was drawn
    std::vector<UpdateGroup> m_examples; ///< the same as they would be learnt from
    std::map<std::string, double> m_drawnIn; ///< the modes of those steps
    double m_drawSeconds = 0;
    std::size_t m_drawnPrompts = 0; ///< of those steps, also where nothing is learnt from a group
    double m_promptTokensPerStep = 0; ///< of the steps to come
    Rehearsal m_result;
};

Result<Rehearsal> Trainer::rehearse(const std::stop_token& stop) { return Rehearsing(*this, stop).run(); }

} // namespace precedent::core
