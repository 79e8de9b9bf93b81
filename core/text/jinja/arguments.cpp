#include "core/text/jinja/arguments.h"

#include <algorithm>

namespace precedent::text::jinja {

BoundArguments::BoundArguments(
    Runtime& runtime, const Arguments& given, std::string function, std::initializer_list<std::string_view> names, std::size_t required)
    : m_runtime(runtime)
    , m_function(std::move(function))
    , m_names(names)
    , m_values(names.size())
{
    if (given.positional.size() > m_values.size())
        runtime.fail(m_function + " takes " + std::to_string(m_values.size()) + " arguments at most, and " +
            std::to_string(given.positional.size()) + " are given");
    std::copy(given.positional.begin(), given.positional.end(), m_values.begin());
    for (const auto& [name, value] : given.named) {
        const auto found = std::find(m_names.begin(), m_names.end(), name);
        if (found == m_names.end())
            runtime.fail(m_function + " takes no argument \"" + name + "\"");
        std::optional<Value>& place = m_values[static_cast<std::size_t>(found - m_names.begin())];
        if (place)
            runtime.fail(m_function + " is given \"" + name + "\" twice");
        place = value;
    }
    for (std::size_t i = 0; i < required; ++i) {
        if (!m_values[i])
            runtime.fail(m_function + " needs the argument \"" + std::string(m_names[i]) + "\"");
    }
}

const Text& BoundArguments::text(std::size_t i) const
{
    const Text* text = as<Text>(*m_values[i]);
    if (text == nullptr)
        failType(i, "a text");
    return *text;
}

std::int64_t BoundArguments::integer(std::size_t i) const
{
    const std::optional<std::int64_t> integer = integerOf(*m_values[i]);
    if (!integer)
        failType(i, "a whole number");
    return *integer;
}

void BoundArguments::failType(std::size_t i, const std::string& wanted) const
{
    if (const auto* undefined = std::get_if<Undefined>(&*m_values[i]))
        failUndefined(m_runtime, *undefined);
    m_runtime.fail("the argument \"" + std::string(m_names[i]) + "\" of " + m_function + " is of type " + typeName(*m_values[i]) +
        ", and should be " + wanted);
}

} // namespace precedent::text::jinja
