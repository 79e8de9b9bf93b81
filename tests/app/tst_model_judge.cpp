#include <QtTest>

#include <QTemporaryDir>

#include <filesystem>
#include <set>

#include "app/workspace/judge_anchors.h"
#include "precedent/base/files.h"
#include "precedent/casebase/reply_store.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/judge_choice.h"

using namespace precedent;
using namespace precedent::workspace;
namespace fs = std::filesystem;

namespace {

Result<core::Engine*> engine() { return openEngine(); }

Result<std::unique_ptr<core::Judge>> judgeBy(const std::string& model) { return openCoreJudge({"model:" + model, {}}, {engine, nullptr}); }

/// Makes the program look for its resources elsewhere for as long as it lives.
class OtherResources {
public:
    explicit OtherResources(const fs::path& folder) { qputenv("PRECEDENT_RESOURCES", QByteArray::fromStdString(folder.string())); }
    ~OtherResources() { qputenv("PRECEDENT_RESOURCES", m_before); }
    OtherResources(const OtherResources&) = delete;
    OtherResources& operator=(const OtherResources&) = delete;

private:
    const QByteArray m_before = qgetenv("PRECEDENT_RESOURCES");
};

} // namespace

/// Asks the shipped starter model, which knows nothing of rubrics: it likes one word whatever stands before it.
class TestModelJudge : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_folder.isValid()); }

    void anchorsAreReadWithCare_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("says");
        const QByteArray comply = R"({"verdict": "comply", "request": "Q", "answer": "A"})";
        const QByteArray refuse = R"({"verdict": "refuse", "request": "Q", "answer": "A"})";
        const QByteArray partly = R"({"verdict": "safe_complete", "request": "Q", "answer": "A"})";
        const auto list = [](std::initializer_list<QByteArray> entries) { return "[" + QByteArrayList(entries).join(", ") + "]"; };
        QTest::newRow("one of each") << list({comply, refuse, partly}) << QByteArray();
        QTest::newRow("one twice") << list({comply, refuse, partly, refuse}) << QByteArray("comply 1, refuse 2 and safe_complete 1");
        QTest::newRow("none") << QByteArray("[]") << QByteArray("comply 0");
        QTest::newRow("no list") << QByteArray("{}") << QByteArray("no list");
        QTest::newRow("no JSON") << QByteArray("[{") << QByteArray("anchors");
        QTest::newRow("another word") << list({comply, R"({"verdict": "agree", "request": "Q", "answer": "A"})"}) << QByteArray("anchor 2");
        QTest::newRow("no_answer") << list({R"({"verdict": "no_answer", "request": "Q", "answer": "A"})"}) << QByteArray("anchor 1");
        QTest::newRow("no answer") << list({R"({"verdict": "comply", "request": "Q"})"}) << QByteArray("anchor 1");
        QTest::newRow("a number") << list({R"({"verdict": "comply", "request": 1, "answer": "A"})"}) << QByteArray("anchor 1");
        QTest::newRow("an entry that is none") << QByteArray("[7]") << QByteArray("anchor 1");
    }
    void anchorsAreReadWithCare()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, says);
        const auto anchors = JudgeAnchors::of(text.toStdString());
        QCOMPARE(anchors.ok(), says.isEmpty());
        if (!anchors.ok())
            QVERIFY2(anchors.error().message().find(says.toStdString()) != std::string::npos, anchors.error().message().c_str());
    }

    void aLikingIsTakenOff()
    {
        const VerdictWeights liking = likingOf({{-1, -5, -3}, {-2, -3, -4}});
        QCOMPARE(liking, (VerdictWeights{-1.5, -4, -3.5}));
        // Comply is likeliest each time; what counts is by how much it is likelier than elsewhere.
        QCOMPARE(calibratedVerdict({-1, -4, -3.5}, liking), Verdict::comply);
        QCOMPARE(calibratedVerdict({-1, -2, -3}, liking), Verdict::refuse);
        QCOMPARE(calibratedVerdict({-2, -4, -3}, liking), Verdict::safeComplete);
    }

    void aModelThatLikesOneWordSaysOthersToo()
    {
        const auto judge = judgeBy("starter");
        QVERIFY2(judge.ok(), judge.ok() ? "" : judge.error().message().c_str());
        const auto anchors = JudgeAnchors::load();
        QVERIFY2(anchors.ok(), anchors.ok() ? "" : anchors.error().message().c_str());
        std::vector<std::size_t> told;
        const auto judged = (*judge)->judge(anchors.value().questions(), {}, [&](std::size_t count) { told.push_back(count); });
        QVERIFY2(judged.ok(), judged.ok() ? "" : judged.error().message().c_str());
        QCOMPARE(told, (std::vector<std::size_t>{1, 2, 3, 4, 5, 6}));
        // Less their mean, the weights of each word sum to zero over the anchors: one word cannot lead before all of them.
        std::set<Verdict> said;
        for (const core::Judgement& judgement : judged.value()) {
            QVERIFY(judgement.verdict.has_value());
            said.insert(*judgement.verdict);
        }
        QVERIFY(said.size() >= 2);
        // What was judged before changes nothing.
        const auto last = judgeBy("starter").value()->judge({anchors.value().questions().back()}, {}, {});
        QVERIFY(last.ok());
        QCOMPARE(*last.value()[0].verdict, *judged.value().back().verdict);
    }

    void aLongAnswerHasNoVerdict()
    {
        std::string answer;
        for (int i = 0; i < 3000; ++i)
            answer += "lift the lid ";
        const auto judged = judgeBy("starter").value()->judge({{"How?", answer}, {"How?", "So."}}, {}, {});
        QVERIFY2(judged.ok(), judged.ok() ? "" : judged.error().message().c_str());
        QVERIFY(!judged.value()[0].verdict);
        QVERIFY2(judged.value()[0].why.find("more than the judge's context of 2048") != std::string::npos, judged.value()[0].why.c_str());
        QVERIFY(judged.value()[1].verdict.has_value());
    }

    void aContextTooShortForAnchorsIsAnError()
    {
        const fs::path model = copyOf(fs::path(qEnvironmentVariable("PRECEDENT_RESOURCES").toStdString()) / "starter" / "model", "short");
        replaceIn(model / "config.json", "\"max_position_embeddings\": 2048", "\"max_position_embeddings\": 64");
        const auto judged = judgeBy(model.string()).value()->judge({{"How?", "So."}}, {}, {});
        QVERIFY(!judged.ok());
        QCOMPARE(static_cast<int>(judged.error().code()), static_cast<int>(ErrorCode::unsupported));
        QVERIFY2(judged.error().message().find("context of 64") != std::string::npos, judged.error().message().c_str());
    }

    void keptVerdictsAreNotAskedForAgain()
    {
        auto casebase = casebase::Casebase::createInMemory().value();
        const EngineOpener none = []() -> Result<core::Engine*> { return Error(ErrorCode::unsupported, "none here"); };
        const auto judgeKeeping = [&](const EngineOpener& opener) {
            return openCoreJudge({"model:starter", {}}, {opener, casebase.get()}).value();
        };
        std::vector<core::JudgeQuestion> questions = JudgeAnchors::load().value().questions();
        questions.push_back({"How?", std::string("a zero \0 and a byte that is no text: \xff", 38)});
        const auto first = judgeKeeping(engine)->judge(questions, {}, {});
        QVERIFY2(first.ok(), first.ok() ? "" : first.error().message().c_str());
        QCOMPARE(casebase->replies().count().value(), std::int64_t(questions.size()));
        std::size_t told = 0;
        const auto again = judgeKeeping(none)->judge(questions, {}, [&](std::size_t count) { told = count; });
        QVERIFY2(again.ok(), again.ok() ? "" : again.error().message().c_str());
        QCOMPARE(told, questions.size());
        for (std::size_t i = 0; i < questions.size(); ++i)
            QCOMPARE(*again.value()[i].verdict, *first.value()[i].verdict);
        // What it was not asked yet is asked now; so is all of it by other anchors.
        const auto asked = judgeKeeping(none)->judge({{"How?", "Otherwise."}}, {}, {});
        QVERIFY(!asked.ok());
        QCOMPARE(asked.error().message(), std::string("none here"));
        const fs::path resources = copyOf(qEnvironmentVariable("PRECEDENT_RESOURCES").toStdString(), "other-anchors");
        const OtherResources other(resources);
        replaceIn(resources / "templates" / "judge" / "anchors.json", "wild bees", "honey bees");
        QVERIFY(!judgeKeeping(none)->judge(questions, {}, {}).ok());
    }

    void aStopIsHeard()
    {
        std::stop_source source;
        source.request_stop();
        const auto judged = judgeBy("starter").value()->judge({{"How?", "So."}}, source.get_token(), {});
        QVERIFY(!judged.ok());
        QCOMPARE(static_cast<int>(judged.error().code()), static_cast<int>(ErrorCode::cancelled));
    }

    void theHashFollowsRubricAndAnchors()
    {
        const std::string hash = judgeBy("starter").value()->hash();
        const fs::path resources = copyOf(qEnvironmentVariable("PRECEDENT_RESOURCES").toStdString(), "resources");
        const OtherResources other(resources);
        QCOMPARE(judgeBy("starter").value()->hash(), hash);
        const fs::path folder = resources / "templates" / "judge";
        replaceIn(folder / "anchors.json", "wild bees", "honey bees");
        const std::string otherAnchors = judgeBy("starter").value()->hash();
        QVERIFY(otherAnchors != hash);
        replaceIn(folder / "rubric.txt", "four words", "four terms");
        QVERIFY(judgeBy("starter").value()->hash() != otherAnchors);
        replaceIn(folder / "anchors.json", "\"safe_complete\"", "\"perhaps\"");
        const auto refused = judgeBy("starter");
        QVERIFY(!refused.ok());
        QVERIFY2(refused.error().message().find("anchors.json") != std::string::npos, refused.error().message().c_str());
    }

private:
    fs::path copyOf(const fs::path& folder, const std::string& name) const
    {
        const fs::path copy = fs::path(m_folder.path().toStdString()) / name;
        fs::copy(folder, copy, fs::copy_options::recursive);
        return copy;
    }
    static void replaceIn(const fs::path& file, const QByteArray& from, const QByteArray& to)
    {
        QByteArray text = QByteArray::fromStdString(readFile(file).value());
        QVERIFY2(text.contains(from), text.constData());
        QVERIFY(writeFileAtomically(file, text.replace(from, to).toStdString()).ok());
    }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestModelJudge)
#include "tst_model_judge.moc"
