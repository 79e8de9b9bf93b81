// Runs whose completions another engine draws with the adapters that the run hands over.

#include <filesystem>

#include <QTemporaryDir>
#include <QTest>

#include "precedent/core/engine.h"
#include "precedent/core/rollout_source.h"
#include "run_harness.h"
#include "tiny_model.h"
#include "weights_difference.h"

using namespace precedent;
using namespace precedent::core;
using namespace precedent::tests;

namespace fs = std::filesystem;

namespace {

/// Draws with a model of its own and the adapter folders that it was handed, as a server does.
class OtherEngine final : public RolloutSource {
public:
    explicit OtherEngine(fs::path model)
        : m_model(std::move(model))
    {
    }
    Status publish(int version, const std::string& adapterFolder) override
    {
        if (failsToTake)
            return Error(ErrorCode::notFound, "It knows no adapters.");
        m_adapters[version] = adapterFolder;
        m_newest = version;
        published.push_back(version);
        return {};
    }
    void forget(int version) override { forgotten.push_back(version); }
    Result<DrawnElsewhere> draw(const GenerationRequest& request, const std::stop_token& stop) override
    {
        const int version = alwaysFirst ? 0 : m_newest;
        auto model = precedent_engine()->load({m_model.string(), version == 0 ? std::string() : m_adapters[version]});
        if (!model.ok())
            return model.error();
        Result<GenerationResult> result = (*model)->generate(request, stop);
        if (!result.ok())
            return result.error();
        for (Completion& completion : result->completions)
            completion.logprobs.clear(); // a server's are not to be trusted
        if (change)
            change(result->completions);
        return DrawnElsewhere{std::move(*result), version};
    }

    bool failsToTake = false;
    bool alwaysFirst = false;
    std::function<void(std::vector<Completion>&)> change;
    std::vector<int> published, forgotten;

private:
    const fs::path m_model;
    std::map<int, std::string> m_adapters;
    int m_newest = 0;
};

} // namespace

class TestRolloutsElsewhere : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(precedent_engine()->configure({1}).ok());
        const std::string problem = makeTinyModel(model());
        QVERIFY2(problem.empty(), problem.c_str());
    }

    void withEachStepsWeightsItIsTheRunOfOneMachine()
    {
        const QTemporaryDir hereFolder, thereFolder;
        const auto source = std::make_shared<OtherEngine>(model());
        const Finished here = runThrough(settings(hereFolder));
        const Finished there = runThrough(served(thereFolder, source));
        QVERIFY2(there.state == RunState::finished, (there.error + there.recorder->lastMessage).c_str());
        QCOMPARE(source->published, (std::vector<int>{1, 2, 3}));
        QCOMPARE(source->forgotten, (std::vector<int>{1, 2}));
        QCOMPARE(there.recorder->all.size(), here.recorder->all.size());
        for (std::size_t i = 0; i < here.recorder->all.size(); ++i) {
            QCOMPARE(there.recorder->all[i].completion, here.recorder->all[i].completion);
            QCOMPARE(there.recorder->all[i].reward, here.recorder->all[i].reward);
        }
        const auto adapter = [](const Finished& run) {
            return numbersIn(fs::path(run.recorder->checkpoints.back().folder) / "adapter_model.safetensors");
        };
        const double apart = difference(adapter(here), adapter(there));
        QVERIFY2(apart < 1e-5, qPrintable(QString::number(apart))); // its log-probabilities are summed in another order
        QCOMPARE(versionsOf(there), (std::vector<double>{0, 1, 2, 3}));
    }

    void olderWeightsDrawAndTheRatioIsAgainstThem()
    {
        const QTemporaryDir output;
        const auto source = std::make_shared<OtherEngine>(model());
        RunInputs inputs = served(output, source);
        inputs.spec.rolloutPublishSteps = 2;
        inputs.spec.rolloutMaxStaleness = 1;
        inputs.spec.learningRate = 2e-2; // far enough in a step to be clipped
        const Finished run = runThrough(inputs);
        QVERIFY2(run.state == RunState::finished, (run.error + run.recorder->lastMessage).c_str());
        QCOMPARE(versionsOf(run), (std::vector<double>{0, 0, 2, 2}));
        QCOMPARE(source->published, std::vector<int>{2});
        const auto clipped = [&](std::size_t step) { return run.recorder->steps[step].metrics.at("clip_ratio"); };
        QCOMPARE(clipped(0), 0.0);
        QVERIFY2(clipped(1) > 0, qPrintable(QString::number(clipped(1))));
        QCOMPARE(clipped(2), 0.0);
        QVERIFY2(clipped(3) > 0, qPrintable(QString::number(clipped(3))));
    }

    void whatIsTooOldIsRefused()
    {
        const QTemporaryDir output;
        const auto source = std::make_shared<OtherEngine>(model());
        source->alwaysFirst = true;
        RunInputs inputs = served(output, source);
        inputs.spec.rolloutMaxStaleness = 1;
        const Finished run = runThrough(inputs);
        QCOMPARE(run.state, RunState::failed);
        QCOMPARE(run.recorder->steps.size(), std::size_t{2});
        QVERIFY2(
            run.recorder->lastMessage.find("behind step 0, which are 2 steps old") != std::string::npos, run.recorder->lastMessage.c_str());
        QCOMPARE(run.recorder->checkpoints.back().step, 2); // and the run can go on
    }

    void aServerThatTakesNoAdapterEndsTheRun()
    {
        const QTemporaryDir output;
        const auto source = std::make_shared<OtherEngine>(model());
        source->failsToTake = true;
        const Finished run = runThrough(served(output, source));
        QCOMPARE(run.state, RunState::failed);
        QVERIFY2(run.recorder->lastMessage.find("It knows no adapters.") != std::string::npos, run.recorder->lastMessage.c_str());
        source->failsToTake = false;
        const Finished more = runThrough(served(output, source), Begin::resume);
        QVERIFY2(more.state == RunState::finished, (more.error + more.recorder->lastMessage).c_str());
        QCOMPARE(more.recorder->steps.front().step, 2);
    }

    void whatNoModelDrawsIsRefused_data()
    {
        using Change = std::function<void(std::vector<Completion>&)>;
        QTest::addColumn<Change>("change");
        QTest::addColumn<QString>("says");
        QTest::newRow("an id outside the vocabulary")
            << Change([](auto& all) { all[1].ids[0] = 1 << 20; }) << "a token id outside the vocabulary";
        QTest::newRow("a negative id") << Change([](auto& all) { all[1].ids[0] = -1; }) << "a token id outside the vocabulary";
        QTest::newRow("one too few") << Change([](auto& all) { all.pop_back(); }) << "are missing";
        QTest::newRow("one twice") << Change([](auto& all) { all[1].index = all[0].index; }) << "are missing";
        QTest::newRow("of no prompt") << Change([](auto& all) { all[0].prompt = 77; }) << "nobody asked for";
        QTest::newRow("no token") << Change([](auto& all) { all[0].ids.clear(); }) << "has 0 tokens";
        QTest::newRow("too many tokens") << Change([](auto& all) { all[0].ids.assign(4000, 5); }) << "has 4000 tokens";
        QTest::newRow("behind its end") << Change([](auto& all) {
            for (Completion& one : all)
                one.ids.insert(one.ids.begin(), one.ids.back());
        }) << "goes on behind its end";
        QTest::newRow("not ended") << Change([](auto& all) {
            for (Completion& one : all)
                one.stopReason = one.stopReason == StopReason::stopId ? StopReason::length : StopReason::stopId;
        }) << "to end otherwise";
    }

    void whatNoModelDrawsIsRefused()
    {
        QFETCH(std::function<void(std::vector<Completion>&)>, change);
        QFETCH(QString, says);
        const QTemporaryDir output;
        const auto source = std::make_shared<OtherEngine>(model());
        source->change = change;
        const Finished run = runThrough(served(output, source));
        QCOMPARE(run.state, RunState::failed);
        QVERIFY2(QString::fromStdString(run.recorder->lastMessage).contains(says), run.recorder->lastMessage.c_str());
        QVERIFY(run.recorder->steps.empty());
    }

private:
    [[nodiscard]] fs::path model() const { return m_folder.path().toStdString() + "/model"; }

    [[nodiscard]] RunInputs settings(const QTemporaryDir& output) const
    {
        RunInputs inputs = tinyInputs(model(), output.path().toStdString());
        inputs.spec.maxSteps = 4;
        inputs.spec.useLora = true;
        inputs.spec.loraR = 4;
        inputs.spec.beta = 0.05;
        return inputs;
    }
    [[nodiscard]] RunInputs served(const QTemporaryDir& output, std::shared_ptr<RolloutSource> source) const
    {
        RunInputs inputs = settings(output);
        inputs.spec.rolloutEndpoint = "tiny@http://127.0.0.1/v1";
        inputs.rolloutSource = std::move(source);
        return inputs;
    }
    [[nodiscard]] static std::vector<double> versionsOf(const Finished& run)
    {
        std::vector<double> versions;
        for (const StepRecord& step : run.recorder->steps)
            versions.push_back(step.metrics.at("rollouts/version"));
        return versions;
    }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestRolloutsElsewhere)
#include "tst_rollouts_elsewhere.moc"
