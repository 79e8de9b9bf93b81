#include <cmath>
#include <limits>

#include "casebase/connection.h"
#include "casebase/schema.h"
#include "casebase_fixture.h"
#include "precedent/base/random.h"
#include "precedent/casebase/dense_index.h"
#include "precedent/casebase/vector_store.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

namespace {

std::vector<std::string> idsOf(const std::vector<Retrieved>& found)
{
    std::vector<std::string> ids;
    for (const Retrieved& hit : found)
        ids.push_back(hit.id);
    return ids;
}

using Ids = std::vector<std::string>;

/// A casebase of three cases with known requests.
class Shelf {
public:
    Shelf()
    {
        for (const char* text : {"How do bees sleep?", "Where do kites land?", "Which lamp is brightest?"}) {
            const auto id = m_casebase->cases().add(makeCase(text));
            m_texts.push_back({id.ok() ? *id : "", text});
        }
    }
    [[nodiscard]] VectorStore& vectors() const { return m_casebase->vectors(); }
    [[nodiscard]] Casebase& casebase() const { return *m_casebase; }
    [[nodiscard]] const std::vector<CaseText>& texts() const { return m_texts; }

private:
    std::unique_ptr<Casebase> m_casebase = std::move(*Casebase::createInMemory());
    std::vector<CaseText> m_texts;
};

const std::vector<float> kSix = {1, 2, 3, 4, 5, 6};

} // namespace

class TestDenseRetrieval : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nearestComeFirst();
    void scoresAreCosinesWhateverTheWidth_data();
    void scoresAreCosinesWhateverTheWidth();
    void orderOfVectorsDoesNotMatter();
    void vectorsOfZerosAreNeverFound();
    void badVectorsAreRefused();
    void aParaphraseIsFoundThatSharesNoWord();
    void fusionFollowsTheFormula();
    void vectorsComeBack();
    void onlyChangedTextsAreMissing();
    void anotherModelsVectorsAreNotUsed();
    void olderModelsAreDropped();
    void aCaseTakesItsVectorsWithIt();
    void damagedVectorsAreMissing();
    void anotherWidthReplacesWhatWasThere();
    void vectorsOfAnotherShapeAreRefused();
    void anOlderFileGetsTheTables();
};

void TestDenseRetrieval::nearestComeFirst()
{
    const auto index = DenseIndex::build({"east", "north", "northeast", "west"}, {2, 0, 0, 5, 3, 3, -1, 0}, 2);
    QVERIFY_OK(index);
    const float query[] = {10, 9};
    QCOMPARE(idsOf(index->query(query, 4)), (Ids{"northeast", "east", "north", "west"}));
    QCOMPARE(idsOf(index->query(query, 2)), (Ids{"northeast", "east"}));
    QCOMPARE(index->query(query, 0).size(), std::size_t{0});
    QCOMPARE(idsOf(DenseIndex::build({"b", "a", "c"}, {1, 1, 2, 2, 3, 3}, 2)->query(query, 2)), (Ids{"a", "b"})); // ties by id
}

void TestDenseRetrieval::scoresAreCosinesWhateverTheWidth_data()
{
    QTest::addColumn<int>("width");
    for (const int width : {1, 3, 15, 16, 17, 640})
        QTest::addRow("%d numbers", width) << width;
}

void TestDenseRetrieval::scoresAreCosinesWhateverTheWidth()
{
    QFETCH(int, width);
    const auto C = static_cast<std::size_t>(width);
    Random random(static_cast<std::uint64_t>(width));
    std::vector<float> values(50 * C), query(C);
    for (auto* list : {&values, &query}) {
        for (float& value : *list)
            value = static_cast<float>(random.uniform() * 2 - 1);
    }
    Ids ids;
    std::vector<std::pair<double, std::string>> expected;
    for (std::size_t i = 0; i < 50; ++i) {
        ids.push_back("c" + std::to_string(100 + i));
        double both = 0, own = 0, other = 0;
        for (std::size_t c = 0; c < C; ++c) {
            both += double{values[i * C + c]} * query[c];
            own += double{values[i * C + c]} * values[i * C + c];
            other += double{query[c]} * query[c];
        }
        expected.emplace_back(both / std::sqrt(own * other), ids.back());
    }
    const auto index = DenseIndex::build(ids, values, C);
    QVERIFY_OK(index);
    const auto found = index->query(query.data(), 50);
    QCOMPARE(found.size(), std::size_t{50});
    for (std::size_t i = 0; i < 50; ++i) {
        const auto own = std::find_if(expected.begin(), expected.end(), [&](const auto& e) { return e.second == found[i].id; });
        QVERIFY(std::abs(own->first - found[i].score) < 1e-5);
        QVERIFY(i == 0 || found[i - 1].score >= found[i].score);
    }
}

void TestDenseRetrieval::orderOfVectorsDoesNotMatter()
{
    const auto forward = DenseIndex::build({"a", "b", "c"}, {1, 0, 0, 1, 1, 1}, 2);
    const auto backward = DenseIndex::build({"c", "b", "a"}, {1, 1, 0, 1, 1, 0}, 2);
    const float query[] = {1, 0.5F};
    QCOMPARE(idsOf(forward->query(query, 3)), idsOf(backward->query(query, 3)));
}

void TestDenseRetrieval::vectorsOfZerosAreNeverFound()
{
    const auto index = DenseIndex::build({"a", "b", "c"}, {1, 0, 0, 0, -1, 0}, 2);
    const float query[] = {1, 0}, nothing[] = {0, 0};
    QCOMPARE(idsOf(index->query(query, 5)), (Ids{"a", "c"}));
    QVERIFY(index->query(nothing, 5).empty());
    QVERIFY(DenseIndex::build({}, {}, 2)->query(query, 5).empty());
}

void TestDenseRetrieval::badVectorsAreRefused()
{
    QCOMPARE(int(DenseIndex::build({"a"}, {1, 2, 3}, 2).error().code()), int(ErrorCode::invalidArgument));
    QCOMPARE(int(DenseIndex::build({"a", "a"}, {1, 2, 3, 4}, 2).error().code()), int(ErrorCode::invalidArgument));
    const auto notFinite = DenseIndex::build({"a", "b"}, {1, 2, std::numeric_limits<float>::quiet_NaN(), 4}, 2);
    QVERIFY(notFinite.error().message().find("vector of b") != std::string::npos);
}

void TestDenseRetrieval::aParaphraseIsFoundThatSharesNoWord()
{
    // Directions set by hand: what is meant, whatever the words.
    const auto words = RetrievalIndex::build({{"knife", "sharpening old blades"}, {"tulip", "planting bulbs every spring"}});
    const auto meaning = DenseIndex::build({"knife", "tulip"}, {0.9F, 0.1F, 0.1F, 0.9F}, 2);
    const std::string asked = "How do I give my cleaver a keen edge?";
    const float vector[] = {0.8F, 0.2F};
    QVERIFY(words->query(asked, 5)->empty());
    QCOMPARE(meaning->query(vector, 1).at(0).id, std::string("knife"));
    QCOMPARE(fuseRanks({*words->query(asked, 5), meaning->query(vector, 5)}).at(0).id, std::string("knife"));
}

void TestDenseRetrieval::fusionFollowsTheFormula()
{
    const auto fused = fuseRanks({{{"a", 9}, {"b", 5}, {"c", 1}}, {{"c", 0.9}, {"d", 0.8}, {"a", 0.7}}});
    const std::vector<Retrieved> expected = {{"a", 1.0 / 61 + 1.0 / 63}, {"c", 1.0 / 63 + 1.0 / 61}, {"b", 1.0 / 62}, {"d", 1.0 / 62}};
    QCOMPARE(idsOf(fused), idsOf(expected));
    for (std::size_t i = 0; i < expected.size(); ++i)
        QVERIFY(std::abs(fused[i].score - expected[i].score) < 1e-15);
    QCOMPARE(fuseRanks({{{"a", 1}}}, 1).at(0).score, 0.5);
    QVERIFY(fuseRanks({}).empty());
}

void TestDenseRetrieval::vectorsComeBack()
{
    const Shelf shelf;
    const auto before = shelf.vectors().find("m", shelf.texts());
    QVERIFY_OK(before);
    QCOMPARE(before->missing, (std::vector<std::size_t>{0, 1, 2}));
    QVERIFY_OK(shelf.vectors().put("m", shelf.texts(), kSix, 2));
    const auto table = shelf.vectors().find("m", {shelf.texts()[2], shelf.texts()[0]});
    QVERIFY_OK(table);
    QCOMPARE(table->width, std::size_t{2});
    QCOMPARE(table->values, (std::vector<float>{5, 6, 1, 2}));
    QVERIFY(table->missing.empty());
}

void TestDenseRetrieval::onlyChangedTextsAreMissing()
{
    const Shelf shelf;
    QVERIFY_OK(shelf.vectors().put("m", shelf.texts(), kSix, 2));
    std::vector<CaseText> texts = shelf.texts();
    texts[1].text += " Say where.";
    const auto table = shelf.vectors().find("m", texts);
    QCOMPARE(table->missing, (std::vector<std::size_t>{1}));
    QCOMPARE(table->values, (std::vector<float>{1, 2, 0, 0, 5, 6}));
    QVERIFY_OK(shelf.vectors().put("m", {texts[1]}, {7, 8}, 2));
    QCOMPARE(shelf.vectors().find("m", texts)->values, (std::vector<float>{1, 2, 7, 8, 5, 6}));
    QCOMPARE(shelf.vectors().find("m", shelf.texts())->missing, (std::vector<std::size_t>{1})); // the old text's is gone
    QCOMPARE(*shelf.vectors().count(), std::int64_t{3});
}

void TestDenseRetrieval::anotherModelsVectorsAreNotUsed()
{
    const Shelf shelf;
    QVERIFY_OK(shelf.vectors().put("m", shelf.texts(), kSix, 2));
    QCOMPARE(shelf.vectors().find("n", shelf.texts())->missing.size(), std::size_t{3});
    QVERIFY_OK(shelf.vectors().put("n", {shelf.texts()[0]}, {9, 9, 9}, 3));
    QCOMPARE(shelf.vectors().find("n", shelf.texts())->missing, (std::vector<std::size_t>{1, 2}));
    QCOMPARE(shelf.vectors().find("m", shelf.texts())->values, kSix);
}

void TestDenseRetrieval::olderModelsAreDropped()
{
    const Shelf shelf;
    for (const char* model : {"a", "b", "c", "a", "d"}) // a is used again before d comes
        QVERIFY_OK(shelf.vectors().put(model, shelf.texts(), kSix, 2));
    QCOMPARE(*shelf.vectors().count("b"), std::int64_t{0});
    for (const char* model : {"a", "c", "d"})
        QCOMPARE(*shelf.vectors().count(model), std::int64_t{3});
}

void TestDenseRetrieval::aCaseTakesItsVectorsWithIt()
{
    const Shelf shelf;
    QVERIFY_OK(shelf.vectors().put("m", shelf.texts(), kSix, 2));
    QVERIFY_OK(shelf.casebase().cases().remove(shelf.texts()[0].id));
    QCOMPARE(*shelf.vectors().count(), std::int64_t{2});
    QCOMPARE(shelf.vectors().find("m", shelf.texts())->missing, (std::vector<std::size_t>{0}));
    QVERIFY_OK(shelf.vectors().put("m", {shelf.texts()[0]}, {1, 2}, 2)); // no such case any more
    QCOMPARE(*shelf.vectors().count(), std::int64_t{2});
    QCOMPARE(shelf.casebase().check()->size(), std::size_t{0});
}

void TestDenseRetrieval::damagedVectorsAreMissing()
{
    const Shelf shelf;
    QVERIFY_OK(shelf.vectors().put("m", shelf.texts(), {1, 2, std::numeric_limits<float>::infinity(), 4, 5, 6}, 2));
    shelf.casebase().connection().execute("UPDATE case_vectors SET vector = x'00' WHERE n = (SELECT max(n) FROM case_vectors)");
    const auto table = shelf.vectors().find("m", shelf.texts());
    QVERIFY_OK(table);
    QCOMPARE(table->missing, (std::vector<std::size_t>{1, 2}));
    QCOMPARE(table->values, (std::vector<float>{1, 2, 0, 0, 0, 0}));
}

void TestDenseRetrieval::anotherWidthReplacesWhatWasThere()
{
    const Shelf shelf;
    QVERIFY_OK(shelf.vectors().put("m", shelf.texts(), kSix, 2));
    QVERIFY_OK(shelf.vectors().put("m", {shelf.texts()[1]}, {1, 2, 3}, 3));
    const auto table = shelf.vectors().find("m", shelf.texts());
    QCOMPARE(table->width, std::size_t{3});
    QCOMPARE(table->missing, (std::vector<std::size_t>{0, 2}));
}

void TestDenseRetrieval::vectorsOfAnotherShapeAreRefused()
{
    const Shelf shelf;
    QCOMPARE(int(shelf.vectors().put("m", shelf.texts(), {1, 2, 3}, 2).error().code()), int(ErrorCode::invalidArgument));
    QCOMPARE(int(shelf.vectors().put("m", {}, {}, 0).error().code()), int(ErrorCode::invalidArgument));
    QCOMPARE(*shelf.vectors().count(), std::int64_t{0});
}

void TestDenseRetrieval::anOlderFileGetsTheTables()
{
    const Folder folder;
    const auto path = folder / "old.casebase";
    std::vector<Migration> old = migrations();
    old.resize(2);
    folder.write("old.casebase", {});
    {
        auto connection = Connection::open(path, {});
        QVERIFY_OK(connection);
        createSchema(**connection, old);
    }
    const auto opened = Casebase::open(path, OpenMode::readWrite);
    QVERIFY_OK(opened);
    const auto id = (*opened)->cases().add(makeCase("How do bees sleep?"));
    QVERIFY_OK(id);
    QVERIFY_OK((*opened)->vectors().put("m", {{*id, "How do bees sleep?"}}, {1, 2}, 2));
    QCOMPARE(*(*opened)->vectors().count(), std::int64_t{1});
}

QTEST_GUILESS_MAIN(TestDenseRetrieval)
#include "tst_dense_retrieval.moc"
