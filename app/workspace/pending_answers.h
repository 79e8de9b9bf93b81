#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "precedent/align/prompt_encoder.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"
#include "precedent/workspace/suite_runner.h"

namespace precedent::workspace {

/// What a model of this machine gave to a prompt.
struct PendingAnswer {
    std::vector<int> ids; ///< of a completion, its stop id included
    bool ended = false; ///< by a stop id
    std::string letter; ///< of a question of multiple choice that was weighed; then the others are empty
};

/// The answers of an evaluation that is not whole yet. Each is appended to a file as it comes, so that an evaluation that was cut short,
/// in whatever way, goes on where it was: the same machine and threads give the same rows. Thread: one at a time.
class PendingAnswers {
public:
    /// Reads what an earlier sitting left in `file`; a line that cannot be read is passed over.
    explicit PendingAnswers(std::filesystem::path file);

    [[nodiscard]] const PendingAnswer* find(const AskedPrompt& asked) const;
    /// A file that cannot be written keeps nothing further, which is logged: the evaluation goes on without it.
    void keep(const AskedPrompt& asked, PendingAnswer answer);
    [[nodiscard]] bool empty() const { return m_answers.empty(); }
    /// To be called when the evaluation is stored.
    void remove();

private:
    std::filesystem::path m_file;
    std::ofstream m_out;
    bool m_failed = false;
    std::map<std::string, PendingAnswer> m_answers; ///< by the digest of prompt and seed
};

/// Those of this plan with this model, beside the casebase: CASEBASE.runs/pending-DIGEST.jsonl, where the digest is of all that decides
/// the answers but the prompts: engine, machine, weights, adapter and sampling; and of suites and modes, so that two evaluations share no
/// file. Files that nothing was added to for 30 days are removed. Null where the casebase is no file or the adapter cannot be read.
[[nodiscard]] std::shared_ptr<PendingAnswers> pendingAnswersOf(const casebase::Casebase& casebase, const core::Engine& engine,
    const core::LoadOptions& load, const core::ModelInfo& info, const align::PromptEncoder& encoder, const SuitePlan& plan);

} // namespace precedent::workspace
