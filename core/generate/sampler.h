#pragma once

#include <vector>

#include "core/generate/kernels.h"
#include "precedent/base/random.h"
#include "precedent/core/run_spec.h"

namespace precedent::core {

struct SampledToken {
    int id = 0;
    float logprob = 0; ///< under softmax(logits): no temperature, no filter
};

/// Draws tokens: temperature, then top-k, then top-p, in Hugging Face's order and meaning (ties with the k-th are kept). No
/// vocabulary is sorted. Temperature 0 takes the highest logit, the lowest id among equals. Not thread-safe: one for each thread.
class Sampler {
public:
    Sampler(const Sampling& sampling, const Kernels& kernels)
        : m_sampling(sampling)
        , m_kernels(kernels)
    {
    }

    /// One token of a row of `vocabulary` logits. Takes one number from `random`, none if greedy. If a logit is not
    /// finite the log-probability is NaN.
    [[nodiscard]] SampledToken draw(const float* logits, int vocabulary, Random& random);

private:
    struct Candidate {
        float weight;
        int id;
    };
    /// A part of a large vocabulary's logits.
    struct Chunk {
        float highest;
        double sum; ///< of exp(logit - highest)
    };

    [[nodiscard]] int drawFromAll(const float* logits, int vocabulary, double u);
    [[nodiscard]] int drawFiltered(const float* logits, int vocabulary, double u);
    /// Drops of m_candidates, whose weights sum to `total`, such as cannot be in the nucleus.
    void dropLightest(double total, double nucleus);
    /// Keeps the nucleus (of `total`) and draws one.
    [[nodiscard]] int drawCandidate(double total, double nucleus, double u);

    // Large vocabularies: one pass finds each chunk's highest logit and sum; what else is needed reads few chunks.
    [[nodiscard]] SampledToken drawLarge(const float* logits, int vocabulary, Random& random);
    [[nodiscard]] int drawFromChunks(const float* logits, int vocabulary, float highest, double u);
    [[nodiscard]] int drawFilteredLarge(const float* logits, int vocabulary, float highest, double u);
    /// The k-th highest logit; -infinity where all pass.
    [[nodiscard]] float topKThreshold(const float* logits, int vocabulary);
    /// Turns the chunks' sums into those of the tempered weights; returns their sum.
    [[nodiscard]] double weighChunks(const float* logits, int vocabulary, float highest);
    /// Weights exp((logit - highest) / temperature) of a chunk's logits, in m_weights; returns their sum.
    double weigh(const float* logits, int count, float highest);

    Sampling m_sampling;
    const Kernels& m_kernels;
    std::vector<float> m_weights;
    std::vector<Candidate> m_candidates;
    std::vector<Chunk> m_chunks;
};

} // namespace precedent::core
