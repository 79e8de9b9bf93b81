#include "casebase/connection.h"
#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

class TestAudit : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyEditIsALink();
    void theChainHoldsNoText();
    void theSameStepsGiveTheSameChain();
    void undoneEditsLeaveNoLink();
    void erasedTextsLeaveAChainThatVerifies();
    void breaksAreFound_data();
    void breaksAreFound();
};

void TestAudit::everyEditIsALink()
{
    auto casebase = memoryCasebase();
    QCOMPARE(*casebase->audit().head(), std::string(64, '0'));
    casebase->setActor("Ada");
    QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
    const std::string id = *casebase->cases().add(makeCase("q", {{"S1", true}}));
    Case edited = *casebase->cases().find(id);
    edited.answer = "another answer";
    casebase->setActor("Grace");
    QVERIFY_OK(casebase->cases().update(edited));
    QVERIFY_OK(casebase->cases().remove(id));
    const auto history = casebase->audit().history("case", id);
    QVERIFY_OK(history);
    QCOMPARE(history->size(), 3U);
    QCOMPARE(history->at(0).action, std::string("add"));
    QCOMPARE(history->at(1).action, std::string("update"));
    QCOMPARE(history->at(2).action, std::string("remove"));
    QCOMPARE(history->at(1).who, std::string("Grace"));
    QCOMPARE(history->at(1).version, 2);
    QCOMPARE(history->at(0).digests.at("request"), history->at(1).digests.at("request"));
    QVERIFY(history->at(0).digests.at("answer") != history->at(1).digests.at("answer"));
    QCOMPARE(history->at(0).digests.at("answer").size(), 64U);
    const auto all = casebase->audit().page(0, 100);
    QVERIFY_OK(all);
    QCOMPARE(all->size(), 4U);
    for (std::size_t i = 1; i < all->size(); ++i)
        QCOMPARE(all->at(i).previous, all->at(i - 1).hash);
    QCOMPARE(*casebase->audit().head(), all->back().hash);
    QCOMPARE(casebase->audit().verify()->size(), 0U);
}

void TestAudit::theChainHoldsNoText()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    const std::string secret = "a very particular sentence";
    {
        auto casebase = newCasebase(path);
        QVERIFY_OK(casebase->cases().add(makeCase(secret)));
        Query q = casebase->connection().query(
            "SELECT group_concat(who || action || kind || id || fields || hex(digests) || hex(hash)) FROM audit");
        QVERIFY(q.next());
        QVERIFY(q.text(0).find("particular") == std::string::npos);
    }
}

void TestAudit::theSameStepsGiveTheSameChain()
{
    std::string heads[2];
    for (std::string& head : heads) {
        auto casebase = memoryCasebase();
        QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
        QVERIFY_OK(casebase->cases().add(makeCase("q", {{"S1", true}})));
        head = *casebase->audit().head();
    }
    QCOMPARE(heads[0], heads[1]);
}

void TestAudit::undoneEditsLeaveNoLink()
{
    auto casebase = memoryCasebase();
    QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
    const std::string head = *casebase->audit().head();
    QVERIFY(!casebase
                 ->transact([&]() -> Status {
                     PRECEDENT_TRY(casebase->codes().add(code("S2", "Drugs")));
                     return Error(ErrorCode::cancelled, "stop");
                 })
                 .ok());
    QCOMPARE(*casebase->audit().head(), head);
    QVERIFY_OK(casebase->codes().add(code("S3", "Privacy")));
    QCOMPARE(casebase->audit().verify()->size(), 0U);
    QCOMPARE(casebase->audit().page(0, 10)->size(), 2U);
}

void TestAudit::erasedTextsLeaveAChainThatVerifies()
{
    auto casebase = memoryCasebase();
    const std::string id = *casebase->cases().add(makeCase("something personal"));
    QVERIFY_OK(casebase->snapshots().take());
    Case erased = *casebase->cases().find(id);
    erased.request = {{"user", "(erased)"}};
    erased.chain.clear();
    erased.answer.clear();
    QVERIFY_OK(casebase->cases().update(erased));
    casebase->connection().execute("DELETE FROM snapshot_texts");
    QCOMPARE(casebase->audit().verify()->size(), 0U);
    QCOMPARE(casebase->check()->size(), 0U);
    QCOMPARE(searchCases(*casebase, "personal", 10)->total, 0);
    QCOMPARE(casebase->snapshots().cases(casebase->snapshots().all()->front().hash)->size(), 0U);
}

void TestAudit::breaksAreFound_data()
{
    QTest::addColumn<QString>("sql");
    QTest::newRow("who") << "UPDATE audit SET who = 'x' WHERE sequence = 2";
    QTest::newRow("when") << "UPDATE audit SET when_ms = when_ms + 1 WHERE sequence = 2";
    QTest::newRow("digest") << "UPDATE audit SET digests = zeroblob(64) WHERE sequence = 2";
    QTest::newRow("hash") << "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 2";
    QTest::newRow("first missing") << "DELETE FROM audit WHERE sequence = 1";
    QTest::newRow("middle missing") << "DELETE FROM audit WHERE sequence = 2";
    QTest::newRow("last missing") << "DELETE FROM audit WHERE sequence = 3";
    QTest::newRow("two exchanged") << "UPDATE audit SET sequence = 10 WHERE sequence = 2; UPDATE audit SET sequence = 2 WHERE sequence = "
                                      "3; UPDATE audit SET sequence = 3 WHERE sequence = 10";
    QTest::newRow("text changed") << "UPDATE codes SET detailed = detailed || '.' WHERE id = 'S3'";
    QTest::newRow("code removed from a case's list") << "UPDATE codes SET position = 7 WHERE id = 'S1'";
}

void TestAudit::breaksAreFound()
{
    QFETCH(QString, sql);
    auto casebase = memoryCasebase();
    for (const char* id : {"S1", "S2", "S3"})
        QVERIFY_OK(casebase->codes().add(code(id, std::string("Title ") + id)));
    QCOMPARE(casebase->audit().verify()->size(), 0U);
    casebase->connection().execute(str(sql));
    QVERIFY(!casebase->audit().verify()->empty());
}

QTEST_GUILESS_MAIN(TestAudit)
#include "tst_audit.moc"
