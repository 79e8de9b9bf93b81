#include "core/generate/sampler.h"

#include <algorithm>
#include <cmath>

namespace precedent::core {
namespace {

/// 1 / temperature, kept finite: at 1e-30 and below only the highest logits have any weight anyway.
float inverse(double temperature) { return static_cast<float>(1.0 / std::max(temperature, 1e-30)); }

} // namespace

SampledToken Sampler::draw(const float* logits, int vocabulary, Random& random)
{
    float highest = 0;
    const float sum = m_kernels.sumOfExponentials(logits, vocabulary, &highest);
    if (!std::isfinite(sum) || !std::isfinite(highest))
        return {0, NAN};
    int id = 0;
    if (m_sampling.temperature <= 0)
        id = static_cast<int>(std::max_element(logits, logits + vocabulary) - logits);
    else if ((m_sampling.topK > 0 && m_sampling.topK < vocabulary) || m_sampling.topP < 1)
        id = drawFiltered(logits, vocabulary, random.uniform());
    else
        id = drawFromAll(logits, vocabulary, random.uniform());
    return {id, logits[id] - highest - std::log(sum)};
}

int Sampler::drawFromAll(const float* logits, int vocabulary, double u)
{
    m_weights.resize(static_cast<std::size_t>(vocabulary) + 16);
    std::copy_n(logits, vocabulary, m_weights.begin());
    float highest = 0;
    (void)m_kernels.softmaxWeights(m_weights.data(), vocabulary, inverse(m_sampling.temperature), &highest);
    double total = 0;
    for (int i = 0; i < vocabulary; ++i)
        total += m_weights[static_cast<std::size_t>(i)];
    double left = u * total;
    int last = 0; // the last that has any weight, should rounding walk past the end
    for (int i = 0; i < vocabulary; ++i) {
        const float weight = m_weights[static_cast<std::size_t>(i)];
        if (weight <= 0)
            continue;
        last = i;
        left -= weight;
        if (left < 0)
            break;
    }
    return last;
}

int Sampler::drawFiltered(const float* logits, int vocabulary, double u)
{
    m_weights.resize(static_cast<std::size_t>(vocabulary) + 16);
    float threshold = -INFINITY; // logits from here up pass top-k
    if (m_sampling.topK > 0 && m_sampling.topK < vocabulary) {
        std::copy_n(logits, vocabulary, m_weights.begin());
        const auto kth = m_weights.begin() + (m_sampling.topK - 1);
        std::nth_element(m_weights.begin(), kth, m_weights.begin() + vocabulary, std::greater<>());
        threshold = *kth;
    }
    std::copy_n(logits, vocabulary, m_weights.begin());
    float highest = 0;
    (void)m_kernels.softmaxWeights(m_weights.data(), vocabulary, inverse(m_sampling.temperature), &highest);
    m_candidates.clear();
    double total = 0;
    for (int i = 0; i < vocabulary; ++i) {
        const float weight = m_weights[static_cast<std::size_t>(i)];
        if (logits[i] >= threshold && (weight > 0 || logits[i] == highest)) {
            m_candidates.push_back({weight, i});
            total += weight;
        }
    }
    if (m_sampling.topP < 1) {
        // What is below (1 - p) / n weighs less than 1 - p altogether, so the nucleus is in the rest: only that is sorted.
        const double floor = (1 - m_sampling.topP) * total / static_cast<double>(m_candidates.size());
        std::erase_if(m_candidates, [&](const Candidate& candidate) { return candidate.weight < floor; });
        std::sort(m_candidates.begin(), m_candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.weight != b.weight ? a.weight > b.weight : a.id < b.id; });
        double kept = 0;
        std::size_t n = 0;
        while (n < m_candidates.size() && (n == 0 || kept < m_sampling.topP * total))
            kept += m_candidates[n++].weight;
        m_candidates.resize(n);
        total = kept;
    }
    double left = u * total;
    for (const Candidate& candidate : m_candidates) {
        left -= candidate.weight;
        if (left < 0)
            return candidate.id;
    }
    return m_candidates.back().id;
}

} // namespace precedent::core
