#include <cmath>
#include <stop_token>

#include <QTest>

#include "core/generate/generator.h"
#include "core/model/lora.h"
#include "core/model/threads.h"
#include "tests/generate/small_models.h"

using namespace precedent;
using namespace precedent::core;

class TestContinuations : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreadCount(2); }
    void continuationsEqualWholeTexts_data();
    void continuationsEqualWholeTexts();
    void aKeptBeginningChangesNoBit_data();
    void aKeptBeginningChangesNoBit();
    void aKeptBeginningGoesWithItsWeights();
    void badContinuationsAreRefused();
};

void TestContinuations::continuationsEqualWholeTexts_data()
{
    QTest::addColumn<QString>("family");
    QTest::addColumn<int>("length");
    QTest::newRow("one token") << "" << 1;
    QTest::newRow("a panel and one") << "" << 33;
    QTest::newRow("more than a pass") << "" << 300;
    QTest::newRow("windows") << "sandwich norms and windows" << 65;
}

void TestContinuations::continuationsEqualWholeTexts()
{
    QFETCH(QString, family);
    QFETCH(int, length);
    const auto decoder = family.isEmpty() ? smallDecoder() : familyDecoder(family);
    Generator generator(decoder);
    const std::vector<int> prompt = someIds(8, static_cast<std::size_t>(length));
    const std::vector<std::vector<int>> continuations = {{3}, someIds(9, 2), someIds(10, 40), {3}, someIds(11, 17)};
    const auto sums = generator.continuationLogProbs(prompt, continuations);
    QVERIFY2(sums.ok(), sums.ok() ? "" : sums.error().message().c_str());
    QCOMPARE(sums->size(), continuations.size());
    for (std::size_t c = 0; c < continuations.size(); ++c) {
        const auto whole = plainLogProbs(*decoder, joined(prompt, continuations[c]));
        double expected = 0;
        for (std::size_t i = whole.size() - continuations[c].size(); i < whole.size(); ++i)
            expected += double{whole[i]};
        const double error = std::abs((*sums)[c] - expected);
        QVERIFY2(error < 2e-5 * static_cast<double>(continuations[c].size()), std::to_string(error).c_str());
    }
    QCOMPARE((*sums)[3], (*sums)[0]);
    QVERIFY(generator.continuationLogProbs(prompt, {})->empty());
}

void TestContinuations::aKeptBeginningChangesNoBit_data()
{
    QTest::addColumn<QString>("family");
    QTest::addColumn<bool>("bf16");
    for (const bool bf16 : {false, true}) {
        QTest::addRow("plain, %s", bf16 ? "bfloat16" : "float32") << "" << bf16;
        QTest::addRow("windows, %s", bf16 ? "bfloat16" : "float32") << "sandwich norms and windows" << bf16;
    }
}

// Every question behind others that begin alike, for a while or not at all, and alone.
void TestContinuations::aKeptBeginningChangesNoBit()
{
    QFETCH(QString, family);
    QFETCH(bool, bf16);
    const auto decoder = familyDecoder(family, bf16);
    Generator generator(decoder);
    const std::vector<int> rubric = someIds(20, 75), shorter(rubric.begin(), rubric.begin() + 41);
    const std::vector<std::vector<int>> prompts = {joined(rubric, someIds(21, 9)), joined(rubric, someIds(22, 30)),
        joined(rubric, someIds(23, 1)), joined(rubric, someIds(22, 80)), joined(rubric, someIds(22, 90)), rubric,
        joined(shorter, someIds(24, 50)), joined(shorter, someIds(25, 3)), someIds(26, 60), joined(rubric, someIds(27, 9))};
    for (const std::vector<int>& prompt : prompts) {
        const std::vector<std::vector<int>> continuations = {{3}, someIds(9, 5)};
        const auto behind = generator.continuationLogProbs(prompt, continuations);
        const auto alone = Generator(decoder).continuationLogProbs(prompt, continuations);
        QVERIFY(behind.ok() && alone.ok());
        QCOMPARE(*behind, *alone);
    }
}

void TestContinuations::aKeptBeginningGoesWithItsWeights()
{
    const auto decoder = familyDecoder("");
    Generator generator(decoder);
    const std::vector<int> rubric = someIds(20, 75);
    for (const std::uint64_t seed : {21, 22, 23})
        QVERIFY(generator.continuationLogProbs(joined(rubric, someIds(seed, 9)), {{3}}).ok());
    decoder->setAdapter(someAdapter(*decoder, 5));
    generator.refreshWeights();
    const std::vector<int> prompt = joined(rubric, someIds(24, 9));
    QCOMPARE(*generator.continuationLogProbs(prompt, {{3}}), *Generator(decoder).continuationLogProbs(prompt, {{3}}));
}

void TestContinuations::badContinuationsAreRefused()
{
    Generator generator(smallDecoder());
    const auto refused = [&](const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations) {
        const auto result = generator.continuationLogProbs(prompt, continuations);
        return result.ok() ? QString() : QString::fromStdString(result.error().message());
    };
    QVERIFY(refused({}, {{1}}).contains("empty"));
    QVERIFY(refused({1}, {{1}, {}}).contains("Continuation 1 is empty"));
    QVERIFY(refused({1}, {{70}}).contains("token id 70"));
    QVERIFY(refused({-1}, {{1}}).contains("token id -1"));
    QVERIFY(refused(someIds(1, 400), {{1, 2}}).contains("402 tokens"));
    QVERIFY(refused(someIds(1, 400), {{1}}).isEmpty()); // the token behind the last position is only predicted
    std::stop_source stop;
    stop.request_stop();
    QCOMPARE(generator.continuationLogProbs({1, 2}, {{1}}, stop.get_token()).error().code(), ErrorCode::cancelled);
}

QTEST_APPLESS_MAIN(TestContinuations)
#include "tst_continuations.moc"
