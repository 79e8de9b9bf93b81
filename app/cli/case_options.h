#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "precedent/workspace/case_choice.h"

namespace precedent::cli {

/// The options that say which cases a context shows: --cases-per-prompt (or --cases), --retrieval, --retrieval-model, --pin and
/// --fixed. `choice` and `retrieval` must live as long as the command.
void addCaseOptions(CLI::App& command, workspace::CaseChoice& choice, std::string& retrieval);

/// Takes what --retrieval said into the choice; --fixed alone says fixed.
void takeRetrieval(workspace::CaseChoice& choice, const std::string& retrieval);

} // namespace precedent::cli
