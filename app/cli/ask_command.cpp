#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "precedent/align/templates.h"
#include "precedent/workspace/asking.h"

namespace precedent::cli {
namespace {

struct AskOptions {
    std::string model;
    std::string adapter;
    std::string casebase;
    std::string mode;
    workspace::AskRequest request;
};

Outcome outcomeOf(const workspace::AskAnswer& answer)
{
    Outcome outcome;
    Json citations = Json::array();
    std::string cited;
    for (const workspace::AskAnswer::Citation& c : answer.citations) {
        // No governing code is recorded for a request that somebody just typed.
        citations.push_back({{"id", c.id}, {"in_context", c.inContext}, {"exists", c.exists}, {"governs", nullptr}});
        cited += (cited.empty() ? "" : ", ") + c.id +
            (c.inContext       ? ""
                    : c.exists ? " (from memory, not in the prompt)"
                               : " (does not exist)");
    }
    outcome.json = {{"text", answer.text}, {"chain", answer.chain}, {"answer", answer.answer}, {"parse_problem", answer.parseProblem},
        {"verdict", toString(answer.verdict)}, {"reasons", answer.reasons}, {"citations", citations}, {"context", answer.context},
        {"cases_shown", answer.casesShown}, {"cases_dropped", answer.casesDropped}};
    outcome.text = "chain: " + answer.chain + "\n\n" + answer.answer + "\n\nverdict: " + toString(answer.verdict);
    for (const std::string& reason : answer.reasons)
        outcome.text += "\n  " + reason;
    outcome.text += "\ncites: " + (cited.empty() ? "nothing" : cited) + "\n";
    if (!answer.parseProblem.empty())
        outcome.text += answer.parseProblem + "\n";
    if (answer.casesDropped > 0)
        outcome.text += std::to_string(answer.casesDropped) + " cases gave way to the model's context.\n";
    return outcome;
}

Result<Outcome> ask(const AskOptions& options, Context& context)
{
    const InterruptWatcher interrupt;
    std::unique_ptr<casebase::Casebase> casebase;
    if (!options.casebase.empty()) {
        Result<std::unique_ptr<casebase::Casebase>> opened = casebase::Casebase::open(options.casebase, casebase::OpenMode::readOnly);
        if (!opened)
            return opened.error();
        casebase = std::move(*opened);
    }
    const Result<LoadedModel> loaded = loadModel(context, options.model, options.adapter, options.casebase);
    if (!loaded)
        return loaded.error();
    const Result<std::filesystem::path> folder = align::templateFolderFor(loaded.value().source.folder);
    if (!folder)
        return folder.error();
    const Result<core::ContextTemplates> templates = align::loadTemplates(folder.value());
    if (!templates)
        return templates.error();
    workspace::AskRequest request = options.request;
    request.mode = modeFromString(options.mode).value_or(Mode::none);
    const Result<workspace::AskAnswer> answer =
        workspace::ask(request, loaded.value().encoder, templates.value(), casebase.get(), *loaded.value().model, interrupt.token());
    if (!answer)
        return answer.error();
    return outcomeOf(answer.value());
}

} // namespace

void addAskCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<AskOptions>();
    options->request.sampling.temperature = 0;
    CLI::App* command = addCommand(app, "ask", "One request: chain, answer, verdict, citations",
        "ask --model starter --casebase demo.casebase --mode cases 'How do I keep bees calm?'");
    command->add_option("--model", options->model, "A folder, starter, or run:RUN[@STEP]")->required();
    command->add_option("--adapter", options->adapter, "A PEFT folder")->type_name("DIR");
    command->add_option("--casebase", options->casebase, "Where codes and cases come from")->type_name("CASEBASE");
    command->add_option("--mode", options->mode, "What the context holds")->required()->check(CLI::IsMember({"none", "codes", "cases"}));
    command->add_option("PROMPT", options->request.text, "The request")->required();
    command->add_option("--cases-per-prompt", options->request.casesPerPrompt, "Cases shown at most")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str();
    command->add_option("--max-tokens", options->request.sampling.maxTokens, "New tokens at most")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    command->add_option("--temperature", options->request.sampling.temperature, "0 is greedy")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_option("--seed", options->request.sampling.seed, "The same seed gives the same answer")->capture_default_str();
    commands.on(command, [options](Context& context) { return ask(*options, context); });
}

} // namespace precedent::cli
