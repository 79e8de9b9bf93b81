#include "core/architecture/gguf_vocabulary.h"

#include <limits>

namespace precedent::core {
namespace {

using formats::GgufValue;

/// Reads keys and keeps the first that is of another kind.
class Reader {
public:
    explicit Reader(const formats::GgufFile& file)
        : m_file(file)
    {
    }

    void text(const char* key, std::string& target)
    {
        if (const GgufValue* value = m_file.value(key)) {
            if (const auto text = value->string())
                target = *text;
            else
                fail(key, "a string");
        }
    }

    void texts(const char* key, std::vector<std::string>& target)
    {
        if (const GgufValue* value = m_file.value(key)) {
            if (const auto texts = value->strings())
                target.assign(texts->begin(), texts->end());
            else
                fail(key, "a list of strings");
        }
    }

    void floats(const char* key, std::vector<float>& target)
    {
        if (const GgufValue* value = m_file.value(key)) {
            if (auto floats = value->floats())
                target = *std::move(floats);
            else
                fail(key, "a list of numbers");
        }
    }

    void integers(const char* key, std::vector<std::int32_t>& target)
    {
        const GgufValue* value = m_file.value(key);
        if (value == nullptr)
            return;
        const auto integers = value->integers();
        if (!integers)
            return fail(key, "a list of whole numbers");
        target.reserve(integers->size());
        for (const std::int64_t one : *integers) {
            if (one < std::numeric_limits<std::int32_t>::min() || one > std::numeric_limits<std::int32_t>::max())
                return fail(key, "a list of whole numbers of 32 bits");
            target.push_back(static_cast<std::int32_t>(one));
        }
    }

    void bytes(const char* key, std::string& target)
    {
        const GgufValue* value = m_file.value(key);
        if (value == nullptr)
            return;
        const auto integers = value->integers();
        const bool single = value->itemType() == formats::GgufType::u8 || value->itemType() == formats::GgufType::i8;
        if (!integers || !single)
            return fail(key, "a list of bytes");
        for (const std::int64_t one : *integers)
            target += static_cast<char>(one);
    }

    void id(const char* key, std::optional<std::int64_t>& target)
    {
        if (const GgufValue* value = m_file.value(key)) {
            const auto id = value->integer();
            if (!id)
                fail(key, "a whole number");
            else if (*id != std::numeric_limits<std::uint32_t>::max() && *id != -1) // files say so for none
                target = id;
        }
    }

    void boolean(const char* key, std::optional<bool>& target)
    {
        if (const GgufValue* value = m_file.value(key)) {
            target = value->boolean();
            if (!target)
                fail(key, "true or false");
        }
    }

    [[nodiscard]] Status status() const { return m_error ? Status(*m_error) : Status(); }

private:
    void fail(const char* key, const std::string& expected)
    {
        if (!m_error)
            m_error = Error(ErrorCode::corrupt, std::string("the key \"") + key + "\" is not " + expected + ".",
                "The file is damaged or was not written whole: fetch it again.");
    }

    const formats::GgufFile& m_file;
    std::optional<Error> m_error;
};

} // namespace

Result<text::Vocabulary> ggufVocabulary(const formats::GgufFile& file)
{
    text::Vocabulary vocabulary;
    Reader reader(file);
    reader.text("tokenizer.ggml.model", vocabulary.model);
    reader.text("tokenizer.ggml.pre", vocabulary.pre);
    reader.text("general.name", vocabulary.modelName);
    reader.texts("tokenizer.ggml.tokens", vocabulary.tokens);
    reader.floats("tokenizer.ggml.scores", vocabulary.scores);
    reader.integers("tokenizer.ggml.token_type", vocabulary.types);
    reader.texts("tokenizer.ggml.merges", vocabulary.merges);
    reader.id("tokenizer.ggml.bos_token_id", vocabulary.bosId);
    reader.id("tokenizer.ggml.eos_token_id", vocabulary.eosId);
    reader.id("tokenizer.ggml.unknown_token_id", vocabulary.unknownId);
    reader.id("tokenizer.ggml.padding_token_id", vocabulary.paddingId);
    reader.boolean("tokenizer.ggml.add_bos_token", vocabulary.addBos);
    reader.boolean("tokenizer.ggml.add_eos_token", vocabulary.addEos);
    reader.boolean("tokenizer.ggml.add_space_prefix", vocabulary.addSpacePrefix);
    reader.boolean("tokenizer.ggml.remove_extra_whitespaces", vocabulary.removeExtraWhitespaces);
    reader.bytes("tokenizer.ggml.precompiled_charsmap", vocabulary.charactersMap);
    PRECEDENT_TRY(reader.status());
    return vocabulary;
}

} // namespace precedent::core
