#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

class Casebase;

enum class ImportTarget { cases, prompts, codes, suite };
enum class Duplicates { skip, update, keep };
[[nodiscard]] std::optional<ImportTarget> importTargetFromString(std::string_view text);
[[nodiscard]] std::optional<Duplicates> duplicatesFromString(std::string_view text);

/// Judges the disposition of an answer that came without one; nullopt if it cannot tell. `how` names it in the case's
/// derived marks ("refusal analysis 1").
struct DispositionDeriver {
    std::function<std::optional<Disposition>(std::string_view request, std::string_view answer)> derive;
    std::string how;
};

struct ImportProgress {
    std::string file;
    std::int64_t rows = 0; ///< read so far in this file
    std::int64_t bytes = 0; ///< read so far in this file
    std::int64_t fileBytes = 0; ///< of this file in all
};

struct ImportOptions {
    std::optional<ImportTarget> as; ///< unset: what the columns tell, else prompts
    std::optional<PromptLabel> label; ///< for every row that brings none of its own
    std::map<std::string, std::string> map; ///< field -> column; see Importer
    Duplicates duplicates = Duplicates::skip; ///< a row whose content is there already
    std::string suite; ///< also a member of this suite, made if missing
    /// Of that suite, or of the one that a file is imported as. Unset: one that is made is sealed, since what is kept for measuring must
    /// not be trained on by oversight; one that is there stays what it is. Sealed seals it; working is refused for one that is sealed.
    std::optional<SuiteRole> suiteRole;
    bool strict = false; ///< one rejected row: nothing is stored
    bool dryRun = false; ///< counts and reports; nothing is stored
    std::size_t maxFieldBytes = std::size_t{16} << 20;
    DispositionDeriver disposition;
    std::function<void(const ImportProgress&)> onProgress; ///< on the importing thread, every few thousand rows
    std::stop_token stop; ///< cancelled: nothing is stored
};

/// Why a row was not taken. Rows count from 1, the header line not counted; the text itself is not repeated here.
struct RejectedRow {
    std::string file;
    std::int64_t row = 0;
    std::string column;
    std::string reason;
};

/// A suite that rows joined.
struct JoinedSuite {
    std::string name;
    SuiteRole role = SuiteRole::sealed;
    std::int64_t added = 0; ///< prompts that were not in it before
};

struct ImportResult {
    std::int64_t imported = 0;
    std::int64_t updated = 0;
    std::int64_t skipped = 0;
    std::int64_t derived = 0; ///< rows with at least one derived field
    std::int64_t codesMade = 0; ///< codes added because rows named them
    std::int64_t rejectedTotal = 0;
    std::vector<RejectedRow> rejected; ///< the first 1,000
    std::vector<JoinedSuite> suites; ///< by name
    bool stored = true; ///< false after a dry run and where `strict` undid everything
    std::vector<std::string> recognised; ///< what each file was taken for: "STAR-1", "XSTest", "own columns" ...
};

/// Reads files into a casebase: CSV (RFC 4180), TSV, JSON (an array of objects) and JSONL, told apart by extension and
/// then by content. Streams: memory does not grow with the file. All files are one transaction.
///
/// Fields for `map`: cases: id, request (or system, user), codes, disposition, chain, answer, response (chain and
/// answer with delimiters), notes, status, source, source_id, tags, twin, twin_difference, surface, audience, language,
/// jurisdiction. Prompts and suites: id, prompt (or messages, system), label, expected, codes, goal, sibling, wrapper,
/// family, utility_answer, source, source_id, category, context. Codes: id, parent, title, simple, detailed, position.
/// A column with a field's own name needs no mapping; upstream sets (STAR-1 and its policies.json, XSTest, AdvBench,
/// HarmBench, JailbreakBench, SimpleSafetyTests, GSM8K, MMLU) and our own JSONL export are known by their columns.
///
/// What a row lacks is derived where it can be and marked so in `derived`. Content decides what is a duplicate: a
/// case's request, a prompt's messages and label, a code's title. Codes are named by id or title: cases make those that
/// are missing, prompts leave the name as it is.
class Importer {
public:
    Importer(Casebase& casebase, ImportOptions options)
        : m_casebase(casebase)
        , m_options(std::move(options))
    {
    }

    /// Fails, storing nothing, with notFound, corrupt (wrong encoding, unbalanced quotes, bad JSON: with row and byte),
    /// invalidArgument (a needed or mapped column is missing: names those found), unsupported (unknown kind of file),
    /// cancelled, diskFull or permissionDenied. Rows that do not fit are in the result, not an error.
    [[nodiscard]] Result<ImportResult> import(const std::vector<std::filesystem::path>& files);

private:
    Casebase& m_casebase;
    ImportOptions m_options;
};

} // namespace precedent::casebase
