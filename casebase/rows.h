#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "casebase/connection.h"
#include "precedent/casebase/types.h"

/// Values to and from rows, and the search index beside them. Everything here throws SqlError or Failure.
namespace precedent::casebase {

inline constexpr const char* kCodeColumns = "n, id, parent, title, simple, detailed, position, derived, version, created_ms, updated_ms";
inline constexpr const char* kCaseColumns =
    "n, id, request, disposition, chain, answer, notes, status, source, source_id, tags, twin, twin_difference, "
    "surface, audience, language, jurisdiction, derived, version, created_ms, updated_ms, turns";
inline constexpr const char* kPromptColumns =
    "n, id, messages, label, expected, governing_codes, goal, sibling, wrapper, family, utility_answer, source_case, "
    "source, source_id, category, derived, version, created_ms, updated_ms, turns";

[[nodiscard]] Code codeFrom(const Query& q);
[[nodiscard]] Case caseFrom(Connection& connection, const Query& q);
[[nodiscard]] Prompt promptFrom(const Query& q);

/// The codes of the case in row `n`, in order.
[[nodiscard]] std::vector<GoverningCode> readGoverning(Connection& connection, std::int64_t n);

/// Everything of a kind, by id (codes too, not by tree).
void readCodes(Connection& connection, const std::function<void(const Code&)>& visit);
void readCases(Connection& connection, const std::function<void(const Case&)>& visit);
void readPrompts(Connection& connection, const std::function<void(const Prompt&)>& visit);
[[nodiscard]] std::vector<Suite> readSuites(Connection& connection);
void visitMembers(Connection& connection, const std::string& suite, const std::function<void(const SuiteMember&)>& visit);
[[nodiscard]] std::vector<SuiteMember> readMembers(Connection& connection, const std::string& suite);
[[nodiscard]] std::vector<HumanVerdict> readVerdicts(Connection& connection);

/// Inserts rows, their codes, and what the search index holds of them; returns the row number. Nothing is checked.
std::int64_t insertCode(Connection& connection, const Code& code);
std::int64_t insertCase(Connection& connection, const Case& value);
std::int64_t insertPrompt(Connection& connection, const Prompt& prompt);

/// Replaces row `n`, which held `before`.
void replaceCode(Connection& connection, std::int64_t n, const Code& before, const Code& after);
void replaceCase(Connection& connection, std::int64_t n, const Case& before, const Case& after);
void replacePrompt(Connection& connection, std::int64_t n, const Prompt& before, const Prompt& after);

void deleteCode(Connection& connection, std::int64_t n, const Code& before);
void deleteCase(Connection& connection, std::int64_t n, const Case& before);
void deletePrompt(Connection& connection, std::int64_t n, const Prompt& before);

/// Row number of an id, or 0.
[[nodiscard]] std::int64_t rowOf(Connection& connection, std::string_view table, std::string_view id);

/// Messages as the columns `request` (or `messages`) and `turns` hold them.
[[nodiscard]] std::string turnsText(const std::vector<Message>& messages);
[[nodiscard]] std::vector<Message> messagesFrom(std::string_view joined, std::string_view turns);
[[nodiscard]] std::string jsonText(const std::vector<std::string>& texts);
[[nodiscard]] std::string jsonText(const DerivedMarks& marks);
[[nodiscard]] std::vector<std::string> textsFrom(std::string_view json);
[[nodiscard]] DerivedMarks marksFrom(std::string_view json);

} // namespace precedent::casebase
