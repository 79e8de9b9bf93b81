// Each architecture against what transformers computed for a tiny model of it (tests/fixtures/parity/make_architectures.py).

#include <filesystem>

#include <QTest>

#include <ATen/ATen.h>

#include "core/model/loader.h"
#include "core/model/lora.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(PRECEDENT_TEST_FIXTURES) / "parity/architectures";
constexpr double kTolerance = 2e-4;

Json readExpected(const QString& name)
{
    const fs::path path = kFixtures / name.toStdString() / "expected.json";
    const auto text = readFile(path);
    return text.ok() ? *parseJson(*text, path.string()) : Json();
}

at::Tensor idTensor(const Json& ids) { return at::tensor(ids.get<std::vector<std::int64_t>>(), at::kLong); }

at::Tensor numbers(const Json& values) { return at::tensor(values.get<std::vector<double>>(), at::kDouble); }

double worst(const at::Tensor& got, const at::Tensor& wanted) { return (got.detach().to(at::kDouble) - wanted).abs().max().item<double>(); }

LoraConfig someAdapter()
{
    LoraConfig config;
    config.rank = 4;
    config.alpha = 8;
    return config;
}

at::Tensor logProbs(const Decoder& decoder, const at::Tensor& ids)
{
    return decoder.tokenLogProbs(decoder.hidden(ids.unsqueeze(0))[0].slice(0, 0, -1), ids.slice(0, 1));
}

} // namespace

class TestArchitectures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void logitsEqualTransformers_data() { rows(); }
    void logitsEqualTransformers();
    void packedCompletionsEqualTransformers_data() { rows(); }
    void packedCompletionsEqualTransformers();
    void gradientsEqualTransformers_data() { rows(); }
    void gradientsEqualTransformers();
    void heldInBf16EqualsTransformers_data() { rows(); }
    void heldInBf16EqualsTransformers();
    void adapterOverBf16LearnsAsOverFloat32_data() { rows(); }
    void adapterOverBf16LearnsAsOverFloat32();
    void configSurvivesWriting_data() { rows(); }
    void configSurvivesWriting();

private:
    static void rows()
    {
        QTest::addColumn<QString>("name");
        int count = 0;
        for (const auto& entry : fs::directory_iterator(kFixtures)) {
            const std::string name = entry.path().filename().string();
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
            ++count;
        }
        QVERIFY(count >= 7);
    }
};

void TestArchitectures::logitsEqualTransformers()
{
    QFETCH(QString, name);
    const auto model = loadModel(kFixtures / name.toStdString(), /*requireTokenizer=*/false);
    QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
    const Json expected = readExpected(name);
    for (std::size_t i = 0; i < expected["ids"].size(); ++i) {
        const double difference = worst(logProbs(*model->decoder, idTensor(expected["ids"][i])), numbers(expected["logprobs"][i]));
        QVERIFY2(difference < kTolerance, std::to_string(difference).c_str());
    }
    const auto position = expected["logits"]["position"].get<std::int64_t>();
    const at::Tensor hidden = model->decoder->hidden(idTensor(expected["ids"][0]).unsqueeze(0))[0][position];
    const double difference = worst(at::mv(model->decoder->headWeight(), hidden), numbers(expected["logits"]["values"]));
    QVERIFY2(difference < kTolerance, std::to_string(difference).c_str());
}

void TestArchitectures::packedCompletionsEqualTransformers()
{
    QFETCH(QString, name);
    const auto model = loadModel(kFixtures / name.toStdString(), /*requireTokenizer=*/false);
    QVERIFY(model.ok());
    const Json expected = readExpected(name);
    const at::Tensor ids = idTensor(expected["ids"][1]);
    for (const std::int64_t prompt : {1, 40, 60}) {
        const at::Tensor suffix = ids.slice(0, prompt).unsqueeze(0).expand({3, -1}); // three of the same
        const at::Tensor hidden = model->decoder->hiddenPacked({{ids.slice(0, 0, prompt), suffix}}).view({3, suffix.size(1), -1});
        const at::Tensor wanted = numbers(expected["logprobs"][1]).slice(0, prompt - 1);
        for (int g = 0; g < 3; ++g) {
            const double difference = worst(model->decoder->tokenLogProbs(hidden[g], suffix[g]), wanted);
            QVERIFY2(difference < kTolerance, std::to_string(difference).c_str());
        }
    }
}

void TestArchitectures::gradientsEqualTransformers()
{
    QFETCH(QString, name);
    const auto model = loadModel(kFixtures / name.toStdString(), /*requireTokenizer=*/false);
    QVERIFY(model.ok());
    const Json expected = readExpected(name);
    at::Tensor loss = at::zeros({});
    for (const Json& ids : expected["ids"])
        loss = loss + logProbs(*model->decoder, idTensor(ids)).sum() / 10;
    loss.backward();
    for (const auto& [weight, tensor] : model->decoder->parameters()) {
        const at::Tensor wanted = numbers(expected["gradients"][weight]);
        const std::int64_t step = std::max<std::int64_t>(1, tensor.numel() / 6);
        const double difference = worst(tensor.grad().flatten().slice(0, 0, c10::nullopt, step), wanted);
        QVERIFY2(difference < 1e-3 * (1 + wanted.abs().max().item<double>()), (weight + " " + std::to_string(difference)).c_str());
    }
}

// The files' weights are exact in bfloat16 and activations stay in float32, so nothing may differ.
void TestArchitectures::heldInBf16EqualsTransformers()
{
    QFETCH(QString, name);
    const auto model = loadModel(kFixtures / name.toStdString(), /*requireTokenizer=*/false, {WeightDtype::bfloat16});
    QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
    for (const auto& [weight, tensor] : model->decoder->parameters()) {
        QVERIFY2(tensor.scalar_type() == (tensor.dim() == 2 ? at::kBFloat16 : at::kFloat), weight.c_str());
        QVERIFY2(tensor.dim() != 2 || !tensor.requires_grad(), weight.c_str());
    }
    const Json expected = readExpected(name);
    for (std::size_t i = 0; i < expected["ids"].size(); ++i) {
        const double difference = worst(logProbs(*model->decoder, idTensor(expected["ids"][i])), numbers(expected["logprobs"][i]));
        QVERIFY2(difference < kTolerance, std::to_string(difference).c_str());
    }
}

void TestArchitectures::adapterOverBf16LearnsAsOverFloat32()
{
    QFETCH(QString, name);
    const at::Tensor ids = idTensor(readExpected(name)["ids"][0]);
    std::vector<std::vector<at::Tensor>> gradients;
    for (const WeightDtype dtype : {WeightDtype::float32, WeightDtype::bfloat16}) {
        const auto model = loadModel(kFixtures / name.toStdString(), /*requireTokenizer=*/false, {dtype});
        QVERIFY(model.ok());
        model->decoder->setTrainable(false);
        const auto adapter = LoraSet::create(*model->decoder, someAdapter(), 3);
        QVERIFY2(adapter.ok(), adapter.ok() ? "" : adapter.error().message().c_str());
        at::manual_seed(1);
        for (const auto& entry : (*adapter)->parameters()) {
            QVERIFY(entry.second.scalar_type() == at::kFloat);
            entry.second.detach().add_(at::randn(entry.second.sizes()) * 0.1);
        }
        model->decoder->setAdapter(*adapter);
        logProbs(*model->decoder, ids).sum().backward();
        auto& own = gradients.emplace_back();
        for (const auto& entry : (*adapter)->parameters())
            own.push_back(entry.second.grad());
    }
    for (std::size_t i = 0; i < gradients[0].size(); ++i) {
        QVERIFY(gradients[1][i].defined());
        const double size = 1 + gradients[0][i].abs().max().item<double>();
        QVERIFY(worst(gradients[1][i], gradients[0][i].to(at::kDouble)) < 1e-4 * size);
    }
}

void TestArchitectures::configSurvivesWriting()
{
    QFETCH(QString, name);
    const auto config = readDecoderConfig(kFixtures / name.toStdString());
    QVERIFY2(config.ok(), config.ok() ? "" : config.error().message().c_str());
    const auto again = decoderConfigFromJson(config->toJson());
    QVERIFY2(again.ok(), again.ok() ? "" : again.error().message().c_str());
    QVERIFY(*again == *config);
}

QTEST_GUILESS_MAIN(TestArchitectures)
#include "tst_architectures.moc"
