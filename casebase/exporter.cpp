#include "precedent/casebase/exporter.h"

#include "casebase/atomic_writer.h"
#include "casebase/connection.h"
#include "casebase/folder_export.h"
#include "precedent/base/json.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/snapshot_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/casebase/value_json.h"

namespace precedent::casebase {
namespace {

namespace fs = std::filesystem;

Json withKind(const char* kind, const Json& value)
{
    Json json = {{"kind", kind}};
    json.update(value);
    return json;
}

std::int64_t writeLines(const Casebase& casebase, AtomicWriter& out)
{
    std::int64_t written = 0;
    const auto line = [&](const char* kind, const Json& json) -> Status {
        ++written;
        return out.write(dumpJson(withKind(kind, json)) + "\n");
    };
    for (const Code& code : require(casebase.codes().all()))
        require(line("code", toJson(code)));
    require(casebase.cases().forEach({}, [&](const Case& value) { return line("case", toJson(value)); }));
    require(casebase.prompts().forEach({}, [&](const Prompt& prompt) { return line("prompt", toJson(prompt)); }));
    for (const Suite& suite : require(casebase.suites().all()))
        require(line("suite", suiteToJson(suite, require(casebase.suites().members(suite.name)))));
    return written;
}

std::string csvField(std::string_view text)
{
    if (text.find_first_of(",\"\r\n") == std::string_view::npos && (text.empty() || (text.front() != ' ' && text.back() != ' ')))
        return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"')
            quoted += '"';
        quoted += c;
    }
    return quoted += '"';
}

std::string csvLine(const std::vector<std::string>& fields)
{
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i)
        line += (i > 0 ? "," : "") + csvField(fields[i]);
    return line += "\r\n";
}

/// A single user turn as plain text, anything else as JSON, so that an import tells them apart.
std::string csvMessages(const std::vector<Message>& messages)
{
    if (messages.size() == 1 && messages.front().role == "user" && messages.front().content.rfind("[{", 0) != 0)
        return messages.front().content;
    return dumpJson(messagesToJson(messages));
}

/// Items that hold a separator themselves need JSON.
std::string csvList(const std::vector<std::string>& items)
{
    std::string text;
    for (const std::string& item : items) {
        if (item.find_first_of(";|[") != std::string::npos)
            return dumpJson(Json(items));
        text += (text.empty() ? "" : ";") + item;
    }
    return text;
}

std::int64_t writeCodes(const Casebase& casebase, AtomicWriter& out)
{
    std::int64_t written = 0;
    require(out.write("id,parent,title,simple,detailed,position\r\n"));
    for (const Code& code : require(casebase.codes().all())) {
        require(out.write(csvLine({code.id, code.parent, code.title, code.simple, code.detailed, std::to_string(code.position)})));
        ++written;
    }
    return written;
}

std::int64_t writeCases(const Casebase& casebase, AtomicWriter& out)
{
    std::int64_t written = 0;
    require(out.write("id,request,codes,disposition,chain,answer,notes,status,source,source_id,tags,twin,twin_difference,surface,audience,"
                      "language,jurisdiction\r\n"));
    require(casebase.cases().forEach({}, [&](const Case& value) -> Status {
        std::vector<std::string> codes;
        for (const GoverningCode& code : value.codes)
            codes.push_back(code.code);
        ++written;
        return out.write(csvLine({value.id, csvMessages(value.request), csvList(codes), toString(value.disposition), value.chain,
            value.answer, value.notes, toString(value.status), value.source, value.sourceId, csvList(value.tags), value.twinId,
            value.twinDifference, value.surface, value.audience, value.language, value.jurisdiction}));
    }));
    return written;
}

std::int64_t writePrompts(const Casebase& casebase, AtomicWriter& out)
{
    std::int64_t written = 0;
    require(
        out.write("id,prompt,label,expected,codes,goal,sibling,wrapper,family,utility_answer,source_case,source,source_id,category\r\n"));
    require(casebase.prompts().forEach({}, [&](const Prompt& prompt) -> Status {
        ++written;
        return out.write(csvLine({prompt.id, csvMessages(prompt.messages), toString(prompt.label), toString(prompt.expected),
            csvList(prompt.governingCodes), prompt.goalId, prompt.siblingId, prompt.wrapper, prompt.family, prompt.utilityAnswer,
            prompt.sourceCaseId, prompt.source, prompt.sourceId, prompt.category}));
    }));
    return written;
}

template <typename Writer>
std::int64_t writeFile(const fs::path& path, const Casebase& casebase, const Writer& writer)
{
    AtomicWriter out(path);
    require(out.open());
    const std::int64_t written = writer(casebase, out);
    require(out.commit());
    return written;
}

std::int64_t exportCsv(const Casebase& casebase, const fs::path& destination)
{
    if (destination.extension() == ".csv")
        return writeFile(destination, casebase, writeCases);
    makeFolder(destination);
    return writeFile(destination / "codes.csv", casebase, writeCodes) + writeFile(destination / "cases.csv", casebase, writeCases) +
        writeFile(destination / "prompts.csv", casebase, writePrompts);
}

} // namespace

std::optional<ExportFormat> exportFormatFromString(std::string_view text)
{
    if (text == "folder")
        return ExportFormat::folder;
    if (text == "jsonl")
        return ExportFormat::jsonl;
    if (text == "csv")
        return ExportFormat::csv;
    return std::nullopt;
}

Result<ExportResult> exportCasebase(const Casebase& casebase, const fs::path& destination, ExportFormat format)
{
    return casebase.connection().guarded("export to " + destination.string(), [&]() -> Result<ExportResult> {
        ExportResult result;
        result.path = destination.string();
        result.snapshot = require(casebase.snapshots().present()).hash;
        if (format == ExportFormat::folder)
            result.written = exportFolder(casebase, destination, result.snapshot);
        else if (format == ExportFormat::jsonl)
            result.written = writeFile(destination, casebase, writeLines);
        else
            result.written = exportCsv(casebase, destination);
        return result;
    });
}

} // namespace precedent::casebase
