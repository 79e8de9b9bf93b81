#pragma once

#include <functional>
#include <memory>
#include <string>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"
#include "precedent/core/judge.h"
#include "precedent/workspace/model_source.h"

namespace precedent::workspace {

/// Opens the engine when it is first needed, as openEngine() does.
using EngineOpener = std::function<Result<core::Engine*>()>;

/// A model that judges, found and hashed but not loaded.
struct JudgingModel {
    ModelSource source;
    std::string digest; ///< of its weights, and of its adapter's where it has one
};
/// Fails as resolveModel() and modelDigest() do, with unsupported for a model that cannot be loaded.
[[nodiscard]] Result<JudgingModel> judgingModel(const std::string& model, const casebase::Casebase* casebase);

/// A model of this machine that judges: asked with the rubric through its own chat template, and read by the log-probabilities of comply,
/// refuse and safe_complete after "VERDICT:", less what they are on average behind the anchors (resources/templates/judge/anchors.json). So
/// a small model that would write something else judges too, and one to which a word is likely whatever stands before it. It gives no
/// marks and never says no_answer. The model is loaded and asked about the anchors with the first question. The hash is over rubric,
/// anchors and weights. `models`, for run:RUN models, may be null. Where there is a `cache`, verdicts are kept in it and not asked for
/// again; borrowed, may be null. Fails as resolveModel(), modelDigest(), PromptEncoder::load(), JudgeRubric::load() and
/// JudgeAnchors::load(), and with unsupported where two verdicts begin with the same token; judge() also with unsupported where an anchor
/// does not fit the model's context.
[[nodiscard]] Result<std::unique_ptr<core::Judge>> modelJudge(
    const std::string& model, EngineOpener engine, const casebase::Casebase* models, casebase::Casebase* cache);

} // namespace precedent::workspace
