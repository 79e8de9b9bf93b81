#include "precedent/workspace/run_inputs_json.h"

#include "precedent/align/run_spec_json.h"
#include "precedent/base/digest.h"

namespace precedent::workspace {
namespace {

Json toJson(const core::Code& code)
{
    return {{"id", code.id}, {"parent", code.parent}, {"title", code.title}, {"simple", code.simple}, {"detailed", code.detailed}};
}

Json toJson(const core::Case& value)
{
    return {{"id", value.id}, {"request", messagesToJson(value.request)}, {"codes", value.codes},
        {"disposition", toString(value.disposition)}, {"chain", value.chain}, {"answer", value.answer}, {"twin", value.twinId}};
}

Json toJson(const core::TrainingPrompt& prompt)
{
    return {{"id", prompt.id}, {"messages", messagesToJson(prompt.messages)}, {"label", toString(prompt.label)},
        {"expected", toString(prompt.expected)}, {"codes", prompt.governingCodes}, {"utility_answer", prompt.utilityAnswer},
        {"source_case", prompt.sourceCaseId}, {"retrieved", prompt.retrieved}};
}

Json toJson(const core::GivenExample& example)
{
    return {{"id", example.id}, {"request", messagesToJson(example.request)}, {"chain", example.chain}, {"answer", example.answer}};
}

Json toJson(const core::ContextTemplates& templates)
{
    return {{"codes_header", templates.codesHeader}, {"code_line", templates.codeLine}, {"cases_header", templates.casesHeader},
        {"case_block", templates.caseBlock}, {"instruction", templates.instruction}, {"chain_open", templates.chainOpen},
        {"chain_close", templates.chainClose}, {"open_in_prompt", templates.openInPrompt}};
}

template <typename T>
Json listToJson(const std::vector<T>& values)
{
    Json list = Json::array();
    for (const T& value : values)
        list.push_back(toJson(value));
    return list;
}

std::vector<Message> messagesFrom(const Json& json)
{
    std::vector<Message> messages;
    for (const Json& message : json)
        messages.push_back({message.at("role").get<std::string>(), message.at("content").get<std::string>()});
    return messages;
}

/// at() and get() throw on anything unexpected; runInputsFromJson() translates.
core::RunInputs read(const Json& json)
{
    core::RunInputs inputs;
    inputs.runId = json.at("run").get<std::string>();
    inputs.modelFolder = json.at("model_folder").get<std::string>();
    inputs.outputFolder = json.at("output_folder").get<std::string>();
    inputs.contentHash = json.at("content_hash").get<std::string>();
    for (const Json& c : json.at("codes"))
        inputs.codes.push_back({c.at("id"), c.at("parent"), c.at("title"), c.at("simple"), c.at("detailed")});
    for (const Json& c : json.at("cases"))
        inputs.cases.push_back({c.at("id"), messagesFrom(c.at("request")), c.at("codes").get<std::vector<std::string>>(),
            dispositionFromString(c.at("disposition").get<std::string>()).value_or(Disposition::unknown), c.at("chain"), c.at("answer"),
            c.at("twin")});
    inputs.exampleCases = json.at("example_cases").get<std::vector<std::string>>();
    for (const Json& e : json.value("given_examples", Json::array()))
        inputs.givenExamples.push_back({e.at("id"), messagesFrom(e.at("request")), e.at("chain"), e.at("answer")});
    for (const Json& p : json.at("prompts")) {
        core::TrainingPrompt prompt;
        prompt.id = p.at("id").get<std::string>();
        prompt.messages = messagesFrom(p.at("messages"));
        prompt.label = promptLabelFromString(p.at("label").get<std::string>()).value_or(PromptLabel::benign);
        prompt.expected = dispositionFromString(p.at("expected").get<std::string>()).value_or(Disposition::unknown);
        prompt.governingCodes = p.at("codes").get<std::vector<std::string>>();
        prompt.utilityAnswer = p.at("utility_answer").get<std::string>();
        prompt.sourceCaseId = p.at("source_case").get<std::string>();
        prompt.retrieved = p.at("retrieved").get<std::vector<std::string>>();
        inputs.prompts.push_back(std::move(prompt));
    }
    const Json& t = json.at("templates");
    inputs.templates = {t.at("codes_header"), t.at("code_line"), t.at("cases_header"), t.at("case_block"), t.at("instruction"),
        t.at("chain_open"), t.at("chain_close"), t.at("open_in_prompt").get<bool>()};
    return inputs;
}

} // namespace

Json messagesToJson(const std::vector<Message>& messages)
{
    Json list = Json::array();
    for (const Message& message : messages)
        list.push_back({{"role", message.role}, {"content", message.content}});
    return list;
}

Json toJson(const core::RunInputs& inputs)
{
    return {{"run", inputs.runId}, {"spec", align::toJson(inputs.spec)}, {"model_folder", inputs.modelFolder},
        {"output_folder", inputs.outputFolder}, {"content_hash", inputs.contentHash}, {"templates", toJson(inputs.templates)},
        {"codes", listToJson(inputs.codes)}, {"cases", listToJson(inputs.cases)}, {"example_cases", inputs.exampleCases},
        {"given_examples", listToJson(inputs.givenExamples)}, {"prompts", listToJson(inputs.prompts)}};
}

Result<core::RunInputs> runInputsFromJson(const Json& json)
{
    try {
        core::RunInputs inputs = read(json);
        Result<core::RunSpec> spec = align::runSpecFromJson(json.at("spec"));
        if (!spec)
            return spec.error().in("the run's frozen spec");
        inputs.spec = std::move(*spec);
        return inputs;
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, std::string("The run's frozen inputs cannot be read: ") + e.what() + ".",
            "The run cannot be continued; its steps and rollouts are still there. Start a new run.");
    }
}

std::string contentHash(const core::RunInputs& inputs)
{
    Sha256 digest;
    digest.addField(dumpJson(toJson(inputs.templates)));
    digest.addField(dumpJson(listToJson(inputs.codes)));
    digest.addField(dumpJson(listToJson(inputs.cases)));
    digest.addField(dumpJson(Json(inputs.exampleCases)));
    digest.addField(dumpJson(listToJson(inputs.prompts)));
    if (!inputs.givenExamples.empty()) // runs without them keep the hash that they had before there were any
        digest.addField(dumpJson(listToJson(inputs.givenExamples)));
    return digest.hex();
}

} // namespace precedent::workspace
