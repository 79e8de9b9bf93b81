#include <chrono>
#include <filesystem>
#include <mutex>

#include <QTemporaryDir>
#include <QTest>

#include "core/model/loader.h"
#include "core/model/threads.h"
#include "core/run/checkpoint_folder.h"
#include "precedent/base/digest.h"
#include "precedent/core/engine.h"
#include "run_harness.h"
#include "tiny_model.h"

using namespace precedent;
using namespace precedent::core;
using namespace precedent::tests;

namespace fs = std::filesystem;

class TestTrainingRun : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(precedent_engine()->configure({2}).ok());
        const std::string problem = makeTinyModel(model());
        QVERIFY2(problem.empty(), problem.c_str());
    }

    void learnsWhatToRefuse()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 40;
        const Finished run = runThrough(inputs);
        QCOMPARE(run.state, RunState::finished);
        QString course;
        for (const StepRecord& step : run.recorder->steps)
            course += QString::number(step.metrics.at("reward"), 'f', 2) + ' ';
        const auto meanReward = [&](std::size_t from) {
            double sum = 0;
            for (std::size_t i = from; i < from + 5; ++i)
                sum += run.recorder->steps[i].metrics.at("reward");
            return sum / 5;
        };
        const auto& last = run.recorder->steps.back().metrics;
        QVERIFY2(meanReward(0) < 0.85, qPrintable(course));
        QVERIFY2(meanReward(run.recorder->steps.size() - 5) > 0.93, qPrintable(course));
        QVERIFY(last.at("refusal_rate/harmful") > 0.8);
        QVERIFY(last.at("refusal_rate/benign") < 0.2);
    }

    void everyStepHasTrlsMetricsAndEveryRolloutItsParts()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 2;
        const Finished run = runThrough(inputs);
        QCOMPARE(run.recorder->steps.size(), std::size_t(2));
        for (const char* key :
            {"reward", "reward_std", "rewards/disposition/mean", "rewards/format/std", "kl", "entropy", "completions/mean_length",
                "completions/min_length", "completions/max_length", "frac_reward_zero_std", "grad_norm", "learning_rate", "num_tokens",
                "loss", "clip_ratio", "reward/harmful/mean", "refusal_rate/benign", "tokens_per_second", "prompts_voided"})
            QVERIFY2(run.recorder->steps.front().metrics.contains(key), key);
        QCOMPARE(run.recorder->all.size(), std::size_t(2 * 4 * 6));
        for (const RolloutRecord& rollout : run.recorder->all) {
            QVERIFY(!rollout.promptId.empty());
            QVERIFY(rollout.rewards.contains("disposition") && rollout.rewards.contains("format") && rollout.rewards.contains("overlong"));
            QVERIFY2(rollout.prompt.find("harmful") == std::string::npos, "a label in the policy's context");
            QVERIFY(rollout.tokens > 0 && rollout.logprob < 0);
        }
    }

    void stoppedAndResumedEqualsUninterrupted_data()
    {
        QTest::addColumn<bool>("lora");
        QTest::addColumn<int>("iterations");
        QTest::addColumn<bool>("atOnce");
        QTest::newRow("all weights, after a step") << false << 1 << false;
        QTest::newRow("all weights, in a step") << false << 2 << true;
        QTest::newRow("adapter with dropout, after a step") << true << 1 << false;
        QTest::newRow("adapter with dropout, in a step") << true << 2 << true;
    }

    void stoppedAndResumedEqualsUninterrupted()
    {
        QFETCH(bool, lora);
        QFETCH(int, iterations);
        QFETCH(bool, atOnce);
        const QTemporaryDir wholeFolder;
        const QTemporaryDir partsFolder;
        const auto settings = [&](const QTemporaryDir& folder) {
            RunInputs inputs = inputsFor(folder);
            inputs.spec.useLora = lora;
            inputs.spec.loraR = 4;
            inputs.spec.loraDropout = 0.1;
            inputs.spec.numIterations = iterations;
            return inputs;
        };
        const Finished whole = runThrough(settings(wholeFolder));
        QCOMPARE(whole.state, RunState::finished);
        QCOMPARE(whole.recorder->steps.size(), std::size_t(6));

        const Finished first = runThrough(settings(partsFolder), Begin::start, [&](TrainingRun& run, const RunEvent& event) {
            const auto* step = std::get_if<StepEvent>(&event);
            if (step == nullptr || step->step.step != 3)
                return;
            if (atOnce)
                run.stop();
            else
                run.stopAfterStep();
        });
        QCOMPARE(first.state, RunState::stopped);
        QVERIFY(first.recorder->steps.size() >= 3 && first.recorder->steps.size() < 6);
        const Finished second = runThrough(settings(partsFolder), Begin::resume);

        QVERIFY2(second.state == RunState::finished, second.error.c_str());
        std::vector<StepRecord> steps = first.recorder->steps;
        steps.insert(steps.end(), second.recorder->steps.begin(), second.recorder->steps.end());
        QCOMPARE(steps.size(), std::size_t(6));
        for (std::size_t i = 0; i < 6; ++i)
            QVERIFY2(untimed(steps[i]) == untimed(whole.recorder->steps[i]), qPrintable(QString("step %1").arg(i + 1)));
        QCOMPARE(weightsDigest(second), weightsDigest(whole));
    }

    void resumeSkipsADamagedCheckpoint()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.saveSteps = 2;
        inputs.spec.maxSteps = 4;
        const Finished whole = runThrough(inputs);
        QCOMPARE(whole.state, RunState::finished);
        const std::string digest = weightsDigest(whole);
        fs::resize_file(output.path().toStdString() + "/checkpoint-4/model.safetensors", 100);

        const Finished again = runThrough(inputs, Begin::resume);

        QVERIFY2(again.state == RunState::finished, again.error.c_str());
        QCOMPARE(again.recorder->steps.front().step, 3);
        QCOMPARE(weightsDigest(again), digest);
    }

    void resumeRefusesOtherInputs_data()
    {
        QTest::addColumn<QString>("what");
        QTest::newRow("settings") << "settings";
        QTest::newRow("content") << "content";
    }

    void resumeRefusesOtherInputs()
    {
        QFETCH(QString, what);
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 1;
        QCOMPARE(runThrough(inputs).state, RunState::finished);
        if (what == "settings")
            inputs.spec.learningRate *= 2;
        else
            inputs.contentHash = "other";
        const auto resumed = precedent_engine()->resume(inputs, std::make_shared<MemoryRecorder>());
        QVERIFY(!resumed.ok());
        QCOMPARE(resumed.error().code(), ErrorCode::failedPrecondition);
    }

    void aRunGoesOnPastItsFirstEnd()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 2;
        QCOMPARE(runThrough(inputs).state, RunState::finished);
        inputs.spec.maxSteps = 3;
        const Finished more = runThrough(inputs, Begin::resume);
        QVERIFY2(more.state == RunState::finished, more.error.c_str());
        QCOMPARE(more.recorder->steps.size(), std::size_t(1));
    }

    void linearRateFallsAndIsKeptPastTheEnd()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.lrScheduler = LrScheduler::linear;
        inputs.spec.warmupRatio = 0.25;
        inputs.spec.maxSteps = 4;
        const double full = inputs.spec.learningRate;
        const Finished run = runThrough(inputs);
        QCOMPARE(run.recorder->steps.size(), std::size_t(4));
        const double expected[] = {full / 2, full, full * 2 / 3, full / 3};
        for (std::size_t i = 0; i < 4; ++i)
            QCOMPARE(run.recorder->steps[i].metrics.at("learning_rate"), expected[i]);
        inputs.spec.maxSteps = 6;
        const Finished more = runThrough(inputs, Begin::resume);
        QCOMPARE(more.recorder->steps.size(), std::size_t(2));
        for (const StepRecord& step : more.recorder->steps)
            QCOMPARE(step.metrics.at("learning_rate"), full / 3);
    }

    void checkpointIsAModelFolder()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 1;
        QCOMPARE(runThrough(inputs).state, RunState::finished);
        const auto loaded = loadModel(output.path().toStdString() + "/checkpoint-1");
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message().c_str());
    }

    void pausedRunWaitsAndGoesOn()
    {
        const QTemporaryDir output;
        bool paused = false;
        const Finished run = runThrough(inputsFor(output), Begin::start, [&](TrainingRun& r, const RunEvent& event) {
            if (const auto* step = std::get_if<StepEvent>(&event); step != nullptr && step->step.step == 1)
                r.pause();
            const auto* state = std::get_if<StateEvent>(&event);
            if (state != nullptr && state->state == RunState::paused) {
                paused = true;
                r.resume();
            }
        });
        QVERIFY(paused);
        QCOMPARE(run.state, RunState::finished);
        QCOMPARE(run.recorder->steps.size(), std::size_t(6));
    }

    void stopEndsAPausedRun()
    {
        const QTemporaryDir output;
        const Finished run = runThrough(inputsFor(output), Begin::start, [&](TrainingRun& r, const RunEvent& event) {
            if (const auto* step = std::get_if<StepEvent>(&event); step != nullptr && step->step.step == 1)
                r.pause();
            const auto* state = std::get_if<StateEvent>(&event);
            if (state != nullptr && state->state == RunState::paused)
                r.stop();
        });
        QCOMPARE(run.state, RunState::stopped);
        QVERIFY(run.recorder->steps.size() < 6);
    }

    void checkpointNowWritesOne()
    {
        const QTemporaryDir output;
        const Finished run = runThrough(inputsFor(output), Begin::start, [&](TrainingRun& r, const RunEvent& event) {
            if (const auto* step = std::get_if<StepEvent>(&event); step != nullptr && step->step.step == 1)
                r.checkpointNow();
        });
        QCOMPARE(run.state, RunState::finished);
        QCOMPARE(run.recorder->checkpoints.size(), std::size_t(2));
        QVERIFY(run.recorder->checkpoints.front().step < 6);
    }

    void checkpointNowIsWrittenWhilePaused()
    {
        const QTemporaryDir output;
        bool asked = false;
        bool written = false;
        const Finished run = runThrough(inputsFor(output), Begin::start, [&](TrainingRun& r, const RunEvent& event) {
            if (const auto* step = std::get_if<StepEvent>(&event); step != nullptr && step->step.step == 1)
                r.pause();
            const auto* state = std::get_if<StateEvent>(&event);
            if (state != nullptr && state->state == RunState::paused && !std::exchange(asked, true))
                r.checkpointNow();
            if (asked && std::holds_alternative<CheckpointEvent>(event) && r.state() == RunState::paused) {
                written = true; // nothing else would let the run go on
                r.resume();
            }
        });
        QVERIFY(written);
        QCOMPARE(run.state, RunState::finished);
    }

    void aStepThatTheRecorderRefusesHasNoCheckpoint()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.saveSteps = 1;
        auto recorder = std::make_shared<MemoryRecorder>();
        recorder->failFromStep = 3;
        const Finished run = runThrough(inputs, Begin::start, {}, recorder);
        QCOMPARE(run.state, RunState::failed);
        QVERIFY2(recorder->lastMessage.find("No space is left") != std::string::npos, recorder->lastMessage.c_str());
        QCOMPARE(recorder->steps.size(), std::size_t(2));
        const auto checkpoints = checkpointsIn(output.path().toStdString());
        QVERIFY(!checkpoints.empty());
        QCOMPARE(checkpoints.front().step, 2);
    }

    void aLossThatIsNoNumberEndsTheRunAsFailed()
    {
        const QTemporaryDir folder;
        const fs::path broken = fs::path(folder.path().toStdString()) / "model";
        QVERIFY(makeTinyModel(broken, 0).empty());
        auto loaded = loadModel(broken);
        QVERIFY(loaded.ok());
        DecoderConfig config = loaded->config;
        config.tieEmbeddings = false;
        auto untied = *Decoder::create(config, 1);
        for (auto& [name, weight] : untied->parameters()) {
            if (name == "lm_head.weight") // finite in the file, past float32 in the logits
                weight.detach().sign_().mul_(3e38);
        }
        QVERIFY(writeModelFiles(broken, *untied).ok());
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.modelFolder = broken.string();
        inputs.spec.maxCompletionLength = 8;

        const Finished run = runThrough(inputs);

        QCOMPARE(run.state, RunState::failed);
        QVERIFY2(run.recorder->lastMessage.find("not a number") != std::string::npos, run.recorder->lastMessage.c_str());
        QVERIFY(run.recorder->steps.empty());
    }

    void aPromptOverBudgetIsVoidedAndCounted()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 3;
        inputs.prompts[3].messages = {{"user", std::string(400, 'x')}};
        const Finished run = runThrough(inputs);
        QVERIFY2(run.state == RunState::finished, run.error.c_str());
        double voided = 0;
        for (const StepRecord& step : run.recorder->steps)
            voided += step.metrics.at("prompts_voided");
        QVERIFY(voided > 0);
        for (const RolloutRecord& rollout : run.recorder->all)
            QVERIFY(rollout.promptId != "p3");
    }

    void nothingThatFitsIsRefusedAtTheStart()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        for (TrainingPrompt& prompt : inputs.prompts)
            prompt.messages = {{"user", std::string(400, 'x')}};
        const auto run = precedent_engine()->start(inputs, std::make_shared<MemoryRecorder>());
        QVERIFY(!run.ok());
        QCOMPARE(run.error().code(), ErrorCode::invalidArgument);
    }

    void destructionNeitherJoinsNorLosesTheCheckpoint()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 1000;
        auto recorder = std::make_shared<MemoryRecorder>();
        {
            auto run = precedent_engine()->start(inputs, recorder);
            QVERIFY(run.ok());
            bool stepped = false;
            while (!stepped) {
                for (const RunEvent& event : (*run)->events().waitDrain(std::chrono::milliseconds(50)))
                    stepped = stepped || std::holds_alternative<StepEvent>(event);
            }
        }
        QTRY_VERIFY_WITH_TIMEOUT(([&] {
            const std::scoped_lock lock(recorder->mutex);
            return !recorder->states.empty() && recorder->states.back() == RunState::stopped;
        }()),
            60'000);
        const std::scoped_lock lock(recorder->mutex);
        QCOMPARE(recorder->checkpoints.back().step, recorder->steps.back().step);
    }

    void controlsReachTheRewardsAlone()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.maxSteps = 1;
        const Finished plain = runThrough(inputs);
        const QTemporaryDir other;
        inputs = inputsFor(other);
        inputs.spec.maxSteps = 1;
        inputs.spec.control = Control::randomRewards;
        const Finished random = runThrough(inputs);
        QCOMPARE(plain.recorder->all.size(), random.recorder->all.size());
        bool differs = false;
        for (std::size_t i = 0; i < plain.recorder->all.size(); ++i) {
            QCOMPARE(random.recorder->all[i].completion, plain.recorder->all[i].completion);
            QVERIFY(random.recorder->all[i].rewards == plain.recorder->all[i].rewards);
            differs = differs || random.recorder->all[i].reward != plain.recorder->all[i].reward;
        }
        QVERIFY(differs);
    }

private:
    [[nodiscard]] fs::path model() const { return fs::path(m_folder.path().toStdString()) / "model"; }
    [[nodiscard]] RunInputs inputsFor(const QTemporaryDir& output) const { return tinyInputs(model(), output.path().toStdString()); }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestTrainingRun)
#include "tst_training_run.moc"
