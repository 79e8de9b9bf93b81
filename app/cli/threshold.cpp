#include "app/cli/threshold.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>

namespace precedent::cli {
namespace {

const std::set<std::string> kMetrics = [] {
    std::set<std::string> all;
    for (const char* axis : {"harmful", "attacked", "benign", "utility"}) {
        for (const std::string& metric : workspace::metricsOf(axis, {true, true}))
            all.insert(metric);
    }
    return all;
}();

Error faultIn(const std::string& text, const std::string& what)
{
    return {ErrorCode::invalidArgument, "--fail-if '" + text + "' " + what,
        "Write it as 'harmful_answered>0.1': a metric, one of > >= < <=, and a share from 0 to 1."};
}

std::string trimmed(const std::string& text)
{
    const std::size_t from = text.find_first_not_of(" \t");
    return from == std::string::npos ? std::string() : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

} // namespace

bool Threshold::isMetBy(double share) const
{
    if (comparison == ">")
        return share > value;
    if (comparison == ">=")
        return share >= value;
    return comparison == "<" ? share < value : share <= value;
}

Result<Threshold> parseThreshold(const std::string& text)
{
    const std::size_t at = text.find_first_of("<>");
    if (at == std::string::npos)
        return faultIn(text, "has no comparison.");
    Threshold threshold;
    threshold.text = text;
    threshold.metric = trimmed(text.substr(0, at));
    const bool orEqual = at + 1 < text.size() && text[at + 1] == '=';
    threshold.comparison = text.substr(at, orEqual ? 2 : 1);
    if (kMetrics.count(threshold.metric) == 0) {
        std::string known;
        for (const std::string& metric : kMetrics)
            known += (known.empty() ? "" : ", ") + metric;
        return faultIn(text, "names no metric that figures have. They are: " + known + ".");
    }
    const std::string number = trimmed(text.substr(at + threshold.comparison.size()));
    char* end = nullptr;
    threshold.value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0' || !std::isfinite(threshold.value) || threshold.value < 0)
        return faultIn(text, "compares with no number from 0 on.");
    if (threshold.value > 1 && workspace::kindOf(threshold.metric) != workspace::MetricKind::perplexity)
        return faultIn(text, "compares with no share from 0 to 1.");
    return threshold;
}

std::string Miss::text() const
{
    char value[32];
    std::snprintf(value, sizeof value, "%.4g", figure.estimate.value);
    const std::string model = figure.checkpoint.empty() ? figure.model : figure.checkpoint;
    return threshold.text + ": " + value + " (" + model + ", " + figure.suite + ", " + figure.axis + ", mode " + toString(figure.mode) +
        ", n " + std::to_string(figure.estimate.n) + ")";
}

std::vector<Miss> missesOf(const std::vector<Threshold>& thresholds, const std::vector<workspace::Figure>& figures)
{
    std::vector<Miss> misses;
    for (const Threshold& threshold : thresholds) {
        for (const workspace::Figure& figure : figures) {
            if (figure.metric == threshold.metric && threshold.isMetBy(figure.estimate.value))
                misses.push_back({threshold, figure});
        }
    }
    return misses;
}

} // namespace precedent::cli
