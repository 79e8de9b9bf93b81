// The same on every device: numbers that transformers recorded, generation, and updates, against the processor's.
// Rows of a device that this machine or this LibTorch lacks are skipped, saying why.

#include <filesystem>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include "core/align/torch/policy.h"
#include "core/generate/generator.h"
#include "core/model/loader.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(PRECEDENT_TEST_FIXTURES) / "parity/architectures";

void addDevices()
{
    QTest::addColumn<QString>("device");
    QTest::addColumn<QString>("name");
    for (const char* device : {"cpu", "cuda"}) {
        for (const auto& entry : fs::directory_iterator(kFixtures)) {
            const std::string name = entry.path().filename().string();
            QTest::addRow("%s, %s", device, name.c_str()) << device << QString::fromStdString(name);
        }
    }
}

LoadedModel loadOn(const at::Device& device, const QString& name, WeightDtype dtype)
{
    return *loadModel(kFixtures / name.toStdString(), /*requireTokenizer=*/false, {dtype, device});
}

/// The adapter's tensors, on the CPU, after two updates from the same start.
std::vector<at::Tensor> afterTwoUpdates(const LoadedModel& model)
{
    RunSpec spec;
    spec.useLora = true;
    spec.loraR = 4;
    spec.beta = 0.04;
    spec.microBatchTokens = 64;
    spec.maxCompletionLength = 16;
    auto policy = *Policy::create(model, spec);
    const std::vector<UpdateGroup> groups = {{{3, 9, 4, 1, 5, 9, 2, 6}, {{5, 3, 5, 8, 9}, {7, 9}, {3, 2, 3, 8, 4, 6}}, {1.0, -0.5, 0.25}},
        {{2, 7, 1, 8}, {{2, 8}, {1, 8, 2, 8, 4, 5}}, {-1.0, 1.0}}};
    for (int step = 0; step < 2; ++step) {
        const UpdateResult result = policy->update(groups, 1e-2);
        if (!result.finite || result.gradNorm == 0)
            return {};
    }
    std::vector<at::Tensor> tensors;
    for (const auto& [name, tensor] : policy->decoder()->adapter()->parameters())
        tensors.push_back(tensor.detach().to(at::kCPU));
    return tensors;
}

} // namespace

class TestDevice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void unknownAndMissingDevicesAreNamed();
    void answersAsTransformers_data() { addDevices(); }
    void answersAsTransformers();
    void updatesAsTheProcessor_data() { addDevices(); }
    void updatesAsTheProcessor();
};

void TestDevice::unknownAndMissingDevicesAreNamed()
{
    QVERIFY(deviceNamed("cpu")->is_cpu());
    QCOMPARE(deviceNamed("tpu").error().code(), ErrorCode::invalidArgument);
    const auto cuda = deviceNamed("cuda");
    if (cuda.ok())
        return;
    const bool hasNone = cuda.error().code() == ErrorCode::unsupported;
    QVERIFY(hasNone ? !at::hasCUDA() : cuda.error().code() == ErrorCode::failedPrecondition);
    QVERIFY2(cuda.error().message().find(hasNone ? "on the CPU only" : "no GPU") != std::string::npos, cuda.error().message().c_str());
    QVERIFY(cuda.error().hint().find("--device cpu") != std::string::npos);
}

void TestDevice::answersAsTransformers()
{
    QFETCH(QString, device);
    QFETCH(QString, name);
    const auto place = deviceNamed(device.toStdString());
    if (!place.ok())
        QSKIP(place.error().message().c_str());
    const Json expected = *parseJson(*readFile(kFixtures / name.toStdString() / "expected.json"), "expected.json");
    for (const WeightDtype dtype : {WeightDtype::float32, WeightDtype::bfloat16}) {
        const LoadedModel model = loadOn(*place, name, dtype);
        QCOMPARE(model.decoder->parameters().front().second.device().type(), place->type());
        Generator generator(model.decoder);
        QCOMPARE(generator.usesKernels(), place->is_cpu());
        if (place->is_cpu() && dtype == WeightDtype::bfloat16)
            continue; // kernels may round activations there, which tst_parity and tst_generator look at
        GenerationRequest request;
        request.prompts = {{expected["greedy"]["prompt"].get<std::vector<int>>(), 2, 0}};
        request.sampling.temperature = 0;
        request.sampling.maxTokens = 64;
        const auto result = generator.generate(request);
        QVERIFY2(result.ok(), result.ok() ? "" : result.error().message().c_str());
        for (const Completion& completion : result->completions)
            QCOMPARE(completion.ids, expected["greedy"]["ids"].get<std::vector<int>>());
        const auto logits = generator.logits(expected["ids"][0].get<std::vector<int>>(), 1);
        QVERIFY(logits.ok());
        for (std::size_t i = 0; i < logits->logprobs.size(); ++i)
            QVERIFY(std::abs(logits->logprobs[i] - expected["logprobs"][0][i].get<double>()) < 2e-4);
        const std::vector<int> ids = expected["ids"][0].get<std::vector<int>>();
        const auto weighed = generator.continuationLogProbs({ids.begin(), ids.end() - 1}, {{ids.back()}});
        QVERIFY(weighed.ok());
        QVERIFY(std::abs((*weighed)[0] - logits->logprobs.back()) < 2e-4);
    }
}

void TestDevice::updatesAsTheProcessor()
{
    QFETCH(QString, device);
    QFETCH(QString, name);
    const auto place = deviceNamed(device.toStdString());
    if (!place.ok())
        QSKIP(place.error().message().c_str());
    for (const WeightDtype dtype : {WeightDtype::float32, WeightDtype::bfloat16}) {
        const std::vector<at::Tensor> wanted = afterTwoUpdates(loadOn(at::Device(at::kCPU), name, dtype));
        const std::vector<at::Tensor> got = afterTwoUpdates(loadOn(*place, name, dtype));
        QVERIFY(!wanted.empty());
        QCOMPARE(got.size(), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            // Adam divides by the gradient's own size: where that is all rounding, the step's direction is too.
            const double difference = (got[i] - wanted[i]).abs().mean().item<double>();
            QVERIFY2(difference < 1e-4, std::to_string(difference).c_str());
        }
    }
}

QTEST_GUILESS_MAIN(TestDevice)
#include "tst_device.moc"
