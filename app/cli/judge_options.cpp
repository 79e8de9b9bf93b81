#include "app/cli/judge_options.h"

namespace precedent::cli {

void addJudgeOptions(CLI::App& command, workspace::JudgeChoice& choice, const std::string& description)
{
    command.add_option("--judge", choice.name, description + ": analysis, grammar, head:FOLDER, model:MODEL or endpoint:MODEL@URL")
        ->type_name("JUDGE");
    workspace::EndpointOptions& endpoint = choice.endpoint;
    const std::string group = "An endpoint that judges";
    command
        .add_option("--judge-key-variable", endpoint.keyVariable, "The environment variable that holds its key, if not PRECEDENT_API_KEY")
        ->type_name("NAME")
        ->group(group);
    command.add_option("--judge-requests-per-minute", endpoint.requestsPerMinute, "Requests a minute at most; 0: as fast as they come")
        ->check(CLI::Range(0.0, 1e6))
        ->group(group);
    command.add_option("--judge-concurrent", endpoint.concurrent, "Requests under way at once; 0: 4")
        ->check(CLI::Range(0, 256))
        ->group(group);
    command.add_option("--judge-timeout", endpoint.timeoutSeconds, "Seconds that one attempt may take; 0: 120")
        ->check(CLI::Range(0, 86400))
        ->group(group);
    command.add_option("--judge-retries", endpoint.retries, "Further attempts after one that failed; -1: 4")
        ->check(CLI::Range(-1, 100))
        ->group(group);
}

std::string checkJudge(const workspace::JudgeChoice& choice) { return workspace::checkJudgeName(choice.name); }

} // namespace precedent::cli
