#include <QtTest/QtTest>

#include <cmath>
#include <set>

#include "precedent/base/json.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/verdict_store.h"
#include "precedent/workspace/evaluation_table.h"
#include "precedent/workspace/judge_check.h"
#include "precedent/workspace/run_report.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

constexpr std::size_t kHarmful = 40;
constexpr std::size_t kBenign = 60;

casebase::EvaluationRow rowOn(const std::string& axis, std::size_t number, Verdict verdict, const std::string& answer = "An answer.")
{
    casebase::EvaluationRow row;
    row.model = "base";
    row.suite = "s";
    row.axis = axis;
    row.promptId = axis + "-" + std::to_string(number);
    row.answer = answer;
    row.verdict = verdict;
    row.judge = "a judge";
    return row;
}

std::string specOf(const char* mode)
{
    return dumpJson({{"model", "base"}, {"modes", {mode}}, {"judge", "a judge"}, {"judge_hash", "abc"}});
}

} // namespace

/// The judge of an evaluation against people who did not see what it said.
class TestJudgeCheck : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void drawIsChancesAndGoesOn();
    void onlyWhatTheJudgeWasAskedIsDrawn();
    void agreementIsThatOfTheCountingVerdicts();
    void onlyBlindAndRandomVerdictsCount_data();
    void onlyBlindAndRandomVerdictsCount();
    void verdictsOfARemovedEvaluationDoNotCount();
    void fewAnswersAreCheckedWhenAllAreJudged();
    void tableAndReportSayWhatWasChecked();

private:
    void add(const std::string& target, Verdict did, bool blind = true, bool random = true, std::int64_t whenMs = 0)
    {
        casebase::HumanVerdict verdict;
        verdict.target = casebase::VerdictTarget::evaluationRow;
        verdict.targetId = target;
        verdict.did = did;
        verdict.blind = blind;
        verdict.randomDraw = random;
        verdict.whenMs = whenMs;
        QVERIFY(m_casebase->verdicts().add(verdict).ok());
    }
    [[nodiscard]] BlindSample draw(Mode mode = Mode::none) { return drawBlind(*m_casebase, "eval-1", mode).value(); }
    [[nodiscard]] JudgeCheck check() { return checksOf(*m_casebase, "eval-1").value()[Mode::none]; }

    std::unique_ptr<casebase::Casebase> m_casebase;
};

/// "eval-1": harmful requests that were refused, benign ones that were complied with, all as judged; no prompts of these ids are stored.
void TestJudgeCheck::init()
{
    auto made = casebase::Casebase::createInMemory();
    QVERIFY(made.ok());
    m_casebase = std::move(*made);
    casebase::Evaluation evaluation;
    evaluation.specJson = specOf("none");
    QCOMPARE(m_casebase->evaluations().add(evaluation).value(), std::string("eval-1"));
    std::vector<casebase::EvaluationRow> rows;
    for (std::size_t i = 0; i < kHarmful; ++i)
        rows.push_back(rowOn("harmful", i, Verdict::refuse));
    for (std::size_t i = 0; i < kBenign; ++i)
        rows.push_back(rowOn("benign", i, Verdict::comply));
    QVERIFY(m_casebase->evaluations().addRows("eval-1", rows).ok());
}

void TestJudgeCheck::drawIsChancesAndGoesOn()
{
    const BlindSample first = draw();
    QCOMPARE(first.judged, std::size_t(0));
    QCOMPARE(first.next.size(), kBlindRows);
    std::set<std::string> targets;
    std::size_t harmful = 0;
    bool inOrder = true;
    for (std::size_t i = 0; i < first.next.size(); ++i) {
        targets.insert(first.next[i].target);
        harmful += first.next[i].row.axis == "harmful" ? 1 : 0;
        inOrder = inOrder && first.next[i].target == "eval-1/" + std::to_string(i);
    }
    QCOMPARE(targets.size(), kBlindRows);
    QVERIFY(!inOrder);
    QVERIFY2(harmful > 10 && harmful < 30, qPrintable(QString::number(harmful))); // 20 are expected of the 40 in 100

    for (std::size_t i = 0; i < 12; ++i)
        add(first.next[i].target, Verdict::comply);
    const BlindSample later = draw();
    QCOMPARE(later.judged, std::size_t(12));
    QCOMPARE(later.next.size(), kBlindRows - 12);
    QCOMPARE(later.next.front().target, first.next[12].target);
    QCOMPARE(later.next.back().target, first.next.back().target);
    for (const DrawnAnswer& drawn : later.next)
        add(drawn.target, Verdict::comply);
    const BlindSample more = draw();
    QCOMPARE(more.next.size(), kHarmful + kBenign - kBlindRows);
    for (const DrawnAnswer& drawn : more.next)
        QVERIFY(targets.count(drawn.target) == 0);
}

void TestJudgeCheck::onlyWhatTheJudgeWasAskedIsDrawn()
{
    casebase::Evaluation evaluation;
    evaluation.specJson = specOf("cases");
    QCOMPARE(m_casebase->evaluations().add(evaluation).value(), std::string("eval-2"));
    std::vector<casebase::EvaluationRow> rows{rowOn("utility", 0, Verdict::comply), rowOn("benign", 0, Verdict::noAnswer, ""),
        rowOn("attacked", 0, Verdict::refuse), rowOn("benign", 1, Verdict::comply)};
    for (auto& row : rows)
        row.mode = Mode::cases;
    rows.back().mode = Mode::none;
    QVERIFY(m_casebase->evaluations().addRows("eval-2", rows).ok());
    const auto sample = drawBlind(*m_casebase, "eval-2", Mode::cases);
    QVERIFY(sample.ok());
    QCOMPARE(sample->next.size(), std::size_t(1));
    QCOMPARE(sample->next.front().target, std::string("eval-2/2"));
    QCOMPARE(int(drawBlind(*m_casebase, "eval-9", Mode::none).error().code()), int(ErrorCode::notFound));
}

void TestJudgeCheck::agreementIsThatOfTheCountingVerdicts()
{
    // Of 30 harmful ones people call 24 refused, 4 partly and 2 complied with; of 20 benign ones 18 complied with and 2 refused.
    for (std::size_t i = 0; i < 30; ++i)
        add("eval-1/" + std::to_string(i), i < 24 ? Verdict::refuse : i < 28 ? Verdict::safeComplete : Verdict::comply);
    for (std::size_t i = 0; i < 20; ++i)
        add("eval-1/" + std::to_string(kHarmful + i), i < 18 ? Verdict::comply : Verdict::refuse);
    const JudgeCheck found = check();
    QCOMPARE(found.answers, kHarmful + kBenign);
    QCOMPARE(found.all.n, std::size_t(50));
    QCOMPARE(found.all.accuracy, 42.0 / 50);
    // People: 26 refuse, 4 partial, 20 comply; the judge: 30 refuse, 20 comply. Expected by chance (26 x 30 + 20 x 20) / 2500.
    const double expected = (26.0 * 30 + 20.0 * 20) / 2500;
    QVERIFY(std::abs(found.all.kappa - (0.84 - expected) / (1 - expected)) < 1e-12);
    QCOMPARE(found.all.recall(Verdict::refuse), 24.0 / 26);
    QCOMPARE(found.all.recall(Verdict::safeComplete), 0.0);
    QCOMPARE(found.safe.n, std::size_t(20));
    QCOMPARE(found.unsafe.n, std::size_t(30));
    QCOMPARE(found.unsafe.accuracy, 24.0 / 30);
    QVERIFY(found.isChecked());
    QCOMPARE(checkSentence(found), std::string("agrees with people on 42 of 50 answers, kappa 0.70"));
    // The newest verdict on an answer is what counts.
    add("eval-1/29", Verdict::refuse);
    QCOMPARE(check().all.accuracy, 43.0 / 50);
}

void TestJudgeCheck::onlyBlindAndRandomVerdictsCount_data()
{
    QTest::addColumn<bool>("blind");
    QTest::addColumn<bool>("random");
    QTest::addColumn<int>("count");
    QTest::newRow("both") << true << true << 1;
    QTest::newRow("seen") << false << true << 0;
    QTest::newRow("picked") << true << false << 0;
}

void TestJudgeCheck::onlyBlindAndRandomVerdictsCount()
{
    QFETCH(bool, blind);
    QFETCH(bool, random);
    QFETCH(int, count);
    add("eval-1/3", Verdict::refuse, blind, random);
    QCOMPARE(int(check().all.n), count);
    QCOMPARE(int(draw().judged), count);
}

void TestJudgeCheck::verdictsOfARemovedEvaluationDoNotCount()
{
    const auto created = m_casebase->evaluations().find("eval-1")->createdMs;
    add("eval-1/3", Verdict::refuse, true, true, created - 1);
    add("eval-10/3", Verdict::refuse);
    QCOMPARE(check().all.n, std::size_t(0));
    QVERIFY(!check().isChecked());
    QCOMPARE(checkSentence(check()), std::string("not yet checked on these answers"));
}

void TestJudgeCheck::fewAnswersAreCheckedWhenAllAreJudged()
{
    casebase::Evaluation evaluation;
    evaluation.specJson = specOf("none");
    QVERIFY(m_casebase->evaluations().add(evaluation).ok());
    QVERIFY(m_casebase->evaluations().addRows("eval-2", {rowOn("benign", 0, Verdict::comply), rowOn("benign", 1, Verdict::comply)}).ok());
    add("eval-2/0", Verdict::comply);
    QVERIFY(!checksOf(*m_casebase, "eval-2").value()[Mode::none].isChecked());
    QCOMPARE(checkSentence(checksOf(*m_casebase, "eval-2").value()[Mode::none]), std::string("checked on 1 of 2 answers so far"));
    add("eval-2/1", Verdict::comply);
    QVERIFY(checksOf(*m_casebase, "eval-2").value()[Mode::none].isChecked());
}

void TestJudgeCheck::tableAndReportSayWhatWasChecked()
{
    const auto table = [this] { return readEvaluationTable(*m_casebase, false).value(); };
    const auto report = [this] { return gatherEvaluationReport(*m_casebase, {"eval-1"}).value(); };
    QVERIFY(!table().isChecked());
    QVERIFY(reportHtml(report()).find("not yet checked on these answers") != std::string::npos);
    for (const DrawnAnswer& drawn : draw().next)
        add(drawn.target, drawn.row.verdict);
    QVERIFY(table().isChecked());
    QCOMPARE(table().rows.front().check.all.n, kBlindRows);
    const std::string html = reportHtml(report());
    QVERIFY(html.find("agrees with people on 50 of 50 answers, kappa 1.00") != std::string::npos);
    QVERIFY(html.find("not yet checked") == std::string::npos);
    const Json json = reportJson(report());
    QCOMPARE(int(json["judge_checks"].size()), 1);
    QVERIFY(json["judge_checks"][0]["checked"].get<bool>());
}

QTEST_GUILESS_MAIN(TestJudgeCheck)
#include "tst_judge_check.moc"
