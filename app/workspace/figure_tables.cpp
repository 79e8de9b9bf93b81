#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "precedent/workspace/figures.h"
#include "precedent/workspace/model_attacks.h"

namespace precedent::workspace {
namespace {

using Row = std::vector<std::string>;

std::size_t width(const std::string& text)
{
    // Characters, not bytes: continuation bytes take no place of their own.
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string laidOut(const std::vector<Row>& rows)
{
    std::vector<std::size_t> widths(rows.front().size(), 0);
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string text;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::string line;
        for (std::size_t i = 0; i < rows[r].size(); ++i)
            line += rows[r][i] + std::string(widths[i] - width(rows[r][i]) + 2, ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
        if (r == 0) {
            std::size_t total = 0;
            for (const std::size_t w : widths)
                total += w + 2;
            text += std::string(total - 2, '-') + '\n';
        }
    }
    return text;
}

bool isShare(const std::string& metric) { return metric == "safe_complete" || metric == "no_answer" || metric == "chain_parsed"; }

std::string format(const char* pattern, double a, double b = 0, double c = 0)
{
    char text[96];
    std::snprintf(text, sizeof text, pattern, a, b, c);
    return text;
}

std::string withInterval(const Figure& f)
{
    return valueText(f.metric, f.estimate.value) + " (" + intervalText(f.metric, f.estimate) + ")";
}

std::string sharePair(const std::vector<Comparison>& all, const Comparison& of, const std::string& metric)
{
    for (const Comparison& c : all) {
        if (c.before.suite == of.before.suite && c.before.axis == of.before.axis && c.before.mode == of.before.mode &&
            c.before.metric == metric)
            return format("%.0f > %.0f %%", 100 * c.before.estimate.value, 100 * c.after.estimate.value);
    }
    return {};
}

} // namespace

std::string titleOf(const std::string& key)
{
    static const std::map<std::string, std::string> titles = {{"harmful", "harmful"}, {"attacked", "harmful, wrapped"},
        {"benign", "benign"}, {"benign_wrapped", "benign, wrapped"}, {"utility", "utility"}, {"harmful_answered", "harmful answered"},
        {"refused", "refused"}, {"over_refusal", "over-refusal"}, {"accuracy", "accuracy"}, {"safe_complete", "safe completion"},
        {"no_answer", "no answer"}, {"chain_parsed", "chains parsed"}, {"attack_success", "attack success"}, {"harm_score", "harm score"},
        {"perplexity", "perplexity"}};
    const auto found = titles.find(key);
    return found == titles.end() ? key : found->second;
}

std::string axisTitle(const Figure& f)
{
    return isModelAttack(f.attack) ? (f.axis == "attacked" ? "harmful, " : "benign, ") + f.attack : titleOf(f.axis);
}

std::string percentText(double share) { return format("%.1f %%", 100 * share); }

std::string intervalText(const Estimate& e) { return format("%.1f to %.1f %%", 100 * e.low, 100 * e.high); }

std::string differenceText(const Estimate& d) { return format("%+.1f (%+.1f to %+.1f)", 100 * d.value, 100 * d.low, 100 * d.high); }

std::string valueText(const std::string& metric, double value)
{
    if (kindOf(metric) == MetricKind::share)
        return percentText(value);
    return format(kindOf(metric) == MetricKind::score ? "%.3f" : "%.2f", value);
}

std::string intervalText(const std::string& metric, const Estimate& e)
{
    return kindOf(metric) == MetricKind::share ? intervalText(e) : valueText(metric, e.low) + " to " + valueText(metric, e.high);
}

std::string differenceText(const std::string& metric, const Estimate& d)
{
    switch (kindOf(metric)) {
    case MetricKind::score:
        return format("%+.3f (%+.3f to %+.3f)", d.value, d.low, d.high);
    case MetricKind::perplexity:
        return format("x %.3g (%.3g to %.3g)", std::exp(d.value), std::exp(d.low), std::exp(d.high));
    case MetricKind::share:
        break;
    }
    return differenceText(d);
}

std::string comparisonTable(const std::vector<Comparison>& comparisons)
{
    std::vector<Row> rows = {{"suite", "mode", "measure", "n", "before (95 %)", "after (95 %)", "difference in points", "p"}};
    std::vector<Row> shares = {{"suite", "mode", "no answer", "safe completion", "chains parsed"}};
    for (const Comparison& c : comparisons) {
        if (isShare(c.before.metric))
            continue;
        rows.push_back({c.before.suite, toString(c.before.mode), titleOf(c.before.metric), std::to_string(c.before.estimate.n),
            withInterval(c.before), withInterval(c.after), differenceText(c.before.metric, c.difference),
            c.test.p < 0.001 ? "<0.001" : format("%.3f", c.test.p)});
        if (c.before.metric == metricsOf(c.before.axis).front())
            shares.push_back({c.before.suite, toString(c.before.mode), sharePair(comparisons, c, "no_answer"),
                sharePair(comparisons, c, "safe_complete"), sharePair(comparisons, c, "chain_parsed")});
    }
    return laidOut(rows) + "\n" + laidOut(shares);
}

std::string figureTable(const std::vector<Figure>& figures)
{
    std::vector<Row> rows = {{"suite", "axis", "mode", "measure", "n", "value (95 %)"}};
    for (const Figure& f : figures)
        rows.push_back({f.suite, axisTitle(f), toString(f.mode), titleOf(f.metric), std::to_string(f.estimate.n), withInterval(f)});
    return laidOut(rows);
}

} // namespace precedent::workspace
