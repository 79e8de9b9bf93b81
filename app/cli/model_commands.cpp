#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "precedent/base/files.h"
#include "precedent/workspace/freezer.h"

namespace precedent::cli {
namespace {

const char* stopReasonText(core::StopReason reason)
{
    switch (reason) {
    case core::StopReason::stopId:
        return "stop";
    case core::StopReason::length:
        return "length";
    case core::StopReason::context:
        return "context";
    case core::StopReason::cancelled:
        break;
    }
    return "cancelled";
}

Json infoJson(const LoadedModel& loaded)
{
    const core::ModelInfo& info = loaded.model->info();
    return {{"name", loaded.source.name}, {"path", loaded.source.folder.string()}, {"adapter", loaded.source.adapter},
        {"architecture", info.architecture}, {"parameters", info.parameters}, {"vocabulary", info.vocabulary},
        {"context_length", info.contextLength}, {"layers", info.layers}, {"hidden_size", info.hiddenSize}, {"dtype", info.dtype},
        {"sha256", info.sha256}, {"licence", workspace::licenceOf(loaded.source.folder)},
        {"chat_template", loaded.encoder.chatTemplate().name()}};
}

void addModelInfo(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string model;
        std::string casebase;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(group, "info", "What a model is", "model info starter");
    command->add_option("MODEL", options->model, "A folder, a .gguf file, starter, or run:RUN[@STEP]")->required();
    command->add_option("--casebase", options->casebase, "The casebase of the run")->type_name("CASEBASE");
    commands.on(command, [options](Context& context) -> Result<Outcome> {
        const Result<LoadedModel> loaded = loadModel(context, options->model, {}, options->casebase);
        if (!loaded)
            return loaded.error();
        Outcome outcome{infoJson(loaded.value()), {}};
        outcome.text = linesOf(outcome.json);
        if (const std::string note = loaded.value().encoder.chatTemplate().note(); !note.empty())
            outcome.text += note + "\n";
        return outcome;
    });
}

struct TokenizeOptions {
    std::string model;
    std::string text;
    std::string file;
    bool noSpecial = false;
    bool decode = false;
};

Outcome encoded(const text::Tokenizer& tokenizer, const std::string& input, bool addSpecial)
{
    const std::vector<int> ids = tokenizer.encode(input, addSpecial);
    Json tokens = Json::array();
    std::string line;
    for (const int id : ids) {
        tokens.push_back(tokenizer.tokenText(id));
        line += (line.empty() ? "" : " ") + std::to_string(id);
    }
    return Outcome{{{"ids", ids}, {"tokens", tokens}}, line + "\n"};
}

/// `input` holds ids with spaces or commas between them, in brackets or not.
Result<Outcome> decoded(const text::Tokenizer& tokenizer, std::string input, bool skipSpecial)
{
    std::replace_if(
        input.begin(), input.end(), [](char c) { return c == ',' || c == '[' || c == ']'; }, ' ');
    std::vector<int> ids;
    std::istringstream words(input);
    for (std::string word; words >> word;) {
        char* end = nullptr;
        const long id = std::strtol(word.c_str(), &end, 10);
        if (*end != '\0' || id < 0 || id >= tokenizer.vocabularySize())
            return Error(ErrorCode::invalidArgument,
                "\"" + word + "\" is no id of this tokenizer; ids go from 0 to " + std::to_string(tokenizer.vocabularySize() - 1) + ".");
        ids.push_back(static_cast<int>(id));
    }
    const std::string text = tokenizer.decode(ids, skipSpecial);
    return Outcome{{{"text", text}}, text + "\n"};
}

Result<Outcome> tokenize(const TokenizeOptions& options, bool fromFile)
{
    const Result<workspace::ModelSource> source = workspace::resolveModel(options.model);
    if (!source)
        return source.error();
    const auto tokenizer = workspace::tokenizerOf(source.value().folder);
    if (!tokenizer)
        return tokenizer.error();
    const Result<std::string> input = fromFile ? readFile(options.file) : options.text;
    if (!input)
        return input.error();
    if (options.decode)
        return decoded(*tokenizer.value(), input.value(), options.noSpecial);
    return encoded(*tokenizer.value(), input.value(), !options.noSpecial);
}

void addTokenize(CLI::App& group, Commands& commands)
{
    auto options = std::make_shared<TokenizeOptions>();
    CLI::App* command =
        addCommand(group, "tokenize", "Ids of a text, or with --decode the text of ids", "model tokenize starter --text 'Hello there'");
    command->add_option("MODEL", options->model, "A folder, a .gguf file, or starter")->required();
    CLI::Option* text = command->add_option("--text", options->text, "The text (with --decode: ids)");
    CLI::Option* file = command->add_option("--file", options->file, "Read it from a file")->excludes(text);
    command->add_flag("--no-special", options->noSpecial, "Add no beginning-of-text token; with --decode leave special tokens out");
    command->add_flag("--decode", options->decode, "The other way");
    commands.on(
        command, [options, file](Context&) { return tokenize(*options, file->count() > 0); },
        [text, file] { return std::string(text->count() + file->count() == 0 ? "Nothing to tokenize: give --text or --file." : ""); });
}

struct GenerateOptions {
    std::string model;
    std::string adapter;
    std::string casebase;
    std::string prompt;
    bool chat = false;
    core::Sampling sampling;
    int n = 1;
};

Result<Outcome> generate(const GenerateOptions& options, Context& context)
{
    const InterruptWatcher interrupt;
    const Result<LoadedModel> loaded = loadModel(context, options.model, options.adapter, options.casebase);
    if (!loaded)
        return loaded.error();
    const align::PromptEncoder& encoder = loaded.value().encoder;
    const text::RenderOptions asked{true, std::nullopt, std::string(text::kLastingDate)};
    const Result<std::string> text =
        options.chat ? encoder.chatTemplate().render({{"user", options.prompt}}, asked) : Result<std::string>(options.prompt);
    if (!text)
        return text.error();
    core::GenerationRequest request;
    request.prompts.push_back({options.chat ? encoder.encode(*text) : encoder.tokenizer().encode(*text), options.n, options.sampling.seed});
    request.sampling = options.sampling;
    request.stopIds = encoder.stopIds();
    const Result<core::GenerationResult> result = loaded.value().model->generate(request, interrupt.token());
    if (!result)
        return result.error();
    if (interrupt.interrupted())
        return Error(ErrorCode::cancelled, "Generation was interrupted.");
    const core::GenerationResult& r = result.value();
    const auto rate = [](double tokens, double seconds) { return seconds > 0 ? tokens / seconds : 0.0; };
    Outcome outcome;
    Json completions = Json::array();
    for (const core::Completion& completion : r.completions) {
        const std::string answer = options.chat ? encoder.completionText(completion.ids) : encoder.tokenizer().decode(completion.ids);
        completions.push_back({{"text", answer}, {"ids", completion.ids}, {"stop_reason", stopReasonText(completion.stopReason)}});
        outcome.text += answer + "\n";
    }
    outcome.json = {{"completions", completions}, {"prompt_tokens", r.promptTokens},
        {"prefill_tokens_per_second", rate(static_cast<double>(r.promptTokens), r.prefillSeconds)},
        {"decode_tokens_per_second", rate(static_cast<double>(r.completionTokens), r.decodeSeconds)}};
    return outcome;
}

void addGenerate(CLI::App& group, Commands& commands)
{
    auto options = std::make_shared<GenerateOptions>();
    CLI::App* command =
        addCommand(group, "generate", "Continues a text", "model generate starter --chat --prompt 'What is 4 plus 5?' --temperature 0");
    command->add_option("MODEL", options->model, "A folder, a .gguf file, starter, or run:RUN[@STEP]")->required();
    command->add_option("--prompt", options->prompt, "The text to continue")->required();
    command->add_flag("--chat", options->chat, "Put it into the chat template as a user's turn");
    command->add_option("--adapter", options->adapter, "A PEFT folder")->type_name("DIR");
    command->add_option("--casebase", options->casebase, "The casebase of the run")->type_name("CASEBASE");
    command->add_option("--max-tokens", options->sampling.maxTokens, "New tokens at most")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    command->add_option("--temperature", options->sampling.temperature, "0 is greedy")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_option("--top-k", options->sampling.topK, "0: off")->check(CLI::NonNegativeNumber)->capture_default_str();
    command->add_option("--top-p", options->sampling.topP, "1: off")->check(CLI::Range(0.0, 1.0))->capture_default_str();
    command->add_option("--seed", options->sampling.seed, "The same seed gives the same text")->capture_default_str();
    command->add_option("-n", options->n, "Completions")->check(CLI::Range(1, 4096))->capture_default_str();
    commands.on(command, [options](Context& context) { return generate(*options, context); });
}

void addLogits(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string model;
        std::string adapter;
        std::string casebase;
        std::string text;
        int top = 10;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(
        group, "logits", "The text's log-probabilities and the next token's distribution", "model logits starter --text 'Hello' --top 5");
    command->add_option("MODEL", options->model, "A folder, a .gguf file, starter, or run:RUN[@STEP]")->required();
    command->add_option("--text", options->text, "The text")->required();
    command->add_option("--top", options->top, "Candidates for the next token")->check(CLI::Range(0, 1000000))->capture_default_str();
    command->add_option("--adapter", options->adapter, "A PEFT folder")->type_name("DIR");
    command->add_option("--casebase", options->casebase, "The casebase of the run")->type_name("CASEBASE");
    commands.on(command, [options](Context& context) -> Result<Outcome> {
        const Result<LoadedModel> loaded = loadModel(context, options->model, options->adapter, options->casebase);
        if (!loaded)
            return loaded.error();
        const text::Tokenizer& tokenizer = loaded.value().encoder.tokenizer();
        const std::vector<int> ids = tokenizer.encode(options->text);
        const Result<core::LogitsResult> result = loaded.value().model->logits(ids, options->top);
        if (!result)
            return result.error();
        double sum = 0;
        for (const float logprob : result.value().logprobs)
            sum += static_cast<double>(logprob);
        const double nll = result.value().logprobs.empty() ? 0 : -sum / static_cast<double>(result.value().logprobs.size());
        Outcome outcome{{{"ids", ids}, {"logprobs", result.value().logprobs}, {"mean_nll", nll}, {"top", Json::array()}}, {}};
        outcome.text = std::to_string(ids.size()) + " tokens, mean negative log-likelihood " + std::to_string(nll) + "\n";
        for (const core::LogitsResult::Candidate& c : result.value().top) {
            outcome.json["top"].push_back({{"id", c.id}, {"token", tokenizer.tokenText(c.id)}, {"logit", c.logit}, {"logprob", c.logprob}});
            outcome.text += std::to_string(c.id) + "\t" + tokenizer.tokenText(c.id) + "\t" + std::to_string(c.logprob) + "\n";
        }
        return outcome;
    });
}

} // namespace

void addModelCommands(CLI::App& app, Commands& commands)
{
    CLI::App* group = addCommand(app, "model", "Models: what they are, their tokens, their text", "model info starter");
    group->require_subcommand(1);
    addModelInfo(*group, commands);
    addModelCatalogCommands(*group, commands);
    addModelExport(*group, commands);
    addTokenize(*group, commands);
    addRenderCommand(*group, commands);
    addGenerate(*group, commands);
    addLogits(*group, commands);
    addModelBench(*group, commands);
}

} // namespace precedent::cli
