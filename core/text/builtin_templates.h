#pragma once

#include <string_view>
#include <vector>

namespace precedent::text {

/// Templates that come with the program, for models without one of their own or with one that cannot be read here.
struct BuiltInTemplate {
    std::string_view name;
    std::string_view jinja;
};

/// builtIn("plain"), which is written without Jinja.
[[nodiscard]] std::string_view plainJinja();

/// The families' formats: chatml, llama3, gemma, mistral (also under "inst").
[[nodiscard]] const std::vector<BuiltInTemplate>& builtInTemplates();

} // namespace precedent::text
