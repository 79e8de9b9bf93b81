#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

class Connection;

/// Which cases. Unset fields let everything through; lists mean "any of".
struct CaseFilter {
    std::string text; ///< full text; see SearchStore for how it is read
    std::vector<std::string> codes; ///< governed by one of them or by one below them
    std::vector<Disposition> dispositions;
    std::vector<CaseStatus> statuses;
    std::string tag;
    std::string source;
    std::optional<bool> hasTwin;
};

enum class CaseSort { id, updated, created, disposition, status, source, relevance };

struct CaseQuery {
    CaseFilter filter;
    CaseSort sort =
        CaseSort::id; ///< ids in natural order (S1-2 before S1-10), and ties by it; relevance needs filter.text and is best first
    bool descending = false;
    std::int64_t offset = 0;
    std::int64_t limit = 100;
};

/// A case as one line of a table: no long texts.
struct CaseSummary {
    std::string id;
    std::string requestStart; ///< the last user turn's first 200 characters, on one line
    std::vector<GoverningCode> codes;
    Disposition disposition = Disposition::unknown;
    CaseStatus status = CaseStatus::draft;
    std::string source;
    std::vector<std::string> tags;
    std::string twinId;
    int version = 0;
    std::int64_t updatedMs = 0;
};

/// Cases. Errors and threads: see Casebase.
class CaseStore {
public:
    explicit CaseStore(Connection& connection)
        : m_connection(connection)
    {
    }

    /// Returns the id. Fails with alreadyExists (id taken), invalidArgument (no user turn, text that is no UTF-8 or
    /// holds NUL) or notFound (a code or twin that is not there).
    [[nodiscard]] Result<std::string> add(const Case& value);
    /// Replaces the case of this id. A substantive edit (request, codes, disposition, chain, answer) of an approved
    /// case puts it back in review. With `expectedVersion` > 0 fails with failedPrecondition if someone else wrote
    /// meanwhile. Does nothing if nothing differs.
    [[nodiscard]] Status update(const Case& value, int expectedVersion = 0);
    [[nodiscard]] Status remove(const std::string& id);
    /// Links two cases as a contrast pair, both ways, and states what differs.
    [[nodiscard]] Status linkTwins(const std::string& a, const std::string& b, const std::string& difference);

    [[nodiscard]] Result<Case> find(const std::string& id) const; ///< notFound
    /// The id of a case with the same request (white space and case of the role aside), if there is one.
    [[nodiscard]] Result<std::optional<std::string>> findSameRequest(const std::vector<Message>& request) const;

    [[nodiscard]] Result<std::int64_t> count(const CaseFilter& filter = {}) const;
    [[nodiscard]] Result<std::vector<CaseSummary>> page(const CaseQuery& query) const;
    /// Where cases came from, each once, by name; at most `limit`, without those of no source.
    [[nodiscard]] Result<std::vector<std::string>> sources(std::size_t limit) const;
    /// Whole cases in the order of their ids, one at a time, until `visit` fails (its Status is returned then).
    [[nodiscard]] Status forEach(const CaseFilter& filter, const std::function<Status(const Case&)>& visit) const;
    /// As forEach, gathered.
    [[nodiscard]] Result<std::vector<Case>> all(const CaseFilter& filter = {}) const;

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
