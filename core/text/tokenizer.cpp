#include "precedent/text/tokenizer.h"

#include <algorithm>

#include "core/text/tokenizer_parts.h"
#include "core/text/unicode.h"

namespace precedent::text {
namespace {

/// Drops a decoder's Strip from a joined text.
void stripStart(std::string& text, const std::string& content, std::size_t& left)
{
    std::size_t at = 0;
    while (left > 0 && !content.empty() && text.compare(at, content.size(), content) == 0) {
        at += content.size();
        --left;
    }
    text.erase(0, at);
}

void stripStop(std::string& text, const std::string& content, std::size_t left)
{
    while (left > 0 && !content.empty() && text.size() >= content.size() &&
        text.compare(text.size() - content.size(), content.size(), content) == 0) {
        text.resize(text.size() - content.size());
        --left;
    }
}

} // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::load(const std::filesystem::path& folderOrFile)
{
    const Result<std::filesystem::path> file = tokenizerFileOf(folderOrFile);
    PRECEDENT_TRY(file);
    Result<std::unique_ptr<TokenizerParts>> parts = readTokenizer(*file);
    PRECEDENT_TRY(parts);
    return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(*parts)));
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::parse(std::string_view tokenizerJson, const std::string& what)
{
    Result<std::unique_ptr<TokenizerParts>> parts = readTokenizer(tokenizerJson);
    if (!parts)
        return parts.error().in(what);
    return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(*parts)));
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::fromVocabulary(Vocabulary vocabulary)
{
    Result<std::unique_ptr<TokenizerParts>> parts = readVocabulary(std::move(vocabulary));
    PRECEDENT_TRY(parts);
    return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(*parts)));
}

Tokenizer::Tokenizer(std::unique_ptr<const TokenizerParts> parts)
    : m_parts(std::move(parts))
{
}

Tokenizer::~Tokenizer() = default;

std::vector<int> TokenizerParts::encode(std::string_view text, bool addSpecial) const
{
    std::vector<int> ids;
    ids.reserve(text.size() / 3 + 4);
    if (addSpecial)
        ids = before;
    std::size_t from = 0;
    rawTokens.forEach(text, [&](const AddedToken& token, std::size_t start, std::size_t end) {
        encodeSegment(text.substr(from, start - from), from == 0, ids);
        ids.push_back(token.id);
        from = end;
    });
    encodeSegment(text.substr(from), from == 0, ids);
    if (addSpecial)
        ids.insert(ids.end(), after.begin(), after.end());
    return ids;
}

std::string TokenizerParts::decode(const std::vector<int>& ids, bool skipSpecial) const
{
    std::string bytes;
    bool first = true;
    for (const int id : ids) {
        if (const Entry* entry = decodable(id, skipSpecial)) {
            bytes += bytesOf(*entry, first);
            first = false;
        }
    }
    std::string text = toValidUtf8(bytes);
    if (const auto& strip = decoder.strip()) {
        std::size_t left = strip->start;
        stripStart(text, strip->text, left);
        stripStop(text, strip->text, strip->stop);
    }
    return text;
}

void TokenizerParts::encodePlain(std::string_view text, bool atStart, std::vector<int>& ids) const
{
    if (text.empty())
        return;
    const Pieces pieces = preTokenizer.apply(std::string(text), atStart);
    for (const Pieces::Range& range : pieces.ranges)
        model->encode(std::string_view(pieces.text).substr(range.from, range.to - range.from), ids);
}

void TokenizerParts::encodeSegment(std::string_view segment, bool atStart, std::vector<int>& ids) const
{
    if (segment.empty())
        return;
    const std::string normalized = normalizer.apply(std::string(segment));
    std::size_t from = 0;
    normalizedTokens.forEach(normalized, [&](const AddedToken& token, std::size_t start, std::size_t end) {
        encodePlain(std::string_view(normalized).substr(from, start - from), atStart && from == 0, ids);
        ids.push_back(token.id);
        from = end;
    });
    encodePlain(std::string_view(normalized).substr(from), atStart && from == 0, ids);
}

std::optional<int> TokenizerParts::idOf(std::string_view token) const
{
    if (const auto added = addedIds.find(token); added != addedIds.end())
        return added->second;
    if (const auto found = model->tokenIds().find(token); found != model->tokenIds().end())
        return found->second;
    return std::nullopt;
}

const TokenizerParts::Entry* TokenizerParts::decodable(int id, bool skipSpecial) const
{
    if (id < 0 || static_cast<std::size_t>(id) >= entries.size())
        return nullptr;
    const Entry& entry = entries[static_cast<std::size_t>(id)];
    return !entry.exists || (skipSpecial && entry.special) ? nullptr : &entry;
}

std::vector<int> Tokenizer::encode(std::string_view text, bool addSpecial) const { return m_parts->encode(text, addSpecial); }

std::string Tokenizer::decode(const std::vector<int>& ids, bool skipSpecial) const { return m_parts->decode(ids, skipSpecial); }

int Tokenizer::vocabularySize() const { return static_cast<int>(m_parts->entries.size()); }

std::optional<int> Tokenizer::idOf(std::string_view token) const { return m_parts->idOf(token); }

std::string Tokenizer::tokenText(int id) const
{
    const TokenizerParts::Entry* entry = m_parts->decodable(id, false);
    return entry == nullptr ? std::string() : entry->text;
}

bool Tokenizer::isSpecial(int id) const
{
    const TokenizerParts::Entry* entry = m_parts->decodable(id, false);
    return entry != nullptr && entry->special;
}

std::optional<int> Tokenizer::bosId() const { return m_parts->bosId; }

std::optional<int> Tokenizer::eosId() const { return m_parts->eosId; }

struct StreamDecoder::State {
    bool skipSpecial = false;
    bool first = true;
    std::string bytes; ///< an unfinished character
    std::string held; ///< what a Strip may still take from the end
    std::size_t startToStrip = 0; ///< of the Strip at the text's start, not yet taken
};

StreamDecoder::StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer, bool skipSpecial)
    : m_tokenizer(std::move(tokenizer))
    , m_state(std::make_unique<State>())
{
    m_state->skipSpecial = skipSpecial;
    if (const auto& strip = m_tokenizer->m_parts->decoder.strip())
        m_state->startToStrip = strip->start;
}

StreamDecoder::~StreamDecoder() = default;
StreamDecoder::StreamDecoder(StreamDecoder&&) noexcept = default;
StreamDecoder& StreamDecoder::operator=(StreamDecoder&&) noexcept = default;

std::string StreamDecoder::push(int id)
{
    const TokenizerParts& parts = *m_tokenizer->m_parts;
    const TokenizerParts::Entry* entry = parts.decodable(id, m_state->skipSpecial);
    if (entry == nullptr)
        return {};
    m_state->bytes += parts.bytesOf(*entry, m_state->first);
    m_state->first = false;
    const std::size_t whole = m_state->bytes.size() - unfinishedTail(m_state->bytes);
    std::string text = m_state->held + toValidUtf8(std::string_view(m_state->bytes).substr(0, whole));
    m_state->bytes.erase(0, whole);
    m_state->held.clear();
    const auto& strip = parts.decoder.strip();
    if (!strip)
        return text;
    if (m_state->startToStrip > 0 && !text.empty()) {
        stripStart(text, strip->text, m_state->startToStrip);
        if (!text.empty())
            m_state->startToStrip = 0;
    }
    if (strip->stop > 0) {
        std::size_t keep = text.size() - std::min(text.size(), strip->stop * strip->text.size());
        while (keep > 0 && (static_cast<unsigned char>(text[keep]) & 0xC0U) == 0x80U)
            --keep;
        m_state->held = text.substr(keep);
        text.resize(keep);
    }
    return text;
}

std::string StreamDecoder::finish()
{
    std::string text = m_state->held + toValidUtf8(m_state->bytes);
    const auto& strip = m_tokenizer->m_parts->decoder.strip();
    if (strip) {
        stripStart(text, strip->text, m_state->startToStrip);
        stripStop(text, strip->text, strip->stop);
    }
    const bool skipSpecial = m_state->skipSpecial;
    *m_state = State{};
    m_state->skipSpecial = skipSpecial;
    m_state->startToStrip = strip ? strip->start : 0;
    return text;
}

} // namespace precedent::text
