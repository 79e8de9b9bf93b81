#include <filesystem>
#include <stop_token>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include "core/model/decoder.h"
#include "core/model/loader.h"
#include "core/model/threads.h"
#include "core/run/checkpoint_folder.h"
#include "core/run/packed_network.h"
#include "core/run/pretrain.h"
#include "precedent/base/files.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

DecoderConfig smallConfig(int heads, int kvHeads)
{
    DecoderConfig config;
    config.hiddenSize = 32;
    config.layers = 2;
    config.heads = heads;
    config.kvHeads = kvHeads;
    config.headDim = 32 / heads;
    config.intermediateSize = 48;
    config.vocabulary = 61;
    config.contextLength = 512;
    return config;
}

std::vector<int> randomDocument(int length, int vocabulary)
{
    const at::Tensor ids = at::randint(0, vocabulary, {length}, at::kInt);
    return {ids.data_ptr<int>(), ids.data_ptr<int>() + length};
}

PretrainSpec tinySpec(const QString& folder)
{
    PretrainSpec spec;
    spec.corpusFolder = std::string(PRECEDENT_SOURCE_DIR) + "/resources/starter/grammar";
    spec.outputFolder = folder.toStdString();
    spec.tokens = 12 * 2048;
    spec.vocabulary = 400;
    spec.hiddenSize = 32;
    spec.layers = 2;
    spec.heads = 4;
    spec.kvHeads = 2;
    spec.intermediateSize = 48;
    spec.batchTokens = 2048;
    spec.warmupSteps = 3;
    spec.learningRate = 1e-2;
    spec.saveSteps = 100;
    return spec;
}

std::string messageOf(const auto& result) { return result.ok() ? std::string() : result.error().message(); }

} // namespace

class TestPretrain : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreadCount(2); }

    void packedLossAndGradientEqualTheDecoders_data()
    {
        QTest::addColumn<int>("heads");
        QTest::addColumn<int>("kvHeads");
        QTest::newRow("every head its own keys") << 4 << 4;
        QTest::newRow("two queries a key") << 4 << 2;
        QTest::newRow("one key for all") << 4 << 1;
    }

    // Documents of one block, of several query blocks, and of a few tokens, in one batch.
    void packedLossAndGradientEqualTheDecoders()
    {
        QFETCH(int, heads);
        QFETCH(int, kvHeads);
        at::manual_seed(5);
        auto decoder = *Decoder::create(smallConfig(heads, kvHeads), 3);
        for (auto& entry : decoder->parameters())
            entry.second.detach().add_(at::randn(entry.second.sizes()) * 0.2);
        PackedNetwork network(*decoder);
        PackedBatch batch;
        at::Tensor expected = at::zeros({});
        for (const int length : {40, 300, 3, 129}) {
            const std::vector<int> document = randomDocument(length, 61);
            batch.add(document);
            const at::Tensor ids = at::tensor(document).to(at::kLong);
            const at::Tensor hidden = decoder->hidden(ids.narrow(0, 0, length - 1).unsqueeze(0)).squeeze(0);
            expected = expected -
                at::log_softmax(at::matmul(hidden, decoder->headWeight().t()), 1)
                    .gather(1, ids.narrow(0, 1, length - 1).unsqueeze(1))
                    .sum();
        }
        (expected * 0.01).backward();

        const double loss = network.accumulate(batch, 0.01F);

        QVERIFY2(
            std::abs(loss - expected.item<double>()) < 1e-4 * loss, qPrintable(QString("%1 %2").arg(loss).arg(expected.item<double>())));
        const NamedTensors gradients = network.named(network.gradient());
        for (auto& [name, weight] : decoder->parameters()) {
            const auto found =
                std::find_if(gradients.begin(), gradients.end(), [&name = name](const auto& entry) { return entry.first == name; });
            QVERIFY2(found != gradients.end(), name.c_str());
            const double worst = (found->second - weight.grad()).abs().max().item<double>();
            const double scale = weight.grad().abs().max().item<double>();
            QVERIFY2(worst < 2e-4 * scale, qPrintable(QString("%1: %2 of %3").arg(name.c_str()).arg(worst).arg(scale)));
        }
    }

    void pretrainingLearnsAndLeavesAModelFolder()
    {
        const QTemporaryDir folder;
        const PretrainSpec spec = tinySpec(folder.path());
        std::vector<double> losses;

        const auto summary = pretrain(spec, [&](const PretrainProgress& p) { losses.push_back(p.loss); }, {});

        QVERIFY2(summary.ok(), messageOf(summary).c_str());
        QCOMPARE(losses.size(), std::size_t(12));
        QVERIFY2(losses.back() < losses.front() - 0.5, qPrintable(QString("%1 to %2").arg(losses.front()).arg(losses.back())));
        const auto model = loadModel(spec.outputFolder);
        QVERIFY2(model.ok(), messageOf(model).c_str());
        QCOMPARE(model->sha256, summary->sha256);
        QCOMPARE(model->dtype, std::string("BF16"));
    }

    void stoppedAndResumedEqualsUninterrupted()
    {
        const QTemporaryDir whole;
        const QTemporaryDir parts;
        const auto reference = pretrain(tinySpec(whole.path()), {}, {});
        QVERIFY2(reference.ok(), messageOf(reference).c_str());
        PretrainSpec spec = tinySpec(parts.path());
        std::stop_source stop;

        const auto stopped = pretrain(
            spec,
            [&](const PretrainProgress& p) {
                if (p.step == 5)
                    stop.request_stop();
            },
            stop.get_token());
        QVERIFY(!stopped.ok());
        QCOMPARE(stopped.error().code(), ErrorCode::cancelled);
        spec.resume = true;
        const auto resumed = pretrain(spec, {}, {});

        QVERIFY2(resumed.ok(), messageOf(resumed).c_str());
        QCOMPARE(resumed->sha256, reference->sha256);
        QCOMPARE(resumed->loss, reference->loss);
        QCOMPARE(resumed->tokens, reference->tokens);
    }

    void resumeRefusesAnotherSpec()
    {
        const QTemporaryDir folder;
        PretrainSpec spec = tinySpec(folder.path());
        spec.tokens = 2 * 2048;
        QVERIFY(pretrain(spec, {}, {}).ok());
        spec.resume = true;
        spec.learningRate *= 2;
        const auto resumed = pretrain(spec, {}, {});
        QVERIFY(!resumed.ok());
        QCOMPARE(resumed.error().code(), ErrorCode::failedPrecondition);
    }

    void damagedCheckpointIsSkipped()
    {
        const QTemporaryDir folder;
        for (const int step : {1, 2}) {
            auto checkpoint = CheckpointFolder::begin(folder.path().toStdString(), step);
            QVERIFY(checkpoint.ok());
            QVERIFY(writeFileAtomically(checkpoint->path() / "data", "content").ok());
            QVERIFY(checkpoint->commit().ok());
        }
        QVERIFY(writeFileAtomically(folder.path().toStdString() + "/checkpoint-2/data", "damaged").ok());
        std::vector<std::string> skipped;
        const auto good = lastGoodCheckpoint(folder.path().toStdString(), skipped);
        QVERIFY(good.ok());
        QCOMPARE(good->step, 1);
        QCOMPARE(skipped.size(), std::size_t(1));
    }
};

QTEST_GUILESS_MAIN(TestPretrain)
#include "tst_pretrain.moc"
