#include "precedent/casebase/importer.h"

#include "casebase/import_session.h"
#include "precedent/casebase/casebase.h"

namespace precedent::casebase {
std::optional<ImportTarget> importTargetFromString(std::string_view text)
{
    if (text == "cases")
        return ImportTarget::cases;
    if (text == "prompts")
        return ImportTarget::prompts;
    if (text == "codes")
        return ImportTarget::codes;
    if (text == "suite")
        return ImportTarget::suite;
    return std::nullopt;
}

std::optional<Duplicates> duplicatesFromString(std::string_view text)
{
    if (text == "skip")
        return Duplicates::skip;
    if (text == "update")
        return Duplicates::update;
    if (text == "keep")
        return Duplicates::keep;
    return std::nullopt;
}

Result<ImportResult> Importer::import(const std::vector<std::filesystem::path>& files)
{
    Connection& connection = m_casebase.connection();
    if (files.empty())
        return Error(ErrorCode::invalidArgument, "No file to import was named.");
    ImportSession session(connection, m_options);
    bool undone = false;
    const Status status = connection.write("import into " + m_casebase.path().string(), [&]() -> Status {
        for (const std::filesystem::path& file : files)
            session.importFile(file);
        session.finish();
        undone = m_options.dryRun || (m_options.strict && session.result().rejectedTotal > 0);
        // The message is never seen: `undone` tells this error from others.
        return undone ? Status(Error(ErrorCode::cancelled, "The import is undone.")) : Status();
    });
    ImportResult& result = session.result();
    if (!status.ok() && !undone)
        return status.error();
    result.stored = !undone;
    if (undone && !m_options.dryRun)
        result.imported = result.updated = result.derived = result.codesMade = 0;
    return std::move(result);
}

} // namespace precedent::casebase
