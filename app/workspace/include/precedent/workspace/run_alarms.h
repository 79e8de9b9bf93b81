#pragma once

#include <vector>

#include "precedent/align/guard_watch.h"
#include "precedent/base/json.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"
#include "precedent/core/run_spec.h"

/// The alarms of stored runs. What raises one is align::GuardWatch, which the engine asks too. Needs no LibTorch.
namespace precedent::workspace {

using core::Alarm;
using core::AlarmKind;
using AlarmBounds = align::GuardBounds;

/// The alarms of a run's steps, by where they begin. `steps` in order.
[[nodiscard]] std::vector<Alarm> findAlarms(
    const std::vector<casebase::RunStep>& steps, const core::RunSpec& spec, const AlarmBounds& bounds = {});

/// The same of a stored run, and behind them the alarm that ended it in a step that was not recorded. Fails as the casebase.
[[nodiscard]] Result<std::vector<Alarm>> alarmsOf(const casebase::Casebase& casebase, const std::string& run);

/// Keeps the alarm that ended a run with it; the next alarmsOf() has it. forgetEnd() is for a run that goes on.
[[nodiscard]] Status keepEnd(casebase::Casebase& casebase, const std::string& run, const Alarm& alarm);
[[nodiscard]] Status forgetEnd(casebase::Casebase& casebase, const std::string& run);

/// {kind, from, to, metric, message, stops}
[[nodiscard]] Json toJson(const Alarm& alarm);
[[nodiscard]] Json toJson(const std::vector<Alarm>& alarms);

} // namespace precedent::workspace
