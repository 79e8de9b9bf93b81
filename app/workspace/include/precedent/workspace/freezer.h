#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "precedent/align/prompt_encoder.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/run_inputs.h"
#include "precedent/workspace/case_retriever.h"

namespace precedent::workspace {

/// A prompt that a run does not use, and why.
struct ExcludedPrompt {
    std::string id;
    std::string reason; ///< an Overlap's kind, or "over budget"
    std::string with; ///< the held-out prompt it overlaps, or the mode it does not fit
};

/// What freezing used, left out and noticed.
struct FreezeReport {
    std::int64_t casesTotal = 0;
    std::int64_t casesUsed = 0;
    std::map<std::string, std::int64_t> casesLeftOut; ///< by status ("draft"), or "unknown disposition"
    std::vector<std::string> casesHidden; ///< frozen but never shown: a held-out suite overlaps them
    std::int64_t codes = 0;
    std::int64_t promptsTotal = 0;
    std::int64_t promptsUsed = 0;
    std::map<std::string, std::int64_t> promptsOfWorkingSuites; ///< used, by suite: figures on these are not held out
    bool promptsFromCases = false; ///< the casebase has no training prompts, so the cases' requests serve
    std::vector<ExcludedPrompt> excluded;
    std::int64_t examplesTotal = 0; ///< of sft_file
    std::vector<ExcludedPrompt> examplesExcluded; ///< of them, those that a held-out suite overlaps
    int promptBudget = 0; ///< tokens
    std::map<int, std::int64_t> casesShown; ///< number of cases in context -> prompts (mode cases)
    std::int64_t casesDropped = 0; ///< cases that gave way to the budget, over all prompts
    std::int64_t promptsWithDroppedCases = 0;
    LeakFigure leak;
    std::string rewardJudge; ///< how far who pays the run agrees with people, in a sentence; empty where nothing is drawn

    /// "1,101 of 1,204 cases used" and the rest, a sentence a line.
    [[nodiscard]] std::vector<std::string> sentences() const;
    [[nodiscard]] Json toJson() const;
};

struct FreezeOptions {
    bool includeDrafts = false; ///< also cases that nobody has approved
    int contextLength = 0; ///< of the model, in tokens
    std::filesystem::path modelFolder;
    std::shared_ptr<TextVectors> vectors; ///< needed where the spec's retrieval is dense or hybrid
};

struct Frozen {
    core::RunInputs inputs; ///< runId and outputFolder are the caller's to set
    FreezeReport report;
};

/// Freezes what a run uses. Training prompts are those in no sealed suite that overlap none (exact, near-duplicate,
/// goal, twin, family); each gets the cases that it may see, as many as fit. A prompt that does not fit in some mode
/// of the run with codes and request alone is left out and listed, never cut.
/// Fails with failedPrecondition if no prompt is left, if mode cases has no case to show, or if a case that the spec names
/// may not be shown; notFound for one that is not there; otherwise as CaseRetriever::build() and the casebase do.
[[nodiscard]] Result<Frozen> freeze(const casebase::Casebase& casebase, const core::RunSpec& spec, const core::ContextTemplates& templates,
    const align::PromptEncoder& encoder, const FreezeOptions& options);

/// 1204 -> "1,204".
[[nodiscard]] std::string grouped(std::int64_t n);

} // namespace precedent::workspace
