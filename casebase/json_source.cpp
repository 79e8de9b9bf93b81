#include "casebase/json_source.h"

#include <algorithm>
#include <unordered_map>

#include "casebase/text_rules.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 18;

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// The file's bytes, a window at a time.
class Bytes {
public:
    explicit Bytes(ByteSource source)
        : m_source(std::move(source))
    {
    }

    /// What can be read without waiting; empty at the end and after a failure (see status()).
    std::string_view window()
    {
        if (m_position == m_buffer.size() && !m_failure) {
            m_buffer.resize(kChunkBytes);
            const auto got = m_source(m_buffer.data(), kChunkBytes);
            if (!got.ok())
                m_failure = got.error();
            m_buffer.resize(got.ok() ? *got : 0);
            m_position = 0;
        }
        return std::string_view(m_buffer).substr(m_position);
    }
    void advance(std::size_t n)
    {
        m_position += n;
        m_offset += static_cast<std::int64_t>(n);
    }
    /// The next byte that is no white space, or 0 at the end.
    char nextSolid()
    {
        while (true) {
            const std::string_view bytes = window();
            const auto solid = std::find_if_not(bytes.begin(), bytes.end(), isSpace);
            advance(static_cast<std::size_t>(solid - bytes.begin()));
            if (bytes.empty())
                return 0;
            if (solid != bytes.end())
                return *solid;
        }
    }
    [[nodiscard]] Status status() const { return m_failure ? Status(*m_failure) : Status(); }
    [[nodiscard]] std::int64_t offset() const { return m_offset; }

private:
    ByteSource m_source;
    std::optional<Error> m_failure;
    std::string m_buffer;
    std::size_t m_position = 0;
    std::int64_t m_offset = 0;
};

Error broken(std::int64_t offset, std::int64_t row, const std::string& what)
{
    return {ErrorCode::corrupt,
        "The file is not valid JSON at byte " + std::to_string(offset) + ", in row " + std::to_string(row) + ": " + what + ".",
        "Check that it is complete; nothing was stored."};
}

class JsonSource final : public RecordSource {
public:
    JsonSource(ByteSource bytes, bool lines, std::size_t maxFieldBytes)
        : m_bytes(std::move(bytes))
        , m_lines(lines)
        , m_maxBytes(maxFieldBytes)
    {
    }

    Status begin() override
    {
        PRECEDENT_TRY(skipByteOrderMark());
        if (!m_lines)
            PRECEDENT_TRY(openArray());
        const auto any = read();
        if (!any.ok())
            return any.error();
        m_hasFirst = *any;
        if (m_hasFirst && m_problem.empty()) {
            learnColumns();
            for (const std::string& column : m_columns) {
                const Json& value = m_json[column];
                m_firstCells.push_back(value.is_string() ? value.get<std::string>() : "");
            }
        }
        return {};
    }

    Result<bool> next(Record& record) override
    {
        if (!m_hasFirst) {
            const auto any = read();
            if (!any.ok() || !*any)
                return any;
        }
        m_hasFirst = false;
        record.row = m_row;
        record.cells.clear();
        record.problem = m_problem;
        record.problemColumn.clear();
        if (!m_problem.empty())
            return true;
        learnColumns();
        fillCells(record);
        return true;
    }

    std::int64_t bytesRead() const override { return m_bytes.offset(); }

private:
    Status skipByteOrderMark()
    {
        const std::string_view start = m_bytes.window();
        PRECEDENT_TRY(m_bytes.status());
        if (!start.empty() && (start.front() == '\xff' || start.front() == '\xfe' || start.front() == '\0'))
            return Error(ErrorCode::corrupt, "The file is in UTF-16 or UTF-32 (its first bytes say so); UTF-8 was expected.",
                "Save it as UTF-8 and import that; nothing was stored.");
        if (start.substr(0, 3) == "\xef\xbb\xbf")
            m_bytes.advance(3);
        return {};
    }

    Status openArray()
    {
        const char c = m_bytes.nextSolid();
        PRECEDENT_TRY(m_bytes.status());
        if (c == 0)
            return Error(ErrorCode::corrupt, "The file is empty: a JSON array of objects was expected.");
        if (c != '[')
            return broken(m_bytes.offset(), 0, std::string("it begins with '") + c + "'; an array of objects ([{...}, ...]) was expected");
        m_bytes.advance(1);
        return {};
    }

    Result<bool> read() { return m_lines ? readLine() : readElement(); }

    Result<bool> readLine()
    {
        const char first = m_bytes.nextSolid();
        PRECEDENT_TRY(m_bytes.status());
        if (first == 0 && m_bytes.window().empty())
            return false;
        ++m_row;
        m_problem.clear();
        m_text.clear();
        const std::int64_t start = m_bytes.offset();
        bool tooLong = false;
        for (std::string_view bytes = m_bytes.window(); !bytes.empty(); bytes = m_bytes.window()) {
            const std::size_t end = std::min(bytes.find('\n'), bytes.size());
            tooLong = tooLong || m_text.size() + end > largest();
            if (!tooLong)
                m_text += bytes.substr(0, end);
            m_bytes.advance(end);
            if (end < bytes.size())
                break;
        }
        PRECEDENT_TRY(m_bytes.status());
        if (tooLong)
            m_problem = "is longer than the largest row that is read (" + std::to_string(largest()) + " bytes)";
        else
            PRECEDENT_TRY(parse(start));
        return true;
    }

    Result<bool> readElement()
    {
        if (m_arrayEnded)
            return false;
        char c = m_bytes.nextSolid();
        if (c == ',' && m_row > 0) {
            m_bytes.advance(1);
            c = m_bytes.nextSolid();
        } else if (c == ']') {
            return endArray();
        } else if (m_row > 0 && c != 0) {
            return broken(m_bytes.offset(), m_row, "a comma or the end of the array was expected");
        }
        PRECEDENT_TRY(m_bytes.status());
        if (c == 0)
            return broken(m_bytes.offset(), m_row, "the array is not closed");
        ++m_row;
        m_problem.clear();
        const std::int64_t start = m_bytes.offset();
        PRECEDENT_TRY(gatherElement());
        PRECEDENT_TRY(parse(start));
        if (m_json.is_discarded())
            return broken(start + m_badAt, m_row, "an object was expected");
        return true;
    }

    /// The bytes of one element: up to the comma or bracket that ends it, strings and nesting minded.
    Status gatherElement()
    {
        m_text.clear();
        int depth = 0;
        bool inString = false;
        bool escaped = false;
        for (std::string_view bytes = m_bytes.window(); !bytes.empty(); bytes = m_bytes.window()) {
            std::size_t i = 0;
            for (; i < bytes.size(); ++i) {
                const char c = bytes[i];
                if (inString) {
                    inString = escaped || c != '"';
                    escaped = !escaped && c == '\\';
                } else if (depth == 0 && (c == ',' || c == ']')) {
                    break;
                } else if (c == '"') {
                    inString = true;
                } else if (c == '{' || c == '[') {
                    ++depth;
                } else if ((c == '}' || c == ']') && --depth == 0) {
                    ++i;
                    break;
                }
            }
            m_text += bytes.substr(0, i);
            m_bytes.advance(i);
            if (m_text.size() > largest())
                return broken(
                    m_bytes.offset(), m_row, "the row is longer than the largest that is read (" + std::to_string(largest()) + " bytes)");
            const bool closed = depth == 0 && !inString && m_text.size() > 1 && (m_text.back() == '}' || m_text.back() == ']');
            if (i < bytes.size() || closed)
                return {};
        }
        PRECEDENT_TRY(m_bytes.status());
        return broken(m_bytes.offset(), m_row, inString ? "the file ends inside a text" : "the file ends inside a row");
    }

    Result<bool> endArray()
    {
        m_bytes.advance(1);
        m_arrayEnded = true;
        if (m_bytes.nextSolid() != 0)
            return broken(m_bytes.offset(), m_row, "something follows the array");
        PRECEDENT_TRY(m_bytes.status());
        return false;
    }

    /// Encoding trouble ends the file; a text that is no object is this record's problem.
    Status parse(std::int64_t start)
    {
        if (const auto bad = firstInvalidUtf8(m_text))
            return Error(ErrorCode::corrupt,
                "The file is not UTF-8 (byte " + std::to_string(start + static_cast<std::int64_t>(*bad)) + " of the file, in row " +
                    std::to_string(m_row) + ", does not fit).",
                "It may be Latin-1 or Windows-1252: save it as UTF-8 and import that; nothing was stored.");
        try {
            m_json = Json::parse(m_text);
        } catch (const nlohmann::json::parse_error& e) {
            m_badAt = static_cast<std::int64_t>(e.byte);
            m_json = Json(nlohmann::detail::value_t::discarded);
            m_problem = "is not valid JSON: parsing stopped at byte " + std::to_string(start + m_badAt) + " of the file";
            return {};
        }
        if (!m_json.is_object())
            m_problem = "is not a JSON object";
        return {};
    }

    void learnColumns()
    {
        for (const auto& item : m_json.items()) {
            if (m_places.emplace(item.key(), m_columns.size()).second)
                m_columns.push_back(item.key());
        }
    }

    void fillCells(Record& record)
    {
        record.cells.resize(m_columns.size());
        m_texts.clear();
        m_texts.reserve(m_json.size());
        for (const auto& item : m_json.items()) {
            Cell& cell = record.cells[m_places[item.key()]];
            const Json& value = item.value();
            if (value.is_null())
                continue;
            cell.present = true;
            if (value.is_structured()) {
                cell.json = &value;
            } else if (value.is_string()) {
                cell.text = value.get_ref<const std::string&>();
            } else {
                m_texts.push_back(dumpJson(value));
                cell.text = m_texts.back();
            }
        }
    }

    /// A row may hold several fields of the largest size, and escapes make them longer.
    [[nodiscard]] std::size_t largest() const { return m_maxBytes * 4; }

    Bytes m_bytes;
    const bool m_lines;
    bool m_arrayEnded = false;
    std::size_t m_maxBytes;
    std::int64_t m_row = 0;
    bool m_hasFirst = false;
    std::string m_text;
    Json m_json;
    std::string m_problem;
    std::int64_t m_badAt = 0;
    std::unordered_map<std::string, std::size_t> m_places;
    std::vector<std::string> m_texts;
};

} // namespace

std::unique_ptr<RecordSource> makeJsonSource(ByteSource bytes, bool lines, std::size_t maxFieldBytes)
{
    return std::make_unique<JsonSource>(std::move(bytes), lines, maxFieldBytes);
}

} // namespace precedent::casebase
