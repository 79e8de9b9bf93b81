#include "core/text/tokenizer_tables.h"

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

using Event = nlohmann::json::parse_event_t;

/// Values outside the tables: the largest tokenizers have some fifty thousand, most of them in `added_tokens`.
constexpr std::size_t kMostValues = std::size_t{1} << 19;

/// Follows the parser and keeps `model.vocab` and `model.merges` for itself.
class TableCollector {
public:
    explicit TableCollector(TokenizerTables& tables)
        : m_tables(tables)
    {
    }

    /// Whether the parser keeps what it has just read. Of an array that is not kept it would not tell the values.
    bool operator()(int depth, Event event, nlohmann::json& parsed)
    {
        if (event == Event::key && depth == 1) {
            m_section = parsed.get_ref<const std::string&>();
            m_table.clear();
        }
        if (event == Event::key && depth == 2)
            m_table = parsed.get_ref<const std::string&>();
        if (m_section == "model" && depth >= 3 && m_table == "vocab")
            return takeToken(depth, event, parsed);
        if (m_section == "model" && depth >= 3 && m_table == "merges")
            return takeMerge(depth, event, parsed);
        if (++m_values <= kMostValues)
            return true;
        m_tooMany = true;
        return false;
    }

    [[nodiscard]] const std::string& problem() const { return m_problem; }
    [[nodiscard]] bool tooMany() const { return m_tooMany; }

private:
    /// "token": id, or ["token", score].
    bool takeToken(int depth, Event event, const nlohmann::json& parsed)
    {
        if (depth == 3 && event == Event::key) {
            m_token = parsed.get_ref<const std::string&>();
            m_isKey = true;
        } else if (depth == 3 && event == Event::value && m_isKey) {
            takeId(parsed);
        } else if (depth == 3 && event == Event::array_start && !m_isKey) {
            m_fields = 0;
            return true;
        } else if (depth == 4 && event == Event::value && m_fields == 0 && parsed.is_string()) {
            m_token = parsed.get_ref<const std::string&>();
            ++m_fields;
        } else if (depth == 4 && event == Event::value && m_fields == 1 && parsed.is_number()) {
            m_score = parsed.get<double>();
            ++m_fields;
        } else if (depth == 3 && event == Event::array_end && m_fields == 2) {
            m_tables.scored.emplace_back(std::move(m_token), m_score);
            m_fields = 0;
        } else {
            report("the vocabulary is neither an object of ids nor a list of tokens with their scores");
        }
        return false;
    }

    void takeId(const nlohmann::json& parsed)
    {
        m_isKey = false;
        const bool isId = parsed.is_number_integer() && parsed.get<std::int64_t>() >= 0 && parsed.get<std::int64_t>() <= kHighestId;
        if (isId)
            m_tables.tokenIds.insert_or_assign(std::move(m_token), static_cast<int>(parsed.get<std::int64_t>()));
        else
            report("the id of the token \"" + m_token + "\" is not a whole number from 0 to " + std::to_string(kHighestId));
        m_token.clear();
    }

    /// "left right", or ["left", "right"].
    bool takeMerge(int depth, Event event, const nlohmann::json& parsed)
    {
        const std::string name = "merge " + std::to_string(m_tables.merges.size() + 1);
        if (depth == 3 && event == Event::value && parsed.is_string()) {
            if (!m_tables.merges.addLine(parsed.get_ref<const std::string&>()))
                report(name + " is not two tokens with a space between");
        } else if (depth == 3 && event == Event::array_start) {
            m_fields = 0;
            return true;
        } else if (depth == 4 && event == Event::value && parsed.is_string()) {
            (m_fields == 0 ? m_token : m_right) = parsed.get_ref<const std::string&>();
            ++m_fields;
        } else if (depth == 3 && event == Event::array_end) {
            if (m_fields == 2)
                m_tables.merges.add(m_token, m_right);
            else
                report(name + " is not a pair of tokens");
        } else {
            report("the merges are not a list of pairs");
        }
        return false;
    }

    void report(std::string problem)
    {
        if (m_problem.empty())
            m_problem = toValidUtf8(problem);
    }

    TokenizerTables& m_tables;
    std::string m_problem; ///< the first entry that is not as it should be
    std::string m_section;
    std::string m_table;
    std::string m_token;
    std::string m_right;
    double m_score = 0;
    int m_fields = 0;
    bool m_isKey = false;
    bool m_tooMany = false;
    std::size_t m_values = 0;
};

} // namespace

void MergeList::add(std::string_view left, std::string_view right)
{
    m_text.append(left);
    m_ends.push_back(static_cast<std::uint32_t>(m_text.size()));
    m_text.append(right);
    m_ends.push_back(static_cast<std::uint32_t>(m_text.size()));
}

bool MergeList::addLine(std::string_view line)
{
    const std::size_t space = line.find(' ', 1);
    if (line.empty() || space == std::string_view::npos || space + 1 == line.size() || line.find(' ', space + 2) != std::string_view::npos)
        return false;
    add(line.substr(0, space), line.substr(space + 1));
    return true;
}

std::string_view MergeList::part(std::size_t part) const
{
    return std::string_view(m_text).substr(beginOf(part), m_ends[part] - beginOf(part));
}

std::string_view MergeList::joined(std::size_t index) const
{
    return std::string_view(m_text).substr(beginOf(2 * index), m_ends[2 * index + 1] - beginOf(2 * index));
}

Result<nlohmann::json> parseTokenizerJson(std::string_view bytes, TokenizerTables& tables)
{
    nlohmann::json json;
    TableCollector collector(tables);
    try {
        json =
            nlohmann::json::parse(bytes, [&](int depth, Event event, nlohmann::json& parsed) { return collector(depth, event, parsed); });
    } catch (const nlohmann::json::parse_error& e) {
        return Error(ErrorCode::corrupt, "this is not valid JSON; parsing stopped at byte " + std::to_string(e.byte) + ".",
            "Check that the file is complete and in UTF-8.");
    } catch (const nlohmann::json::exception& e) {
        return Error(
            ErrorCode::corrupt, std::string("this is not valid JSON: ") + e.what() + ".", "Check that the file is complete and in UTF-8.");
    }
    if (!json.is_object())
        return Error(ErrorCode::corrupt, "this is not a JSON object, so it is not a tokenizer.json.");
    if (!collector.problem().empty())
        return Error(ErrorCode::corrupt, "model: " + collector.problem() + ".", "Check that the file is complete.");
    if (collector.tooMany()) {
        return Error(ErrorCode::unsupported,
            "this has more than " + std::to_string(kMostValues) + " values beside the vocabulary and the merges, which no tokenizer has.");
    }
    return json;
}

} // namespace precedent::text
