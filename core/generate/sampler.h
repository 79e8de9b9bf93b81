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

/// Draws tokens: temperature, then top-k, then top-p, in Hugging Face's order and meaning (ties with the k-th are kept).
/// Temperature 0 takes the highest logit, the lowest id among equals. Not thread-safe: one for each thread.
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
    [[nodiscard]] int drawFromAll(const float* logits, int vocabulary, double u);
    [[nodiscard]] int drawFiltered(const float* logits, int vocabulary, double u);

    Sampling m_sampling;
    const Kernels& m_kernels;
    std::vector<float> m_weights;
    struct Candidate {
        float weight;
        int id;
    };
    std::vector<Candidate> m_candidates;
};

} // namespace precedent::core
