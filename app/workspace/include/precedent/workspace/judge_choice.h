#pragma once

#include <memory>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
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
    casebase::Casebase* casebase = nullptr; ///< for run:RUN models and kept replies; may be null
};

/// A sentence about what is wrong with a judge's name by itself; empty where it may name one.
[[nodiscard]] std::string checkJudgeName(const std::string& name);

/// With an empty name the grammar's for prompts that all come from the sample, else the analysis. No engine is opened and no server
/// is asked before the first question. Fails with invalidArgument for a name that checkJudgeName() finds fault with, or
/// as each kind's own function.
[[nodiscard]] Result<std::unique_ptr<AnswerJudge>> openJudge(const JudgeChoice& choice, bool sampleOnly, const JudgeMeans& means);

/// The same as what a run is paid by: analysis (null: the engine has it) and grammar aside.
[[nodiscard]] Result<std::unique_ptr<core::Judge>> openCoreJudge(const JudgeChoice& choice, const JudgeMeans& means);

} // namespace precedent::workspace
