#include "core/text/jinja/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text/jinja/python_values.h"
#include "core/text/jinja/runtime.h"
#include "core/text/jinja/string_escapes.h"
#include "core/text/unicode.h"

namespace precedent::text::jinja {
namespace {

constexpr std::array<std::string_view, 26> kOperators = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"};

/// As jinja2 reads files: \n for every newline, and the last one of the text is dropped.
std::string withPlainNewlines(std::string_view source)
{
    std::string text;
    text.reserve(source.size());
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] != '\r')
            text += source[i];
        else if (i + 1 == source.size() || source[i + 1] != '\n')
            text += '\n';
    }
    if (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
public:
    explicit Lexer(std::string_view source)
        : m_source(withPlainNewlines(source))
    {
    }

    std::vector<Token> run()
    {
        while (m_at < m_source.size())
            readData();
        push(TokenKind::end);
        return std::move(m_tokens);
    }

private:
    [[noreturn]] void fail(const std::string& message) const { throw Fault{ErrorCode::corrupt, m_line, message}; }

    [[nodiscard]] bool startsWith(std::string_view what) const { return std::string_view(m_source).substr(m_at).starts_with(what); }

    void push(TokenKind kind, std::string text = {}) { m_tokens.push_back({kind, m_line, std::move(text)}); }

    /// Goes on to `end`, counting lines and noting whether a line begins there.
    void advanceTo(std::size_t end)
    {
        m_line += static_cast<int>(
            std::count(m_source.begin() + static_cast<std::ptrdiff_t>(m_at), m_source.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
        m_lineStarts = end > 0 && m_source[end - 1] == '\n';
        m_at = end;
    }

    [[nodiscard]] std::size_t afterSpace(std::size_t at) const
    {
        while (at < m_source.size()) {
            const std::size_t length = stepLength(m_source, at);
            if (!isPythonSpace(codePointAt(m_source, at, length)))
                break;
            at += length;
        }
        return at;
    }

    /// Where the tag that closes at `at` ends, or npos if none closes there. Blocks and comments take the newline with
    /// them unless a plus keeps it.
    [[nodiscard]] std::size_t endOfTag(std::size_t at, std::string_view close) const
    {
        const std::string_view rest = std::string_view(m_source).substr(at);
        const bool isBlock = close != "}}";
        if (rest.starts_with('-') && rest.substr(1).starts_with(close))
            return afterSpace(at + 1 + close.size());
        if (isBlock && rest.starts_with('+') && rest.substr(1).starts_with(close))
            return at + 1 + close.size();
        if (!rest.starts_with(close))
            return std::string::npos;
        const std::size_t end = at + close.size();
        return isBlock && end < m_source.size() && m_source[end] == '\n' ? end + 1 : end;
    }

    /// The text before a tag at `tag` whose sign is `sign`, less what whitespace control takes from its end.
    [[nodiscard]] std::string_view dataBefore(std::size_t tag, char sign, bool isVariable) const
    {
        const std::string_view data = std::string_view(m_source).substr(m_at, tag - m_at);
        if (sign == '-')
            return withoutSpaceAtEnd(data, 0);
        if (sign == '+' || isVariable)
            return data;
        const std::size_t newline = data.rfind('\n');
        const std::size_t lineStart = newline == std::string_view::npos ? 0 : newline + 1;
        if (lineStart == 0 && !m_lineStarts)
            return data;
        const std::string_view kept = withoutSpaceAtEnd(data, lineStart);
        return kept.size() == lineStart ? kept : data;
    }

    [[nodiscard]] static std::string_view withoutSpaceAtEnd(std::string_view data, std::size_t least)
    {
        std::size_t end = least;
        for (std::size_t at = least; at < data.size();) {
            const std::size_t length = stepLength(data, at);
            const bool space = isPythonSpace(codePointAt(data, at, length));
            at += length;
            if (!space)
                end = at;
        }
        return data.substr(0, end);
    }

    /// Data up to the next tag, and that tag.
    void readData()
    {
        std::size_t tag = m_source.find('{', m_at);
        while (tag != std::string::npos &&
            (tag + 1 == m_source.size() || std::string_view("{%#").find(m_source[tag + 1]) == std::string_view::npos))
            tag = m_source.find('{', tag + 1);
        if (tag == std::string::npos) {
            push(TokenKind::data, m_source.substr(m_at));
            advanceTo(m_source.size());
            return;
        }
        const char type = m_source[tag + 1];
        std::size_t inside = tag + 2;
        char sign = inside < m_source.size() ? m_source[inside] : '\0';
        if (sign == '-' || sign == '+')
            ++inside;
        else
            sign = '\0';
        push(TokenKind::data, std::string(dataBefore(tag, sign, type == '{')));
        advanceTo(inside);
        if (type == '#')
            skipComment();
        else if (type == '%' && !readRaw())
            readTag(TokenKind::blockBegin, TokenKind::blockEnd, "%}");
        else if (type == '{')
            readTag(TokenKind::variableBegin, TokenKind::variableEnd, "}}");
    }

    void skipComment()
    {
        const std::size_t at = m_source.find("#}", m_at);
        if (at == std::string::npos)
            fail("a comment that begins with {# never ends");
        const bool isSigned = at > m_at && (m_source[at - 1] == '-' || m_source[at - 1] == '+');
        advanceTo(endOfTag(isSigned ? at - 1 : at, "#}"));
    }

    /// Past a word and the space round it, or npos where another stands.
    [[nodiscard]] std::size_t afterWord(std::size_t at, std::string_view word) const
    {
        at = afterSpace(at);
        return std::string_view(m_source).substr(at).starts_with(word) ? afterSpace(at + word.size()) : std::string::npos;
    }

    /// What stands between {% raw %} and {% endraw %} is data. False where no raw block begins.
    bool readRaw()
    {
        const std::size_t close = afterWord(m_at, "raw");
        if (close == std::string::npos)
            return false;
        const std::string_view rest = std::string_view(m_source).substr(close);
        if (rest.starts_with("-%}"))
            advanceTo(afterSpace(close + 3));
        else if (rest.starts_with("%}"))
            advanceTo(close + 2);
        else
            return false;
        for (std::size_t tag = m_source.find("{%", m_at); tag != std::string::npos; tag = m_source.find("{%", tag + 1)) {
            const char sign = tag + 2 < m_source.size() ? m_source[tag + 2] : '\0';
            const bool isSigned = sign == '-' || sign == '+';
            const std::size_t end = afterWord(tag + (isSigned ? 3 : 2), "endraw");
            const std::size_t past = end == std::string::npos ? end : endOfTag(end, "%}");
            if (past == std::string::npos)
                continue;
            push(TokenKind::data, std::string(dataBefore(tag, isSigned ? sign : '\0', false)));
            advanceTo(past);
            return true;
        }
        fail("a raw block never ends: {% endraw %} is missing");
    }

    void readTag(TokenKind begin, TokenKind end, std::string_view close)
    {
        push(begin);
        std::string open; // closing brackets that are awaited
        while (true) {
            advanceTo(afterSpace(m_at));
            if (m_at >= m_source.size())
                fail("a tag never ends: " + std::string(close) + " is missing");
            if (open.empty()) {
                if (const std::size_t past = endOfTag(m_at, close); past != std::string::npos) {
                    push(end);
                    advanceTo(past);
                    return;
                }
            }
            readToken(open);
        }
    }

    void readToken(std::string& open)
    {
        const char c = m_source[m_at];
        if (isDigit(c)) {
            readNumber();
        } else if (c == '\'' || c == '"') {
            readString(c);
        } else if (const std::size_t length = wordLength(m_at); length > 0) {
            push(TokenKind::name, m_source.substr(m_at, length));
            advanceTo(m_at + length);
        } else {
            readOperator(open);
        }
    }

    [[nodiscard]] std::size_t wordLength(std::size_t from) const
    {
        std::size_t at = from;
        while (at < m_source.size()) {
            const std::size_t length = stepLength(m_source, at);
            const std::uint32_t codePoint = codePointAt(m_source, at, length);
            if ((length == 1 && codePoint >= 0x80) || !isWordCharacter(codePoint))
                break;
            at += length;
        }
        return at - from;
    }

    void readOperator(std::string& open)
    {
        for (const std::string_view op : kOperators) {
            if (!startsWith(op))
                continue;
            if (op == "(" || op == "[" || op == "{")
                open += op == "(" ? ')' : op == "[" ? ']' : '}';
            if (op == ")" || op == "]" || op == "}") {
                if (open.empty() || open.back() != op[0])
                    fail("\"" + std::string(op) + "\" closes nothing here" +
                        (open.empty() ? "" : std::string("; \"") + open.back() + "\" is awaited"));
                open.pop_back();
            }
            push(TokenKind::op, std::string(op));
            advanceTo(m_at + op.size());
            return;
        }
        fail("\"" + m_source.substr(m_at, stepLength(m_source, m_at)) + "\" is no part of an expression");
    }

    /// Digits with single underscores between them, from `at`; returns the end, or `at` where there are none.
    [[nodiscard]] std::size_t afterDigits(std::size_t at) const
    {
        const std::size_t from = at;
        while (at < m_source.size() &&
            (isDigit(m_source[at]) || (m_source[at] == '_' && at > from && at + 1 < m_source.size() && isDigit(m_source[at + 1]))))
            ++at;
        return at;
    }

    void readNumber()
    {
        const std::size_t whole = afterDigits(m_at);
        std::size_t end = whole;
        const bool afterDot = m_source[m_at - 1] == '.'; // x.1.5 is two subscripts
        if (!afterDot && end + 1 < m_source.size() && m_source[end] == '.' && isDigit(m_source[end + 1]))
            end = afterDigits(end + 1);
        if (!afterDot && end < m_source.size() && (m_source[end] == 'e' || m_source[end] == 'E')) {
            const std::size_t sign = end + 1 < m_source.size() && (m_source[end + 1] == '+' || m_source[end + 1] == '-') ? 1 : 0;
            const std::size_t exponent = afterDigits(end + 1 + sign);
            if (exponent > end + 1 + sign)
                end = exponent;
        }
        std::string digits = m_source.substr(m_at, end - m_at);
        digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
        Token token{end == whole ? TokenKind::integer : TokenKind::real, m_line, digits};
        const char* last = digits.data() + digits.size();
        const auto read =
            end == whole ? std::from_chars(digits.data(), last, token.integer) : std::from_chars(digits.data(), last, token.real);
        if (read.ec == std::errc::result_out_of_range && end != whole)
            token.real = parseReal(digits).value_or(0); // Python's inf, or zero
        else if (read.ec != std::errc() || read.ptr != last)
            fail("the number " + digits + " is too large");
        m_tokens.push_back(std::move(token));
        advanceTo(end);
    }

    void readString(char quote)
    {
        std::size_t end = m_at + 1;
        while (end < m_source.size() && m_source[end] != quote)
            end += m_source[end] == '\\' ? 2 : 1;
        if (end >= m_source.size())
            fail("a text in quotes never ends");
        std::string problem;
        std::string text = withoutEscapes(std::string_view(m_source).substr(m_at + 1, end - m_at - 1), problem);
        if (!problem.empty())
            fail(problem);
        push(TokenKind::text, std::move(text));
        advanceTo(end + 1);
    }

    std::string m_source;
    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
    int m_line = 1;
    bool m_lineStarts = true;
};

} // namespace

std::vector<Token> tokenize(std::string_view source) { return Lexer(source).run(); }

bool isPythonSpace(std::uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
        c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

} // namespace precedent::text::jinja
