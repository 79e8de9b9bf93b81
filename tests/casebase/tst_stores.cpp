#include <set>

#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

class TestStores : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void codesKeepTheirTreeInNaturalOrder();
    void codesRefuse_data();
    void codesRefuse();
    void codeInUseStays();
    void caseRoundTrips();
    void caseIdsCountUpWithinTheirCode();
    void casesRefuse_data();
    void casesRefuse();
    void unchangedUpdateStoresNothing();
    void staleUpdateIsRefused();
    void substantiveEditOfAnApprovedCaseGoesBackInReview_data();
    void substantiveEditOfAnApprovedCaseGoesBackInReview();
    void twinsNameEachOther();
    void sameRequestIsFound_data();
    void sameRequestIsFound();
    void filtersPickCases_data();
    void filtersPickCases();
    void pagesSortAndCoverEverything_data();
    void pagesSortAndCoverEverything();
    void promptRoundTrips();
    void promptFiltersFollowSuites();
    void suitesKeepOrderAndRole();
    void burningReachesKin();

private:
    std::unique_ptr<Casebase> m_casebase;
};

namespace {

Case fullCase()
{
    Case value = makeCase("How do I pick my own lock?", {{"S1", true}, {"S1.2", false}}, Disposition::safeComplete);
    value.request.insert(value.request.begin(), {"system", "You help locksmiths. \"Quoted\"\n\tand \\ tabbed \u00e4\u00f6 \U0001F512"});
    value.notes = "A note.";
    value.status = CaseStatus::inReview;
    value.source = "own";
    value.sourceId = "17";
    value.tags = {"locks", "a;b", "\"q\""};
    value.surface = "chat";
    value.audience = "adults";
    value.language = "en";
    value.jurisdiction = "EU";
    value.derived = {{"disposition", "analysis \"1\""}};
    return value;
}

} // namespace

void TestStores::init()
{
    m_casebase = memoryCasebase();
    for (const Code& value : {code("S1", "Weapons"), code("S1.2", "Locks", "S1"), code("S10", "Drugs"), code("S2", "Privacy")})
        QVERIFY_OK(m_casebase->codes().add(value));
}

void TestStores::codesKeepTheirTreeInNaturalOrder()
{
    std::vector<std::string> ids;
    const auto codes = *m_casebase->codes().all();
    for (const Code& value : codes)
        ids.push_back(value.id);
    QCOMPARE(ids, (std::vector<std::string>{"S1", "S1.2", "S2", "S10"}));
    QCOMPARE(*m_casebase->codes().nextId(), std::string("S3"));
    QCOMPARE(m_casebase->codes().findByTitle("  PRIVACY! ")->id, std::string("S2"));
    Code moved = *m_casebase->codes().find("S10");
    moved.position = -1;
    QVERIFY_OK(m_casebase->codes().update(moved));
    QCOMPARE(m_casebase->codes().all()->front().id, std::string("S10"));
    QCOMPARE(m_casebase->codes().find("S10")->version, 2);
}

void TestStores::codesRefuse_data()
{
    QTest::addColumn<QString>("id");
    QTest::addColumn<QString>("title");
    QTest::addColumn<QString>("parent");
    QTest::addColumn<QByteArray>("simple");
    QTest::addColumn<int>("error");
    QTest::newRow("no id") << ""
                           << "T"
                           << "" << QByteArray("x") << int(ErrorCode::invalidArgument);
    QTest::newRow("no title") << "S5"
                              << ""
                              << "" << QByteArray("x") << int(ErrorCode::invalidArgument);
    QTest::newRow("space in the id") << "S 5"
                                     << "T"
                                     << "" << QByteArray("x") << int(ErrorCode::invalidArgument);
    QTest::newRow("taken") << "S1"
                           << "T"
                           << "" << QByteArray("x") << int(ErrorCode::alreadyExists);
    QTest::newRow("parent missing") << "S5"
                                    << "T"
                                    << "S4" << QByteArray("x") << int(ErrorCode::notFound);
    QTest::newRow("its own parent") << "S5"
                                    << "T"
                                    << "S5" << QByteArray("x") << int(ErrorCode::invalidArgument);
    QTest::newRow("no UTF-8") << "S5"
                              << "T"
                              << "" << QByteArray("a\xff") << int(ErrorCode::invalidArgument);
    QTest::newRow("NUL") << "S5"
                         << "T"
                         << "" << QByteArray("a\0b", 3) << int(ErrorCode::invalidArgument);
}

void TestStores::codesRefuse()
{
    QFETCH(QString, id);
    QFETCH(QString, title);
    QFETCH(QString, parent);
    QFETCH(QByteArray, simple);
    QFETCH(int, error);
    Code value = code(str(id), str(title), str(parent));
    value.simple = simple.toStdString();
    const auto status = m_casebase->codes().add(value);
    QVERIFY(!status.ok());
    QCOMPARE(int(status.error().code()), error);
    QCOMPARE(m_casebase->info()->codes, 4);
}

void TestStores::codeInUseStays()
{
    QVERIFY_OK(m_casebase->cases().add(makeCase("q", {{"S2", true}})));
    QCOMPARE(int(m_casebase->codes().remove("S2").error().code()), int(ErrorCode::failedPrecondition));
    QCOMPARE(int(m_casebase->codes().remove("S1").error().code()), int(ErrorCode::failedPrecondition));
    QVERIFY_OK(m_casebase->codes().remove("S10"));
    QCOMPARE(int(m_casebase->codes().remove("S10").error().code()), int(ErrorCode::notFound));
}

void TestStores::caseRoundTrips()
{
    const Case before = fullCase();
    const auto id = m_casebase->cases().add(before);
    QVERIFY_OK(id);
    const Case after = *m_casebase->cases().find(*id);
    QVERIFY(after.request == before.request);
    QVERIFY(after.codes == before.codes);
    QCOMPARE(int(after.disposition), int(before.disposition));
    QCOMPARE(after.chain, before.chain);
    QCOMPARE(after.answer, before.answer);
    QCOMPARE(after.notes, before.notes);
    QCOMPARE(int(after.status), int(before.status));
    QCOMPARE(after.source + after.sourceId + after.surface + after.audience + after.language + after.jurisdiction,
        std::string("own17chatadultsenEU"));
    QCOMPARE(after.tags, before.tags);
    QCOMPARE(after.derived, before.derived);
    QCOMPARE(after.version, 1);
    QVERIFY(after.createdMs > 0 && after.createdMs == after.updatedMs);
    QVERIFY_OK(m_casebase->cases().remove(*id));
    QCOMPARE(int(m_casebase->cases().find(*id).error().code()), int(ErrorCode::notFound));
    QCOMPARE(m_casebase->check()->size(), 0U);
}

void TestStores::caseIdsCountUpWithinTheirCode()
{
    QCOMPARE(*m_casebase->cases().add(makeCase("a", {{"S1", true}})), std::string("S1-001"));
    QCOMPARE(*m_casebase->cases().add(makeCase("b", {{"S1.2", true}})), std::string("S1.2-001"));
    QCOMPARE(*m_casebase->cases().add(makeCase("c", {{"S2", false}, {"S1", true}})), std::string("S1-002"));
    QCOMPARE(*m_casebase->cases().add(makeCase("d")), std::string("S0-001"));
    Case given = makeCase("e", {{"S1", true}});
    given.id = "S1-1041";
    QCOMPARE(*m_casebase->cases().add(given), std::string("S1-1041"));
    QCOMPARE(*m_casebase->cases().add(makeCase("f", {{"S1", true}})), std::string("S1-1042"));
    QCOMPARE(int(m_casebase->cases().add(given).error().code()), int(ErrorCode::alreadyExists));
}

void TestStores::casesRefuse_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<int>("error");
    QTest::newRow("no turns") << "empty" << int(ErrorCode::invalidArgument);
    QTest::newRow("blank request") << "blank" << int(ErrorCode::invalidArgument);
    QTest::newRow("unknown role") << "role" << int(ErrorCode::invalidArgument);
    QTest::newRow("unknown code") << "code" << int(ErrorCode::notFound);
    QTest::newRow("unknown twin") << "twin" << int(ErrorCode::notFound);
    QTest::newRow("chain no UTF-8") << "bytes" << int(ErrorCode::invalidArgument);
    QTest::newRow("id with bracket") << "id" << int(ErrorCode::invalidArgument);
}

void TestStores::casesRefuse()
{
    QFETCH(QString, what);
    QFETCH(int, error);
    Case value = makeCase("q", {{"S1", true}});
    if (what == "empty")
        value.request.clear();
    else if (what == "blank")
        value.request = {{"user", " \n"}};
    else if (what == "role")
        value.request.push_back({"robot", "x"});
    else if (what == "code")
        value.codes = {{"S9", true}};
    else if (what == "twin")
        value.twinId = "S1-999";
    else if (what == "bytes")
        value.chain = "\xc0\xaf";
    else
        value.id = "[S1]";
    const auto added = m_casebase->cases().add(value);
    QVERIFY(!added.ok());
    QCOMPARE(int(added.error().code()), error);
    QCOMPARE(m_casebase->info()->cases, 0);
    QCOMPARE(m_casebase->check()->size(), 0U);
}

void TestStores::unchangedUpdateStoresNothing()
{
    const std::string id = *m_casebase->cases().add(fullCase());
    const std::string head = *m_casebase->audit().head();
    QVERIFY_OK(m_casebase->cases().update(*m_casebase->cases().find(id)));
    QCOMPARE(*m_casebase->audit().head(), head);
    QCOMPARE(m_casebase->cases().find(id)->version, 1);
}

void TestStores::staleUpdateIsRefused()
{
    Case value = fullCase();
    value.id = *m_casebase->cases().add(value);
    value.notes = "second";
    QVERIFY_OK(m_casebase->cases().update(value, 1));
    value.notes = "third";
    QCOMPARE(int(m_casebase->cases().update(value, 1).error().code()), int(ErrorCode::failedPrecondition));
    QCOMPARE(m_casebase->cases().find(value.id)->notes, std::string("second"));
    QVERIFY_OK(m_casebase->cases().update(value, 2));
}

void TestStores::substantiveEditOfAnApprovedCaseGoesBackInReview_data()
{
    QTest::addColumn<QString>("field");
    QTest::addColumn<int>("status");
    for (const char* field : {"request", "codes", "disposition", "chain", "answer"})
        QTest::newRow(field) << field << int(CaseStatus::inReview);
    for (const char* field : {"notes", "tags"})
        QTest::newRow(field) << field << int(CaseStatus::approved);
    QTest::newRow("retired") << "retired" << int(CaseStatus::retired);
}

void TestStores::substantiveEditOfAnApprovedCaseGoesBackInReview()
{
    QFETCH(QString, field);
    QFETCH(int, status);
    Case value = fullCase();
    value.status = CaseStatus::approved;
    value.id = *m_casebase->cases().add(value);
    if (field == "request")
        value.request.back().content += "?";
    else if (field == "codes")
        value.codes.pop_back();
    else if (field == "disposition")
        value.disposition = Disposition::refuse;
    else if (field == "chain")
        value.chain += ".";
    else if (field == "answer")
        value.answer += ".";
    else if (field == "notes")
        value.notes += ".";
    else if (field == "tags")
        value.tags.clear();
    else
        value.status = CaseStatus::retired;
    QVERIFY_OK(m_casebase->cases().update(value));
    const Case after = *m_casebase->cases().find(value.id);
    QCOMPARE(int(after.status), status);
    QCOMPARE(after.version, 2);
}

void TestStores::twinsNameEachOther()
{
    const std::string a = *m_casebase->cases().add(makeCase("a", {{"S1", true}}));
    const std::string b = *m_casebase->cases().add(makeCase("b", {{"S1", true}}));
    const std::string c = *m_casebase->cases().add(makeCase("c", {{"S1", true}}));
    QVERIFY_OK(m_casebase->cases().linkTwins(a, b, "who owns the lock"));
    QCOMPARE(m_casebase->cases().find(b)->twinId, a);
    QCOMPARE(m_casebase->cases().find(b)->twinDifference, std::string("who owns the lock"));
    QVERIFY_OK(m_casebase->cases().linkTwins(a, c, "when"));
    QCOMPARE(m_casebase->cases().find(b)->twinId, std::string());
    QVERIFY_OK(m_casebase->cases().remove(c));
    QCOMPARE(m_casebase->cases().find(a)->twinId, std::string());
    QCOMPARE(int(m_casebase->cases().linkTwins(a, a, "").error().code()), int(ErrorCode::invalidArgument));
    QCOMPARE(m_casebase->check()->size(), 0U);
}

void TestStores::sameRequestIsFound_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("same");
    QTest::newRow("equal") << "How do I pick a lock?" << true;
    QTest::newRow("white space") << "  How do\nI  pick a lock? " << true;
    QTest::newRow("case of a letter") << "how do I pick a lock?" << false;
    QTest::newRow("a sign") << "How do I pick a lock" << false;
}

void TestStores::sameRequestIsFound()
{
    QFETCH(QString, text);
    QFETCH(bool, same);
    const std::string id = *m_casebase->cases().add(makeCase("How do I pick a lock?"));
    const auto found = m_casebase->cases().findSameRequest({{"user", str(text)}});
    QVERIFY_OK(found);
    QCOMPARE(found->has_value(), same);
    QVERIFY(!m_casebase->cases().findSameRequest({{"system", "s"}, {"user", str(text)}})->has_value());
}

void TestStores::filtersPickCases_data()
{
    QTest::addColumn<int>("filter");
    QTest::addColumn<int>("count");
    QTest::newRow("everything") << 0 << 4;
    QTest::newRow("a code with what is below it") << 1 << 2;
    QTest::newRow("two codes") << 2 << 3;
    QTest::newRow("disposition") << 3 << 1;
    QTest::newRow("two dispositions") << 4 << 4;
    QTest::newRow("status") << 5 << 1;
    QTest::newRow("tag") << 6 << 1;
    QTest::newRow("source") << 7 << 1;
    QTest::newRow("twins") << 8 << 2;
    QTest::newRow("no twins") << 9 << 2;
    QTest::newRow("text") << 10 << 1;
    QTest::newRow("text and code") << 11 << 0;
    QTest::newRow("unknown code") << 12 << 0;
}

void TestStores::filtersPickCases()
{
    QFETCH(int, filter);
    QFETCH(int, count);
    const std::string a = *m_casebase->cases().add(fullCase());
    const std::string b = *m_casebase->cases().add(makeCase("b", {{"S1.2", true}}));
    QVERIFY_OK(m_casebase->cases().add(makeCase("c", {{"S2", true}})));
    QVERIFY_OK(m_casebase->cases().add(makeCase("zebra", {{"S10", true}})));
    QVERIFY_OK(m_casebase->cases().linkTwins(a, b, "x"));
    std::vector<CaseFilter> filters(13);
    filters[1].codes = {"S1"};
    filters[2].codes = {"S1.2", "S2"};
    filters[3].dispositions = {Disposition::safeComplete};
    filters[4].dispositions = {Disposition::safeComplete, Disposition::comply};
    filters[5].statuses = {CaseStatus::inReview};
    filters[6].tag = "a;b";
    filters[7].source = "own";
    filters[8].hasTwin = true;
    filters[9].hasTwin = false;
    filters[10].text = "zebra";
    filters[11].text = "zebra";
    filters[11].codes = {"S1"};
    filters[12].codes = {"S99"};
    const CaseFilter& chosen = filters[static_cast<std::size_t>(filter)];
    QCOMPARE(*m_casebase->cases().count(chosen), count);
    QCOMPARE(int(m_casebase->cases().all(chosen)->size()), count);
    CaseQuery query;
    query.filter = chosen;
    QCOMPARE(int(m_casebase->cases().page(query)->size()), count);
    query.sort = CaseSort::relevance;
    QCOMPARE(int(m_casebase->cases().page(query)->size()), count);
}

void TestStores::pagesSortAndCoverEverything_data()
{
    QTest::addColumn<int>("sort");
    QTest::addColumn<bool>("descending");
    for (int sort = 0; sort <= int(CaseSort::relevance); ++sort) {
        QTest::addRow("sort %d up", sort) << sort << false;
        QTest::addRow("sort %d down", sort) << sort << true;
    }
}

void TestStores::pagesSortAndCoverEverything()
{
    QFETCH(int, sort);
    QFETCH(bool, descending);
    for (int i = 0; i < 25; ++i) {
        Case value =
            makeCase("common word " + std::to_string(i * 7 % 25), {{"S1", true}}, i % 3 == 0 ? Disposition::refuse : Disposition::comply);
        value.source = i % 2 == 0 ? "even" : "odd";
        QVERIFY_OK(m_casebase->cases().add(value));
    }
    CaseQuery query;
    query.sort = CaseSort(sort);
    query.descending = descending;
    query.filter.text = query.sort == CaseSort::relevance ? "common" : "";
    query.limit = 10;
    std::set<std::string> seen;
    std::vector<CaseSummary> rows;
    for (query.offset = 0; query.offset < 30; query.offset += 10) {
        const auto page = *m_casebase->cases().page(query);
        for (const CaseSummary& row : page) {
            seen.insert(row.id);
            rows.push_back(row);
        }
    }
    QCOMPARE(seen.size(), 25U);
    QCOMPARE(rows.size(), 25U);
    if (query.sort == CaseSort::id)
        QCOMPARE(rows.front().id, std::string(descending ? "S1-025" : "S1-001"));
    if (query.sort == CaseSort::disposition)
        QCOMPARE(int(rows.front().disposition), int(descending ? Disposition::refuse : Disposition::comply));
    QVERIFY(rows.front().requestStart.rfind("common word", 0) == 0);
}

void TestStores::promptRoundTrips()
{
    Prompt before = makePrompt("What is the sum of 2 and 3?", PromptLabel::utility);
    before.messages.insert(before.messages.begin(), {"system", "Be brief."});
    before.governingCodes = {"S1", "S2"};
    before.goalId = "g";
    before.siblingId = "s";
    before.wrapper = "role play";
    before.family = "f";
    before.utilityAnswer = "5";
    before.sourceCaseId = "S1-001";
    before.sourceId = "q 1";
    before.category = "sums";
    before.derived = {{"expected", "from the label"}};
    const auto id = m_casebase->prompts().add(before);
    QVERIFY_OK(id);
    QCOMPARE(*id, std::string("test-q1"));
    const Prompt after = *m_casebase->prompts().find(*id);
    QVERIFY(after.messages == before.messages);
    QCOMPARE(int(after.label), int(before.label));
    QCOMPARE(int(after.expected), int(before.expected));
    QCOMPARE(after.governingCodes, before.governingCodes);
    QCOMPARE(after.goalId + after.siblingId + after.wrapper + after.family + after.utilityAnswer + after.sourceCaseId + after.sourceId +
            after.category,
        std::string("gsrole playf5S1-001q 1sums"));
    QCOMPARE(after.derived, before.derived);
    QCOMPARE(**m_casebase->prompts().findSame(before.messages, PromptLabel::utility), *id);
    QVERIFY(!m_casebase->prompts().findSame(before.messages, PromptLabel::benign)->has_value());
    const auto twin = m_casebase->prompts().add(before);
    QVERIFY_OK(twin);
    QCOMPARE(*twin, std::string("test-q1-2"));
    QVERIFY_OK(m_casebase->prompts().remove(*twin));
}

void TestStores::promptFiltersFollowSuites()
{
    std::vector<std::string> ids;
    for (const char* text : {"alpha", "beta", "gamma"})
        ids.push_back(
            *m_casebase->prompts().add(makePrompt(text, text == std::string("beta") ? PromptLabel::harmful : PromptLabel::benign)));
    QVERIFY_OK(m_casebase->suites().add({"sealed one", SuiteRole::sealed, "d", 0}));
    QVERIFY_OK(m_casebase->suites().addMembers("sealed one", {ids[2], ids[0]}));
    const auto idsOf = [&](const PromptFilter& filter) {
        std::vector<std::string> found;
        const auto prompts = *m_casebase->prompts().all(filter);
        for (const Prompt& prompt : prompts)
            found.push_back(prompt.id);
        return found;
    };
    PromptFilter filter;
    filter.suite = "sealed one";
    QCOMPARE(idsOf(filter), (std::vector<std::string>{ids[2], ids[0]}));
    QCOMPARE(m_casebase->prompts().all(filter, 1, 1)->front().id, ids[0]);
    filter = {};
    filter.notInSuite = "sealed one";
    QCOMPARE(idsOf(filter), (std::vector<std::string>{ids[1]}));
    filter = {};
    filter.outsideSealed = true;
    QCOMPARE(idsOf(filter), (std::vector<std::string>{ids[1]}));
    filter = {};
    filter.labels = {PromptLabel::harmful};
    QCOMPARE(*m_casebase->prompts().count(filter), 1);
    QVERIFY(*m_casebase->prompts().any(filter));
    filter.notSource = m_casebase->prompts().find(ids[1])->source;
    QVERIFY(!*m_casebase->prompts().any(filter));
    filter.notSource = "elsewhere";
    QVERIFY(*m_casebase->prompts().any(filter));
    filter = {};
    filter.text = "gamm";
    QCOMPARE(idsOf(filter), (std::vector<std::string>{ids[2]}));
    QCOMPARE(int(m_casebase->prompts().remove(ids[0]).error().code()), int(ErrorCode::failedPrecondition));
}

void TestStores::suitesKeepOrderAndRole()
{
    QVERIFY_OK(m_casebase->suites().add({"s", SuiteRole::sealed, "d", 0}));
    QCOMPARE(int(m_casebase->suites().add({"s", SuiteRole::working, "", 0}).error().code()), int(ErrorCode::alreadyExists));
    const std::string a = *m_casebase->prompts().add(makePrompt("a"));
    const std::string b = *m_casebase->prompts().add(makePrompt("b"));
    QVERIFY_OK(m_casebase->suites().addMembers("s", {b}));
    QVERIFY_OK(m_casebase->suites().addMembers("s", {b, a}));
    const auto members = m_casebase->suites().members("s");
    QVERIFY_OK(members);
    QCOMPARE(members->size(), 2U);
    QCOMPARE(members->at(0).promptId, b);
    QCOMPARE(members->at(1).promptId, a);
    QCOMPARE(int(m_casebase->suites().addMembers("s", {"none"}).error().code()), int(ErrorCode::notFound));
    QCOMPARE(int(m_casebase->suites().update({"s", SuiteRole::working, "", 0}).error().code()), int(ErrorCode::failedPrecondition));
    QVERIFY_OK(m_casebase->suites().update({"s", SuiteRole::sealed, "other", 0}));
    QCOMPARE(m_casebase->suites().find("s")->description, std::string("other"));
    QVERIFY_OK(m_casebase->suites().remove("s"));
    QCOMPARE(int(m_casebase->suites().members("s").error().code()), int(ErrorCode::notFound));
    QCOMPARE(m_casebase->check()->size(), 0U);
}

void TestStores::burningReachesKin()
{
    const std::string goal = *m_casebase->prompts().add(makePrompt("goal", PromptLabel::harmful));
    Prompt wrapped = makePrompt("wrapped goal", PromptLabel::attack);
    wrapped.goalId = goal;
    const std::string attack = *m_casebase->prompts().add(wrapped);
    Prompt sibling = makePrompt("harmless look-alike");
    sibling.siblingId = goal;
    const std::string twin = *m_casebase->prompts().add(sibling);
    const std::string other = *m_casebase->prompts().add(makePrompt("other"));
    for (const char* name : {"a", "b"})
        QVERIFY_OK(m_casebase->suites().add({name, SuiteRole::sealed, "", 0}));
    QVERIFY_OK(m_casebase->suites().addMembers("a", {attack, twin, other}));
    QVERIFY_OK(m_casebase->suites().addMembers("b", {goal}));
    const auto burned = m_casebase->suites().burn(attack, "filed as a case");
    QVERIFY_OK(burned);
    QCOMPARE(*burned, 3);
    QCOMPARE(*m_casebase->suites().burn(attack, "again"), 0);
    const auto members = *m_casebase->suites().members("a");
    QCOMPARE(members[0].burned, true);
    QCOMPARE(members[1].burnedWhy, std::string("filed as a case"));
    QCOMPARE(members[2].burned, false);
    QCOMPARE(m_casebase->check()->size(), 0U);
}

QTEST_GUILESS_MAIN(TestStores)
#include "tst_stores.moc"
