#include "casebase/case_rules.h"

#include <algorithm>
#include <cstdio>

#include "casebase/audit.h"
#include "casebase/rows.h"
#include "casebase/text_rules.h"
#include "casebase/versioned_write.h"
#include "precedent/base/digest.h"

namespace precedent::casebase {
namespace {

/// Where cases without a code are numbered.
constexpr const char* kNoCode = "S0";
constexpr std::size_t kContentIdDigits = 12;

void checkMessages(const std::vector<Message>& messages, const std::string& entity)
{
    bool asked = false;
    for (const Message& message : messages) {
        if (message.role != "system" && message.role != "user" && message.role != "assistant")
            fail(ErrorCode::invalidArgument,
                "A message of " + entity + " has the role \"" + message.role + "\"; system, user or assistant was expected.");
        requireStorable(message.content, "request", entity);
        asked = asked || (message.role == "user" && !squeezed(message.content).empty());
    }
    if (!asked)
        fail(ErrorCode::invalidArgument, "The request of " + entity + " has no text by a user.", "Give it at least one user turn.");
}

void checkId(const std::string& id, const std::string& entity)
{
    requireStorable(id, "id", entity);
    const bool bad =
        std::any_of(id.begin(), id.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '[' || c == ']' || c == 0x7f; });
    if (bad)
        fail(ErrorCode::invalidArgument, "The id \"" + id + "\" holds a space or a bracket; it could not be cited.",
            "Use letters, digits, dots and dashes, like S3-017.");
}

std::string decidingCode(const Case& value)
{
    const auto deciding = std::find_if(value.codes.begin(), value.codes.end(), [](const GoverningCode& code) { return code.decides; });
    if (deciding != value.codes.end())
        return deciding->code;
    return value.codes.empty() ? kNoCode : value.codes.front().code;
}

/// The highest NUMBER among ids CODE-NUMBER.
std::int64_t lastNumber(Connection& connection, const std::string& code)
{
    const std::string from = code + "-";
    const std::string to = code + ".";
    Query q = connection.query(
        "SELECT max(CAST(substr(id, ?3) AS INTEGER)) FROM cases WHERE id >= ?1 AND id < ?2 AND substr(id, ?3) NOT GLOB '*[^0-9]*'");
    q.bind(from, to, static_cast<std::int64_t>(from.size() + 1));
    return q.next() ? q.integer(0) : 0;
}

std::string nextCaseId(Connection& connection, const std::string& code)
{
    auto known = connection.caseNumbers.find(code);
    if (known == connection.caseNumbers.end())
        known = connection.caseNumbers.emplace(code, lastNumber(connection, code)).first;
    std::string number = std::to_string(++known->second);
    if (number.size() < 3)
        number.insert(0, 3 - number.size(), '0');
    return code + "-" + number;
}

bool substanceDiffers(const Case& a, const Case& b)
{
    return a.request != b.request || a.codes != b.codes || a.disposition != b.disposition || a.chain != b.chain || a.answer != b.answer;
}

/// Lower-case letters and digits of a source's name, for ids.
std::string idStem(const std::string& source)
{
    std::string stem = titleKey(source);
    std::replace(stem.begin(), stem.end(), ' ', '-');
    return stem.empty() ? "prompt" : stem;
}

std::string newPromptId(Connection& connection, const Prompt& prompt)
{
    std::string own = prompt.sourceId;
    std::erase_if(own, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '[' || c == ']' || c == 0x7f; });
    if (own.empty()) {
        Sha256 digest;
        for (const Message& message : prompt.messages)
            digest.addField(message.role).addField(squeezed(message.content));
        own = digest.hex().substr(0, kContentIdDigits);
    }
    const std::string stem = idStem(prompt.source) + "-" + own;
    std::string id = stem;
    for (int i = 2; rowOf(connection, "prompts", id) != 0; ++i)
        id = stem + "-" + std::to_string(i);
    return id;
}

} // namespace

void checkCaseTexts(const Case& value)
{
    const std::string entity = value.id.empty() ? "the new case" : "case " + value.id;
    checkId(value.id, entity);
    checkMessages(value.request, entity);
    requireStorable(value.chain, "chain", entity);
    requireStorable(value.answer, "answer", entity);
    requireStorable(value.notes, "notes", entity);
    for (const std::string* text :
        {&value.source, &value.sourceId, &value.twinDifference, &value.surface, &value.audience, &value.language, &value.jurisdiction})
        requireStorable(*text, "description", entity);
    for (const std::string& tag : value.tags)
        requireStorable(tag, "tag", entity);
    if (!value.twinId.empty() && value.twinId == value.id)
        fail(ErrorCode::invalidArgument, "The case " + value.id + " cannot be its own twin.");
}

void checkCase(Connection& connection, const Case& value)
{
    checkCaseTexts(value);
    const std::string entity = value.id.empty() ? "the new case" : "case " + value.id;
    for (const GoverningCode& code : value.codes) {
        if (rowOf(connection, "codes", code.code) == 0)
            fail(ErrorCode::notFound, "The code " + code.code + " of " + entity + " is not in the casebase.", "Add the code first.");
    }
    if (!value.twinId.empty() && rowOf(connection, "cases", value.twinId) == 0)
        fail(ErrorCode::notFound, "The twin " + value.twinId + " of " + entity + " is not in the casebase.",
            "Add the twin first, or link them afterwards.");
}

void checkPrompt(const Prompt& prompt)
{
    const std::string entity = prompt.id.empty() ? "the new prompt" : "prompt " + prompt.id;
    checkId(prompt.id, entity);
    checkMessages(prompt.messages, entity);
    for (const std::string* text : {&prompt.goalId, &prompt.siblingId, &prompt.wrapper, &prompt.family, &prompt.utilityAnswer,
             &prompt.sourceCaseId, &prompt.source, &prompt.sourceId, &prompt.category})
        requireStorable(*text, "description", entity);
    for (const std::string& code : prompt.governingCodes)
        requireStorable(code, "code", entity);
}

Case readCase(Connection& connection, const std::string& id, std::int64_t& n)
{
    Query q = connection.query(std::string("SELECT ") + kCaseColumns + " FROM cases WHERE id = ?");
    q.bind(id);
    if (!q.next())
        fail(ErrorCode::notFound, "There is no case " + id + " in " + connection.path().string() + ".",
            "`casebase search` finds cases by their words.");
    n = q.integer(0);
    return caseFrom(connection, q);
}

Prompt readPrompt(Connection& connection, const std::string& id, std::int64_t& n)
{
    Query q = connection.query(std::string("SELECT ") + kPromptColumns + " FROM prompts WHERE id = ?");
    q.bind(id);
    if (!q.next())
        fail(ErrorCode::notFound, "There is no prompt " + id + " in " + connection.path().string() + ".");
    n = q.integer(0);
    return promptFrom(q);
}

std::string addCase(Connection& connection, const Case& value, std::string_view action)
{
    Case stored = value;
    if (stored.id.empty())
        stored.id = nextCaseId(connection, decidingCode(stored));
    else if (rowOf(connection, "cases", stored.id) != 0)
        fail(ErrorCode::alreadyExists, "There is a case " + stored.id + " already.", "Choose another id, or update it.");
    else
        connection.caseNumbers.clear(); // a given id may be the next number of its code
    writeFirst(connection, stored, "case", action, [&](const auto& row) { insertCase(connection, row); });
    return stored.id;
}

std::string addPrompt(Connection& connection, const Prompt& prompt, std::string_view action)
{
    Prompt stored = prompt;
    if (stored.id.empty())
        stored.id = newPromptId(connection, stored);
    else if (rowOf(connection, "prompts", stored.id) != 0)
        fail(ErrorCode::alreadyExists, "There is a prompt " + stored.id + " already.", "Choose another id, or update it.");
    writeFirst(connection, stored, "prompt", action, [&](const auto& row) { insertPrompt(connection, row); });
    return stored.id;
}

bool storeChange(Connection& connection, std::int64_t n, const Case& before, const Case& after, std::string_view action)
{
    Case stored = after;
    if (before.status == CaseStatus::approved && stored.status == CaseStatus::approved && substanceDiffers(before, stored))
        stored.status = CaseStatus::inReview;
    if (digestsOf(before) == digestsOf(stored) && before.id == stored.id)
        return false;
    writeNext(connection, before, stored, "case", action, [&](const auto& row) { replaceCase(connection, n, before, row); });
    return true;
}

bool storeChange(Connection& connection, std::int64_t n, const Prompt& before, const Prompt& after, std::string_view action)
{
    if (digestsOf(before) == digestsOf(after))
        return false;
    Prompt stored = after;
    writeNext(connection, before, stored, "prompt", action, [&](const auto& row) { replacePrompt(connection, n, before, row); });
    return true;
}

std::optional<std::string> sameCase(Connection& connection, const std::vector<Message>& request)
{
    Query q = connection.query("SELECT id, request, turns FROM cases WHERE same = ? ORDER BY n");
    q.bind(sameKey(request));
    while (q.next()) {
        if (sameMessages(request, messagesFrom(q.view(1), q.view(2))))
            return q.text(0);
    }
    return std::nullopt;
}

std::optional<std::string> samePrompt(Connection& connection, const std::vector<Message>& messages, PromptLabel label)
{
    Query q = connection.query("SELECT id, messages, label, turns FROM prompts WHERE same = ? ORDER BY n");
    q.bind(sameKey(messages, toString(label)));
    while (q.next()) {
        if (q.view(2) == toString(label) && sameMessages(messages, messagesFrom(q.view(1), q.view(3))))
            return q.text(0);
    }
    return std::nullopt;
}

} // namespace precedent::casebase
