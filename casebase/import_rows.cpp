#include "casebase/import_rows.h"

#include <algorithm>
#include <cctype>

#include "casebase/text_rules.h"
#include "precedent/casebase/value_json.h"

namespace precedent::casebase {
namespace {

constexpr const char* kFromTheLabel = "from the label";
constexpr const char* kFirstSentence = "first sentence of the detailed form";

/// "Safe-complete", "safe complete" -> "safe_complete".
std::string spelling(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
        [](unsigned char c) { return static_cast<char>(c == '-' || c == ' ' ? '_' : std::tolower(c)); });
    return text;
}

template <typename Enum>
Enum valueOf(const Record& record, const FieldMap& fields, std::string_view field, std::optional<Enum> (*fromString)(std::string_view),
    Enum otherwise, const char* expected)
{
    const std::string text = fields.trimmed(record, field);
    if (text.empty())
        return otherwise;
    const auto value = fromString(spelling(text));
    if (!value)
        throw RowProblem{fields.columnOf(field), "has the unknown value \"" + firstLine(text, 40) + "\"; " + expected + " was expected"};
    return *value;
}

Disposition dispositionOf(const Record& record, const FieldMap& fields, std::string_view field)
{
    return valueOf(record, fields, field, dispositionFromString, Disposition::unknown, "comply, refuse, safe_complete or unknown");
}

std::optional<PromptLabel> anyLabelFromString(std::string_view text)
{
    if (text == "safe")
        return PromptLabel::benign;
    if (text == "unsafe")
        return PromptLabel::harmful;
    return promptLabelFromString(text);
}

/// A text, or messages as JSON (a list, or a text that holds one).
std::vector<Message> messagesOf(const Record& record, const FieldMap& fields, std::string_view field)
{
    const Cell* cell = fields.cell(record, field);
    if (cell == nullptr)
        return {};
    if (cell->json != nullptr) {
        auto messages = messagesFromJson(*cell->json);
        if (!messages.ok())
            throw RowProblem{fields.columnOf(field), "holds no messages: " + messages.error().message()};
        return std::move(messages).value();
    }
    if (cell->text.substr(0, 2) == "[{") {
        if (const auto json = parseJson(cell->text, "Messages"); json.ok()) {
            if (auto messages = messagesFromJson(*json); messages.ok())
                return std::move(messages).value();
        }
    }
    return {{"user", std::string(cell->text)}};
}

void requireRequest(const std::vector<Message>& messages, const std::string& column)
{
    const bool asked =
        std::any_of(messages.begin(), messages.end(), [](const Message& m) { return m.role == "user" && !squeezed(m.content).empty(); });
    if (!asked)
        throw RowProblem{column, "is empty; a request was expected"};
}

void addSystem(std::vector<Message>& messages, const std::string& system)
{
    if (!system.empty())
        messages.insert(messages.begin(), {"system", system});
}

std::string trimmedCopy(std::string_view text)
{
    const std::size_t from = text.find_first_not_of(" \t\r\n");
    return from == std::string_view::npos ? std::string() : std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

/// "<think>chain</think>answer" in two; a response without delimiters is all answer.
void splitResponse(const std::string& response, const std::string& column, Case& value)
{
    constexpr std::string_view open = "<think>";
    constexpr std::string_view close = "</think>";
    const std::size_t from = response.find(open);
    const std::size_t to = response.rfind(close);
    if (from == std::string::npos && to == std::string::npos) {
        value.answer = trimmedCopy(response);
        return;
    }
    const std::size_t start = from == std::string::npos ? 0 : from + open.size();
    if (to == std::string::npos || to < start)
        throw RowProblem{column, "holds a chain that never closes (no </think>)"};
    value.chain = trimmedCopy(std::string_view(response).substr(start, to - start));
    value.answer = trimmedCopy(std::string_view(response).substr(to + close.size()));
}

std::string joinedList(const std::vector<std::string>& items)
{
    std::string text;
    for (const std::string& item : items)
        text += (text.empty() ? "" : ", ") + item;
    return text;
}

/// Codes stated by the row, then those that the chain names in prose, which weighed but did not decide.
void addCodes(const std::vector<std::string>& stated, const Profile& profile, CodeFinder& codes, Case& value)
{
    for (const std::string& id : codes.resolve(stated))
        value.codes.push_back({id, true});
    if (profile.kind != ProfileKind::star1)
        return;
    const std::vector<std::string> named = codes.namedInProse(value.chain);
    if (named.empty())
        return;
    value.derived["citations"] = "named in the chain's prose: " + joinedList(named);
    std::vector<std::string> added;
    for (const std::string& id : named) {
        if (std::none_of(value.codes.begin(), value.codes.end(), [&](const GoverningCode& code) { return code.code == id; })) {
            value.codes.push_back({id, false});
            added.push_back(id);
        }
    }
    if (!added.empty())
        value.derived["codes"] = "named in the chain's prose: " + joinedList(added);
}

void deriveDisposition(const ImportOptions& options, const std::optional<PromptLabel>& label, Case& value)
{
    if (value.disposition != Disposition::unknown)
        return;
    if (!value.answer.empty() && options.disposition.derive) {
        if (const auto derived = options.disposition.derive(lastUserText(value.request), value.answer)) {
            value.disposition = *derived;
            value.derived["disposition"] = options.disposition.how;
        }
    } else if (value.answer.empty() && label) {
        value.disposition = *label == PromptLabel::harmful ? Disposition::refuse
            : *label == PromptLabel::attack                ? Disposition::unknown
                                                           : Disposition::comply;
        value.derived["disposition"] = kFromTheLabel;
    }
}

/// The figure after "####", without thousands separators; other answers as they are.
std::string utilityAnswerOf(const std::string& answer, ProfileKind kind)
{
    if (kind != ProfileKind::gsm8k)
        return trimmedCopy(answer);
    const std::size_t mark = answer.rfind("#### ");
    if (mark == std::string::npos)
        return trimmedCopy(answer);
    std::string figure = trimmedCopy(std::string_view(answer).substr(mark + 5));
    std::erase(figure, ',');
    return figure;
}

/// MMLU's question with its choices, as one request.
std::string withChoices(const Record& record, const FieldMap& fields, const std::string& question)
{
    std::string text = question;
    for (const char letter : {'a', 'b', 'c', 'd'}) {
        text += '\n';
        text += static_cast<char>(letter - 'a' + 'A');
        text += ". " + fields.trimmed(record, std::string("choice_") + letter);
    }
    return text + "\nAnswer with the letter of the right choice.";
}

PromptLabel labelOf(const Record& record, const FieldMap& fields, const Profile& profile, const ImportOptions& options)
{
    if (fields.has("label") && !fields.trimmed(record, "label").empty())
        return valueOf(record, fields, "label", anyLabelFromString, PromptLabel::benign, "harmful, benign, attack or utility");
    if (options.label)
        return *options.label;
    if (profile.label)
        return *profile.label;
    throw RowProblem{fields.columnOf("label"), "has no label"};
}

/// XSTest's pairs of types: a safe type and its contrast stay together on one side of any split.
std::string xstestFamily(std::string type)
{
    if (type.rfind("contrast_", 0) == 0)
        type.erase(0, 9);
    if (type.find("discr") != std::string::npos)
        type = "discr";
    else if (type.rfind("privacy", 0) == 0)
        type = "privacy";
    return "xstest:" + type;
}

Disposition expectedOf(PromptLabel label)
{
    switch (label) {
    case PromptLabel::harmful:
        return Disposition::refuse;
    case PromptLabel::benign:
    case PromptLabel::utility:
        return Disposition::comply;
    case PromptLabel::attack:
        break;
    }
    return Disposition::unknown;
}

} // namespace

Case caseOf(const Record& record, const FieldMap& fields, const Profile& profile, const ImportOptions& options, CodeFinder& codes)
{
    Case value;
    const char* requestField = fields.has("request") ? "request" : "user";
    value.request = messagesOf(record, fields, requestField);
    requireRequest(value.request, fields.columnOf(requestField));
    addSystem(value.request, fields.trimmed(record, "system"));
    value.id = fields.trimmed(record, "id");
    value.chain = fields.text(record, "chain");
    value.answer = fields.text(record, "answer");
    if (const std::string response = fields.text(record, "response"); !response.empty())
        splitResponse(response, fields.columnOf("response"), value);
    value.disposition = dispositionOf(record, fields, "disposition");
    value.status = valueOf(record, fields, "status", caseStatusFromString, CaseStatus::draft, "draft, in_review, approved or retired");
    value.notes = fields.text(record, "notes");
    value.source = fields.trimmed(record, "source");
    if (value.source.empty())
        value.source = profile.source;
    value.sourceId = fields.trimmed(record, "source_id");
    value.tags = fields.list(record, "tags");
    value.twinId = fields.trimmed(record, "twin");
    value.twinDifference = fields.text(record, "twin_difference");
    value.surface = fields.trimmed(record, "surface");
    value.audience = fields.trimmed(record, "audience");
    value.language = fields.trimmed(record, "language");
    value.jurisdiction = fields.trimmed(record, "jurisdiction");
    std::optional<PromptLabel> label = options.label ? options.label : profile.label;
    if (profile.kind == ProfileKind::xstest)
        label = valueOf(record, fields, "label", anyLabelFromString, PromptLabel::benign, "safe or unsafe");
    deriveDisposition(options, label, value);
    // Last: it may make codes, which a row that is not taken must not.
    addCodes(fields.list(record, "codes"), profile, codes, value);
    return value;
}

Prompt promptOf(const Record& record, const FieldMap& fields, const Profile& profile, const ImportOptions& options, const CodeFinder& codes)
{
    Prompt prompt;
    const char* requestField = fields.has("prompt") ? "prompt" : "messages";
    prompt.messages = messagesOf(record, fields, requestField);
    requireRequest(prompt.messages, fields.columnOf(requestField));
    if (profile.kind == ProfileKind::mmlu)
        prompt.messages.front().content = withChoices(record, fields, prompt.messages.front().content);
    if (const std::string context = fields.trimmed(record, "context"); !context.empty())
        prompt.messages.front().content = context + "\n\n---\n\n" + prompt.messages.front().content;
    addSystem(prompt.messages, fields.trimmed(record, "system"));
    prompt.id = fields.trimmed(record, "id");
    prompt.label = labelOf(record, fields, profile, options);
    prompt.expected = dispositionOf(record, fields, "expected");
    if (prompt.expected == Disposition::unknown && prompt.label != PromptLabel::attack) {
        prompt.expected = expectedOf(prompt.label);
        // A known set's definition says as much; of own rows it is a guess.
        if (profile.kind == ProfileKind::own || profile.kind == ProfileKind::star1)
            prompt.derived["expected"] = kFromTheLabel;
    }
    prompt.governingCodes = codes.named(fields.list(record, "codes"));
    prompt.goalId = fields.trimmed(record, "goal");
    prompt.siblingId = fields.trimmed(record, "sibling");
    prompt.wrapper = fields.trimmed(record, "wrapper");
    prompt.family = fields.trimmed(record, "family");
    prompt.category = joinedList(fields.list(record, "category"));
    if (profile.kind == ProfileKind::xstest && prompt.family.empty())
        prompt.family = xstestFamily(prompt.category);
    prompt.utilityAnswer = utilityAnswerOf(fields.text(record, "utility_answer"), profile.kind);
    prompt.sourceCaseId = fields.trimmed(record, "source_case");
    prompt.source = fields.trimmed(record, "source");
    if (prompt.source.empty())
        prompt.source = profile.source;
    prompt.sourceId = fields.trimmed(record, "source_id");
    return prompt;
}

Code codeOf(const Record& record, const FieldMap& fields)
{
    Code code;
    code.id = fields.trimmed(record, "id");
    code.parent = fields.trimmed(record, "parent");
    code.title = fields.trimmed(record, "title");
    if (code.title.empty())
        throw RowProblem{fields.columnOf("title"), "is empty; a title was expected"};
    code.simple = fields.trimmed(record, "simple");
    code.detailed = fields.text(record, "detailed");
    if (code.simple.empty() && !code.detailed.empty()) {
        code.simple = firstSentence(code.detailed);
        code.derived["simple"] = kFirstSentence;
    }
    if (const std::string position = fields.trimmed(record, "position"); !position.empty()) {
        if (position.size() > 6 || position.find_first_not_of("0123456789") != std::string::npos)
            throw RowProblem{fields.columnOf("position"), "is \"" + firstLine(position, 40) + "\"; a whole number was expected"};
        code.position = std::stoi(position);
    }
    return code;
}

} // namespace precedent::casebase
