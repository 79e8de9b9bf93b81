#include "precedent/workspace/run_alarms.h"

#include <algorithm>

#include "precedent/align/run_spec_json.h"

namespace precedent::workspace {
namespace {

constexpr const char* kEnd = "ended_by";

/// Nothing where no alarm ended the run.
Result<std::vector<Alarm>> endOf(const casebase::Casebase& casebase, const std::string& run)
{
    const Result<std::string> text = casebase.runs().inputs(run, kEnd);
    if (!text)
        return text.error().code() == ErrorCode::notFound ? Result<std::vector<Alarm>>(std::vector<Alarm>()) : text.error();
    const Result<Json> json = parseJson(text.value(), "what ended run " + run);
    if (!json)
        return json.error();
    if (json.value().is_null())
        return std::vector<Alarm>();
    try {
        const Json& j = json.value();
        Alarm alarm{AlarmKind::notANumber, j.at("from").get<int>(), j.at("to").get<int>(), j.at("metric").get<std::string>(),
            j.at("message").get<std::string>(), j.at("stops").get<bool>()};
        for (int kind = 0; kind <= static_cast<int>(AlarmKind::notANumber); ++kind) {
            if (j.at("kind").get<std::string>() == core::toString(static_cast<AlarmKind>(kind)))
                alarm.kind = static_cast<AlarmKind>(kind);
        }
        return std::vector<Alarm>{std::move(alarm)};
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, "What ended run " + run + " cannot be read: " + e.what() + ".");
    }
}

} // namespace

std::vector<Alarm> findAlarms(const std::vector<casebase::RunStep>& steps, const core::RunSpec& spec, const AlarmBounds& bounds)
{
    align::GuardWatch watch(spec, bounds);
    for (const casebase::RunStep& step : steps)
        (void)watch.take({step.step, step.metrics, step.seconds});
    return watch.alarms();
}

Result<std::vector<Alarm>> alarmsOf(const casebase::Casebase& casebase, const std::string& name)
{
    const Result<casebase::Run> run = casebase.runs().find(name);
    if (!run)
        return run.error();
    const Result<Json> json = parseJson(run.value().specJson, "The spec of run " + run.value().id);
    if (!json)
        return json.error();
    const Result<core::RunSpec> spec = align::runSpecFromJson(json.value());
    if (!spec)
        return spec.error();
    const Result<std::vector<casebase::RunStep>> steps = casebase.runs().steps(run.value().id);
    if (!steps)
        return steps.error();
    std::vector<Alarm> alarms = findAlarms(steps.value(), spec.value());
    Result<std::vector<Alarm>> end = endOf(casebase, run.value().id);
    if (!end)
        return end;
    for (Alarm& last : *end) {
        const bool known = std::any_of(
            alarms.begin(), alarms.end(), [&](const Alarm& alarm) { return alarm.kind == last.kind && alarm.from == last.from; });
        if (!known)
            alarms.push_back(std::move(last));
    }
    return alarms;
}

Status keepEnd(casebase::Casebase& casebase, const std::string& run, const Alarm& alarm)
{
    return casebase.runs().setInputs(run, kEnd, dumpJson(toJson(alarm)));
}

Status forgetEnd(casebase::Casebase& casebase, const std::string& run) { return casebase.runs().setInputs(run, kEnd, "null"); }

Json toJson(const Alarm& alarm)
{
    return {{"kind", core::toString(alarm.kind)}, {"from", alarm.from}, {"to", alarm.to}, {"metric", alarm.metric},
        {"message", alarm.message}, {"stops", alarm.stops}};
}

Json toJson(const std::vector<Alarm>& alarms)
{
    Json list = Json::array();
    for (const Alarm& alarm : alarms)
        list.push_back(toJson(alarm));
    return list;
}

} // namespace precedent::workspace
