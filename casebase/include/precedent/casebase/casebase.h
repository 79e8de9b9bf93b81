#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

class Connection;
class AuditStore;
class CaseStore;
class CodeStore;
class EvaluationStore;
class PromptStore;
class ReplyStore;
class RunStore;
class SnapshotStore;
class SuiteStore;
class VectorStore;
class VerdictStore;

enum class OpenMode {
    readOnly, ///< changes nothing, not even side files where the folder cannot be written
    readWrite, ///< migrates an older file first, after a backup beside it
};

struct CasebaseInfo {
    std::string path;
    int schemaVersion = 0;
    std::int64_t codes = 0;
    std::int64_t cases = 0;
    std::int64_t prompts = 0;
    std::int64_t suites = 0;
    std::int64_t runs = 0;
    std::int64_t evaluations = 0;
    std::int64_t snapshots = 0;
    std::int64_t sizeBytes = 0;
};

/// One thing that check() found. Kinds: "integrity", "foreign_key", "audit", "search_index".
struct CheckProblem {
    std::string kind;
    std::string id;
    std::string message;
    bool repaired = false;
};

/// A project: one SQLite file.
///
/// Thread: one thread at a time. Another thread (or process) opens the same path for itself: readers never wait for
/// the writer, and writers wait for each other up to ten seconds. Stores live as long as their Casebase.
/// Errors: no exception leaves; permissionDenied on any write to a casebase opened read-only; diskFull leaves what was
/// there before; every store method may also fail with io, corrupt, or failedPrecondition (locked too long).
class Casebase {
public:
    /// The schema this program writes (PRAGMA user_version).
    static constexpr int kSchemaVersion = 6;

    /// A new, empty casebase. Fails with alreadyExists if there is a file at `path`, notFound if its folder is missing,
    /// permissionDenied or diskFull; nothing is left behind then.
    [[nodiscard]] static Result<std::unique_ptr<Casebase>> create(const std::filesystem::path& path);

    /// Fails with notFound, corrupt (no casebase, or damaged), tooNew (made by a newer program), permissionDenied.
    /// A casebase of an older schema is migrated in readWrite mode (backup NAME.backup-vN beside it); in readOnly mode
    /// it fails with failedPrecondition.
    [[nodiscard]] static Result<std::unique_ptr<Casebase>> open(const std::filesystem::path& path, OpenMode mode);

    /// In readWrite mode, or in readOnly mode where the file may not be written to: isReadOnly() says which. Fails as open() does.
    [[nodiscard]] static Result<std::unique_ptr<Casebase>> openAsAllowed(const std::filesystem::path& path);

    /// A casebase in memory, for tests and dry runs.
    [[nodiscard]] static Result<std::unique_ptr<Casebase>> createInMemory();

    /// A private copy of the casebase at `path` as it is now, to try things on: it can be written to wherever `path` may only be read,
    /// keeps nobody waiting, and is removed when it goes. Fails as open() does for reading (an older schema is no failure: the copy is
    /// migrated), and with diskFull where the temporary folder has no room for a file of that size.
    [[nodiscard]] static Result<std::unique_ptr<Casebase>> openScratch(const std::filesystem::path& path);

    /// Checkpoints the write-ahead log and removes side files, as far as no other connection holds them.
    ~Casebase();
    Casebase(const Casebase&) = delete;
    Casebase& operator=(const Casebase&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const;
    [[nodiscard]] bool isReadOnly() const;

    [[nodiscard]] Result<CasebaseInfo> info() const;

    /// Checks the file's pages, links between tables, the audit chain and that the search index is in step. With
    /// `repair`, rebuilds what can be made again from the rest (the search index) and marks it repaired; nothing else
    /// is changed. Fails only if it could not look at all.
    [[nodiscard]] Result<std::vector<CheckProblem>> check(bool repair = false);

    /// A consistent copy, also while the casebase is being written to. Fails with alreadyExists if `to` exists; on
    /// failure nothing is left at `to`.
    [[nodiscard]] Status copyTo(const std::filesystem::path& to) const;

    /// Runs `body` as one transaction: all of it is stored or, on an error, nothing. May be nested (an inner one that
    /// fails undoes its own part). The Status is body's, or the commit's.
    [[nodiscard]] Status transact(const std::function<Status()>& body);

    [[nodiscard]] CodeStore& codes() const;
    [[nodiscard]] CaseStore& cases() const;
    [[nodiscard]] PromptStore& prompts() const;
    [[nodiscard]] SuiteStore& suites() const;
    [[nodiscard]] VerdictStore& verdicts() const;
    [[nodiscard]] AuditStore& audit() const;
    [[nodiscard]] SnapshotStore& snapshots() const;
    [[nodiscard]] RunStore& runs() const;
    [[nodiscard]] EvaluationStore& evaluations() const;
    [[nodiscard]] VectorStore& vectors() const;
    [[nodiscard]] ReplyStore& replies() const;

    /// Free key and value pairs of the project (templates' wording, consent to remote judges ...).
    [[nodiscard]] Result<std::optional<std::string>> metadata(const std::string& key) const;
    [[nodiscard]] Status setMetadata(const std::string& key, const std::string& value);
    [[nodiscard]] Status removeMetadata(const std::string& key); ///< of a key that is not there too
    /// The keys that begin with `prefix`, by their bytes.
    [[nodiscard]] Result<std::vector<std::string>> metadataKeys(const std::string& prefix) const;

    /// Who is named in the audit chain from now on; empty until set.
    void setActor(const std::string& who);
    /// Replaces the clock (milliseconds since 1970), so that tests and reproducible builds get the same bytes.
    void setClock(std::function<std::int64_t()> clock);

    /// For the stores and for the room's own importer and exporter.
    [[nodiscard]] Connection& connection() const;

private:
    struct Parts;
    explicit Casebase(std::unique_ptr<Connection> connection);
    std::unique_ptr<Parts> m_parts;
};

} // namespace precedent::casebase
