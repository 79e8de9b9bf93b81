#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/progress.h"
#include "precedent/workspace/freezer.h"
#include "precedent/workspace/model_catalog.h"

namespace precedent::cli {
namespace {

/// The keys of `model info`.
Json cardJson(const workspace::ModelCard& card)
{
    return {{"name", card.name}, {"path", card.folder.string()}, {"adapter", ""}, {"architecture", card.architecture},
        {"parameters", card.parameters}, {"vocabulary", card.vocabulary}, {"context_length", card.contextLength}, {"layers", card.layers},
        {"hidden_size", card.hiddenSize}, {"dtype", card.dtype}, {"sha256", card.sha256}, {"licence", card.licence},
        {"chat_template", card.templateName}};
}

/// Fills in the card's digest, telling how far it is where that takes long.
Status completeDigest(workspace::ModelCard& card, const Context& context, const InterruptWatcher& interrupt)
{
    Progress progress("Checking " + card.name, context.globals().quiet);
    Result<std::string> digest = workspace::modelDigest(card.weightFiles, [&](std::int64_t read, std::int64_t total) {
        if (read < total)
            progress.update(read, total);
        return !interrupt.interrupted();
    });
    progress.finish();
    if (!digest)
        return digest.error();
    card.sha256 = *std::move(digest);
    return {};
}

void addModelImport(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string source;
        workspace::AddModelOptions add;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(group, "import", "Gives a model folder or GGUF file a name, once it is sure that it can be loaded",
        "model import ~/models/my-llama --name my-llama");
    command
        ->add_option("SOURCE", options->source, "A folder (config.json, model.safetensors or its shards, tokenizer.json) or a .gguf file")
        ->required();
    command->add_option("--name", options->add.name, "What to call it; else its own name")->type_name("NAME");
    command->add_flag("--copy", options->add.copy, "Copy it to the other models of this user, instead of using it where it is");
    command->add_flag("--dry-run", options->add.dryRun, "Check everything and write nothing");
    commands.on(command, [options](Context& context) -> Result<Outcome> {
        const InterruptWatcher interrupt;
        Result<workspace::ModelCard> card = workspace::addModel(options->source, options->add);
        if (!card)
            return card.error();
        if (!options->add.dryRun)
            PRECEDENT_TRY(completeDigest(*card, context, interrupt));
        Outcome outcome{cardJson(*card), {}};
        outcome.json["copied"] = options->add.copy;
        outcome.json["dry_run"] = options->add.dryRun;
        outcome.text = linesOf(cardJson(*card));
        if (!card->templateNote.empty())
            outcome.text += card->templateNote + "\n";
        if (options->add.dryRun)
            outcome.text += "Nothing was written.\n";
        return outcome;
    });
}

void addModelList(CLI::App& group, Commands& commands)
{
    CLI::App* command =
        addCommand(group, "list", "The models at hand: the starter, those that were added, and the user's models folder", "model list");
    commands.on(command, [](Context& context) -> Result<Outcome> {
        const InterruptWatcher interrupt;
        const workspace::ModelPlaces all = workspace::modelPlaces();
        PRECEDENT_TRY(all.registry);
        Outcome outcome;
        outcome.json["models"] = Json::array();
        outcome.json["problems"] = Json::array();
        for (const workspace::ModelPlace& place : all.places) {
            workspace::ModelCard card = workspace::readModelCard(place);
            if (!card.loads()) {
                context.note(card.name + ": " + card.problem);
                outcome.json["problems"].push_back({{"name", card.name}, {"path", card.folder.string()}, {"message", card.problem}});
                continue;
            }
            PRECEDENT_TRY(completeDigest(card, context, interrupt));
            outcome.json["models"].push_back(cardJson(card));
            outcome.text += card.name + ": " + card.architecture + ", " + workspace::grouped(card.parameters) + " parameters, vocabulary " +
                workspace::grouped(card.vocabulary) + ", context " + workspace::grouped(card.contextLength) + "\n";
        }
        if (all.places.empty())
            outcome.text = "No model is at hand. Add one: precedent-cli model import FOLDER, or FILE.gguf.\n";
        return outcome;
    });
}

} // namespace

void addModelCatalogCommands(CLI::App& group, Commands& commands)
{
    addModelImport(group, commands);
    addModelList(group, commands);
}

} // namespace precedent::cli
