#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ui/bridge/run_bridge.h"

namespace precedent::ui {

/// What differs from the spec's preset (from "cada" where it names none of ours), each as `--set` takes it, the model left out.
/// align::applySetting() of all, in order, on that preset gives the spec back.
[[nodiscard]] std::vector<std::string> changedSettings(const core::RunSpec& spec);

/// The command line that makes exactly this run, quoted for a POSIX shell.
[[nodiscard]] std::string trainCommand(const std::filesystem::path& casebase, const RunOrder& order);

} // namespace precedent::ui
