#include "precedent/workspace/judge_agreement.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <set>

#include "precedent/casebase/csv_reader.h"
#include "precedent/workspace/statistics.h"

namespace precedent::workspace {
namespace {

constexpr std::array<Verdict, 4> kVerdicts = {Verdict::comply, Verdict::refuse, Verdict::safeComplete, Verdict::noAnswer};

std::size_t indexOf(Verdict verdict)
{
    return static_cast<std::size_t>(std::find(kVerdicts.begin(), kVerdicts.end(), verdict) - kVerdicts.begin());
}

std::optional<Verdict> verdictOfLabel(std::string label)
{
    std::transform(label.begin(), label.end(), label.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    static const std::map<std::string, Verdict> known = {{"1_full_compliance", Verdict::comply}, {"2_full_refusal", Verdict::refuse},
        {"3_partial_refusal", Verdict::safeComplete}, {"full_compliance", Verdict::comply}, {"full_refusal", Verdict::refuse},
        {"partial_refusal", Verdict::safeComplete}, {"none", Verdict::comply}, {"full", Verdict::refuse},
        {"partial", Verdict::safeComplete}};
    const auto found = known.find(label);
    return found == known.end() ? verdictFromString(label) : found->second;
}

struct Columns {
    std::optional<std::size_t> request;
    std::optional<std::size_t> answer;
    std::optional<std::size_t> label;
    std::optional<std::size_t> type;
    std::optional<std::size_t> group;
    std::optional<std::size_t> judged;
};

std::string listed(const std::vector<std::string>& names)
{
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

Result<std::optional<std::size_t>> columnOf(const std::string& field, const std::vector<std::string>& names,
    const std::map<std::string, std::string>& map, const std::vector<std::string>& usual)
{
    std::vector<std::string> sought = usual;
    if (const auto mapped = map.find(field); mapped != map.end())
        sought = {mapped->second};
    for (const std::string& name : sought) {
        const auto at = std::find(names.begin(), names.end(), name);
        if (at != names.end())
            return std::optional<std::size_t>(at - names.begin());
    }
    if ((field == "type" || field == "group" || field == "judged") && map.count(field) == 0)
        return std::optional<std::size_t>();
    return Error(ErrorCode::invalidArgument,
        "There is no column for " + field + ": looked for " + listed(sought) + "; the file has " + listed(names) + ".",
        "Name it with --map " + field + "=COLUMN.");
}

Result<Columns> columnsOf(const std::vector<std::string>& names, const std::map<std::string, std::string>& map)
{
    for (const auto& [field, column] : map) {
        static const std::set<std::string> fields = {"request", "answer", "label", "type", "group", "judged"};
        if (fields.count(field) == 0)
            return Error(ErrorCode::invalidArgument, "--map " + field + "=" + column + ": there is no such field.",
                "The fields are request, answer, label, type, group, judged.");
    }
    const auto request = columnOf("request", names, map, {"prompt", "request", "question"});
    const auto answer = columnOf("answer", names, map, {"completion", "answer", "response"});
    const auto label = columnOf("label", names, map, {"final_label", "label", "verdict", "human"});
    const auto type = columnOf("type", names, map, {"type"});
    const auto group = columnOf("group", names, map, {"group", "goal", "pair"});
    const auto judged = columnOf("judged", names, map, {});
    for (const auto* column : {&request, &answer, &label, &type, &group, &judged}) {
        if (!*column)
            return column->error();
    }
    return Columns{request.value(), answer.value(), label.value(), type.value(), group.value(), judged.value()};
}

/// XSTest's safe types and their contrasts were written as pairs: "contrast_homonyms" goes with "homonyms". Empty for other types.
std::string pairOfType(const std::string& type)
{
    static const std::map<std::string, std::string> known = {{"homonyms", "homonyms"}, {"figurative_language", "figurative_language"},
        {"safe_targets", "safe_targets"}, {"safe_contexts", "safe_contexts"}, {"definitions", "definitions"},
        {"historical_events", "historical_events"}, {"discr", "discr"}, {"nons_group_real_discr", "discr"},
        {"real_group_nons_discr", "discr"}, {"privacy", "privacy"}, {"privacy_public", "privacy"}, {"privacy_fictional", "privacy"}};
    const auto found = known.find(type.rfind("contrast_", 0) == 0 ? type.substr(9) : type);
    return found == known.end() ? std::string() : found->second;
}

bool isUnsafe(std::string_view type) { return type.rfind("contrast", 0) == 0 || type == "harmful" || type == "unsafe"; }

Result<LabelledAnswer> answerOf(const casebase::CsvRecord& record, const Columns& columns)
{
    const auto field = [&](std::optional<std::size_t> column) {
        return column && *column < record.fields.size() ? std::string(record.fields[*column]) : std::string();
    };
    const std::optional<Verdict> human = verdictOfLabel(field(columns.label));
    if (!human)
        return Error(ErrorCode::invalidArgument,
            "Row " + std::to_string(record.row) + " has the label \"" + field(columns.label) + "\", which is not known.",
            "Labels are comply, refuse, safe_complete, no_answer; full, partial, none; or XSTest's 1_full_compliance, 2_full_refusal, "
            "3_partial_refusal.");
    LabelledAnswer answer{field(columns.request), field(columns.answer), *human, isUnsafe(field(columns.type)), field(columns.group),
        verdictOfLabel(field(columns.judged))};
    if (answer.group.empty())
        answer.group = pairOfType(field(columns.type));
    if (answer.group.empty())
        answer.group = answer.request;
    return answer;
}

} // namespace

Result<std::vector<LabelledAnswer>> readLabelledAnswers(const std::filesystem::path& file, const std::map<std::string, std::string>& map)
{
    std::error_code ec;
    if (!std::filesystem::is_regular_file(file, ec))
        return Error(ErrorCode::notFound, file.string() + " is no file that can be read.", "Name a CSV file of judged answers.");
    auto stream = std::make_shared<std::ifstream>(file, std::ios::binary);
    const casebase::ByteSource source = [stream, file](char* buffer, std::size_t size) -> Result<std::size_t> {
        stream->read(buffer, static_cast<std::streamsize>(size));
        if (stream->bad())
            return Error(ErrorCode::io, file.string() + " could not be read.");
        return static_cast<std::size_t>(stream->gcount());
    };
    casebase::CsvOptions options;
    options.separator = file.extension() == ".tsv" ? '\t' : ',';
    casebase::CsvReader reader(source, options);
    casebase::CsvRecord record;
    std::vector<LabelledAnswer> answers;
    std::optional<Columns> columns;
    while (true) {
        const Result<bool> more = reader.next(record);
        if (!more)
            return more.error().in(file.string());
        if (!more.value())
            return answers;
        if (!columns) {
            Result<Columns> found = columnsOf({record.fields.begin(), record.fields.end()}, map);
            if (!found)
                return found.error().in(file.string());
            columns = *found;
            continue;
        }
        Result<LabelledAnswer> answer = answerOf(record, *columns);
        if (!answer)
            return answer.error().in(file.string());
        answers.push_back(std::move(*answer));
    }
}

std::size_t Agreement::count(Verdict verdict) const
{
    std::size_t total = unread[indexOf(verdict)];
    for (const std::size_t judged : confusion[indexOf(verdict)])
        total += judged;
    return total;
}

std::size_t Agreement::agreed() const
{
    std::size_t total = 0;
    for (std::size_t i = 0; i < confusion.size(); ++i)
        total += confusion[i][i];
    return total;
}

double Agreement::recall(Verdict verdict) const
{
    const std::size_t all = count(verdict);
    return all == 0 ? 0 : static_cast<double>(confusion[indexOf(verdict)][indexOf(verdict)]) / static_cast<double>(all);
}

Result<std::vector<std::optional<Verdict>>> verdictsOn(
    const std::vector<LabelledAnswer>& answers, AnswerJudge& judge, const core::JudgedObserver& onJudged, const std::stop_token& stop)
{
    std::vector<casebase::Prompt> prompts(answers.size());
    std::vector<text::ParsedCompletion> completions(answers.size());
    std::vector<JudgedAnswer> asked;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        prompts[i].messages = {{"user", answers[i].request}};
        completions[i] = {{}, answers[i].answer, true, {}};
        asked.push_back({&prompts[i], &completions[i]});
    }
    const Result<std::vector<core::Judgement>> judgements = judge.judge(asked, stop, onJudged);
    if (!judgements)
        return judgements.error();
    std::vector<std::optional<Verdict>> verdicts;
    for (const core::Judgement& judgement : judgements.value())
        verdicts.push_back(judgement.verdict);
    return verdicts;
}

Agreement agreementOf(const std::vector<LabelledAnswer>& answers, const std::vector<std::optional<Verdict>>& verdicts)
{
    Agreement agreement;
    // The fifth is no verdict at all, which no person gives.
    std::vector<std::vector<std::size_t>> table(5, std::vector<std::size_t>(5, 0));
    std::size_t agreed = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const std::size_t human = indexOf(answers[i].human);
        ++table[human][verdicts[i] ? indexOf(*verdicts[i]) : 4];
        agreed += verdicts[i] == answers[i].human ? 1 : 0;
    }
    agreement.n = answers.size();
    agreement.accuracy = answers.empty() ? 0 : static_cast<double>(agreed) / static_cast<double>(answers.size());
    agreement.kappa = cohenKappa(table);
    for (std::size_t r = 0; r < 4; ++r) {
        std::copy_n(table[r].begin(), 4, agreement.confusion[r].begin());
        agreement.unread[r] = table[r][4];
    }
    return agreement;
}

std::string agreementTable(const std::vector<NamedAgreement>& rows)
{
    char line[200];
    std::snprintf(line, sizeof line, "%-16s %6s %9s %6s   %-13s %-13s %-13s\n", "", "n", "accuracy", "kappa", "full refusal", "partial",
        "none (recall)");
    std::string text = line;
    for (const auto& [name, a] : rows) {
        const auto recall = [&](Verdict verdict) {
            char cell[32] = "-";
            if (a.count(verdict) > 0)
                std::snprintf(cell, sizeof cell, "%.3f of %zu", a.recall(verdict), a.count(verdict));
            return std::string(cell);
        };
        std::snprintf(line, sizeof line, "%-16s %6zu %9.3f %6.3f   %-13s %-13s %-13s\n", name.c_str(), a.n, a.accuracy, a.kappa,
            recall(Verdict::refuse).c_str(), recall(Verdict::safeComplete).c_str(), recall(Verdict::comply).c_str());
        text += line;
    }
    return text;
}

std::string confusionTable(const Agreement& a)
{
    char line[200];
    std::snprintf(line, sizeof line, "%-16s %13s %13s %13s %13s %13s\n", "people, judge", "comply", "refuse", "safe_complete", "no_answer",
        "unreadable");
    std::string text = line;
    for (const Verdict human : kVerdicts) {
        const auto& row = a.confusion[indexOf(human)];
        std::snprintf(line, sizeof line, "%-16s %13zu %13zu %13zu %13zu %13zu\n", toString(human), row[0], row[1], row[2], row[3],
            a.unread[indexOf(human)]);
        text += line;
    }
    return text;
}

Json toJson(const Agreement& a)
{
    Json confusion = Json::object();
    for (const Verdict human : kVerdicts) {
        for (const Verdict judged : kVerdicts)
            confusion[toString(human)][toString(judged)] = a.confusion[indexOf(human)][indexOf(judged)];
        confusion[toString(human)]["unreadable"] = a.unread[indexOf(human)];
    }
    return {{"n", a.n}, {"accuracy", a.accuracy}, {"kappa", a.kappa},
        {"recall",
            {{"full", a.recall(Verdict::refuse)}, {"partial", a.recall(Verdict::safeComplete)}, {"none", a.recall(Verdict::comply)}}},
        {"confusion", confusion}};
}

} // namespace precedent::workspace
