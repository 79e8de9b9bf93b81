#include <QtTest>

#include <random>

#include "core/text/unicode.h"
#include "vocabulary_fixtures.h"

using namespace precedent;
using namespace precedent::text;
using namespace precedent::text::test;

namespace {

TokenizerPtr tokenizerOf(const std::string& kind)
{
    if (kind == "gpt2 vocabulary")
        return made(byteLevelVocabulary());
    if (kind.starts_with("vocabulary "))
        return made(vocabularyOf(recordOf(kind.substr(11))));
    if (kind.starts_with("json "))
        return loaded(kFixtures / "sentencepiece" / (kind.substr(5) + ".tokenizer.json"));
    return loaded(kFixtures / kind);
}

/// Any text without the tokens that could be written out in it.
std::string randomText(std::mt19937& random, std::size_t characters)
{
    const std::vector<std::string> some{"a", "the", " ", "  ", "\t", "é", "e\xCC\x81", "ü", "日", "本", "и", "א", "م", "😀", "👍🏽", "☂",
        "\x01", "1", "23", ".", "'ll", "\xE2\x80\x8D", "zz", "rule"};
    std::string text;
    for (std::size_t i = 0; i < characters; ++i) {
        if (random() % 4 != 0) {
            text += some[random() % some.size()];
            continue;
        }
        std::uint32_t point = random() % 0x110000;
        while ((point >= 0xD800 && point <= 0xDFFF) || point == 0x2581 || point == '\n')
            point = random() % 0x3000;
        appendUtf8(text, point);
    }
    return text;
}

} // namespace

/// What holds for every kind of tokenizer, on random ids and texts (of a fixed seed).
class TestTokenizerProperties : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        for (const char* kind : {"byte_level", "byte_fallback", "gpt2 vocabulary", "json bpe_prefix", "json bpe_symbols",
                 "json unigram_map", "json unigram_bytes", "vocabulary bpe_prefix", "vocabulary bpe_symbols", "vocabulary unigram_map",
                 "vocabulary unigram_bytes"}) {
            m_tokenizers.emplace_back(kind, tokenizerOf(kind));
            QVERIFY2(m_tokenizers.back().second, kind);
        }
    }

    void streamedPiecesJoinToTheDecodedText()
    {
        std::mt19937 random(7);
        for (const auto& [kind, t] : m_tokenizers) {
            const int first = *t->idOf(t->idOf("<0x00>") ? "<0x00>" : t->tokenText(0));
            for (int round = 0; round < 400; ++round) {
                Ids ids;
                for (std::size_t n = random() % 40; ids.size() < n;) {
                    const bool byte = random() % 2 == 0;
                    ids.push_back(
                        byte ? first + static_cast<int>(random() % 256) : static_cast<int>(random() % t->vocabularySize() + 4) - 2);
                }
                const bool skipSpecial = round % 2 == 0;
                StreamDecoder decoder(t, skipSpecial);
                std::string joined;
                for (const int id : ids) {
                    const std::string piece = decoder.push(id);
                    QVERIFY2(toValidUtf8(piece) == piece, kind.c_str());
                    joined += piece;
                }
                joined += decoder.finish();
                QVERIFY2(joined == t->decode(ids, skipSpecial), kind.c_str());
            }
        }
    }

    void encodedTextsDecodeToThemselves()
    {
        std::mt19937 random(11);
        for (const auto& [kind, t] : m_tokenizers) {
            // Composing and mapping characters, and dropping spaces, is what these are for; one has no bytes.
            if (kind == "byte_fallback" || kind == "json unigram_map" || kind == "vocabulary unigram_map")
                continue;
            for (int round = 0; round < 300; ++round) {
                const std::string text = randomText(random, random() % 30);
                QCOMPARE(QByteArray::fromStdString(t->decode(t->encode(text, false))), QByteArray::fromStdString(text));
            }
        }
    }

    void everyIdIsOneOfTheVocabulary()
    {
        std::mt19937 random(13);
        for (const auto& [kind, t] : m_tokenizers) {
            for (int round = 0; round < 200; ++round) {
                std::string text = randomText(random, random() % 20);
                for (std::size_t broken = random() % 4; broken > 0 && !text.empty(); --broken)
                    text[random() % text.size()] = static_cast<char>(random());
                for (const int id : t->encode(text))
                    QVERIFY2(id >= 0 && !t->tokenText(id).empty(), kind.c_str());
            }
        }
    }

    /// Work that grows with the square of a run's length would take hours here.
    void longRunsTakeTimeInProportion()
    {
        for (const auto& [kind, t] : m_tokenizers) {
            for (const std::string& unit : Texts{"a", " ", "\n", "▁", "ab", "😀", "\xFF", "e\xCC\x81", "<"}) {
                const std::size_t length = unit == "a" || unit == " " ? 1'000'000 : 150'000;
                std::string text;
                while (text.size() < length)
                    text += unit;
                QElapsedTimer timer;
                timer.start();
                const Ids ids = t->encode(text, false);
                QVERIFY2(t->decode(ids).size() <= 4 * text.size(), kind.c_str());
                if (timer.elapsed() > 20'000)
                    QFAIL(qPrintable(QString("%1 took %2 ms for a run of %3").arg(kind.c_str()).arg(timer.elapsed()).arg(unit.c_str())));
            }
        }
    }

private:
    std::vector<std::pair<std::string, TokenizerPtr>> m_tokenizers;
};

QTEST_GUILESS_MAIN(TestTokenizerProperties)
#include "tst_tokenizer_properties.moc"
