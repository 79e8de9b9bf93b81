#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "casebase/connection.h"
#include "precedent/casebase/types.h"

/// What stores and importer do to cases and prompts alike, inside an open transaction. Everything throws.
namespace precedent::casebase {

/// Refuses a case that could not be stored: no user turn, bad texts, codes that are not there.
void checkCase(Connection& connection, const Case& value);
/// checkCase() but for what it refers to.
void checkCaseTexts(const Case& value);
/// Refuses a code without id or title, with bad texts, or under itself.
void checkCode(Connection& connection, const Code& code);
void checkPrompt(const Prompt& prompt);

[[nodiscard]] Case readCase(Connection& connection, const std::string& id, std::int64_t& n);
[[nodiscard]] Prompt readPrompt(Connection& connection, const std::string& id, std::int64_t& n);

[[nodiscard]] Code readCode(Connection& connection, const std::string& id, std::int64_t& n);
/// The first of STEM1, STEM2, ... that is free.
[[nodiscard]] std::string freeCodeId(Connection& connection, const std::string& stem = "S");
[[noreturn]] void failChangedMeanwhile(const std::string& named, int version, int expectedVersion);

void addCode(Connection& connection, const Code& code, std::string_view action);
/// Stores a checked case as version 1 under its id (or the next free one) and records it; returns the id.
std::string addCase(Connection& connection, const Case& value, std::string_view action);
std::string addPrompt(Connection& connection, const Prompt& prompt, std::string_view action);

/// Stores `after` as the next version, if it differs, and records it. An approved case whose substance changes goes
/// back in review. Returns whether anything changed.
bool storeChange(Connection& connection, std::int64_t n, const Case& before, const Case& after, std::string_view action);
bool storeChange(Connection& connection, std::int64_t n, const Code& before, const Code& after, std::string_view action);
bool storeChange(Connection& connection, std::int64_t n, const Prompt& before, const Prompt& after, std::string_view action);

/// The id of a stored case with the same request (of a prompt with the same messages and label).
[[nodiscard]] std::optional<std::string> sameCase(Connection& connection, const std::vector<Message>& request);
/// The code of this id, or (where `id` is empty or free) of this title.
[[nodiscard]] std::optional<Code> sameCode(Connection& connection, const std::string& id, const std::string& title, std::int64_t& n);
[[nodiscard]] std::optional<std::string> samePrompt(Connection& connection, const std::vector<Message>& messages, PromptLabel label);

} // namespace precedent::casebase
