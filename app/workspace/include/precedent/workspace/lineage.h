#pragma once

#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/run_spec.h"
#include "precedent/workspace/answer_judge.h"
#include "precedent/workspace/model_source.h"

namespace precedent::workspace {

/// Where a model's weights come from: the runs of the casebase that trained them, and the model before all of them.
struct Lineage {
    std::string run; ///< the run whose checkpoint it is; empty: it is none of this casebase's
    int step = 0; ///< of the checkpoint
    std::vector<core::RunSpec> runs; ///< that trained it, the last first; some may be another casebase's
    std::string base; ///< as resolveModel() takes it
    bool ofStarter = false; ///< the base is the starter model (Rule 8)
};

/// A checkpoint that is named by its folder is traced like one that is named as run:RUN@STEP, and an export by the file that says what
/// it was made of. Runs and files that are gone end the trace. Fails as the casebase does.
[[nodiscard]] Result<Lineage> lineageOf(const casebase::Casebase& casebase, const ModelSource& source);

/// Whether some run of the lineage was rewarded by this judge, so that it grades its own work (Rule 5). Rewards drawn at random are no
/// judge's, and runs of supervised steps alone have none; a run that names no judge of its own was paid by the analysis, whatever its
/// version.
[[nodiscard]] bool wasPaid(const Lineage& lineage, const AnswerJudge& judge);
[[nodiscard]] bool wasPaid(const core::RunSpec& spec, const AnswerJudge& judge);
/// The same of a judge by its hash, which is not the analysis.
[[nodiscard]] bool wasPaid(const Lineage& lineage, const std::string& judgeHash);

} // namespace precedent::workspace
