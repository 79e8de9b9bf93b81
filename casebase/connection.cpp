#include "casebase/connection.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <utility>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "casebase/natural_order.h"

namespace precedent::casebase {
namespace {

namespace fs = std::filesystem;

constexpr int kBusyTimeoutMs = 10'000;
constexpr std::size_t kSpareStatements = 4;

void check(int code, sqlite3* database)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
        throw SqlError(database);
}

std::int64_t systemClock()
{
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// A file: URI that names this path whatever characters it holds.
std::string uriOf(const fs::path& path, const std::string& parameters)
{
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : fs::absolute(path).string()) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || c == '/' ||
            c == '.' || c == '-' || c == '_';
        if (plain) {
            uri += c;
        } else {
            uri += '%';
            uri += kDigits[byte >> 4];
            uri += kDigits[byte & 15];
        }
    }
    return uri + parameters;
}

bool canWriteBeside(const fs::path& path)
{
    const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
    return ::euidaccess(path.c_str(), W_OK) == 0 && ::euidaccess(folder.c_str(), W_OK) == 0;
}

bool hasPendingLog(const fs::path& path)
{
    std::error_code ec;
    const auto size = fs::file_size(path.string() + "-wal", ec);
    return !ec && size > 0;
}

constexpr int kFirstBytes = 100;

std::string firstBytesOf(sqlite3* database)
{
    sqlite3_file* file = nullptr;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file)) != SQLITE_OK || file == nullptr ||
        file->pMethods == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK)
        return {};
    std::string first(static_cast<std::size_t>(std::clamp<sqlite3_int64>(size, 0, kFirstBytes)), '\0');
    if (!first.empty() && file->pMethods->xRead(file, first.data(), static_cast<int>(first.size()), 0) != SQLITE_OK)
        return {};
    return first;
}

/// natural_key(id), for migrations and inserts. Only statements of ours may call it, no schema.
void naturalKeyFunction(sqlite3_context* context, int, sqlite3_value** values)
{
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
    try {
        const std::string key = naturalKey(bytes == nullptr ? std::string_view() : std::string_view(bytes, size));
        sqlite3_result_text(context, key.data(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
    } catch (const std::bad_alloc&) {
        sqlite3_result_error_nomem(context);
    }
}

sqlite3* openHandle(const std::string& uri, int flags)
{
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(uri.c_str(), &database, flags | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE, nullptr);
    if (code != SQLITE_OK) {
        SqlError error(code, database != nullptr ? sqlite3_system_errno(database) : 0,
            database != nullptr ? sqlite3_errmsg(database) : "not enough memory");
        sqlite3_close(database);
        throw error;
    }
    return database;
}

} // namespace

SqlError::SqlError(sqlite3* database)
    : SqlError(sqlite3_extended_errcode(database), sqlite3_system_errno(database), sqlite3_errmsg(database))
{
}

Query::Query(Query&& other) noexcept
    : m_statement(std::exchange(other.m_statement, nullptr))
    , m_home(other.m_home)
    , m_database(other.m_database)
{
}

Query::~Query()
{
    if (m_statement == nullptr)
        return;
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);
    if (m_home->size() < kSpareStatements)
        m_home->push_back(m_statement);
    else
        sqlite3_finalize(m_statement);
}

void Query::bindOne(int index, std::int64_t value) { check(sqlite3_bind_int64(m_statement, index, value), m_database); }

void Query::bindOne(int index, double value) { check(sqlite3_bind_double(m_statement, index, value), m_database); }

void Query::bindOne(int index, std::string_view text)
{
    // A null data pointer would bind NULL where an empty text is meant.
    const char* data = text.data() != nullptr ? text.data() : "";
    check(sqlite3_bind_text64(m_statement, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8), m_database);
}

void Query::bindBlob(int index, std::string_view bytes)
{
    const char* data = bytes.data() != nullptr ? bytes.data() : "";
    check(sqlite3_bind_blob64(m_statement, index, data, bytes.size(), SQLITE_STATIC), m_database);
}

void Query::bindOptional(int index, std::string_view text)
{
    if (text.empty())
        check(sqlite3_bind_null(m_statement, index), m_database);
    else
        bindOne(index, text);
}

bool Query::next()
{
    const int code = sqlite3_step(m_statement);
    check(code, m_database);
    return code == SQLITE_ROW;
}

void Query::run()
{
    while (next()) { }
    reset();
}

void Query::reset() { sqlite3_reset(m_statement); }

std::string_view Query::view(int column) const
{
    // The pointer first: it converts a number to text, whose length the second call tells.
    const bool blob = sqlite3_column_type(m_statement, column) == SQLITE_BLOB;
    const auto* data = blob ? static_cast<const char*>(sqlite3_column_blob(m_statement, column))
                            : reinterpret_cast<const char*>(sqlite3_column_text(m_statement, column));
    return data == nullptr ? std::string_view()
                           : std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(m_statement, column)));
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(m_statement, column); }

double Query::real(int column) const
{
    // SQLite stores a NaN as NULL.
    return isNull(column) ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(m_statement, column);
}

bool Query::isNull(int column) const { return sqlite3_column_type(m_statement, column) == SQLITE_NULL; }

Result<std::unique_ptr<Connection>> Connection::open(const fs::path& path, const Options& options)
{
    const Connection untied(nullptr, path, options.readOnly);
    return untied.guarded("open " + path.string(), [&]() -> Result<std::unique_ptr<Connection>> {
        sqlite3* database = nullptr;
        if (options.inMemory) {
            database = openHandle(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
        } else if (canWriteBeside(path)) {
            // A reader opens for writing too, where it may: only so does the last one to close remove the side files.
            database = openHandle(uriOf(path, ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
        } else if (!options.readOnly) {
            fail(ErrorCode::permissionDenied, "Could not open " + path.string() + " for writing: the file or its folder is read-only.",
                "Copy it to a place that can be written, or only read it.");
        } else {
            // Without side files nobody is writing, and SQLite need not look for any. With a log but no index of it,
            // nothing here may make that index.
            std::error_code ec;
            const bool live = fs::exists(path.string() + "-shm", ec);
            if (!live && hasPendingLog(path))
                fail(ErrorCode::failedPrecondition,
                    path.string() + " was not closed cleanly: its newest changes are in " + path.filename().string() +
                        "-wal, and its folder is read-only.",
                    "Copy both files to a place that can be written and open the copy there.");
            database = openHandle(uriOf(path, live ? "" : "?immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
        }
        std::unique_ptr<Connection> connection(new Connection(database, path, options.readOnly));
        if (options.examine) {
            if (Status status = options.examine(firstBytesOf(database)); !status.ok())
                return status.error();
        }
        sqlite3_busy_timeout(database, kBusyTimeoutMs);
        // A casebase may come by mail: what its schema says is not trusted with side effects.
        sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        sqlite3_create_function(database, "natural_key", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
            &naturalKeyFunction, nullptr, nullptr);
        connection->execute("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000; PRAGMA synchronous = FULL; "
                            "PRAGMA journal_size_limit = 67108864");
        if (options.readOnly)
            connection->execute("PRAGMA query_only = ON");
        return connection;
    });
}

Connection::Connection(sqlite3* database, fs::path path, bool readOnly)
    : m_database(database)
    , m_path(std::move(path))
    , m_readOnly(readOnly)
    , m_clock(systemClock)
{
}

Connection::~Connection()
{
    for (auto& [sql, statements] : m_statements) {
        for (sqlite3_stmt* statement : statements)
            sqlite3_finalize(statement);
    }
    if (m_database == nullptr)
        return;
    // The last connection to close checkpoints the log and removes the side files.
    sqlite3_close_v2(m_database);
}

Query Connection::query(std::string_view sql)
{
    auto found = m_statements.find(sql);
    if (found == m_statements.end())
        found = m_statements.emplace(std::string(sql), std::vector<sqlite3_stmt*>()).first;
    auto& spare = found->second;
    if (!spare.empty()) {
        sqlite3_stmt* statement = spare.back();
        spare.pop_back();
        return {statement, &spare, m_database};
    }
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(m_database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
        m_database);
    return {statement, &spare, m_database};
}

void Connection::execute(const std::string& sql) { check(sqlite3_exec(m_database, sql.c_str(), nullptr, nullptr, nullptr), m_database); }

std::int64_t Connection::integer(std::string_view sql)
{
    Query q = query(sql);
    return q.next() ? q.integer(0) : 0;
}

std::int64_t Connection::changes() const { return sqlite3_changes64(m_database); }

std::int64_t Connection::lastRowId() const { return sqlite3_last_insert_rowid(m_database); }

Status Connection::transact(const std::string& action, const std::function<Status()>& body)
{
    if (m_readOnly)
        return Error(ErrorCode::permissionDenied, "Could not " + action + ": " + m_path.string() + " is open for reading only.",
            "Open it where it can be written, or make a copy.");
    std::string savepoint;
    if (m_depth > 0)
        savepoint.append("level").append(std::to_string(m_depth));
    Status status = guarded(action, [&]() -> Status {
        execute(savepoint.empty() ? "BEGIN IMMEDIATE" : "SAVEPOINT " + savepoint);
        return {};
    });
    if (!status.ok())
        return status;
    if (m_depth++ == 0)
        forgetTransaction();
    status = guarded(action, body);
    if (status.ok() && sqlite3_get_autocommit(m_database) != 0)
        status =
            Error(ErrorCode::io, "Could not " + action + ": an earlier error had already undone the transaction.", "Nothing was changed.");
    if (status.ok()) {
        status = guarded(action, [&]() -> Status {
            execute(savepoint.empty() ? "COMMIT" : "RELEASE " + savepoint);
            return {};
        });
    }
    if (!status.ok())
        undo(savepoint);
    if (--m_depth == 0)
        forgetTransaction();
    return status;
}

void Connection::undo(const std::string& savepoint)
{
    // Errors here have nothing to add to the one being reported; SQLite undoes a broken transaction at the next open.
    if (sqlite3_get_autocommit(m_database) == 0)
        sqlite3_exec(m_database, savepoint.empty() ? "ROLLBACK" : ("ROLLBACK TO " + savepoint + "; RELEASE " + savepoint).c_str(), nullptr,
            nullptr, nullptr);
    forgetTransaction();
}

void Connection::forgetTransaction()
{
    auditTail.reset();
    caseNumbers.clear();
}

Error Connection::translate(const SqlError& error, const std::string& action) const
{
    const std::string message = "Could not " + action + ": ";
    const std::string where = m_path.string();
    if (error.systemError() == ENOSPC || error.systemError() == EDQUOT)
        return errnoError(error.systemError(), action + " in", where);
    switch (error.extendedCode() & 0xff) {
    case SQLITE_FULL:
        return {ErrorCode::diskFull, message + "the disk (or the quota) under " + where + " is full.",
            "Free some space and try again; what was stored before is unchanged."};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return {ErrorCode::permissionDenied, message + where + " cannot be written.",
            "Check who owns it and whether its folder can be written."};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {ErrorCode::corrupt, message + where + " is damaged (" + error.what() + ").",
            "Nothing was changed. Where it still opens, `casebase check` says what is hurt; else go back to a backup or a copy."};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {ErrorCode::failedPrecondition, message + where + " is in use by another program for longer than ten seconds.",
            "Nothing was changed; try again when the other program is done."};
    case SQLITE_NOMEM:
        return {ErrorCode::outOfMemory, message + "not enough memory.", "Nothing was changed."};
    case SQLITE_TOOBIG:
        return {ErrorCode::invalidArgument, message + "one of the texts is longer than SQLite can hold (1,000,000,000 bytes)."};
    case SQLITE_CANTOPEN:
        return {ErrorCode::io, message + where + " or a file beside it could not be opened.",
            "Check who owns it and whether its folder can be written."};
    case SQLITE_INTERRUPT:
        return {ErrorCode::cancelled, message + "cancelled."};
    case SQLITE_IOERR:
        return {ErrorCode::io, message + "reading or writing " + where + " failed (" + error.what() + ").",
            "What was stored before is unchanged; check the disk."};
    default:
        return {ErrorCode::internal, message + error.what() + " (SQLite " + std::to_string(error.extendedCode()) + ")."};
    }
}

} // namespace precedent::casebase
