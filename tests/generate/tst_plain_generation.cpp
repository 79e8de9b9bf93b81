// The path of ATen's operations: against transformers for each architecture, and against the kernels' path.

#include <filesystem>

#include <QTest>

#include <ATen/ATen.h>

#include "core/generate/generator.h"
#include "core/generate/plain_generation.h"
#include "core/model/loader.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/base/random.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(PRECEDENT_TEST_FIXTURES) / "parity/architectures";

std::shared_ptr<Decoder> plainLlama()
{
    DecoderConfig config;
    config.hiddenSize = 32;
    config.layers = 2;
    config.heads = 4;
    config.kvHeads = 2;
    config.headDim = 8;
    config.intermediateSize = 48;
    config.vocabulary = 60;
    config.contextLength = 160;
    auto decoder = *Decoder::create(config, 3);
    at::manual_seed(5);
    for (const auto& [name, weight] : decoder->parameters())
        weight.detach().add_(at::randn(weight.sizes()) * 0.25);
    decoder->setTrainable(false);
    return decoder;
}

std::vector<int> someIds(std::uint64_t seed, std::size_t n)
{
    Random random(seed);
    std::vector<int> ids;
    for (std::size_t i = 0; i < n; ++i)
        ids.push_back(static_cast<int>(random.below(60)));
    return ids;
}

GenerationRequest mixedRequest()
{
    GenerationRequest request;
    request.prompts = {{someIds(1, 1), 3, 11}, {someIds(2, 70), 5, 12}, {someIds(3, 20), 1, 13}};
    request.sampling.temperature = 0.9;
    request.sampling.maxTokens = 80;
    request.stopIds = {7};
    return request;
}

} // namespace

class TestPlainGeneration : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void greedyEqualsTransformers_data();
    void greedyEqualsTransformers();
    void equalsTheKernels();
    void batchesChangeNothing();
    void contextEndsCompletions();
    void stopKeepsWhatThereIs();
    void weightsThatDivergedAreNamed();
};

void TestPlainGeneration::greedyEqualsTransformers_data()
{
    QTest::addColumn<QString>("name");
    for (const auto& entry : fs::directory_iterator(kFixtures))
        QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().filename().string());
}

void TestPlainGeneration::greedyEqualsTransformers()
{
    QFETCH(QString, name);
    const fs::path folder = kFixtures / name.toStdString();
    const Json expected = *parseJson(*readFile(folder / "expected.json"), "expected.json");
    for (const WeightDtype dtype : {WeightDtype::float32, WeightDtype::bfloat16}) {
        const auto model = loadModel(folder, /*requireTokenizer=*/false, {dtype});
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
        GenerationRequest request;
        request.prompts = {{expected["greedy"]["prompt"].get<std::vector<int>>(), 2, 0}};
        request.sampling.temperature = 0;
        request.sampling.maxTokens = 64;
        const auto result = generatePlain(*model->decoder, request, {}, {}, {});
        QVERIFY(result.ok());
        for (const Completion& completion : result->completions)
            QCOMPARE(completion.ids, expected["greedy"]["ids"].get<std::vector<int>>());
        const auto ids = expected["ids"][0].get<std::vector<int>>();
        const auto logits = logitsPlain(*model->decoder, ids);
        for (std::size_t i = 0; i < logits.logprobs.size(); ++i)
            QVERIFY(std::abs(logits.logprobs[i] - expected["logprobs"][0][i].get<double>()) < 2e-4);
    }
}

void TestPlainGeneration::equalsTheKernels()
{
    const auto decoder = plainLlama();
    const auto request = mixedRequest();
    const auto kernels = Generator(decoder).generate(request);
    const auto plain = generatePlain(*decoder, request, {}, {}, {});
    QVERIFY(kernels.ok() && plain.ok());
    QCOMPARE(plain->promptTokens, kernels->promptTokens);
    QCOMPARE(plain->completionTokens, kernels->completionTokens);
    for (std::size_t i = 0; i < kernels->completions.size(); ++i) {
        const Completion &wanted = kernels->completions[i], &got = plain->completions[i];
        QCOMPARE(got.ids, wanted.ids);
        QCOMPARE(static_cast<int>(got.stopReason), static_cast<int>(wanted.stopReason));
        for (std::size_t t = 0; t < got.ids.size(); ++t)
            QVERIFY(std::abs(got.logprobs[t] - wanted.logprobs[t]) < 1e-4);
    }
}

void TestPlainGeneration::batchesChangeNothing()
{
    const auto decoder = plainLlama();
    auto request = mixedRequest();
    const auto whole = generatePlain(*decoder, request, {}, {}, {});
    request.maxBatch = 2;
    std::vector<std::vector<int>> streamed(whole->completions.size());
    int ended = 0;
    const auto parts = generatePlain(
        *decoder, request, {},
        [&](int prompt, int index, int id) {
            streamed[static_cast<std::size_t>(prompt == 0 ? index : prompt == 1 ? 3 + index : 8)].push_back(id);
        },
        [&](const Completion&) { ++ended; });
    QCOMPARE(ended, 9);
    for (std::size_t i = 0; i < whole->completions.size(); ++i) {
        QCOMPARE(parts->completions[i].ids, whole->completions[i].ids);
        QCOMPARE(streamed[i], whole->completions[i].ids);
    }
}

void TestPlainGeneration::contextEndsCompletions()
{
    const auto decoder = plainLlama();
    GenerationRequest request;
    request.prompts = {{someIds(4, 160), 2, 1}, {someIds(5, 150), 1, 1}};
    request.sampling.maxTokens = 100;
    const auto result = generatePlain(*decoder, request, {}, {}, {});
    QVERIFY(result.ok());
    QCOMPARE(result->completions[0].ids.size(), std::size_t{0});
    QCOMPARE(result->completions[2].ids.size(), std::size_t{10});
    for (const Completion& completion : result->completions)
        QCOMPARE(static_cast<int>(completion.stopReason), static_cast<int>(StopReason::context));
}

void TestPlainGeneration::stopKeepsWhatThereIs()
{
    const auto decoder = plainLlama();
    auto request = mixedRequest();
    request.stopIds.clear();
    std::stop_source source;
    int tokens = 0, ended = 0;
    const auto result = generatePlain(
        *decoder, request, source.get_token(),
        [&](int, int, int) {
            if (++tokens == 20)
                source.request_stop();
        },
        [&](const Completion&) { ++ended; });
    QVERIFY(result.ok());
    QCOMPARE(ended, 9);
    QCOMPARE(static_cast<int>(result->completions[0].stopReason), static_cast<int>(StopReason::cancelled));
    QVERIFY(!result->completions[0].ids.empty() && result->completions[8].ids.empty());
}

void TestPlainGeneration::weightsThatDivergedAreNamed()
{
    const auto decoder = plainLlama();
    decoder->parameters().front().second.detach().fill_(NAN);
    const auto result = generatePlain(*decoder, mixedRequest(), {}, {}, {});
    QVERIFY(!result.ok());
    QVERIFY(result.error().message().find("not a number") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestPlainGeneration)
#include "tst_plain_generation.moc"
