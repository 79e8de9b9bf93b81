#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/core/run_spec.h"

namespace precedent::cli {

/// What stands anywhere on the line.
struct GlobalOptions {
    bool json = false;
    bool quiet = false;
    std::string logLevel = "warn";
    std::string logFile;
    int threads = 0;
    std::string device = "cpu";
    core::WeightDtype dtype = core::WeightDtype::automatic;
};

/// What a command gives back: one JSON object for --json, the same as text for people, and the exit status.
struct Outcome {
    Json json = Json::object();
    std::string text;
    int exitCode = 0;
    bool silent = false; ///< nothing on stdout: another rank reports
};

/// Hands a command its globals. Texts on the way to the result go to stderr through note().
class Context {
public:
    explicit Context(const GlobalOptions& globals)
        : m_globals(globals)
    {
    }

    [[nodiscard]] const GlobalOptions& globals() const { return m_globals; }
    /// Threads of the engine: as the line says, else what setDefaultThreads() said; 0: the machine's cores.
    [[nodiscard]] int threads() const { return m_globals.threads > 0 ? m_globals.threads : m_defaultThreads; }
    void setDefaultThreads(int threads) { m_defaultThreads = threads; }
    /// Which of its machine's processes this is: of several GPUs each takes another.
    [[nodiscard]] int localRank() const { return m_localRank; }
    void setLocalRank(int rank) { m_localRank = rank; }
    /// A line for people, on stderr; nothing with --quiet.
    void note(const std::string& line) const;

private:
    const GlobalOptions& m_globals;
    int m_defaultThreads = 0;
    int m_localRank = 0;
};

using CommandBody = std::function<Result<Outcome>(Context&)>;

/// The command that the line named, once it is parsed.
class Commands {
public:
    /// Runs `body` when `app` is the command that was named. `check` may find fault with the line as a whole: its
    /// sentence, where it gives one, is a usage error.
    void on(CLI::App* app, CommandBody body, std::function<std::string()> check = {});
    [[nodiscard]] const CommandBody& chosen() const { return m_chosen; }

private:
    CommandBody m_chosen;
};

/// A command with its description and the example that its --help shows.
CLI::App* addCommand(CLI::App& parent, const std::string& name, const std::string& description, const std::string& example);

// One file a group.
void addCasebaseCommands(CLI::App& app, Commands& commands);
void addImportCommand(CLI::App& group, Commands& commands);
void addModelCommands(CLI::App& app, Commands& commands);
void addModelCatalogCommands(CLI::App& group, Commands& commands);
void addModelExport(CLI::App& group, Commands& commands);
void addRenderCommand(CLI::App& group, Commands& commands);
void addModelBench(CLI::App& group, Commands& commands);
void addPretrainCommand(CLI::App& app, Commands& commands);
void addTrainCommand(CLI::App& app, Commands& commands);
void addRunCommands(CLI::App& app, Commands& commands);
void addAskCommand(CLI::App& app, Commands& commands);
void addEvaluateCommand(CLI::App& app, Commands& commands);
void addJudgeCommand(CLI::App& app, Commands& commands);
void addJudgeTrainCommand(CLI::App& group, Commands& commands);
void addReportCommand(CLI::App& app, Commands& commands);

/// "key: value" lines of an object, for people; empty values are left out.
[[nodiscard]] std::string linesOf(const Json& object);

/// "field=column" pairs as a map, those that checkFieldMap() finds no fault with.
[[nodiscard]] std::map<std::string, std::string> fieldMap(const std::vector<std::string>& pairs);
/// A sentence about the first pair that is none; empty if all are.
[[nodiscard]] std::string checkFieldMap(const std::vector<std::string>& pairs);

} // namespace precedent::cli
