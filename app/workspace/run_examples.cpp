#include "precedent/workspace/run_examples.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <tuple>

#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/remote/chat_endpoint.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_inputs_json.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExamplesFile = "examples.json"; // of a checkpoint
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

using Place = std::tuple<int, int, int>; ///< step, group, index

/// Where what was kept comes from.
struct Places {
    std::set<Place> kept, rejected;
    int upTo = 0; ///< the step of the checkpoint that says so; 0: none is left on disk
};

/// As the newest checkpoint on disk has them.
Result<Places> placesOf(const casebase::Casebase& casebase, const std::string& run)
{
    const Result<std::vector<casebase::Checkpoint>> checkpoints = casebase.runs().checkpoints(run);
    if (!checkpoints)
        return checkpoints.error();
    std::error_code ec;
    fs::path file;
    Places places;
    for (auto c = checkpoints.value().rbegin(); file.empty() && c != checkpoints.value().rend(); ++c) {
        if (const fs::path candidate = folderFromStored(casebase.path(), c->folder) / kExamplesFile; fs::exists(candidate, ec))
            std::tie(file, places.upTo) = std::pair(candidate, c->step);
    }
    if (file.empty())
        return places;
    const Result<std::string> text = readFile(file, kMostBytes);
    if (!text)
        return text.error();
    const Result<Json> json = parseJson(text.value(), file.string());
    if (!json)
        return json.error();
    try {
        for (const Json& e : json.value().at("examples")) {
            const int step = e.at("step").get<int>(), group = e.at("group").get<int>();
            places.kept.insert({step, group, e.at("index").get<int>()});
            if (const int rejected = e.value("rejected_index", -1); rejected >= 0)
                places.rejected.insert({step, group, rejected});
        }
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, file.string() + " does not say where its examples come from: " + e.what() + ".");
    }
    return places;
}

Error badLine(const fs::path& file, int line, const std::string& what)
{
    return {ErrorCode::invalidArgument, file.string() + ", line " + std::to_string(line) + ": " + what,
        "A line is {\"request\": a text or messages, \"chain\": ..., \"answer\": ...}; run examples --export writes them."};
}

/// An empty sentence if `json` is a request.
std::string readRequest(const Json& json, std::vector<Message>& request)
{
    if (json.is_string()) {
        request = {{"user", json.get<std::string>()}};
    } else if (json.is_array()) {
        for (const Json& message : json) {
            const bool whole =
                message.is_object() && message.value("role", Json()).is_string() && message.value("content", Json()).is_string();
            if (!whole)
                return "a message of `request` needs a role and a content, both texts.";
            request.push_back({message.at("role").get<std::string>(), message.at("content").get<std::string>()});
        }
    } else {
        return "there is no `request`: a text, or a list of messages.";
    }
    const bool asks = std::any_of(request.begin(), request.end(),
        [](const Message& m) { return m.role == "user" && m.content.find_first_not_of(" \t\r\n") != std::string::npos; });
    return asks ? std::string() : "`request` has no turn of the user with a text.";
}

/// An empty sentence if the line is an example; `kept` is false for one that is to be skipped.
std::string readExample(const Json& json, core::GivenExample& example, bool& kept)
{
    if (!json.is_object())
        return "it is no JSON object.";
    const auto textOf = [&](const char* key, std::string& out) {
        const auto found = json.find(key);
        if (found == json.end() || found->is_null())
            return true;
        if (!found->is_string())
            return false;
        out = found->get<std::string>();
        return true;
    };
    if (const auto found = json.find("kept"); found != json.end()) {
        if (!found->is_boolean())
            return "`kept` is neither true nor false.";
        kept = found->get<bool>();
    }
    const std::pair<const char*, std::string*> texts[] = {{"id", &example.id}, {"chain", &example.chain}, {"answer", &example.answer}};
    for (const auto& [key, field] : texts) {
        if (!textOf(key, *field))
            return std::string("`") + key + "` is no text.";
    }
    if (example.answer.find_first_not_of(" \t\r\n") == std::string::npos)
        return "there is no `answer`.";
    return readRequest(json.value("request", Json()), example.request);
}

} // namespace

Result<std::vector<GeneratedExample>> generatedExamples(const casebase::Casebase& casebase, const std::string& name)
{
    const Result<core::RunInputs> inputs = loadRun(casebase, name);
    if (!inputs)
        return inputs.error();
    const std::string& run = inputs.value().runId;
    const int steps = inputs.value().spec.selfGenerationSteps;
    if (steps == 0)
        return Error(ErrorCode::failedPrecondition, "Run " + run + " generated no examples for itself.",
            "Give it self_generation_steps; with max_steps as many it does nothing else.");
    const Result<Places> places = placesOf(casebase, run);
    if (!places)
        return places.error();
    if (places.value().upTo == 0)
        return Error(ErrorCode::failedPrecondition, "No checkpoint of run " + run + " is left that says which chains it kept.",
            "Let the run reach a checkpoint (save_steps).");
    std::vector<GeneratedExample> examples;
    for (int step = 1; step <= steps; ++step) {
        Result<std::vector<casebase::Rollout>> rollouts = casebase.runs().rollouts(run, step);
        if (!rollouts)
            return rollouts.error();
        for (casebase::Rollout& rollout : *rollouts) {
            const Place place{rollout.step, rollout.group, rollout.index};
            examples.push_back({std::move(rollout), places.value().kept.contains(place), places.value().rejected.contains(place)});
        }
    }
    return examples;
}

Result<std::optional<StepExamples>> stepExamples(const casebase::Casebase& casebase, const std::string& run, int step)
{
    const Result<Places> places = placesOf(casebase, run);
    if (!places)
        return places.error();
    if (places.value().upTo < step)
        return std::optional<StepExamples>{};
    const auto ofStep = [step](const std::set<Place>& all) {
        std::set<std::pair<int, int>> of;
        for (const auto& [s, group, index] : all) {
            if (s == step)
                of.insert({group, index});
        }
        return of;
    };
    return std::optional(StepExamples{ofStep(places.value().kept), ofStep(places.value().rejected)});
}

Result<std::int64_t> exportExamples(const casebase::Casebase& casebase, const std::string& name, const fs::path& file)
{
    const Result<core::RunInputs> inputs = loadRun(casebase, name);
    if (!inputs)
        return inputs.error();
    const Result<std::vector<GeneratedExample>> examples = generatedExamples(casebase, name);
    if (!examples)
        return examples.error();
    std::map<std::string, const core::TrainingPrompt*> prompts;
    for (const core::TrainingPrompt& prompt : inputs.value().prompts)
        prompts.emplace(prompt.id, &prompt);
    std::optional<remote::ChatEndpoint> drawer;
    if (const std::string& endpoint = inputs.value().spec.selfGenerationEndpoint; !endpoint.empty()) {
        Result<remote::ChatEndpoint> named = remote::endpointNamed(endpoint);
        if (!named)
            return named.error();
        drawer = std::move(*named);
    }
    std::string lines;
    std::int64_t n = 0;
    for (const GeneratedExample& example : examples.value()) {
        const casebase::Rollout& r = example.rollout;
        const auto prompt = prompts.find(r.promptId);
        if (!example.kept || prompt == prompts.end())
            continue;
        Json line = {{"id", r.promptId}, {"request", messagesToJson(prompt->second->messages)}, {"chain", r.chain}, {"answer", r.answer},
            {"score", r.reward}, {"kept", true},
            {"provenance",
                {{"run", inputs.value().runId}, {"step", r.step}, {"group", r.group}, {"index", r.index}, {"mode", toString(r.mode)},
                    {"model", drawer ? drawer->model : inputs.value().spec.model}}}};
        if (drawer)
            line["provenance"]["server"] = drawer->url;
        lines += dumpJson(line) + "\n";
        ++n;
    }
    PRECEDENT_TRY(writeFileAtomically(file, lines));
    return n;
}

Result<std::vector<core::GivenExample>> readExamples(const fs::path& file)
{
    const Result<std::string> text = readFile(file, kMostBytes);
    if (!text)
        return text.error();
    std::vector<core::GivenExample> examples;
    std::istringstream lines(text.value());
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        const Result<Json> json = parseJson(line, "it");
        if (!json)
            return badLine(file, number, json.error().message());
        core::GivenExample example;
        bool kept = true;
        if (const std::string wrong = readExample(json.value(), example, kept); !wrong.empty())
            return badLine(file, number, wrong);
        if (example.id.empty())
            example.id = "line-" + std::to_string(number);
        if (kept)
            examples.push_back(std::move(example));
    }
    if (examples.empty())
        return Error(ErrorCode::invalidArgument, file.string() + " holds no example to learn from.", "Write a line for each.");
    return examples;
}

} // namespace precedent::workspace
