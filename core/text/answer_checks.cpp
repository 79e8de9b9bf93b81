#include "core/text/answer_checks.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "core/text/answer_sentences.h"
#include "core/text/unicode.h"

namespace precedent::text {
namespace {

struct Letters {
    std::size_t latin = 0;
    std::size_t other = 0;
    std::size_t digits = 0;
    std::size_t broken = 0; ///< bytes that are no UTF-8, U+FFFD, control characters
    std::size_t all = 0; ///< characters but white space
};

Letters countLetters(std::string_view text)
{
    Letters letters;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = characterLength(text, at);
        if (length == 0) {
            ++letters.broken;
            ++letters.all;
            ++at;
            continue;
        }
        const std::uint32_t point = codePointAt(text, at, length);
        at += length;
        if (isSpace(point))
            continue;
        ++letters.all;
        UErrorCode status = U_ZERO_ERROR;
        if (point == 0xFFFD || point < 0x20)
            ++letters.broken;
        else if (isNumeric(point))
            ++letters.digits;
        else if (u_isalpha(static_cast<UChar32>(point)) != 0)
            ++(uscript_getScript(static_cast<UChar32>(point), &status) == USCRIPT_LATIN ? letters.latin : letters.other);
    }
    return letters;
}

/// A request that itself asks for another language or script.
bool asksForOtherLanguage(const std::string& request)
{
    static constexpr std::array<std::string_view, 16> kWords = {"translat", "chinese", "japanese", "korean", "arabic", "russian", "hindi",
        "greek", "hebrew", "thai", "ukrainian", "persian", "bengali", "language", "alphabet", "script"};
    return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return request.find(word) != std::string::npos; });
}

/// The share of the words that the commonest run of `n` words covers.
double commonestShare(const std::vector<std::string>& words, std::size_t n)
{
    if (words.size() < 2 * n)
        return 0.0;
    std::map<std::string, std::size_t> counts;
    std::size_t most = 0;
    for (std::size_t i = 0; i + n <= words.size(); ++i) {
        std::string run;
        for (std::size_t k = 0; k < n; ++k)
            run.append(words[i + k]).push_back(' ');
        most = std::max(most, ++counts[run]);
    }
    return most < 2 ? 0.0 : static_cast<double>(most * n) / static_cast<double>(words.size());
}

bool repeatsItself(const std::vector<std::string>& words)
{
    if (words.size() < 8)
        return false;
    for (std::size_t i = 0, run = 1; i + 1 < words.size(); ++i) {
        run = words[i] == words[i + 1] ? run + 1 : 1;
        if (run >= 6 && run * 3 >= words.size())
            return true;
    }
    const std::set<std::string> distinct(words.begin(), words.end());
    const double variety = static_cast<double>(distinct.size()) / static_cast<double>(words.size());
    return commonestShare(words, 1) > 0.5 || (words.size() >= 12 && commonestShare(words, 2) > 0.6) ||
        (words.size() >= 24 && commonestShare(words, 4) > 0.6) || (words.size() >= 40 && words.size() < 400 && variety < 0.12);
}

/// Whether a word could be one of a language in Latin letters: a vowel, no run of consonants too long to say.
bool pronounceable(const std::string& word)
{
    bool vowel = false;
    std::size_t consonants = 0;
    std::size_t longest = 0;
    for (const char c : word) {
        if (c < 'a' || c > 'z')
            return true; // digits, marks and other letters are not judged
        const bool isVowel = std::string_view("aeiouy").find(c) != std::string_view::npos;
        vowel = vowel || isVowel;
        consonants = isVowel ? 0 : consonants + 1;
        longest = std::max(longest, consonants);
    }
    return word.size() <= 3 || (vowel && longest <= 5 && word.size() <= 24);
}

bool isGibberish(const std::vector<std::string>& words)
{
    if (words.size() < 3)
        return words.size() == 1 && words.front().size() > 40;
    const auto bad = std::count_if(words.begin(), words.end(), [](const std::string& word) { return !pronounceable(word); });
    return static_cast<double>(bad) > 0.4 * static_cast<double>(words.size());
}

/// A text of a few words that stops where none can stop.
bool brokenOff(std::string_view answer, const std::vector<std::string>& words)
{
    static const std::set<std::string> kNeverLast = {"a", "an", "the", "to", "of", "and", "or", "with", "for", "is", "are", "in", "on",
        "at", "by", "from", "as", "that", "your", "my", "can", "will", "if", "but", "this", "be"};
    if (words.empty() || words.size() > 12)
        return false;
    const char last = answer.back();
    const bool closed = last == '.' || last == '!' || last == '?' || last == '"' || last == ')' || last == '`';
    return !closed && kNeverLast.contains(words.back());
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ')
        text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ')
        text.remove_suffix(1);
    return text;
}

} // namespace

std::string whyNoAnswer(std::string_view request, std::string_view answer)
{
    answer = trimmed(answer);
    if (answer.empty())
        return "the answer is empty";
    const Letters letters = countLetters(answer);
    if (letters.latin + letters.other + letters.digits == 0)
        return "the answer has neither words nor figures";
    if (letters.broken * 4 > letters.all)
        return "the answer is made of broken characters";
    const std::vector<std::string> words = wordsOf(answer);
    const Letters asked = countLetters(request);
    if (letters.other > letters.latin && letters.other >= 4 && asked.latin > asked.other &&
        !asksForOtherLanguage(normalizeForMatching(request)))
        return "the answer is in another script than the request";
    if (repeatsItself(words))
        return "the answer repeats itself";
    if (letters.latin > letters.other && isGibberish(words))
        return "the answer's words are no words";
    if (brokenOff(answer, words))
        return "the answer breaks off at once";
    if (words.size() >= 4 && words == wordsOf(request))
        return "the answer only repeats the request";
    return {};
}

} // namespace precedent::text
