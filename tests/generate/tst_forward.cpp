#include <cmath>

#include <QTest>

#include "core/generate/forward.h"
#include "core/generate/generator.h"
#include "core/model/threads.h"
#include "tests/generate/small_models.h"

using namespace precedent;
using namespace precedent::core;

namespace {

void eachFamily()
{
    QTest::addColumn<QString>("family");
    for (const char* family : {"plain", "biases", "q and k norms", "sandwich norms and windows", "layers without turning"})
        QTest::newRow(family) << family;
}

/// The float kernels with one set of row kernels for everything.
KernelChoice kernelsOf(const RowKernels& rows) { return {&bestKernels(), &rows, &rows}; }

} // namespace

class TestForward : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreadCount(2); }
    void everyOptionIsThePlainPaths_data() { eachFamily(); }
    void everyOptionIsThePlainPaths();
    void heldInBfloat16ItIsThePlainPaths_data() { eachFamily(); }
    void heldInBfloat16ItIsThePlainPaths();
    void heldInBfloat16ABatchEqualsSingles_data();
    void heldInBfloat16ABatchEqualsSingles();
    void adaptersBesideBfloat16ComeAndGo();
    void teamEqualsOneThread_data();
    void teamEqualsOneThread();
};

void TestForward::everyOptionIsThePlainPaths()
{
    QFETCH(QString, family);
    const auto decoder = familyDecoder(family);
    Generator generator(decoder);
    const std::vector<int> ids = someIds(1, 300);
    const auto expected = plainLogProbs(*decoder, ids);
    const auto scored = generator.logits(ids, 1);
    QVERIFY(scored.ok());
    for (std::size_t i = 0; i < expected.size(); ++i)
        QVERIFY(std::abs(expected[i] - scored->logprobs[i]) < 5e-5F);
    const GenerationRequest request = mixedRequest();
    const auto result = generator.generate(request);
    QVERIFY(result.ok());
    for (const Completion& completion : result->completions) {
        const auto& prompt = request.prompts[static_cast<std::size_t>(completion.prompt)].ids;
        const auto whole = plainLogProbs(*decoder, joined(prompt, completion.ids));
        for (std::size_t i = 0; i < completion.ids.size(); ++i)
            QVERIFY(std::abs(whole[prompt.size() - 1 + i] - completion.logprobs[i]) < 5e-5F);
    }
}

void TestForward::heldInBfloat16ItIsThePlainPaths()
{
    QFETCH(QString, family);
    const auto decoder = familyDecoder(family, /*bf16=*/true);
    const GenerationRequest request = mixedRequest();
    for (const RowKernels* rows : availableRowKernels()) {
        Generator generator(decoder, kernelsOf(*rows));
        const auto result = generator.generate(request);
        QVERIFY(result.ok());
        // Rounded inputs move single log-probabilities by some hundredths of these steep distributions.
        const float most = rows->roundsInput ? 0.4F : 1e-4F;
        double sum = 0;
        int count = 0;
        for (const Completion& completion : result->completions) {
            const auto& prompt = request.prompts[static_cast<std::size_t>(completion.prompt)].ids;
            const auto whole = plainLogProbs(*decoder, joined(prompt, completion.ids));
            for (std::size_t i = 0; i < completion.ids.size(); ++i, ++count) {
                const float difference = std::abs(whole[prompt.size() - 1 + i] - completion.logprobs[i]);
                QVERIFY2(difference < most, qPrintable(QString("%1: %2").arg(rows->name).arg(difference)));
                sum += difference;
            }
        }
        QVERIFY2(sum / count < most / 10, qPrintable(QString("%1: %2 on average").arg(rows->name).arg(sum / count)));
    }
}

void TestForward::heldInBfloat16ABatchEqualsSingles_data()
{
    QTest::addColumn<QString>("prefill");
    QTest::addColumn<QString>("decode");
    for (const RowKernels* rows : availableRowKernels())
        QTest::newRow(rows->name) << rows->name << rows->name;
    QTest::newRow("one set for prompts, another for decoding") << availableRowKernels().back()->name << "plain";
}

void TestForward::heldInBfloat16ABatchEqualsSingles()
{
    QFETCH(QString, prefill);
    QFETCH(QString, decode);
    const KernelChoice kernels = {
        &bestKernels(), findRowKernels(prefill.toUtf8().constData()), findRowKernels(decode.toUtf8().constData())};
    const auto decoder = familyDecoder("sandwich norms and windows", /*bf16=*/true);
    decoder->setAdapter(someAdapter(*decoder, 5));
    Generator generator(decoder, kernels);
    const GenerationRequest request = mixedRequest();
    const auto together = generator.generate(request);
    QVERIFY(together.ok());
    std::size_t next = 0;
    for (std::size_t p = 0; p < request.prompts.size(); ++p) {
        GenerationRequest alone = request;
        alone.prompts = {request.prompts[p]};
        alone.maxBatch = 1;
        const auto single = generator.generate(alone);
        for (const Completion& expected : single->completions) {
            QCOMPARE(together->completions[next].ids, expected.ids);
            QCOMPARE(together->completions[next].logprobs, expected.logprobs); // to the last bit
            ++next;
        }
    }
}

void TestForward::adaptersBesideBfloat16ComeAndGo()
{
    const auto decoder = familyDecoder("plain", /*bf16=*/true);
    Generator generator(decoder, kernelsOf(*availableRowKernels().front()));
    const std::vector<int> ids = someIds(1, 20);
    const auto without = generator.logits(ids, 1)->logprobs;
    const void* weight = decoder->parameters()[2].second.data_ptr();
    std::vector<std::vector<float>> seen;
    for (const std::uint64_t seed : {1, 2, 1}) {
        decoder->setAdapter(someAdapter(*decoder, seed));
        at::manual_seed(seed);
        for (const auto& entry : decoder->adapter()->parameters())
            entry.second.detach().normal_(0, 0.2);
        generator.refreshWeights();
        seen.push_back(generator.logits(ids, 1)->logprobs);
        const auto expected = plainLogProbs(*decoder, ids);
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY(std::abs(seen.back()[i] - expected[i]) < 1e-4F);
    }
    QCOMPARE(seen[0], seen[2]);
    QVERIFY(seen[0] != seen[1]);
    decoder->setAdapter(nullptr);
    generator.refreshWeights();
    QCOMPARE(generator.logits(ids, 1)->logprobs, without);
    QCOMPARE(decoder->parameters()[2].second.data_ptr(), weight); // nothing was copied or changed
}

void TestForward::teamEqualsOneThread_data()
{
    QTest::addColumn<bool>("bf16");
    QTest::newRow("float32") << false;
    QTest::newRow("bfloat16") << true;
}

void TestForward::teamEqualsOneThread()
{
    QFETCH(bool, bf16);
    PackedWeights weights;
    weights.copyFrom(*familyDecoder("sandwich norms and windows", bf16));
    const std::vector<int> ids = someIds(1, 150), next = {4, 5, 6, 7, 8};
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3}) {
        setThreadCount(threads);
        const KernelChoice kernels = kernelsOf(*availableRowKernels().back());
        const Forward forward(weights, kernels, /*leastTeamBytes=*/0);
        Scratch scratch;
        KvSequence sequence;
        sequence.addBlock(std::make_shared<KvBlock>(weights.config, 100, forward.kvFormat()));
        sequence.extend(100);
        QVERIFY(forward.run({Span{&sequence, ids.data(), 100}}, scratch, {Phase::prefill, threads > 1}, {}));
        sequence.addBlock(std::make_shared<KvBlock>(weights.config, 50, forward.kvFormat()));
        sequence.extend(50);
        QVERIFY(forward.run({Span{&sequence, ids.data() + 100, 50}}, scratch, {Phase::prefill, threads > 1}, {}));
        forward.logits(scratch, 0, 50, Phase::prefill, threads > 1);
        std::vector<float>& values = results.emplace_back(scratch.logits.data(), scratch.logits.data() + 50 * forward.logitStride());
        std::vector<KvSequence> forks(next.size(), sequence.fork());
        std::vector<Span> spans;
        for (std::size_t i = 0; i < next.size(); ++i) {
            forks[i].addBlock(std::make_shared<KvBlock>(weights.config, 1, forward.kvFormat()));
            forks[i].extend(1);
            spans.push_back({&forks[i], &next[i], 1});
        }
        QVERIFY(forward.run(spans, scratch, {Phase::decode, threads > 1, {0, 1, 2, 3, 4}}, {}));
        values.insert(values.end(), scratch.logits.data(), scratch.logits.data() + 5 * forward.logitStride());
        const std::vector<float> whole(scratch.logits.data(), scratch.logits.data() + 5 * forward.logitStride());
        QVERIFY(forward.run(spans, scratch, {Phase::decode, threads > 1, {1, 4}}, {}));
        for (std::int64_t i = 0; i < forward.logitStride(); ++i) {
            QCOMPARE(scratch.logits.data()[i], whole[static_cast<std::size_t>(forward.logitStride() + i)]);
            QCOMPARE(scratch.logits.data()[forward.logitStride() + i], whole[static_cast<std::size_t>(4 * forward.logitStride() + i)]);
        }
    }
    setThreadCount(2);
    QCOMPARE(results[0], results[1]);
    QCOMPARE(results[0], results[2]);
}

QTEST_GUILESS_MAIN(TestForward)
#include "tst_forward.moc"
