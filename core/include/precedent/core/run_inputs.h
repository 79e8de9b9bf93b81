#pragma once

#include <memory>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/core/completion_source.h"
#include "precedent/core/engine_facts.h"
#include "precedent/core/judge.h"
#include "precedent/core/run_spec.h"

namespace precedent::core {

class RolloutSource;

/// A safety code as a run sees it. `id` is what chains cite ("S3", "S3.2").
struct Code {
    std::string id;
    std::string parent;
    std::string title;
    std::string simple;
    std::string detailed;
};

/// A precedent as a run sees it.
struct Case {
    std::string id;
    std::vector<Message> request;
    std::vector<std::string> codes;
    Disposition disposition = Disposition::unknown;
    std::string chain;
    std::string answer;
    std::string twinId;
};

/// A training request. Its label and disposition reach the rewards, never the policy's context.
struct TrainingPrompt {
    std::string id;
    std::vector<Message> messages;
    PromptLabel label = PromptLabel::benign;
    Disposition expected = Disposition::unknown;
    std::vector<std::string> governingCodes; ///< empty: not recorded, so the citation part is absent
    std::string utilityAnswer; ///< for label utility: what the answer must contain; may be empty
    std::string sourceCaseId;
    /// Case ids that may be shown, best first. The workspace has already left out the prompt's own case, its
    /// near-duplicates and what a held-out suite overlaps, and balanced the dispositions.
    std::vector<std::string> retrieved;
};

/// A text to learn from that a team gave: a kept chain that it corrected, or one that it wrote (sft_file).
struct GivenExample {
    std::string id; ///< of the prompt or case that it answers, where there is one
    std::vector<Message> request;
    std::string chain; ///< may be empty
    std::string answer;
};

/// The wording of the three modes; data that a team may edit (resources/templates). Placeholders in braces.
struct ContextTemplates {
    std::string codesHeader; ///< before the codes, modes codes and cases
    std::string codeLine; ///< {id} {title} {text}
    std::string casesHeader; ///< before the cases
    std::string caseBlock; ///< {id} {request} {codes} {disposition} {chain} {answer}
    std::string instruction; ///< after codes and cases
    std::string chainOpen = "<think>";
    std::string chainClose = "</think>";
    bool openInPrompt = true; ///< the chain's opening delimiter is part of the prompt
};

/// What a run freezes: editing the casebase beside it changes nothing here.
struct RunInputs {
    std::string runId;
    RunSpec spec;
    std::vector<Code> codes;
    std::vector<Case> cases;
    /// Ids of the cases whose chains and answers may be learnt from: none that a held-out suite overlaps.
    std::vector<std::string> exampleCases;
    std::vector<GivenExample> givenExamples; ///< of sft_file, for sft_examples "file"
    std::vector<TrainingPrompt> prompts;
    ContextTemplates templates;
    std::string modelFolder; ///< resolved from spec.model
    std::string outputFolder; ///< checkpoints go here as checkpoint-STEP/
    /// What pays disposition, harmlessness and helpful; null: the built-in analysis. Asked on the run's worker; made anew by whoever starts
    /// or resumes the run, since it is no part of what is stored.
    std::shared_ptr<Judge> judge;
    /// Who draws the self-generation steps' chains, as spec.selfGenerationEndpoint says; null: the run's own model. Otherwise as `judge`.
    std::shared_ptr<CompletionSource> completions;
    /// What draws the run's completions where spec.rollout_endpoint names a server; null: the engine. Made anew as the judge is.
    std::shared_ptr<RolloutSource> rolloutSource;
    std::string contentHash; ///< SHA-256 over codes, cases, given examples, prompts and templates
    KernelNames kernels; ///< of a run that goes on: what it began with; empty: chosen for the processor
};

} // namespace precedent::core
