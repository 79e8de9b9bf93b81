#include "precedent/cli/cli.h"

#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>

#include "app/cli/command.h"
#include "precedent/base/log.h"

namespace precedent::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInterrupted = 130;

Json errorJson(const std::string& code, const std::string& message, const std::string& hint)
{
    return {{"error", {{"code", code}, {"message", message}, {"hint", hint}}}};
}

void addGlobalOptions(CLI::App& app, GlobalOptions& globals)
{
    app.add_flag("--json", globals.json, "One JSON object on stdout, nothing else there");
    app.add_flag("--quiet", globals.quiet, "No progress and no notes on stderr");
    app.add_option("--log-level", globals.logLevel, "How much is logged")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
        ->capture_default_str();
    app.add_option("--log-file", globals.logFile, "Log to this file as well")->type_name("FILE");
    app.add_option("--threads", globals.threads, "Threads of the engine; 0: the machine's cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    app.add_option("--device", globals.device, "Where tensors live")->check(CLI::IsMember({"cpu", "cuda"}))->capture_default_str();
    static const std::map<std::string, core::WeightDtype> kDtypes = {
        {"auto", core::WeightDtype::automatic}, {"float32", core::WeightDtype::float32}, {"bfloat16", core::WeightDtype::bfloat16}};
    app.add_option("--dtype", globals.dtype, "How weights are held: auto takes bfloat16 for models of 32 million parameters or more")
        ->transform(CLI::CheckedTransformer(kDtypes, CLI::ignore_case).description("auto, float32 or bfloat16"))
        ->default_str("auto");
}

bool asksForJson(int argc, char** argv)
{
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--json") == 0)
            return true;
    }
    return false;
}

int usageError(const CLI::App& app, const CLI::ParseError& error, bool json)
{
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
        return app.exit(error);
    std::fprintf(stderr, "precedent-cli: %s\nSee precedent-cli --help.\n", error.what());
    if (json)
        std::cout << dumpJson(errorJson("usage", error.what(), "See precedent-cli --help.")) << '\n';
    return kUsage;
}

int finish(const Result<Outcome>& result, bool json)
{
    if (!result) {
        const Error& error = result.error();
        std::fprintf(stderr, "precedent-cli: %s\n", error.message().c_str());
        if (!error.hint().empty())
            std::fprintf(stderr, "%s\n", error.hint().c_str());
        if (json)
            std::cout << dumpJson(errorJson(toString(error.code()), error.message(), error.hint())) << '\n';
        return error.code() == ErrorCode::cancelled ? kInterrupted : kFailed;
    }
    if (result.value().silent)
        return result.value().exitCode;
    if (json)
        std::cout << dumpJson(result.value().json) << '\n';
    else
        std::cout << result.value().text;
    std::cout.flush();
    if (!std::cout) {
        std::fprintf(stderr, "precedent-cli: stdout could not be written; the result is incomplete.\n");
        return kFailed;
    }
    return result.value().exitCode;
}

} // namespace

void Context::note(const std::string& line) const
{
    if (!m_globals.quiet)
        std::fprintf(stderr, "%s\n", line.c_str());
}

void Commands::on(CLI::App* app, CommandBody body, std::function<std::string()> check)
{
    app->callback([this, app, body = std::move(body), check = std::move(check)] {
        // Of a command that has commands of its own, the one named last is meant.
        if (!app->get_subcommands().empty())
            return;
        if (const std::string fault = check ? check() : std::string(); !fault.empty())
            throw CLI::ParseError(fault, CLI::ExitCodes::ValidationError);
        m_chosen = body;
    });
}

CLI::App* addCommand(CLI::App& parent, const std::string& name, const std::string& description, const std::string& example)
{
    CLI::App* command = parent.add_subcommand(name, description);
    command->footer("\nExample:\n  precedent-cli " + example);
    return command;
}

std::string checkFieldMap(const std::vector<std::string>& pairs)
{
    for (const std::string& pair : pairs) {
        const std::size_t at = pair.find('=');
        if (at == std::string::npos || at == 0 || at + 1 == pair.size())
            return "--map " + pair + " names no field and column: write it as field=column, such as request=question.";
    }
    return {};
}

std::map<std::string, std::string> fieldMap(const std::vector<std::string>& pairs)
{
    std::map<std::string, std::string> map;
    for (const std::string& pair : pairs)
        map[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
    return map;
}

std::string linesOf(const Json& object)
{
    std::string text;
    for (const auto& [key, value] : object.items()) {
        const std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
        if (!shown.empty())
            text += key + ": " + shown + "\n";
    }
    return text;
}

int run(int argc, char** argv)
{
    GlobalOptions globals;
    Commands commands;
    CLI::App app("Precedent: safety codes, cases, and models trained to reason over them.", "precedent-cli");
    app.fallthrough();
    app.require_subcommand(1);
    app.set_version_flag("--version", "precedent-cli " PRECEDENT_VERSION);
    app.footer("\nExample:\n  precedent-cli casebase new demo.casebase --sample\n  precedent-cli train --casebase demo.casebase --model "
               "starter --preset quickstart");
    addGlobalOptions(app, globals);
    addCasebaseCommands(app, commands);
    addModelCommands(app, commands);
    addPretrainCommand(app, commands);
    addTrainCommand(app, commands);
    addRunCommands(app, commands);
    addAskCommand(app, commands);
    addEvaluateCommand(app, commands);
    addJudgeCommand(app, commands);
    addReportCommand(app, commands);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return usageError(app, error, asksForJson(argc, argv));
    }
    if (const Status logging = setUpLogging(globals.logLevel, globals.logFile); !logging)
        return finish(logging.error(), globals.json);
    Context context(globals);
    return finish(commands.chosen()(context), globals.json);
}

} // namespace precedent::cli
