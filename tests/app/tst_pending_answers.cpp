#include <QtTest/QtTest>

#include <fstream>

#include <QTemporaryDir>

#include "app/workspace/pending_answers.h"
#include "precedent/base/files.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

AskedPrompt asked(std::vector<int> ids, std::uint64_t seed)
{
    AskedPrompt prompt;
    prompt.fitted.ids = std::move(ids);
    prompt.seed = seed;
    return prompt;
}

} // namespace

/// The file that answers wait in until their evaluation is whole.
class TestPendingAnswers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void whatWasKeptIsFoundByPromptAndSeed();
    void linesThatAreNoneArePassedOver_data();
    void linesThatAreNoneArePassedOver();
    void aLineThatWasCutOffSpoilsNoOther();
    void whereNothingCanBeWrittenTheEvaluationGoesOn();
    void removedWithItsFile();

private:
    [[nodiscard]] std::filesystem::path file() const { return m_folder->filePath("a.casebase.runs/pending-0.jsonl").toStdString(); }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestPendingAnswers::whatWasKeptIsFoundByPromptAndSeed()
{
    {
        PendingAnswers answers(file());
        QVERIFY(answers.empty());
        answers.keep(asked({1, 2, 3}, 7), {{40, 41, 2}, true, {}});
        answers.keep(asked({1, 2}, 7), {{50}, false, {}});
        answers.keep(asked({9}, 7), {{}, false, "B"});
        QVERIFY(!answers.empty());
    }
    const PendingAnswers again(file());
    const PendingAnswer* first = again.find(asked({1, 2, 3}, 7));
    QVERIFY(first != nullptr);
    QCOMPARE(first->ids, (std::vector<int>{40, 41, 2}));
    QVERIFY(first->ended && first->letter.empty());
    QCOMPARE(again.find(asked({1, 2}, 7))->ids, std::vector<int>{50});
    QVERIFY(!again.find(asked({1, 2}, 7))->ended);
    QCOMPARE(again.find(asked({9}, 7))->letter, std::string("B"));
    QVERIFY(again.find(asked({1, 2, 3}, 8)) == nullptr);
    QVERIFY(again.find(asked({1, 2, 3, 4}, 7)) == nullptr);
}

void TestPendingAnswers::linesThatAreNoneArePassedOver_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("what is this\n");
    QTest::newRow("zeros") << QByteArray(5000, '\0');
    QTest::newRow("not UTF-8") << QByteArray("{\"prompt\": \"\xff\xfe\", \"ids\": [1]}\n");
    QTest::newRow("a list") << QByteArray("[1, 2]\n");
    QTest::newRow("no prompt") << QByteArray("{\"ids\": [1]}\n");
    QTest::newRow("a prompt that is a number") << QByteArray("{\"prompt\": 3, \"ids\": [1]}\n");
    QTest::newRow("ids that are words") << QByteArray("{\"prompt\": \"x\", \"ids\": [\"a\"]}\n");
    QTest::newRow("a letter that is a list") << QByteArray("{\"prompt\": \"x\", \"letter\": []}\n");
    QTest::newRow("deep") << QByteArray(100000, '[') + '\n';
}

void TestPendingAnswers::linesThatAreNoneArePassedOver()
{
    QFETCH(QByteArray, bytes);
    std::filesystem::create_directories(file().parent_path());
    std::ofstream(file(), std::ios::binary).write(bytes.constData(), bytes.size());
    {
        PendingAnswers answers(file());
        QVERIFY(answers.empty());
        answers.keep(asked({1}, 1), {{5, 6}, true, {}});
    }
    const PendingAnswers again(file());
    QCOMPARE(again.find(asked({1}, 1))->ids, (std::vector<int>{5, 6}));
}

void TestPendingAnswers::aLineThatWasCutOffSpoilsNoOther()
{
    {
        PendingAnswers answers(file());
        answers.keep(asked({1}, 1), {{5, 6}, true, {}});
        answers.keep(asked({2}, 1), {{7, 8}, true, {}});
    }
    std::filesystem::resize_file(file(), std::filesystem::file_size(file()) - 9);
    {
        PendingAnswers answers(file());
        QVERIFY(answers.find(asked({1}, 1)) != nullptr);
        QVERIFY(answers.find(asked({2}, 1)) == nullptr);
        answers.keep(asked({3}, 1), {{9}, true, {}});
    }
    const PendingAnswers again(file());
    QVERIFY(again.find(asked({1}, 1)) != nullptr);
    QVERIFY(again.find(asked({3}, 1)) != nullptr);
}

void TestPendingAnswers::whereNothingCanBeWrittenTheEvaluationGoesOn()
{
    std::filesystem::create_directories(file()); // a folder where the file should be
    PendingAnswers answers(file());
    answers.keep(asked({1}, 1), {{5}, true, {}});
    answers.keep(asked({2}, 1), {{5}, true, {}});
    QVERIFY(answers.empty()); // nothing is promised
}

void TestPendingAnswers::removedWithItsFile()
{
    PendingAnswers answers(file());
    answers.keep(asked({1}, 1), {{5}, true, {}});
    QVERIFY(std::filesystem::exists(file()));
    answers.remove();
    QVERIFY(!std::filesystem::exists(file()));
    QVERIFY(answers.empty());
}

QTEST_GUILESS_MAIN(TestPendingAnswers)
#include "tst_pending_answers.moc"
