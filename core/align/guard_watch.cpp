#include "precedent/align/guard_watch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <deque>
#include <optional>

namespace precedent::align {
namespace {

using core::Alarm;
using core::AlarmKind;
using core::GuardAction;
using core::StepRecord;

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

    void take(const StepRecord& step)
    {
        const auto found = step.metrics.find(m_metric);
        if (found != step.metrics.end() && std::isfinite(found->second))
            push(found->second);
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

    [[nodiscard]] const char* metric() const { return m_metric; }
    [[nodiscard]] const std::deque<double>& values() const { return m_values; }
    void restore(const std::vector<double>& values)
    {
        m_values.clear();
        for (const double value : values)
            push(value);
    }

private:
    void push(double value)
    {
        m_values.push_back(value);
        if (m_values.size() > m_window)
            m_values.pop_front();
    }

    const char* m_metric;
    std::size_t m_window;
    std::deque<double> m_values;
};

/// The stretches of one kind: opened by the first bad step, closed by the first good one.
class Stretch {
public:
    Stretch(AlarmKind kind, const char* metric, GuardAction action, std::vector<Alarm>& alarms)
        : m_kind(kind)
        , m_metric(metric)
        , m_action(action)
        , m_alarms(alarms)
    {
    }

    template <typename Message>
    void take(int step, bool bad, const Message& message)
    {
        if (m_action == GuardAction::off)
            return;
        if (!bad) {
            m_open = false;
            m_place = npos;
        } else if (!m_open) {
            m_open = true;
            m_place = m_alarms.size();
            m_alarms.push_back({m_kind, step, step, m_metric, message(), m_action == GuardAction::stop});
        } else if (m_place != npos) {
            m_alarms[m_place].to = step;
        }
    }

    [[nodiscard]] AlarmKind kind() const { return m_kind; }
    [[nodiscard]] bool isOpen() const { return m_open; }
    /// Goes on with a stretch that was open; one that stopped the run is to be raised anew.
    void restore(bool open) { m_open = open && m_action != GuardAction::stop; }

private:
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    AlarmKind m_kind;
    const char* m_metric;
    GuardAction m_action;
    std::vector<Alarm>& m_alarms;
    bool m_open = false;
    std::size_t m_place = npos; ///< in m_alarms; none where the stretch began before this watch
};

/// The first metric that is not a number, or null.
const std::string* notANumber(const StepRecord& step)
{
    for (const auto& [name, value] : step.metrics) {
        if (!std::isfinite(value))
            return &name;
    }
    return nullptr;
}

} // namespace

class GuardWatch::Impl {
public:
    Impl(const core::RunSpec& spec, const GuardBounds& bounds)
        : m_spec(spec)
        , m_bounds(bounds)
        , m_reward(kReward, bounds.window)
        , m_noSpread(kNoSpread, bounds.window)
        , m_length(kLength, bounds.window)
        , m_harmful(kHarmful, bounds.window)
        , m_benign(kBenign, bounds.window)
        , m_collapse(AlarmKind::rewardCollapse, kReward, spec.guards.rewardCollapse, m_alarms)
        , m_kl(AlarmKind::klOverBound, kKl, spec.guards.klOverBound, m_alarms)
        , m_klMax(AlarmKind::klOverMax, kKl, GuardAction::stop, m_alarms)
        , m_flat(AlarmKind::noSpread, kNoSpread, spec.guards.noSpread, m_alarms)
        , m_capped(AlarmKind::lengthAtCap, kLength, spec.guards.lengthAtCap, m_alarms)
        , m_all(AlarmKind::allRefusal, kBenign, spec.guards.allRefusal, m_alarms)
        , m_never(AlarmKind::neverRefusal, kHarmful, spec.guards.neverRefusal, m_alarms)
    {
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] const std::vector<Alarm>& alarms() const { return m_alarms; }

    std::vector<Alarm> take(const StepRecord& step)
    {
        const auto before = static_cast<std::ptrdiff_t>(m_alarms.size());
        for (RunningMean* mean : means())
            mean->take(step);
        if (const std::string* name = notANumber(step))
            m_alarms.push_back({AlarmKind::notANumber, step.step, step.step, *name,
                *name + " is not a number. Start a new run with a lower learning_rate; earlier checkpoints are whole.", false});
        takeReward(step.step);
        takeKl(step);
        takeShapes(step.step);
        takeRefusals(step.step);
        return {m_alarms.begin() + before, m_alarms.end()};
    }

    [[nodiscard]] Json toJson()
    {
        Json values = Json::object(), open = Json::array();
        for (const RunningMean* mean : means())
            values[mean->metric()] = mean->values();
        for (const Stretch* stretch : stretches()) {
            if (stretch->isOpen())
                open.push_back(core::toString(stretch->kind()));
        }
        return {{"best_reward", m_best}, {"last", values}, {"open", open}};
    }

    Status restore(const Json& json)
    {
        try {
            m_best = json.at("best_reward").get<double>();
            for (RunningMean* mean : means())
                mean->restore(json.at("last").at(mean->metric()).get<std::vector<double>>());
            const auto open = json.at("open").get<std::vector<std::string>>();
            for (Stretch* stretch : stretches())
                stretch->restore(std::find(open.begin(), open.end(), core::toString(stretch->kind())) != open.end());
            return {};
        } catch (const Json::exception& e) {
            return Error(ErrorCode::corrupt, std::string("What the guards had seen cannot be read: ") + e.what());
        }
    }

private:
    std::array<RunningMean*, 5> means() { return {&m_reward, &m_noSpread, &m_length, &m_harmful, &m_benign}; }
    std::array<Stretch*, 7> stretches() { return {&m_collapse, &m_kl, &m_klMax, &m_flat, &m_capped, &m_all, &m_never}; }

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

    void takeKl(const StepRecord& step)
    {
        const auto kl = step.metrics.find(kKl);
        if (kl == step.metrics.end() || !std::isfinite(kl->second))
            return; // a step that does not compare with the reference neither opens nor closes a stretch
        const auto over = [&](double bound) {
            return "KL to the reference is " + number(kl->second, 2) + ", over " + number(bound, 2) +
                ": the model drifts far from where it began. Raise beta, or lower learning_rate.";
        };
        m_kl.take(step.step, kl->second > m_spec.klBound, [&] { return over(m_spec.klBound); });
        m_klMax.take(step.step, m_spec.maxKl > 0 && kl->second > m_spec.maxKl, [&] { return over(m_spec.maxKl); });
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

    const core::RunSpec m_spec;
    const GuardBounds m_bounds;
    std::vector<Alarm> m_alarms;
    RunningMean m_reward;
    RunningMean m_noSpread;
    RunningMean m_length;
    RunningMean m_harmful;
    RunningMean m_benign;
    double m_best = 0;
    Stretch m_collapse;
    Stretch m_kl;
    Stretch m_klMax;
    Stretch m_flat;
    Stretch m_capped;
    Stretch m_all;
    Stretch m_never;
};

GuardWatch::GuardWatch(const core::RunSpec& spec, const GuardBounds& bounds)
    : m_impl(std::make_unique<Impl>(spec, bounds))
{
}

GuardWatch::~GuardWatch() = default;
GuardWatch::GuardWatch(GuardWatch&&) noexcept = default;
GuardWatch& GuardWatch::operator=(GuardWatch&&) noexcept = default;

std::vector<Alarm> GuardWatch::take(const StepRecord& step) { return m_impl->take(step); }
const std::vector<Alarm>& GuardWatch::alarms() const { return m_impl->alarms(); }
Json GuardWatch::toJson() const { return m_impl->toJson(); }
Status GuardWatch::restore(const Json& json) { return m_impl->restore(json); }

} // namespace precedent::align
