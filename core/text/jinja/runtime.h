#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/text/jinja/value.h"
#include "precedent/base/result.h"

namespace precedent::text::jinja {

/// What went wrong in a template. Thrown within this room only.
struct Fault {
    ErrorCode code;
    int line; ///< 1-based; 0 where none is known
    std::string message; ///< a clause: no capital letter but a name's, no full stop
    bool raised = false; ///< the template's own words, by raise_exception
};

/// What one rendering may take, so that a template which never ends or grows for ever ends in an error.
struct Limits {
    std::size_t steps = 2'000'000; ///< evaluations, and 64 bytes or one element looked at
    std::size_t bytes = std::size_t{32} << 20; ///< of all values and output made, together
    int depth = 500; ///< of nested evaluations, and of nested values
};

/// One rendering's memory, budget and clock. Owns every value that is made; they go when it goes.
class Runtime {
public:
    Runtime(const Limits& limits, std::optional<std::tm> clock)
        : m_limits(limits)
        , m_clock(clock)
    {
    }

    /// The line that is being evaluated, which a fault names.
    void setLine(int line) { m_line = line; }
    [[nodiscard]] int line() const { return m_line; }

    [[noreturn]] void fail(const std::string& message, ErrorCode code = ErrorCode::invalidArgument) const
    {
        throw Fault{code, m_line, message};
    }

    /// Counts steps. Fails past the limit.
    void spend(std::size_t steps = 1)
    {
        m_steps += steps;
        if (m_steps > m_limits.steps)
            fail("the template does not come to an end: it took more than " + std::to_string(m_limits.steps) + " steps",
                ErrorCode::failedPrecondition);
    }
    /// Counts a pass over so many bytes.
    void spendBytes(std::size_t bytes) { spend(1 + bytes / 64); }
    /// Counts memory that is about to be taken. Fails past the limit.
    void take(std::size_t bytes)
    {
        if (bytes > m_limits.bytes - m_bytes)
            fail("the template makes too much text: more than " + std::to_string(m_limits.bytes) + " bytes", ErrorCode::failedPrecondition);
        m_bytes += bytes;
    }

    /// Makes an object that lives as long as the runtime. What it points to (characters, elements) is counted apart.
    template <typename T, typename... Parts>
    T* make(Parts&&... parts)
    {
        take(sizeof(T) + sizeof(void*));
        auto object = std::make_unique<T>(std::forward<Parts>(parts)...);
        T* made = object.get();
        m_objects.push_back(std::move(object));
        return made;
    }
    Value text(std::string bytes, bool safe = false);
    Value list(std::vector<Value> items);
    Value tuple(std::vector<Value> items);
    Value dict(std::vector<std::pair<Value, Value>> entries);
    Value iterator(std::vector<Value> items, std::string typeName = "generator");
    Value function(std::string name, Function::Body body);
    Value undefined(std::string reason);

    [[nodiscard]] const Limits& limits() const { return m_limits; }
    /// What strftime_now takes for now; none: the machine's clock.
    [[nodiscard]] const std::optional<std::tm>& clock() const { return m_clock; }

    /// Held while one more level is entered. Fails where there are too many.
    class Level {
    public:
        explicit Level(Runtime& runtime)
            : m_runtime(runtime)
        {
            if (++m_runtime.m_depth > m_runtime.m_limits.depth) {
                --m_runtime.m_depth;
                m_runtime.fail("more than " + std::to_string(m_runtime.m_limits.depth) + " levels are nested in each other",
                    ErrorCode::failedPrecondition);
            }
        }
        ~Level() { --m_runtime.m_depth; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

    private:
        Runtime& m_runtime;
    };

private:
    Limits m_limits;
    std::optional<std::tm> m_clock;
    std::vector<std::unique_ptr<Object>> m_objects;
    std::size_t m_steps = 0;
    std::size_t m_bytes = 0;
    int m_depth = 0;
    int m_line = 0;
};

/// Text that grows within the budget: what does not fit is refused before it is there.
class TextBuilder {
public:
    explicit TextBuilder(Runtime& runtime)
        : m_runtime(runtime)
    {
    }
    TextBuilder& add(std::string_view bytes)
    {
        m_runtime.take(bytes.size());
        m_text.append(bytes);
        return *this;
    }
    TextBuilder& add(std::string_view bytes, std::size_t times)
    {
        if (times > 0 && bytes.size() > m_runtime.limits().bytes / times)
            m_runtime.take(m_runtime.limits().bytes + 1);
        for (std::size_t i = 0; i < times; ++i)
            add(bytes);
        return *this;
    }
    [[nodiscard]] const std::string& str() const { return m_text; }
    /// What was built, as a value. Leaves the builder empty.
    [[nodiscard]] Value finish(bool safe = false)
    {
        return static_cast<const Text*>(m_runtime.make<Text>(std::exchange(m_text, {}), safe));
    }

private:
    Runtime& m_runtime;
    std::string m_text;
};

} // namespace precedent::text::jinja
