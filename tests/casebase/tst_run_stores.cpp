#include <array>
#include <cmath>
#include <limits>

#include "casebase/connection.h"
#include "casebase/schema.h"
#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

class TestRunStores : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void verdictsCountOnlyBlindRandomOnes();
    void snapshotsFreezeAndAreContentHashed();
    void runRoundTrips();
    void stepsAreReplacedAndCutBack();
    void evaluationRoundTrips();
    void replyIsKnownByAddressModelAndRequest();
    void olderCasebaseGetsItsReplies();

private:
    std::unique_ptr<Casebase> m_casebase;
};

namespace {

Rollout rollout(int step, int index)
{
    Rollout value;
    value.step = step;
    value.group = 0;
    value.index = index;
    value.promptId = "p";
    value.mode = Mode::cases;
    value.prompt = "rendered prompt";
    value.completion = std::string("raw\0with NUL", 12);
    value.chain = "chain";
    value.answer = "answer";
    value.parseProblem = index == 1 ? "no closing delimiter" : "";
    value.verdict = Verdict::safeComplete;
    value.reward = 0.5 + index;
    value.rewards = {{"disposition", 1.0}, {"format", -0.25}};
    value.advantage = index == 1 ? std::numeric_limits<double>::quiet_NaN() : -1.5;
    value.tokens = 12;
    value.logprob = -34.5;
    value.citations = {{"S1", true, true, false}, {"S1-001", false, true, true}};
    return value;
}

} // namespace

void TestRunStores::init()
{
    m_casebase = memoryCasebase();
    for (const Code& value : {code("S1", "Weapons"), code("S1.2", "Locks", "S1"), code("S10", "Drugs"), code("S2", "Privacy")})
        QVERIFY_OK(m_casebase->codes().add(value));
}

void TestRunStores::verdictsCountOnlyBlindRandomOnes()
{
    for (int i = 0; i < 4; ++i) {
        HumanVerdict verdict;
        verdict.target = VerdictTarget::rollout;
        verdict.targetId = "run-1/1/0/" + std::to_string(i);
        verdict.did = Verdict::refuse;
        verdict.should = Disposition::comply;
        verdict.blind = i % 2 == 0;
        verdict.randomDraw = i < 2;
        verdict.who = "Ada";
        QVERIFY_OK(m_casebase->verdicts().add(verdict));
    }
    QCOMPARE(m_casebase->verdicts().all()->size(), 4U);
    QCOMPARE(m_casebase->verdicts().all(true)->size(), 1U);
    const auto one = m_casebase->verdicts().forTarget(VerdictTarget::rollout, "run-1/1/0/3");
    QVERIFY_OK(one);
    QCOMPARE(one->size(), 1U);
    QCOMPARE(int(one->front().did), int(Verdict::refuse));
    QCOMPARE(int(one->front().should), int(Disposition::comply));
    QCOMPARE(int(m_casebase->verdicts().add({}).error().code()), int(ErrorCode::invalidArgument));
    QCOMPARE(m_casebase->check()->size(), 0U);
}

void TestRunStores::snapshotsFreezeAndAreContentHashed()
{
    const std::string id = *m_casebase->cases().add(makeCase("How do I pick my own lock?", {{"S1", true}}));
    QVERIFY_OK(m_casebase->prompts().add(makePrompt("p")));
    const auto first = m_casebase->snapshots().take();
    QVERIFY_OK(first);
    QCOMPARE(first->codes, 4);
    QCOMPARE(first->cases, 1);
    QCOMPARE(first->hash, m_casebase->snapshots().present()->hash);
    QCOMPARE(m_casebase->snapshots().take()->hash, first->hash);
    QCOMPARE(m_casebase->info()->snapshots, 1);
    Case edited = *m_casebase->cases().find(id);
    edited.chain = "another";
    QVERIFY_OK(m_casebase->cases().update(edited));
    const auto second = m_casebase->snapshots().take();
    QVERIFY_OK(second);
    QVERIFY(second->hash != first->hash);
    QCOMPARE(m_casebase->snapshots().cases(first->hash)->front().chain, makeCase("How do I pick my own lock?", {{"S1", true}}).chain);
    QCOMPARE(m_casebase->snapshots().cases(second->hash.substr(0, 10))->front().chain, std::string("another"));
    QCOMPARE(m_casebase->snapshots().codes(first->hash)->size(), 4U);
    QCOMPARE(m_casebase->snapshots().prompts(first->hash)->size(), 1U);
    // Back to the old text: the old hash.
    edited.chain = makeCase("How do I pick my own lock?", {{"S1", true}}).chain;
    QVERIFY_OK(m_casebase->cases().update(edited));
    QCOMPARE(m_casebase->snapshots().present()->hash, first->hash);
    QVERIFY_OK(m_casebase->snapshots().remove(second->hash));
    QCOMPARE(m_casebase->snapshots().all()->size(), 1U);
    QCOMPARE(int(m_casebase->snapshots().find("zzzz").error().code()), int(ErrorCode::invalidArgument));
    QCOMPARE(int(m_casebase->snapshots().find("00000000").error().code()), int(ErrorCode::notFound));
    QCOMPARE(m_casebase->snapshots().cases(first->hash)->size(), 1U);
}

void TestRunStores::runRoundTrips()
{
    Run run;
    run.name = "first";
    run.specJson = R"({"preset":"cada"})";
    run.inputsHash = "abc";
    run.snapshot = "def";
    run.state = "running";
    run.model = "starter";
    run.folder = "a.casebase.runs/run-1";
    run.steps = 10;
    const auto id = m_casebase->runs().add(run);
    QVERIFY_OK(id);
    QCOMPARE(*id, std::string("run-1"));
    QCOMPARE(*m_casebase->runs().add(run), std::string("run-2"));
    QCOMPARE(m_casebase->runs().find("first")->id, std::string("run-2"));
    QVERIFY_OK(m_casebase->runs().setInputs(*id, "inputs", std::string("a\0b", 3)));
    QCOMPARE(*m_casebase->runs().inputs(*id, "inputs"), std::string("a\0b", 3));
    QCOMPARE(int(m_casebase->runs().inputs(*id, "other").error().code()), int(ErrorCode::notFound));
    const std::map<std::string, double> metrics = {
        {"reward", 0.1}, {"kl", std::numeric_limits<double>::infinity()}, {"loss", std::numeric_limits<double>::quiet_NaN()}};
    QVERIFY_OK(m_casebase->runs().recordStep(*id, {1, metrics, 2.5}, {rollout(1, 0), rollout(1, 1)}));
    const auto steps = m_casebase->runs().steps(*id);
    QVERIFY_OK(steps);
    QCOMPARE(steps->size(), 1U);
    QCOMPARE(steps->front().metrics.at("reward"), 0.1);
    QVERIFY(std::isinf(steps->front().metrics.at("kl")));
    QVERIFY(std::isnan(steps->front().metrics.at("loss")));
    const auto rollouts = m_casebase->runs().rollouts(*id);
    QVERIFY_OK(rollouts);
    QCOMPARE(rollouts->size(), 2U);
    const Rollout expected = rollout(1, 0);
    const Rollout& got = rollouts->front();
    QCOMPARE(got.prompt, expected.prompt);
    QCOMPARE(got.completion, expected.completion);
    QCOMPARE(got.chain + got.answer + got.promptId, expected.chain + expected.answer + expected.promptId);
    QCOMPARE(int(got.verdict), int(expected.verdict));
    QCOMPARE(int(got.mode), int(expected.mode));
    QCOMPARE(got.rewards, expected.rewards);
    QCOMPARE(got.reward, expected.reward);
    QCOMPARE(got.advantage, expected.advantage);
    QCOMPARE(got.logprob, expected.logprob);
    QCOMPARE(got.tokens, expected.tokens);
    QVERIFY(got.citations == expected.citations);
    QVERIFY(std::isnan(rollouts->back().advantage));
    QCOMPARE(rollouts->back().parseProblem, std::string("no closing delimiter"));
    QVERIFY_OK(m_casebase->runs().setState(*id, "failed", "loss is NaN"));
    const Run stored = *m_casebase->runs().find(*id);
    QCOMPARE(stored.state + stored.message, std::string("failedloss is NaN"));
    QCOMPARE(stored.stepsDone, 1);
    QVERIFY(stored.endedMs > stored.startedMs);
    QVERIFY_OK(m_casebase->runs().remove(*id));
    QCOMPARE(int(m_casebase->runs().find(*id).error().code()), int(ErrorCode::notFound));
    QCOMPARE(int(m_casebase->runs().recordStep("none", {}, {}).error().code()), int(ErrorCode::notFound));
    QCOMPARE(m_casebase->check()->size(), 0U);
}

void TestRunStores::stepsAreReplacedAndCutBack()
{
    Run run;
    run.state = "running";
    const std::string id = *m_casebase->runs().add(run);
    for (int step = 1; step <= 6; ++step) {
        QVERIFY_OK(m_casebase->runs().recordStep(id, {step, {{"reward", step}}, 1}, {rollout(step, 0)}));
        if (step % 2 == 0)
            QVERIFY_OK(m_casebase->runs().recordCheckpoint(id, {step, "checkpoint-" + std::to_string(step), "hash", 0}));
    }
    QVERIFY_OK(m_casebase->runs().recordStep(id, {6, {{"reward", 60}}, 1}, {rollout(6, 0), rollout(6, 1)}));
    QCOMPARE(*m_casebase->runs().rolloutCount(id), 7);
    QCOMPARE(m_casebase->runs().rollouts(id, 6)->size(), 2U);
    QCOMPARE(m_casebase->runs().steps(id)->back().metrics.at("reward"), 60.0);
    QVERIFY_OK(m_casebase->runs().truncateAfter(id, 4));
    QCOMPARE(m_casebase->runs().steps(id)->size(), 4U);
    QCOMPARE(*m_casebase->runs().rolloutCount(id), 4);
    QCOMPARE(m_casebase->runs().checkpoints(id)->size(), 2U);
    QVERIFY_OK(m_casebase->runs().removeCheckpoint(id, 2));
    QCOMPARE(m_casebase->runs().checkpoints(id)->front().step, 4);
    // A rollout twice in one step is refused, and the step is not half there.
    QVERIFY(!m_casebase->runs().recordStep(id, {5, {}, 1}, {rollout(5, 0), rollout(5, 0)}).ok());
    QCOMPARE(m_casebase->runs().steps(id)->size(), 4U);
}

void TestRunStores::evaluationRoundTrips()
{
    Evaluation evaluation;
    evaluation.name = "before";
    evaluation.runId = "run-1";
    evaluation.specJson = "{}";
    const auto id = m_casebase->evaluations().add(evaluation);
    QVERIFY_OK(id);
    QCOMPARE(*id, std::string("eval-1"));
    EvaluationRow row;
    row.model = "starter";
    row.mode = Mode::codes;
    row.suite = "s";
    row.axis = "benign";
    row.attack = "w";
    row.promptId = "p";
    row.sample = 2;
    row.completion = "c";
    row.chain = "h";
    row.answer = "a";
    row.verdict = Verdict::refuse;
    row.expected = Disposition::comply;
    row.correct = true;
    row.judge = "grammar";
    row.judgeHash = "123";
    row.selfJudged = true;
    row.burned = true;
    row.suffix = "x y";
    row.scores = {{kHarm, 0.25, "marker \"one\"", "mh", true}, {kNll, 1.5, "base", "bh", false}};
    QVERIFY_OK(m_casebase->evaluations().addRows(*id, {row, row}));
    const auto rows = m_casebase->evaluations().rows(*id);
    QVERIFY_OK(rows);
    QCOMPARE(rows->size(), 2U);
    const EvaluationRow& got = rows->front();
    QCOMPARE(got.suffix, std::string("x y"));
    QVERIFY(got.score(kHarm) != nullptr && got.score(kNll) != nullptr && got.score("other") == nullptr);
    QVERIFY(got.score(kHarm)->value == 0.25 && got.score(kHarm)->by == "marker \"one\"" && got.score(kHarm)->byHash == "mh");
    QVERIFY(got.score(kHarm)->selfJudged && !got.score(kNll)->selfJudged && got.score(kNll)->value == 1.5);
    QCOMPARE(
        got.model + got.suite + got.axis + got.attack + got.promptId + got.completion + got.chain + got.answer + got.judge + got.judgeHash,
        std::string("startersbenignwpchagrammar123"));
    QCOMPARE(int(got.mode), int(Mode::codes));
    QCOMPARE(int(got.verdict), int(Verdict::refuse));
    QCOMPARE(int(got.expected), int(Disposition::comply));
    QVERIFY(got.correct && got.selfJudged && got.burned && got.sample == 2);
    QCOMPARE(m_casebase->evaluations().ofRun("run-1")->size(), 1U);
    QCOMPARE(int(m_casebase->evaluations().addRows("none", {}).error().code()), int(ErrorCode::notFound));
    QVERIFY_OK(m_casebase->evaluations().remove(*id));
    QCOMPARE(m_casebase->evaluations().all()->size(), 0U);
    QCOMPARE(int(m_casebase->evaluations().rows(*id).error().code()), int(ErrorCode::notFound));
}

void TestRunStores::replyIsKnownByAddressModelAndRequest()
{
    ReplyStore& replies = m_casebase->replies();
    QVERIFY_OK(replies.add({"http://a/v1", "m", "{}", "first", false, 0}));
    QVERIFY_OK(replies.add({"http://a/v1", "m", "{}", "second", true, 0}));
    QCOMPARE(replies.count().value(), std::int64_t(1));
    QCOMPARE(replies.find("http://a/v1", "m", "{}")->value().text, std::string("first"));
    QVERIFY(!replies.find("http://a/v1", "m", "{}")->value().cutOff);
    QCOMPARE(replies.add({"http://a/v1", "m", "{}", "third", false, 0})->text, std::string("first"));
    QCOMPARE(
        int(replies.add({"http://a/v1", "m", "{3}", std::string("a\0b", 3), false, 0}).error().code()), int(ErrorCode::invalidArgument));
    for (const auto& [url, model, request] : std::vector<std::array<std::string, 3>>{
             {"http://b/v1", "m", "{}"}, {"http://a/v1", "n", "{}"}, {"http://a/v1", "m", "{ }"}, {"http://a/v1m", "", "{}"}}) {
        const auto found = replies.find(url, model, request);
        QVERIFY_OK(found);
        QVERIFY(!found->has_value());
    }
}

void TestRunStores::olderCasebaseGetsItsReplies()
{
    const Folder folder;
    const auto path = folder.write("old.casebase", "");
    {
        auto connection = Connection::open(path, {});
        QVERIFY_OK(connection);
        createSchema(**connection, {migrations()[0], migrations()[1]});
    }
    auto casebase = Casebase::open(path, OpenMode::readWrite);
    QVERIFY_OK(casebase);
    QVERIFY(std::filesystem::exists(path.string() + ".backup-v2"));
    QVERIFY_OK((*casebase)->replies().add({"http://a/v1", "m", "{}", "kept", true, 0}));
    QCOMPARE((*casebase)->replies().find("http://a/v1", "m", "{}")->value().text, std::string("kept"));
    QVERIFY((*casebase)->replies().find("http://a/v1", "m", "{}")->value().cutOff);
}

QTEST_GUILESS_MAIN(TestRunStores)
#include "tst_run_stores.moc"
