#include "casebase/import_session.h"

#include <algorithm>

#include "casebase/case_rules.h"
#include "casebase/rows.h"
#include "casebase/suite_rules.h"
#include "casebase/text_rules.h"
#include "precedent/casebase/value_json.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kListedRejections = 1000;
constexpr std::int64_t kRowsBetweenReports = 2000;
constexpr std::int64_t kLargeFileBytes = std::int64_t{8} << 20;

/// Fields that the new row brings replace the stored ones; what was derived never replaces what was stated.
void takeText(std::string& stored, const std::string& incoming)
{
    if (!incoming.empty())
        stored = incoming;
}

bool mayReplace(const DerivedMarks& stored, const DerivedMarks& incoming, const char* field)
{
    return !incoming.contains(field) || stored.contains(field);
}

/// Marks of fields that were taken from the row replace those that the field had.
void takeMark(DerivedMarks& stored, const DerivedMarks& incoming, const char* field)
{
    stored.erase(field);
    if (const auto it = incoming.find(field); it != incoming.end())
        stored.insert(*it);
}

Case merged(const Case& stored, const Case& incoming)
{
    Case value = stored;
    if (!sameMessages(stored.request, incoming.request))
        value.request = incoming.request;
    if (!incoming.codes.empty() && (mayReplace(stored.derived, incoming.derived, "codes") || stored.codes.empty())) {
        value.codes = incoming.codes;
        takeMark(value.derived, incoming.derived, "codes");
        takeMark(value.derived, incoming.derived, "citations");
    }
    const bool replaces = mayReplace(stored.derived, incoming.derived, "disposition") || stored.disposition == Disposition::unknown;
    if (incoming.disposition != Disposition::unknown && replaces) {
        value.disposition = incoming.disposition;
        takeMark(value.derived, incoming.derived, "disposition");
    }
    takeText(value.chain, incoming.chain);
    takeText(value.answer, incoming.answer);
    takeText(value.notes, incoming.notes);
    takeText(value.source, incoming.source);
    takeText(value.sourceId, incoming.sourceId);
    if (!incoming.tags.empty())
        value.tags = incoming.tags;
    if (incoming.status != CaseStatus::draft)
        value.status = incoming.status;
    takeText(value.twinId, incoming.twinId);
    takeText(value.twinDifference, incoming.twinDifference);
    takeText(value.surface, incoming.surface);
    takeText(value.audience, incoming.audience);
    takeText(value.language, incoming.language);
    takeText(value.jurisdiction, incoming.jurisdiction);
    return value;
}

Prompt merged(const Prompt& stored, const Prompt& incoming)
{
    Prompt prompt = stored;
    if (!sameMessages(stored.messages, incoming.messages))
        prompt.messages = incoming.messages;
    prompt.label = incoming.label;
    const bool replaces = mayReplace(stored.derived, incoming.derived, "expected") || stored.expected == Disposition::unknown;
    if (incoming.expected != Disposition::unknown && replaces) {
        prompt.expected = incoming.expected;
        takeMark(prompt.derived, incoming.derived, "expected");
    }
    if (!incoming.governingCodes.empty())
        prompt.governingCodes = incoming.governingCodes;
    takeText(prompt.goalId, incoming.goalId);
    takeText(prompt.siblingId, incoming.siblingId);
    takeText(prompt.wrapper, incoming.wrapper);
    takeText(prompt.family, incoming.family);
    takeText(prompt.utilityAnswer, incoming.utilityAnswer);
    takeText(prompt.sourceCaseId, incoming.sourceCaseId);
    takeText(prompt.source, incoming.source);
    takeText(prompt.sourceId, incoming.sourceId);
    takeText(prompt.category, incoming.category);
    return prompt;
}

Code merged(const Code& stored, const Code& incoming)
{
    Code code = stored;
    takeText(code.title, incoming.title);
    if (!incoming.title.empty())
        code.derived.erase("title");
    takeText(code.detailed, incoming.detailed);
    if (!incoming.simple.empty() && (mayReplace(stored.derived, incoming.derived, "simple") || stored.simple.empty())) {
        code.simple = incoming.simple;
        takeMark(code.derived, incoming.derived, "simple");
    }
    takeText(code.parent, incoming.parent);
    if (incoming.position != 0)
        code.position = incoming.position;
    return code;
}

} // namespace

void ImportSession::importFile(const std::filesystem::path& file)
{
    m_file = file.string();
    try {
        OpenedFile opened = require(openRecords(file, m_options.maxFieldBytes));
        m_large = opened.bytes >= kLargeFileBytes;
        if (opened.object)
            importPolicies(file, opened.object->json);
        else
            importRecords(*opened.source, file, opened.bytes);
    } catch (const Failure& failure) {
        // Every message names its file, and once.
        const bool named = failure.error().message().find(m_file) != std::string::npos || failure.error().code() == ErrorCode::cancelled;
        if (named)
            throw;
        throw Failure(failure.error().in(m_file));
    }
}

void ImportSession::importPolicies(const std::filesystem::path& file, const Json& object)
{
    const std::vector<Code> policies = policiesOf(object);
    if (policies.empty() || (m_options.as && *m_options.as != ImportTarget::codes))
        fail(ErrorCode::unsupported, file.string() + " is one JSON object, not a list of rows.",
            "An array of objects, JSON lines, or STAR-1's policies.json (keys POLICY_...) can be imported.");
    m_result.recognised.emplace_back("STAR-1 policies");
    for (const Code& code : policies) {
        takeCode(code);
        countDerived(code.derived);
    }
}

void ImportSession::importRecords(RecordSource& source, const std::filesystem::path& file, std::int64_t fileBytes)
{
    require(source.begin());
    const Profile profile = recognise(source.columns(), source.firstCells(), file.filename().string());
    if (!profile.headerless.empty())
        source.headerIsData(profile.headerless);
    m_result.recognised.push_back(profile.name);
    ImportTarget target = m_options.as.value_or(profile.target);
    std::optional<FieldMap> fields;
    if (profile.kind != ProfileKind::ownExport)
        fields.emplace(profile, target, m_options, source.columns(), m_file);
    if (target == ImportTarget::prompts || target == ImportTarget::suite) {
        const bool unlabelled = source.columnsAreFixed() && fields && !fields->has("label") && !m_options.label && !profile.label;
        if (unlabelled)
            fail(ErrorCode::invalidArgument, m_file + " has no column \"label\", so its prompts have no label.",
                "Say what they are: --label harmful, benign, attack or utility, or --map label=COLUMN. Nothing was stored.");
    }
    m_suiteOfRows = !m_options.suite.empty() ? m_options.suite : target == ImportTarget::suite ? file.stem().string() : std::string();
    requireRole(m_suiteOfRows);
    CodeFinder codes(m_connection, profile.source);
    Record record;
    std::int64_t rows = 0;
    while (require(source.next(record))) {
        if (m_options.stop.stop_requested())
            fail(ErrorCode::cancelled, "The import was cancelled.", "Nothing was stored.");
        if (++rows % kRowsBetweenReports == 0)
            report(source, rows, fileBytes);
        if (!record.problem.empty()) {
            reject(record.row, record.problemColumn, record.problem);
            continue;
        }
        try {
            if (!fields) {
                takeExported(record, source);
            } else {
                fields->learn(source.columns());
                takeRow(record, *fields, profile, target, codes);
            }
        } catch (const RowProblem& problem) {
            reject(record.row, problem.column, problem.reason);
        } catch (const Failure& failure) {
            reject(record.row, "", failure.error().message());
        } catch (const Json::exception&) {
            reject(record.row, "", "holds a value of another kind than its key wants");
        }
    }
    m_result.codesMade += codes.made();
    report(source, rows, fileBytes);
}

void ImportSession::takeRow(const Record& record, const FieldMap& fields, const Profile& profile, ImportTarget target, CodeFinder& codes)
{
    if (target == ImportTarget::codes) {
        const Code code = codeOf(record, fields);
        takeCode(code);
        countDerived(code.derived);
        return;
    }
    if (target == ImportTarget::cases) {
        Case value = caseOf(record, fields, profile, m_options, codes);
        countDerived(value.derived);
        takeCase(std::move(value));
        return;
    }
    Prompt prompt = promptOf(record, fields, profile, m_options, codes);
    countDerived(prompt.derived);
    const bool contrast = profile.kind == ProfileKind::xstest;
    const Contrast key{prompt.family, {}, prompt.label == PromptLabel::benign, {}};
    const std::int64_t before = m_result.imported;
    const std::string id = takePrompt(std::move(prompt));
    if (contrast && m_result.imported > before)
        m_contrasts.push_back({key.family, fields.trimmed(record, "focus"), key.safe, id});
    if (!m_suiteOfRows.empty())
        join(chosenSuite(), id);
}

void ImportSession::takeExported(const Record& record, const RecordSource& source)
{
    Json json = Json::object();
    for (std::size_t i = 0; i < record.cells.size(); ++i) {
        const Cell& cell = record.cells[i];
        if (cell.present)
            json[source.columns()[i]] = cell.json != nullptr ? *cell.json : Json(std::string(cell.text));
    }
    if (json.contains("position")) {
        const std::string position = json["position"].is_string() ? json["position"].get<std::string>() : "";
        if (position.empty() || position.size() > 6 || position.find_first_not_of("0123456789") != std::string::npos)
            throw RowProblem{"position", "is no whole number"};
        json["position"] = std::stoi(position);
    }
    const std::string kind = json.value("kind", "");
    const auto valueOf = [](auto parsed) {
        if (!parsed.ok())
            throw RowProblem{"", parsed.error().message()};
        return std::move(parsed).value();
    };
    if (kind == "code") {
        takeCode(valueOf(codeFromJson(json)));
    } else if (kind == "case") {
        takeCase(valueOf(caseFromJson(json)));
    } else if (kind == "prompt") {
        const std::string id = takePrompt(valueOf(promptFromJson(json)));
        if (!m_suiteOfRows.empty())
            join(chosenSuite(), id);
    } else if (kind == "suite") {
        takeSuite(json);
    } else {
        throw RowProblem{"kind", "is \"" + firstLine(kind, 40) + "\"; code, case, prompt or suite was expected"};
    }
}

void ImportSession::takeCase(Case value)
{
    checkCaseTexts(value);
    for (const GoverningCode& code : value.codes) {
        if (rowOf(m_connection, "codes", code.code) == 0)
            throw RowProblem{"codes", "names the code " + firstLine(code.code, 40) + ", which is not in the casebase"};
    }
    std::optional<std::string> same;
    if (!value.id.empty() && rowOf(m_connection, "cases", value.id) != 0)
        same = value.id;
    else if (m_options.duplicates != Duplicates::keep)
        same = sameCase(m_connection, value.request);
    m_twinsNamed = m_twinsNamed || !value.twinId.empty();
    if (same && m_options.duplicates == Duplicates::update) {
        std::int64_t n = 0;
        const Case before = readCase(m_connection, *same, n);
        ++(storeChange(m_connection, n, before, merged(before, value), "import") ? m_result.updated : m_result.skipped);
    } else if (same && m_options.duplicates == Duplicates::skip) {
        ++m_result.skipped;
    } else {
        if (same)
            value.id.clear();
        prepareIndexes();
        addCase(m_connection, value, "import");
        ++m_result.imported;
    }
}

std::string ImportSession::takePrompt(Prompt prompt)
{
    checkPrompt(prompt);
    std::optional<std::string> same;
    if (!prompt.id.empty() && rowOf(m_connection, "prompts", prompt.id) != 0)
        same = prompt.id;
    else if (m_options.duplicates != Duplicates::keep)
        same = samePrompt(m_connection, prompt.messages, prompt.label);
    if (same && m_options.duplicates == Duplicates::update) {
        std::int64_t n = 0;
        const Prompt before = readPrompt(m_connection, *same, n);
        ++(storeChange(m_connection, n, before, merged(before, prompt), "import") ? m_result.updated : m_result.skipped);
        return *same;
    }
    if (same && m_options.duplicates == Duplicates::skip) {
        ++m_result.skipped;
        return *same;
    }
    if (same)
        prompt.id.clear();
    prepareIndexes();
    ++m_result.imported;
    return addPrompt(m_connection, prompt, "import");
}

void ImportSession::takeCode(Code code)
{
    std::int64_t n = 0;
    std::optional<Code> same = sameCode(m_connection, code.id, code.title, n);
    if (same && m_options.duplicates != Duplicates::keep) {
        // A code that rows named before its text came is filled in, whatever the rule for duplicates.
        const bool bare = same->simple.empty() && same->detailed.empty();
        if (!bare && m_options.duplicates == Duplicates::skip) {
            ++m_result.skipped;
            return;
        }
        ++(storeChange(m_connection, n, *same, merged(*same, code), "import") ? m_result.updated : m_result.skipped);
        return;
    }
    if (code.id.empty() || same)
        code.id = freeCodeId(m_connection);
    checkCode(m_connection, code);
    addCode(m_connection, code, "import");
    ++m_result.imported;
}

void ImportSession::takeSuite(const Json& json)
{
    const std::string name = json.value("name", "");
    if (name.empty() || !json.contains("members") || !json["members"].is_array())
        throw RowProblem{"name", "is no suite: a name and a list of members were expected"};
    const std::string named = json.value("role", toString(SuiteRole::sealed));
    const std::optional<SuiteRole> role = suiteRoleFromString(named);
    if (!role)
        throw RowProblem{"role", "is \"" + firstLine(named, 40) + "\"; sealed or working was expected"};
    const auto known = m_suites.find(name);
    const bool before = known != m_suites.end() && known->second.changed;
    SuiteState& state = openSuite(name, *role, json.value("description", ""));
    for (const Json& member : json["members"]) {
        const std::string id = member.is_object() ? member.value("prompt", "") : "";
        if (rowOf(m_connection, "prompts", id) == 0)
            throw RowProblem{"members", "names the prompt " + firstLine(id, 40) + ", which is not in the casebase"};
        join(state, id, member.value("burned", false), member.value("burned_why", ""));
    }
    ++(state.changed && !before ? m_result.imported : m_result.skipped);
}

void ImportSession::requireRole(const std::string& name)
{
    if (name.empty() || m_options.suiteRole != SuiteRole::working)
        return;
    Query sealed = m_connection.query("SELECT 1 FROM suites WHERE name = ? AND role = ?");
    sealed.bind(name, toString(SuiteRole::sealed));
    if (sealed.next())
        fail(ErrorCode::failedPrecondition,
            "The suite \"" + name + "\" is sealed: figures were promised from it, so it cannot become a working suite.",
            "Name a new suite for these prompts. Nothing was stored.");
}

ImportSession::SuiteState& ImportSession::chosenSuite()
{
    SuiteState& state = openSuite(m_suiteOfRows, m_options.suiteRole.value_or(SuiteRole::sealed), "");
    if (m_options.suiteRole && state.suite.role != *m_options.suiteRole) {
        state.suite.role = *m_options.suiteRole;
        state.changed = true;
    }
    return state;
}

ImportSession::SuiteState& ImportSession::openSuite(const std::string& name, SuiteRole roleIfNew, const std::string& description)
{
    if (const auto known = m_suites.find(name); known != m_suites.end())
        return known->second;
    requireStorable(name, "name", "a suite");
    requireStorable(description, "description", "the suite " + name);
    SuiteState state;
    m_connection.query("INSERT OR IGNORE INTO suites(name, role, description, version) VALUES(?, ?, ?, 0)")
        .bind(name, toString(roleIfNew), description)
        .run();
    state.changed = m_connection.changes() > 0;
    state.suite = readSuite(m_connection, name, state.n);
    Query last = m_connection.query("SELECT coalesce(max(position), -1) FROM suite_members WHERE suite_n = ?");
    last.bind(state.n);
    last.next();
    state.position = last.integer(0);
    return m_suites.emplace(name, std::move(state)).first->second;
}

void ImportSession::join(SuiteState& state, const std::string& promptId, bool burned, const std::string& why)
{
    m_connection.query("INSERT OR IGNORE INTO suite_members(suite_n, position, prompt_n, burned, burned_why) VALUES(?, ?, ?, ?, ?)")
        .bind(state.n, state.position + 1, rowOf(m_connection, "prompts", promptId), burned, why)
        .run();
    if (m_connection.changes() > 0) {
        ++state.position;
        ++state.added;
        state.changed = true;
    }
}

void ImportSession::finish()
{
    pairContrasts();
    if (m_twinsNamed)
        dropDanglingTwins();
    for (auto& [name, state] : m_suites) {
        if (state.changed)
            recordSuite(m_connection, state.n, state.suite, "import");
        m_result.suites.push_back({name, state.suite.role, state.added});
    }
    if (m_indexesPrepared) {
        for (const char* index : {"cases_index", "prompts_index"})
            m_connection.execute(std::string("INSERT INTO ") + index + "(" + index + ", rank) VALUES('hashsize', 1048576)");
        m_connection.execute("PRAGMA cache_size = -32000");
    }
}

/// The k-th safe prompt of a family and focus word is the sibling of the k-th unsafe one.
void ImportSession::pairContrasts()
{
    std::map<std::pair<std::string, std::string>, std::pair<std::vector<std::string>, std::vector<std::string>>> groups;
    for (const Contrast& contrast : m_contrasts) {
        auto& [safe, unsafe] = groups[{contrast.family, contrast.focus}];
        (contrast.safe ? safe : unsafe).push_back(contrast.id);
    }
    for (const auto& [key, sides] : groups) {
        for (std::size_t i = 0; i < std::min(sides.first.size(), sides.second.size()); ++i) {
            for (const auto& [id, sibling] : {std::pair(sides.first[i], sides.second[i]), std::pair(sides.second[i], sides.first[i])}) {
                std::int64_t n = 0;
                const Prompt before = readPrompt(m_connection, id, n);
                Prompt after = before;
                after.siblingId = sibling;
                storeChange(m_connection, n, before, after, "import");
            }
        }
    }
}

void ImportSession::dropDanglingTwins()
{
    std::vector<std::pair<std::string, std::string>> dangling;
    Query q = m_connection.query("SELECT id, twin FROM cases WHERE twin IS NOT NULL AND twin NOT IN (SELECT id FROM cases)");
    while (q.next())
        dangling.emplace_back(q.text(0), q.text(1));
    q.reset();
    for (const auto& [id, twin] : dangling) {
        std::int64_t n = 0;
        const Case before = readCase(m_connection, id, n);
        Case after = before;
        after.twinId.clear();
        storeChange(m_connection, n, before, after, "import");
        reject(0, "twin", "names " + firstLine(twin, 40) + ", which is not there; the case " + id + " was stored without its twin");
    }
}

void ImportSession::reject(std::int64_t row, const std::string& column, const std::string& reason)
{
    ++m_result.rejectedTotal;
    if (m_result.rejected.size() < kListedRejections)
        m_result.rejected.push_back({m_file, row, column, reason});
}

/// Much goes into the index in one transaction: a large hash table before it is written in pieces that must be merged.
/// Left alone until a row really is stored, so that importing a file again writes nothing.
void ImportSession::prepareIndexes()
{
    if (m_indexesPrepared || !m_large)
        return;
    for (const char* index : {"cases_index", "prompts_index"})
        m_connection.execute(std::string("INSERT INTO ") + index + "(" + index + ", rank) VALUES('hashsize', 67108864)");
    m_connection.execute("PRAGMA cache_size = -262144");
    m_indexesPrepared = true;
}

void ImportSession::report(const RecordSource& source, std::int64_t rows, std::int64_t fileBytes) const
{
    if (m_options.onProgress)
        m_options.onProgress({m_file, rows, source.bytesRead(), fileBytes});
}

} // namespace precedent::casebase
