#pragma once

#include <memory>
#include <string>

#include "app/cli/command.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"
#include "precedent/workspace/model_source.h"

namespace precedent::cli {

/// A model that was named on the line, opened with its tokenizer and template.
struct LoadedModel {
    workspace::ModelSource source;
    align::PromptEncoder encoder;
    std::shared_ptr<core::Model> model;
};

/// Opens the engine with the line's threads.
[[nodiscard]] Result<core::Engine*> openEngine(const Context& context);

/// `casebase` is a path, or empty where the model is no run's. `adapter` overrides the source's own.
[[nodiscard]] Result<LoadedModel> loadModel(
    const Context& context, const std::string& name, const std::string& adapter, const std::string& casebase = {});

/// The source of a model, a run's out of the casebase at `casebase`.
[[nodiscard]] Result<workspace::ModelSource> sourceOf(const std::string& name, const std::string& casebase);

} // namespace precedent::cli
