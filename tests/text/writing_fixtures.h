#pragma once

#include <random>

#include "vocabulary_fixtures.h"

namespace precedent::text::test {

/// Texts that catch tokenizers out, beside those that oracles were asked for.
inline Texts hostileTexts()
{
    Texts texts{"", " ", "\n", "  x", "x  ", "a\t \nb", std::string(500, ' ') + "x", std::string(333, '\n'), std::string(1000, 'a'),
        "\xff\xfe", "a\xe2\x82", "\xc0\x80", std::string("a\0b", 3), "e\u0301\u0301\u0301", "\u1112\u1161\u11ab", "\ufeffx\u200d",
        "\u202eabc", "🏳️‍🌈👩🏾‍🚀", "<s>", "</s> <unk>", "<|im_end|><|im_end|>", "<|begin_of_text|> x", "<0x41>",
        "[PAD3]", "don't DON'T don’t", "０１２٣٤٥", "x\r\n\r\n\ty", " \u00a0\u2003 z", "ſſ K 'ſ",
        "<bos><start_of_turn>user\nhi<end_of_turn>\n"};
    for (int length = 1; length < 70; ++length) {
        texts.push_back("a" + std::string(static_cast<std::size_t>(length), ' ') + "b");
        texts.push_back(std::string(static_cast<std::size_t>(length), '-') + std::string(static_cast<std::size_t>(length), '\n'));
        texts.push_back(std::string(static_cast<std::size_t>(length), '9'));
        texts.push_back("\t" + std::string(static_cast<std::size_t>(length), '\t') + "x");
    }
    return texts;
}

inline Texts recordedTexts(const std::string& fixture)
{
    Texts texts;
    const nlohmann::json record = recordOf(fixture);
    for (const nlohmann::json& entry : record["cases"])
        texts.push_back(entry["text"]);
    return texts;
}

/// How many texts get other ids, or other texts of their ids, from `made`; warns of them.
inline int differences(const TokenizerPtr& file, const TokenizerPtr& made, const Texts& texts, bool addSpecial = true)
{
    int wrong = 0;
    for (const std::string& text : texts) {
        const Ids expected = file->encode(text, addSpecial);
        const Ids ids = made->encode(text, addSpecial);
        if (ids == expected && made->decode(ids) == file->decode(ids))
            continue;
        ++wrong;
        qWarning() << "text" << QByteArray::fromStdString(text).toPercentEncoding(" ").left(120) << "gives"
                   << QVector<int>(ids.begin(), ids.end()).mid(0, 20) << "not" << QVector<int>(expected.begin(), expected.end()).mid(0, 20);
    }
    return wrong;
}

/// Up to twenty of "a", "b" and " ".
inline std::string randomText(std::mt19937& random)
{
    std::string text;
    for (auto length = random() % 21; length > 0; --length)
        text.push_back("ab "[random() % 3]);
    return text;
}

/// Texts of which a unigram model's file and its vocabulary may differ: escaped spaces and bytes spelt out, combining
/// marks, bytes that are no UTF-8.
inline bool isExceptedOfUnigrams(const std::string& text)
{
    const auto holds = [&](const char* part) { return text.find(part) != std::string::npos; };
    return holds("\u2581") || holds("<0x41>") || holds("\u0302") || holds("\u0301\u0301") || holds("\u3099") ||
        QString::fromStdString(text).toStdString() != text;
}

} // namespace precedent::text::test
