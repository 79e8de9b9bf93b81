#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::casebase {

/// Where the reader gets its bytes: fills `buffer` and returns how many; 0 at the end.
using ByteSource = std::function<Result<std::size_t>(char* buffer, std::size_t size)>;

struct CsvOptions {
    char separator = ',';
    std::size_t maxFieldBytes = std::size_t{16} << 20;
};

/// One record. Views are good until the next read.
struct CsvRecord {
    std::int64_t row = 0; ///< the first record is 0 (the header), data rows count from 1
    std::int64_t line = 0; ///< of the file, where the record starts, from 1
    std::vector<std::string_view> fields;
    std::size_t oversizedField = 0; ///< 1 + the first field that passed maxFieldBytes (its text is dropped), or 0
};

/// A streaming reader of RFC 4180: quoted fields, doubled quotes, line ends inside quotes, CRLF or LF, a byte order
/// mark, a last line without an end. Blank lines are passed over. Strict about encoding and quotes.
class CsvReader {
public:
    CsvReader(ByteSource source, CsvOptions options);

    /// True if `record` was filled, false at the end. Fails with corrupt: not UTF-8 (byte offset and row named; UTF-16
    /// and UTF-32 marks named), a quoted field that never closes (the row and line where it opened), text after a
    /// closing quote, a NUL byte; or with the source's error. After a failure only failures follow.
    [[nodiscard]] Result<bool> next(CsvRecord& record);

    [[nodiscard]] std::int64_t bytesRead() const { return m_bufferStart + static_cast<std::int64_t>(m_position); }

private:
    enum class FieldEnd { separator, record, file };

    Status fill();
    void validate();
    Status skipByteOrderMark();
    Result<FieldEnd> readField();
    Result<FieldEnd> readQuoted();
    Result<FieldEnd> readPlain();
    Result<bool> more();
    FieldEnd endAt(char c);
    void append(std::size_t from, std::size_t to);
    Status checkEncoding() const;
    Result<bool> readRecord(CsvRecord& record);

    ByteSource m_source;
    CsvOptions m_options;
    std::string m_buffer; ///< bytes of the file from m_bufferStart on
    std::int64_t m_bufferStart = 0;
    std::size_t m_position = 0; ///< in m_buffer
    std::size_t m_validated = 0; ///< up to here the buffer is known to be UTF-8 without NULs
    std::int64_t m_badByte = -1; ///< file offset of the first byte that is not, or -1
    bool m_sourceEnded = false;
    bool m_started = false;
    std::optional<Error> m_failure;
    std::int64_t m_row = -1;
    std::int64_t m_line = 1;
    std::string m_text; ///< the record's fields, one after the other
    std::vector<std::size_t> m_ends; ///< where each ends in m_text
    std::size_t m_fieldStart = 0;
    std::size_t m_oversized = 0;
    bool m_dropping = false; ///< the field at hand is past the limit
    std::int64_t m_recordRow = 0;
};

} // namespace precedent::casebase
