#include <QtTest/QtTest>

#include <cmath>

#include "precedent/align/run_spec_json.h"
#include "precedent/base/json.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/evaluation_table.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

constexpr int kPrompts = 40;

/// One evaluation of benign prompts "b-0" ... of which the first `refused` were refused.
struct Made {
    std::string model = "base";
    std::string checkpoint = {};
    Mode mode = Mode::none;
    int refused = 0;
    std::string judgeHash = "judge";
    int from = 0; ///< the first prompt's number
};

void store(casebase::Casebase& casebase, const Made& made)
{
    casebase::Evaluation evaluation;
    const Json spec = {{"model", made.model}, {"checkpoint", made.checkpoint}, {"modes", {toString(made.mode)}}, {"judge", "a judge"},
        {"judge_hash", made.judgeHash},
        {"budget", Json::array({{{"mode", toString(made.mode)}, {"suite", "s"}, {"prompts", 41}, {"voided", 1}}})}};
    evaluation.specJson = dumpJson(spec);
    const auto id = casebase.evaluations().add(evaluation);
    QVERIFY(id.ok());
    std::vector<casebase::EvaluationRow> rows;
    for (int i = 0; i < kPrompts; ++i) {
        casebase::EvaluationRow row;
        row.model = made.model;
        row.checkpoint = made.checkpoint;
        row.mode = made.mode;
        row.suite = "s";
        row.axis = "benign";
        row.promptId = "b-" + std::to_string(made.from + i);
        row.verdict = i < made.refused ? Verdict::refuse : Verdict::comply;
        row.burned = i == 0;
        rows.push_back(std::move(row));
    }
    QVERIFY(casebase.evaluations().addRows(*id, rows).ok());
}

/// A stored run of the base model; returns its checkpoint's name.
std::string addRun(casebase::Casebase& casebase, std::uint64_t seed, double learningRate = 1e-4)
{
    core::RunSpec spec = *align::preset("cada");
    spec.model = "base";
    spec.seed = seed;
    spec.learningRate = learningRate;
    casebase::Run run;
    run.name = "cada";
    run.specJson = dumpJson(align::toJson(spec));
    run.state = "finished";
    const auto id = casebase.runs().add(run);
    return id.ok() ? "run:" + *id + "@10" : std::string();
}

const CellTest& testOf(const EvaluationTable& table, std::size_t row) { return *table.rows[row].cell(TableColumn::benignRefused).test; }

} // namespace

class TestEvaluationTable : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        auto made = casebase::Casebase::createInMemory();
        QVERIFY(made.ok());
        m_casebase = std::move(*made);
    }
    void newestEvaluationOfARowCounts();
    void threeSeedsOfOneRecipeEarnAStar();
    void seedsThatDisagreeEarnNone();
    void anotherJudgeEarnsNone();
    void onlyCommonPromptsAreCompared();
    void goalsAreTestedOnce();
    void whatElseWasMeasuredStandsByItsCell();
    void ownAttacksHaveRowsOfTheirOwn();
    void marginIsNeededToSayNoDifference_data();
    void marginIsNeededToSayNoDifference();

private:
    [[nodiscard]] EvaluationTable tableOf()
    {
        auto table = readEvaluationTable(*m_casebase, false);
        if (!table.ok())
            qFatal("%s", table.error().message().c_str());
        compareWith(*table, defaultReference(*table));
        return std::move(*table);
    }

    std::unique_ptr<casebase::Casebase> m_casebase;
};

void TestEvaluationTable::newestEvaluationOfARowCounts()
{
    store(*m_casebase, {.refused = 30});
    store(*m_casebase, {.mode = Mode::cases, .refused = 10});
    store(*m_casebase, {.refused = 20});
    const EvaluationTable table = tableOf();
    QCOMPARE(table.rows.size(), std::size_t{2});
    QCOMPARE(table.rows[0].cell(TableColumn::benignRefused).estimate.value, 0.5);
    QCOMPARE(table.rows[0].evaluation, std::string("eval-3"));
    QCOMPARE(table.rows[1].cell(TableColumn::benignRefused).estimate.value, 0.25);
    QCOMPARE(table.rows[0].cell(TableColumn::harmfulAnswered).estimate.n, std::size_t{0});
    QCOMPARE(table.rows[0].cell(TableColumn::benignRefused).burned, std::size_t{1});
    QCOMPARE(table.heldOut, std::size_t{kPrompts});
    QCOMPARE(table.burned, std::size_t{1});
    QVERIFY(table.isAligned());
    QCOMPARE(table.rows[0].budget.size(), std::size_t{1});
    QVERIFY(table.rows[0].budget.front().find("1 of 41 prompts were voided") != std::string::npos);
}

void TestEvaluationTable::whatElseWasMeasuredStandsByItsCell()
{
    const auto id = m_casebase->evaluations().add({"", "", "", R"({"model": "base", "modes": ["none"]})", 0});
    QVERIFY(id.ok());
    std::vector<casebase::EvaluationRow> rows(4);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].suite = i == 0 ? "one" : "other";
        rows[i].axis = i < 3 ? "attacked" : "benign";
        rows[i].promptId = std::to_string(i);
        rows[i].scores = {{i < 3 ? casebase::kHarm : casebase::kNll, i < 3 ? 0.4 * double(i) : std::log(5.0), "marker", "h", false}};
    }
    QVERIFY(m_casebase->evaluations().addRows(*id, rows).ok());
    const EvaluationTable table = tableOf();
    const std::vector<TableMeasure>& harm = table.rows[0].cell(TableColumn::harmfulUnderAttack).measures;
    QCOMPARE(harm.size(), std::size_t{2});
    QVERIFY(harm[0].metric == "attack_success" && std::abs(harm[0].estimate.value - 1.0 / 3) < 1e-12 && harm[0].estimate.n == 3);
    QVERIFY(harm[1].metric == "harm_score" && std::abs(harm[1].estimate.value - 0.4) < 1e-12 && harm[1].by == "marker");
    const std::vector<TableMeasure>& likely = table.rows[0].cell(TableColumn::benignRefused).measures;
    QVERIFY(likely.size() == 1 && likely[0].metric == "perplexity" && std::abs(likely[0].estimate.value - 5) < 1e-9);
    QVERIFY(table.rows[0].cell(TableColumn::noAnswer).measures.empty());
}

/// Wrappers and each of the program's own attacks are different questions: they are never one figure.
void TestEvaluationTable::ownAttacksHaveRowsOfTheirOwn()
{
    const auto add = [&](const char* model, Verdict searched, bool attacks) {
        const std::string spec = std::string(R"({"model": ")") + model + R"(", "modes": ["none"])" +
            (attacks ? R"(, "own_attacks": {"prefill-chain": {}, "suffix-search": {}}})" : "}");
        const auto id = m_casebase->evaluations().add({"", "", "", spec, 0});
        QVERIFY(id.ok());
        std::vector<casebase::EvaluationRow> rows(attacks ? 4 : 1);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i].suite = "s";
            rows[i].promptId = "p";
            rows[i].axis = i == 0 ? "harmful" : "attacked";
            rows[i].attack = i == 0 ? "" : i == 1 ? "bard" : i == 2 ? "prefill-chain" : "suffix-search";
            rows[i].verdict = i == 3 ? searched : Verdict::refuse;
        }
        QVERIFY(m_casebase->evaluations().addRows(*id, rows).ok());
    };
    add("base", Verdict::comply, true);
    add("other", Verdict::refuse, true);
    add("base", Verdict::refuse, false); // newer, without attacks: theirs stay
    EvaluationTable table = tableOf();
    QCOMPARE(table.rows.size(), std::size_t{6});
    QCOMPARE(table.otherRows, 6);
    QCOMPARE(table.rows[0].attack + table.rows[1].attack + table.rows[2].attack, std::string("prefill-chainsuffix-search"));
    QVERIFY(table.rows[0].evaluation == "eval-3" && table.rows[2].evaluation == "eval-1");
    const auto under = [&](std::size_t row) { return table.rows[row].cell(TableColumn::harmfulUnderAttack).estimate; };
    QVERIFY(under(0).n == 0 && under(3).n == 1 && under(1).value == 0 && under(2).value == 1);
    QCOMPARE(table.heldOut, std::size_t{1});
    QCOMPARE(defaultReference(table), std::size_t{0});
    QVERIFY(table.asked.size() == 4 && table.asked.back().wrappers.size() + table.asked.front().wrappers.size() <= 1);
    // Each is compared with the same attack on another model, and with nothing else.
    compareWith(table, 2);
    QVERIFY(table.rows[5].cell(TableColumn::harmfulUnderAttack).test && !table.rows[4].cell(TableColumn::harmfulUnderAttack).test);
    QCOMPARE(table.rows[5].cell(TableColumn::harmfulUnderAttack).test->prompts.lost, std::size_t{1});
    QVERIFY(!table.isAligned()); // the wrapped prompt was asked of one of them alone
}

void TestEvaluationTable::threeSeedsOfOneRecipeEarnAStar()
{
    store(*m_casebase, {.refused = 30});
    store(*m_casebase, {.checkpoint = addRun(*m_casebase, 1), .refused = 5});
    store(*m_casebase, {.checkpoint = addRun(*m_casebase, 2), .refused = 6});
    const EvaluationTable two = tableOf();
    QCOMPARE(two.rows[1].noStar, std::string("2 training seeds earn no star."));
    QVERIFY(!testOf(two, 1).star && !testOf(two, 1).p);
    // A run that differs in more than its seed is no third one.
    store(*m_casebase, {.checkpoint = addRun(*m_casebase, 3, 2e-4), .refused = 5});
    QVERIFY(!testOf(tableOf(), 1).star);
    store(*m_casebase, {.checkpoint = addRun(*m_casebase, 4), .refused = 4});
    const EvaluationTable three = tableOf();
    for (std::size_t row = 1; row < three.rows.size(); ++row)
        QCOMPARE(testOf(three, row).star, three.rows[row].seeds == 3);
    QVERIFY(!testOf(three, 1).worse);
    QCOMPARE(changesOf(three.rows[1]).benignNoLongerRefused, std::size_t{25});
}

void TestEvaluationTable::seedsThatDisagreeEarnNone()
{
    store(*m_casebase, {.refused = 20});
    store(*m_casebase, {.checkpoint = addRun(*m_casebase, 1), .refused = 2});
    store(*m_casebase, {.checkpoint = addRun(*m_casebase, 2), .refused = 2});
    store(*m_casebase, {.checkpoint = addRun(*m_casebase, 3), .refused = 38});
    const EvaluationTable table = tableOf();
    for (std::size_t row = 1; row < 4; ++row)
        QVERIFY(!testOf(table, row).star);
}

void TestEvaluationTable::anotherJudgeEarnsNone()
{
    store(*m_casebase, {.refused = 30});
    store(*m_casebase, {.mode = Mode::cases, .refused = 2, .judgeHash = "another"});
    const EvaluationTable table = tableOf();
    QVERIFY(!testOf(table, 1).star);
    QVERIFY(!table.rows[1].noStar.empty());
}

void TestEvaluationTable::onlyCommonPromptsAreCompared()
{
    store(*m_casebase, {.refused = 40});
    store(*m_casebase, {.mode = Mode::cases, .refused = 10, .from = 30}); // ten prompts in common, all refused by both
    const EvaluationTable table = tableOf();
    QVERIFY(!table.isAligned());
    QCOMPARE(testOf(table, 1).difference.n, std::size_t{10});
    QCOMPARE(testOf(table, 1).difference.value, 0.0);
    store(*m_casebase, {.mode = Mode::codes, .refused = 10, .from = 100});
    QVERIFY(!tableOf().rows[1].cell(TableColumn::benignRefused).test.has_value());
}

void TestEvaluationTable::goalsAreTestedOnce()
{
    // All forty prompts come from one family: what turns with it is one event, and no star.
    for (int i = 0; i < kPrompts; ++i) {
        casebase::Prompt prompt;
        prompt.id = "b-" + std::to_string(i);
        prompt.messages = {{"user", "question number " + std::to_string(i)}};
        prompt.expected = Disposition::comply;
        prompt.family = "one";
        QVERIFY(m_casebase->prompts().add(prompt).ok());
    }
    store(*m_casebase, {.refused = 40});
    store(*m_casebase, {.mode = Mode::cases, .refused = 0});
    const EvaluationTable table = tableOf();
    QCOMPARE(table.rows[0].cell(TableColumn::benignRefused).estimate.clusters, std::size_t{1});
    QVERIFY(!testOf(table, 1).star);
    QCOMPARE(testOf(table, 1).prompts.lost, std::size_t{kPrompts});
}

void TestEvaluationTable::marginIsNeededToSayNoDifference_data()
{
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    QTest::addColumn<int>("within");
    QTest::newRow("inside") << -0.02 << 0.01 << int(WithinMargin::yes);
    QTest::newRow("outside") << 0.04 << 0.06 << int(WithinMargin::no);
    QTest::newRow("across nought, too wide") << -0.2 << 0.2 << int(WithinMargin::unsettled);
    QTest::newRow("across the margin") << 0.01 << 0.05 << int(WithinMargin::unsettled);
}

void TestEvaluationTable::marginIsNeededToSayNoDifference()
{
    QFETCH(double, low);
    QFETCH(double, high);
    Estimate difference;
    difference.low = low;
    difference.high = high;
    QTEST(int(withinMargin(difference, 0.03)), "within");
}

QTEST_GUILESS_MAIN(TestEvaluationTable)
#include "tst_evaluation_table.moc"
