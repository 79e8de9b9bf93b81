#include "casebase/record_source.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "casebase/json_source.h"
#include "precedent/base/files.h"
#include "precedent/casebase/csv_reader.h"

namespace precedent::casebase {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestObject = std::size_t{64} << 20;

class CsvSource final : public RecordSource {
public:
    CsvSource(ByteSource bytes, char separator, std::size_t maxFieldBytes)
        : m_reader(std::move(bytes), {separator, maxFieldBytes})
    {
    }

    Status begin() override
    {
        auto any = m_reader.next(m_csv);
        if (!any.ok())
            return any.error();
        if (!*any)
            return Error(ErrorCode::corrupt, "The file is empty: a header line with the columns' names was expected.");
        for (const std::string_view name : m_csv.fields)
            m_columns.emplace_back(name);
        any = m_reader.next(m_csv);
        if (!any.ok())
            return any.error();
        m_hasFirst = *any;
        if (m_hasFirst) {
            for (const std::string_view cell : m_csv.fields)
                m_firstCells.emplace_back(cell);
        }
        return {};
    }

    void headerIsData(const std::vector<std::string>& columns) override
    {
        m_header = m_columns;
        m_columns = columns;
        m_shift = 1;
    }

    Result<bool> next(Record& record) override
    {
        record.cells.clear();
        record.problem.clear();
        record.problemColumn.clear();
        if (!m_header.empty()) {
            m_firstHeader.swap(m_header);
            m_header.clear();
            record.row = 1;
            for (const std::string& cell : m_firstHeader)
                record.cells.push_back({true, cell, nullptr});
            checkWidth(record);
            return true;
        }
        if (!m_hasFirst) {
            const auto any = m_reader.next(m_csv);
            if (!any.ok() || !*any)
                return any;
        }
        m_hasFirst = false;
        record.row = m_csv.row + m_shift;
        for (const std::string_view cell : m_csv.fields)
            record.cells.push_back({true, cell, nullptr});
        checkWidth(record);
        if (m_csv.oversizedField > 0 && record.problem.empty()) {
            record.problemColumn = m_columns[m_csv.oversizedField - 1];
            record.problem = "is longer than the largest field that is read";
        }
        return true;
    }

    std::int64_t bytesRead() const override { return m_reader.bytesRead(); }
    bool columnsAreFixed() const override { return true; }

private:
    void checkWidth(Record& record) const
    {
        if (record.cells.size() != m_columns.size())
            record.problem = "has " + std::to_string(record.cells.size()) + " fields; the header has " + std::to_string(m_columns.size());
    }

    CsvReader m_reader;
    CsvRecord m_csv;
    bool m_hasFirst = false;
    std::int64_t m_shift = 0;
    std::vector<std::string> m_header;
    std::vector<std::string> m_firstHeader;
};

enum class Kind { csv, tsv, json, jsonLines };

std::string lowerExtension(const fs::path& file)
{
    std::string extension = file.extension().string();
    std::transform(
        extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

/// The first bytes without a byte order mark and white space.
std::string_view contentOf(std::string_view start)
{
    if (start.substr(0, 3) == "\xef\xbb\xbf")
        start.remove_prefix(3);
    const std::size_t at = start.find_first_not_of(" \t\r\n");
    return at == std::string_view::npos ? std::string_view() : start.substr(at);
}

Kind kindOf(const fs::path& file, std::string_view start)
{
    const std::string extension = lowerExtension(file);
    if (extension == ".csv")
        return Kind::csv;
    if (extension == ".tsv" || extension == ".tab")
        return Kind::tsv;
    if (extension == ".jsonl" || extension == ".ndjson")
        return Kind::jsonLines;
    const std::string_view content = contentOf(start);
    if (extension == ".json" || (!content.empty() && (content.front() == '[' || content.front() == '{')))
        return Kind::json;
    const std::string_view header = start.substr(0, start.find('\n'));
    return header.find('\t') != std::string_view::npos && header.find(',') == std::string_view::npos ? Kind::tsv : Kind::csv;
}

ByteSource bytesOf(std::shared_ptr<std::ifstream> in, const std::string& name)
{
    return [in = std::move(in), name](char* buffer, std::size_t size) -> Result<std::size_t> {
        in->read(buffer, static_cast<std::streamsize>(size));
        if (in->bad())
            return errnoError(EIO, "read", name);
        return static_cast<std::size_t>(in->gcount());
    };
}

} // namespace

Result<OpenedFile> openRecords(const fs::path& file, std::size_t maxFieldBytes)
{
    std::error_code ec;
    const std::string name = file.string();
    if (fs::is_directory(file, ec))
        return Error(ErrorCode::invalidArgument, name + " is a folder, not a file.", "Name the files in it.");
    auto in = std::make_shared<std::ifstream>(file, std::ios::binary);
    if (!*in)
        return errnoError(errno, "open", name);
    OpenedFile opened;
    opened.bytes = static_cast<std::int64_t>(fs::file_size(file, ec));
    std::string start(4096, '\0');
    in->read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(in->gcount()));
    in->clear();
    in->seekg(0);
    Kind kind = kindOf(file, start);
    const std::string_view content = contentOf(start);
    if (kind == Kind::json && !content.empty() && content.front() == '{') {
        // One object, or objects line by line under the wrong extension.
        if (lowerExtension(file) == ".json" && opened.bytes <= static_cast<std::int64_t>(kLargestObject)) {
            auto bytes = readFile(file);
            if (!bytes.ok())
                return bytes.error();
            if (auto json = parseJson(contentOf(*bytes), name); json.ok()) {
                opened.object = WholeObject{std::move(json).value()};
                return opened;
            }
        }
        kind = Kind::jsonLines;
    }
    if (kind == Kind::csv || kind == Kind::tsv)
        opened.source = std::make_unique<CsvSource>(bytesOf(in, name), kind == Kind::csv ? ',' : '\t', maxFieldBytes);
    else
        opened.source = makeJsonSource(bytesOf(in, name), kind == Kind::jsonLines, maxFieldBytes);
    return opened;
}

} // namespace precedent::casebase
