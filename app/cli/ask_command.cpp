#include <algorithm>
#include <memory>

#include "app/cli/case_options.h"
#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "precedent/workspace/asking.h"

namespace precedent::cli {
namespace {

struct AskOptions {
    std::string model;
    std::string adapter;
    std::string casebase;
    std::string mode;
    std::string prompt;
    std::string retrieval;
    workspace::AskRequest request;
};

Outcome outcomeOf(const workspace::AskAnswer& answer, const workspace::AskPrompt& prompt)
{
    const auto cases =
        std::count_if(prompt.shown.begin(), prompt.shown.end(), [](const workspace::AskPrompt::Shown& item) { return item.isCase; });
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
        {"verdict", toString(answer.verdict)}, {"reasons", answer.reasons}, {"citations", citations}, {"context", prompt.rendered},
        {"cases_shown", cases}, {"cases_dropped", prompt.casesDropped}};
    outcome.text = "chain: " + answer.chain + "\n\n" + answer.answer + "\n\nverdict: " + toString(answer.verdict);
    for (const std::string& reason : answer.reasons)
        outcome.text += "\n  " + reason;
    outcome.text += "\ncites: " + (cited.empty() ? "nothing" : cited) + "\n";
    if (!answer.parseProblem.empty())
        outcome.text += answer.parseProblem + "\n";
    if (prompt.casesDropped > 0)
        outcome.text += std::to_string(prompt.casesDropped) + " cases gave way to the model's context.\n";
    return outcome;
}

Result<Outcome> ask(const AskOptions& options, Context& context)
{
    const InterruptWatcher interrupt;
    workspace::AskRequest request = options.request;
    request.messages = {{"user", options.prompt}};
    request.mode = modeFromString(options.mode).value_or(Mode::none);
    takeRetrieval(request.cases, options.retrieval);
    PRECEDENT_TRY(workspace::check(request.cases));
    const bool byVectors = request.mode == Mode::cases && workspace::needsVectors(request.cases);
    std::unique_ptr<casebase::Casebase> casebase;
    if (!options.casebase.empty()) {
        // The cases' vectors, once computed, are kept in the casebase for the next question.
        Result<std::unique_ptr<casebase::Casebase>> opened = byVectors
            ? casebase::Casebase::openAsAllowed(options.casebase)
            : casebase::Casebase::open(options.casebase, casebase::OpenMode::readOnly);
        if (!opened)
            return opened.error();
        casebase = std::move(*opened);
    }
    Result<workspace::ModelSource> source = workspace::resolveModel(options.model, casebase.get());
    if (!source)
        return source.error();
    if (!options.adapter.empty())
        source->adapter = options.adapter;
    const Result<core::Engine*> engine = openEngine(context);
    if (!engine)
        return engine.error();
    const Result<workspace::AskedModel> asked = workspace::loadAsked(*engine.value(), {source->folder.string(), source->adapter});
    if (!asked)
        return asked.error();
    workspace::Asker asker;
    if (byVectors && casebase) {
        Result<std::shared_ptr<workspace::TextVectors>> vectors =
            workspace::vectorsFor(*casebase, request.cases, *source, asked.value().model, [&] { return engine; });
        if (!vectors)
            return vectors.error();
        asker.setVectors(std::move(*vectors));
    }
    const Result<workspace::AskPrompt> prompt = asker.prepare(request, casebase.get(), asked.value().encoder, asked.value().templates,
        asked.value().model->info().contextLength, interrupt.token());
    if (!prompt)
        return prompt.error();
    const Result<std::vector<workspace::AskAnswer>> answers =
        workspace::answerAll({prompt.value()}, asked.value(), casebase.get(), nullptr, interrupt.token());
    if (!answers)
        return answers.error();
    if (answers.value().front().stopped)
        return Error(ErrorCode::cancelled, "The request was interrupted.");
    return outcomeOf(answers.value().front(), prompt.value());
}

} // namespace

void addAskCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<AskOptions>();
    options->request.sampling.temperature = 0;
    CLI::App* command = addCommand(app, "ask", "One request: chain, answer, verdict, citations",
        "ask --model starter --casebase demo.casebase --mode cases 'How do I keep bees calm?'");
    command->add_option("--model", options->model, "A folder, a .gguf file, starter, or run:RUN[@STEP]")->required();
    command->add_option("--adapter", options->adapter, "A PEFT folder")->type_name("DIR");
    command->add_option("--casebase", options->casebase, "Where codes and cases come from")->type_name("CASEBASE");
    command->add_option("--mode", options->mode, "What the context holds")->required()->check(CLI::IsMember({"none", "codes", "cases"}));
    command->add_option("PROMPT", options->prompt, "The request")->required();
    addCaseOptions(*command, options->request.cases, options->retrieval);
    command->add_option("--max-tokens", options->request.sampling.maxTokens, "New tokens at most")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    command->add_option("--begin-chain", options->request.beginChain, "Words that the model's chain begins with, as if it had written them")
        ->type_name("TEXT");
    command
        ->add_option("--begin-answer", options->request.beginAnswer,
            "Words that its answer begins with; its chain is closed before them, empty unless --begin-chain is given")
        ->type_name("TEXT");
    command->add_option("--temperature", options->request.sampling.temperature, "0 is greedy")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_option("--seed", options->request.sampling.seed, "The same seed gives the same answer")->capture_default_str();
    commands.on(command, [options](Context& context) { return ask(*options, context); });
}

} // namespace precedent::cli
