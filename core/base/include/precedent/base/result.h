#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace precedent {

enum class ErrorCode {
    invalidArgument,
    notFound,
    alreadyExists,
    failedPrecondition,
    corrupt,
    unsupported,
    tooNew,
    permissionDenied,
    diskFull,
    outOfMemory,
    io,
    cancelled,
    internal,
};

/// The stable spelling of a code, as `--json` prints it ("invalid_argument").
[[nodiscard]] const char* toString(ErrorCode code);

/// An expected failure. `message` says what failed, where, the value seen and what was expected;
/// `hint` says what to do and what is safe. Both are whole sentences for the user.
class Error {
public:
    Error(ErrorCode code, std::string message, std::string hint = {})
        : m_code(code)
        , m_message(std::move(message))
        , m_hint(std::move(hint))
    {
    }

    [[nodiscard]] ErrorCode code() const { return m_code; }
    [[nodiscard]] const std::string& message() const { return m_message; }
    [[nodiscard]] const std::string& hint() const { return m_hint; }

    /// The same failure seen from one level up: "<where>: <message>".
    [[nodiscard]] Error in(const std::string& where) const { return {m_code, where + ": " + m_message, m_hint}; }

private:
    ErrorCode m_code;
    std::string m_message;
    std::string m_hint;
};

/// Translates the current errno for a path into an Error (ENOSPC to diskFull, EACCES and EROFS to permissionDenied).
[[nodiscard]] Error errnoError(int errnoValue, const std::string& action, const std::string& path);

/// A value or an Error; the subset of std::expected that the house uses.
template <typename T>
class [[nodiscard]] Result {
public:
    using ValueType = T;

    Result(T value)
        : m_state(std::in_place_index<0>, std::move(value))
    {
    }
    Result(Error error)
        : m_state(std::in_place_index<1>, std::move(error))
    {
    }

    [[nodiscard]] bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] T& value() & { return std::get<0>(m_state); }
    [[nodiscard]] const T& value() const& { return std::get<0>(m_state); }
    [[nodiscard]] T&& value() && { return std::get<0>(std::move(m_state)); }
    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    /// By value, so that `for (x : *f())` keeps what it walks over.
    [[nodiscard]] T operator*() && { return std::get<0>(std::move(m_state)); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    [[nodiscard]] const Error& error() const { return std::get<1>(m_state); }

private:
    std::variant<T, Error> m_state;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error)
        : m_error(std::move(error))
    {
    }

    [[nodiscard]] bool ok() const { return !m_error.has_value(); }
    explicit operator bool() const { return ok(); }
    [[nodiscard]] const Error& error() const { return *m_error; }

private:
    std::optional<Error> m_error;
};

using Status = Result<void>;

} // namespace precedent

/// Returns the error of a Result expression from the enclosing function.
#define PRECEDENT_TRY(expression)                                                                                                          \
    do {                                                                                                                                   \
        if (auto&& precedentTryResult = (expression); !precedentTryResult.ok())                                                            \
            return precedentTryResult.error();                                                                                             \
    } while (false)
