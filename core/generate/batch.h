#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/generate/forward.h"
#include "core/generate/prefix_groups.h"
#include "core/generate/sampler.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// One request on its way: prompts are computed as places become free, completions decoded together. Used once.
class Batch {
public:
    Batch(const Forward& forward, const PackedWeights& weights, std::vector<Scratch>& scratch, const GenerationRequest& request,
        std::stop_token stop, const TokenSink& onToken, const CompletionSink& onCompletion);

    /// Fails with internal if the model's output is not finite. A stop is no failure: unfinished completions are marked.
    [[nodiscard]] Result<GenerationResult> run();

private:
    struct PromptState {
        KvSequence sequence; // of the whole prompt, once computed
        std::vector<float> logits; // after its last id
        int admitted = 0; // completions that have begun
    };
    struct Active {
        Completion* completion = nullptr;
        KvSequence sequence;
        Random random;
        std::int64_t length = 0; // prompt and completion
        std::size_t reported = 0; // ids that the token sink has seen
        bool ended = false;
    };

    [[nodiscard]] bool admit();
    [[nodiscard]] bool computePrefixes(const std::vector<int>& prompts);
    [[nodiscard]] bool computePrompts(const std::vector<int>& prompts);
    /// All in the same passes, by the team.
    [[nodiscard]] bool computePacked(const std::vector<int>& prompts);
    /// Each in passes of its own, by the team or several at a time.
    [[nodiscard]] bool computeSingly(const std::vector<int>& prompts);
    /// Adds ids to a sequence; the logits after the last of them, if wanted, end in scratch.logits.
    [[nodiscard]] bool append(
        KvSequence& sequence, const int* ids, std::int64_t count, Scratch& scratch, bool team, bool wantsLogits) const;
    void beginCompletions(int prompt, int most);
    /// Decodes one or more tokens of every active completion, then reports them and drops those that ended.
    [[nodiscard]] bool decodeRound();
    /// Up to `steps` tokens of the completions [begin, end); those that end drop out at once.
    [[nodiscard]] bool decodeRows(std::size_t begin, std::size_t end, std::size_t thread, int steps, bool team);
    /// One token of each of `rows`.
    [[nodiscard]] bool decodeStep(const std::vector<Active*>& rows, std::size_t thread, bool team);
    /// Appends a token and says whether, and why, the completion ends with it. Runs on the thread that drew it.
    void take(Active& active, const SampledToken& token);
    /// Tells the sinks what is new of a completion; on the caller's thread.
    void report(Active& active);
    [[nodiscard]] std::vector<std::size_t> splitRows(int parts) const;
    [[nodiscard]] Completion& completionOf(int prompt, int index)
    {
        return m_result.completions[m_firstCompletion[static_cast<std::size_t>(prompt)] + static_cast<std::size_t>(index)];
    }

    const Forward& m_forward;
    const PackedWeights& m_weights;
    std::vector<Scratch>& m_scratch; // one a thread
    const GenerationRequest& m_request;
    std::stop_token m_stop;
    const TokenSink& m_onToken;
    const CompletionSink& m_onCompletion;

    KvPool m_pool; // before everything that holds its blocks
    GenerationResult m_result;
    std::vector<std::size_t> m_firstCompletion;
    std::vector<PromptState> m_prompts;
    PrefixGroups m_groups;
    std::vector<KvSequence> m_prefixes; // by group
    std::vector<int> m_prefixUses; // prompts of the group not computed yet
    std::vector<Active> m_active;
    std::vector<Sampler> m_samplers; // one a thread
    std::size_t m_nextPrompt = 0; // the first with completions not begun
    std::size_t m_computed = 0; // prompts before this one are computed
    std::atomic<bool> m_notFinite = false;
};

} // namespace precedent::core
