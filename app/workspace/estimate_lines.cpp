#include <algorithm>

#include "precedent/workspace/run_estimate.h"

namespace precedent::workspace {

std::optional<double> EstimateLine::deviation() const
{
    return estimated > 0 && took > 0 ? std::optional(took / estimated - 1) : std::nullopt;
}

std::vector<EstimateLine> compareEstimate(const RunEstimate& estimate, const RunOutcome& outcome, int steps, int maxSteps)
{
    const double share = maxSteps > 0 ? std::min(1.0, static_cast<double>(steps) / maxSteps) : 1.0;
    std::vector<EstimateLine> lines;
    lines.push_back({"seconds_per_step", "a step", estimate.secondsPerStep, steps > 0 ? outcome.trainSeconds / steps : 0});
    lines.push_back({"train_seconds", "training", estimate.trainSeconds * share, outcome.trainSeconds});
    if (estimate.evaluateSeconds > 0 || outcome.evaluateSeconds > 0)
        lines.push_back({"evaluate_seconds", "measuring before and after", estimate.evaluateSeconds, outcome.evaluateSeconds});
    lines.push_back({"memory_bytes", "peak memory", static_cast<double>(estimate.memoryBytes), static_cast<double>(outcome.memoryBytes)});
    // Its folder alone: what the casebase grows by is not told apart from what else is written to it.
    lines.push_back(
        {"disk_bytes", "checkpoints on disk", static_cast<double>(estimate.checkpointBytes), static_cast<double>(outcome.diskBytes)});
    return lines;
}

Json toJson(const RunEstimate& estimate, const std::vector<EstimateLine>& lines)
{
    Json json = {
        {"estimate", Json::object()}, {"actual", Json::object()}, {"deviation_percent", Json::object()}, {"basis", estimate.basis}};
    if (estimate.basis.empty()) // of a run that began without one
        json["estimate"] = nullptr;
    for (const EstimateLine& line : lines) {
        if (!estimate.basis.empty())
            json["estimate"][line.key] = line.estimated;
        json["actual"][line.key] = line.took;
        const std::optional<double> deviation = line.deviation();
        json["deviation_percent"][line.key] = deviation ? Json(100 * *deviation) : Json();
    }
    return json;
}

} // namespace precedent::workspace
