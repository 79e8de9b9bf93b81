#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "casebase/connection.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

/// (field, 32 raw bytes of SHA-256). The texts each under their own digest; everything short together as "rest".
using FieldDigests = std::vector<std::pair<std::string_view, std::string>>;

[[nodiscard]] std::string rawDigest(std::string_view bytes);
[[nodiscard]] std::string hexOf(std::string_view raw);

[[nodiscard]] FieldDigests digestsOf(const Code& code);
[[nodiscard]] FieldDigests digestsOf(const Case& value);
[[nodiscard]] FieldDigests digestsOf(const Prompt& prompt);
/// The members are read from the casebase, one at a time.
[[nodiscard]] FieldDigests digestsOf(Connection& connection, const Suite& suite);
[[nodiscard]] FieldDigests digestsOf(const HumanVerdict& verdict);

/// Appends one link to the chain, in the open transaction. Throws SqlError.
void recordAudit(
    Connection& connection, std::string_view action, std::string_view kind, std::string_view id, int version, const FieldDigests& digests);

} // namespace precedent::casebase
