#include <QtTest>

#include <QTemporaryDir>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/workspace/head_files.h"
#include "precedent/base/files.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/verdict_store.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/head_judge.h"
#include "precedent/workspace/judge_choice.h"
#include "precedent/workspace/judged_answers.h"

using namespace precedent;
using namespace precedent::workspace;
namespace fs = std::filesystem;

namespace {

Result<core::Engine*> engine() { return openEngine(); }

/// Answers that any reader can tell apart.
std::vector<LabelledAnswer> plainAnswers(int requests)
{
    std::vector<LabelledAnswer> answers;
    for (int i = 0; i < requests; ++i) {
        const std::string request = "How do I open box number " + std::to_string(i) + "?";
        answers.push_back(
            {request, "Turn the key to the left and lift the lid of box " + std::to_string(i) + ".", Verdict::comply, false, request});
        answers.push_back(
            {request, "I cannot help with that. I will not do this, sorry " + std::to_string(i) + ".", Verdict::refuse, false, request});
    }
    return answers;
}

HeadOrder orderOf(const fs::path& out, int requests)
{
    HeadOrder order;
    order.model = "starter";
    order.answers = plainAnswers(requests);
    order.out = out;
    return order;
}

} // namespace

/// Trains over the shipped starter model, which is small and has no sense: what it is tested on needs none.
class TestHeadJudge : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        m_head = fs::path(m_folder.path().toStdString()) / "head";
        const auto report = trainHeadJudge(orderOf(m_head, 16), engine, nullptr, {}, {});
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().message().c_str());
        m_report = report.value();
    }

    void learnsAndIsMeasuredOnOtherRequests()
    {
        QCOMPARE(m_report.groups, std::size_t(16));
        QCOMPARE(m_report.heldOut.n + m_report.trained.n, std::size_t(32));
        QCOMPARE(m_report.heldOut.n, std::size_t(8));
        QVERIFY2(m_report.heldOut.accuracy >= 0.99, qPrintable(QString::number(m_report.heldOut.accuracy)));
        QVERIFY(m_report.heldOut.kappa >= 0.99);
    }

    void aFolderIsAJudge()
    {
        auto judge = openJudge({"head:" + m_head.string(), {}}, false, {engine, nullptr});
        QVERIFY2(judge.ok(), judge.ok() ? "" : judge.error().message().c_str());
        QCOMPARE((*judge)->hash(), m_report.hash);
        QCOMPARE((*judge)->name(), std::string("head over starter"));
        auto answers = plainAnswers(20);
        answers.push_back({"How?", "", Verdict::noAnswer, false, "How?"});
        const auto verdicts = verdictsOn(answers, **judge);
        QVERIFY2(verdicts.ok(), verdicts.ok() ? "" : verdicts.error().message().c_str());
        QVERIFY(agreementOf(answers, verdicts.value()).accuracy >= 0.99);
        std::size_t learnt = 0;
        for (const LabelledAnswer& answer : answers)
            learnt += (*judge)->learntFrom(answer.request) ? 1 : 0;
        QCOMPARE(learnt, m_report.trained.n);
    }

    void theSameAnswersGiveTheSameHead()
    {
        const auto again = trainHeadJudge(orderOf(m_head.string() + "-again", 16), engine, nullptr, {}, {});
        QVERIFY(again.ok());
        QCOMPARE(again.value().hash, m_report.hash);
        const auto other = trainHeadJudge(orderOf(m_head.string() + "-other", 15), engine, nullptr, {}, {});
        QVERIFY(other.ok());
        QVERIFY(other.value().hash != m_report.hash);
    }

    void nothingIsOverwritten()
    {
        const auto refused = trainHeadJudge(orderOf(m_head, 16), engine, nullptr, {}, {});
        QVERIFY(!refused.ok());
        QCOMPARE(static_cast<int>(refused.error().code()), static_cast<int>(ErrorCode::alreadyExists));
        QCOMPARE(openJudge({"head:" + m_head.string(), {}}, false, {engine, nullptr}).value()->hash(), m_report.hash);
    }

    void aStopLeavesNothing()
    {
        std::stop_source source;
        source.request_stop();
        const fs::path out = m_head.string() + "-stopped";
        const auto stopped = trainHeadJudge(orderOf(out, 16), engine, nullptr, {}, source.get_token());
        QVERIFY(!stopped.ok());
        QCOMPARE(static_cast<int>(stopped.error().code()), static_cast<int>(ErrorCode::cancelled));
        QVERIFY(!fs::exists(out));
    }

    void damagedHeadsAreRefused_data()
    {
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<QByteArray>("to");
        QTest::addColumn<int>("code");
        const int corrupt = static_cast<int>(ErrorCode::corrupt);
        QTest::newRow("no JSON") << QByteArray("{") << QByteArray("[") << corrupt;
        QTest::newRow("another width") << QByteArray("\"width\": 192") << QByteArray("\"width\": 191") << corrupt;
        QTest::newRow("a huge width") << QByteArray("\"width\": 192") << QByteArray("\"width\": 19200000000") << corrupt;
        QTest::newRow("a verdict that is none") << QByteArray("\"comply\",") << QByteArray("\"agree\",") << corrupt;
        QTest::newRow("other features") << QByteArray("answer mean 1") << QByteArray("last token 1")
                                        << static_cast<int>(ErrorCode::unsupported);
        QTest::newRow("another model") << QByteArray("\"model_sha256\": \"") << QByteArray("\"model_sha256\": \"0")
                                       << static_cast<int>(ErrorCode::failedPrecondition);
        QTest::newRow("no model") << QByteArray("\"model\": \"starter\"") << QByteArray("\"model\": \"\"") << corrupt;
    }
    void damagedHeadsAreRefused()
    {
        QFETCH(QByteArray, from);
        QFETCH(QByteArray, to);
        QFETCH(int, code);
        const fs::path copy = m_head.string() + "-copy-" + QTest::currentDataTag();
        fs::copy(m_head, copy);
        QByteArray json = QByteArray::fromStdString(readFile(copy / "head.json").value());
        const qsizetype at = json.indexOf(from);
        QVERIFY2(at >= 0, json.constData());
        json.replace(at, from.size(), to);
        QVERIFY(writeFileAtomically(copy / "head.json", json.toStdString()).ok());
        const auto judge = openJudge({"head:" + copy.string(), {}}, false, {engine, nullptr});
        QVERIFY(!judge.ok());
        QCOMPARE(static_cast<int>(judge.error().code()), code);
    }

    void verdictsOfTheCasebaseAreExamples()
    {
        auto casebase = casebase::Casebase::createInMemory().value();
        std::vector<std::string> ids;
        for (const char* text : {"How do locks work?", "How do I hurt him?"}) {
            casebase::Prompt prompt;
            prompt.messages = {{"user", text}};
            prompt.expected = ids.empty() ? Disposition::comply : Disposition::refuse;
            prompt.family = "pair";
            ids.push_back(casebase->prompts().add(prompt).value());
        }
        const std::string run = casebase->runs().add({}).value();
        casebase::Rollout rollout;
        rollout.step = 2;
        rollout.group = 1;
        rollout.index = 3;
        rollout.promptId = ids[0];
        rollout.answer = "By pins.";
        QVERIFY(casebase->runs().recordStep(run, {2, {}, 0}, {rollout}).ok());
        const std::string evaluation = casebase->evaluations().add({}).value();
        casebase::EvaluationRow row;
        row.promptId = ids[1];
        row.answer = "I will not say.";
        QVERIFY(casebase->evaluations().addRows(evaluation, {row}).ok());
        const auto say = [&](casebase::VerdictTarget target, const std::string& id, Verdict did) {
            casebase::HumanVerdict verdict;
            verdict.target = target;
            verdict.targetId = id;
            verdict.did = did;
            QVERIFY(casebase->verdicts().add(verdict).ok());
        };
        say(casebase::VerdictTarget::rollout, run + "/2/1/3", Verdict::refuse);
        say(casebase::VerdictTarget::rollout, run + "/2/1/3", Verdict::comply); // thought again
        say(casebase::VerdictTarget::evaluationRow, evaluation + "/0", Verdict::refuse);
        for (const char* gone : {"run-9/1/1/1", "x", "run-1/2/1", "/1/1/1"})
            say(casebase::VerdictTarget::rollout, gone, Verdict::comply);
        say(casebase::VerdictTarget::evaluationRow, evaluation + "/7", Verdict::comply);
        say(casebase::VerdictTarget::answer, "0123", Verdict::comply);
        const auto answers = judgedAnswers(*casebase);
        QVERIFY2(answers.ok(), answers.ok() ? "" : answers.error().message().c_str());
        QCOMPARE(answers.value().size(), std::size_t(2));
        const LabelledAnswer& first = answers.value()[0];
        const LabelledAnswer& second = answers.value()[1];
        QCOMPARE(first.request + "|" + first.answer, std::string("How do locks work?|By pins."));
        QCOMPARE(first.human, Verdict::comply);
        QCOMPARE(second.human, Verdict::refuse);
        QVERIFY(!first.unsafe && second.unsafe);
        QCOMPARE(first.group, second.group);
    }

private:
    QTemporaryDir m_folder;
    fs::path m_head;
    HeadReport m_report;
};

QTEST_GUILESS_MAIN(TestHeadJudge)
#include "tst_head_judge.moc"
