// Any bytes are a template that renders a fixed conversation, or are refused; either within the limits.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/text/jinja/template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace precedent;
    static const Json kVariables = {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"tools", nullptr}, {"add_generation_prompt", true},
        {"messages",
            {{{"role", "system"}, {"content", " Be \"brief\". "}}, {{"role", "user"}, {"content", "你好 🙂\n\xff"}},
                {{"role", "assistant"}, {"content", "<think>\nwell\n</think>\n\nYes."}}, {{"role", "user"}, {"content", ""}}}},
        {"numbers", {1, -2, 0.5, true, 9223372036854775807}}, {"thing", {{"items", nullptr}, {"a", {{"b", {1, 2}}}}}}};
    const auto parsed = text::jinja::Template::parse({reinterpret_cast<const char*>(data), size});
    if (!parsed.ok()) {
        if (parsed.error().message().empty())
            std::abort();
        return 0;
    }
    const auto once = parsed->render(kVariables, std::tm{});
    const auto again = parsed->render(kVariables, std::tm{});
    // The same text, or the same fault.
    if (once.ok() != again.ok() || (once.ok() ? *once != *again : once.error().message() != again.error().message()))
        std::abort();
    return 0;
}
