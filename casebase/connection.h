#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "precedent/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

/// The thin layer over SQLite's C interface: the only files of the project that include sqlite3.h are connection.cpp
/// and schema.cpp. Inside the room errors travel as exceptions; guarded() turns them into Results at its edge.
namespace precedent::casebase {

/// Carries an Error through the inside of the room. Never leaves it.
class Failure : public std::exception {
public:
    explicit Failure(Error error)
        : m_error(std::move(error))
    {
    }
    [[nodiscard]] const Error& error() const { return m_error; }
    [[nodiscard]] const char* what() const noexcept override { return m_error.message().c_str(); }

private:
    Error m_error;
};

/// What SQLite reported, before it is put into words. Never leaves the room.
class SqlError : public std::exception {
public:
    SqlError(int extendedCode, int systemError, std::string message)
        : m_extendedCode(extendedCode)
        , m_systemError(systemError)
        , m_message(std::move(message))
    {
    }
    explicit SqlError(sqlite3* database);
    [[nodiscard]] int extendedCode() const { return m_extendedCode; }
    [[nodiscard]] int systemError() const { return m_systemError; }
    [[nodiscard]] const char* what() const noexcept override { return m_message.c_str(); }

private:
    int m_extendedCode;
    int m_systemError;
    std::string m_message;
};

[[noreturn]] inline void fail(ErrorCode code, std::string message, std::string hint = {})
{
    throw Failure(Error(code, std::move(message), std::move(hint)));
}

/// Throws a failed Status as a Failure.
inline void require(const Status& status)
{
    if (!status.ok())
        throw Failure(status.error());
}

template <typename T>
T require(Result<T> result)
{
    if (!result.ok())
        throw Failure(result.error());
    return std::move(result).value();
}

/// A prepared statement on loan from its connection: given back, reset and unbound, when it goes.
/// Lives shorter than the connection.
class Query {
public:
    Query(Query&& other) noexcept;
    Query& operator=(Query&&) = delete;
    ~Query();

    /// Binds from the first parameter on. Texts are not copied: they must live until the statement is reset.
    template <typename... Values>
    Query& bind(const Values&... values)
    {
        int index = 0;
        (bindOne(++index, values), ...);
        return *this;
    }
    void bindOne(int index, std::int64_t value);
    void bindOne(int index, int value) { bindOne(index, static_cast<std::int64_t>(value)); }
    void bindOne(int index, bool value) { bindOne(index, static_cast<std::int64_t>(value ? 1 : 0)); }
    void bindOne(int index, double value);
    void bindOne(int index, std::string_view text);
    void bindOne(int index, const std::string& text) { bindOne(index, std::string_view(text)); }
    void bindOne(int index, const char* text) { bindOne(index, std::string_view(text)); }
    void bindBlob(int index, std::string_view bytes);
    /// An empty text becomes NULL: for optional references.
    void bindOptional(int index, std::string_view text);

    /// Steps to the next row; false at the end.
    bool next();
    /// For statements without rows; the Query can be bound again after.
    void run();
    void reset();

    [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
    [[nodiscard]] std::string_view view(int column) const; ///< until the next step; blobs too
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] int number(int column) const { return static_cast<int>(integer(column)); }
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] bool flag(int column) const { return integer(column) != 0; }
    [[nodiscard]] bool isNull(int column) const;

private:
    friend class Connection;
    Query(sqlite3_stmt* statement, std::vector<sqlite3_stmt*>* home, sqlite3* database)
        : m_statement(statement)
        , m_home(home)
        , m_database(database)
    {
    }
    sqlite3_stmt* m_statement;
    std::vector<sqlite3_stmt*>* m_home; ///< the cache's list of spare statements of this text
    sqlite3* m_database;
};

/// One SQLite connection with its statement cache, transactions, clock and audit tail. Thread: one at a time.
class Connection {
public:
    struct Options {
        bool readOnly = false;
        bool inMemory = false;
        /// Given the file's first bytes (100, or as many as there are) before anything else is done to it; an error ends the opening.
        /// They are read through SQLite's own descriptor: closing any other one of this file would take the locks away that this
        /// process's connections hold, and another process would then remove the log that they write into.
        std::function<Status(std::string_view first)> examine{};
    };
    /// Opens an existing file (an empty one too) and sets the pragmas; no schema is made or checked.
    [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& path, const Options& options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// A cached statement. Throws SqlError.
    [[nodiscard]] Query query(std::string_view sql);
    /// Statements without parameters or rows, separated by semicolons. Throws SqlError.
    void execute(const std::string& sql);
    [[nodiscard]] std::int64_t integer(std::string_view sql);
    [[nodiscard]] std::int64_t changes() const;
    [[nodiscard]] std::int64_t lastRowId() const;
    [[nodiscard]] sqlite3* handle() const { return m_database; }

    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }
    [[nodiscard]] bool isReadOnly() const { return m_readOnly; }

    /// Runs `body` (returning a Result or Status) and turns whatever it throws into an Error: "Could not <action> ...".
    template <typename Body>
    auto guarded(const std::string& action, Body&& body) const -> std::invoke_result_t<Body>
    {
        try {
            return body();
        } catch (const Failure& failure) {
            return failure.error();
        } catch (const SqlError& error) {
            return translate(error, action);
        } catch (const std::bad_alloc&) {
            return Error(ErrorCode::outOfMemory, "Could not " + action + ": not enough memory.", "Nothing was changed.");
        } catch (const std::exception& exception) {
            return Error(ErrorCode::internal, "Could not " + action + ": " + exception.what());
        }
    }

    /// guarded(), inside a transaction (a savepoint where one is open) that an error undoes.
    template <typename Body>
    auto write(const std::string& action, Body&& body) -> std::invoke_result_t<Body>
    {
        using Value = std::invoke_result_t<Body>;
        std::optional<Value> value;
        const Status status = transact(action, [&]() -> Status {
            value.emplace(guarded(action, body));
            return value->ok() ? Status() : Status(value->error());
        });
        if (!status.ok())
            return status.error();
        return std::move(*value);
    }

    [[nodiscard]] Status transact(const std::string& action, const std::function<Status()>& body);

    void setClock(std::function<std::int64_t()> clock) { m_clock = std::move(clock); }
    [[nodiscard]] std::int64_t now() const { return m_clock(); }
    void setActor(std::string actor) { m_actor = std::move(actor); }
    [[nodiscard]] const std::string& actor() const { return m_actor; }

    /// The audit chain's end, within the open transaction.
    struct AuditTail {
        std::int64_t sequence = 0;
        std::string hash; ///< 32 raw bytes
    };
    std::optional<AuditTail> auditTail;
    /// Code -> the last number given to one of its cases, within the open transaction.
    std::unordered_map<std::string, std::int64_t> caseNumbers;

private:
    Connection(sqlite3* database, std::filesystem::path path, bool readOnly);
    [[nodiscard]] Error translate(const SqlError& error, const std::string& action) const;
    void undo(const std::string& savepoint);
    void forgetTransaction();

    sqlite3* m_database;
    std::filesystem::path m_path;
    bool m_readOnly = false;
    int m_depth = 0;
    std::function<std::int64_t()> m_clock;
    std::string m_actor;

    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    /// Spare statements by their text. Nodes never move: a Query keeps a pointer to its list.
    std::unordered_map<std::string, std::vector<sqlite3_stmt*>, TextHash, std::equal_to<>> m_statements;
};

} // namespace precedent::casebase
