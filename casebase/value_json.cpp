#include "precedent/casebase/value_json.h"

#include "casebase/connection.h"

namespace precedent::casebase {
namespace {

void put(Json& json, const char* key, const std::string& value)
{
    if (!value.empty())
        json[key] = value;
}

void put(Json& json, const char* key, const DerivedMarks& marks)
{
    if (!marks.empty())
        json[key] = marks;
}

const Json* find(const Json& json, const char* key)
{
    const auto it = json.find(key);
    return it == json.end() || it->is_null() ? nullptr : &*it;
}

std::string text(const Json& json, const char* key)
{
    const Json* value = find(json, key);
    if (value == nullptr)
        return {};
    if (!value->is_string())
        fail(ErrorCode::corrupt, std::string("The field \"") + key + "\" is not a text.");
    return value->get<std::string>();
}

std::vector<std::string> texts(const Json& json, const char* key)
{
    std::vector<std::string> result;
    const Json* value = find(json, key);
    if (value == nullptr)
        return result;
    if (!value->is_array())
        fail(ErrorCode::corrupt, std::string("The field \"") + key + "\" is not a list.");
    for (const Json& item : *value) {
        if (!item.is_string())
            fail(ErrorCode::corrupt, std::string("The list \"") + key + "\" holds something that is not a text.");
        result.push_back(item.get<std::string>());
    }
    return result;
}

DerivedMarks marks(const Json& json)
{
    DerivedMarks result;
    const Json* value = find(json, "derived");
    if (value == nullptr)
        return result;
    if (!value->is_object())
        fail(ErrorCode::corrupt, "The field \"derived\" is not an object of field and how it was derived.");
    for (const auto& [field, how] : value->items())
        result[field] = how.is_string() ? how.get<std::string>() : dumpJson(how);
    return result;
}

template <typename Enum>
Enum named(const Json& json, const char* key, std::optional<Enum> (*fromString)(std::string_view), Enum otherwise)
{
    const std::string spelling = text(json, key);
    if (spelling.empty())
        return otherwise;
    const auto value = fromString(spelling);
    if (!value)
        fail(ErrorCode::corrupt, std::string("The field \"") + key + "\" has the unknown value \"" + spelling + "\".");
    return *value;
}

std::vector<Message> messages(const Json& json, const char* key)
{
    const Json* value = find(json, key);
    if (value == nullptr)
        fail(ErrorCode::corrupt, std::string("The field \"") + key + "\" is missing.");
    return require(messagesFromJson(*value));
}

/// Runs a reader that throws and gives its value or its error.
template <typename Value, typename Reader>
Result<Value> reading(const Json& json, const Reader& reader)
{
    if (!json.is_object())
        return Error(ErrorCode::corrupt, "An object was expected.");
    try {
        return reader();
    } catch (const Failure& failure) {
        return failure.error();
    } catch (const std::exception& exception) {
        return Error(ErrorCode::corrupt, exception.what());
    }
}

std::vector<GoverningCode> governing(const Json& json)
{
    std::vector<GoverningCode> result;
    const Json* value = find(json, "codes");
    if (value == nullptr)
        return result;
    for (const Json& item : *value) {
        if (item.is_string()) {
            result.push_back({item.get<std::string>(), true});
        } else if (item.is_object()) {
            const Json* decides = find(item, "decides");
            result.push_back({text(item, "code"), decides == nullptr || decides->get<bool>()});
        } else {
            fail(ErrorCode::corrupt, "The list \"codes\" holds something that is neither an id nor an object.");
        }
    }
    return result;
}

} // namespace

Json messagesToJson(const std::vector<Message>& messages)
{
    Json json = Json::array();
    for (const Message& message : messages)
        json.push_back({{"role", message.role}, {"content", message.content}});
    return json;
}

Result<std::vector<Message>> messagesFromJson(const Json& json)
{
    std::vector<Message> result;
    if (!json.is_array())
        return Error(ErrorCode::corrupt, "Messages are not a list of {role, content}.");
    for (const Json& item : json) {
        const auto role = item.is_object() ? item.find("role") : item.end();
        const auto content = item.is_object() ? item.find("content") : item.end();
        if (!item.is_object() || role == item.end() || content == item.end() || !role->is_string() || !content->is_string())
            return Error(ErrorCode::corrupt, "A message is not an object with the texts \"role\" and \"content\".");
        Message message{role->get<std::string>(), content->get<std::string>()};
        if (message.role != "system" && message.role != "user" && message.role != "assistant")
            return Error(ErrorCode::corrupt, "A message has the role \"" + message.role + "\"; system, user or assistant was expected.");
        result.push_back(std::move(message));
    }
    return result;
}

Json toJson(const Code& code)
{
    Json json = {{"id", code.id}};
    put(json, "parent", code.parent);
    json["title"] = code.title;
    json["simple"] = code.simple;
    json["detailed"] = code.detailed;
    json["position"] = code.position;
    put(json, "derived", code.derived);
    return json;
}

Json toJson(const Case& value)
{
    Json json = {{"id", value.id}, {"request", messagesToJson(value.request)}};
    json["codes"] = Json::array();
    for (const GoverningCode& code : value.codes)
        json["codes"].push_back({{"code", code.code}, {"decides", code.decides}});
    json["disposition"] = toString(value.disposition);
    json["chain"] = value.chain;
    json["answer"] = value.answer;
    put(json, "notes", value.notes);
    json["status"] = toString(value.status);
    put(json, "source", value.source);
    put(json, "source_id", value.sourceId);
    if (!value.tags.empty())
        json["tags"] = value.tags;
    put(json, "twin", value.twinId);
    put(json, "twin_difference", value.twinDifference);
    put(json, "surface", value.surface);
    put(json, "audience", value.audience);
    put(json, "language", value.language);
    put(json, "jurisdiction", value.jurisdiction);
    put(json, "derived", value.derived);
    return json;
}

Json toJson(const Prompt& prompt)
{
    Json json = {{"id", prompt.id}, {"messages", messagesToJson(prompt.messages)}, {"label", toString(prompt.label)}};
    json["expected"] = toString(prompt.expected);
    if (!prompt.governingCodes.empty())
        json["codes"] = prompt.governingCodes;
    put(json, "goal", prompt.goalId);
    put(json, "sibling", prompt.siblingId);
    put(json, "wrapper", prompt.wrapper);
    put(json, "family", prompt.family);
    put(json, "utility_answer", prompt.utilityAnswer);
    put(json, "source_case", prompt.sourceCaseId);
    put(json, "source", prompt.source);
    put(json, "source_id", prompt.sourceId);
    put(json, "category", prompt.category);
    put(json, "derived", prompt.derived);
    return json;
}

Result<Code> codeFromJson(const Json& json)
{
    return reading<Code>(json, [&]() -> Code {
        Code code;
        code.id = text(json, "id");
        code.parent = text(json, "parent");
        code.title = text(json, "title");
        code.simple = text(json, "simple");
        code.detailed = text(json, "detailed");
        if (const Json* position = find(json, "position"))
            code.position = position->get<int>();
        code.derived = marks(json);
        return code;
    });
}

Result<Case> caseFromJson(const Json& json)
{
    return reading<Case>(json, [&]() -> Case {
        Case value;
        value.id = text(json, "id");
        value.request = messages(json, "request");
        value.codes = governing(json);
        value.disposition = named(json, "disposition", dispositionFromString, Disposition::unknown);
        value.chain = text(json, "chain");
        value.answer = text(json, "answer");
        value.notes = text(json, "notes");
        value.status = named(json, "status", caseStatusFromString, CaseStatus::draft);
        value.source = text(json, "source");
        value.sourceId = text(json, "source_id");
        value.tags = texts(json, "tags");
        value.twinId = text(json, "twin");
        value.twinDifference = text(json, "twin_difference");
        value.surface = text(json, "surface");
        value.audience = text(json, "audience");
        value.language = text(json, "language");
        value.jurisdiction = text(json, "jurisdiction");
        value.derived = marks(json);
        return value;
    });
}

Result<Prompt> promptFromJson(const Json& json)
{
    return reading<Prompt>(json, [&]() -> Prompt {
        Prompt prompt;
        prompt.id = text(json, "id");
        prompt.messages = messages(json, "messages");
        prompt.label = named(json, "label", promptLabelFromString, PromptLabel::benign);
        prompt.expected = named(json, "expected", dispositionFromString, Disposition::unknown);
        prompt.governingCodes = texts(json, "codes");
        prompt.goalId = text(json, "goal");
        prompt.siblingId = text(json, "sibling");
        prompt.wrapper = text(json, "wrapper");
        prompt.family = text(json, "family");
        prompt.utilityAnswer = text(json, "utility_answer");
        prompt.sourceCaseId = text(json, "source_case");
        prompt.source = text(json, "source");
        prompt.sourceId = text(json, "source_id");
        prompt.category = text(json, "category");
        prompt.derived = marks(json);
        return prompt;
    });
}

} // namespace precedent::casebase
