#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "precedent/base/result.h"

namespace precedent::casebase {

class Casebase;

enum class ExportFormat { folder, jsonl, csv };
[[nodiscard]] std::optional<ExportFormat> exportFormatFromString(std::string_view text);

struct ExportResult {
    std::int64_t written = 0; ///< codes, cases, prompts and suites
    std::string path;
    std::string snapshot; ///< hash of the exported state (SnapshotStore::present)
};

/// Writes codes, cases, prompts and suites; never rollouts, nor the answers of runs. Works on a read-only casebase; the
/// same content gives the same bytes (times are left out).
///
/// folder: codes/ID.md, cases/CODE/ID.md (a JSON head, then the texts), prompts.jsonl and suites/NAME.json; files of
/// what is no longer there are removed, other files in the folder are left alone, and a folder that is not empty and
/// not an earlier export is refused (alreadyExists). jsonl: one file, an object with "kind" a line; imports back
/// whole. csv: DEST as a file of cases if it ends in .csv, else a folder with codes.csv, cases.csv and prompts.csv.
/// Fails with permissionDenied, diskFull, alreadyExists or io; files are written one by one, each whole or not at all.
[[nodiscard]] Result<ExportResult> exportCasebase(const Casebase& casebase, const std::filesystem::path& destination, ExportFormat format);

} // namespace precedent::casebase
