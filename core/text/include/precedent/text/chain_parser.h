#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace precedent::text {

/// How a chain is set apart from the answer. With `openInPrompt` the completion begins inside the chain.
struct ChainFormat {
    std::string open = "<think>";
    std::string close = "</think>";
    bool openInPrompt = true;
};

/// A completion split into chain and answer, both trimmed. `ok`: one chain, one answer, delimiters in order, neither
/// empty. Otherwise `problem` is a sentence that says why, and chain and answer hold what could be told apart:
/// a chain that never closed leaves the answer empty; a completion without a chain is all answer.
struct ParsedCompletion {
    std::string chain;
    std::string answer;
    bool ok = false;
    std::string problem;
};

/// Splits a completion. `stopTexts` (such as "<|end|>") are stripped from its end first, as often as they stand there.
/// Never fails; takes any bytes.
[[nodiscard]] ParsedCompletion parseCompletion(
    std::string_view completion, const ChainFormat& format, const std::vector<std::string>& stopTexts = {});

/// What a program wrote to prompts that are not known (a server's replies, a file's answers), so that each holds its chain whole: a reply
/// with the closing delimiter alone began inside the chain, which the program's template had opened, and gets the opening one. Where that
/// is half of them or more, so does one without either: its chain never closed, and it is no answer. `format.openInPrompt` is not read.
void openChains(const std::vector<std::string*>& replies, const ChainFormat& format);

} // namespace precedent::text
