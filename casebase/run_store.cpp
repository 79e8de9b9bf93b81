#include "precedent/casebase/run_store.h"

#include <cmath>
#include <limits>

#include "casebase/audit.h"
#include "casebase/rows.h"
#include "precedent/base/json.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kMaxInputBytes = 900'000'000;

constexpr const char* kRunColumns =
    "n, id, name, spec, inputs_hash, snapshot, state, message, model, folder, steps, started_ms, ended_ms, kept, "
    "coalesce((SELECT max(step) FROM run_steps WHERE run_n = runs.n), 0)";

constexpr const char* kRolloutColumns =
    "r.step, r.group_number, r.number, r.prompt_id, r.mode, p.value, r.completion, r.chain, r.answer, r.parse_problem, "
    "r.verdict, r.reward, r.rewards, r.advantage, r.tokens, r.logprob, r.citations";

/// JSON has no NaN or infinity: they are stored as texts.
Json numberToJson(double value)
{
    if (std::isfinite(value))
        return value;
    return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

double numberFromJson(const Json& json)
{
    if (json.is_number())
        return json.get<double>();
    const std::string text = json.is_string() ? json.get<std::string>() : "nan";
    if (text == "inf")
        return std::numeric_limits<double>::infinity();
    return text == "-inf" ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
}

std::string numbersText(const std::map<std::string, double>& numbers)
{
    Json json = Json::object();
    for (const auto& [name, value] : numbers)
        json[name] = numberToJson(value);
    return dumpJson(json);
}

std::map<std::string, double> numbersFrom(std::string_view text)
{
    std::map<std::string, double> numbers;
    const Json object = require(parseJson(text, "A row of numbers"));
    for (const auto& [name, value] : object.items())
        numbers[name] = numberFromJson(value);
    return numbers;
}

std::string citationsText(const std::vector<RolloutCitation>& citations)
{
    Json json = Json::array();
    for (const RolloutCitation& citation : citations)
        json.push_back(
            {{"id", citation.id}, {"in_context", citation.inContext}, {"exists", citation.exists}, {"governs", citation.governs}});
    return dumpJson(json);
}

std::vector<RolloutCitation> citationsFrom(std::string_view text)
{
    std::vector<RolloutCitation> citations;
    const Json list = require(parseJson(text, "A rollout's citations"));
    for (const Json& item : list)
        citations.push_back(
            {item.value("id", ""), item.value("in_context", false), item.value("exists", false), item.value("governs", false)});
    return citations;
}

Run runFrom(const Query& q)
{
    Run run;
    run.id = q.text(1);
    run.name = q.text(2);
    run.specJson = q.text(3);
    run.inputsHash = q.text(4);
    run.snapshot = q.text(5);
    run.state = q.text(6);
    run.message = q.text(7);
    run.model = q.text(8);
    run.folder = q.text(9);
    run.steps = q.number(10);
    run.startedMs = q.integer(11);
    run.endedMs = q.integer(12);
    run.kept = q.flag(13);
    run.stepsDone = q.number(14);
    return run;
}

Rollout rolloutFrom(const Query& q)
{
    Rollout rollout;
    rollout.step = q.number(0);
    rollout.group = q.number(1);
    rollout.index = q.number(2);
    rollout.promptId = q.text(3);
    rollout.mode = modeFromString(q.view(4)).value_or(Mode::none);
    rollout.prompt = q.text(5);
    rollout.completion = q.text(6);
    rollout.chain = q.text(7);
    rollout.answer = q.text(8);
    rollout.parseProblem = q.text(9);
    rollout.verdict = verdictFromString(q.view(10)).value_or(Verdict::noAnswer);
    rollout.reward = q.real(11);
    rollout.rewards = numbersFrom(q.view(12));
    rollout.advantage = q.real(13);
    rollout.tokens = q.number(14);
    rollout.logprob = q.real(15);
    rollout.citations = citationsFrom(q.view(16));
    return rollout;
}

std::int64_t runRow(Connection& connection, const std::string& run)
{
    const std::int64_t n = rowOf(connection, "runs", run);
    if (n == 0)
        fail(ErrorCode::notFound, "There is no run " + run + " in " + connection.path().string() + ".", "`run list` shows the runs.");
    return n;
}

/// The row of a rendered prompt, stored once for the rollouts of a run that share it.
std::int64_t rolloutPrompt(Connection& connection, std::int64_t run, const std::string& text)
{
    const std::string digest = rawDigest(text);
    Query q = connection.query("SELECT n FROM rollout_prompts WHERE run_n = ?1 AND digest = ?2");
    q.bind(run);
    q.bindBlob(2, digest);
    if (q.next())
        return q.integer(0);
    Query insert = connection.query("INSERT INTO rollout_prompts(run_n, digest, value) VALUES(?1, ?2, ?3)");
    insert.bind(run);
    insert.bindBlob(2, digest);
    insert.bindOne(3, text);
    insert.run();
    return connection.lastRowId();
}

void insertRollout(Connection& connection, std::int64_t run, const Rollout& rollout)
{
    const std::int64_t prompt = rolloutPrompt(connection, run, rollout.prompt);
    const std::string rewards = numbersText(rollout.rewards);
    const std::string citations = citationsText(rollout.citations);
    connection
        .query("INSERT INTO rollouts(run_n, step, group_number, number, prompt_id, mode, prompt_n, completion, chain, answer, "
               "parse_problem, verdict, "
               "reward, rewards, advantage, tokens, logprob, citations) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(run, rollout.step, rollout.group, rollout.index, rollout.promptId, toString(rollout.mode), prompt, rollout.completion,
            rollout.chain, rollout.answer, rollout.parseProblem, toString(rollout.verdict), rollout.reward, rewards, rollout.advantage,
            rollout.tokens, rollout.logprob, citations)
        .run();
}

void dropUnusedPrompts(Connection& connection, std::int64_t run)
{
    connection
        .query(
            "DELETE FROM rollout_prompts WHERE run_n = ? AND n NOT IN (SELECT prompt_n FROM rollouts WHERE run_n = rollout_prompts.run_n)")
        .bind(run)
        .run();
}

} // namespace

Result<std::string> RunStore::add(const Run& run)
{
    return m_connection.write("add a run", [&]() -> Result<std::string> {
        std::string id = run.id;
        for (std::int64_t i = m_connection.integer("SELECT coalesce(max(n), 0) FROM runs") + 1; id.empty(); ++i) {
            const std::string next = "run-" + std::to_string(i);
            if (rowOf(m_connection, "runs", next) == 0)
                id = next;
        }
        if (rowOf(m_connection, "runs", id) != 0)
            fail(ErrorCode::alreadyExists, "There is a run " + id + " already.", "Choose another id, or resume it.");
        const std::int64_t started = run.startedMs != 0 ? run.startedMs : m_connection.now();
        m_connection
            .query(
                "INSERT INTO runs(id, name, spec, inputs_hash, snapshot, state, message, model, folder, steps, started_ms, ended_ms, kept) "
                "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(id, run.name, run.specJson, run.inputsHash, run.snapshot, run.state, run.message, run.model, run.folder, run.steps,
                started, run.endedMs, run.kept)
            .run();
        return id;
    });
}

Status RunStore::update(const Run& run)
{
    return m_connection.write("update the run " + run.id, [&]() -> Status {
        const std::int64_t n = runRow(m_connection, run.id);
        m_connection
            .query("UPDATE runs SET name = ?, spec = ?, inputs_hash = ?, snapshot = ?, state = ?, message = ?, model = ?, folder = ?, "
                   "steps = ?, "
                   "started_ms = ?, ended_ms = ?, kept = ? WHERE n = ?")
            .bind(run.name, run.specJson, run.inputsHash, run.snapshot, run.state, run.message, run.model, run.folder, run.steps,
                run.startedMs, run.endedMs, run.kept, n)
            .run();
        return {};
    });
}

Status RunStore::setState(const std::string& run, const std::string& state, const std::string& message)
{
    return m_connection.write("store the state of run " + run, [&]() -> Status {
        const std::int64_t n = runRow(m_connection, run);
        const bool ended = state == "finished" || state == "stopped" || state == "failed";
        m_connection.query("UPDATE runs SET state = ?, message = ?, ended_ms = ? WHERE n = ?")
            .bind(state, message, ended ? m_connection.now() : std::int64_t{0}, n)
            .run();
        return {};
    });
}

Result<Run> RunStore::find(const std::string& idOrName) const
{
    return m_connection.guarded("read the run " + idOrName, [&]() -> Result<Run> {
        Query q = m_connection.query(
            std::string("SELECT ") + kRunColumns + " FROM runs WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC, n DESC LIMIT 1");
        q.bind(idOrName);
        if (!q.next())
            fail(ErrorCode::notFound, "There is no run " + idOrName + " in " + m_connection.path().string() + ".",
                "`run list` shows the runs.");
        return runFrom(q);
    });
}

Result<std::vector<Run>> RunStore::all() const
{
    return m_connection.guarded("read the runs", [&]() -> Result<std::vector<Run>> {
        std::vector<Run> runs;
        Query q = m_connection.query(std::string("SELECT ") + kRunColumns + " FROM runs ORDER BY n DESC");
        while (q.next())
            runs.push_back(runFrom(q));
        return runs;
    });
}

Status RunStore::remove(const std::string& run)
{
    return m_connection.write("remove the run " + run, [&]() -> Status {
        const std::int64_t n = runRow(m_connection, run);
        // Rollouts first: they refer to the run's prompts.
        m_connection.query("DELETE FROM rollouts WHERE run_n = ?").bind(n).run();
        m_connection.query("DELETE FROM runs WHERE n = ?").bind(n).run();
        return {};
    });
}

Status RunStore::setInputs(const std::string& run, const std::string& name, const std::string& bytes)
{
    return m_connection.write("store what run " + run + " froze", [&]() -> Status {
        if (bytes.size() > kMaxInputBytes)
            fail(ErrorCode::invalidArgument,
                "The frozen " + name + " of run " + run + " has " + std::to_string(bytes.size()) + " bytes; at most " +
                    std::to_string(kMaxInputBytes) + " can be stored.",
                "Use fewer cases or prompts in one run.");
        Query q = m_connection.query(
            "INSERT INTO run_inputs(run_n, name, value) VALUES(?1, ?2, ?3) ON CONFLICT(run_n, name) DO UPDATE SET value = excluded.value");
        q.bind(runRow(m_connection, run), name);
        q.bindBlob(3, bytes);
        q.run();
        return {};
    });
}

Result<std::string> RunStore::inputs(const std::string& run, const std::string& name) const
{
    return m_connection.guarded("read what run " + run + " froze", [&]() -> Result<std::string> {
        Query q = m_connection.query("SELECT value FROM run_inputs WHERE run_n = ? AND name = ?");
        q.bind(runRow(m_connection, run), name);
        if (!q.next())
            fail(ErrorCode::notFound, "The run " + run + " has no frozen " + name + ".");
        return q.text(0);
    });
}

Status RunStore::recordStep(const std::string& run, const RunStep& step, const std::vector<Rollout>& rollouts)
{
    return m_connection.write("record step " + std::to_string(step.step) + " of run " + run, [&]() -> Status {
        const std::int64_t n = runRow(m_connection, run);
        m_connection.query("DELETE FROM rollouts WHERE run_n = ? AND step = ?").bind(n, step.step).run();
        const std::string metrics = numbersText(step.metrics);
        m_connection.query("INSERT OR REPLACE INTO run_steps(run_n, step, metrics, seconds) VALUES(?, ?, ?, ?)")
            .bind(n, step.step, metrics, step.seconds)
            .run();
        for (const Rollout& rollout : rollouts)
            insertRollout(m_connection, n, rollout);
        return {};
    });
}

Status RunStore::truncateAfter(const std::string& run, int step)
{
    return m_connection.write("take run " + run + " back to step " + std::to_string(step), [&]() -> Status {
        const std::int64_t n = runRow(m_connection, run);
        for (const char* table : {"rollouts", "run_steps", "checkpoints"})
            m_connection.query(std::string("DELETE FROM ") + table + " WHERE run_n = ? AND step > ?").bind(n, step).run();
        dropUnusedPrompts(m_connection, n);
        return {};
    });
}

Result<std::vector<RunStep>> RunStore::steps(const std::string& run) const
{
    return m_connection.guarded("read the steps of run " + run, [&]() -> Result<std::vector<RunStep>> {
        std::vector<RunStep> steps;
        Query q = m_connection.query("SELECT step, metrics, seconds FROM run_steps WHERE run_n = ? ORDER BY step");
        q.bind(runRow(m_connection, run));
        while (q.next())
            steps.push_back({q.number(0), numbersFrom(q.view(1)), q.real(2)});
        return steps;
    });
}

Result<std::vector<Rollout>> RunStore::rollouts(const std::string& run, std::optional<int> step) const
{
    return m_connection.guarded("read the rollouts of run " + run, [&]() -> Result<std::vector<Rollout>> {
        std::vector<Rollout> rollouts;
        Query q = m_connection.query(std::string("SELECT ") + kRolloutColumns +
            " FROM rollouts r JOIN rollout_prompts p ON p.n = r.prompt_n WHERE r.run_n = ?1 " + (step ? "AND r.step = ?2 " : "") +
            "ORDER BY r.step, r.group_number, r.number");
        q.bind(runRow(m_connection, run));
        if (step)
            q.bindOne(2, *step);
        while (q.next())
            rollouts.push_back(rolloutFrom(q));
        return rollouts;
    });
}

Status RunStore::forEachRollout(const std::string& run, const std::function<Status(const Rollout&)>& visit) const
{
    return m_connection.guarded("read the rollouts of run " + run, [&]() -> Status {
        Query q = m_connection.query(std::string("SELECT ") + kRolloutColumns +
            " FROM rollouts r JOIN rollout_prompts p ON p.n = r.prompt_n WHERE r.run_n = ? "
            "ORDER BY r.step, r.group_number, r.number");
        q.bind(runRow(m_connection, run));
        while (q.next())
            PRECEDENT_TRY(visit(rolloutFrom(q)));
        return {};
    });
}

Result<std::int64_t> RunStore::rolloutCount(const std::string& run) const
{
    return m_connection.guarded("count the rollouts of run " + run, [&]() -> Result<std::int64_t> {
        Query q = m_connection.query("SELECT count(*) FROM rollouts WHERE run_n = ?");
        q.bind(runRow(m_connection, run));
        q.next();
        return q.integer(0);
    });
}

Status RunStore::recordCheckpoint(const std::string& run, const Checkpoint& checkpoint)
{
    return m_connection.write("record a checkpoint of run " + run, [&]() -> Status {
        const std::int64_t created = checkpoint.createdMs != 0 ? checkpoint.createdMs : m_connection.now();
        m_connection.query("INSERT OR REPLACE INTO checkpoints(run_n, step, folder, sha256, created_ms) VALUES(?, ?, ?, ?, ?)")
            .bind(runRow(m_connection, run), checkpoint.step, checkpoint.folder, checkpoint.sha256, created)
            .run();
        return {};
    });
}

Result<std::vector<Checkpoint>> RunStore::checkpoints(const std::string& run) const
{
    return m_connection.guarded("read the checkpoints of run " + run, [&]() -> Result<std::vector<Checkpoint>> {
        std::vector<Checkpoint> checkpoints;
        Query q = m_connection.query("SELECT step, folder, sha256, created_ms FROM checkpoints WHERE run_n = ? ORDER BY step");
        q.bind(runRow(m_connection, run));
        while (q.next())
            checkpoints.push_back({q.number(0), q.text(1), q.text(2), q.integer(3)});
        return checkpoints;
    });
}

Status RunStore::removeCheckpoint(const std::string& run, int step)
{
    return m_connection.write("forget a checkpoint of run " + run, [&]() -> Status {
        m_connection.query("DELETE FROM checkpoints WHERE run_n = ? AND step = ?").bind(runRow(m_connection, run), step).run();
        return {};
    });
}

} // namespace precedent::casebase
