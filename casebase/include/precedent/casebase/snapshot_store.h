#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

class Connection;

struct SnapshotInfo {
    std::string hash; ///< SHA-256 over the ids and content of everything frozen
    std::int64_t codes = 0;
    std::int64_t cases = 0;
    std::int64_t prompts = 0;
    std::int64_t createdMs = 0;
};

/// What a run or a figure stood on. Contents are stored once for each distinct text, under their digests.
/// Errors and threads: see Casebase.
class SnapshotStore {
public:
    explicit SnapshotStore(Connection& connection)
        : m_connection(connection)
    {
    }

    /// Freezes the present codes, cases and prompts. The same state gives the same hash and stores nothing new.
    [[nodiscard]] Result<SnapshotInfo> take();
    /// The hash that take() would give; stores nothing, so it works on a read-only casebase.
    [[nodiscard]] Result<SnapshotInfo> present() const;
    [[nodiscard]] Result<SnapshotInfo> find(const std::string& hash) const; ///< a prefix of 8 or more digits will do; notFound
    [[nodiscard]] Result<std::vector<SnapshotInfo>> all() const; ///< newest first
    [[nodiscard]] Status remove(const std::string& hash);

    [[nodiscard]] Result<std::vector<Code>> codes(const std::string& hash) const;
    [[nodiscard]] Result<std::vector<Case>> cases(const std::string& hash) const;
    [[nodiscard]] Result<std::vector<Prompt>> prompts(const std::string& hash) const;

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
