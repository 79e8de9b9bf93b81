#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"
#include "precedent/core/run_inputs.h"

/// What a run generated for itself, to be looked at, corrected, and learnt from by another run: method.md, Training, 1.
namespace precedent::workspace {

/// One completion of a self-generation step.
struct GeneratedExample {
    casebase::Rollout rollout;
    bool kept = false; ///< the best of its prompt, over the threshold
    bool rejected = false; ///< the worst beside a kept one: what preference steps learn against
};

/// The completions of a run's self-generation steps, in order. Which were kept says the newest checkpoint that is on disk. Fails with
/// notFound for no such run, failedPrecondition where it generated nothing or no checkpoint is left that says, or as files do.
[[nodiscard]] Result<std::vector<GeneratedExample>> generatedExamples(const casebase::Casebase& casebase, const std::string& run);

/// What was kept of one self-generation step: (group, index) of its completions.
struct StepExamples {
    std::set<std::pair<int, int>> kept, rejected; ///< as in GeneratedExample
};

/// The same for one step, without its texts. No value where no checkpoint that is on disk is as late as the step. Fails as files do,
/// or with corrupt.
[[nodiscard]] Result<std::optional<StepExamples>> stepExamples(const casebase::Casebase& casebase, const std::string& run, int step);

/// Writes the kept ones as JSONL, a line each, to be edited: id, request (messages), chain, answer, score, kept, provenance (run, step,
/// group, index, mode, model). Returns how many. Fails as generatedExamples(), or as files do; a file that is there is replaced.
[[nodiscard]] Result<std::int64_t> exportExamples(
    const casebase::Casebase& casebase, const std::string& run, const std::filesystem::path& file);

/// Reads such a file, or one that a team wrote: `request` (a text, or messages) and `answer` are needed, `chain` and `id` may be left out,
/// a line with "kept": false is skipped. Fails with invalidArgument, naming the line and what is wrong with it, or as files do.
[[nodiscard]] Result<std::vector<core::GivenExample>> readExamples(const std::filesystem::path& file);

} // namespace precedent::workspace
