#include "core/text/vocabulary_check.h"

#include <algorithm>
#include <array>

#include "core/text/unicode.h"
#include "core/text/vocabulary_steps.h"

namespace precedent::text {
namespace {

constexpr std::size_t kShownBytes = 60;
constexpr std::size_t kShownIds = 8;

constexpr std::array kTexts{"", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n ", "a", " a", "a ", "  a  b  ",
    "The clerk reads the letter twice.", "the\nrule\n\n\nthe rule\r\n\r\n  next", "don't they're HE'LL I'd we've It'S",
    "12 of 40, 7.5% and 3rd; 1234567890 12345 ٣٤٥ ½ Ⅷ ²", "for row in rows:\n    total = total + row[3]\n\treturn {\"a\": [1, 2]}  \n",
    "snake_case camelCase HTTPServer e-mail a/b\\c #tag @you $9.99 && || ++ -- ...!!! \"quoted\" 'x' (y) [z] <w>", "a\tb\t\tc \t d \n\t e",
    "für die Nachbarin près de la fenêtre", "fu\u0308r cafe\u0301 n\u0303", "письмо дважды γράμμα δύο", "書記は手紙を二回読んで、カギ。",
    "钥匙由看门人保管。好的", "편지를 두 번", "המכתב פעמיים الرسالة مرتين", "नमस्ते दुनिया สวัสดี", "x\u200by\u200dz \u00a0 \u3000 w",
    "😀 a😀b 👍🏽 👨‍👩‍👧", "\U00020000\U0010ffff\u0e00", "\x01\x1b\x7f\u0080", "zzzzzzzzqqqq QQQQ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "                                                                           x",
    "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
    "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\tx", "========================================-------- ** **",
    "<|im_start|>user\nHello<|im_end|> <s>[INST] x [/INST]</s>", "ІЇ ǅ ß ſ K ﬁ İ ı"};
constexpr std::array kBrokenTexts{"\xff", "a\xc3 b\xe2\x82 c", "\x80\x80\xf5the", "\xed\xa0\x80 x"};

std::string shown(std::string_view text)
{
    std::string valid = toValidUtf8(text.substr(0, kShownBytes));
    for (std::size_t at = valid.find('\n'); at != std::string::npos; at = valid.find('\n', at + 2))
        valid.replace(at, 1, "\\n");
    return "\"" + valid + (text.size() > kShownBytes ? "...\"" : "\"");
}

std::string shown(const std::vector<int>& ids)
{
    std::string text = "[";
    for (std::size_t i = 0; i < std::min(ids.size(), kShownIds); ++i)
        text += (i == 0 ? "" : ", ") + std::to_string(ids[i]);
    return text + (ids.size() > kShownIds ? ", ...]" : "]");
}

class Comparison {
public:
    Comparison(const TokenizerParts& file, const TokenizerParts& parts, const Vocabulary& vocabulary, Made made)
        : m_file(file)
        , m_parts(parts)
        , m_vocabulary(vocabulary)
        , m_made(made)
    {
    }

    [[nodiscard]] Status sameOfTokens() const
    {
        for (std::size_t id = 0; id < m_vocabulary.tokens.size(); ++id) {
            const std::string& token = m_vocabulary.tokens[id];
            if (token.empty() || typeOf(id) == TokenType::userDefined || (isUnigram() && typeOf(id) != TokenType::normal) ||
                holdsAddedToken(token))
                continue;
            std::vector<int> ofFile;
            std::vector<int> ofVocabulary;
            m_file.model->encode(token, ofFile);
            m_parts.model->encode(token, ofVocabulary);
            if (ofFile != ofVocabulary)
                return differing(token, ofFile, ofVocabulary);
        }
        return {};
    }

    [[nodiscard]] Status sameOfTexts(bool brokenText) const
    {
        for (const char* text : kTexts)
            PRECEDENT_TRY(same(text));
        for (const char* text : kBrokenTexts) {
            if (brokenText)
                PRECEDENT_TRY(same(text));
        }
        for (const auto& [token, id] : m_file.addedIds) {
            const auto index = static_cast<std::size_t>(id);
            if (index >= m_vocabulary.tokens.size() || typeOf(index) == TokenType::normal)
                continue;
            for (const std::string& text : {token, "a" + token + "b", " a " + token + " b", token + token + "\n" + token + "  c"})
                PRECEDENT_TRY(same(text));
        }
        return {};
    }

private:
    [[nodiscard]] TokenType typeOf(std::size_t id) const { return text::typeOf(m_vocabulary, id); }
    [[nodiscard]] bool isUnigram() const { return m_vocabulary.model == "t5"; }

    /// Such a token's text is cut before it comes to merging.
    [[nodiscard]] bool holdsAddedToken(std::string_view text) const
    {
        bool holds = false;
        for (const AddedTokenFinder* finder : {&m_parts.rawTokens, &m_parts.normalizedTokens})
            finder->forEach(text, [&](const AddedToken&, std::size_t, std::size_t) { holds = true; });
        return holds;
    }

    [[nodiscard]] Status same(const std::string& text) const
    {
        const std::vector<int> ofFile = m_file.encode(text, false);
        const std::vector<int> ofVocabulary = m_parts.encode(text, false);
        if (ofFile != ofVocabulary)
            return differing(text, ofFile, ofVocabulary);
        const std::string decoded = m_file.decode(ofFile, false);
        if (const std::string other = m_parts.decode(ofFile, false); decoded != other)
            return notTheSame("the ids " + shown(ofFile), "are the text ", shown(decoded), shown(other));
        return {};
    }

    [[nodiscard]] Error differing(std::string_view text, const std::vector<int>& ofFile, const std::vector<int>& ofVocabulary) const
    {
        return notTheSame(shown(text), "becomes ", shown(ofFile), shown(ofVocabulary));
    }

    [[nodiscard]] Error notTheSame(
        const std::string& what, const std::string& verb, const std::string& ofFile, const std::string& ofVocabulary) const
    {
        const bool ofOther = m_made == Made::file;
        return inexact(
            m_made, what + " " + verb + (ofOther ? ofVocabulary : ofFile) + ", but would be " + (ofOther ? ofFile : ofVocabulary));
    }

    const TokenizerParts& m_file;
    const TokenizerParts& m_parts;
    const Vocabulary& m_vocabulary;
    Made m_made;
};

} // namespace

Error inexact(Made made, const std::string& what)
{
    if (made == Made::file) {
        return {ErrorCode::unsupported, "A tokenizer.json cannot hold this vocabulary exactly: " + what + ".",
            "Export the model as a GGUF file instead; a tokenizer.json would cut texts otherwise than in training."};
    }
    return {ErrorCode::unsupported, "A GGUF file cannot hold this tokenizer exactly: " + what + ".",
        "Export the model as a folder with its tokenizer.json instead; a GGUF file would cut texts otherwise than in training."};
}

Status checkSameIds(const TokenizerParts& file, const Vocabulary& vocabulary, Made made, bool brokenText)
{
    Result<std::unique_ptr<TokenizerParts>> parts = readVocabulary(vocabulary);
    if (!parts)
        return parts.error().in("the tokenizer's vocabulary");
    const Comparison comparison(file, **parts, vocabulary, made);
    PRECEDENT_TRY(comparison.sameOfTokens());
    return comparison.sameOfTexts(brokenText);
}

} // namespace precedent::text
