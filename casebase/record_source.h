#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::casebase {

/// One value of a record: a text, or JSON that is no text (a list, an object). Good until the next record.
struct Cell {
    bool present = false; ///< false: the record lacks the column (JSON), or holds null
    std::string_view text;
    const Json* json = nullptr; ///< set for lists and objects; `text` is empty then
};

/// One record of a file, its cells in the order of the source's columns.
struct Record {
    std::int64_t row = 0; ///< from 1
    std::vector<Cell> cells;
    std::string problem; ///< why the record cannot be used at all; empty if it can
    std::string problemColumn; ///< the column that it lies in, if one
};

/// A file as records. Streams: holds one record and one buffer.
class RecordSource {
public:
    virtual ~RecordSource() = default;
    RecordSource(const RecordSource&) = delete;
    RecordSource& operator=(const RecordSource&) = delete;

    /// Reads up to the first record. Fails as the whole file does (encoding, quotes, syntax).
    [[nodiscard]] virtual Status begin() = 0;
    [[nodiscard]] virtual Result<bool> next(Record& record) = 0;
    [[nodiscard]] virtual std::int64_t bytesRead() const = 0;
    /// Grows when a JSON record brings a key that none before it had.
    [[nodiscard]] const std::vector<std::string>& columns() const { return m_columns; }
    /// Whether every record has the first one's columns (CSV), or each may bring its own (JSON).
    [[nodiscard]] virtual bool columnsAreFixed() const { return false; }
    /// What the first record holds; empty if there is none. For recognising the file.
    [[nodiscard]] const std::vector<std::string>& firstCells() const { return m_firstCells; }
    /// Takes the header line as the first record and these as the columns. Only for CSV; before the first next().
    virtual void headerIsData(const std::vector<std::string>& columns) { m_columns = columns; }

protected:
    RecordSource() = default;
    std::vector<std::string> m_columns;
    std::vector<std::string> m_firstCells;
};

/// A file that is one JSON object (policies.json).
struct WholeObject {
    Json json;
};

/// Opens a file by its extension, or by its content where that says nothing. `object` is set instead of the source if
/// the file is one JSON object. Fails with notFound, permissionDenied, corrupt or unsupported.
struct OpenedFile {
    std::unique_ptr<RecordSource> source;
    std::optional<WholeObject> object;
    std::int64_t bytes = 0;
};
[[nodiscard]] Result<OpenedFile> openRecords(const std::filesystem::path& file, std::size_t maxFieldBytes);

} // namespace precedent::casebase
