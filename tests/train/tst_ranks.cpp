// Several ranks that train one run together, in threads of this process: over memory and over the real Gloo.

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

#include <QTemporaryDir>
#include <QTest>

#include "memory_ranks.h"
#include "precedent/core/engine.h"
#include "run_harness.h"
#include "tests/free_port.h"
#include "tiny_model.h"
#include "weights_difference.h"

using namespace precedent;
using namespace precedent::core;
using namespace precedent::tests;

namespace fs = std::filesystem;

namespace {

using AllRanks = std::vector<std::shared_ptr<Ranks>>;

/// Empty where they could not meet; the reason goes to the log.
AllRanks glooRanks(int size)
{
    AllRanks ranks(static_cast<std::size_t>(size));
    const int port = freePort();
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < size; ++rank) {
        threads.emplace_back([&ranks, rank, size, port] {
            RankPlace place{rank, size, "127.0.0.1", port, "test", std::chrono::seconds(60), std::chrono::seconds(60)};
            auto met = precedent_engine()->meet(place);
            if (met.ok())
                ranks[static_cast<std::size_t>(rank)] = *met;
            else
                qWarning("%s", met.error().message().c_str());
        });
    }
    threads.clear();
    return std::count(ranks.begin(), ranks.end(), nullptr) == 0 ? ranks : AllRanks();
}

AllRanks ranksOf(const QString& kind, int size)
{
    if (kind == "gloo")
        return glooRanks(size);
    AllRanks ranks;
    for (auto& rank : MemoryRanks::make(size))
        ranks.push_back(std::move(rank));
    return ranks;
}

struct RankedEnd {
    Finished lead;
    std::vector<Result<FollowedEnd>> others; ///< from rank 1
};

/// A run on all ranks to its end. `stop` is of the last rank.
RankedEnd runAmong(const AllRanks& ranks, const RunInputs& inputs, Begin begin = Begin::start, std::stop_token stop = {},
    const std::function<void(RunInputs&)>& changeOfLast = {}, const std::function<void(const RunEvent&)>& onEvent = {})
{
    RankedEnd end;
    end.others.assign(ranks.size() - 1, Error(ErrorCode::internal, "It has not begun."));
    std::vector<std::jthread> threads;
    for (std::size_t rank = 1; rank < ranks.size(); ++rank) {
        threads.emplace_back([&, rank] {
            const bool last = rank + 1 == ranks.size();
            RunInputs own = inputs;
            own.judge.reset(); // which does not travel
            if (last && changeOfLast)
                changeOfLast(own);
            end.others[rank - 1] = precedent_engine()->follow(own, begin == Begin::resume, ranks[rank], last ? stop : std::stop_token());
        });
    }
    end.lead = runThrough(
        inputs, begin,
        [&](TrainingRun&, const RunEvent& event) {
            if (onEvent)
                onEvent(event);
        },
        {}, ranks.front());
    return end;
}

/// Judges by nothing but the text, and keeps what it was asked.
class LengthJudge final : public Judge {
public:
    Result<std::vector<Judgement>> judge(
        const std::vector<JudgeQuestion>& questions, const std::stop_token&, const JudgedObserver&) override
    {
        if (fails)
            return Error(ErrorCode::io, "The judge is away.", "Ask later.");
        std::vector<Judgement> judgements;
        for (const JudgeQuestion& question : questions) {
            const std::size_t length = question.answer.size();
            asked.push_back(question.request + " / " + question.answer);
            Judgement one;
            if (length % 3 != 0)
                one.verdict = length % 3 == 1 ? Verdict::refuse : Verdict::comply;
            one.harm = 1.0 / static_cast<double>(length + 3);
            judgements.push_back(one);
        }
        return judgements;
    }
    std::string name() const override { return "length"; }
    std::string hash() const override { return "length"; }

    std::vector<std::string> asked;
    bool fails = false;
};

} // namespace

class TestRanks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(precedent_engine()->configure({1}).ok());
        const std::string problem = makeTinyModel(model());
        QVERIFY2(problem.empty(), problem.c_str());
    }

    void textsOfAnyLengthReachEveryRank_data() { kinds(); }

    void textsOfAnyLengthReachEveryRank()
    {
        QFETCH(QString, kind);
        const AllRanks ranks = ranksOf(kind, 3);
        QVERIFY(!ranks.empty());
        const std::vector<std::string> texts{"", std::string(300'000, 'b') + '\0' + "end", std::string("\xff\0x", 3)};
        std::vector<std::vector<std::string>> heard(3);
        std::vector<std::vector<float>> sums{{1, 0.5F, -3}, {10, 0.25F, -4}, {100, 0, 7}};
        std::vector<std::jthread> threads;
        for (std::size_t rank = 0; rank < 3; ++rank)
            threads.emplace_back([&, rank] {
                for (int times = 0; times < 2; ++times) {
                    if (const auto met = ranks[rank]->exchange(texts[rank]); met.ok())
                        heard[rank] = *met;
                }
                if (!ranks[rank]->sum(sums[rank]).ok())
                    sums[rank].clear();
            });
        threads.clear();
        for (std::size_t rank = 0; rank < 3; ++rank) {
            QVERIFY(heard[rank] == texts);
            QCOMPARE(sums[rank], (std::vector<float>{111, 0.75F, 0}));
        }
    }

    void ranksThatDoNotComeAreNamed()
    {
        RankPlace place{0, 3, "127.0.0.1", freePort(), {}, std::chrono::seconds(1), std::chrono::seconds(1)};
        const auto met = precedent_engine()->meet(place);
        QVERIFY(!met.ok());
        QVERIFY2(met.error().message().find("in 1 s: 1, 2.") != std::string::npos, met.error().message().c_str());
    }

    void impossiblePlacesAreRefused()
    {
        RankPlace tooHigh;
        tooHigh.rank = tooHigh.size = 2;
        QCOMPARE(precedent_engine()->meet(tooHigh).error().code(), ErrorCode::invalidArgument);
        RankPlace noPort;
        noPort.port = 70'000;
        QCOMPARE(precedent_engine()->meet(noPort).error().code(), ErrorCode::invalidArgument);
    }

    void ranksTogetherDoWhatOneDoes_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("size");
        QTest::addColumn<QString>("method");
        for (const char* method : {"grpo adapter", "grpo all weights", "grpo two updates", "sft", "dpo"}) {
            QTest::addRow("%s, 2 in memory", method) << "memory" << 2 << method;
            QTest::addRow("%s, 2 by gloo", method) << "gloo" << 2 << method;
        }
        QTest::newRow("grpo adapter, 3 by gloo") << "gloo" << 3 << "grpo adapter";
        QTest::newRow("more ranks than prompts") << "memory" << 6 << "grpo adapter";
    }

    void ranksTogetherDoWhatOneDoes()
    {
        QFETCH(QString, kind);
        QFETCH(int, size);
        QFETCH(QString, method);
        const AllRanks ranks = ranksOf(kind, size);
        QVERIFY(!ranks.empty());
        const QTemporaryDir aloneFolder, togetherFolder;
        const Finished alone = runThrough(settings(method, aloneFolder));
        QVERIFY2(alone.state == RunState::finished, (alone.error + alone.recorder->lastMessage).c_str());

        const RankedEnd together = runAmong(ranks, settings(method, togetherFolder));

        QVERIFY2(together.lead.state == RunState::finished, (together.lead.error + together.lead.recorder->lastMessage).c_str());
        for (const auto& other : together.others)
            QVERIFY2(other.ok() && other->state == RunState::finished, other.ok() ? "" : other.error().message().c_str());
        // What was drawn is the same to the last token: weights differ only after it.
        const auto &wanted = alone.recorder->all, &got = together.lead.recorder->all;
        QCOMPARE(got.size(), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            QCOMPARE(got[i].completion, wanted[i].completion);
            QCOMPARE(got[i].prompt, wanted[i].prompt);
            QCOMPARE(got[i].reward, wanted[i].reward);
            QCOMPARE(got[i].rewards, wanted[i].rewards);
            QCOMPARE(got[i].advantage, wanted[i].advantage);
            QCOMPARE(got[i].chain, wanted[i].chain);
            QCOMPARE(got[i].verdict, wanted[i].verdict);
        }
        QCOMPARE(together.lead.recorder->steps.size(), alone.recorder->steps.size());
        for (std::size_t i = 0; i < alone.recorder->steps.size(); ++i) {
            const auto a = untimed(alone.recorder->steps[i]), b = untimed(together.lead.recorder->steps[i]);
            QCOMPARE(b.size(), a.size());
            for (const auto& [key, value] : a)
                QVERIFY2(std::abs(b.at(key) - value) <= 1e-5 * std::max(1.0, std::abs(value)),
                    qPrintable(QString("%1: %2 %3").arg(key.c_str()).arg(value, 0, 'g', 12).arg(b.at(key), 0, 'g', 12)));
        }
        // The first moment after one update is the summed gradient, but for a factor.
        const fs::path from = checkpoint(aloneFolder), to = checkpoint(togetherFolder);
        const double gradients =
            difference(numbersIn(from / "optimizer.safetensors", "exp_avg."), numbersIn(to / "optimizer.safetensors", "exp_avg."));
        const char* file = method == "grpo all weights" || method == "sft" ? "model.safetensors" : "adapter_model.safetensors";
        const double weights = difference(numbersIn(from / file), numbersIn(to / file));
        qInfo("%s: gradients apart by %.2g, weights by %.2g", qPrintable(method), gradients, weights);
        QVERIFY(gradients < 1e-5);
        QVERIFY(weights < 1e-5);
    }

    void rank0sJudgePaysAllRanks_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("size");
        QTest::newRow("2 in memory") << "memory" << 2;
        QTest::newRow("3 by gloo") << "gloo" << 3;
        QTest::newRow("more ranks than prompts") << "memory" << 5;
    }

    void rank0sJudgePaysAllRanks()
    {
        QFETCH(QString, kind);
        QFETCH(int, size);
        const AllRanks ranks = ranksOf(kind, size);
        QVERIFY(!ranks.empty());
        const QTemporaryDir aloneFolder, togetherFolder;
        const auto one = std::make_shared<LengthJudge>(), many = std::make_shared<LengthJudge>();

        const Finished alone = runThrough(judged(one, aloneFolder));
        const RankedEnd together = runAmong(ranks, judged(many, togetherFolder));

        QVERIFY2(alone.state == RunState::finished, (alone.error + alone.recorder->lastMessage).c_str());
        QVERIFY2(together.lead.state == RunState::finished, (together.lead.error + together.lead.recorder->lastMessage).c_str());
        QVERIFY(!one->asked.empty());
        QCOMPARE(std::multiset<std::string>(many->asked.begin(), many->asked.end()),
            std::multiset<std::string>(one->asked.begin(), one->asked.end()));
        const auto &wanted = alone.recorder->all, &got = together.lead.recorder->all;
        QCOMPARE(got.size(), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            QCOMPARE(got[i].completion, wanted[i].completion);
            QCOMPARE(got[i].verdict, wanted[i].verdict);
            QCOMPARE(got[i].rewards, wanted[i].rewards);
        }
    }

    void aJudgeThatFailsEndsTheRunOnAllRanks()
    {
        const QTemporaryDir output;
        const auto judge = std::make_shared<LengthJudge>();
        judge->fails = true;
        const RankedEnd end = runAmong(ranksOf("memory", 2), judged(judge, output));
        QCOMPARE(end.lead.state, RunState::failed);
        QVERIFY2(end.lead.recorder->lastMessage.find("The judge is away.") != std::string::npos, end.lead.recorder->lastMessage.c_str());
        QVERIFY(!end.others[0].ok() || end.others[0]->state == RunState::failed);
    }

    void aStopOnAnyRankStopsAll_data() { kinds(); }

    void aStopOnAnyRankStopsAll()
    {
        QFETCH(QString, kind);
        const AllRanks ranks = ranksOf(kind, 2);
        QVERIFY(!ranks.empty());
        const QTemporaryDir output;
        RunInputs inputs = settings("grpo adapter", output);
        inputs.spec.maxSteps = 100'000;
        std::stop_source stop;

        const RankedEnd end = runAmong(ranks, inputs, Begin::start, stop.get_token(), {}, [&](const RunEvent& event) {
            if (const auto* step = std::get_if<StepEvent>(&event); step != nullptr && step->step.step >= 2)
                stop.request_stop();
        });

        QVERIFY2(end.lead.state == RunState::stopped, (end.lead.error + end.lead.recorder->lastMessage).c_str());
        QVERIFY(end.others[0].ok());
        QCOMPARE(end.others[0]->state, RunState::stopped);
        QCOMPARE(end.lead.recorder->checkpoints.back().step, end.lead.recorder->steps.back().step);
    }

    void ranksThatDifferAreRefused()
    {
        const QTemporaryDir output;
        const RankedEnd end = runAmong(ranksOf("memory", 3), settings("grpo adapter", output), Begin::start, {},
            [](RunInputs& inputs) { inputs.contentHash = "another"; });
        QVERIFY2(end.lead.error.find("frozen inputs of rank 2") != std::string::npos, end.lead.error.c_str());
        for (const auto& other : end.others) {
            QVERIFY(!other.ok());
            QCOMPARE(other.error().message().substr(0, end.lead.error.size()), end.lead.error);
        }
    }

    void aRankThatCannotBeginIsNamedOnAll()
    {
        const QTemporaryDir output;
        const RankedEnd end = runAmong(ranksOf("memory", 2), settings("grpo adapter", output), Begin::start, {},
            [](RunInputs& inputs) { inputs.modelFolder = "/nowhere"; });
        QVERIFY2(end.lead.error.find("Rank 1: ") == 0 && end.lead.error.find("/nowhere") != std::string::npos, end.lead.error.c_str());
        QVERIFY(!end.others[0].ok());
    }

    void aLostRankFailsTheRunAndAnyNumberGoesOn_data()
    {
        QTest::addColumn<int>("goesOn");
        QTest::newRow("one goes on") << 1;
        QTest::newRow("two go on") << 2;
        QTest::newRow("three go on") << 3;
    }

    void aLostRankFailsTheRunAndAnyNumberGoesOn()
    {
        QFETCH(int, goesOn);
        const QTemporaryDir output;
        RunInputs inputs = settings("grpo adapter", output);
        inputs.spec.maxSteps = 100'000;
        const auto ranks = MemoryRanks::make(2);
        const RankedEnd end = runAmong({ranks[0], ranks[1]}, inputs, Begin::start, {}, {}, [&](const RunEvent& event) {
            if (const auto* step = std::get_if<StepEvent>(&event); step != nullptr && step->step.step == 3)
                ranks[1]->leave();
        });
        const int done = end.lead.recorder->steps.back().step;
        QCOMPARE(end.lead.state, RunState::failed);
        const std::string says = "A rank was lost. The last checkpoint is that of step " + std::to_string(done) + "; any number of ranks";
        QVERIFY2(end.lead.recorder->lastMessage.find(says) != std::string::npos, end.lead.recorder->lastMessage.c_str());
        QVERIFY(!end.others[0].ok());
        QCOMPARE(end.lead.recorder->checkpoints.back().step, done);

        inputs.spec.maxSteps = done + 2;
        const Finished more =
            goesOn == 1 ? runThrough(inputs, Begin::resume) : runAmong(ranksOf("memory", goesOn), inputs, Begin::resume).lead;
        QVERIFY2(more.state == RunState::finished, (more.error + more.recorder->lastMessage).c_str());
        QCOMPARE(more.recorder->steps.front().step, done + 1);
        QCOMPARE(more.recorder->steps.back().step, done + 2);
    }

private:
    static void kinds()
    {
        QTest::addColumn<QString>("kind");
        QTest::newRow("in memory") << "memory";
        QTest::newRow("by gloo") << "gloo";
    }

    [[nodiscard]] fs::path model() const { return m_folder.path().toStdString() + "/model"; }

    [[nodiscard]] static fs::path checkpoint(const QTemporaryDir& output)
    {
        fs::path newest;
        for (const auto& entry : fs::directory_iterator(output.path().toStdString()))
            newest = entry.path();
        return newest;
    }

    /// One update, of the method, that a prefix and a group's size divide unevenly.
    [[nodiscard]] RunInputs settings(const QString& method, const QTemporaryDir& output) const
    {
        RunInputs inputs = tinyInputs(model(), output.path().toStdString());
        RunSpec& spec = inputs.spec;
        spec.maxSteps = 1;
        spec.beta = 0.05;
        spec.useLora = method != "grpo all weights" && method != "sft";
        spec.loraR = 4;
        spec.loraDropout = 0;
        spec.promptsPerStep = 3; // of two ranks one has more
        // Adam's first step moves a weight by the whole rate, also where its gradient is all but rounding: as the quickstart's, not the
        // tiny model's large one. A rank that did nothing would leave the weights a hundred times further apart than the bound.
        if (method == "grpo all weights")
            spec.learningRate = 1e-4;
        if (method == "grpo two updates")
            spec.numIterations = 2;
        if (method == "sft") {
            spec.method = Method::sft;
            spec.sftExamples = SftExamples::cases;
            spec.batchSize = 3;
            for (std::size_t i = 0; i < tinyRequests().size(); ++i) {
                const std::string chain = "I see. So " + std::string(i < 2 ? "refuse." : "comply.");
                inputs.cases.push_back({"c" + std::to_string(i), {{"user", tinyRequests()[i]}}, {},
                    i < 2 ? Disposition::refuse : Disposition::comply, chain, i < 2 ? "No, sorry." : "Yes, here.", {}});
                inputs.exampleCases.push_back(inputs.cases.back().id);
            }
        }
        if (method == "dpo") {
            spec.method = Method::dpo;
            spec.selfGenerationSteps = 3;
            spec.selfGenerationMode = {{"none", 1.0}};
            spec.batchSize = 3;
            spec.maxSteps = 4;
        }
        return inputs;
    }

    /// Three steps that `judge` pays.
    [[nodiscard]] RunInputs judged(std::shared_ptr<Judge> judge, const QTemporaryDir& output) const
    {
        RunInputs inputs = settings("grpo adapter", output);
        inputs.spec.maxSteps = 3;
        inputs.spec.rewardJudge = "endpoint:length@http://127.0.0.1/v1";
        inputs.judge = std::move(judge);
        return inputs;
    }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestRanks)
#include "tst_ranks.moc"
