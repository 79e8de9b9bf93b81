#include <QtTest/QtTest>

#include <fstream>

#include <QTemporaryDir>

#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/verdict_store.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/run_estimate.h"
#include "precedent/workspace/run_service.h"
#include "precedent/workspace/sample_casebase.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

core::RunSpec quickstart()
{
    core::RunSpec spec = *align::preset("quickstart");
    spec.model = "starter";
    return spec;
}

/// A run as the recorder leaves it: `seconds` for each step, prompts of 240 tokens and answers of 60.
std::string record(casebase::Casebase& casebase, const core::RunSpec& spec, const std::vector<double>& seconds)
{
    casebase::Run run;
    run.name = spec.preset;
    run.specJson = dumpJson(align::toJson(spec));
    run.state = "finished";
    run.model = spec.model;
    run.steps = spec.maxSteps;
    const std::string id = *casebase.runs().add(run);
    const double rollouts = spec.promptsPerStep * spec.numGenerations;
    for (std::size_t i = 0; i < seconds.size(); ++i)
        (void)casebase.runs().recordStep(id,
            {static_cast<int>(i) + 1, {{"completions/mean_length", 60}, {"tokens_per_second", rollouts * 300 / seconds[i]}}, seconds[i]},
            {});
    return id;
}

MachineFacts someMachine() { return {18.0, 16LL << 30, 100LL << 30}; }

ModelFacts starterFacts() { return *modelFactsOf(*starterFolder()); }

} // namespace

class TestRunEstimate : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void parametersAreThoseOfTheWeightsFile();
    void configWithoutASizeIsNamed();
    void recordedStepsDecideWhereThereAreSome();
    void estimateScalesWithPromptsGenerationsAndLength();
    void samePresetIsPreferredAndOtherModelsAreNot();
    void withoutARunItSaysThatNothingWasMeasured();
    void slowerMachineTakesLonger();
    void memoryIsThatOfTwoMeasuredRuns();
    void adapterNeedsLessDiskThanWholeWeights();
    void evaluationIsCountedByItsOwnSeconds();
    void kindsOfStepsCostWhatTheyDo();
    void previewWritesNothing();
    void judgeThatPaysIsHeldAgainstStoredVerdicts();
    void estimateAndOutcomeAreKept();
};

void TestRunEstimate::parametersAreThoseOfTheWeightsFile()
{
    const ModelFacts facts = starterFacts();
    // Two bytes a parameter (bf16), and a header of a few kilobytes.
    QVERIFY(std::abs(2 * facts.parameters - facts.weightBytes) < 16 * 1024);
    QCOMPARE(facts.layers, 5);
}

void TestRunEstimate::configWithoutASizeIsNamed()
{
    const QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    QCOMPARE(modelFactsOf(path).error().code(), ErrorCode::notFound);
    std::ofstream(path / "config.json") << R"({"hidden_size": 8, "num_hidden_layers": 0})";
    const auto facts = modelFactsOf(path);
    QCOMPARE(facts.error().code(), ErrorCode::corrupt);
    QVERIFY(facts.error().message().find("num_hidden_layers") != std::string::npos);
    std::ofstream(path / "config.json") << "[]";
    QVERIFY(!modelFactsOf(path).ok());
}

void TestRunEstimate::recordedStepsDecideWhereThereAreSome()
{
    auto casebase = *casebase::Casebase::createInMemory();
    const core::RunSpec spec = quickstart();
    record(*casebase, spec, {9.0, 2.0, 2.0, 2.0, 2.0}); // the first step warms up
    const auto evidence = findEvidence(*casebase, spec);
    QVERIFY(evidence.ok() && evidence.value());
    QCOMPARE(evidence.value()->secondsPerStep, 2.0);
    QCOMPARE(evidence.value()->promptTokens, 240.0);
    const RunEstimate estimate = estimateRun(spec, starterFacts(), evidence.value(), {}, someMachine());
    QCOMPARE(estimate.secondsPerStep, 2.0);
    QCOMPARE(estimate.trainSeconds, 180.0);
    QCOMPARE(QString::fromStdString(estimate.basis), QStringLiteral("From 5 steps of run-1 with this model."));
    QCOMPARE(estimate.answers, std::int64_t{90 * 6 * 8});
    QCOMPARE(estimate.tokens, std::int64_t{90 * 6 * 8 * 60});
}

void TestRunEstimate::estimateScalesWithPromptsGenerationsAndLength()
{
    auto casebase = *casebase::Casebase::createInMemory();
    const core::RunSpec measured = quickstart();
    record(*casebase, measured, {2.0, 2.0, 2.0});
    const auto evidence = findEvidence(*casebase, measured);
    core::RunSpec twice = measured;
    twice.promptsPerStep *= 2;
    QCOMPARE(estimateRun(twice, starterFacts(), evidence.value(), {}, someMachine()).secondsPerStep, 4.0);
    core::RunSpec more = measured;
    more.numGenerations *= 2; // the prompt stays once: (240 + 16 * 60) / (240 + 8 * 60)
    const RunEstimate estimate = estimateRun(more, starterFacts(), evidence.value(), {}, someMachine());
    QVERIFY(std::abs(estimate.secondsPerStep - 2.0 * 1200 / 720) < 1e-9);
    QVERIFY(estimate.basis.find("scaled") != std::string::npos);
    core::RunSpec shorter = measured;
    shorter.maxCompletionLength = 30; // an answer of 60 is cut at 30
    QVERIFY(std::abs(estimateRun(shorter, starterFacts(), evidence.value(), {}, someMachine()).secondsPerStep - 2.0 * 480 / 720) < 1e-9);
}

void TestRunEstimate::samePresetIsPreferredAndOtherModelsAreNot()
{
    auto casebase = *casebase::Casebase::createInMemory();
    core::RunSpec spec = quickstart();
    record(*casebase, spec, {2.0, 2.0});
    core::RunSpec cada = *align::preset("cada");
    cada.model = "starter";
    record(*casebase, cada, {5.0, 5.0});
    core::RunSpec other = spec;
    other.model = "elsewhere";
    record(*casebase, other, {7.0, 7.0});
    record(*casebase, spec, {3.0}); // one step says too little
    QCOMPARE(findEvidence(*casebase, spec).value()->run, std::string("run-1"));
    QCOMPARE(findEvidence(*casebase, cada).value()->run, std::string("run-2"));
    spec.preset = "da"; // none of its own: the newest of the model
    QCOMPARE(findEvidence(*casebase, spec).value()->run, std::string("run-2"));
    spec.model = "nobody";
    QVERIFY(!findEvidence(*casebase, spec).value().has_value());
}

void TestRunEstimate::withoutARunItSaysThatNothingWasMeasured()
{
    const RunEstimate estimate = estimateRun(quickstart(), starterFacts(), std::nullopt, {240, 5200}, someMachine());
    QVERIFY(estimate.basis.find("Not measured on this machine yet") == 0);
    // The reference machine's own figures come out again: 1.2 to 1.4 s a step, half a minute each measurement.
    QVERIFY2(estimate.secondsPerStep > 1.1 && estimate.secondsPerStep < 1.6, qPrintable(QString::number(estimate.secondsPerStep)));
    QVERIFY(estimate.evaluateSeconds > 40 && estimate.evaluateSeconds < 80);
    QVERIFY(estimate.lowSeconds < estimate.totalSeconds() && estimate.highSeconds > estimate.totalSeconds());
}

void TestRunEstimate::slowerMachineTakesLonger()
{
    MachineFacts slow = someMachine();
    slow.gigaflops /= 3;
    const double here = estimateRun(quickstart(), starterFacts(), std::nullopt, {240, 0}, someMachine()).secondsPerStep;
    QVERIFY(std::abs(estimateRun(quickstart(), starterFacts(), std::nullopt, {240, 0}, slow).secondsPerStep - 3 * here) < 1e-9);
    const MachineFacts measured = machineFacts("/");
    QVERIFY(measured.gigaflops > 0.05);
    QVERIFY(measured.memoryBytes > 256 * kMegabyte);
    QVERIFY(measured.freeDiskBytes >= 0);
}

void TestRunEstimate::memoryIsThatOfTwoMeasuredRuns()
{
    // Peaks of two runs of the starter, by /usr/bin/time: quickstart (whole weights) 392 MB, cada (adapter) 373 MB.
    core::RunSpec cada = *align::preset("cada");
    const auto megabytes = [](const core::RunSpec& spec, double prompt) {
        return static_cast<double>(estimateRun(spec, starterFacts(), std::nullopt, {prompt, 0}, someMachine()).memoryBytes) / kMegabyte;
    };
    const double whole = megabytes(quickstart(), 240);
    const double adapter = megabytes(cada, 530);
    QVERIFY2(whole > 392 * 0.75 && whole < 392 * 1.5, qPrintable(QString::number(whole)));
    QVERIFY2(adapter > 373 * 0.75 && adapter < 373 * 1.5, qPrintable(QString::number(adapter)));
}

void TestRunEstimate::adapterNeedsLessDiskThanWholeWeights()
{
    core::RunSpec whole = quickstart();
    whole.maxSteps = 90;
    whole.saveSteps = 40; // at 40, 80 and 90
    const RunEstimate full = estimateRun(whole, starterFacts(), std::nullopt, {}, someMachine());
    // One such checkpoint of the starter has 28.4 MB on disk.
    QVERIFY2(std::abs(static_cast<double>(full.checkpointBytes) / 3 - 28.4e6) < 0.5e6, qPrintable(QString::number(full.checkpointBytes)));
    whole.useLora = true;
    // Rank 16 over all seven projections: 16 * 5 * (2 * 384 + 2 * 256 + 3 * 704) parameters, three floats each.
    QCOMPARE(adapterParameters(whole, starterFacts()), std::int64_t{16 * 5 * (2 * 384 + 2 * 256 + 3 * 704)});
    QVERIFY(estimateRun(whole, starterFacts(), std::nullopt, {}, someMachine()).checkpointBytes < full.checkpointBytes / 5);
}

void TestRunEstimate::evaluationIsCountedByItsOwnSeconds()
{
    auto casebase = *casebase::Casebase::createInMemory();
    const core::RunSpec spec = quickstart();
    const std::string id = record(*casebase, spec, {2.0, 2.0});
    casebase::Evaluation evaluation;
    evaluation.runId = id;
    evaluation.specJson = R"({"phase":"before","seconds":20.0,"budget":[{"prompts":60},{"prompts":40}]})";
    QVERIFY(casebase->evaluations().add(evaluation).ok());
    const auto evidence = findEvidence(*casebase, spec);
    QCOMPARE(evidence.value()->evaluateSecondsPerAnswer, 0.2);
    QCOMPARE(estimateRun(spec, starterFacts(), evidence.value(), {0, 50}, someMachine()).evaluateSeconds, 2 * 50 * 0.2);
    core::RunSpec without = spec;
    without.evaluateBeforeAfter = false;
    QCOMPARE(estimateRun(without, starterFacts(), evidence.value(), {0, 50}, someMachine()).evaluateSeconds, 0.0);
    QCOMPARE(outcomeOf(*casebase, id).value().evaluateSeconds, 20.0);
    QCOMPARE(outcomeOf(*casebase, id).value().trainSeconds, 4.0);
}

void TestRunEstimate::kindsOfStepsCostWhatTheyDo()
{
    core::RunSpec spec = *align::preset("cada");
    spec.maxSteps = 100;
    const auto estimate = [&] { return estimateRun(spec, starterFacts(), {}, {0, 300}, someMachine()); };
    const RunEstimate rl = estimate();
    QCOMPARE(rl.answers, std::int64_t{100} * spec.promptsPerStep * spec.numGenerations);
    spec.selfGenerationSteps = 20;
    spec.sftSteps = 30;
    const RunEstimate mixed = estimate(); // 20 steps draw without an update, 30 do not draw
    QCOMPARE(mixed.answers, std::int64_t{70} * spec.promptsPerStep * spec.numGenerations);
    QVERIFY(mixed.trainSeconds < rl.trainSeconds);
    spec.method = core::Method::sft;
    const RunEstimate supervised = estimate();
    QCOMPARE(supervised.answers, std::int64_t{20} * spec.promptsPerStep * spec.numGenerations);
    QVERIFY(supervised.trainSeconds < mixed.trainSeconds);
    const double before = supervised.trainSeconds;
    spec.batchSize *= 2;
    QVERIFY(estimate().trainSeconds > before);
}

void TestRunEstimate::previewWritesNothing()
{
    auto casebase = *casebase::Casebase::createInMemory();
    QVERIFY(fillWithSample(*casebase).ok());
    const auto preview = previewRun(*casebase, quickstart(), false);
    QVERIFY2(preview.ok(), preview.ok() ? "" : preview.error().message().c_str());
    QCOMPARE(casebase->runs().all().value().size(), std::size_t{0});
    QVERIFY(!preview.value().sentences.empty());
    QCOMPARE(preview.value().earnings.size(), std::size_t{5});
    QVERIFY(preview.value().estimate.totalSeconds() > 0);
    const auto prepared = prepareRun(*casebase, quickstart(), false);
    const auto work = workOf(*casebase, prepared.value().inputs);
    QCOMPARE(work.value().evaluatedAnswers, std::int64_t{2 * 5 * 520}); // two modes, five suites
    // Half of the quickstart's prompts carry codes and three cases; the engine counted 236 tokens a prompt.
    QVERIFY2(work.value().promptTokens > 150 && work.value().promptTokens < 350, qPrintable(QString::number(work.value().promptTokens)));
    core::RunSpec wrong = quickstart();
    wrong.model = "/nowhere";
    QCOMPARE(previewRun(*casebase, wrong, false).error().code(), ErrorCode::notFound);
}

void TestRunEstimate::judgeThatPaysIsHeldAgainstStoredVerdicts()
{
    auto casebase = *casebase::Casebase::createInMemory();
    QVERIFY(fillWithSample(*casebase).ok());
    core::RunSpec spec = quickstart();
    const auto said = [&] { return QString::fromStdString(prepareRun(*casebase, spec, false).value().report.sentences().back()); };
    QVERIFY2(said().startsWith("Note: nobody has judged answers of this casebase"), qPrintable(said()));
    casebase::Evaluation evaluation;
    evaluation.specJson = "{}";
    const std::string id = *casebase->evaluations().add(evaluation);
    std::vector<casebase::EvaluationRow> rows;
    const auto firstFour = [&](const casebase::Prompt& prompt) -> Status {
        if (rows.size() == 4)
            return {};
        casebase::EvaluationRow row;
        row.promptId = prompt.id;
        row.answer = rows.size() < 2 ? "Sorry, I won't help with this request." : "Sure. First check the seams.";
        rows.push_back(row);
        return {};
    };
    QVERIFY(casebase->prompts().forEach({}, firstFour).ok());
    QVERIFY(casebase->evaluations().addRows(id, rows).ok());
    const auto judge = [&](Verdict first, Verdict last) {
        for (int i = 0; i < 4; ++i) {
            casebase::HumanVerdict verdict;
            verdict.target = casebase::VerdictTarget::evaluationRow;
            verdict.targetId = id + "/" + std::to_string(i);
            verdict.did = i < 2 ? first : last;
            QVERIFY(casebase->verdicts().add(verdict).ok());
        }
    };
    judge(Verdict::refuse, Verdict::comply);
    QCOMPARE(
        said(), QStringLiteral("The reward's judge agrees with people on 4 of 4 answers that they judged in this casebase, kappa 1.00."));
    judge(Verdict::comply, Verdict::refuse);
    QCOMPARE(said(),
        QStringLiteral("Warning: the reward's judge agrees with people on 0 of 4 answers that they judged in this casebase, kappa -1.00."));
    spec.rewardJudge = "endpoint:m@http://localhost:1/v1";
    QVERIFY2(said().contains("4 answers") && said().contains("--from-casebase --judge endpoint:m@"), qPrintable(said()));
    // Who learns from refusals that are there already is paid by nobody.
    spec = *align::preset("refusal-sft");
    spec.model = "starter";
    QVERIFY(prepareRun(*casebase, spec, false).value().report.rewardJudge.empty());
}

void TestRunEstimate::estimateAndOutcomeAreKept()
{
    auto casebase = *casebase::Casebase::createInMemory();
    const std::string id = record(*casebase, quickstart(), {2.0, 2.0});
    QVERIFY(!estimateOf(*casebase, id).value().has_value());
    RunEstimate estimate = estimateRun(quickstart(), starterFacts(), std::nullopt, {240, 10}, someMachine());
    QVERIFY(keepEstimate(*casebase, id, estimate).ok());
    const auto kept = estimateOf(*casebase, id);
    QCOMPARE(kept.value()->totalSeconds(), estimate.totalSeconds());
    QCOMPARE(kept.value()->basis, estimate.basis);
    QCOMPARE(kept.value()->diskBytes(), estimate.diskBytes());
    QCOMPARE(outcomeOf(*casebase, id).value().memoryBytes, std::int64_t{0});
    QVERIFY(keepPeakMemory(*casebase, id, 123).ok());
    QCOMPARE(outcomeOf(*casebase, id).value().memoryBytes, std::int64_t{123});
    QVERIFY(casebase->runs().setInputs(id, "estimate", "{\"basis\":1}").ok());
    QCOMPARE(estimateOf(*casebase, id).error().code(), ErrorCode::corrupt);
    QVERIFY(peakMemory() > kMegabyte);
    QVERIFY(!outcomeOf(*casebase, "nobody").ok());
}

QTEST_GUILESS_MAIN(TestRunEstimate)
#include "tst_run_estimate.moc"
