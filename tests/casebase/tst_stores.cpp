#include <cmath>
#include <limits>
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
    void verdictsCountOnlyBlindRandomOnes();
    void snapshotsFreezeAndAreContentHashed();
    void runRoundTrips();
    void stepsAreReplacedAndCutBack();
    void evaluationRoundTrips();

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

void TestStores::verdictsCountOnlyBlindRandomOnes()
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

void TestStores::snapshotsFreezeAndAreContentHashed()
{
    const std::string id = *m_casebase->cases().add(fullCase());
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
    QCOMPARE(m_casebase->snapshots().cases(first->hash)->front().chain, fullCase().chain);
    QCOMPARE(m_casebase->snapshots().cases(second->hash.substr(0, 10))->front().chain, std::string("another"));
    QCOMPARE(m_casebase->snapshots().codes(first->hash)->size(), 4U);
    QCOMPARE(m_casebase->snapshots().prompts(first->hash)->size(), 1U);
    // Back to the old text: the old hash.
    edited.chain = fullCase().chain;
    QVERIFY_OK(m_casebase->cases().update(edited));
    QCOMPARE(m_casebase->snapshots().present()->hash, first->hash);
    QVERIFY_OK(m_casebase->snapshots().remove(second->hash));
    QCOMPARE(m_casebase->snapshots().all()->size(), 1U);
    QCOMPARE(int(m_casebase->snapshots().find("zzzz").error().code()), int(ErrorCode::invalidArgument));
    QCOMPARE(int(m_casebase->snapshots().find("00000000").error().code()), int(ErrorCode::notFound));
    QCOMPARE(m_casebase->snapshots().cases(first->hash)->size(), 1U);
}

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

void TestStores::runRoundTrips()
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

void TestStores::stepsAreReplacedAndCutBack()
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

void TestStores::evaluationRoundTrips()
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
    QVERIFY_OK(m_casebase->evaluations().addRows(*id, {row, row}));
    const auto rows = m_casebase->evaluations().rows(*id);
    QVERIFY_OK(rows);
    QCOMPARE(rows->size(), 2U);
    const EvaluationRow& got = rows->front();
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

QTEST_GUILESS_MAIN(TestStores)
#include "tst_stores.moc"
