#include "core/text/answer_sentences.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isLetter(char c) { return isUpper(c) || (c >= 'a' && c <= 'z'); }
bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && isBlank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && isBlank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Takes "1. ", "2) ", "- ", "* ", "Step 3: " off the front; true if there was one.
bool dropListMarker(std::string_view& line)
{
    std::string_view rest = line;
    while (!rest.empty() && (rest.front() == '*' || rest.front() == '#') && rest.size() > 1 && rest[1] == rest.front())
        rest.remove_prefix(1);
    if (rest.size() > 5 && (rest.substr(0, 5) == "Step " || rest.substr(0, 5) == "step "))
        rest.remove_prefix(5);
    std::size_t digits = 0;
    while (digits < rest.size() && digits < 3 && isDigit(rest[digits]))
        ++digits;
    if (digits > 0 && digits + 1 < rest.size() && (rest[digits] == '.' || rest[digits] == ')' || rest[digits] == ':') &&
        isBlank(rest[digits + 1])) {
        line = trimmed(rest.substr(digits + 1));
        return true;
    }
    if (line.size() > 2 && (line[0] == '-' || line[0] == '*' || line[0] == '+') && isBlank(line[1])) {
        line = trimmed(line.substr(1));
        return true;
    }
    if (line.substr(0, 3) == "\xE2\x80\xA2") { // a bullet
        line = trimmed(line.substr(3));
        return true;
    }
    return false;
}

bool isAbbreviation(std::string_view line, std::size_t dot)
{
    static constexpr std::array<std::string_view, 16> kAbbreviations = {
        "mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "no", "inc", "ltd", "jr", "sr", "approx"};
    std::size_t from = dot;
    while (from > 0 && (isLetter(line[from - 1]) || line[from - 1] == '.'))
        --from;
    std::string word(line.substr(from, dot - from));
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (word.size() == 1 && word != "i" && word != "a")
        return true; // an initial
    if (word.size() == 3 && word[1] == '.')
        return true; // "u.s"
    return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end() && word != "no" && word != "etc";
}

/// Whether the mark at `at` ends a sentence of the line; `end` becomes where the next one may begin.
bool endsSentence(std::string_view line, std::size_t at, std::size_t& end)
{
    const char mark = line[at];
    if (mark != '.' && mark != '!' && mark != '?')
        return false;
    end = at + 1;
    while (end < line.size() &&
        (line[end] == '.' || line[end] == '!' || line[end] == '?' || line[end] == '"' || line[end] == '\'' || line[end] == ')' ||
            line[end] == ']' || line[end] == '*'))
        ++end;
    if (end >= line.size())
        return true;
    if (!isBlank(line[end]))
        return false;
    return mark != '.' || !isAbbreviation(line, at);
}

/// Whether quotation marks are open behind `text`, if they were (or not) before it. A single mark opens before a word and closes
/// behind a mark that ends something: inside or at the end of a word it is an apostrophe.
bool openBehind(std::string_view text, bool open)
{
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::size_t length = 1;
        if (text.substr(at, 3) == "\xE2\x80\x98" || text.substr(at, 3) == "\xE2\x80\x99" || text.substr(at, 3) == "\xE2\x80\x9C" ||
            text.substr(at, 3) == "\xE2\x80\x9D")
            length = 3;
        else if (text[at] != '\'' && text[at] != '"')
            continue;
        const char before = at > 0 ? text[at - 1] : ' ';
        const char after = at + length < text.size() ? text[at + length] : ' ';
        if (!open && (isBlank(before) || before == '(') && !isBlank(after))
            open = true;
        else if (open && std::string_view(".,!?:;)").find(before) != std::string_view::npos)
            open = false;
        at += length - 1;
    }
    return open;
}

bool startsQuotation(std::string_view text)
{
    return !text.empty() &&
        (text[0] == '\'' || text[0] == '"' || text.substr(0, 3) == "\xE2\x80\x98" || text.substr(0, 3) == "\xE2\x80\x9C");
}

void appendSentence(std::string_view text, bool listItem, bool code, std::vector<Sentence>& sentences)
{
    text = trimmed(text);
    if (text.empty())
        return;
    Sentence sentence;
    sentence.text = std::string(text);
    sentence.normalized = normalizeForMatching(text);
    sentence.words = static_cast<int>(wordsOf(text).size());
    sentence.listItem = listItem;
    sentence.code = code;
    sentence.question = text.back() == '?' || (text.size() > 1 && text[text.size() - 2] == '?');
    sentence.quoted = sentence.normalized == "quotation" || sentence.normalized == "quotation.";
    sentences.push_back(std::move(sentence));
}

void splitLine(std::string_view line, bool code, std::size_t most, std::vector<Sentence>& sentences)
{
    line = trimmed(line);
    const bool listItem = !code && dropListMarker(line);
    if (code) {
        appendSentence(line, false, true, sentences);
        return;
    }
    std::size_t from = 0;
    for (std::size_t at = 0; at < line.size() && sentences.size() < most; ++at) {
        std::size_t end = 0;
        if (endsSentence(line, at, end)) {
            appendSentence(line.substr(from, end - from), listItem, false, sentences);
            from = end;
            at = end - 1;
        }
    }
    if (from < line.size() && sentences.size() < most)
        appendSentence(line.substr(from), listItem, false, sentences);
}

void replaceAll(std::string& text, std::string_view what, std::string_view by)
{
    std::size_t at = text.find(what);
    if (at == std::string::npos)
        return;
    std::string out;
    std::size_t from = 0;
    for (; at != std::string::npos; at = text.find(what, from)) {
        out.append(text, from, at - from);
        out.append(by);
        from = at + what.size();
    }
    out.append(text, from);
    text = std::move(out);
}

/// Quotations of two words or more become the one word "quotation": what somebody else says declines nothing.
std::string withoutQuotations(const std::string& text)
{
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t close = text[at] == '"' ? text.find('"', at + 1) : std::string::npos;
        if (close == std::string::npos) {
            out.push_back(text[at++]);
            continue;
        }
        const std::string_view inside(text.data() + at + 1, close - at - 1);
        if (inside.find(' ') == std::string_view::npos)
            out.append(inside);
        else
            out += "quotation";
        at = close + 1;
    }
    return out;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kPlainMarks = {
    {{"\xE2\x80\x99", "'"}, {"\xE2\x80\x98", "'"}, {"\xE2\x80\x9C", "\""}, {"\xE2\x80\x9D", "\""}, {"\xE2\x80\x93", "-"},
        {"\xE2\x80\x94", " - "}, {"\xC2\xA0", " "}, {"**", ""}, {"\xE2\x80\xA6", "..."}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kContractions = {{{"can't", "cannot"}, {"cant ", "cannot "},
    {"can not ", "cannot "}, {"won't", "will not"}, {"wont ", "will not "}, {"shan't", "shall not"}, {"n't", " not"}, {"i'm ", "i am "},
    {"'re ", " are "}, {"'ve ", " have "}, {"'ll ", " will "}, {"'d ", " would "}, {"it's ", "it is "}, {"that's ", "that is "},
    {"there's ", "there is "}, {"let's ", "let us "}, {"here's ", "here is "}}};

} // namespace

std::string normalizeForMatching(std::string_view text)
{
    std::string plain(text);
    for (const auto& [mark, by] : kPlainMarks)
        replaceAll(plain, mark, by);
    std::string lower;
    lower.reserve(plain.size());
    for (const char c : plain) {
        if (isBlank(c) || c == '\n') {
            if (!lower.empty() && lower.back() != ' ')
                lower.push_back(' ');
        } else {
            lower.push_back(isUpper(c) ? static_cast<char>(c - 'A' + 'a') : c);
        }
    }
    for (const auto& [contraction, full] : kContractions)
        replaceAll(lower, contraction, full);
    return withoutQuotations(lower);
}

std::vector<std::string> wordsOf(std::string_view text)
{
    std::vector<std::string> words;
    std::string word;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = characterLength(text, at);
        const std::size_t step = std::max<std::size_t>(length, 1);
        const bool inWord = length > 0 && (isWordCharacter(codePointAt(text, at, length)) || (text[at] == '\'' && !word.empty()));
        if (inWord) {
            for (std::size_t i = 0; i < step; ++i)
                word.push_back(isUpper(text[at + i]) ? static_cast<char>(text[at + i] - 'A' + 'a') : text[at + i]);
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
        at += step;
    }
    if (!word.empty())
        words.push_back(std::move(word));
    return words;
}

std::vector<Sentence> splitSentences(std::string_view text, std::size_t most)
{
    std::vector<Sentence> sentences;
    bool code = false;
    bool quotation = false;
    while (!text.empty() && sentences.size() < most) {
        const std::size_t before = sentences.size();
        const std::size_t lineEnd = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, lineEnd));
        if (line.substr(0, 3) == "```")
            code = !code;
        else
            splitLine(line, code, most, sentences);
        quotation = quotation && !line.empty();
        for (std::size_t i = before; i < sentences.size(); ++i) {
            sentences[i].inQuotation = quotation || startsQuotation(sentences[i].text);
            quotation = openBehind(sentences[i].text, quotation);
        }
        if (lineEnd == std::string_view::npos)
            break;
        text.remove_prefix(lineEnd + 1);
    }
    return sentences;
}

} // namespace precedent::text
