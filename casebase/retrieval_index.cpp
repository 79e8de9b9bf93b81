#include "precedent/casebase/retrieval_index.h"

#include <algorithm>
#include <mutex>

#include "casebase/connection.h"
#include "precedent/casebase/search.h"

namespace precedent::casebase {

struct RetrievalIndex::State {
    std::unique_ptr<Connection> connection;
    std::vector<std::string> ids; ///< sorted; row number - 1 is the place
    std::mutex mutex;
};

RetrievalIndex::RetrievalIndex(std::unique_ptr<State> state)
    : m_state(std::move(state))
{
}
RetrievalIndex::~RetrievalIndex() = default;
RetrievalIndex::RetrievalIndex(RetrievalIndex&&) noexcept = default;
RetrievalIndex& RetrievalIndex::operator=(RetrievalIndex&&) noexcept = default;

Result<RetrievalIndex> RetrievalIndex::build(const std::vector<std::pair<std::string, std::string>>& documents)
{
    auto connection = Connection::open(":memory:", {false, true});
    if (!connection.ok())
        return connection.error();
    auto state = std::make_unique<State>();
    state->connection = std::move(connection).value();
    Connection& index = *state->connection;
    const Status filled = index.write("build the retrieval index", [&]() -> Status {
        std::vector<const std::pair<std::string, std::string>*> sorted;
        for (const auto& document : documents)
            sorted.push_back(&document);
        // In the order of the ids, so that row numbers break ties as ids would.
        std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
        index.execute("CREATE VIRTUAL TABLE texts USING fts5(body, content='', tokenize='porter unicode61 remove_diacritics 2')");
        Query insert = index.query("INSERT INTO texts(rowid, body) VALUES(?, ?)");
        for (const auto* document : sorted) {
            if (!state->ids.empty() && state->ids.back() == document->first)
                fail(ErrorCode::invalidArgument, "The retrieval index was given the id " + document->first + " twice.");
            state->ids.push_back(document->first);
            insert.bind(static_cast<std::int64_t>(state->ids.size()), document->second).run();
        }
        return {};
    });
    if (!filled.ok())
        return filled.error();
    return RetrievalIndex(std::move(state));
}

Result<std::vector<Retrieved>> RetrievalIndex::query(std::string_view text, std::size_t k) const
{
    const std::string match = matchAny(text);
    std::vector<Retrieved> found;
    if (match.empty() || k == 0)
        return found;
    const std::scoped_lock lock(m_state->mutex);
    return m_state->connection->guarded("retrieve", [&]() -> Result<std::vector<Retrieved>> {
        Query q =
            m_state->connection->query("SELECT rowid, bm25(texts) AS score FROM texts WHERE texts MATCH ? ORDER BY score, rowid LIMIT ?");
        q.bind(match, static_cast<std::int64_t>(k));
        while (q.next())
            found.push_back({m_state->ids[static_cast<std::size_t>(q.integer(0) - 1)], -q.real(1)});
        return found;
    });
}

std::size_t RetrievalIndex::size() const { return m_state->ids.size(); }

} // namespace precedent::casebase
