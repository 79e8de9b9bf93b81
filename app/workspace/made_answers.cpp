#include "app/workspace/made_answers.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/casebase/csv_reader.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::array kIds{"prompt_id", "id", "behavior_id", "BehaviorID"};
constexpr std::array kRequests{"prompt", "request", "question", "test_case", "behavior", "Behavior", "goal", "input"};
constexpr std::array kCompletions{"completion", "response", "answer", "generation", "output", "model_output"};

Error nothingIn(const fs::path& file)
{
    return {ErrorCode::invalidArgument, file.string() + " holds no row with a completion.",
        "Each row needs a completion (completion, response, answer, generation or output) and a request (prompt, request, question, "
        "behavior "
        "or input) or the prompt's id."};
}

/// The text of a string, of a message's content, or of the last message of a list.
std::string textOf(const Json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_object() && value.contains("content"))
        return textOf(value["content"]);
    if (value.is_object() && value.value("type", std::string()) == "text" && value.contains("text"))
        return textOf(value["text"]);
    if (!value.is_array() || value.empty())
        return {};
    for (auto item = value.rbegin(); item != value.rend(); ++item) {
        if (!item->is_object() || item->value("role", std::string("user")) == "user")
            return textOf(*item);
    }
    return textOf(value.back());
}

template <std::size_t N>
std::string fieldOf(const Json& row, const std::array<const char*, N>& names)
{
    for (const char* name : names) {
        if (const auto found = row.find(name); found != row.end()) {
            std::string text = found->is_number_integer() ? std::to_string(found->get<std::int64_t>()) : textOf(*found);
            if (!text.empty())
                return text;
        }
    }
    return {};
}

void addRow(const Json& row, const std::string& id, std::vector<MadeAnswer>& answers)
{
    if (!row.is_object())
        return;
    MadeAnswer answer{fieldOf(row, kIds), fieldOf(row, kRequests), fieldOf(row, kCompletions)};
    if (answer.request.empty() && row.contains("messages"))
        answer.request = textOf(row["messages"]);
    if (answer.id.empty())
        answer.id = id;
    if (!answer.completion.empty())
        answers.push_back(std::move(answer));
}

/// One sample of a log of Inspect's: the input, and the first choice's message.
void addInspectSample(const Json& sample, std::vector<MadeAnswer>& answers)
{
    const auto output = sample.find("output");
    if (output == sample.end() || !output->is_object())
        return;
    std::string completion = output->contains("completion") ? textOf((*output)["completion"]) : std::string();
    const auto choices = output->find("choices");
    if (completion.empty() && choices != output->end() && choices->is_array() && !choices->empty() && choices->front().is_object() &&
        choices->front().contains("message"))
        completion = textOf(choices->front()["message"]);
    if (!completion.empty())
        answers.push_back(
            {fieldOf(sample, kIds), sample.contains("input") ? textOf(sample["input"]) : std::string(), std::move(completion)});
}

/// HarmBench keeps its completions by behaviour: {id: [{test_case, generation}, ...]}.
void addByBehaviour(const Json& json, std::vector<MadeAnswer>& answers)
{
    for (const auto& [id, rows] : json.items()) {
        if (!rows.is_array())
            continue;
        for (const Json& row : rows)
            addRow(row, id, answers);
    }
}

std::vector<MadeAnswer> ofJson(const Json& json)
{
    std::vector<MadeAnswer> answers;
    if (json.is_array()) {
        for (const Json& row : json)
            addRow(row, {}, answers);
    } else if (json.is_object() && json.contains("samples") && json["samples"].is_array()) {
        for (const Json& sample : json["samples"]) {
            if (sample.is_object())
                addInspectSample(sample, answers);
        }
    } else if (json.is_object()) {
        addRow(json, {}, answers);
        if (answers.empty())
            addByBehaviour(json, answers);
    }
    return answers;
}

Result<std::vector<MadeAnswer>> ofLines(const std::string& text, const fs::path& file)
{
    std::vector<MadeAnswer> answers;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = text.find('\n', begin);
        end = end == std::string::npos ? text.size() : end;
        const std::string_view line(text.data() + begin, end - begin);
        ++number;
        begin = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos)
            continue;
        const Result<Json> row = parseJson(line, file.string() + ", line " + std::to_string(number));
        if (!row)
            return row.error();
        addRow(row.value(), {}, answers);
    }
    return answers;
}

template <std::size_t N>
std::optional<std::size_t> columnOf(const std::vector<std::string>& header, const std::array<const char*, N>& names)
{
    for (const char* name : names) {
        const auto found = std::find(header.begin(), header.end(), name);
        if (found != header.end())
            return static_cast<std::size_t>(found - header.begin());
    }
    return std::nullopt;
}

Result<std::vector<MadeAnswer>> ofTable(const std::string& text, const fs::path& file)
{
    std::size_t at = 0;
    casebase::CsvOptions options;
    options.separator = file.extension() == ".tsv" ? '\t' : ',';
    casebase::CsvReader reader(
        [&](char* buffer, std::size_t size) -> Result<std::size_t> {
            const std::size_t count = std::min(size, text.size() - at);
            std::copy_n(text.data() + at, count, buffer);
            at += count;
            return count;
        },
        options);
    casebase::CsvRecord record;
    std::vector<std::string> header;
    std::optional<std::size_t> id, request, completion;
    std::vector<MadeAnswer> answers;
    while (true) {
        const Result<bool> more = reader.next(record);
        if (!more)
            return more.error().in(file.string());
        if (!more.value())
            return answers;
        if (header.empty()) {
            header.assign(record.fields.begin(), record.fields.end());
            id = columnOf(header, kIds);
            request = columnOf(header, kRequests);
            completion = columnOf(header, kCompletions);
            continue;
        }
        const auto field = [&](std::optional<std::size_t> column) {
            return column && *column < record.fields.size() ? std::string(record.fields[*column]) : std::string();
        };
        if (!field(completion).empty())
            answers.push_back({field(id), field(request), field(completion)});
    }
}

} // namespace

Result<std::vector<MadeAnswer>> readMadeAnswers(const fs::path& file)
{
    const Result<std::string> text = readFile(file, kMostBytes);
    if (!text)
        return text.error();
    const std::string extension = file.extension().string();
    Result<std::vector<MadeAnswer>> answers = std::vector<MadeAnswer>();
    if (extension == ".csv" || extension == ".tsv") {
        answers = ofTable(text.value(), file);
    } else if (const Result<Json> whole = parseJson(text.value(), file.string()); whole.ok()) {
        answers = ofJson(whole.value());
    } else if (extension == ".json") {
        return whole.error();
    } else {
        answers = ofLines(text.value(), file);
    }
    if (answers.ok() && answers->empty())
        return nothingIn(file);
    return answers;
}

} // namespace precedent::workspace
