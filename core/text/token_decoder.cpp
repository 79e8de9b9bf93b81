#include "core/text/token_decoder.h"

#include <array>
#include <string_view>
#include <utility>

#include "core/text/byte_alphabet.h"
#include "core/text/json_fields.h"
#include "core/text/unicode.h"

namespace precedent::text {
namespace {

const std::string kWhere = "decoder";
/// Decoders take escapes back, which are longer than what they stand for.
constexpr std::size_t kMostGrowth = 4;

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/// The byte of "<0x0A>"; -1 for any other token.
int byteOfToken(const std::string& token)
{
    if (token.size() != 6 || token.compare(0, 3, "<0x") != 0 || token[5] != '>')
        return -1;
    const int high = hexValue(token[3]);
    const int low = hexValue(token[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string withoutEnds(std::string_view text, const std::string& content, std::size_t start, std::size_t stop)
{
    for (std::size_t i = 0; i < start && !content.empty() && text.substr(0, content.size()) == content; ++i)
        text.remove_prefix(content.size());
    for (std::size_t i = 0;
         i < stop && !content.empty() && text.size() >= content.size() && text.substr(text.size() - content.size()) == content; ++i)
        text.remove_suffix(content.size());
    return std::string(text);
}

} // namespace

Result<TokenDecoder> TokenDecoder::fromJson(const nlohmann::json& json)
{
    TokenDecoder decoder;
    decoder.m_joinBySpace = json.is_null();
    PRECEDENT_TRY(forEachPart(
        json, "decoders", kWhere, [&](const nlohmann::json& part, const std::string& type) { return decoder.add(type, part); }));
    return decoder;
}

Status TokenDecoder::add(const std::string& type, const nlohmann::json& json)
{
    if (type == "Fuse") {
        m_fused = true;
        return {};
    }
    if (type == "Strip")
        return addStrip(json);
    if (m_fused)
        return unsupportedEntry(kWhere, "the type \"" + type + "\" after Fuse");
    if (type == "Replace")
        return addReplace(json);
    if (type == "ByteFallback") {
        m_steps.push_back({StepKind::byteFallback, {}, {}});
    } else if (type == "ByteLevel") {
        m_steps.push_back({StepKind::byteLevel, {}, {}});
        m_fused = true;
    } else if (type == "Metaspace") {
        Step step{StepKind::metaspace, {}, stringField(json, "replacement", "\xE2\x96\x81")};
        step.dropPrefix = stringField(json, "prepend_scheme", boolField(json, "add_prefix_space", true) ? "always" : "never") != "never";
        m_steps.push_back(std::move(step));
    } else if (type == "WordPiece") {
        Step step{StepKind::wordPiece, {}, stringField(json, "prefix", "##")};
        step.cleanUp = boolField(json, "cleanup", true);
        m_steps.push_back(std::move(step));
    } else {
        return unsupportedEntry(kWhere, "the type \"" + type + "\"");
    }
    return {};
}

Status TokenDecoder::addReplace(const nlohmann::json& json)
{
    if (!json.contains("pattern"))
        return unsupportedEntry(kWhere, "a Replace without \"pattern\"");
    Result<Pattern> pattern = Pattern::fromJson(json["pattern"], kWhere);
    PRECEDENT_TRY(pattern);
    m_steps.push_back({StepKind::replace, std::move(*pattern), stringField(json, "content")});
    return {};
}

Status TokenDecoder::addStrip(const nlohmann::json& json)
{
    const std::string content = stringField(json, "content", " ");
    const std::size_t start = countField(json, "start");
    const std::size_t stop = countField(json, "stop");
    if (!m_fused) {
        Step step{StepKind::stripToken, {}, content};
        step.start = start;
        step.stop = stop;
        m_steps.push_back(std::move(step));
        return {};
    }
    if (m_strip)
        return unsupportedEntry(kWhere, "a second Strip after Fuse");
    m_strip = Strip{content, start, stop};
    return {};
}

std::string TokenDecoder::replaced(const Step& step, std::string text, std::size_t limit)
{
    std::string made = step.pattern->replaceAll(text, step.content, limit);
    return made.size() > limit ? std::move(text) : std::move(made);
}

std::string TokenDecoder::applyWordPiece(const Step& step, const std::string& text, bool first)
{
    const bool goesOn = !first && !step.content.empty() && text.compare(0, step.content.size(), step.content) == 0;
    std::string out = goesOn ? text.substr(step.content.size()) : first ? text : " " + text;
    if (!step.cleanUp)
        return out;
    constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kJoined{{{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","},
        {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}}};
    for (const auto& [apart, joined] : kJoined)
        for (std::size_t at = out.find(apart); at != std::string::npos; at = out.find(apart, at + joined.size()))
            out.replace(at, apart.size(), joined);
    return out;
}

std::string TokenDecoder::applyMetaspace(const Step& step, const std::string& text, bool first)
{
    // The first token loses all of its spaces, not just the prefix: so does the reference implementation.
    const char* space = first && step.dropPrefix ? "" : " ";
    std::string out;
    std::size_t from = 0;
    for (std::size_t at = text.find(step.content); !step.content.empty() && at != std::string::npos; at = text.find(step.content, from)) {
        out.append(text, from, at - from).append(space);
        from = at + step.content.size();
    }
    return out.append(text, from);
}

std::string TokenDecoder::bytesOf(const std::string& token, bool first) const
{
    std::string text = m_joinBySpace && !first ? " " + token : token;
    const std::size_t limit = longestRewriting(text.size(), kMostGrowth);
    for (const Step& step : m_steps) {
        switch (step.kind) {
        case StepKind::replace:
            text = replaced(step, std::move(text), limit);
            break;
        case StepKind::byteFallback:
            if (const int byte = byteOfToken(text); byte >= 0)
                text.assign(1, static_cast<char>(static_cast<unsigned char>(byte)));
            break;
        case StepKind::byteLevel:
            if (std::optional<std::string> bytes = bytesOfAlphabet(text))
                text = std::move(*bytes);
            break;
        case StepKind::stripToken:
            text = withoutEnds(text, step.content, step.start, step.stop);
            break;
        case StepKind::metaspace:
            text = applyMetaspace(step, text, first);
            break;
        case StepKind::wordPiece:
            text = applyWordPiece(step, text, first);
            break;
        }
    }
    return text;
}

} // namespace precedent::text
