#include "core/generate/sampler.h"

#include <algorithm>
#include <cmath>

namespace precedent::core {
namespace {

constexpr int kLargeVocabulary = 16384;
constexpr int kChunk = 1024;

int countOf(int vocabulary, std::size_t chunk) { return std::min(kChunk, vocabulary - static_cast<int>(chunk) * kChunk); }

/// 1 / temperature, kept finite: at 1e-30 and below only the highest logits have any weight anyway.
float inverse(double temperature) { return static_cast<float>(1.0 / std::max(temperature, 1e-30)); }

} // namespace

SampledToken Sampler::draw(const float* logits, int vocabulary, Random& random)
{
    if (vocabulary >= kLargeVocabulary)
        return drawLarge(logits, vocabulary, random);
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
    dropLightest(total, m_sampling.topP);
    return drawCandidate(total, m_sampling.topP, u);
}

// What is below (1 - p) / n weighs less than 1 - p altogether, so the nucleus is in the rest: only that is sorted.
void Sampler::dropLightest(double total, double nucleus)
{
    if (nucleus >= 1)
        return;
    const double floor = (1 - nucleus) * total / static_cast<double>(m_candidates.size());
    std::erase_if(m_candidates, [&](const Candidate& candidate) { return candidate.weight < floor; });
}

int Sampler::drawCandidate(double total, double nucleus, double u)
{
    if (nucleus < 1) {
        std::sort(m_candidates.begin(), m_candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.weight != b.weight ? a.weight > b.weight : a.id < b.id; });
        double kept = 0;
        std::size_t n = 0;
        while (n < m_candidates.size() && (n == 0 || kept < nucleus * total))
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

SampledToken Sampler::drawLarge(const float* logits, int vocabulary, Random& random)
{
    m_chunks.resize(static_cast<std::size_t>((vocabulary + kChunk - 1) / kChunk));
    float highest = -INFINITY;
    bool finite = true;
    for (std::size_t c = 0; c < m_chunks.size(); ++c) {
        Chunk& chunk = m_chunks[c];
        chunk.sum = m_kernels.sumOfExponentials(logits + c * kChunk, countOf(vocabulary, c), &chunk.highest);
        finite = finite && std::isfinite(chunk.sum) && std::isfinite(chunk.highest);
        highest = std::max(highest, chunk.highest);
    }
    if (!finite)
        return {0, NAN};
    double sum = 0;
    for (const Chunk& chunk : m_chunks)
        sum += chunk.sum * std::exp(double{chunk.highest} - highest);
    int id = 0;
    if (m_sampling.temperature <= 0) {
        const auto first = std::find_if(m_chunks.begin(), m_chunks.end(), [&](const Chunk& chunk) { return chunk.highest == highest; });
        const float* begin = logits + (first - m_chunks.begin()) * kChunk;
        id = static_cast<int>(std::find(begin, logits + vocabulary, highest) - logits);
    } else if ((m_sampling.topK > 0 && m_sampling.topK < vocabulary) || m_sampling.topP < 1) {
        id = drawFilteredLarge(logits, vocabulary, highest, random.uniform());
    } else {
        id = drawFromChunks(logits, vocabulary, highest, random.uniform());
    }
    return {id, static_cast<float>(double{logits[id]} - highest - std::log(sum))};
}

double Sampler::weigh(const float* logits, int count, float highest)
{
    m_weights.resize(kChunk + 16);
    std::copy_n(logits, count, m_weights.begin());
    const float scale = inverse(m_sampling.temperature);
    float own = 0;
    const float sum = m_kernels.softmaxWeights(m_weights.data(), count, scale, &own);
    const double factor = std::exp((double{own} - highest) * scale);
    for (int i = 0; i < count; ++i)
        m_weights[static_cast<std::size_t>(i)] *= static_cast<float>(factor);
    return sum * factor;
}

double Sampler::weighChunks(const float* logits, int vocabulary, float highest)
{
    double total = 0;
    for (std::size_t c = 0; c < m_chunks.size(); ++c) {
        Chunk& chunk = m_chunks[c];
        chunk.sum = m_sampling.temperature == 1.0 ? chunk.sum * std::exp(double{chunk.highest} - highest)
                                                  : weigh(logits + c * kChunk, countOf(vocabulary, c), highest);
        total += chunk.sum;
    }
    return total;
}

int Sampler::drawFromChunks(const float* logits, int vocabulary, float highest, double u)
{
    double left = u * weighChunks(logits, vocabulary, highest);
    std::size_t c = 0;
    while (c + 1 < m_chunks.size() && left >= m_chunks[c].sum)
        left -= m_chunks[c++].sum;
    while (c > 0 && m_chunks[c].sum <= 0) // rounding walked past all that has any weight
        --c;
    (void)weigh(logits + c * kChunk, countOf(vocabulary, c), highest);
    int last = 0;
    for (int i = 0; i < countOf(vocabulary, c); ++i) {
        const float weight = m_weights[static_cast<std::size_t>(i)];
        if (weight <= 0)
            continue;
        last = i;
        left -= weight;
        if (left < 0)
            break;
    }
    return static_cast<int>(c) * kChunk + last;
}

float Sampler::topKThreshold(const float* logits, int vocabulary)
{
    const auto k = static_cast<std::size_t>(m_sampling.topK);
    if (m_sampling.topK <= 0 || m_sampling.topK >= vocabulary)
        return -INFINITY;
    // As many chunks as k have a logit at or above the k-th highest of the chunks' highest ones: so has the whole.
    float bound = -INFINITY;
    if (k <= m_chunks.size()) {
        m_weights.clear();
        for (const Chunk& chunk : m_chunks)
            m_weights.push_back(chunk.highest);
        std::nth_element(m_weights.begin(), m_weights.begin() + static_cast<std::ptrdiff_t>(k - 1), m_weights.end(), std::greater<>());
        bound = m_weights[k - 1];
    }
    m_weights.clear();
    for (std::size_t c = 0; c < m_chunks.size(); ++c) {
        const float* chunk = logits + c * kChunk;
        for (int i = 0; m_chunks[c].highest >= bound && i < countOf(vocabulary, c); ++i) {
            if (chunk[i] >= bound)
                m_weights.push_back(chunk[i]);
        }
    }
    std::nth_element(m_weights.begin(), m_weights.begin() + static_cast<std::ptrdiff_t>(k - 1), m_weights.end(), std::greater<>());
    return m_weights[k - 1];
}

int Sampler::drawFilteredLarge(const float* logits, int vocabulary, float highest, double u)
{
    const float threshold = topKThreshold(logits, vocabulary);
    const bool all = threshold == -INFINITY;
    double total = all ? weighChunks(logits, vocabulary, highest) : 0;
    // See dropLightest: what weighs less than this is not in the nucleus.
    const double floor = all ? (1 - m_sampling.topP) * total / vocabulary : 0;
    const double floorLogit = floor > 0 ? highest + std::log(floor) * m_sampling.temperature - 1e-3 : -INFINITY;
    m_candidates.clear();
    for (std::size_t c = 0; c < m_chunks.size(); ++c) {
        if (m_chunks[c].highest < threshold || m_chunks[c].highest < floorLogit)
            continue;
        const float* chunk = logits + c * kChunk;
        (void)weigh(chunk, countOf(vocabulary, c), highest);
        for (int i = 0; i < countOf(vocabulary, c); ++i) {
            const float weight = m_weights[static_cast<std::size_t>(i)];
            if (chunk[i] < threshold || weight < floor || (weight <= 0 && chunk[i] < highest))
                continue;
            m_candidates.push_back({weight, static_cast<int>(c) * kChunk + i});
            if (!all)
                total += weight;
        }
    }
    if (!all)
        dropLightest(total, m_sampling.topP);
    return drawCandidate(total, m_sampling.topP, u);
}

} // namespace precedent::core
