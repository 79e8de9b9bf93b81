#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/run_spec.h"
#include "precedent/workspace/answer_judge.h"
#include "precedent/workspace/endpoint_judge.h"
#include "precedent/workspace/model_judge.h"

namespace precedent::workspace {

/// Who judges, as it is named on the command line and in run specs: analysis, grammar, head:FOLDER, model:MODEL,
/// endpoint:MODEL@URL; empty for the one that fits.
struct JudgeChoice {
    std::string name;
    EndpointOptions endpoint; ///< for endpoint:... alone
};

/// What judges are made of. Borrowed.
struct JudgeMeans {
    EngineOpener engine; ///< for head:... and model:...; empty: they are refused
    casebase::Casebase* casebase = nullptr; ///< for kept replies, and for run:RUN models where `models` is null; may be null
    const casebase::Casebase* models = nullptr; ///< for run:RUN models; may be null
    std::shared_ptr<ReplyTally> tally = nullptr; ///< of a server's replies; may be null
};

/// A sentence about what is wrong with a judge's name by itself; empty where it may name one.
[[nodiscard]] std::string checkJudgeName(const std::string& name);

/// With an empty name the grammar's for prompts that all come from the sample, else the analysis. No engine is opened and no server
/// is asked before the first question. Fails with invalidArgument for a name that checkJudgeName() finds fault with, or
/// as each kind's own function.
[[nodiscard]] Result<std::unique_ptr<AnswerJudge>> openJudge(const JudgeChoice& choice, bool sampleOnly, const JudgeMeans& means);

/// A judge that is more than rules, as openJudge() opens it. Fails with invalidArgument for the others.
[[nodiscard]] Result<std::unique_ptr<core::Judge>> openCoreJudge(const JudgeChoice& choice, const JudgeMeans& means);

/// The hash of the judge that `spec` names as its reward's; empty for the analysis. Fails with invalidArgument for a judge that pays no
/// run (the grammar's is the truth about the sample: it measures), with failedPrecondition where the spec expects another hash, or as
/// openCoreJudge().
[[nodiscard]] Result<std::string> rewardJudgeHash(const core::RunSpec& spec, const casebase::Casebase* models);

/// That judge, for a run of the casebase at `path`, which it opens anew for its own thread and keeps replies in, counted in `tally`;
/// null for the analysis. Fails as rewardJudgeHash() does.
[[nodiscard]] Result<std::shared_ptr<core::Judge>> openRewardJudge(
    const core::RunSpec& spec, const std::filesystem::path& path, EngineOpener engine, std::shared_ptr<ReplyTally> tally = {});

} // namespace precedent::workspace
