#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "core/text/pattern.h"

namespace precedent::text {

/// An expression that is known to be good; matching is on normalized sentences (lower case, "cannot", "i am").
class Expression {
public:
    explicit Expression(const std::string& text)
        : m_pattern(compile(text))
    {
    }

    [[nodiscard]] bool matches(std::string_view sentence) const
    {
        bool found = false;
        m_pattern.forEachMatch(sentence, [&](std::size_t, std::size_t) { found = true; });
        return found;
    }
    [[nodiscard]] std::string removedFrom(std::string_view sentence) const { return m_pattern.replaceAll(sentence, " "); }

private:
    static Pattern compile(const std::string& text)
    {
        Result<Pattern> pattern = Pattern::regex(text);
        if (!pattern)
            std::abort();
        return std::move(*pattern);
    }
    Pattern m_pattern;
};

} // namespace precedent::text
