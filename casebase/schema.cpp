#include "casebase/schema.h"

#include <cstdio>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "precedent/base/files.h"

namespace precedent::casebase {
namespace {

namespace fs = std::filesystem;

// Lists and maps inside a row are JSON. A request is its turns' texts joined by line ends, which is what the search index
// holds (it stores no copy of its own), and in `turns` its messages as JSON; '' there means one turn by the user. `same` columns: 64 bits
// of a digest of the normalised content, to find duplicates. A REAL that is NULL is a NaN.
constexpr const char* kFirstSchema = R"sql(
CREATE TABLE metadata(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE codes(
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, parent TEXT REFERENCES codes(id),
    title TEXT NOT NULL, title_key TEXT NOT NULL, simple TEXT NOT NULL, detailed TEXT NOT NULL, position INTEGER NOT NULL,
    derived TEXT NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
CREATE INDEX codes_title ON codes(title_key);
CREATE INDEX codes_parent ON codes(parent);

CREATE TABLE cases(
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, same INTEGER NOT NULL,
    disposition TEXT NOT NULL, chain TEXT NOT NULL, answer TEXT NOT NULL, notes TEXT NOT NULL, status TEXT NOT NULL,
    source TEXT NOT NULL, source_id TEXT NOT NULL, tags TEXT NOT NULL,
    twin TEXT REFERENCES cases(id) DEFERRABLE INITIALLY DEFERRED, twin_difference TEXT NOT NULL,
    surface TEXT NOT NULL, audience TEXT NOT NULL, language TEXT NOT NULL, jurisdiction TEXT NOT NULL,
    derived TEXT NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, turns TEXT NOT NULL);
CREATE INDEX cases_same ON cases(same);
CREATE INDEX cases_disposition ON cases(disposition, status);
CREATE INDEX cases_status ON cases(status);
CREATE INDEX cases_source ON cases(source);
CREATE INDEX cases_twin ON cases(twin) WHERE twin IS NOT NULL;
CREATE TABLE case_codes(
    case_n INTEGER NOT NULL REFERENCES cases(n) ON DELETE CASCADE, position INTEGER NOT NULL,
    code TEXT NOT NULL REFERENCES codes(id), decides INTEGER NOT NULL, PRIMARY KEY(case_n, position)) WITHOUT ROWID;
CREATE INDEX case_codes_code ON case_codes(code);

CREATE TABLE prompts(
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, messages TEXT NOT NULL, same INTEGER NOT NULL,
    label TEXT NOT NULL, expected TEXT NOT NULL, governing_codes TEXT NOT NULL, goal TEXT NOT NULL, sibling TEXT NOT NULL,
    wrapper TEXT NOT NULL, family TEXT NOT NULL, utility_answer TEXT NOT NULL, source_case TEXT NOT NULL,
    source TEXT NOT NULL, source_id TEXT NOT NULL, category TEXT NOT NULL,
    derived TEXT NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, turns TEXT NOT NULL);
CREATE INDEX prompts_same ON prompts(same);
CREATE INDEX prompts_label ON prompts(label);
CREATE INDEX prompts_goal ON prompts(goal) WHERE goal <> '';
CREATE INDEX prompts_sibling ON prompts(sibling) WHERE sibling <> '';

CREATE TABLE suites(
    n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, description TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE suite_members(
    suite_n INTEGER NOT NULL REFERENCES suites(n) ON DELETE CASCADE, position INTEGER NOT NULL,
    prompt_n INTEGER NOT NULL REFERENCES prompts(n), burned INTEGER NOT NULL DEFAULT 0, burned_why TEXT NOT NULL DEFAULT '',
    PRIMARY KEY(suite_n, position), UNIQUE(suite_n, prompt_n)) WITHOUT ROWID;
CREATE INDEX suite_members_prompt ON suite_members(prompt_n);

CREATE TABLE verdicts(
    n INTEGER PRIMARY KEY, target TEXT NOT NULL, target_id TEXT NOT NULL, did TEXT NOT NULL, should TEXT NOT NULL,
    blind INTEGER NOT NULL, random_draw INTEGER NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, when_ms INTEGER NOT NULL);
CREATE INDEX verdicts_target ON verdicts(target, target_id);

CREATE TABLE audit(
    sequence INTEGER PRIMARY KEY, when_ms INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, kind TEXT NOT NULL,
    id TEXT NOT NULL, version INTEGER NOT NULL, fields TEXT NOT NULL, digests BLOB NOT NULL, hash BLOB NOT NULL);
CREATE INDEX audit_entity ON audit(id, kind);

CREATE TABLE snapshots(
    n INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, codes INTEGER NOT NULL, cases INTEGER NOT NULL, prompts INTEGER NOT NULL,
    created_ms INTEGER NOT NULL);
CREATE TABLE snapshot_texts(digest BLOB PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE snapshot_items(
    snapshot_n INTEGER NOT NULL REFERENCES snapshots(n) ON DELETE CASCADE, kind TEXT NOT NULL, position INTEGER NOT NULL,
    id TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY(snapshot_n, kind, position)) WITHOUT ROWID;
CREATE INDEX snapshot_items_digest ON snapshot_items(digest);

CREATE TABLE runs(
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, spec TEXT NOT NULL, inputs_hash TEXT NOT NULL,
    snapshot TEXT NOT NULL, state TEXT NOT NULL, message TEXT NOT NULL, model TEXT NOT NULL, folder TEXT NOT NULL,
    steps INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, kept INTEGER NOT NULL);
CREATE INDEX runs_name ON runs(name);
CREATE TABLE run_inputs(
    run_n INTEGER NOT NULL REFERENCES runs(n) ON DELETE CASCADE, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(run_n, name));
CREATE TABLE run_steps(
    run_n INTEGER NOT NULL REFERENCES runs(n) ON DELETE CASCADE, step INTEGER NOT NULL, metrics TEXT NOT NULL, seconds REAL,
    PRIMARY KEY(run_n, step)) WITHOUT ROWID;
CREATE TABLE rollout_prompts(
    n INTEGER PRIMARY KEY, run_n INTEGER NOT NULL REFERENCES runs(n) ON DELETE CASCADE, digest BLOB NOT NULL, value TEXT NOT NULL,
    UNIQUE(run_n, digest));
CREATE TABLE rollouts(
    n INTEGER PRIMARY KEY, run_n INTEGER NOT NULL REFERENCES runs(n) ON DELETE CASCADE, step INTEGER NOT NULL,
    group_number INTEGER NOT NULL, number INTEGER NOT NULL, prompt_id TEXT NOT NULL, mode TEXT NOT NULL,
    prompt_n INTEGER NOT NULL REFERENCES rollout_prompts(n), completion TEXT NOT NULL, chain TEXT NOT NULL, answer TEXT NOT NULL,
    parse_problem TEXT NOT NULL, verdict TEXT NOT NULL, reward REAL, rewards TEXT NOT NULL, advantage REAL,
    tokens INTEGER NOT NULL, logprob REAL, citations TEXT NOT NULL, UNIQUE(run_n, step, group_number, number));
CREATE INDEX rollouts_prompt ON rollouts(prompt_n);
CREATE TABLE checkpoints(
    run_n INTEGER NOT NULL REFERENCES runs(n) ON DELETE CASCADE, step INTEGER NOT NULL, folder TEXT NOT NULL, sha256 TEXT NOT NULL,
    created_ms INTEGER NOT NULL, PRIMARY KEY(run_n, step)) WITHOUT ROWID;

CREATE TABLE evaluations(
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, run_id TEXT NOT NULL, spec TEXT NOT NULL, created_ms INTEGER NOT NULL);
CREATE INDEX evaluations_run ON evaluations(run_id);
CREATE TABLE evaluation_rows(
    n INTEGER PRIMARY KEY, evaluation_n INTEGER NOT NULL REFERENCES evaluations(n) ON DELETE CASCADE,
    model TEXT NOT NULL, adapter TEXT NOT NULL, checkpoint TEXT NOT NULL, mode TEXT NOT NULL, suite TEXT NOT NULL, axis TEXT NOT NULL,
    attack TEXT NOT NULL, prompt_id TEXT NOT NULL, sample INTEGER NOT NULL, completion TEXT NOT NULL, chain TEXT NOT NULL,
    answer TEXT NOT NULL, verdict TEXT NOT NULL, expected TEXT NOT NULL, correct INTEGER NOT NULL, judge TEXT NOT NULL,
    judge_hash TEXT NOT NULL, self_judged INTEGER NOT NULL, burned INTEGER NOT NULL);
CREATE INDEX evaluation_rows_evaluation ON evaluation_rows(evaluation_n);

CREATE VIRTUAL TABLE codes_index USING fts5(title, simple, detailed,
    content='codes', content_rowid='n', tokenize='porter unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE cases_index USING fts5(request, chain, answer, notes,
    content='cases', content_rowid='n', tokenize='porter unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE prompts_index USING fts5(messages,
    content='prompts', content_rowid='n', tokenize='porter unicode61 remove_diacritics 2');
)sql";

// What a table of cases is sorted by: ids with their numbers as numbers. A stored key in place of a collation, so that other programs
// that know SQLite can still read and write the file.
constexpr const char* kNaturalOrder = R"sql(
ALTER TABLE cases ADD COLUMN id_key TEXT NOT NULL DEFAULT '';
UPDATE cases SET id_key = natural_key(id);
CREATE INDEX cases_order ON cases(id_key);
)sql";

// Vectors that retrieval by meaning compares, float32 in the machine's order of bytes, one a model and case. `model` says what made
// them, `digest` of what text; `used` grows as a model's are written, so that those of models
// that are no longer used go.
constexpr const char* kVectors = R"sql(
CREATE TABLE vector_models(n INTEGER PRIMARY KEY, model TEXT NOT NULL UNIQUE, width INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE TABLE case_vectors(
    n INTEGER PRIMARY KEY, model_n INTEGER NOT NULL REFERENCES vector_models(n) ON DELETE CASCADE,
    case_n INTEGER NOT NULL REFERENCES cases(n) ON DELETE CASCADE, case_version INTEGER NOT NULL, digest BLOB NOT NULL, vector BLOB NOT NULL,
    UNIQUE(model_n, case_n));
CREATE INDEX case_vectors_case ON case_vectors(case_n);
)sql";

// What remote judges answered, by the digest of address, model and request.
constexpr const char* kRemoteReplies = R"sql(
CREATE TABLE remote_replies(
    n INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, url TEXT NOT NULL, model TEXT NOT NULL, request TEXT NOT NULL,
    reply TEXT NOT NULL, created_ms INTEGER NOT NULL);
)sql";

// A reply that ended where the request said: it is what a run went on with, so it is replayed too.
constexpr const char* kCutOffReplies = R"sql(
ALTER TABLE remote_replies ADD COLUMN cut_off INTEGER NOT NULL DEFAULT 0;
)sql";

// Numbers that somebody gave an answer beside its verdict: [{measure, value, by, by_hash, self_judged}], '' for none. And the words that
// an attack which searches put behind the request.
constexpr const char* kAnswerScores = R"sql(
ALTER TABLE evaluation_rows ADD COLUMN scores TEXT NOT NULL DEFAULT '';
ALTER TABLE evaluation_rows ADD COLUMN suffix TEXT NOT NULL DEFAULT '';
)sql";

class Handle {
public:
    Handle() = default;
    ~Handle() { sqlite3_close_v2(m_database); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    sqlite3** out() { return &m_database; }
    sqlite3* get() { return m_database; }

private:
    sqlite3* m_database = nullptr;
};

void copyPages(sqlite3* from, const fs::path& to)
{
    Handle target;
    if (sqlite3_open_v2(to.c_str(), target.out(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, nullptr) != SQLITE_OK)
        throw SqlError(target.get());
    sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", from, "main");
    if (backup == nullptr)
        throw SqlError(target.get());
    // In one step: the read lock that it holds meanwhile keeps no writer waiting, and the copy is of one moment.
    int code = SQLITE_OK;
    do {
        code = sqlite3_backup_step(backup, -1);
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
            sqlite3_sleep(50);
    } while (code == SQLITE_BUSY || code == SQLITE_LOCKED);
    sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE)
        throw SqlError(target.get());
}

void removeWithSideFiles(const fs::path& path)
{
    std::error_code ec;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"})
        fs::remove(path.string() + suffix, ec);
}

fs::path freeBackupName(const fs::path& path, std::int64_t version)
{
    const std::string base = path.string() + ".backup-v" + std::to_string(version);
    std::error_code ec;
    fs::path name = base;
    for (int i = 2; fs::exists(name, ec); ++i)
        name = base + "-" + std::to_string(i);
    return name;
}

} // namespace

const std::vector<Migration>& migrations()
{
    static const std::vector<Migration> steps = {
        {1, kFirstSchema}, {2, kNaturalOrder}, {3, kVectors}, {4, kRemoteReplies}, {5, kCutOffReplies}, {6, kAnswerScores}};
    return steps;
}

void createSchema(Connection& connection, const std::vector<Migration>& steps)
{
    // Without a log, so that the marks are in the main file's first page whatever happens next.
    require(connection.transact("create the casebase", [&]() -> Status {
        for (const Migration& step : steps)
            connection.execute(step.sql);
        connection.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
        connection.execute("PRAGMA user_version = " + std::to_string(steps.back().version));
        return {};
    }));
    connection.execute("PRAGMA journal_mode = WAL");
}

Status migrate(Connection& connection, const std::vector<Migration>& steps)
{
    const std::string action = "bring " + connection.path().string() + " up to date";
    std::int64_t version = 0;
    const Status read = connection.guarded(action, [&]() -> Status {
        version = connection.integer("PRAGMA user_version");
        return {};
    });
    if (!read.ok() || version >= steps.back().version)
        return read;
    PRECEDENT_TRY(backUp(connection, freeBackupName(connection.path(), version)));
    return connection.transact(action, [&]() -> Status {
        // Someone else may have migrated it between the look and the lock.
        version = connection.integer("PRAGMA user_version");
        for (const Migration& step : steps) {
            if (step.version > version)
                connection.execute(step.sql);
        }
        connection.execute("PRAGMA user_version = " + std::to_string(steps.back().version));
        return {};
    });
}

Status backUp(const Connection& from, const fs::path& to)
{
    std::error_code ec;
    if (fs::exists(to, ec))
        return Error(ErrorCode::alreadyExists,
            "Could not copy " + from.path().string() + " to " + to.string() + ": there is something there already.",
            "Choose another name; nothing was overwritten.");
    const fs::path temp = to.string() + ".tmp-" + std::to_string(::getpid());
    Status status = from.guarded("copy " + from.path().string() + " to " + to.string(), [&]() -> Status {
        copyPages(from.handle(), temp);
        return {};
    });
    // RENAME_NOREPLACE where the file system knows it: a file that appeared meanwhile is not overwritten.
    if (status.ok() && ::renameat2(AT_FDCWD, temp.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno != EINVAL)
            status = errnoError(errno, "write", to.string());
        else if (::rename(temp.c_str(), to.c_str()) != 0)
            status = errnoError(errno, "write", to.string());
    }
    if (!status.ok())
        removeWithSideFiles(temp);
    else
        status = syncPath(to.parent_path().empty() ? fs::path(".") : to.parent_path());
    return status;
}

} // namespace precedent::casebase
