#pragma once

#include <string_view>

#include "casebase/audit.h"
#include "casebase/connection.h"

/// What every versioned value gets when it is written: version, times, and an entry in the audit chain. `kind` is its
/// name there; `write(stored)` puts the row. Inside an open transaction; everything throws.
namespace precedent::casebase {

/// As version 1.
template <typename Value, typename Write>
void writeFirst(Connection& connection, Value& stored, std::string_view kind, std::string_view action, const Write& write)
{
    stored.version = 1;
    stored.createdMs = stored.updatedMs = connection.now();
    write(stored);
    recordAudit(connection, action, kind, stored.id, stored.version, digestsOf(stored));
}

/// As the version after `before`.
template <typename Value, typename Write>
void writeNext(
    Connection& connection, const Value& before, Value& stored, std::string_view kind, std::string_view action, const Write& write)
{
    stored.version = before.version + 1;
    stored.createdMs = before.createdMs;
    stored.updatedMs = connection.now();
    write(stored);
    recordAudit(connection, action, kind, stored.id, stored.version, digestsOf(stored));
}

} // namespace precedent::casebase
