#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "precedent/workspace/evaluation_service.h"
#include "precedent/workspace/run_report.h"

namespace precedent::workspace {
namespace {

constexpr const char* kStyle = R"css(
:root{--window:#F6F7F9;--surface:#FFFFFF;--border:#DDE1E6;--text:#1B1F24;--secondary:#57606A;--accent:#2F5FD0;--comply:#0B7A75;--refuse:#B3401F;--safe:#7A4FA8;--warning:#8A5A00;--grid:#E9ECF0}
@media(prefers-color-scheme:dark){:root{--window:#16181D;--surface:#1E2127;--border:#31363F;--text:#E6E8EB;--secondary:#9AA4B2;--accent:#7FA6FF;--comply:#4FC3B8;--refuse:#F2906E;--safe:#BFA3EE;--warning:#E0B04C;--grid:#2A2F37}}
*{box-sizing:border-box}body{margin:0;padding:24px;background:var(--window);color:var(--text);font:14px/20px "Noto Sans","DejaVu Sans",system-ui,sans-serif}
main{max-width:1120px;margin:0 auto}h1{font-size:21px;margin:0 0 4px}h2{font-size:16px;margin:24px 0 8px}p{margin:0 0 8px;max-width:80ch}.sub{color:var(--secondary);font-size:12px}
.card{background:var(--surface);border:1px solid var(--border);border-radius:6px;padding:16px;overflow-x:auto}.note{border-left:3px solid var(--warning);padding:4px 12px;margin:8px 0;background:var(--surface)}
table{border-collapse:collapse;width:100%;font-size:13px}th,td{text-align:left;padding:4px 8px;border-bottom:1px solid var(--border);white-space:nowrap;vertical-align:middle}th{color:var(--secondary);font-weight:600;font-size:12px}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.better{color:var(--comply)}.worse{color:var(--refuse)}.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:16px}
svg text{fill:var(--secondary);font-size:10px}pre{white-space:pre-wrap;font:12px/17px "JetBrains Mono","DejaVu Sans Mono",monospace;margin:4px 0}details{border-bottom:1px solid var(--border);padding:4px 0}summary{cursor:pointer}
)css";

std::string escaped(const std::string& text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

std::string number(const char* pattern, double value)
{
    char text[48];
    std::snprintf(text, sizeof text, pattern, value);
    return text;
}

std::string cell(const std::string& html, bool isNumber = false, const std::string& extraClass = {})
{
    const std::string classes = (isNumber ? "n" : "") + (extraClass.empty() ? "" : " " + extraClass);
    return "<td" + (classes.empty() ? "" : " class=\"" + classes + "\"") + ">" + html + "</td>";
}

std::string header(const std::vector<std::pair<std::string, bool>>& columns)
{
    std::string row = "<tr>";
    for (const auto& [title, isNumber] : columns)
        row += (isNumber ? "<th class=\"n\">" : "<th>") + escaped(title) + "</th>";
    return row + "</tr>";
}

/// Before and after as two intervals on one line from 0 to 100 %: hollow before, filled after.
std::string intervalPicture(const Estimate& before, const Estimate& after)
{
    const auto x = [](double share) { return number("%.1f", 6 + 148 * share); };
    const auto mark = [&](const Estimate& e, const char* y, bool filled) {
        return "<line x1=\"" + x(e.low) + "\" x2=\"" + x(e.high) + "\" y1=\"" + y + "\" y2=\"" + y +
            "\" stroke=\"var(--accent)\" stroke-width=\"1.5\"/><circle cx=\"" + x(e.value) + "\" cy=\"" + y +
            "\" r=\"3.5\" stroke=\"var(--accent)\" stroke-width=\"1.5\" fill=\"" + (filled ? "var(--accent)" : "var(--surface)") + "\"/>";
    };
    std::string svg = "<svg width=\"160\" height=\"22\" role=\"img\" aria-label=\"before " + percentText(before.value) + ", after " +
        percentText(after.value) + "\">";
    for (const double share : {0.0, 0.5, 1.0})
        svg += "<line x1=\"" + x(share) + "\" x2=\"" + x(share) + "\" y1=\"0\" y2=\"22\" stroke=\"var(--grid)\"/>";
    return svg + mark(before, "6", false) + mark(after, "16", true) + "</svg>";
}

std::string figureCell(const Figure& f)
{
    return cell(valueText(f.metric, f.estimate.value) + "<br><span class=\"sub\">" + intervalText(f.metric, f.estimate) + "</span>", true);
}

std::string comparisonSection(const ReportData& data)
{
    if (data.comparisons.empty())
        return {};
    std::string html = "<h2>Before and after</h2><p class=\"sub\">Held-out prompts, each answered before and after with the same random "
                       "draws; intervals are 95 % by cluster bootstrap "
                       "(prompts that share a goal or a sibling are resampled together), differences are paired, p is McNemar's exact "
                       "test. Hollow: before; filled: after.</p><div class=\"card\"><table>";
    html += header({{"suite", false}, {"mode", false}, {"measure", false}, {"n", true}, {"before", true}, {"after", true}, {"", false},
        {"difference in points", true}, {"p", true}});
    for (const Comparison& c : data.comparisons) {
        const double gain = lowerIsBetter(c.before.metric) ? -c.difference.value : c.difference.value;
        const bool clear = c.difference.low > 0 || c.difference.high < 0;
        const std::string held = c.before.burned > 0 ? " (" + std::to_string(c.before.burned) + " burned)" : "";
        html += "<tr>" + cell(escaped(c.before.suite)) + cell(toString(c.before.mode)) + cell(titleOf(c.before.metric)) +
            cell(std::to_string(c.before.estimate.n) + held, true) + figureCell(c.before) + figureCell(c.after) +
            cell(kindOf(c.before.metric) == MetricKind::perplexity ? "" : intervalPicture(c.before.estimate, c.after.estimate)) +
            cell(differenceText(c.before.metric, c.difference) +
                    (clear && c.before.metric != "safe_complete" ? (gain > 0 ? "<br>better" : "<br>worse") : ""),
                true, clear && c.before.metric != "safe_complete" ? (gain > 0 ? "better" : "worse") : "") +
            cell(c.test.p < 0.001 ? "&lt;0.001" : number("%.3f", c.test.p), true) + "</tr>";
    }
    return html + "</table></div>";
}

std::string figureSection(const ReportData& data)
{
    if (data.figures.empty() || !data.comparisons.empty())
        return {};
    std::string html = "<h2>Figures</h2><div class=\"card\"><table>" +
        header({{"model", false}, {"suite", false}, {"axis", false}, {"mode", false}, {"measure", false}, {"n", true}, {"value", true},
            {"95 %", true}});
    for (const Figure& f : data.figures)
        html += "<tr>" + cell(escaped(f.model + (f.checkpoint.empty() ? "" : " " + f.checkpoint))) + cell(escaped(f.suite)) +
            cell(escaped(axisTitle(f))) + cell(toString(f.mode)) + cell(titleOf(f.metric)) + cell(std::to_string(f.estimate.n), true) +
            cell(valueText(f.metric, f.estimate.value), true) + cell(intervalText(f.metric, f.estimate), true) + "</tr>";
    return html + "</table></div>";
}

std::string notices(const ReportData& data)
{
    std::string html;
    const auto note = [&](const std::string& text) { html += "<p class=\"note\">" + escaped(text) + "</p>"; };
    if (data.starter)
        note(kStarterNotice);
    if (!data.run.id.empty())
        note("One training seed earns no star: run three or more and look at the spread.");
    if (!data.figures.empty()) {
        const Figure& first = data.figures.front();
        note("Judged by " + first.judge + ", hash " + first.judgeHash + (first.selfJudged ? ": graded by its own reward" : "") +
            (data.checks.empty() ? ", " + checkSentence({}) + "." : "."));
        for (const ReportedCheck& c : data.checks)
            note("The judge of " + c.evaluation + ", mode " + toString(c.mode) + ": " + checkSentence(c.check) +
                ". Kappa for safe requests " + number("%.2f", c.check.safe.kappa) + " (n " + std::to_string(c.check.safe.n) +
                "), for unsafe ones " + number("%.2f", c.check.unsafe.kappa) + " (n " + std::to_string(c.check.unsafe.n) + ").");
    }
    std::set<std::string> measured;
    for (const Json& spec : data.evaluationSpecs) {
        for (const std::string& sentence : measuredSentences(spec))
            measured.insert(sentence);
    }
    for (const std::string& sentence : measured)
        note(sentence);
    return html;
}

std::string stoodSection(const ReportData& data)
{
    if (data.stood.sentences.empty())
        return {};
    std::string html = "<h2>What the run stood on</h2><div class=\"card\">";
    for (const std::string& sentence : data.stood.sentences)
        html += "<p>" + escaped(sentence) + "</p>";
    html += "<p class=\"sub\">Content hash " + escaped(data.run.inputsHash) +
        "</p></div><h2>What policies that read nothing would earn</h2><div class=\"card\"><table>";
    std::vector<std::pair<std::string, bool>> columns = {{"policy", false}, {"overall", true}};
    if (!data.stood.earnings.empty()) {
        for (const auto& [label, value] : data.stood.earnings.front().byLabel)
            columns.emplace_back(label, true);
    }
    html += header(columns);
    for (const align::Earnings& line : data.stood.earnings) {
        html += "<tr>" + cell(escaped(line.policy)) + cell(number("%.3f", line.overall), true);
        for (const auto& [label, value] : line.byLabel)
            html += cell(number("%.3f", value), true);
        html += "</tr>";
    }
    return html + "</table></div>";
}

/// One metric over the steps.
std::string chart(const std::string& name, const std::vector<casebase::RunStep>& steps)
{
    std::vector<std::pair<double, double>> points;
    for (const casebase::RunStep& step : steps) {
        const auto value = step.metrics.find(name);
        if (value != step.metrics.end() && std::isfinite(value->second))
            points.emplace_back(step.step, value->second);
    }
    if (points.size() < 2)
        return {};
    const auto byValue = [](const auto& a, const auto& b) { return a.second < b.second; };
    double low = std::min_element(points.begin(), points.end(), byValue)->second;
    double high = std::max_element(points.begin(), points.end(), byValue)->second;
    if (high - low < 1e-12) {
        low -= 0.5;
        high += 0.5;
    }
    const double first = points.front().first;
    const double span = points.back().first - first;
    std::string path;
    for (const auto& [step, value] : points)
        path += (path.empty() ? "M" : " L") + number("%.1f", 44 + 268 * (step - first) / span) + " " +
            number("%.1f", 110 - 92 * (value - low) / (high - low));
    return "<div><div class=\"sub\">" + escaped(name) + "</div><svg viewBox=\"0 0 320 130\" width=\"100%\" role=\"img\" aria-label=\"" +
        escaped(name) +
        " over steps\"><line x1=\"44\" x2=\"312\" y1=\"18\" y2=\"18\" stroke=\"var(--grid)\"/><line x1=\"44\" x2=\"312\" y1=\"110\" "
        "y2=\"110\" stroke=\"var(--grid)\"/>"
        "<text x=\"40\" y=\"22\" text-anchor=\"end\">" +
        number("%.3g", high) + "</text><text x=\"40\" y=\"113\" text-anchor=\"end\">" + number("%.3g", low) +
        "</text><text x=\"44\" y=\"126\">step " + number("%.0f", first) + "</text><text x=\"312\" y=\"126\" text-anchor=\"end\">" +
        number("%.0f", points.back().first) + "</text><path d=\"" + path +
        "\" fill=\"none\" stroke=\"var(--accent)\" stroke-width=\"1.5\"/></svg></div>";
}

std::string chartSection(const ReportData& data)
{
    if (data.steps.size() < 2)
        return {};
    std::vector<std::string> names;
    for (const auto& [name, value] : data.steps.back().metrics) {
        if (name == "reward" || name == "kl" || name == "entropy" || name == "loss" || name == "completions/mean_length" ||
            name == "frac_reward_zero_std" || name.rfind("reward/", 0) == 0 || name.rfind("rewards/", 0) == 0)
            names.push_back(name);
    }
    std::string charts;
    for (const std::string& name : names)
        charts += chart(name, data.steps);
    return charts.empty() ? std::string() : "<h2>Curves</h2><div class=\"card\"><div class=\"charts\">" + charts + "</div></div>";
}

std::string budgetSection(const ReportData& data)
{
    std::string rows;
    for (const Json& spec : data.evaluationSpecs) {
        const Json budget = spec.value("budget", Json::array());
        for (const Json& line : budget) {
            const Json casesShown = line.value("cases_shown", Json::object());
            std::string shown;
            for (const auto& [cases, n] : casesShown.items())
                shown += (shown.empty() ? "" : ", ") + cases + " in " + n.dump();
            rows += "<tr>" + cell(spec.value("phase", std::string())) + cell(escaped(line.value("suite", std::string()))) +
                cell(line.value("mode", std::string())) + cell(std::to_string(line.value("prompts", 0)), true) +
                cell(std::to_string(line.value("voided", 0)), true) + cell(std::to_string(line.value("cases_dropped", 0)), true) +
                cell(shown) + "</tr>";
        }
    }
    if (rows.empty())
        return {};
    return "<h2>Context budget</h2><div class=\"card\"><table>" +
        header({{"evaluation", false}, {"suite", false}, {"mode", false}, {"prompts", true}, {"void", true}, {"cases dropped", true},
            {"cases in context", false}}) +
        rows + "</table></div>";
}

std::string answerSection(const ReportData& data)
{
    if (data.answers.empty())
        return {};
    std::string html = "<h2>Answers</h2><div class=\"card\"><p class=\"sub\">Closed until clicked; the texts may be ugly.</p>";
    for (const ReportedAnswer& a : data.answers)
        html += "<details><summary>" + escaped(a.suite) + ", " + toString(a.mode) + ", " + escaped(a.promptId) + ": " +
            toString(a.verdictBefore) + " &rarr; " + toString(a.verdictAfter) + "</summary><pre>" + escaped(a.request) +
            "</pre><div class=\"sub\">before</div><pre>" + escaped(a.before) + "</pre><div class=\"sub\">after</div><pre>" +
            escaped(a.after) + "</pre></details>";
    return html + "</div>";
}

} // namespace

std::string reportHtml(const ReportData& data)
{
    std::string html =
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>" +
        escaped(data.title) + "</title><style>" + kStyle + "</style></head><body><main><h1>" + escaped(data.title) +
        "</h1><p class=\"sub\">" + escaped(data.casebase);
    if (!data.run.id.empty())
        html += ", model " + escaped(data.run.model) + ", " + std::to_string(data.run.stepsDone) + " of " + std::to_string(data.run.steps) +
            " steps, " + escaped(data.run.state);
    html += "</p>" + notices(data) + comparisonSection(data) + figureSection(data) + stoodSection(data) + budgetSection(data) +
        chartSection(data) + answerSection(data);
    if (data.spec.is_object())
        html += "<h2>Settings</h2><div class=\"card\"><details><summary>Every setting</summary><pre>" + escaped(dumpJson(data.spec, 2)) +
            "</pre></details></div>";
    return html + "</main></body></html>\n";
}

} // namespace precedent::workspace
