#include "core/text/pre_tokenizer.h"

#include <optional>

#include "core/text/byte_alphabet.h"
#include "core/text/json_fields.h"
#include "core/text/pattern.h"
#include "core/text/unicode.h"

namespace precedent::text {
namespace {

using Range = Pieces::Range;

/// GPT-2's splitting expression, which ByteLevel applies where use_regex is on.
constexpr const char* kGpt2Expression = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// The byte alphabet takes two bytes for one, "▁" three for a space, and either may go before each piece.
constexpr std::size_t kMostGrowth = 8;

enum class Behavior { removed, isolated, mergedWithPrevious, mergedWithNext, contiguous };

std::optional<Behavior> behaviorOf(const std::string& name)
{
    if (name == "Removed")
        return Behavior::removed;
    if (name == "Isolated")
        return Behavior::isolated;
    if (name == "MergedWithPrevious")
        return Behavior::mergedWithPrevious;
    if (name == "MergedWithNext")
        return Behavior::mergedWithNext;
    if (name == "Contiguous")
        return Behavior::contiguous;
    return std::nullopt;
}

struct Stretch {
    Range range;
    bool match;
};

/// Appends the pieces that a run of stretches becomes under `behavior`.
void appendPieces(const std::vector<Stretch>& stretches, Behavior behavior, std::vector<Range>& out)
{
    const std::size_t begin = out.size();
    for (std::size_t i = 0; i < stretches.size(); ++i) {
        const Stretch& stretch = stretches[i];
        const bool first = out.size() == begin;
        switch (behavior) {
        case Behavior::removed:
            if (!stretch.match)
                out.push_back(stretch.range);
            break;
        case Behavior::isolated:
            out.push_back(stretch.range);
            break;
        case Behavior::mergedWithPrevious:
            if (stretch.match && !first && !stretches[i - 1].match)
                out.back().to = stretch.range.to;
            else
                out.push_back(stretch.range);
            break;
        case Behavior::mergedWithNext:
            if (!stretch.match && !first && stretches[i - 1].match)
                out.back().to = stretch.range.to;
            else
                out.push_back(stretch.range);
            break;
        case Behavior::contiguous:
            if (!first && stretches[i - 1].match == stretch.match)
                out.back().to = stretch.range.to;
            else
                out.push_back(stretch.range);
            break;
        }
    }
}

using MatchFinder = std::function<void(std::string_view, const std::function<void(std::size_t, std::size_t)>&)>;

/// Splits every piece at what `find` matches within it.
void splitPieces(Pieces& pieces, Behavior behavior, bool invert, const MatchFinder& find)
{
    std::vector<Range> out;
    out.reserve(pieces.ranges.size());
    std::vector<Stretch> stretches;
    for (const Range& piece : pieces.ranges) {
        stretches.clear();
        std::size_t from = piece.from;
        find(std::string_view(pieces.text).substr(piece.from, piece.to - piece.from), [&](std::size_t start, std::size_t end) {
            if (piece.from + start > from)
                stretches.push_back({{from, piece.from + start}, invert});
            stretches.push_back({{piece.from + start, piece.from + end}, !invert});
            from = piece.from + end;
        });
        if (from < piece.to)
            stretches.push_back({{from, piece.to}, invert});
        appendPieces(stretches, behavior, out);
    }
    pieces.ranges = std::move(out);
}

MatchFinder characterFinder(bool (*matches)(std::uint32_t))
{
    return [matches](std::string_view text, const std::function<void(std::size_t, std::size_t)>& found) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t length = characterLength(text, at);
            if (length > 0 && matches(codePointAt(text, at, length)))
                found(at, at + length);
            at += length == 0 ? 1 : length;
        }
    };
}

MatchFinder patternFinder(Pattern pattern)
{
    return [pattern = std::move(pattern)](
               std::string_view text, const std::function<void(std::size_t, std::size_t)>& found) { pattern.forEachMatch(text, found); };
}

/// Rewrites the pieces one by one into a new buffer.
void rewritePieces(Pieces& pieces, const std::function<void(std::string_view, std::string&)>& rewrite)
{
    std::string text;
    text.reserve(pieces.text.size() + pieces.text.size() / 4);
    std::vector<Range> ranges;
    ranges.reserve(pieces.ranges.size());
    for (const Range& piece : pieces.ranges) {
        const std::size_t from = text.size();
        rewrite(std::string_view(pieces.text).substr(piece.from, piece.to - piece.from), text);
        ranges.push_back({from, text.size()});
        if (text.size() > pieces.limit)
            return;
    }
    pieces.text = std::move(text);
    pieces.ranges = std::move(ranges);
}

} // namespace

Result<PreTokenizer> PreTokenizer::fromJson(const nlohmann::json& json)
{
    PreTokenizer preTokenizer;
    const std::string where = "pre_tokenizer";
    PRECEDENT_TRY(forEachPart(json, "pretokenizers", where,
        [&](const nlohmann::json& part, const std::string& type) { return preTokenizer.add(type, part, where); }));
    return preTokenizer;
}

Pieces PreTokenizer::apply(std::string text, bool atStart) const
{
    Pieces pieces;
    pieces.limit = longestRewriting(text.size(), kMostGrowth);
    pieces.text = std::move(text);
    pieces.atStart = atStart;
    if (!pieces.text.empty())
        pieces.ranges.push_back({0, pieces.text.size()});
    for (const Step& step : m_steps)
        step(pieces);
    return pieces;
}

Status PreTokenizer::add(const std::string& type, const nlohmann::json& json, const std::string& where)
{
    if (type == "Split")
        return addSplit(json, where);
    if (type == "ByteLevel")
        return addByteLevel(json);
    if (type == "Metaspace")
        return addMetaspace(json, where);
    return addSimple(type, json, where);
}

Status PreTokenizer::addSplit(const nlohmann::json& json, const std::string& where)
{
    const std::string name = stringField(json, "behavior");
    const std::optional<Behavior> behavior = behaviorOf(name);
    if (!behavior)
        return unsupportedEntry(where, "the Split behavior \"" + name + "\"");
    if (!json.contains("pattern"))
        return unsupportedEntry(where, "a Split without \"pattern\"");
    Result<Pattern> pattern = Pattern::fromJson(json["pattern"], where);
    PRECEDENT_TRY(pattern);
    m_steps.emplace_back([find = patternFinder(std::move(*pattern)), behavior = *behavior, invert = boolField(json, "invert", false)](
                             Pieces& pieces) { splitPieces(pieces, behavior, invert, find); });
    return {};
}

Status PreTokenizer::addByteLevel(const nlohmann::json& json)
{
    if (boolField(json, "add_prefix_space", true)) {
        m_steps.emplace_back([](Pieces& pieces) {
            rewritePieces(pieces, [](std::string_view piece, std::string& out) {
                if (!piece.empty() && piece.front() != ' ')
                    out.push_back(' ');
                out.append(piece);
            });
        });
    }
    if (boolField(json, "use_regex", true)) {
        Result<Pattern> pattern = Pattern::regex(kGpt2Expression);
        PRECEDENT_TRY(pattern);
        m_steps.emplace_back(
            [find = patternFinder(std::move(*pattern))](Pieces& pieces) { splitPieces(pieces, Behavior::isolated, false, find); });
    }
    m_steps.emplace_back([](Pieces& pieces) {
        const auto& alphabet = byteAlphabet();
        rewritePieces(pieces, [&alphabet](std::string_view piece, std::string& out) {
            for (const char c : piece)
                out += alphabet[static_cast<unsigned char>(c)];
        });
    });
    m_byteLevel = true;
    return {};
}

Status PreTokenizer::addMetaspace(const nlohmann::json& json, const std::string& where)
{
    const std::string replacement = stringField(json, "replacement", "\xE2\x96\x81");
    if (replacement.empty() || characterLength(replacement, 0) != replacement.size())
        return unsupportedEntry(where, "the Metaspace replacement \"" + toValidUtf8(replacement) + "\", which is not one character,");
    // Files from before prepend_scheme have add_prefix_space, which meant "always".
    const std::string scheme = stringField(json, "prepend_scheme", boolField(json, "add_prefix_space", true) ? "always" : "never");
    if (scheme != "always" && scheme != "never" && scheme != "first")
        return unsupportedEntry(where, "the Metaspace prepend_scheme \"" + scheme + "\"");
    Result<Pattern> space = Pattern::literal(" ");
    PRECEDENT_TRY(space);
    m_steps.emplace_back([replacement, scheme, space = std::move(*space)](Pieces& pieces) {
        bool first = pieces.atStart;
        rewritePieces(pieces, [&](std::string_view piece, std::string& out) {
            const std::string replaced = space.replaceAll(piece, replacement);
            const bool prepend = scheme == "always" || (scheme == "first" && first);
            if (prepend && replaced.rfind(replacement, 0) != 0)
                out += replacement;
            out += replaced;
            first = false;
        });
    });
    if (boolField(json, "split", true)) {
        Result<Pattern> pattern = Pattern::literal(replacement);
        PRECEDENT_TRY(pattern);
        m_steps.emplace_back(
            [find = patternFinder(std::move(*pattern))](Pieces& pieces) { splitPieces(pieces, Behavior::mergedWithNext, false, find); });
    }
    return {};
}

Status PreTokenizer::addSimple(const std::string& type, const nlohmann::json& json, const std::string& where)
{
    if (type == "Digits") {
        const Behavior behavior = boolField(json, "individual_digits", false) ? Behavior::isolated : Behavior::contiguous;
        m_steps.emplace_back([behavior](Pieces& pieces) { splitPieces(pieces, behavior, false, characterFinder(isNumeric)); });
        return {};
    }
    if (type == "Punctuation") {
        const std::string name = stringField(json, "behavior", "Isolated");
        const std::optional<Behavior> behavior = behaviorOf(name);
        if (!behavior)
            return unsupportedEntry(where, "the Punctuation behavior \"" + name + "\"");
        m_steps.emplace_back(
            [behavior = *behavior](Pieces& pieces) { splitPieces(pieces, behavior, false, characterFinder(isPunctuation)); });
        return {};
    }
    if (type == "WhitespaceSplit" || type == "BertPreTokenizer") {
        m_steps.emplace_back([](Pieces& pieces) { splitPieces(pieces, Behavior::removed, false, characterFinder(isSpace)); });
        if (type == "BertPreTokenizer")
            m_steps.emplace_back([](Pieces& pieces) { splitPieces(pieces, Behavior::isolated, false, characterFinder(isPunctuation)); });
        return {};
    }
    if (type == "Whitespace") {
        Result<Pattern> pattern = Pattern::regex(R"(\w+|[^\w\s]+)");
        PRECEDENT_TRY(pattern);
        m_steps.emplace_back(
            [find = patternFinder(std::move(*pattern))](Pieces& pieces) { splitPieces(pieces, Behavior::removed, true, find); });
        return {};
    }
    return unsupportedEntry(where, "the type \"" + type + "\"");
}

} // namespace precedent::text
