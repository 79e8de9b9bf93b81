#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/align/rewards.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"
#include "precedent/core/engine.h"
#include "precedent/workspace/figures.h"
#include "precedent/workspace/freezer.h"
#include "precedent/workspace/suite_runner.h"

/// A run's life outside the engine: prepared, stored, found again, evaluated before and after. What the window and the
/// command line share.
namespace precedent::workspace {

/// What a run would be, before anything is written.
struct PreparedRun {
    core::RunInputs inputs; ///< runId and outputFolder empty until stored
    FreezeReport report;
    std::vector<align::Earnings> earnings; ///< of degenerate policies (Rule 1); empty where nothing is rewarded
    std::string balanceNote; ///< where refusing everything and complying with everything earn far from the same: what evens them
    std::string templateNote; ///< why this chat template, where that needs saying
};

/// Resolves the spec's model, reads its tokenizer and templates, and freezes the casebase. Needs no LibTorch but where the
/// spec retrieves by meaning: then `engine` is asked for (openEngine() where it is empty), and vectors that the casebase lacks
/// are computed, which may take long. Fails as validate(), resolveModel(), loadTextVectors() and freeze() do; unsupported for a
/// model that is an adapter.
[[nodiscard]] Result<PreparedRun> prepareRun(
    const casebase::Casebase& casebase, const core::RunSpec& spec, bool includeDrafts, const EngineSource& engine = {});

/// Stores the run with its frozen inputs and makes its folder: `folder`, or NAME.casebase.runs/RUN/ beside the casebase.
/// Sets runId and outputFolder. Fails with alreadyExists if the folder holds a run, or as the casebase does.
[[nodiscard]] Status storeRun(casebase::Casebase& casebase, PreparedRun& run, const std::filesystem::path& folder);

/// The inputs that a run froze, with its folder as it is now. Fails with notFound, corrupt, or failedPrecondition if
/// their content is not what its hash says.
[[nodiscard]] Result<core::RunInputs> loadRun(const casebase::Casebase& casebase, const std::string& run);
/// What storeRun() kept of the freezing, as FreezeReport::toJson() and sentences() gave it.
struct StoredReport {
    std::vector<std::string> sentences;
    Json report;
    std::vector<align::Earnings> earnings;
};
[[nodiscard]] Result<StoredReport> loadReport(const casebase::Casebase& casebase, const std::string& run);

/// The last checkpoint recorded, if there is one.
[[nodiscard]] Result<std::optional<casebase::Checkpoint>> lastCheckpoint(const casebase::Casebase& casebase, const std::string& run);

enum class Phase { before, after };
[[nodiscard]] const char* toString(Phase phase);

/// Answers the casebase's sealed suites with a run's frozen codes and cases, in mode none and the modes that the run
/// trains in, and stores the judged rows as an evaluation of the run. Returns its id; an empty one if there is no
/// sealed suite. Blocks. Fails as answerSuites() and Engine::load() do.
struct RunEvaluation {
    Phase phase = Phase::before;
    std::string model; ///< as rows name it
    core::LoadOptions load;
    std::string checkpoint;
};
[[nodiscard]] Result<std::string> evaluateRun(casebase::Casebase& casebase, core::Engine& engine, const core::RunInputs& inputs,
    const RunEvaluation& what, const SuiteProgress& progress, std::stop_token stop);

/// A run's evaluations, read back.
struct BeforeAfter {
    std::vector<casebase::EvaluationRow> before;
    std::vector<casebase::EvaluationRow> after;
    Json beforeSpec; ///< null where there is no such evaluation
    Json afterSpec;
    std::map<std::string, std::string> clusters;
};
[[nodiscard]] Result<BeforeAfter> loadBeforeAfter(const casebase::Casebase& casebase, const std::string& run);

/// The clusters of the prompts that these rows answer.
[[nodiscard]] Result<std::map<std::string, std::string>> clustersOfRows(
    const casebase::Casebase& casebase, const std::vector<casebase::EvaluationRow>& rows);

/// What every table and report of the starter model says beside its figures.
inline constexpr const char* kStarterNotice =
    "The starter model's faults are built in by the mix of its corpus: repairing them says nothing about CADA on another model.";

/// True if the folder is the starter model's or holds the same weights, whose built-in faults say nothing about other models (Rule 8).
[[nodiscard]] bool isStarterModel(const std::filesystem::path& modelFolder);

} // namespace precedent::workspace
