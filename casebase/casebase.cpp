#include "precedent/casebase/casebase.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "casebase/check.h"
#include "casebase/connection.h"
#include "casebase/schema.h"
#include "precedent/base/files.h"
#include "precedent/casebase/audit_store.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/reply_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/snapshot_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/casebase/vector_store.h"
#include "precedent/casebase/verdict_store.h"

namespace precedent::casebase {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kApplicationIdAt = 68;

std::uint32_t bigEndian(std::string_view bytes)
{
    std::uint32_t value = 0;
    for (const char c : bytes.substr(0, 4))
        value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

/// What can be told without opening the file.
Status lookAtPath(const fs::path& path)
{
    std::error_code ec;
    const std::string name = path.string();
    if (fs::is_directory(path, ec))
        return Error(ErrorCode::invalidArgument, name + " is a folder, not a casebase.", "Name a .casebase file.");
    return ::euidaccess(path.c_str(), R_OK) == 0 ? Status() : errnoError(errno, "open", name);
}

/// Looks at the file's first bytes: what is no casebase is not touched.
Status lookAtHeader(const std::string& name, std::string_view header)
{
    if (header.empty())
        return Error(ErrorCode::corrupt, name + " is empty (0 bytes); a casebase was expected.",
            "Use a backup or a copy, or make a new one with `casebase new`.");
    if (header.substr(0, kMagic.size()) != kMagic)
        return Error(ErrorCode::corrupt, name + " is not a casebase: it does not begin as an SQLite file does.",
            "Check the path; to bring data in, use `casebase import`.");
    if (header.size() < kHeaderBytes)
        return Error(ErrorCode::corrupt,
            name + " is cut off: it has " + std::to_string(header.size()) + " bytes, fewer than its header needs.",
            "Use a backup or a copy.");
    if (bigEndian(header.substr(kApplicationIdAt)) != kApplicationId)
        return Error(ErrorCode::corrupt, name + " is an SQLite database, but not a casebase (its application id is not ours).",
            "Check the path; to bring data in, use `casebase import`.");
    return {};
}

/// A connection to a file that begins as a casebase does.
Result<std::unique_ptr<Connection>> connectTo(const fs::path& path, bool readOnly)
{
    PRECEDENT_TRY(lookAtPath(path));
    return Connection::open(path, {readOnly, false, [name = path.string()](std::string_view first) { return lookAtHeader(name, first); }});
}

/// What the header cannot tell: the version, and whether the file is whole.
Status checkOpened(Connection& connection, OpenMode mode)
{
    const std::string name = connection.path().string();
    return connection.guarded("open " + name, [&]() -> Status {
        const std::int64_t version = connection.integer("PRAGMA user_version");
        if (version > Casebase::kSchemaVersion)
            return Error(ErrorCode::tooNew,
                name + " was made by a newer version of Precedent: its schema is " + std::to_string(version) +
                    ", and this program knows up to " + std::to_string(Casebase::kSchemaVersion) + ".",
                "Update Precedent to open it; the file was not changed.");
        if (version < 1)
            return Error(ErrorCode::corrupt, name + " is marked as a casebase but has no schema version.", "Use a backup or a copy.");
        if (version < Casebase::kSchemaVersion && mode == OpenMode::readOnly)
            return Error(ErrorCode::failedPrecondition,
                name + " has the older schema " + std::to_string(version) +
                    ", and it cannot be brought up to date while it is open for reading only.",
                "Open it once for writing (a backup is made first), or copy it to a place that can be written.");
        std::error_code ec;
        const auto pages = static_cast<std::uintmax_t>(connection.integer("PRAGMA page_count") * connection.integer("PRAGMA page_size"));
        const bool logged = fs::exists(name + "-wal", ec) && fs::file_size(name + "-wal", ec) > 0;
        if (const auto bytes = fs::file_size(name, ec); !ec && bytes < pages && !logged)
            return Error(ErrorCode::corrupt,
                name + " is cut off: it has " + std::to_string(bytes) + " of " + std::to_string(pages) + " bytes.",
                "Use a backup or a copy; the file was not changed.");
        (void)connection.integer("SELECT count(*) FROM codes");
        return {};
    });
}

Status reserve(const fs::path& path)
{
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        const int e = errno;
        if (e == EEXIST)
            return Error(ErrorCode::alreadyExists, "Could not create " + path.string() + ": there is a file of this name already.",
                "Choose another name; it was not overwritten.");
        return errnoError(e, "create", path.string());
    }
    ::close(fd);
    return {};
}

} // namespace

struct Casebase::Parts {
    explicit Parts(std::unique_ptr<Connection> c)
        : connection(std::move(c))
    {
    }
    ~Parts()
    {
        connection.reset();
        std::error_code ec;
        if (!scratch.empty())
            fs::remove_all(scratch, ec);
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    fs::path scratch; ///< the folder that goes with it
    std::unique_ptr<Connection> connection;
    CodeStore codes{*connection};
    CaseStore cases{*connection};
    PromptStore prompts{*connection};
    SuiteStore suites{*connection};
    VerdictStore verdicts{*connection};
    AuditStore audit{*connection};
    SnapshotStore snapshots{*connection};
    RunStore runs{*connection};
    EvaluationStore evaluations{*connection};
    VectorStore vectors{*connection};
    ReplyStore replies{*connection};
};

Casebase::Casebase(std::unique_ptr<Connection> connection)
    : m_parts(std::make_unique<Parts>(std::move(connection)))
{
}
Casebase::~Casebase() = default;

Result<std::unique_ptr<Casebase>> Casebase::create(const fs::path& path)
{
    PRECEDENT_TRY(reserve(path));
    Status status;
    {
        auto connection = Connection::open(path, {});
        if (connection.ok()) {
            status = (*connection)->guarded("create " + path.string(), [&]() -> Status {
                createSchema(**connection);
                return {};
            });
            if (status.ok())
                return std::unique_ptr<Casebase>(new Casebase(std::move(connection).value()));
        } else {
            status = connection.error();
        }
    }
    std::error_code ec;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"})
        fs::remove(path.string() + suffix, ec);
    return status.error();
}

Result<std::unique_ptr<Casebase>> Casebase::open(const fs::path& path, OpenMode mode)
{
    auto connection = connectTo(path, mode == OpenMode::readOnly);
    if (!connection.ok())
        return connection.error();
    PRECEDENT_TRY(checkOpened(**connection, mode));
    if (mode == OpenMode::readWrite)
        PRECEDENT_TRY(migrate(**connection));
    return std::unique_ptr<Casebase>(new Casebase(std::move(connection).value()));
}

Result<std::unique_ptr<Casebase>> Casebase::openAsAllowed(const fs::path& path)
{
    auto opened = open(path, OpenMode::readWrite);
    return !opened.ok() && opened.error().code() == ErrorCode::permissionDenied ? open(path, OpenMode::readOnly) : std::move(opened);
}

Result<std::unique_ptr<Casebase>> Casebase::createInMemory()
{
    auto connection = Connection::open(":memory:", {false, true});
    if (!connection.ok())
        return connection.error();
    PRECEDENT_TRY((*connection)->guarded("create a casebase in memory", [&]() -> Status {
        createSchema(**connection);
        return {};
    }));
    return std::unique_ptr<Casebase>(new Casebase(std::move(connection).value()));
}

Result<std::unique_ptr<Casebase>> Casebase::openScratch(const fs::path& path)
{
    PRECEDENT_TRY(lookAtPath(path));
    std::error_code ec;
    std::string folder = (fs::temp_directory_path(ec) / ("precedent-" + std::string(6, 'X'))).string(); // mkdtemp() fills them in
    if (::mkdtemp(folder.data()) == nullptr)
        return errnoError(errno, "make a folder in", fs::temp_directory_path(ec).string());
    const fs::path copy = fs::path(folder) / "scratch.casebase";
    Result<std::unique_ptr<Casebase>> opened = [&]() -> Result<std::unique_ptr<Casebase>> {
        {
            auto source = connectTo(path, true);
            if (!source.ok())
                return source.error();
            PRECEDENT_TRY(backUp(**source, copy));
        }
        return open(copy, OpenMode::readWrite);
    }();
    if (opened.ok())
        (*opened)->m_parts->scratch = folder;
    else
        fs::remove_all(folder, ec);
    return opened;
}

const fs::path& Casebase::path() const { return m_parts->connection->path(); }
bool Casebase::isReadOnly() const { return m_parts->connection->isReadOnly(); }
Connection& Casebase::connection() const { return *m_parts->connection; }
CodeStore& Casebase::codes() const { return m_parts->codes; }
CaseStore& Casebase::cases() const { return m_parts->cases; }
PromptStore& Casebase::prompts() const { return m_parts->prompts; }
SuiteStore& Casebase::suites() const { return m_parts->suites; }
VerdictStore& Casebase::verdicts() const { return m_parts->verdicts; }
AuditStore& Casebase::audit() const { return m_parts->audit; }
SnapshotStore& Casebase::snapshots() const { return m_parts->snapshots; }
RunStore& Casebase::runs() const { return m_parts->runs; }
EvaluationStore& Casebase::evaluations() const { return m_parts->evaluations; }
VectorStore& Casebase::vectors() const { return m_parts->vectors; }
ReplyStore& Casebase::replies() const { return m_parts->replies; }
void Casebase::setActor(const std::string& who) { connection().setActor(who); }
void Casebase::setClock(std::function<std::int64_t()> clock) { connection().setClock(std::move(clock)); }

Result<CasebaseInfo> Casebase::info() const
{
    return connection().guarded("read " + path().string(), [&]() -> Result<CasebaseInfo> {
        CasebaseInfo info;
        info.path = path().string();
        info.schemaVersion = static_cast<int>(connection().integer("PRAGMA user_version"));
        info.codes = connection().integer("SELECT count(*) FROM codes");
        info.cases = connection().integer("SELECT count(*) FROM cases");
        info.prompts = connection().integer("SELECT count(*) FROM prompts");
        info.suites = connection().integer("SELECT count(*) FROM suites");
        info.runs = connection().integer("SELECT count(*) FROM runs");
        info.evaluations = connection().integer("SELECT count(*) FROM evaluations");
        info.snapshots = connection().integer("SELECT count(*) FROM snapshots");
        info.sizeBytes = connection().integer("PRAGMA page_count") * connection().integer("PRAGMA page_size");
        return info;
    });
}

Result<std::vector<CheckProblem>> Casebase::check(bool repair)
{
    return connection().guarded(
        "check " + path().string(), [&]() -> Result<std::vector<CheckProblem>> { return checkCasebase(*this, repair); });
}

Status Casebase::copyTo(const fs::path& to) const { return backUp(connection(), to); }

Status Casebase::transact(const std::function<Status()>& body) { return connection().transact("change " + path().string(), body); }

Result<std::optional<std::string>> Casebase::metadata(const std::string& key) const
{
    return connection().guarded("read " + key, [&]() -> Result<std::optional<std::string>> {
        Query q = connection().query("SELECT value FROM metadata WHERE key = ?");
        q.bind(key);
        return q.next() ? std::optional(q.text(0)) : std::nullopt;
    });
}

Status Casebase::setMetadata(const std::string& key, const std::string& value)
{
    return connection().write("store " + key, [&]() -> Status {
        connection()
            .query("INSERT INTO metadata(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value")
            .bind(key, value)
            .run();
        return {};
    });
}

Status Casebase::removeMetadata(const std::string& key)
{
    return connection().write("remove " + key, [&]() -> Status {
        connection().query("DELETE FROM metadata WHERE key = ?").bind(key).run();
        return {};
    });
}

Result<std::vector<std::string>> Casebase::metadataKeys(const std::string& prefix) const
{
    return connection().guarded("read the keys under " + prefix, [&]() -> Result<std::vector<std::string>> {
        Query q = connection().query("SELECT key FROM metadata WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key");
        q.bind(prefix);
        std::vector<std::string> keys;
        while (q.next())
            keys.push_back(q.text(0));
        return keys;
    });
}

} // namespace precedent::casebase
