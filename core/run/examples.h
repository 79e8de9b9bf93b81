#pragma once

#include <string>
#include <vector>

#include "precedent/align/prompt_encoder.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/core/run_inputs.h"

namespace precedent::core {

/// Which completion of which step an example is; a step of 0: none of this run's.
struct ExampleOrigin {
    int step = 0;
    int group = 0;
    int index = 0;
    int rejected = -1; ///< the completion of the group that it is preferred to; -1: none
};

/// A text to learn from: what a prompt should be continued with and, for preferences, what it should not.
struct Example {
    std::string id; ///< of the prompt or case it comes from
    std::vector<int> prompt; ///< token ids as the model will see them: without the context where that is to be distilled
    std::vector<int> completion; ///< chain and answer, the stop id included
    std::vector<int> rejected; ///< the worst of the same prompt's completions; empty: nothing to prefer this to
    double reward = 0;
    double rejectedReward = 0;
    ExampleOrigin origin;
};

/// A completion that was drawn and scored in a self-generation step.
struct ScoredCompletion {
    std::vector<int> ids;
    double reward = 0;
    bool whole = false; ///< it ended by itself
};

/// What supervised and preference steps learn from. Grows during self-generation, in the order of the steps; a part of a
/// checkpoint. Thread: one at a time.
class ExampleSet {
public:
    /// The cases that may be learnt from (RunInputs::exampleCases), as the spec says: chains and answers or answers alone, of
    /// which dispositions, and under which context; or RunInputs::givenExamples. Those longer than the spec allows, and those without a
    /// chain where one is wanted, are counted in `left out`. Fails for a request that the model's chat template refuses.
    [[nodiscard]] static Result<ExampleSet> given(const RunInputs& inputs, const align::PromptEncoder& encoder, int contextLength);

    /// Keeps the best completion of a prompt if its reward reaches the threshold, beside the worst that earned less.
    /// `origin` says where they were drawn, without the index.
    void keep(const std::string& id, std::vector<int> prompt, const std::vector<ScoredCompletion>& completions, double threshold,
        ExampleOrigin origin = {});

    [[nodiscard]] std::size_t size() const { return m_examples.size(); }
    [[nodiscard]] std::size_t pairs() const;
    [[nodiscard]] int leftOut() const { return m_leftOut; }

    /// `count` examples of batch `index` (0 is the first): every example comes once before any comes again, in an order drawn
    /// anew for each round, so that a batch is a function of (seed, index) and the set. Empty for an empty set.
    [[nodiscard]] std::vector<const Example*> batch(std::uint64_t seed, std::int64_t index, int count, bool pairsOnly) const;

    [[nodiscard]] Json toJson() const;
    /// Fails with corrupt.
    [[nodiscard]] static Result<ExampleSet> fromJson(const Json& json);

private:
    class Maker;
    [[nodiscard]] static Result<ExampleSet> ofCases(const RunInputs& inputs, Maker& maker);
    std::vector<Example> m_examples;
    int m_leftOut = 0;
};

} // namespace precedent::core
