#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/progress.h"
#include "precedent/workspace/freezer.h"
#include "precedent/workspace/model_catalog.h"
#include "precedent/workspace/model_registry.h"

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

/// Why nothing of that name can be taken off the list, where a model has it that was not added to it.
Result<std::string> addedFolder(const workspace::ModelRegistry& registry, const std::string& name)
{
    Result<std::filesystem::path> folder = registry.find(name);
    if (folder)
        return folder->string();
    for (const workspace::ModelPlace& place : workspace::modelPlaces().places) {
        if (place.name != name || folder.error().code() != ErrorCode::notFound)
            continue;
        if (place.origin == workspace::ModelOrigin::starter)
            return Error(ErrorCode::invalidArgument, "The starter ships with the program and stays in the list.");
        return Error(ErrorCode::invalidArgument,
            name + " was not added to the list: it lies in the models folder, " + place.folder.string() + ".",
            "Delete it there if it is no longer wanted.");
    }
    return Error(folder.error().code(), folder.error().message(),
        folder.error().code() == ErrorCode::notFound ? "precedent-cli model list names those at hand." : folder.error().hint());
}

void addModelRemove(CLI::App& group, Commands& commands)
{
    struct Options {
        std::string name;
        bool dryRun = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        addCommand(group, "remove", "Takes a model that was imported off the list; its files stay where they are", "model remove my-llama");
    command->add_option("NAME", options->name, "The name that the import gave it")->required();
    command->add_flag("--dry-run", options->dryRun, "Say what would be removed and write nothing");
    commands.on(command, [options](Context&) -> Result<Outcome> {
        workspace::ModelRegistry registry;
        const Result<std::string> folder = addedFolder(registry, options->name);
        if (!folder)
            return folder.error();
        if (!options->dryRun)
            PRECEDENT_TRY(registry.remove(options->name));
        return Outcome{{{"name", options->name}, {"path", folder.value()}, {"dry_run", options->dryRun}},
            options->name + (options->dryRun ? " would be" : " is") + " off the list. Its files stay: " + folder.value() + "\n"};
    });
}

} // namespace

void addModelCatalogCommands(CLI::App& group, Commands& commands)
{
    addModelImport(group, commands);
    addModelList(group, commands);
    addModelRemove(group, commands);
}

} // namespace precedent::cli
