#include "precedent/workspace/run_alarms.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <optional>

namespace precedent::workspace {
namespace {

constexpr const char* kReward = "reward";
constexpr const char* kKl = "kl";
constexpr const char* kNoSpread = "frac_reward_zero_std";
constexpr const char* kLength = "completions/mean_length";
constexpr const char* kHarmful = "refusal_rate/harmful";
constexpr const char* kBenign = "refusal_rate/benign";

std::string number(double value, int decimals)
{
    char text[40];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string percent(double share) { return number(100 * share, 0) + " %"; }

/// The mean of a metric's last values. A step that lacks it counts as no value.
class RunningMean {
public:
    RunningMean(const char* metric, int window)
        : m_metric(metric)
        , m_window(static_cast<std::size_t>(std::max(1, window)))
    {
    }

    void take(const casebase::RunStep& step)
    {
        const auto found = step.metrics.find(m_metric);
        if (found == step.metrics.end() || !std::isfinite(found->second))
            return;
        m_values.push_back(found->second);
        if (m_values.size() > m_window)
            m_values.pop_front();
    }

    /// Nothing before there are enough values.
    [[nodiscard]] std::optional<double> mean() const
    {
        if (m_values.size() < m_window)
            return std::nullopt;
        double sum = 0;
        for (const double value : m_values)
            sum += value;
        return sum / static_cast<double>(m_values.size());
    }

private:
    const char* m_metric;
    std::size_t m_window;
    std::deque<double> m_values;
};

/// The stretches of one kind: opened by the first bad step, closed by the first good one.
class Stretch {
public:
    Stretch(AlarmKind kind, const char* metric, std::vector<Alarm>& alarms)
        : m_kind(kind)
        , m_metric(metric)
        , m_alarms(alarms)
    {
    }

    template <typename Message>
    void take(int step, bool bad, const Message& message)
    {
        if (!bad) {
            m_open = npos;
        } else if (m_open == npos) {
            m_open = m_alarms.size();
            m_alarms.push_back({m_kind, step, step, m_metric, message()});
        } else {
            m_alarms[m_open].to = step;
        }
    }

private:
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    AlarmKind m_kind;
    const char* m_metric;
    std::vector<Alarm>& m_alarms;
    std::size_t m_open = npos;
};

/// The first metric that is not a number, or null.
const std::string* notANumber(const casebase::RunStep& step)
{
    for (const auto& [name, value] : step.metrics) {
        if (!std::isfinite(value))
            return &name;
    }
    return nullptr;
}

class Watch {
public:
    Watch(const core::RunSpec& spec, const AlarmBounds& bounds, std::vector<Alarm>& alarms)
        : m_spec(spec)
        , m_bounds(bounds)
        , m_alarms(alarms)
        , m_reward(kReward, bounds.window)
        , m_noSpread(kNoSpread, bounds.window)
        , m_length(kLength, bounds.window)
        , m_harmful(kHarmful, bounds.window)
        , m_benign(kBenign, bounds.window)
        , m_collapse(AlarmKind::rewardCollapse, kReward, alarms)
        , m_kl(AlarmKind::klOverBound, kKl, alarms)
        , m_flat(AlarmKind::noSpread, kNoSpread, alarms)
        , m_capped(AlarmKind::lengthAtCap, kLength, alarms)
        , m_all(AlarmKind::allRefusal, kBenign, alarms)
        , m_never(AlarmKind::neverRefusal, kHarmful, alarms)
    {
    }

    void take(const casebase::RunStep& step)
    {
        for (RunningMean* mean : {&m_reward, &m_noSpread, &m_length, &m_harmful, &m_benign})
            mean->take(step);
        if (const std::string* name = notANumber(step))
            m_alarms.push_back({AlarmKind::notANumber, step.step, step.step, *name,
                *name + " is not a number. Continue from an earlier checkpoint with a lower learning_rate."});
        takeReward(step.step);
        takeKl(step);
        takeShapes(step.step);
        takeRefusals(step.step);
    }

private:
    void takeReward(int step)
    {
        const std::optional<double> mean = m_reward.mean();
        if (mean)
            m_best = std::max(m_best, *mean);
        const bool bad = mean && m_best >= m_bounds.rewardWorthKeeping && *mean < m_bounds.rewardKept * m_best;
        m_collapse.take(step, bad, [&] {
            return "The reward fell to " + number(*mean, 2) + " from " + number(m_best, 2) +
                ". Go back to a checkpoint before it, with a lower learning_rate or a higher beta.";
        });
    }

    void takeKl(const casebase::RunStep& step)
    {
        const auto kl = step.metrics.find(kKl);
        const bool bad = kl != step.metrics.end() && std::isfinite(kl->second) && kl->second > m_bounds.kl;
        m_kl.take(step.step, bad, [&] {
            return "KL to the reference is " + number(kl->second, 2) + ", over " + number(m_bounds.kl, 2) +
                ": the model drifts far from where it began. Raise beta, or lower learning_rate.";
        });
    }

    void takeShapes(int step)
    {
        const std::optional<double> flat = m_noSpread.mean();
        m_flat.take(step, flat && *flat >= m_bounds.withoutSpread, [&] {
            return "In " + percent(*flat) +
                " of the groups all answers earn the same, so there is nothing to learn from. Use harder requests, more answers to a "
                "request, or a higher temperature.";
        });
        const std::optional<double> length = m_length.mean();
        const double cap = m_bounds.lengthAtCap * m_spec.maxCompletionLength;
        m_capped.take(step, length && *length >= cap, [&] {
            return "Answers have " + number(*length, 0) + " of at most " + std::to_string(m_spec.maxCompletionLength) +
                " tokens: most are cut off. Raise max_completion_length, or the weight of overlong.";
        });
    }

    void takeRefusals(int step)
    {
        const std::optional<double> harmful = m_harmful.mean();
        const std::optional<double> benign = m_benign.mean();
        const bool both = harmful && benign;
        m_all.take(step, both && std::min(*harmful, *benign) >= m_bounds.allRefusal,
            [&] { return "The model refuses nearly everything: " + percent(*benign) + " of the harmless requests too."; });
        m_never.take(step, both && std::max(*harmful, *benign) <= m_bounds.neverRefusal,
            [&] { return "The model refuses almost nothing: " + percent(*harmful) + " of the harmful requests."; });
    }

    const core::RunSpec& m_spec;
    const AlarmBounds& m_bounds;
    std::vector<Alarm>& m_alarms;
    RunningMean m_reward;
    RunningMean m_noSpread;
    RunningMean m_length;
    RunningMean m_harmful;
    RunningMean m_benign;
    double m_best = 0;
    Stretch m_collapse;
    Stretch m_kl;
    Stretch m_flat;
    Stretch m_capped;
    Stretch m_all;
    Stretch m_never;
};

} // namespace

const char* toString(AlarmKind kind)
{
    switch (kind) {
    case AlarmKind::rewardCollapse:
        return "reward_collapse";
    case AlarmKind::klOverBound:
        return "kl_over_bound";
    case AlarmKind::noSpread:
        return "no_spread";
    case AlarmKind::lengthAtCap:
        return "length_at_cap";
    case AlarmKind::allRefusal:
        return "all_refusal";
    case AlarmKind::neverRefusal:
        return "never_refusal";
    case AlarmKind::notANumber:
        break;
    }
    return "not_a_number";
}

std::vector<Alarm> findAlarms(const std::vector<casebase::RunStep>& steps, const core::RunSpec& spec, const AlarmBounds& bounds)
{
    std::vector<Alarm> alarms;
    Watch watch(spec, bounds, alarms);
    for (const casebase::RunStep& step : steps)
        watch.take(step);
    return alarms;
}

} // namespace precedent::workspace
