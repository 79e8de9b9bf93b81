// What a run's steps can be besides GRPO's: self-generation, warm start, supervised learning, preferences, other estimators.

#include <filesystem>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include "core/model/loader.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/core/engine.h"
#include "run_harness.h"
#include "tiny_model.h"

using namespace precedent;
using namespace precedent::core;
using namespace precedent::tests;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLast = 5; ///< steps that a trend's end is a mean of

double meanOf(const std::vector<StepRecord>& steps, const char* key, std::size_t from, std::size_t count)
{
    double sum = 0;
    for (std::size_t i = from; i < from + count; ++i)
        sum += steps.at(i).metrics.at(key);
    return sum / static_cast<double>(count);
}

double lastMean(const std::vector<StepRecord>& steps, const char* key) { return meanOf(steps, key, steps.size() - kLast, kLast); }

/// Steps of two runs, one after the other.
std::vector<StepRecord> joined(const Finished& first, const Finished& second)
{
    std::vector<StepRecord> steps = first.recorder->steps;
    steps.insert(steps.end(), second.recorder->steps.begin(), second.recorder->steps.end());
    return steps;
}

} // namespace

class TestMethods : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(precedent_engine()->configure({2}).ok());
        const std::string problem = makeTinyModel(model());
        QVERIFY2(problem.empty(), problem.c_str());
    }

    void supervisedStepsLearnTheCases_data()
    {
        QTest::addColumn<bool>("lora");
        QTest::newRow("all weights") << false;
        QTest::newRow("adapter") << true;
    }

    void supervisedStepsLearnTheCases()
    {
        QFETCH(bool, lora);
        const QTemporaryDir output;
        RunInputs inputs = withCases(output);
        inputs.spec.method = Method::sft;
        inputs.spec.sftExamples = SftExamples::cases;
        inputs.spec.useLora = lora;
        inputs.spec.learningRate = lora ? 5e-3 : 2e-3;
        inputs.spec.maxSteps = 60;
        inputs.spec.batchSize = 4;

        const Finished run = runThrough(inputs);

        QVERIFY2(run.state == RunState::finished, (run.error + run.recorder->lastMessage).c_str());
        QVERIFY(run.recorder->all.empty()); // nothing was drawn
        const auto& steps = run.recorder->steps;
        QVERIFY2(lastMean(steps, "loss") < 0.3 * steps.front().metrics.at("loss"), std::to_string(lastMean(steps, "loss")).c_str());
        for (std::size_t i = 0; i < tinyRequests().size(); ++i) {
            const std::string chain = i < 2 ? "I see. So refuse.</think>" : "I see. So comply.</think>";
            const std::string answer = answerOf(checkpoint(output, steps.back().step, lora), i);
            // The adapter has the same loss to learn with a hundredth of the weights: it gets the wording last.
            QVERIFY2(lora ? answer.starts_with(chain) : answer == chain + (i < 2 ? "No, sorry." : "Yes, here."), answer.c_str());
        }
    }

    void answersAloneCloseTheChainAtOnce()
    {
        const QTemporaryDir output;
        RunInputs inputs = withCases(output);
        inputs.spec.method = Method::sft;
        inputs.spec.sftExamples = SftExamples::answers;
        inputs.spec.sftDispositions = {"refuse"};
        inputs.spec.maxSteps = 40;
        inputs.spec.batchSize = 2;
        const Finished run = runThrough(inputs);
        QVERIFY2(run.state == RunState::finished, run.recorder->lastMessage.c_str());
        for (std::size_t i = 0; i < 2; ++i)
            QCOMPARE(answerOf(checkpoint(output, 40, false), i), std::string("</think>No, sorry."));
    }

    void selfGenerationKeepsWhatIsGoodAndChangesNothing()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.selfGenerationSteps = 3;
        inputs.spec.selfGenerationMode = {{"none", 1.0}};
        inputs.spec.maxSteps = 3;
        const Finished run = runThrough(inputs);
        QVERIFY2(run.state == RunState::finished, run.recorder->lastMessage.c_str());
        QCOMPARE(run.recorder->all.size(), std::size_t(3 * 4 * 6));
        const auto& metrics = run.recorder->steps.back().metrics;
        int good = 0;
        for (std::size_t group = 0; group < 3 * 4; ++group) {
            double best = 0;
            for (std::size_t i = 0; i < 6; ++i)
                best = std::max(best, run.recorder->all[group * 6 + i].reward);
            good += best >= inputs.spec.selfGenerationThreshold ? 1 : 0;
        }
        QVERIFY(good > 0);
        QCOMPARE(metrics.at("self_generation/kept"), static_cast<double>(good));
        QCOMPARE(metrics.at("self_generation/kept") + metrics.at("self_generation/left_out"), 12.0);
        QVERIFY(!metrics.contains("loss") && metrics.contains("rewards/disposition/mean"));
        const auto before = loadModel(model()), after = loadModel(checkpoint(output, 3, false).folder);
        for (std::size_t i = 0; i < before->decoder->parameters().size(); ++i)
            QVERIFY(at::equal(before->decoder->parameters()[i].second, after->decoder->parameters()[i].second));
    }

    void warmStartLearnsFromTheRunsOwnChains()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.selfGenerationSteps = 4;
        inputs.spec.selfGenerationMode = {{"none", 1.0}};
        inputs.spec.sftSteps = 25;
        inputs.spec.maxSteps = 4 + 25 + 5; // five of GRPO behind
        const Finished run = runThrough(inputs);
        QVERIFY2(run.state == RunState::finished, run.recorder->lastMessage.c_str());
        const auto& steps = run.recorder->steps;
        QVERIFY(meanOf(steps, "loss", 24, 5) < 0.5 * steps[4].metrics.at("loss"));
        const double drawnBefore = meanOf(steps, "reward", 0, 4), drawnAfter = lastMean(steps, "reward");
        QVERIFY2(drawnAfter > drawnBefore + 0.1, qPrintable(QString("%1 %2").arg(drawnBefore).arg(drawnAfter)));
    }

    void preferencesLearnTheBetterChain()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.method = Method::dpo;
        inputs.spec.selfGenerationSteps = 4;
        inputs.spec.selfGenerationMode = {{"none", 1.0}};
        inputs.spec.maxSteps = 34;
        inputs.spec.learningRate = 5e-4;
        const Finished run = runThrough(inputs);
        QVERIFY2(run.state == RunState::finished, run.recorder->lastMessage.c_str());
        const auto& steps = run.recorder->steps;
        QVERIFY(std::abs(steps[4].metrics.at("loss") - std::log(2.0)) < 1e-4); // the policy is the reference still
        QVERIFY(std::abs(steps[4].metrics.at("rewards/margins")) < 1e-4);
        QVERIFY2(lastMean(steps, "rewards/accuracies") > 0.95, std::to_string(lastMean(steps, "rewards/accuracies")).c_str());
        QVERIFY2(lastMean(steps, "rewards/margins") > 0.5, std::to_string(lastMean(steps, "rewards/margins")).c_str());
    }

    void otherEstimatorsLearnToo_data()
    {
        QTest::addColumn<int>("estimator");
        QTest::newRow("rloo") << static_cast<int>(AdvantageEstimator::rloo);
        QTest::newRow("reinforce_pp") << static_cast<int>(AdvantageEstimator::reinforcePlusPlus);
    }

    void otherEstimatorsLearnToo()
    {
        QFETCH(int, estimator);
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.advantageEstimator = static_cast<AdvantageEstimator>(estimator);
        inputs.spec.maxSteps = 60;
        const Finished run = runThrough(inputs);
        const auto& steps = run.recorder->steps;
        const double before = meanOf(steps, "reward", 0, kLast), after = lastMean(steps, "reward");
        QVERIFY2(before < 0.85 && after > 0.93, qPrintable(QString("%1 %2").arg(before).arg(after)));
    }

    void stoppedAndResumedEqualsUninterrupted_data()
    {
        QTest::addColumn<int>("stopAfter");
        QTest::newRow("in self-generation") << 1;
        QTest::newRow("behind self-generation") << 2;
        QTest::newRow("in the warm start") << 3;
        QTest::newRow("in the preferences") << 6;
    }

    void stoppedAndResumedEqualsUninterrupted()
    {
        QFETCH(int, stopAfter);
        const auto settings = [&](const QTemporaryDir& folder) {
            RunInputs inputs = inputsFor(folder);
            inputs.spec.method = Method::dpo;
            inputs.spec.selfGenerationSteps = 2;
            inputs.spec.selfGenerationMode = {{"none", 1.0}};
            inputs.spec.sftSteps = 2;
            inputs.spec.maxSteps = 8;
            inputs.spec.useLora = true;
            inputs.spec.loraR = 4;
            inputs.spec.loraDropout = 0.1;
            inputs.spec.batchSize = 3;
            return inputs;
        };
        const QTemporaryDir wholeFolder, partsFolder;
        const Finished whole = runThrough(settings(wholeFolder));
        QVERIFY2(whole.state == RunState::finished, whole.recorder->lastMessage.c_str());
        const Finished first = runThrough(settings(partsFolder), Begin::start, [&](TrainingRun& run, const RunEvent& event) {
            if (const auto* step = std::get_if<StepEvent>(&event); step != nullptr && step->step.step == stopAfter)
                run.stopAfterStep();
        });
        QCOMPARE(first.state, RunState::stopped);
        const Finished second = runThrough(settings(partsFolder), Begin::resume);
        QVERIFY2(second.state == RunState::finished, second.error.c_str());
        const std::vector<StepRecord> steps = joined(first, second);
        QCOMPARE(steps.size(), std::size_t(8));
        for (std::size_t i = 0; i < steps.size(); ++i)
            QVERIFY2(untimed(steps[i]) == untimed(whole.recorder->steps[i]), qPrintable(QString("step %1").arg(i + 1)));
        QCOMPARE(weightsDigest(second), weightsDigest(whole));
    }

    void nothingToLearnFromIsSaid()
    {
        const QTemporaryDir output;
        RunInputs inputs = inputsFor(output);
        inputs.spec.method = Method::sft;
        inputs.spec.sftExamples = SftExamples::cases;
        const Finished none = runThrough(inputs);
        QVERIFY2(none.error.find("nothing to learn from") != std::string::npos, none.error.c_str());

        inputs.spec.sftExamples = SftExamples::self;
        inputs.spec.selfGenerationSteps = 1;
        inputs.spec.selfGenerationMode = {{"none", 1.0}};
        inputs.spec.selfGenerationThreshold = 1;
        inputs.spec.maxCompletionLength = 3; // no chain is whole
        const Finished bad = runThrough(inputs);
        QCOMPARE(bad.state, RunState::failed);
        QVERIFY2(bad.recorder->lastMessage.find("reward 1.0 or more") != std::string::npos, bad.recorder->lastMessage.c_str());
    }

private:
    struct Place {
        std::string folder;
        std::string adapter;
    };

    [[nodiscard]] fs::path model() const { return fs::path(m_folder.path().toStdString()) / "model"; }
    [[nodiscard]] RunInputs inputsFor(const QTemporaryDir& output) const { return tinyInputs(model(), output.path().toStdString()); }

    /// A case for each of the tiny model's requests.
    [[nodiscard]] RunInputs withCases(const QTemporaryDir& output) const
    {
        RunInputs inputs = inputsFor(output);
        for (std::size_t i = 0; i < tinyRequests().size(); ++i) {
            const bool refuses = i < 2;
            inputs.cases.push_back(
                {"c" + std::to_string(i), {{"user", tinyRequests()[i]}}, {}, refuses ? Disposition::refuse : Disposition::comply,
                    refuses ? "I see. So refuse." : "I see. So comply.", refuses ? "No, sorry." : "Yes, here.", {}});
            inputs.exampleCases.push_back(inputs.cases.back().id);
        }
        return inputs;
    }

    [[nodiscard]] Place checkpoint(const QTemporaryDir& output, int step, bool lora) const
    {
        const std::string folder = output.path().toStdString() + "/checkpoint-" + std::to_string(step);
        return lora ? Place{model().string(), folder} : Place{folder, {}};
    }

    /// The greedy answer to one of the tiny model's requests.
    [[nodiscard]] std::string answerOf(const Place& place, std::size_t request) const
    {
        const auto encoder = align::PromptEncoder::load(model());
        const auto loaded = precedent_engine()->load({place.folder, place.adapter});
        if (!encoder.ok() || !loaded.ok())
            return loaded.ok() ? "no encoder" : loaded.error().message();
        GenerationRequest wanted;
        wanted.prompts = {{encoder->encode(tinyPrompt(tinyRequests()[request])), 1, 0}};
        wanted.sampling.temperature = 0;
        wanted.sampling.maxTokens = 40;
        wanted.stopIds = encoder->stopIds();
        const auto result = (*loaded)->generate(wanted);
        return result.ok() ? encoder->completionText(result->completions.front().ids) : result.error().message();
    }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestMethods)
#include "tst_methods.moc"
