#include "app/cli/estimate_text.h"

#include <cstdio>

#include "app/cli/progress.h"

namespace precedent::cli {
namespace {

constexpr double kMegabyte = 1e6;

std::string megabytes(double bytes)
{
    char text[48];
    std::snprintf(text, sizeof text, bytes < 10 * kMegabyte ? "%.1f MB" : "%.0f MB", bytes / kMegabyte);
    return text;
}

std::string seconds(double value)
{
    if (value >= 60)
        return durationText(value);
    char text[48];
    std::snprintf(text, sizeof text, value < 10 ? "%.2f s" : "%.0f s", value);
    return text;
}

std::string figure(const workspace::EstimateLine& line, double value)
{
    return line.key.find("bytes") != std::string::npos ? megabytes(value) : seconds(value);
}

} // namespace

std::string estimateText(const workspace::RunEstimate& estimate)
{
    std::string text = "Estimate: " + seconds(estimate.secondsPerStep) + " a step, " + seconds(estimate.trainSeconds) + " of training";
    if (estimate.evaluateSeconds > 0)
        text += ", " + seconds(estimate.evaluateSeconds) + " of measuring before and after";
    return text + "; peak memory " + megabytes(static_cast<double>(estimate.memoryBytes)) + "; on disk " +
        megabytes(static_cast<double>(estimate.diskBytes())) + ". " + estimate.basis;
}

Json estimateJson(const workspace::RunEstimate& estimate)
{
    return {{"seconds_per_step", estimate.secondsPerStep}, {"train_seconds", estimate.trainSeconds},
        {"evaluate_seconds", estimate.evaluateSeconds}, {"low_seconds", estimate.lowSeconds}, {"high_seconds", estimate.highSeconds},
        {"memory_bytes", estimate.memoryBytes}, {"disk_bytes", estimate.diskBytes()}, {"basis", estimate.basis}};
}

std::string outcomeText(const std::vector<workspace::EstimateLine>& lines)
{
    std::string text;
    for (const workspace::EstimateLine& line : lines) {
        if (line.took <= 0)
            continue;
        text += (text.empty() ? "" : "; ") + line.name + " " + figure(line, line.took);
        if (const std::optional<double> deviation = line.deviation()) {
            char percent[32];
            std::snprintf(percent, sizeof percent, "%+.0f %%", 100 * *deviation);
            text += " (estimated " + figure(line, line.estimated) + ", " + percent + ")";
        }
    }
    return text.empty() ? text : "It took: " + text + ".\n";
}

} // namespace precedent::cli
