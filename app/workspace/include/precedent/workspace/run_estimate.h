#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "precedent/align/rewards.h"
#include "precedent/base/json.h"
#include "precedent/base/process_memory.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/run_inputs.h"
#include "precedent/workspace/freezer.h"

/// What a run will take, before anything is written, and what it did take. Needs no LibTorch.
namespace precedent::workspace {

struct PreparedRun;

/// A model's size as its folder says it.
struct ModelFacts {
    std::int64_t parameters = 0;
    std::int64_t weightBytes = 0; ///< of its safetensors or GGUF files
    int layers = 0;
    int hiddenSize = 0;
    int intermediateSize = 0;
    int kvWidth = 0; ///< key heads times their width
    int queryWidth = 0; ///< query heads times their width
    int vocabulary = 0;
};
/// From config.json or GGUF metadata. Fails with notFound or corrupt, naming the key that is missing.
[[nodiscard]] Result<ModelFacts> modelFactsOf(const std::filesystem::path& folder);

/// Parameters that a LoRA adapter of the spec adds to the model.
[[nodiscard]] std::int64_t adapterParameters(const core::RunSpec& spec, const ModelFacts& model);

/// What an earlier run of the same model took, as the casebase recorded it.
struct StepEvidence {
    std::string run;
    int steps = 0;
    double secondsPerStep = 0; ///< median; the first step, which warms up, left out where there are others
    double lowSeconds = 0; ///< a tenth of the steps was faster
    double highSeconds = 0; ///< a tenth was slower
    double promptTokens = 0; ///< mean, of a rendered prompt
    double answerTokens = 0; ///< mean, of an answer
    double evaluateSecondsPerAnswer = 0; ///< 0: it was not measured before or after
    std::int64_t memoryBytes = 0; ///< peak; 0: not recorded
    core::RunSpec spec;
};
/// The newest run of that model with two steps or more, one of the same preset before others; nothing if there is none.
[[nodiscard]] Result<std::optional<StepEvidence>> findEvidence(const casebase::Casebase& casebase, const core::RunSpec& spec);

/// The machine as the estimate needs it.
struct MachineFacts {
    double gigaflops = 0; ///< of a plain product of matrices on all cores, measured
    std::int64_t memoryBytes = 0;
    std::int64_t freeDiskBytes = 0; ///< where the run's folder will be
};
/// Measures for some 40 ms at the first call of a process, then remembers the speed. `folder`: where the run will write.
[[nodiscard]] MachineFacts machineFacts(const std::filesystem::path& folder);

/// How much there is to do, as far as the frozen inputs tell.
struct RunWork {
    double promptTokens = 0; ///< mean of a rendered prompt, from the letters of codes, cases and requests
    std::int64_t evaluatedAnswers = 0; ///< of one measurement, over all suites and modes; 0: none
};
[[nodiscard]] Result<RunWork> workOf(const casebase::Casebase& casebase, const core::RunInputs& inputs);

struct RunEstimate {
    double secondsPerStep = 0;
    double trainSeconds = 0;
    double evaluateSeconds = 0; ///< before and after together
    double lowSeconds = 0; ///< of all of it
    double highSeconds = 0;
    std::int64_t memoryBytes = 0;
    std::int64_t checkpointBytes = 0; ///< of all of them
    std::int64_t rolloutBytes = 0; ///< in the casebase, with the answers of the measurements
    std::int64_t answers = 0; ///< written in training
    std::int64_t tokens = 0; ///< of those answers
    std::string basis; ///< a sentence: what it rests on

    [[nodiscard]] double totalSeconds() const { return trainSeconds + evaluateSeconds; }
    [[nodiscard]] std::int64_t diskBytes() const { return checkpointBytes + rolloutBytes; }
};
/// Time: scaled from `evidence` by prompts, generations and lengths (a prompt once for its group), or, where there is none, from
/// what the starter's quickstart took, by the model's size and the machine's speed. Memory and disk: from parameter counts.
[[nodiscard]] RunEstimate estimateRun(const core::RunSpec& spec, const ModelFacts& model, const std::optional<StepEvidence>& evidence,
    const RunWork& work, const MachineFacts& machine);

/// From steps that were done in part on this machine with the run's own prompts (core::Engine::rehearse).
[[nodiscard]] RunEstimate estimateRehearsed(
    const core::RunSpec& spec, const ModelFacts& model, const core::Rehearsal& rehearsal, const RunWork& work);

/// The same with everything looked up: the model's folder, earlier runs, suites and this machine. Fails as those do.
[[nodiscard]] Result<RunEstimate> estimatePrepared(const casebase::Casebase& casebase, const PreparedRun& prepared);
[[nodiscard]] Result<RunEstimate> estimatePrepared(
    const casebase::Casebase& casebase, const PreparedRun& prepared, const core::Rehearsal& rehearsal);

/// What there is to say before a run starts. Nothing is written.
struct RunPreview {
    std::vector<std::string> sentences; ///< what is used and left out
    FreezeReport report;
    std::vector<align::Earnings> earnings; ///< of degenerate policies
    std::string balanceNote; ///< as PreparedRun's
    RunEstimate estimate;
    MachineFacts machine;
};
/// Freezes as prepareRun() does, and estimates. Blocks for as long as freezing takes. Fails as prepareRun() does.
[[nodiscard]] Result<RunPreview> previewRun(const casebase::Casebase& casebase, const core::RunSpec& spec, bool includeDrafts);

/// What came true. Times are the run's own work: pauses, and whatever was repeated after a resume, are left out.
struct RunOutcome {
    double trainSeconds = 0;
    double evaluateSeconds = 0;
    std::int64_t memoryBytes = 0; ///< peak of the process; 0: not recorded
    std::int64_t diskBytes = 0; ///< of the run's folder
};
[[nodiscard]] Result<RunOutcome> outcomeOf(const casebase::Casebase& casebase, const std::string& run);

/// One figure that was estimated, and what came true.
struct EstimateLine {
    std::string key; ///< "seconds_per_step", "train_seconds", "evaluate_seconds", "memory_bytes", "disk_bytes"
    std::string name; ///< for people
    double estimated = 0;
    double took = 0; ///< 0: not measured

    /// How far it came out above (or below) the estimate, as a share of the estimate; nothing where either is not known.
    [[nodiscard]] std::optional<double> deviation() const;
};
/// `steps`: that were done; where they are not all of the run, the estimate is taken for those.
[[nodiscard]] std::vector<EstimateLine> compareEstimate(const RunEstimate& estimate, const RunOutcome& outcome, int steps, int maxSteps);
/// {estimate: {key: value}, actual: {...}, deviation_percent: {...}, basis}
[[nodiscard]] Json toJson(const RunEstimate& estimate, const std::vector<EstimateLine>& lines);

/// Keeps the estimate with the run; estimateOf() reads it back, or nothing where the run was started without one.
[[nodiscard]] Status keepEstimate(casebase::Casebase& casebase, const std::string& run, const RunEstimate& estimate);
[[nodiscard]] Result<std::optional<RunEstimate>> estimateOf(const casebase::Casebase& casebase, const std::string& run);

using precedent::peakMemory;
using precedent::resetPeakMemory;
/// The most that any of the run's sessions took.
[[nodiscard]] Status keepPeakMemory(casebase::Casebase& casebase, const std::string& run, std::int64_t bytes);

} // namespace precedent::workspace
