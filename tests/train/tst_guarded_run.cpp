// What stops or warns a run, and what its steps are measured to take.

#include <algorithm>
#include <filesystem>

#include <QTemporaryDir>
#include <QTest>

#include "core/model/loader.h"
#include "core/run/checkpoint_folder.h"
#include "precedent/base/digest.h"
#include "precedent/core/engine.h"
#include "run_harness.h"
#include "tiny_model.h"

using namespace precedent;
using namespace precedent::core;
using namespace precedent::tests;

namespace fs = std::filesystem;

class TestGuardedRun : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(precedent_engine()->configure({2}).ok());
        const std::string problem = makeTinyModel(model());
        QVERIFY2(problem.empty(), problem.c_str());
    }

    void weightsThatDivergedAreNoGoodCheckpoint()
    {
        const QTemporaryDir output;
        const Finished run = afterADivergingStep(inputsFor(output));
        // Those of step 1 cannot be drawn with: their own checkpoint is no good one, and there is none before it.
        QVERIFY2(run.recorder->lastMessage.find("is not a number") != std::string::npos, run.recorder->lastMessage.c_str());
        QVERIFY2(
            run.recorder->lastMessage.find("No checkpoint was written before") != std::string::npos, run.recorder->lastMessage.c_str());
    }

    void lossThatIsNoNumberNamesTheLastGoodCheckpoint()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.method = Method::sft;
        inputs.spec.sftExamples = SftExamples::file;
        inputs.spec.sftFile = "frozen already";
        inputs.spec.batchSize = 1;
        inputs.givenExamples = {{"one", {{"user", "Bake a cake."}}, "", "Sure."}};
        const Finished run = afterADivergingStep(inputs);
        const std::string folder = inputs.outputFolder + "/checkpoint-1";
        QVERIFY2(run.recorder->lastMessage.find("of step 2 is not a number") != std::string::npos, run.recorder->lastMessage.c_str());
        QVERIFY2(run.recorder->lastMessage.find("is " + folder + ".") != std::string::npos, run.recorder->lastMessage.c_str());
        QVERIFY(verifyCheckpoint(folder).ok());
    }

    void aGuardStopsWithACheckpointAndSaysWhy()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 60;
        inputs.spec.saveSteps = 1;
        const double bound = 2e-3; // the first step's policy is the reference; later ones' are not
        inputs.spec.maxKl = bound;
        const Finished run = runThrough(inputs);
        QCOMPARE(run.state, RunState::stopped);
        const int at = run.recorder->steps.back().step;
        QVERIFY2(at > 1 && at < 60, qPrintable(QString::number(at)));
        QVERIFY(run.recorder->steps.back().metrics.at("kl") > bound);
        QVERIFY(run.recorder->steps[static_cast<std::size_t>(at - 2)].metrics.at("kl") <= bound);
        QCOMPARE(run.recorder->checkpoints.back().step, at);
        // Its figures are of the weights before it: those of the step before that were the last good ones.
        const std::string lastGood = at > 2 ? "/checkpoint-" + std::to_string(at - 2) + "." : "No checkpoint was written before";
        for (const std::string& words : {std::string("kl_over_max"), lastGood})
            QVERIFY2(run.recorder->lastMessage.find(words) != std::string::npos, run.recorder->lastMessage.c_str());
        int stops = 0;
        for (const RunEvent& event : run.events) {
            if (const auto* alarm = std::get_if<AlarmEvent>(&event))
                stops += alarm->alarm.stops ? 1 : 0;
        }
        QCOMPARE(stops, 1);
        // Whoever goes on all the same is stopped by the next step that is no better.
        const Finished again = runThrough(inputs, Begin::resume);
        QCOMPARE(again.state, RunState::stopped);
        QCOMPARE(again.recorder->steps.size(), std::size_t(1));
    }

    void rehearsalMeasuresEveryKindOfStepAndWritesNothing()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.method = Method::dpo;
        inputs.spec.selfGenerationSteps = 2;
        inputs.spec.selfGenerationMode = {{"none", 1.0}};
        inputs.spec.sftSteps = 2;
        const auto all = precedent_engine()->rehearse(inputs, {});
        QVERIFY2(all.ok(), all.ok() ? "" : all.error().message().c_str());
        QVERIFY(all->selfGeneration > 0 && all->supervised > 0 && all->preference > 0);
        QCOMPARE(all->policyGradient, 0.0);
        inputs = inputsFor(output);
        const auto one = precedent_engine()->rehearse(inputs, {});
        QVERIFY(one.ok());
        QVERIFY(one->policyGradient > 0 && one->selfGeneration == 0 && one->supervised == 0 && one->preference == 0);
        QVERIFY(one->answerTokens > 4 && one->answerTokens <= inputs.spec.maxCompletionLength);
        QVERIFY(one->promptTokens > 4 && one->secondsPerAnswer > 0 && one->memoryBytes > 0 && one->took > 0);
        QVERIFY(fs::is_empty(output.path().toStdString()));
        std::stop_source stop;
        stop.request_stop();
        QCOMPARE(precedent_engine()->rehearse(inputs, stop.get_token()).error().code(), ErrorCode::cancelled);
    }

    void aGuardThatWarnsIsToldAndGoesOn()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 4;
        inputs.spec.klBound = 1e-5;
        const Finished run = runThrough(inputs);
        QCOMPARE(run.state, RunState::finished);
        QVERIFY(std::any_of(run.events.begin(), run.events.end(), [](const RunEvent& event) {
            const auto* alarm = std::get_if<AlarmEvent>(&event);
            return alarm != nullptr && alarm->alarm.kind == AlarmKind::klOverBound && !alarm->alarm.stops;
        }));
    }

private:
    /// Does one step of a model with a head of its own, makes the checkpoint's logits such that they are past float32, as after a
    /// step that was too long, and goes on. The run then failed, and said so as an alarm.
    [[nodiscard]] Finished afterADivergingStep(RunInputs inputs) const
    {
        const fs::path untied = fs::path(inputs.outputFolder) / "untied";
        if (!makeTinyModel(untied, 0).empty())
            qFatal("no model");
        DecoderConfig config = loadModel(untied)->config;
        config.tieEmbeddings = false;
        inputs.modelFolder = untied.string();
        inputs.spec.maxCompletionLength = 16;
        inputs.spec.maxSteps = 1;
        const fs::path checkpoint = fs::path(inputs.outputFolder) / "checkpoint-1";
        if (!writeModelFiles(untied, **Decoder::create(config, 1)).ok() || runThrough(inputs).state != RunState::finished)
            qFatal("no first step");
        auto loaded = loadModel(checkpoint, /*requireTokenizer=*/false);
        for (auto& [name, weight] : loaded->decoder->parameters()) {
            if (name == "lm_head.weight") // finite in the file
                weight.detach().sign_().mul_(3e38);
        }
        Json checksums = *parseJson(*readFile(checkpoint / "checksums.json"), "checksums");
        bool written = writeModelFiles(checkpoint, *loaded->decoder, StoredType::f32).ok();
        for (auto& [name, digest] : checksums["sha256"].items())
            digest = *sha256File(checkpoint / name);
        written = written && writeFileAtomically(checkpoint / "checksums.json", dumpJson(checksums)).ok();
        inputs.spec.maxSteps = 3;
        Finished run = runThrough(inputs, Begin::resume);
        const bool told = std::any_of(run.events.begin(), run.events.end(), [](const RunEvent& event) {
            const auto* alarm = std::get_if<AlarmEvent>(&event);
            return alarm != nullptr && alarm->alarm.kind == AlarmKind::notANumber && alarm->alarm.stops && alarm->alarm.from == 2;
        });
        if (!written || run.state != RunState::failed || !told)
            qFatal("it went on: %s", run.error.c_str());
        return run;
    }
    [[nodiscard]] fs::path model() const { return fs::path(m_folder.path().toStdString()) / "model"; }
    [[nodiscard]] RunInputs inputsFor(const QTemporaryDir& output) const { return tinyInputs(model(), output.path().toStdString()); }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestGuardedRun)
#include "tst_guarded_run.moc"
