#include <QtTest>

#include <fstream>

#include <QTemporaryDir>

#include "precedent/starter/bpe_trainer.h"
#include "precedent/starter/corpus.h"
#include "precedent/text/tokenizer.h"

using namespace precedent;
using namespace precedent::starter;

class TestBpeTrainer : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void corpusRoundTrips();
    void frequentWordsBecomeOneToken();
    void digitsStaySingle();
    void chainDelimitersAreNotSpecial();
    void tooSmallAVocabularyIsRefused();

private:
    std::shared_ptr<const text::Tokenizer> m_tokenizer;
    void load();
};

void TestBpeTrainer::load()
{
    if (m_tokenizer)
        return;
    const auto json = trainStarterTokenizer(PRECEDENT_SOURCE_DIR "/resources/starter/grammar", 1024);
    QVERIFY(json.ok());
    QTemporaryDir folder;
    const auto path = folder.filePath("tokenizer.json").toStdString();
    std::ofstream(path) << *json;
    auto tokenizer = text::Tokenizer::load(path);
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    m_tokenizer = *tokenizer;
}

void TestBpeTrainer::corpusRoundTrips()
{
    load();
    QVERIFY(m_tokenizer != nullptr);
    QCOMPARE(m_tokenizer->vocabularySize(), 1024);
    auto corpus = CorpusStream::open(PRECEDENT_SOURCE_DIR "/resources/starter/grammar", 77);
    QVERIFY(corpus.ok());
    (*corpus)->seek((*corpus)->grammar().firstDrills);
    std::size_t characters = 0;
    std::size_t tokens = 0;
    for (int i = 0; i < 300; ++i) {
        const std::string text = (*corpus)->next().text;
        const auto ids = m_tokenizer->encode(text, false);
        QCOMPARE(m_tokenizer->decode(ids), text);
        characters += text.size();
        tokens += ids.size();
    }
    QVERIFY(characters > 3 * tokens);
}

void TestBpeTrainer::frequentWordsBecomeOneToken()
{
    load();
    QVERIFY(m_tokenizer != nullptr);
    QCOMPARE(m_tokenizer->encode(" request", false).size(), std::size_t{1});
    QCOMPARE(m_tokenizer->encode("<|user|>", false).size(), std::size_t{1});
}

void TestBpeTrainer::digitsStaySingle()
{
    load();
    QVERIFY(m_tokenizer != nullptr);
    QCOMPARE(m_tokenizer->encode("127", false).size(), std::size_t{3});
}

void TestBpeTrainer::chainDelimitersAreNotSpecial()
{
    load();
    QVERIFY(m_tokenizer != nullptr);
    const auto ids = m_tokenizer->encode("<|user|>7<think>8</think>9<|end|>", false);
    QCOMPARE(ids.size(), std::size_t{7});
    // As servers give an answer back.
    QCOMPARE(m_tokenizer->decode(ids, true), std::string("7<think>8</think>9"));
}

void TestBpeTrainer::tooSmallAVocabularyIsRefused()
{
    const auto json = trainStarterTokenizer(PRECEDENT_SOURCE_DIR "/resources/starter/grammar", 100);
    QVERIFY(!json.ok());
    QCOMPARE(json.error().code(), ErrorCode::invalidArgument);
}

QTEST_GUILESS_MAIN(TestBpeTrainer)
#include "tst_bpe_trainer.moc"
