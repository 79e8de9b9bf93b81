#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

/// The folder form of an export; see exporter.h. Returns how many things were written. Throws Failure and SqlError.
std::int64_t exportFolder(const Casebase& casebase, const std::filesystem::path& folder, const std::string& snapshot);

/// Makes a folder and those above it; throws a Failure.
void makeFolder(const std::filesystem::path& folder);

[[nodiscard]] Json suiteToJson(const Suite& suite, const std::vector<SuiteMember>& members);

} // namespace precedent::casebase
