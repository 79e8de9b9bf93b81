#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/text/jinja/runtime.h"
#include "core/text/jinja/syntax.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::text::jinja {

/// A parsed template. Immutable, cheap to copy; render() from any thread.
class Template {
public:
    /// Fails with corrupt for what is no template, and with unsupported for a statement that this interpreter does not
    /// know; the message names the line.
    [[nodiscard]] static Result<Template> parse(std::string_view source);

    /// The text, given the variables (an object). Fails with unsupported for a filter or test that is not known here,
    /// failedPrecondition past a limit, invalidArgument for anything else that goes wrong, raise_exception among it.
    [[nodiscard]] Result<std::string> render(const Json& variables, const std::optional<std::tm>& now = std::nullopt) const;

private:
    explicit Template(std::shared_ptr<const Syntax> syntax)
        : m_syntax(std::move(syntax))
    {
    }
    std::shared_ptr<const Syntax> m_syntax;
};

} // namespace precedent::text::jinja
