#include "precedent/align/reward_head.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "core/align/lbfgs.h"
#include "precedent/base/random.h"

namespace precedent::align {
namespace {

constexpr double kLeastDeviation = 1e-6;

/// Scores to probabilities, in place; returns the log of the sum.
double softmax(std::span<double> scores)
{
    const double highest = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double& score : scores)
        sum += score = std::exp(score - highest);
    for (double& score : scores)
        score /= sum;
    return std::log(sum) + highest;
}

/// The examples at `kept`, which is true for those to keep.
HeadExamples chosen(const HeadExamples& examples, const std::vector<bool>& kept)
{
    HeadExamples part;
    part.width = examples.width;
    for (std::size_t i = 0; i < examples.size(); ++i) {
        if (!kept[i])
            continue;
        const auto row = examples.row(i);
        part.features.insert(part.features.end(), row.begin(), row.end());
        part.verdicts.push_back(examples.verdicts[i]);
        part.groups.push_back(examples.groups[i]);
    }
    return part;
}

void standardise(const RewardHead& head, std::vector<float>& features)
{
    const auto C = static_cast<std::size_t>(head.width);
    for (std::size_t at = 0; at < features.size(); ++at)
        features[at] = (features[at] - head.mean[at % C]) * head.scale[at % C];
}

void measure(const HeadExamples& examples, RewardHead& head)
{
    const auto C = static_cast<std::size_t>(examples.width);
    const auto n = static_cast<double>(examples.size());
    std::vector<double> sum(C, 0);
    std::vector<double> squares(C, 0);
    for (std::size_t at = 0; at < examples.features.size(); ++at)
        sum[at % C] += examples.features[at];
    for (std::size_t at = 0; at < examples.features.size(); ++at) {
        const double away = examples.features[at] - sum[at % C] / n;
        squares[at % C] += away * away;
    }
    head.width = examples.width;
    head.mean.resize(C);
    head.scale.resize(C);
    for (std::size_t c = 0; c < C; ++c) {
        head.mean[c] = static_cast<float>(sum[c] / n);
        const double deviation = std::sqrt(squares[c] / n);
        // A feature that never changes says nothing, whatever it is on another answer.
        head.scale[c] = deviation < kLeastDeviation ? 0.0F : static_cast<float>(1 / deviation);
    }
}

RewardHead fit(HeadExamples examples, const std::vector<Verdict>& verdicts, double l2, int iterations)
{
    RewardHead head;
    head.verdicts = verdicts;
    head.l2 = l2;
    measure(examples, head);
    standardise(head, examples.features);
    const auto K = verdicts.size();
    const auto C = static_cast<std::size_t>(head.width);
    std::vector<int> labels;
    for (const Verdict verdict : examples.verdicts)
        labels.push_back(static_cast<int>(std::find(verdicts.begin(), verdicts.end(), verdict) - verdicts.begin()));
    std::vector<double> parameters(K * C + K, 0);
    minimise(
        parameters,
        [&](const std::vector<double>& at, std::vector<double>& gradient) {
            return headLoss(examples, labels, static_cast<int>(K), l2, at, gradient);
        },
        iterations);
    head.weights.assign(parameters.begin(), parameters.begin() + static_cast<std::ptrdiff_t>(K * C));
    head.bias.assign(parameters.begin() + static_cast<std::ptrdiff_t>(K * C), parameters.end());
    return head;
}

/// Mean negative log-probability of what people said; a verdict that the head cannot give costs as much as one in a million.
double lossOf(const RewardHead& head, const HeadExamples& examples)
{
    double loss = 0;
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const std::vector<double> p = head.probabilities(examples.row(i));
        const auto at = std::find(head.verdicts.begin(), head.verdicts.end(), examples.verdicts[i]);
        loss -= std::log(std::max(1e-6, at == head.verdicts.end() ? 0.0 : p[static_cast<std::size_t>(at - head.verdicts.begin())]));
    }
    return loss / static_cast<double>(std::max<std::size_t>(1, examples.size()));
}

std::vector<Verdict> verdictsIn(const HeadExamples& examples)
{
    const std::set<Verdict> all(examples.verdicts.begin(), examples.verdicts.end());
    return {all.begin(), all.end()};
}

Status check(const HeadExamples& examples)
{
    const std::set<std::string> groups(examples.groups.begin(), examples.groups.end());
    if (examples.width < 1 || examples.features.size() != examples.size() * static_cast<std::size_t>(examples.width) ||
        examples.groups.size() != examples.size())
        return Error(ErrorCode::invalidArgument, "The examples' features, verdicts and groups are not of one number.");
    if (verdictsIn(examples).size() < 2 || groups.size() < 2)
        return Error(ErrorCode::invalidArgument,
            "A head needs answers of at least two verdicts and two requests, and there are " + std::to_string(verdictsIn(examples).size()) +
                " verdicts in " + std::to_string(groups.size()) + " groups of requests.",
            "Judge more answers, of more requests.");
    if (!std::all_of(examples.features.begin(), examples.features.end(), [](float x) { return std::isfinite(x); }))
        return Error(ErrorCode::invalidArgument, "A feature is not a number.", "Check the model that makes the features.");
    return {};
}

} // namespace

std::vector<double> RewardHead::probabilities(std::span<const float> row) const
{
    const auto C = static_cast<std::size_t>(width);
    std::vector<double> scores(bias.begin(), bias.end());
    for (std::size_t k = 0; k < scores.size(); ++k) {
        for (std::size_t c = 0; c < C; ++c)
            scores[k] += static_cast<double>(weights[k * C + c]) * static_cast<double>((row[c] - mean[c]) * scale[c]);
    }
    softmax(scores);
    return scores;
}

Verdict RewardHead::verdict(std::span<const float> row) const
{
    const std::vector<double> p = probabilities(row);
    return verdicts[static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin())];
}

double headLoss(const HeadExamples& examples, const std::vector<int>& labels, int classes, double l2, const std::vector<double>& parameters,
    std::vector<double>& gradient)
{
    const auto K = static_cast<std::size_t>(classes);
    const auto C = static_cast<std::size_t>(examples.width);
    const auto n = static_cast<double>(examples.size());
    gradient.assign(parameters.size(), 0);
    double loss = 0;
    std::vector<double> scores(K);
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const auto row = examples.row(i);
        const auto label = static_cast<std::size_t>(labels[i]);
        for (std::size_t k = 0; k < K; ++k)
            scores[k] =
                std::inner_product(row.begin(), row.end(), parameters.begin() + static_cast<std::ptrdiff_t>(k * C), parameters[K * C + k]);
        const double own = scores[label];
        loss += softmax(scores) - own;
        for (std::size_t k = 0; k < K; ++k) {
            const double error = (scores[k] - (k == label ? 1.0 : 0.0)) / n;
            for (std::size_t c = 0; c < C; ++c)
                gradient[k * C + c] += error * static_cast<double>(row[c]);
            gradient[K * C + k] += error;
        }
    }
    loss /= n;
    for (std::size_t at = 0; at < K * C; ++at) {
        loss += l2 / 2 * parameters[at] * parameters[at];
        gradient[at] += l2 * parameters[at];
    }
    return loss;
}

std::vector<int> partsByGroup(const std::vector<std::string>& groups, int count, std::uint64_t seed)
{
    const std::set<std::string> distinct(groups.begin(), groups.end());
    std::vector<std::string> order(distinct.begin(), distinct.end());
    Random(seed, streamOf("parts by group")).shuffle(order);
    std::map<std::string, int> partOf;
    for (std::size_t i = 0; i < order.size(); ++i)
        partOf[order[i]] = static_cast<int>(i % static_cast<std::size_t>(count));
    std::vector<int> parts;
    for (const std::string& group : groups)
        parts.push_back(partOf[group]);
    return parts;
}

Result<RewardHead> trainHead(const HeadExamples& examples, const HeadSettings& settings)
{
    PRECEDENT_TRY(check(examples));
    const std::vector<Verdict> verdicts = verdictsIn(examples);
    double best = std::numeric_limits<double>::infinity();
    double l2 = settings.l2.front();
    const std::vector<int> folds = partsByGroup(examples.groups, settings.folds, settings.seed);
    for (const double candidate : settings.l2) {
        double loss = 0;
        for (int fold = 0; settings.l2.size() > 1 && fold < settings.folds; ++fold) {
            std::vector<bool> in(examples.size());
            std::transform(folds.begin(), folds.end(), in.begin(), [&](int f) { return f != fold; });
            std::vector<bool> out = in;
            out.flip();
            const HeadExamples held = chosen(examples, out);
            const HeadExamples rest = chosen(examples, in);
            if (held.size() > 0 && rest.size() > 0)
                loss += lossOf(fit(rest, verdicts, candidate, settings.iterations), held) * static_cast<double>(held.size());
        }
        if (loss < best) {
            best = loss;
            l2 = candidate;
        }
    }
    return fit(examples, verdicts, l2, settings.iterations);
}

} // namespace precedent::align
