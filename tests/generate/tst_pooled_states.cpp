// Vectors of texts against what transformers computed (tests/fixtures/parity/make_pooled.py) and against themselves.

#include <cmath>
#include <filesystem>
#include <limits>
#include <set>
#include <stop_token>

#include <QTest>

#include "core/generate/pooled_states.h"
#include "core/model/loader.h"
#include "core/model/threads.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "tests/generate/small_models.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kParity = fs::path(PRECEDENT_TEST_FIXTURES) / "parity";

Json readExpected()
{
    const auto text = readFile(kParity / "pooled.json");
    return text.ok() ? *parseJson(*text, "pooled.json") : Json();
}

std::vector<float> rowOf(const PooledStates& states, std::size_t text) { return {states.row(text), states.row(text) + states.width}; }

} // namespace

class TestPooledStates : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreadCount(2); }
    void meansEqualTransformers_data();
    void meansEqualTransformers();
    void aTextsRowIsItsOwn_data();
    void aTextsRowIsItsOwn();
    void normalisedRowsHaveLengthOne();
    void badTextsAreRefused_data();
    void badTextsAreRefused();
    void stopEndsIt();
    void divergedWeightsAreAnError();
};

void TestPooledStates::meansEqualTransformers_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("plain");
    const Json expected = readExpected();
    QVERIFY(expected["means"].size() >= 7);
    for (const auto& entry : expected["means"].items()) {
        QTest::newRow(entry.key().c_str()) << QString::fromStdString(entry.key()) << false;
        QTest::newRow((entry.key() + ", plain path").c_str()) << QString::fromStdString(entry.key()) << true;
    }
}

void TestPooledStates::meansEqualTransformers()
{
    QFETCH(QString, name);
    QFETCH(bool, plain);
    const auto model = loadModel(kParity / "architectures" / name.toStdString(), /*requireTokenizer=*/false);
    QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
    const Json expected = readExpected();
    const PooledRequest request = {expected["texts"].get<std::vector<std::vector<int>>>(), false};
    model->decoder->setTrainable(false);
    const auto found = plain ? pooledStatesPlain(*model->decoder, request, {}) : Generator(model->decoder).pooledStates(request);
    QVERIFY2(found.ok(), found.ok() ? "" : found.error().message().c_str());
    const auto wanted = expected["means"][name.toStdString()].get<std::vector<std::vector<double>>>();
    QCOMPARE(found->values.size(), wanted.size() * wanted[0].size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        for (std::size_t c = 0; c < wanted[i].size(); ++c) {
            const double difference = std::abs(double{found->row(i)[c]} - wanted[i][c]);
            QVERIFY2(difference < 1e-5, (std::to_string(i) + ": " + std::to_string(difference)).c_str());
        }
    }
}

void TestPooledStates::aTextsRowIsItsOwn_data()
{
    QTest::addColumn<bool>("bf16");
    QTest::newRow("float32 panels") << false;
    QTest::newRow("bfloat16 rows") << true;
}

void TestPooledStates::aTextsRowIsItsOwn()
{
    QFETCH(bool, bf16);
    Generator generator(familyDecoder("sandwich norms and windows", bf16));
    QCOMPARE(generator.holdsRows(), bf16);
    PooledRequest request;
    std::uint64_t seed = 40;
    for (const std::size_t length : {3, 399, 400, 401, 1, 950, 17, 64, 130, 2})
        request.texts.push_back(someIds(seed++, length));
    const auto together = generator.pooledStates(request);
    QVERIFY(together.ok());
    QCOMPARE(together->tokens, std::int64_t{2367});
    QCOMPARE(together->width, std::int64_t{36});
    std::set<std::vector<float>> different;
    for (std::size_t i = 0; i < request.texts.size(); ++i) {
        const auto alone = generator.pooledStates({{request.texts[i]}, false});
        QVERIFY(alone.ok());
        QCOMPARE(rowOf(*together, i), alone->values);
        different.insert(alone->values);
    }
    QCOMPARE(different.size(), request.texts.size());
    setThreadCount(1);
    const auto onOneThread = generator.pooledStates(request);
    setThreadCount(2);
    QCOMPARE(onOneThread->values, together->values);
}

void TestPooledStates::normalisedRowsHaveLengthOne()
{
    Generator generator(smallDecoder());
    const std::vector<std::vector<int>> texts = {someIds(1, 20), someIds(2, 3)};
    const auto plain = generator.pooledStates({texts, false}), normalised = generator.pooledStates({texts, true});
    QVERIFY(plain.ok() && normalised.ok());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        double squares = 0, length = 0;
        for (const float value : rowOf(*normalised, i))
            squares += double{value} * value;
        QVERIFY(std::abs(squares - 1) < 1e-6);
        for (const float value : rowOf(*plain, i))
            length += double{value} * value;
        for (std::size_t c = 0; c < 36; ++c)
            QVERIFY(std::abs(plain->row(i)[c] / std::sqrt(length) - normalised->row(i)[c]) < 1e-6);
    }
}

void TestPooledStates::badTextsAreRefused_data()
{
    QTest::addColumn<QList<int>>("ids");
    QTest::addColumn<QString>("says");
    QTest::newRow("empty") << QList<int>{} << "Text 1 is empty";
    QTest::newRow("past the vocabulary") << QList<int>{3, 70} << "token id 70";
    QTest::newRow("negative") << QList<int>{-1} << "token id -1";
}

void TestPooledStates::badTextsAreRefused()
{
    QFETCH(QList<int>, ids);
    QFETCH(QString, says);
    const auto result = Generator(smallDecoder()).pooledStates({{{5}, {ids.begin(), ids.end()}}, false});
    QCOMPARE(result.error().code(), ErrorCode::invalidArgument);
    QVERIFY2(result.error().message().find(says.toStdString()) != std::string::npos, result.error().message().c_str());
}

void TestPooledStates::stopEndsIt()
{
    std::stop_source source;
    source.request_stop();
    const auto result = Generator(smallDecoder()).pooledStates({{someIds(1, 50)}, false}, source.get_token());
    QCOMPARE(result.error().code(), ErrorCode::cancelled);
}

void TestPooledStates::divergedWeightsAreAnError()
{
    const auto decoder = smallDecoder();
    decoder->parameters().back().second.detach().fill_(std::numeric_limits<float>::quiet_NaN());
    const auto result = Generator(decoder).pooledStates({{someIds(1, 5)}, true});
    QCOMPARE(result.error().code(), ErrorCode::internal);
}

QTEST_GUILESS_MAIN(TestPooledStates)
#include "tst_pooled_states.moc"
