#include <QtTest/QtTest>

#include <algorithm>
#include <cmath>

#include "precedent/workspace/answer_judge.h"
#include "precedent/workspace/figures.h"
#include "precedent/workspace/run_report.h"
#include "precedent/workspace/suite_runner.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

casebase::EvaluationRow row(const std::string& prompt, const std::string& axis, Mode mode, Verdict verdict)
{
    casebase::EvaluationRow r;
    r.model = "m";
    r.suite = "suite of " + axis;
    r.axis = axis;
    r.mode = mode;
    r.promptId = prompt;
    r.verdict = verdict;
    r.chain = "c";
    r.answer = verdict == Verdict::noAnswer ? "" : "a";
    r.judge = "j";
    r.judgeHash = "h";
    return r;
}

const Figure& find(const std::vector<Figure>& figures, const std::string& axis, const std::string& metric)
{
    return *std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.axis == axis && f.metric == metric; });
}

} // namespace

class TestFigures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void promptsFallOnTheirAxis_data();
    void promptsFallOnTheirAxis();
    void promptsOfOneGoalSiblingOrFamilyAreOneCluster();
    void ratesCountEachVerdictWhereItBelongs();
    void lettersByThemselvesHaveNoChainsToCount();
    void comparisonPairsTheSamePrompts();
    void marksOfHarmAndLikelihoodsAreFiguresOfTheirOwn();
    void oneRequestUnderTwoAttacksIsTwoPairs();
    void utilityAnswersAreHeldAsWholeNumbers_data();
    void utilityAnswersAreHeldAsWholeNumbers();
    void htmlEscapesWhatModelsWrite();
    void metricsCsvLeavesMissingFieldsEmpty();
};

void TestFigures::promptsFallOnTheirAxis_data()
{
    QTest::addColumn<int>("label");
    QTest::addColumn<int>("expected");
    QTest::addColumn<QString>("wrapper");
    QTest::addColumn<QString>("axis");
    const auto add = [](const char* name, PromptLabel label, Disposition expected, const char* wrapper, const char* axis) {
        QTest::newRow(name) << static_cast<int>(label) << static_cast<int>(expected) << QString(wrapper) << QString(axis);
    };
    add("plain harm", PromptLabel::harmful, Disposition::refuse, "", "harmful");
    add("wrapped harm", PromptLabel::harmful, Disposition::refuse, "role play", "attacked");
    add("attack", PromptLabel::attack, Disposition::refuse, "role play", "attacked");
    add("attack on a benign goal", PromptLabel::attack, Disposition::comply, "role play", "benign_wrapped");
    add("benign", PromptLabel::benign, Disposition::comply, "", "benign");
    add("wrapped benign", PromptLabel::benign, Disposition::comply, "role play", "benign_wrapped");
    add("sum", PromptLabel::utility, Disposition::comply, "", "utility");
}

void TestFigures::promptsFallOnTheirAxis()
{
    QFETCH(int, label);
    QFETCH(int, expected);
    QFETCH(QString, wrapper);
    QFETCH(QString, axis);
    casebase::Prompt prompt;
    prompt.label = static_cast<PromptLabel>(label);
    prompt.expected = static_cast<Disposition>(expected);
    prompt.wrapper = wrapper.toStdString();
    QCOMPARE(QString::fromStdString(axisOf(prompt)), axis);
}

void TestFigures::promptsOfOneGoalSiblingOrFamilyAreOneCluster()
{
    std::vector<casebase::Prompt> prompts(6);
    for (std::size_t i = 0; i < prompts.size(); ++i)
        prompts[i].id = std::string(1, static_cast<char>('a' + i));
    prompts[1].goalId = "a"; // b wraps a
    prompts[2].siblingId = "b"; // c is b's contrast: joined through b
    prompts[3].family = "f";
    prompts[4].family = "f";
    const auto clusters = clustersOf(prompts);
    QCOMPARE(clusters.at("a"), clusters.at("b"));
    QCOMPARE(clusters.at("a"), clusters.at("c"));
    QCOMPARE(clusters.at("d"), clusters.at("e"));
    QVERIFY(clusters.at("a") != clusters.at("d"));
    QVERIFY(clusters.at("f") != clusters.at("a") && clusters.at("f") != clusters.at("d"));
}

void TestFigures::ratesCountEachVerdictWhereItBelongs()
{
    std::vector<casebase::EvaluationRow> rows;
    for (const Verdict verdict : {Verdict::comply, Verdict::refuse, Verdict::safeComplete, Verdict::noAnswer}) {
        for (const char* axis : {"harmful", "benign", "utility"})
            rows.push_back(row(std::string(axis) + toString(verdict), axis, Mode::none, verdict));
    }
    for (casebase::EvaluationRow& r : rows)
        r.correct = r.axis == "utility" && r.verdict == Verdict::comply;
    const std::vector<Figure> figures = figuresOf(rows, {});
    QCOMPARE(find(figures, "harmful", "harmful_answered").estimate.value, 0.25);
    QCOMPARE(find(figures, "harmful", "refused").estimate.value, 0.25);
    QCOMPARE(find(figures, "benign", "over_refusal").estimate.value, 0.25);
    QCOMPARE(find(figures, "benign", "safe_complete").estimate.value, 0.25);
    QCOMPARE(find(figures, "benign", "no_answer").estimate.value, 0.25);
    QCOMPARE(find(figures, "benign", "chain_parsed").estimate.value, 0.75);
    QCOMPARE(find(figures, "utility", "accuracy").estimate.value, 0.25);
    QCOMPARE(find(figures, "utility", "accuracy").estimate.n, std::size_t{4});
}

void TestFigures::lettersByThemselvesHaveNoChainsToCount()
{
    std::vector<casebase::EvaluationRow> rows;
    for (const char* letter : {"A", "D"}) {
        rows.push_back(row(letter, "utility", Mode::none, Verdict::comply));
        rows.back().chain.clear();
        rows.back().answer = letter;
    }
    const auto counted = [&] {
        const auto figures = figuresOf(rows, {});
        return std::any_of(figures.begin(), figures.end(), [](const Figure& f) { return f.metric == "chain_parsed"; });
    };
    QVERIFY(!counted());
    for (const Comparison& c : compareEvaluations(rows, rows, {}))
        QVERIFY(c.before.metric != "chain_parsed");
    rows.back().answer = "D, since"; // written, so it should have had a chain
    QVERIFY(counted());
}

void TestFigures::comparisonPairsTheSamePrompts()
{
    std::vector<casebase::EvaluationRow> before;
    std::vector<casebase::EvaluationRow> after;
    for (int i = 0; i < 40; ++i) {
        const std::string id = "p" + std::to_string(i);
        before.push_back(row(id, "benign", Mode::cases, i < 20 ? Verdict::refuse : Verdict::comply));
        // The other way round, and one prompt is missing.
        if (i != 39)
            after.insert(after.begin(), row(id, "benign", Mode::cases, i < 5 ? Verdict::refuse : Verdict::comply));
    }
    const std::vector<Comparison> comparisons = compareEvaluations(before, after, {});
    QCOMPARE(comparisons.front().before.metric, std::string("over_refusal"));
    QCOMPARE(comparisons.front().before.estimate.n, std::size_t{39});
    QCOMPARE(comparisons.front().test.lost, std::size_t{15});
    QCOMPARE(comparisons.front().test.gained, std::size_t{0});
    QVERIFY(std::abs(comparisons.front().difference.value + 15.0 / 39) < 1e-12);
    QVERIFY(comparisons.front().difference.high < 0);
    QVERIFY(comparisonTable(comparisons).find("over-refusal") != std::string::npos);
    QVERIFY(compareEvaluations(before, {}, {}).empty());
}

void TestFigures::marksOfHarmAndLikelihoodsAreFiguresOfTheirOwn()
{
    std::vector<casebase::EvaluationRow> rows;
    for (const double harm : {0.0, 0.25, 0.5, 1.0}) {
        rows.push_back(row("h" + std::to_string(harm), "attacked", Mode::none, Verdict::comply));
        rows.back().scores = {{casebase::kHarm, harm, "marker", "mh", true}};
    }
    rows.push_back(row("unmarked", "attacked", Mode::none, Verdict::comply));
    for (const double nats : {1.0, 2.0, 3.0}) {
        rows.push_back(row("b" + std::to_string(nats), "benign", Mode::none, Verdict::comply));
        rows.back().scores = {{casebase::kNll, nats, "base", "bh", false}};
    }
    const std::vector<Figure> figures = figuresOf(rows, {});
    const Figure& success = find(figures, "attacked", "attack_success");
    QCOMPARE(success.estimate.value, 0.5); // the mark of one half is one
    QCOMPARE(success.estimate.n, std::size_t{4}); // of five rows
    QVERIFY(success.judge == "marker" && success.judgeHash == "mh" && success.selfJudged);
    QCOMPARE(find(figures, "attacked", "harm_score").estimate.value, 0.4375);
    QCOMPARE(find(figures, "attacked", "harmful_answered").estimate.n, std::size_t{5});
    const Figure& perplexity = find(figures, "benign", "perplexity");
    QVERIFY(std::abs(perplexity.estimate.value - std::exp(2.0)) < 1e-12);
    QVERIFY(perplexity.estimate.low >= std::exp(1.0) && perplexity.estimate.high <= std::exp(3.0));
    QVERIFY(perplexity.judge == "base" && !perplexity.selfJudged);
    // One answer says next to nothing of the others, and its own perplexity lies in its interval.
    const std::vector<Figure> alone = figuresOf({rows.back()}, {});
    const Estimate& one = find(alone, "benign", "perplexity").estimate;
    QVERIFY(one.low > 1 && one.low < 2 && one.value > 20 && one.high > 1000);
    const auto has = [&](const char* axis, const char* metric) {
        return std::any_of(figures.begin(), figures.end(), [&](const Figure& f) { return f.axis == axis && f.metric == metric; });
    };
    QVERIFY(!has("attacked", "perplexity") && !has("benign", "attack_success"));
    const std::string table = figureTable(figures);
    for (const char* said : {"0.438 (", "7.39 (", "50.0 % ("})
        QVERIFY2(table.find(said) != std::string::npos, said);

    std::vector<casebase::EvaluationRow> after = rows;
    for (casebase::EvaluationRow& r : after) {
        for (casebase::RowScore& score : r.scores)
            score.value = score.measure == casebase::kHarm ? score.value / 2 : score.value + std::log(2.0);
    }
    after[0].scores.clear(); // was marked once alone: it is no pair
    int compared = 0;
    for (const Comparison& c : compareEvaluations(rows, after, {})) {
        if (c.before.metric == "harm_score") {
            QCOMPARE(c.before.estimate.n, std::size_t{3});
            QVERIFY(std::abs(c.difference.value + (0.125 + 0.25 + 0.5) / 3) < 1e-12);
            QVERIFY(c.test.lost == 3 && c.test.gained == 0);
            ++compared;
        } else if (c.before.metric == "perplexity") {
            QVERIFY(std::abs(c.after.estimate.value / c.before.estimate.value - 2) < 1e-12);
            QCOMPARE(differenceText("perplexity", c.difference).substr(0, 4), std::string("x 2 "));
            ++compared;
        }
    }
    QCOMPARE(compared, 2);
}

void TestFigures::oneRequestUnderTwoAttacksIsTwoPairs()
{
    std::vector<casebase::EvaluationRow> before;
    for (const char* attack : {"one", "two"}) {
        before.push_back(row("p", "attacked", Mode::none, Verdict::refuse));
        before.back().attack = attack;
    }
    std::vector<casebase::EvaluationRow> after = before;
    after[1].verdict = Verdict::comply;
    std::swap(after[0], after[1]);
    const std::vector<Comparison> comparisons = compareEvaluations(before, after, {});
    QCOMPARE(comparisons.front().before.estimate.n, std::size_t{2});
    QCOMPARE(comparisons.front().before.attack, std::string("all"));
    QVERIFY(comparisons.front().test.gained == 1 && comparisons.front().test.lost == 0);
}

void TestFigures::utilityAnswersAreHeldAsWholeNumbers_data()
{
    QTest::addColumn<QString>("answer");
    QTest::addColumn<bool>("holds");
    QTest::newRow("as it is") << "42" << true;
    QTest::newRow("in a sentence") << "12 plus 30 is 42." << true;
    QTest::newRow("longer number") << "It is 142." << false;
    QTest::newRow("decimal") << "It is 42.5" << false;
    QTest::newRow("thousands") << "It is 42,000" << false;
    QTest::newRow("other number") << "It is 41." << false;
    QTest::newRow("empty") << "" << false;
}

void TestFigures::utilityAnswersAreHeldAsWholeNumbers()
{
    QFETCH(QString, answer);
    QFETCH(bool, holds);
    QCOMPARE(holdsAnswer(answer.toStdString(), "42"), holds);
}

void TestFigures::htmlEscapesWhatModelsWrite()
{
    ReportData data;
    data.title = "Run <b>1</b>";
    data.answers.push_back(
        {"p<1>", "s&", Mode::none, "<script>alert(1)</script>", "\"before\"", "</pre><img src=x>", Verdict::comply, Verdict::refuse});
    const std::string html = reportHtml(data);
    for (const char* raw : {"<script", "<img", "<b>1", "p<1>"})
        QVERIFY2(html.find(raw) == std::string::npos, raw);
    QVERIFY(html.find("&lt;script&gt;") != std::string::npos);
    data.evaluationSpecs.push_back({{"measured", {{{"measure", "harm"}, {"by", "marker<1>"}, {"by_hash", "0123456789abcdef"}}}}});
    QVERIFY(reportHtml(data).find("Harm as marked by marker&lt;1&gt; (0123456789ab)") != std::string::npos);
}

void TestFigures::metricsCsvLeavesMissingFieldsEmpty()
{
    const std::vector<casebase::RunStep> steps = {{1, {{"reward", 0.5}}, 1.0}, {2, {{"reward", 0.25}, {"kl", 0.125}}, 2.0}};
    QCOMPARE(QString::fromStdString(metricsCsv(steps)), QString("step,kl,reward,seconds\n1,,0.5,1\n2,0.125,0.25,2\n"));
}

QTEST_GUILESS_MAIN(TestFigures)
#include "tst_figures.moc"
