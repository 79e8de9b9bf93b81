#include "precedent/casebase/csv_reader.h"

#include <algorithm>
#include <cstring>

#include "casebase/text_rules.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 18;

/// Whether a text that ends here may be the first bytes of one character.
bool mayContinue(std::string_view tail)
{
    const auto lead = static_cast<unsigned char>(tail.empty() ? 0 : tail.front());
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    return tail.size() < length &&
        std::all_of(tail.begin() + 1, tail.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; });
}

} // namespace

CsvReader::CsvReader(ByteSource source, CsvOptions options)
    : m_source(std::move(source))
    , m_options(options)
{
}

Result<bool> CsvReader::next(CsvRecord& record)
{
    if (m_failure)
        return *m_failure;
    auto result = readRecord(record);
    // A wrong encoding explains whatever else went wrong on the way.
    if (const Status encoding = checkEncoding(); !encoding.ok())
        result = encoding.error();
    if (!result.ok())
        m_failure = result.error();
    return result;
}

Result<bool> CsvReader::readRecord(CsvRecord& record)
{
    if (!m_started) {
        m_started = true;
        PRECEDENT_TRY(fill());
        PRECEDENT_TRY(skipByteOrderMark());
    }
    while (true) {
        auto any = more();
        if (!any.ok() || !*any)
            return any;
        const std::int64_t line = m_line;
        m_text.clear();
        m_ends.clear();
        m_oversized = 0;
        m_recordRow = m_row + 1;
        const std::int64_t start = bytesRead();
        FieldEnd end = FieldEnd::separator;
        while (end == FieldEnd::separator) {
            m_fieldStart = m_text.size();
            m_dropping = false;
            const auto field = readField();
            if (!field.ok())
                return field.error();
            end = *field;
            m_ends.push_back(m_text.size());
        }
        const bool blank = m_ends.size() == 1 && m_text.empty() && m_oversized == 0 && bytesRead() - start <= 2;
        if (blank)
            continue;
        record.row = ++m_row;
        record.line = line;
        record.oversizedField = m_oversized;
        record.fields.clear();
        std::size_t from = 0;
        for (const std::size_t to : m_ends) {
            record.fields.push_back(std::string_view(m_text).substr(from, to - from));
            from = to;
        }
        return true;
    }
}

Status CsvReader::fill()
{
    PRECEDENT_TRY(checkEncoding());
    // What is not validated yet may be the first half of a character: it stays.
    const std::size_t done = std::min(m_position, m_validated);
    m_buffer.erase(0, done);
    m_bufferStart += static_cast<std::int64_t>(done);
    m_validated -= done;
    m_position -= done;
    const std::size_t kept = m_buffer.size();
    m_buffer.resize(kept + kChunkBytes);
    const auto got = m_source(m_buffer.data() + kept, kChunkBytes);
    m_buffer.resize(kept + (got.ok() ? *got : 0));
    if (!got.ok())
        return got.error();
    m_sourceEnded = *got == 0;
    validate();
    return {};
}

void CsvReader::validate()
{
    if (m_badByte >= 0)
        return;
    const std::string_view fresh = std::string_view(m_buffer).substr(m_validated);
    std::size_t good = firstInvalidUtf8(fresh).value_or(fresh.size());
    const bool cutByTheChunk = !m_sourceEnded && mayContinue(fresh.substr(good));
    bool bad = good < fresh.size() && !cutByTheChunk;
    if (const std::size_t nul = fresh.substr(0, good).find('\0'); nul != std::string_view::npos) {
        good = nul;
        bad = true;
    }
    m_validated += good;
    if (bad)
        m_badByte = m_bufferStart + static_cast<std::int64_t>(m_validated);
}

Status CsvReader::skipByteOrderMark()
{
    const auto begins = [&](std::string_view mark) { return m_buffer.compare(0, mark.size(), mark) == 0; };
    using namespace std::string_view_literals;
    const char* found = nullptr;
    if (begins("\xff\xfe\0\0"sv) || begins("\0\0\xfe\xff"sv))
        found = "UTF-32";
    else if (begins("\xff\xfe"sv) || begins("\xfe\xff"sv))
        found = "UTF-16";
    if (found != nullptr) {
        m_badByte = -1;
        m_validated = m_buffer.size();
        return Error(ErrorCode::corrupt, std::string("The file is in ") + found + " (its first bytes say so); UTF-8 was expected.",
            "Save it as UTF-8 (\"CSV UTF-8\" in spreadsheet programs) and import that; nothing was stored.");
    }
    if (begins("\xef\xbb\xbf"sv))
        m_position = 3;
    return {};
}

Result<bool> CsvReader::more()
{
    while (m_position == m_buffer.size() && !m_sourceEnded)
        PRECEDENT_TRY(fill());
    return m_position < m_buffer.size();
}

Result<CsvReader::FieldEnd> CsvReader::readField()
{
    const auto any = more();
    if (!any.ok())
        return any.error();
    if (!*any)
        return FieldEnd::file;
    return m_buffer[m_position] == '"' ? readQuoted() : readPlain();
}

Result<CsvReader::FieldEnd> CsvReader::readPlain()
{
    while (true) {
        std::size_t end = m_position;
        while (end < m_buffer.size() && m_buffer[end] != m_options.separator && m_buffer[end] != '\n' && m_buffer[end] != '\r')
            ++end;
        append(m_position, end);
        m_position = end;
        const auto any = more();
        if (!any.ok())
            return any.error();
        if (!*any)
            return FieldEnd::file;
        if (const char c = m_buffer[m_position]; c == m_options.separator || c == '\n' || c == '\r') {
            if (c == '\r' && m_position + 1 == m_buffer.size())
                PRECEDENT_TRY(fill());
            return endAt(m_buffer[m_position]);
        }
    }
}

Result<CsvReader::FieldEnd> CsvReader::readQuoted()
{
    const std::int64_t row = m_row + 1;
    const std::int64_t line = m_line;
    ++m_position;
    while (true) {
        const auto any = more();
        if (!any.ok())
            return any.error();
        if (!*any)
            return Error(ErrorCode::corrupt,
                "A quoted field that opens in row " + std::to_string(row) + " (line " + std::to_string(line) + ") is never closed.",
                "Add the missing quote there, or double a quote that belongs to the text; nothing was stored.");
        const auto* quote = static_cast<const char*>(std::memchr(m_buffer.data() + m_position, '"', m_buffer.size() - m_position));
        const std::size_t end = quote == nullptr ? m_buffer.size() : static_cast<std::size_t>(quote - m_buffer.data());
        for (std::size_t i = m_position; i < end; ++i)
            m_line += m_buffer[i] == '\n' ? 1 : 0;
        append(m_position, end);
        m_position = end;
        if (quote == nullptr)
            continue;
        // What follows the quote may need more bytes: one to see a doubled quote, two for a CRLF.
        while (m_buffer.size() - m_position < 3 && !m_sourceEnded)
            PRECEDENT_TRY(fill());
        if (++m_position == m_buffer.size())
            return FieldEnd::file;
        const char c = m_buffer[m_position];
        if (c == '"') {
            append(m_position, m_position + 1);
            ++m_position;
        } else if (c == m_options.separator || c == '\n' || c == '\r') {
            return endAt(c);
        } else {
            return Error(ErrorCode::corrupt,
                "Row " + std::to_string(row) + " (line " + std::to_string(m_line) +
                    ") has text after a closing quote: the quotes are unbalanced; the field opens in line " + std::to_string(line) + ".",
                "Put quotes around the whole field and double those inside it; nothing was stored.");
        }
    }
}

CsvReader::FieldEnd CsvReader::endAt(char c)
{
    ++m_position;
    if (c == m_options.separator)
        return FieldEnd::separator;
    if (c == '\r' && m_position < m_buffer.size() && m_buffer[m_position] == '\n')
        ++m_position;
    ++m_line;
    return FieldEnd::record;
}

void CsvReader::append(std::size_t from, std::size_t to)
{
    m_dropping = m_dropping || m_text.size() - m_fieldStart + (to - from) > m_options.maxFieldBytes;
    if (m_dropping) {
        m_text.resize(m_fieldStart);
        m_oversized = m_oversized == 0 ? m_ends.size() + 1 : m_oversized;
        return;
    }
    m_text.append(m_buffer, from, to - from);
}

Status CsvReader::checkEncoding() const
{
    if (m_badByte < 0 || bytesRead() <= m_badByte)
        return {};
    const auto index = static_cast<std::size_t>(m_badByte - m_bufferStart);
    const bool nul = m_badByte >= m_bufferStart && index < m_buffer.size() && m_buffer[index] == '\0';
    const std::string where = "byte " + std::to_string(m_badByte) + " of the file, in row " + std::to_string(m_recordRow);
    if (nul)
        return Error(ErrorCode::corrupt, "The file holds a NUL byte (" + where + "): it may be UTF-16 without a mark, or no text at all.",
            "Save it as UTF-8 and import that; nothing was stored.");
    return Error(ErrorCode::corrupt, "The file is not UTF-8 (" + where + ", does not fit).",
        "It may be Latin-1 or Windows-1252: save it as UTF-8 and import that; nothing was stored.");
}

} // namespace precedent::casebase
