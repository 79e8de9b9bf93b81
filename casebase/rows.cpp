#include "casebase/rows.h"

#include "casebase/text_rules.h"
#include "precedent/base/json.h"
#include "precedent/casebase/value_json.h"

namespace precedent::casebase {
namespace {

template <typename Enum>
Enum spelled(std::string_view text, std::optional<Enum> (*fromString)(std::string_view), const char* field)
{
    const auto value = fromString(text);
    if (!value)
        fail(ErrorCode::corrupt, std::string("The casebase holds the unknown ") + field + " \"" + std::string(text) + "\".",
            "It was written by other means than this program; `casebase check` says more.");
    return *value;
}

Json parsed(std::string_view json) { return require(parseJson(json, "A field of the casebase")); }

void appendJsonString(std::string& out, std::string_view text)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < 0x20) {
            out += "\\u00";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

void indexCase(Connection& connection, std::int64_t n, const Case& value)
{
    const std::string request = joinedContents(value.request);
    connection.query("INSERT INTO cases_index(rowid, request, chain, answer, notes) VALUES(?, ?, ?, ?, ?)")
        .bind(n, request, value.chain, value.answer, value.notes)
        .run();
}

void unindexCase(Connection& connection, std::int64_t n, const Case& value)
{
    const std::string request = joinedContents(value.request);
    connection.query("INSERT INTO cases_index(cases_index, rowid, request, chain, answer, notes) VALUES('delete', ?, ?, ?, ?, ?)")
        .bind(n, request, value.chain, value.answer, value.notes)
        .run();
}

void indexCode(Connection& connection, std::int64_t n, const Code& code)
{
    connection.query("INSERT INTO codes_index(rowid, title, simple, detailed) VALUES(?, ?, ?, ?)")
        .bind(n, code.title, code.simple, code.detailed)
        .run();
}

void unindexCode(Connection& connection, std::int64_t n, const Code& code)
{
    connection.query("INSERT INTO codes_index(codes_index, rowid, title, simple, detailed) VALUES('delete', ?, ?, ?, ?)")
        .bind(n, code.title, code.simple, code.detailed)
        .run();
}

void indexPrompt(Connection& connection, std::int64_t n, const Prompt& prompt)
{
    const std::string text = joinedContents(prompt.messages);
    connection.query("INSERT INTO prompts_index(rowid, messages) VALUES(?, ?)").bind(n, text).run();
}

void unindexPrompt(Connection& connection, std::int64_t n, const Prompt& prompt)
{
    const std::string text = joinedContents(prompt.messages);
    connection.query("INSERT INTO prompts_index(prompts_index, rowid, messages) VALUES('delete', ?, ?)").bind(n, text).run();
}

void insertGoverning(Connection& connection, std::int64_t n, const std::vector<GoverningCode>& codes)
{
    if (codes.empty())
        return;
    Query q = connection.query("INSERT INTO case_codes(case_n, position, code, decides) VALUES(?, ?, ?, ?)");
    for (std::size_t i = 0; i < codes.size(); ++i)
        q.bind(n, static_cast<std::int64_t>(i), codes[i].code, codes[i].decides).run();
}

/// The texts of a row that need converting, alive while they are bound.
struct CaseTexts {
    std::string request, turns, tags, derived;
    explicit CaseTexts(const Case& value)
        : request(joinedContents(value.request))
        , turns(turnsText(value.request))
        , tags(jsonText(value.tags))
        , derived(jsonText(value.derived))
    {
    }
};

/// Binds everything of a case from its second parameter (request) on; `id` is the first.
void bindCase(Query& q, const Case& value, const CaseTexts& texts)
{
    q.bind(value.id, texts.request, sameKey(value.request), toString(value.disposition), value.chain, value.answer, value.notes,
        toString(value.status), value.source, value.sourceId, texts.tags);
    q.bindOptional(12, value.twinId);
    q.bindOne(13, value.twinDifference);
    q.bindOne(14, value.surface);
    q.bindOne(15, value.audience);
    q.bindOne(16, value.language);
    q.bindOne(17, value.jurisdiction);
    q.bindOne(18, texts.derived);
    q.bindOne(19, value.version);
    q.bindOne(20, value.createdMs);
    q.bindOne(21, value.updatedMs);
    q.bindOne(22, texts.turns);
}

struct PromptTexts {
    std::string messages, turns, codes, derived;
    explicit PromptTexts(const Prompt& prompt)
        : messages(joinedContents(prompt.messages))
        , turns(turnsText(prompt.messages))
        , codes(jsonText(prompt.governingCodes))
        , derived(jsonText(prompt.derived))
    {
    }
};

void bindPrompt(Query& q, const Prompt& prompt, const PromptTexts& texts)
{
    q.bind(prompt.id, texts.messages, sameKey(prompt.messages, toString(prompt.label)), toString(prompt.label), toString(prompt.expected),
        texts.codes, prompt.goalId, prompt.siblingId, prompt.wrapper, prompt.family, prompt.utilityAnswer, prompt.sourceCaseId,
        prompt.source, prompt.sourceId, prompt.category, texts.derived, prompt.version, prompt.createdMs, prompt.updatedMs, texts.turns);
}

} // namespace

std::string turnsText(const std::vector<Message>& messages)
{
    if (messages.size() == 1 && messages.front().role == "user")
        return {};
    std::string out = "[";
    for (const Message& message : messages) {
        out += out.size() > 1 ? ",{\"role\":" : "{\"role\":";
        appendJsonString(out, message.role);
        out += ",\"content\":";
        appendJsonString(out, message.content);
        out += '}';
    }
    return out += ']';
}

std::vector<Message> messagesFrom(std::string_view joined, std::string_view turns)
{
    if (turns.empty())
        return {{"user", std::string(joined)}};
    return require(messagesFromJson(parsed(turns)));
}

std::string jsonText(const std::vector<std::string>& texts)
{
    std::string out = "[";
    for (const std::string& text : texts) {
        if (out.size() > 1)
            out += ',';
        appendJsonString(out, text);
    }
    return out += ']';
}

std::string jsonText(const DerivedMarks& marks)
{
    std::string out = "{";
    for (const auto& [field, how] : marks) {
        if (out.size() > 1)
            out += ',';
        appendJsonString(out, field);
        out += ':';
        appendJsonString(out, how);
    }
    return out += '}';
}

std::vector<std::string> textsFrom(std::string_view json)
{
    std::vector<std::string> texts;
    if (json != "[]") {
        const Json list = parsed(json);
        for (const Json& item : list)
            texts.push_back(item.get<std::string>());
    }
    return texts;
}

DerivedMarks marksFrom(std::string_view json)
{
    DerivedMarks marks;
    if (json != "{}") {
        const Json object = parsed(json);
        for (const auto& [field, how] : object.items())
            marks[field] = how.get<std::string>();
    }
    return marks;
}

Code codeFrom(const Query& q)
{
    Code code;
    code.id = q.text(1);
    code.parent = q.text(2);
    code.title = q.text(3);
    code.simple = q.text(4);
    code.detailed = q.text(5);
    code.position = q.number(6);
    code.derived = marksFrom(q.view(7));
    code.version = q.number(8);
    code.createdMs = q.integer(9);
    code.updatedMs = q.integer(10);
    return code;
}

std::vector<GoverningCode> readGoverning(Connection& connection, std::int64_t n)
{
    std::vector<GoverningCode> codes;
    Query q = connection.query("SELECT code, decides FROM case_codes WHERE case_n = ? ORDER BY position");
    q.bind(n);
    while (q.next())
        codes.push_back({q.text(0), q.flag(1)});
    return codes;
}

Case caseFrom(Connection& connection, const Query& q)
{
    Case value;
    value.id = q.text(1);
    value.request = messagesFrom(q.view(2), q.view(21));
    value.codes = readGoverning(connection, q.integer(0));
    value.disposition = spelled(q.view(3), dispositionFromString, "disposition");
    value.chain = q.text(4);
    value.answer = q.text(5);
    value.notes = q.text(6);
    value.status = spelled(q.view(7), caseStatusFromString, "status");
    value.source = q.text(8);
    value.sourceId = q.text(9);
    value.tags = textsFrom(q.view(10));
    value.twinId = q.text(11);
    value.twinDifference = q.text(12);
    value.surface = q.text(13);
    value.audience = q.text(14);
    value.language = q.text(15);
    value.jurisdiction = q.text(16);
    value.derived = marksFrom(q.view(17));
    value.version = q.number(18);
    value.createdMs = q.integer(19);
    value.updatedMs = q.integer(20);
    return value;
}

Prompt promptFrom(const Query& q)
{
    Prompt prompt;
    prompt.id = q.text(1);
    prompt.messages = messagesFrom(q.view(2), q.view(19));
    prompt.label = spelled(q.view(3), promptLabelFromString, "label");
    prompt.expected = spelled(q.view(4), dispositionFromString, "disposition");
    prompt.governingCodes = textsFrom(q.view(5));
    prompt.goalId = q.text(6);
    prompt.siblingId = q.text(7);
    prompt.wrapper = q.text(8);
    prompt.family = q.text(9);
    prompt.utilityAnswer = q.text(10);
    prompt.sourceCaseId = q.text(11);
    prompt.source = q.text(12);
    prompt.sourceId = q.text(13);
    prompt.category = q.text(14);
    prompt.derived = marksFrom(q.view(15));
    prompt.version = q.number(16);
    prompt.createdMs = q.integer(17);
    prompt.updatedMs = q.integer(18);
    return prompt;
}

void readCodes(Connection& connection, const std::function<void(const Code&)>& visit)
{
    Query q = connection.query(std::string("SELECT ") + kCodeColumns + " FROM codes ORDER BY id");
    while (q.next())
        visit(codeFrom(q));
}

void readCases(Connection& connection, const std::function<void(const Case&)>& visit)
{
    Query q = connection.query(std::string("SELECT ") + kCaseColumns + " FROM cases ORDER BY id");
    while (q.next())
        visit(caseFrom(connection, q));
}

void readPrompts(Connection& connection, const std::function<void(const Prompt&)>& visit)
{
    Query q = connection.query(std::string("SELECT ") + kPromptColumns + " FROM prompts ORDER BY id");
    while (q.next())
        visit(promptFrom(q));
}

std::vector<Suite> readSuites(Connection& connection)
{
    std::vector<Suite> suites;
    Query q = connection.query("SELECT name, role, description, version FROM suites ORDER BY name");
    while (q.next())
        suites.push_back({q.text(0), spelled(q.view(1), suiteRoleFromString, "suite role"), q.text(2), q.number(3)});
    return suites;
}

void visitMembers(Connection& connection, const std::string& suite, const std::function<void(const SuiteMember&)>& visit)
{
    Query q = connection.query("SELECT p.id, m.position, m.burned, m.burned_why FROM suite_members m JOIN prompts p ON p.n = m.prompt_n "
                               "WHERE m.suite_n = (SELECT n FROM suites WHERE name = ?) ORDER BY m.position");
    q.bind(suite);
    while (q.next())
        visit({q.text(0), q.number(1), q.flag(2), q.text(3)});
}

std::vector<SuiteMember> readMembers(Connection& connection, const std::string& suite)
{
    std::vector<SuiteMember> members;
    visitMembers(connection, suite, [&](const SuiteMember& member) { members.push_back(member); });
    return members;
}

std::vector<HumanVerdict> readVerdicts(Connection& connection)
{
    std::vector<HumanVerdict> verdicts;
    Query q = connection.query("SELECT n, target, target_id, did, should, blind, random_draw, who, note, when_ms FROM verdicts ORDER BY n");
    while (q.next()) {
        HumanVerdict verdict;
        verdict.id = q.integer(0);
        verdict.target = spelled(q.view(1), verdictTargetFromString, "verdict target");
        verdict.targetId = q.text(2);
        verdict.did = spelled(q.view(3), verdictFromString, "verdict");
        verdict.should = spelled(q.view(4), dispositionFromString, "disposition");
        verdict.blind = q.flag(5);
        verdict.randomDraw = q.flag(6);
        verdict.who = q.text(7);
        verdict.note = q.text(8);
        verdict.whenMs = q.integer(9);
        verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

std::int64_t insertCode(Connection& connection, const Code& code)
{
    const std::string key = titleKey(code.title);
    const std::string derived = jsonText(code.derived);
    Query q = connection.query(
        "INSERT INTO codes(id, parent, title, title_key, simple, detailed, position, derived, version, created_ms, updated_ms) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    q.bind(code.id, "", code.title, key, code.simple, code.detailed, code.position, derived, code.version, code.createdMs, code.updatedMs);
    q.bindOptional(2, code.parent);
    q.run();
    const std::int64_t n = connection.lastRowId();
    indexCode(connection, n, code);
    return n;
}

void replaceCode(Connection& connection, std::int64_t n, const Code& before, const Code& after)
{
    unindexCode(connection, n, before);
    const std::string key = titleKey(after.title);
    const std::string derived = jsonText(after.derived);
    Query q =
        connection.query("UPDATE codes SET parent = ?, title = ?, title_key = ?, simple = ?, detailed = ?, position = ?, derived = ?, "
                         "version = ?, updated_ms = ? WHERE n = ?");
    q.bind("", after.title, key, after.simple, after.detailed, after.position, derived, after.version, after.updatedMs, n);
    q.bindOptional(1, after.parent);
    q.run();
    indexCode(connection, n, after);
}

void deleteCode(Connection& connection, std::int64_t n, const Code& before)
{
    unindexCode(connection, n, before);
    connection.query("DELETE FROM codes WHERE n = ?").bind(n).run();
}

std::int64_t insertCase(Connection& connection, const Case& value)
{
    const CaseTexts texts(value);
    Query q = connection.query(
        "INSERT INTO cases(id, request, same, disposition, chain, answer, notes, status, source, source_id, tags, twin, "
        "twin_difference, surface, audience, language, jurisdiction, derived, version, created_ms, updated_ms, turns, id_key) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, natural_key(?1))");
    bindCase(q, value, texts);
    q.run();
    const std::int64_t n = connection.lastRowId();
    insertGoverning(connection, n, value.codes);
    indexCase(connection, n, value);
    return n;
}

void replaceCase(Connection& connection, std::int64_t n, const Case& before, const Case& after)
{
    unindexCase(connection, n, before);
    const CaseTexts texts(after);
    Query q = connection.query(
        "UPDATE cases SET id = ?, request = ?, same = ?, disposition = ?, chain = ?, answer = ?, notes = ?, status = ?, "
        "source = ?, source_id = ?, tags = ?, twin = ?, twin_difference = ?, surface = ?, audience = ?, language = ?, "
        "jurisdiction = ?, derived = ?, version = ?, created_ms = ?, updated_ms = ?, turns = ?, id_key = natural_key(?1) WHERE n = ?");
    bindCase(q, after, texts);
    q.bindOne(23, n);
    q.run();
    if (before.codes != after.codes) {
        connection.query("DELETE FROM case_codes WHERE case_n = ?").bind(n).run();
        insertGoverning(connection, n, after.codes);
    }
    indexCase(connection, n, after);
}

void deleteCase(Connection& connection, std::int64_t n, const Case& before)
{
    unindexCase(connection, n, before);
    connection.query("DELETE FROM cases WHERE n = ?").bind(n).run();
}

std::int64_t insertPrompt(Connection& connection, const Prompt& prompt)
{
    const PromptTexts texts(prompt);
    Query q = connection.query("INSERT INTO prompts(id, messages, same, label, expected, governing_codes, goal, sibling, wrapper, family, "
                               "utility_answer, source_case, source, source_id, category, derived, version, created_ms, updated_ms, turns) "
                               "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    bindPrompt(q, prompt, texts);
    q.run();
    const std::int64_t n = connection.lastRowId();
    indexPrompt(connection, n, prompt);
    return n;
}

void replacePrompt(Connection& connection, std::int64_t n, const Prompt& before, const Prompt& after)
{
    unindexPrompt(connection, n, before);
    const PromptTexts texts(after);
    Query q = connection.query(
        "UPDATE prompts SET id = ?, messages = ?, same = ?, label = ?, expected = ?, governing_codes = ?, goal = ?, sibling = ?, "
        "wrapper = ?, family = ?, utility_answer = ?, source_case = ?, source = ?, source_id = ?, category = ?, derived = ?, "
        "version = ?, created_ms = ?, updated_ms = ?, turns = ? WHERE n = ?");
    bindPrompt(q, after, texts);
    q.bindOne(21, n);
    q.run();
    indexPrompt(connection, n, after);
}

void deletePrompt(Connection& connection, std::int64_t n, const Prompt& before)
{
    unindexPrompt(connection, n, before);
    connection.query("DELETE FROM prompts WHERE n = ?").bind(n).run();
}

std::int64_t rowOf(Connection& connection, std::string_view table, std::string_view id)
{
    Query q = connection.query("SELECT n FROM " + std::string(table) + " WHERE id = ?");
    q.bind(id);
    return q.next() ? q.integer(0) : 0;
}

} // namespace precedent::casebase
