#include <QTemporaryDir>
#include <QTest>

#include "core/generate/kernel_choice.h"
#include "core/model/threads.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

class TestKernelChoice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreadCount(2); }
    void aNameTakesAllOfThatSet();
    void whatWasMeasuredIsKept();
    void anotherChoiceThatIsStoredIsTaken();
    void whatCannotBeReadIsMeasuredAgain_data();
    void whatCannotBeReadIsMeasuredAgain();
    void whereNothingCanBeStoredTheChoiceIsTheSameEachTime();

private:
    static fs::path onlyFile(const QTemporaryDir& folder);
};

fs::path TestKernelChoice::onlyFile(const QTemporaryDir& folder)
{
    fs::path found;
    int files = 0;
    for (const auto& entry : fs::directory_iterator(folder.path().toStdString())) {
        found = entry.path();
        ++files;
    }
    return files == 1 ? found : fs::path();
}

void TestKernelChoice::aNameTakesAllOfThatSet()
{
    const QTemporaryDir folder;
    for (const RowKernels* rows : availableRowKernels()) {
        const KernelChoice choice = kernelsNamed(rows->name, folder.path().toStdString());
        QCOMPARE(choice.prefill, rows);
        QCOMPARE(choice.decode, rows);
        if (rows->name == std::string("avx2"))
            QCOMPARE(choice.floats->name, "avx2");
    }
    QVERIFY(QDir(folder.path()).isEmpty()); // nothing was measured
}

void TestKernelChoice::whatWasMeasuredIsKept()
{
    const QTemporaryDir folder;
    const KernelChoice first = kernelsNamed("auto", folder.path().toStdString());
    if (availableRowKernels().size() < 3)
        QSKIP("this processor runs one instruction set only");
    const fs::path file = onlyFile(folder);
    QVERIFY(!file.empty());
    const std::string text = *readFile(file);
    const Json json = *parseJson(text, "choice");
    QCOMPARE(json["prefill"].get<std::string>(), std::string(first.prefill->name));
    QCOMPARE(json["decode"].get<std::string>(), std::string(first.decode->name));
    QVERIFY(json["gigaflops"]["decode"][first.decode->name].get<double>() > 0);
    QVERIFY(json["processor"].get<std::string>().size() > 10);
    (void)kernelsNamed("no such set", folder.path().toStdString());
    QCOMPARE(*readFile(onlyFile(folder)), text);
}

void TestKernelChoice::anotherChoiceThatIsStoredIsTaken()
{
    if (availableRowKernels().size() < 3)
        QSKIP("this processor runs one instruction set only");
    const QTemporaryDir folder;
    (void)storedKernels(folder.path().toStdString());
    Json json = *parseJson(*readFile(onlyFile(folder)), "choice");
    for (const RowKernels* rows : availableRowKernels()) {
        json["prefill"] = rows->name;
        json["decode"] = availableRowKernels()[1]->name;
        QVERIFY(writeFileAtomically(onlyFile(folder), dumpJson(json)).ok());
        const KernelChoice choice = storedKernels(folder.path().toStdString());
        QCOMPARE(choice.prefill, rows);
        QCOMPARE(choice.decode, availableRowKernels()[1]);
    }
}

void TestKernelChoice::whatCannotBeReadIsMeasuredAgain_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("not JSON") << QByteArray("{");
    QTest::newRow("no object") << QByteArray("[1]");
    QTest::newRow("empty") << QByteArray("{}");
    QTest::newRow("another version") << QByteArray(R"({"version": 0, "prefill": "plain", "decode": "plain"})");
    QTest::newRow("another processor") << QByteArray(R"({"version": 1, "processor": "x", "prefill": "plain", "decode": "plain"})");
    QTest::newRow("a number for a name") << QByteArray(R"({"version": 1, "processor": 3, "prefill": 4, "decode": "plain"})");
}

void TestKernelChoice::whatCannotBeReadIsMeasuredAgain()
{
    if (availableRowKernels().size() < 3)
        QSKIP("this processor runs one instruction set only");
    QFETCH(QByteArray, text);
    const QTemporaryDir folder;
    (void)storedKernels(folder.path().toStdString());
    const fs::path file = onlyFile(folder);
    QVERIFY(writeFileAtomically(file, text.toStdString()).ok());
    const KernelChoice choice = storedKernels(folder.path().toStdString());
    QVERIFY(choice.prefill->name != std::string("plain"));
    QCOMPARE((*parseJson(*readFile(file), "choice"))["decode"].get<std::string>(), std::string(choice.decode->name));
}

void TestKernelChoice::whereNothingCanBeStoredTheChoiceIsTheSameEachTime()
{
    const QTemporaryDir folder;
    const fs::path blocked = fs::path(folder.path().toStdString()) / "file";
    QVERIFY(writeFileAtomically(blocked, "not a folder").ok());
    for (int i = 0; i < 2; ++i) {
        const KernelChoice choice = storedKernels(blocked / "data");
        QCOMPARE(choice.prefill, availableRowKernels().back());
        QCOMPARE(choice.decode, availableRowKernels().back());
    }
}

QTEST_GUILESS_MAIN(TestKernelChoice)
#include "tst_kernel_choice.moc"
