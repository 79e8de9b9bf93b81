#pragma once

#include <string>

#include "app/cli/command.h"
#include "precedent/workspace/judge_choice.h"

namespace precedent::cli {

/// Adds --judge and what a judge's server is asked with to a command.
void addJudgeOptions(CLI::App& command, workspace::JudgeChoice& choice, const std::string& description);

/// The sentence about a judge's name that is none; empty where it may be one.
[[nodiscard]] std::string checkJudge(const workspace::JudgeChoice& choice);

} // namespace precedent::cli
