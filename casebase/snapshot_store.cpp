#include "precedent/casebase/snapshot_store.h"

#include "casebase/audit.h"
#include "casebase/rows.h"
#include "precedent/base/digest.h"
#include "precedent/base/json.h"
#include "precedent/casebase/value_json.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kShortestPrefix = 8;

/// Called for each frozen thing: kind, position in its kind, id, canonical text, its digest.
using ItemSink = std::function<void(const char*, std::int64_t, const std::string&, const std::string&, const std::string&)>;

SnapshotInfo walk(Connection& connection, const ItemSink& sink)
{
    SnapshotInfo info;
    Sha256 hash;
    const auto item = [&](const char* kind, std::int64_t& count, const std::string& id, const Json& json) {
        const std::string text = dumpJson(json);
        const std::string digest = rawDigest(text);
        hash.addField(kind).addField(id).addField(digest);
        sink(kind, count++, id, text, digest);
    };
    readCodes(connection, [&](const Code& code) { item("code", info.codes, code.id, toJson(code)); });
    readCases(connection, [&](const Case& value) { item("case", info.cases, value.id, toJson(value)); });
    readPrompts(connection, [&](const Prompt& prompt) { item("prompt", info.prompts, prompt.id, toJson(prompt)); });
    info.hash = hash.hex();
    return info;
}

SnapshotInfo infoFrom(const Query& q) { return {q.text(1), q.integer(2), q.integer(3), q.integer(4), q.integer(5)}; }

constexpr const char* kColumns = "n, hash, codes, cases, prompts, created_ms";

SnapshotInfo findSnapshot(Connection& connection, const std::string& hash, std::int64_t& n)
{
    const bool hex = hash.size() >= kShortestPrefix && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex)
        fail(ErrorCode::invalidArgument, "\"" + hash + "\" names no snapshot: at least 8 hexadecimal digits of its hash were expected.");
    Query q = connection.query(std::string("SELECT ") + kColumns + " FROM snapshots WHERE substr(hash, 1, ?2) = ?1 LIMIT 2");
    q.bind(hash, static_cast<std::int64_t>(hash.size()));
    if (!q.next())
        fail(ErrorCode::notFound, "There is no snapshot " + hash + " in " + connection.path().string() + ".");
    n = q.integer(0);
    SnapshotInfo info = infoFrom(q);
    if (q.next())
        fail(ErrorCode::invalidArgument, "More than one snapshot begins with " + hash + ".", "Give more digits.");
    return info;
}

template <typename Value>
Result<std::vector<Value>> frozen(Connection& connection, const std::string& hash, const char* kind, Result<Value> (*fromJson)(const Json&))
{
    return connection.guarded("read the snapshot " + hash, [&]() -> Result<std::vector<Value>> {
        std::int64_t n = 0;
        (void)findSnapshot(connection, hash, n);
        std::vector<Value> values;
        Query q = connection.query("SELECT i.id, t.value FROM snapshot_items i LEFT JOIN snapshot_texts t ON t.digest = i.digest WHERE "
                                   "i.snapshot_n = ? AND i.kind = ? ORDER BY i.position");
        q.bind(n, kind);
        while (q.next()) {
            if (q.isNull(1))
                continue; // erased on request; its digest stays
            values.push_back(require(fromJson(require(parseJson(q.view(1), "Snapshot " + hash)))));
        }
        return values;
    });
}

void insertItems(Connection& connection, std::int64_t n)
{
    Query text = connection.query("INSERT OR IGNORE INTO snapshot_texts(digest, value) VALUES(?1, ?2)");
    Query item = connection.query("INSERT INTO snapshot_items(snapshot_n, kind, position, id, digest) VALUES(?, ?, ?, ?, ?5)");
    (void)walk(connection,
        [&](const char* kind, std::int64_t position, const std::string& id, const std::string& value, const std::string& digest) {
            text.bindBlob(1, digest);
            text.bindOne(2, value);
            text.run();
            item.bind(n, kind, position, id);
            item.bindBlob(5, digest);
            item.run();
        });
}

} // namespace

Result<SnapshotInfo> SnapshotStore::take()
{
    return m_connection.write("take a snapshot", [&]() -> Result<SnapshotInfo> {
        SnapshotInfo info =
            walk(m_connection, [](const char*, std::int64_t, const std::string&, const std::string&, const std::string&) {});
        Query known = m_connection.query(std::string("SELECT ") + kColumns + " FROM snapshots WHERE hash = ?");
        known.bind(info.hash);
        if (known.next())
            return infoFrom(known);
        known.reset();
        info.createdMs = m_connection.now();
        m_connection.query("INSERT INTO snapshots(hash, codes, cases, prompts, created_ms) VALUES(?, ?, ?, ?, ?)")
            .bind(info.hash, info.codes, info.cases, info.prompts, info.createdMs)
            .run();
        insertItems(m_connection, m_connection.lastRowId());
        recordAudit(m_connection, "snapshot", "snapshot", info.hash, 1, {});
        return info;
    });
}

Result<SnapshotInfo> SnapshotStore::present() const
{
    return m_connection.guarded("hash the present state", [&]() -> Result<SnapshotInfo> {
        return walk(m_connection, [](const char*, std::int64_t, const std::string&, const std::string&, const std::string&) {});
    });
}

Result<SnapshotInfo> SnapshotStore::find(const std::string& hash) const
{
    return m_connection.guarded("read the snapshot " + hash, [&]() -> Result<SnapshotInfo> {
        std::int64_t n = 0;
        return findSnapshot(m_connection, hash, n);
    });
}

Result<std::vector<SnapshotInfo>> SnapshotStore::all() const
{
    return m_connection.guarded("read the snapshots", [&]() -> Result<std::vector<SnapshotInfo>> {
        std::vector<SnapshotInfo> snapshots;
        Query q = m_connection.query(std::string("SELECT ") + kColumns + " FROM snapshots ORDER BY n DESC");
        while (q.next())
            snapshots.push_back(infoFrom(q));
        return snapshots;
    });
}

Status SnapshotStore::remove(const std::string& hash)
{
    return m_connection.write("remove the snapshot " + hash, [&]() -> Status {
        std::int64_t n = 0;
        const SnapshotInfo info = findSnapshot(m_connection, hash, n);
        m_connection.query("DELETE FROM snapshots WHERE n = ?").bind(n).run();
        m_connection.query("DELETE FROM snapshot_texts WHERE digest NOT IN (SELECT digest FROM snapshot_items)").run();
        recordAudit(m_connection, "remove", "snapshot", info.hash, 1, {});
        return {};
    });
}

Result<std::vector<Code>> SnapshotStore::codes(const std::string& hash) const
{
    return frozen<Code>(m_connection, hash, "code", codeFromJson);
}

Result<std::vector<Case>> SnapshotStore::cases(const std::string& hash) const
{
    return frozen<Case>(m_connection, hash, "case", caseFromJson);
}

Result<std::vector<Prompt>> SnapshotStore::prompts(const std::string& hash) const
{
    return frozen<Prompt>(m_connection, hash, "prompt", promptFromJson);
}

} // namespace precedent::casebase
