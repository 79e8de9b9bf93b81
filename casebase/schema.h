#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "casebase/connection.h"

namespace precedent::casebase {

/// "PrCb": what marks an SQLite file as a casebase.
inline constexpr std::int64_t kApplicationId = 0x50724362;

/// One step of the schema, from `version - 1` to `version`.
struct Migration {
    int version;
    const char* sql;
};

/// The schema's history, oldest first; the last one's version is Casebase::kSchemaVersion.
[[nodiscard]] const std::vector<Migration>& migrations();

/// Makes the schema in an empty database, whose header then says what it is, and switches to the write-ahead log.
/// Throws SqlError or Failure.
void createSchema(Connection& connection, const std::vector<Migration>& steps = migrations());

/// Brings a casebase up to the last of `steps`, in one transaction, after a backup of the file as PATH.backup-vN
/// (an older backup of the same version is kept, and this one numbered). Does nothing if it is there already.
[[nodiscard]] Status migrate(Connection& connection, const std::vector<Migration>& steps = migrations());

/// Copies the whole database to `to`, which must not exist, also while others write. On failure nothing is left there.
[[nodiscard]] Status backUp(const Connection& from, const std::filesystem::path& to);

} // namespace precedent::casebase
