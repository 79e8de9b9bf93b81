#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/core/run_spec.h"

/// RunSpec as JSON, under TRL's names where TRL has one (see run_spec.h for each key).
namespace precedent::align {

/// `base` with the keys of `json` applied. Fails with invalidArgument for an unknown key (naming the nearest known one)
/// or a value of the wrong kind, tooNew for a version that this program does not read. "preset", where present, replaces `base`
/// first. Does not validate.
[[nodiscard]] Result<core::RunSpec> runSpecFromJson(const Json& json, core::RunSpec base = {});

/// Every key, in a stable order; runSpecFromJson(toJson(s)) equals s.
[[nodiscard]] Json toJson(const core::RunSpec& spec);

/// One `--set key=value`. The value is read as JSON where it parses as JSON, else as a string; a dot reaches into an
/// object (reward_weights.format=0.3, mode.cases=0.5). Fails as runSpecFromJson does.
[[nodiscard]] Status applySetting(core::RunSpec& spec, std::string_view keyEqualsValue);

/// One of presetNames(), the files of resources/presets when the program was built. Fails with invalidArgument, listing them.
[[nodiscard]] Result<core::RunSpec> preset(std::string_view name);
[[nodiscard]] std::vector<std::string> presetNames();
/// What the preset is for, in a sentence; empty for a name that is none.
[[nodiscard]] std::string aboutPreset(std::string_view name);

/// Ranges and combinations. Fails with invalidArgument: the key, the value seen, what is expected.
[[nodiscard]] Status validate(const core::RunSpec& spec);

/// SHA-256 of everything in the spec that decides a step's result: a resume with another is refused. max_steps,
/// save_steps and what the workspace does before and after are left out, since a run may be continued further.
[[nodiscard]] std::string specHash(const core::RunSpec& spec);

} // namespace precedent::align
