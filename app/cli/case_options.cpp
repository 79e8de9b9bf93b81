#include "app/cli/case_options.h"

namespace precedent::cli {

void addCaseOptions(CLI::App& command, workspace::CaseChoice& choice, std::string& retrieval)
{
    command.add_option("--cases-per-prompt,--cases", choice.casesPerPrompt, "Cases shown at most, named ones among them")
        ->check(CLI::Range(0, 1000))
        ->type_name("N")
        ->capture_default_str();
    command
        .add_option("--retrieval", retrieval,
            "How cases are found: bm25 by shared words, dense by nearness of meaning, hybrid by both, fixed not at all; else bm25")
        ->check(CLI::IsMember({"bm25", "dense", "hybrid", "fixed"}));
    command
        .add_option("--retrieval-model", choice.model,
            "Whose states are compared by dense and hybrid, or a sentence encoder's folder; else the model asked, without adapter")
        ->type_name("MODEL");
    command.add_option("--pin", choice.pinned, "A case shown with every request, before those found; may be given again")
        ->type_name("ID")
        ->allow_extra_args(false);
    command
        .add_option("--fixed", choice.fixed, "A case of the set that every request is shown, with --retrieval fixed; may be given again")
        ->type_name("ID")
        ->allow_extra_args(false);
}

void takeRetrieval(workspace::CaseChoice& choice, const std::string& retrieval)
{
    const Retrieval otherwise = choice.fixed.empty() ? Retrieval::bm25 : Retrieval::fixed;
    choice.retrieval = retrievalFromString(retrieval).value_or(otherwise);
}

} // namespace precedent::cli
