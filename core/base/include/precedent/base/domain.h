#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The field's words, shared by every layer: plain values, no behaviour.
namespace precedent {

/// One turn of a conversation. `role` is "system", "user" or "assistant".
struct Message {
    std::string role;
    std::string content;

    bool operator==(const Message&) const = default;
};

/// What an answer to a request should do.
enum class Disposition { comply, refuse, safeComplete, unknown };

/// What an answer did. `noAnswer`: empty, gibberish, cut off, or its chain never closed.
enum class Verdict { comply, refuse, safeComplete, noAnswer };

enum class PromptLabel { harmful, benign, attack, utility };

/// Safety-reasoning mode: what the context holds beside the request.
enum class Mode { none, codes, cases };

/// How the cases of a context are found: by shared words (BM25), by nearness of meaning (a model's vectors), by both
/// rankings joined, or not at all: the same ones for every request.
enum class Retrieval { bm25, dense, hybrid, fixed };

// Stable spellings ("safe_complete", "no_answer"), used in files, on the command line and in JSON.
[[nodiscard]] const char* toString(Disposition value);
[[nodiscard]] const char* toString(Verdict value);
[[nodiscard]] const char* toString(PromptLabel value);
[[nodiscard]] const char* toString(Mode value);
[[nodiscard]] const char* toString(Retrieval value);
[[nodiscard]] std::optional<Disposition> dispositionFromString(std::string_view text);
[[nodiscard]] std::optional<Verdict> verdictFromString(std::string_view text);
[[nodiscard]] std::optional<PromptLabel> promptLabelFromString(std::string_view text);
[[nodiscard]] std::optional<Mode> modeFromString(std::string_view text);
[[nodiscard]] std::optional<Retrieval> retrievalFromString(std::string_view text);

/// The text of the last user turn; empty if there is none.
[[nodiscard]] std::string lastUserText(const std::vector<Message>& messages);

} // namespace precedent
