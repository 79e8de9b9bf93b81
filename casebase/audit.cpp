#include "casebase/audit.h"

#include "casebase/rows.h"
#include "precedent/casebase/audit_store.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kDigestBytes = 32;
const std::string kNoHash(kDigestBytes, '\0');

/// Gathers short fields, each with its length before it.
class Fields {
public:
    Fields& add(std::string_view text)
    {
        m_bytes += std::to_string(text.size());
        m_bytes += ':';
        m_bytes += text;
        return *this;
    }
    Fields& add(const DerivedMarks& marks)
    {
        for (const auto& [field, how] : marks)
            add(field).add(how);
        return add("");
    }
    Fields& add(const std::vector<std::string>& texts)
    {
        for (const std::string& text : texts)
            add(text);
        return add("");
    }
    [[nodiscard]] std::string digest() const { return rawDigest(m_bytes); }

private:
    std::string m_bytes;
};

std::string digestOfMessages(const std::vector<Message>& messages)
{
    Fields fields;
    for (const Message& message : messages)
        fields.add(message.role).add(message.content);
    return fields.digest();
}

void addText(FieldDigests& digests, const char* field, const std::string& text)
{
    if (!text.empty())
        digests.emplace_back(field, rawDigest(text));
}

struct Link {
    std::int64_t sequence = 0;
    std::int64_t whenMs = 0;
    std::string_view who, action, kind, id;
    std::int64_t version = 0;
    std::string_view fields, digests;
};

std::string hashOf(const Link& link, std::string_view previous)
{
    Fields fields;
    fields.add(previous).add(std::to_string(link.sequence)).add(std::to_string(link.whenMs)).add(link.who).add(link.action);
    fields.add(link.kind).add(link.id).add(std::to_string(link.version)).add(link.fields).add(link.digests);
    return fields.digest();
}

std::pair<std::string, std::string> packed(const FieldDigests& digests)
{
    std::pair<std::string, std::string> result;
    for (const auto& [field, digest] : digests) {
        if (!result.first.empty())
            result.first += ',';
        result.first += field;
        result.second += digest;
    }
    return result;
}

Link linkOf(const Query& q)
{
    Link link;
    link.sequence = q.integer(0);
    link.whenMs = q.integer(1);
    link.who = q.view(2);
    link.action = q.view(3);
    link.kind = q.view(4);
    link.id = q.view(5);
    link.version = q.integer(6);
    link.fields = q.view(7);
    link.digests = q.view(8);
    return link;
}

AuditEntry entryOf(const Query& q, std::string_view previous)
{
    const Link link = linkOf(q);
    AuditEntry entry;
    entry.sequence = link.sequence;
    entry.whenMs = link.whenMs;
    entry.who = link.who;
    entry.action = link.action;
    entry.kind = link.kind;
    entry.id = link.id;
    entry.version = static_cast<int>(link.version);
    std::size_t from = 0;
    for (std::size_t i = 0; (i + 1) * kDigestBytes <= link.digests.size() && from <= link.fields.size(); ++i) {
        const std::size_t comma = std::min(link.fields.find(',', from), link.fields.size());
        entry.digests[std::string(link.fields.substr(from, comma - from))] = hexOf(link.digests.substr(i * kDigestBytes, kDigestBytes));
        from = comma + 1;
    }
    entry.previous = hexOf(previous);
    entry.hash = hexOf(q.view(9));
    return entry;
}

constexpr const char* kColumns = "sequence, when_ms, who, action, kind, id, version, fields, digests, hash";

/// Compares what entities of one kind hold now with what the chain last said of them.
class PresentCheck {
public:
    PresentCheck(Connection& connection, std::vector<std::pair<std::string, std::string>>& found)
        : m_connection(connection)
        , m_found(found)
    {
    }

    template <typename Entity>
    void look(const char* kind, const std::string& id, const Entity& entity)
    {
        const auto [fields, digests] = packed(digestsOf(entity));
        compare(kind, id, fields, digests);
    }

    void compare(const char* kind, const std::string& id, const std::string& fields, const std::string& digests)
    {
        Query q = m_connection.query("SELECT action, fields, digests FROM audit WHERE id = ? AND kind = ? ORDER BY sequence DESC LIMIT 1");
        q.bind(id, kind);
        if (!q.next() || q.view(0) == "remove")
            m_found.emplace_back(
                id, std::string("The ") + kind + " " + id + " is not in the audit chain: it was added by other means than this program.");
        else if (q.view(1) != fields || q.view(2) != digests)
            m_found.emplace_back(id,
                std::string("The ") + kind + " " + id +
                    " is not as the audit chain last recorded it: it was changed by other means than this program.");
    }

private:
    Connection& m_connection;
    std::vector<std::pair<std::string, std::string>>& m_found;
};

void verifyLinks(Connection& connection, std::vector<std::pair<std::string, std::string>>& found)
{
    std::string previous = kNoHash;
    std::int64_t expected = 1;
    Query q = connection.query(std::string("SELECT ") + kColumns + " FROM audit ORDER BY sequence");
    while (q.next()) {
        const Link link = linkOf(q);
        if (link.sequence != expected)
            found.emplace_back(std::to_string(expected), "Entry " + std::to_string(expected) + " of the audit chain is missing.");
        else if (hashOf(link, previous) != q.view(9))
            found.emplace_back(std::to_string(link.sequence),
                "Entry " + std::to_string(link.sequence) +
                    " of the audit chain does not match its hash: it, or the entry before it, was altered.");
        previous = q.text(9);
        expected = link.sequence + 1;
    }
}

} // namespace

std::string hexOf(std::string_view raw)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (const char c : raw) {
        hex += kDigits[static_cast<unsigned char>(c) >> 4];
        hex += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return hex;
}

FieldDigests digestsOf(const Code& code)
{
    FieldDigests digests;
    addText(digests, "title", code.title);
    addText(digests, "simple", code.simple);
    addText(digests, "detailed", code.detailed);
    digests.emplace_back("rest", Fields().add(code.parent).add(std::to_string(code.position)).add(code.derived).digest());
    return digests;
}

FieldDigests digestsOf(const Case& value)
{
    FieldDigests digests{{"request", digestOfMessages(value.request)}};
    addText(digests, "chain", value.chain);
    addText(digests, "answer", value.answer);
    addText(digests, "notes", value.notes);
    Fields rest;
    for (const GoverningCode& code : value.codes)
        rest.add(code.code).add(code.decides ? "1" : "0");
    rest.add("").add(toString(value.disposition)).add(toString(value.status)).add(value.source).add(value.sourceId).add(value.tags);
    rest.add(value.twinId).add(value.twinDifference).add(value.surface).add(value.audience).add(value.language).add(value.jurisdiction);
    digests.emplace_back("rest", rest.add(value.derived).digest());
    return digests;
}

FieldDigests digestsOf(const Prompt& prompt)
{
    FieldDigests digests{{"messages", digestOfMessages(prompt.messages)}};
    Fields rest;
    rest.add(toString(prompt.label)).add(toString(prompt.expected)).add(prompt.governingCodes).add(prompt.goalId).add(prompt.siblingId);
    rest.add(prompt.wrapper).add(prompt.family).add(prompt.utilityAnswer).add(prompt.sourceCaseId).add(prompt.source).add(prompt.sourceId);
    digests.emplace_back("rest", rest.add(prompt.category).add(prompt.derived).digest());
    return digests;
}

FieldDigests digestsOf(Connection& connection, const Suite& suite)
{
    FieldDigests digests;
    addText(digests, "description", suite.description);
    // A digest over the members' digests: a suite may be too long to gather.
    std::string list = rawDigest({});
    visitMembers(connection, suite.name, [&](const SuiteMember& member) {
        Fields fields;
        fields.add(list).add(std::to_string(member.position)).add(member.promptId).add(member.burned ? "1" : "0");
        list = fields.add(member.burned ? member.burnedWhy : "").digest();
    });
    digests.emplace_back("members", list);
    digests.emplace_back("rest", Fields().add(toString(suite.role)).digest());
    return digests;
}

FieldDigests digestsOf(const HumanVerdict& verdict)
{
    FieldDigests digests;
    addText(digests, "note", verdict.note);
    Fields rest;
    rest.add(toString(verdict.target))
        .add(verdict.targetId)
        .add(toString(verdict.did))
        .add(toString(verdict.should))
        .add(verdict.blind ? "1" : "0");
    rest.add(verdict.randomDraw ? "1" : "0").add(verdict.who).add(std::to_string(verdict.whenMs));
    digests.emplace_back("rest", rest.digest());
    return digests;
}

void recordAudit(
    Connection& connection, std::string_view action, std::string_view kind, std::string_view id, int version, const FieldDigests& digests)
{
    if (!connection.auditTail) {
        Query q = connection.query("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1");
        connection.auditTail = q.next() ? Connection::AuditTail{q.integer(0), q.text(1)} : Connection::AuditTail{0, kNoHash};
    }
    const auto [fields, joined] = packed(digests);
    const Link link{connection.auditTail->sequence + 1, connection.now(), connection.actor(), action, kind, id, version, fields, joined};
    const std::string hash = hashOf(link, connection.auditTail->hash);
    Query q = connection.query("INSERT INTO audit VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    q.bind(link.sequence, link.whenMs, link.who, action, kind, id, version, fields);
    q.bindBlob(9, joined);
    q.bindBlob(10, hash);
    q.run();
    connection.auditTail = Connection::AuditTail{link.sequence, hash};
}

Result<std::vector<AuditEntry>> AuditStore::history(const std::string& kind, const std::string& id) const
{
    return m_connection.guarded("read the history of " + id, [&]() -> Result<std::vector<AuditEntry>> {
        std::vector<AuditEntry> entries;
        Query q =
            m_connection.query(std::string("SELECT ") + kColumns + ", (SELECT b.hash FROM audit b WHERE b.sequence = a.sequence - 1)" +
                " FROM audit a WHERE id = ? AND kind = ? ORDER BY sequence");
        q.bind(id, kind);
        while (q.next())
            entries.push_back(entryOf(q, q.isNull(10) ? std::string_view(kNoHash) : q.view(10)));
        return entries;
    });
}

Result<std::vector<AuditEntry>> AuditStore::page(std::int64_t afterSequence, std::int64_t limit) const
{
    return m_connection.guarded("read the audit chain", [&]() -> Result<std::vector<AuditEntry>> {
        std::vector<AuditEntry> entries;
        Query q =
            m_connection.query(std::string("SELECT ") + kColumns + ", (SELECT b.hash FROM audit b WHERE b.sequence = a.sequence - 1)" +
                " FROM audit a WHERE sequence > ? ORDER BY sequence LIMIT ?");
        q.bind(afterSequence, limit);
        while (q.next())
            entries.push_back(entryOf(q, q.isNull(10) ? std::string_view(kNoHash) : q.view(10)));
        return entries;
    });
}

Result<std::string> AuditStore::head() const
{
    return m_connection.guarded("read the audit chain", [&]() -> Result<std::string> {
        Query q = m_connection.query("SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1");
        return hexOf(q.next() ? q.view(0) : std::string_view(kNoHash));
    });
}

Result<std::vector<std::pair<std::string, std::string>>> AuditStore::verify() const
{
    using Found = std::vector<std::pair<std::string, std::string>>;
    return m_connection.guarded("verify the audit chain", [&]() -> Result<Found> {
        Found found;
        verifyLinks(m_connection, found);
        PresentCheck present(m_connection, found);
        readCodes(m_connection, [&](const Code& code) { present.look("code", code.id, code); });
        readCases(m_connection, [&](const Case& value) { present.look("case", value.id, value); });
        readPrompts(m_connection, [&](const Prompt& prompt) { present.look("prompt", prompt.id, prompt); });
        for (const Suite& suite : readSuites(m_connection)) {
            const auto [fields, digests] = packed(digestsOf(m_connection, suite));
            present.compare("suite", suite.name, fields, digests);
        }
        for (const HumanVerdict& verdict : readVerdicts(m_connection))
            present.look("verdict", std::to_string(verdict.id), verdict);
        return found;
    });
}

} // namespace precedent::casebase
