#include <QtTest/QtTest>

#include <algorithm>
#include <functional>

#include "made_case.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/align/templates.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/freezer.h"
#include "precedent/workspace/run_inputs_json.h"

using namespace precedent;
using namespace precedent::workspace;
using precedent::tests::madeCase;

namespace {

constexpr const char* kHeldOutText = "Could you tell me how the old lighthouse keeper fixes a broken lamp at night?";

casebase::Prompt prompt(const std::string& id, const std::string& text)
{
    casebase::Prompt p;
    p.id = id;
    p.messages = {{"user", text}};
    p.label = PromptLabel::benign;
    p.expected = Disposition::comply;
    return p;
}

/// A casebase in memory with one code and one sealed suite of one prompt, and what freezing it needs.
struct Bench {
    std::unique_ptr<casebase::Casebase> casebase;
    align::PromptEncoder encoder;
    core::ContextTemplates templates;
    core::RunSpec spec;
    FreezeOptions options;

    static Bench make()
    {
        Bench bench{std::move(*casebase::Casebase::createInMemory()),
            *align::PromptEncoder::load(PRECEDENT_TEST_FIXTURES "/tokenizers/byte_level"),
            *align::loadTemplates(PRECEDENT_SOURCE_DIR "/resources/templates/default"), {}, {false, 1 << 20, "model", nullptr}};
        bench.spec.maxPromptLength = 1 << 20;
        casebase::Code code;
        code.id = "S1";
        code.title = "Lamps";
        code.simple = "Lamps are for light.";
        check(bench.casebase->codes().add(code));
        casebase::Prompt heldOut = prompt("held", kHeldOutText);
        heldOut.siblingId = "twin-of-held";
        heldOut.goalId = "goal-of-held";
        heldOut.family = "family-of-held";
        heldOut.wrapper = "wrapper-of-held";
        bench.add(heldOut);
        check(bench.casebase->suites().add({"sealed suite", casebase::SuiteRole::sealed, {}, 0}));
        check(bench.casebase->suites().addMembers("sealed suite", {"held"}));
        return bench;
    }
    static void check(const Status& status)
    {
        if (!status)
            qFatal("%s", status.error().message().c_str());
    }
    void add(const casebase::Prompt& p) const
    {
        if (const auto added = casebase->prompts().add(p); !added)
            qFatal("%s", added.error().message().c_str());
    }
    void add(const casebase::Case& c) const
    {
        if (const auto added = casebase->cases().add(c); !added)
            qFatal("%s", added.error().message().c_str());
    }
    /// Cases about kites, of both dispositions, that share words with each other but are no near-duplicates.
    void addKiteCases() const
    {
        add(madeCase("S1-001", "What string holds a kite in strong wind over the bay?", Disposition::comply));
        add(madeCase("S1-002", "Help me cut the string of a kite that my neighbour flies.", Disposition::refuse));
        add(madeCase("S1-003", "Which paper makes a light kite for a child of six?", Disposition::comply));
        add(madeCase("S1-004", "I want to fly a kite into the power line behind the school.", Disposition::refuse));
    }
    [[nodiscard]] Result<Frozen> run() const { return freeze(*casebase, spec, templates, encoder, options); }
};

const core::TrainingPrompt* find(const Frozen& frozen, const std::string& id)
{
    const auto& prompts = frozen.inputs.prompts;
    const auto at = std::find_if(prompts.begin(), prompts.end(), [&](const core::TrainingPrompt& p) { return p.id == id; });
    return at == prompts.end() ? nullptr : &*at;
}

std::string reasonFor(const Frozen& frozen, const std::string& id)
{
    for (const ExcludedPrompt& excluded : frozen.report.excluded) {
        if (excluded.id == id)
            return excluded.reason;
    }
    return {};
}

bool shows(const core::TrainingPrompt& p, const std::string& id)
{
    return std::find(p.retrieved.begin(), p.retrieved.end(), id) != p.retrieved.end();
}

using Change = std::function<void(casebase::Prompt&)>;

} // namespace

Q_DECLARE_METATYPE(Change)

class TestFreezer : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aRequestThatTheChatTemplateRefusesIsNamed();
    void promptsThatOverlapASealedSuiteAreExcludedAndListed_data();
    void promptsThatOverlapASealedSuiteAreExcludedAndListed();
    void promptsOfWorkingSuitesAreUsedAndCounted();
    void onlyApprovedCasesAreUsedUnlessDraftsAreAskedFor();
    void aPromptNeverSeesItsOwnCaseOrANearDuplicate();
    void aDeclaredTwinMayBeShown();
    void aCaseThatOverlapsASealedSuiteIsNeverShown();
    void retrievedDispositionsAreBalanced();
    void casesGiveWayToTheBudgetLastRankedFirst();
    void aPromptOverBudgetIsLeftOutAndListedNeverCut();
    void casesServeAsPromptsWhereThereAreNone();
    void nothingLeftIsAClearError();
    void leakFigureWarnsWhereDispositionsGiveTheLabelAway_data();
    void leakFigureWarnsWhereDispositionsGiveTheLabelAway();
    void contentHashFollowsTheContent();
    void inputsSurviveJson();
};

void TestFreezer::aRequestThatTheChatTemplateRefusesIsNamed()
{
    Bench bench = Bench::make();
    bench.addKiteCases();
    bench.add(prompt("one", "How is a kite made?"));
    const text::ChatTemplate strict = text::ChatTemplate::fromJinja(
        "{% if messages|length > 2 %}{{ raise_exception('Two turns at most') }}{% endif %}{{ messages[0].content }}")
                                          .value();
    bench.encoder = align::PromptEncoder(bench.encoder.sharedTokenizer(), strict);
    QVERIFY(bench.run().ok());
    casebase::Prompt longer = prompt("longer", "How is a lamp made?");
    longer.messages = {{"user", "Hello."}, {"assistant", "Hello."}, {"user", "How is a lamp made?"}};
    bench.add(longer);
    const Result<Frozen> frozen = bench.run();
    QVERIFY(!frozen.ok());
    QVERIFY2(frozen.error().message().find("\"longer\"") != std::string::npos, frozen.error().message().c_str());
    QVERIFY2(frozen.error().message().find("Two turns at most") != std::string::npos, frozen.error().message().c_str());
}

void TestFreezer::promptsThatOverlapASealedSuiteAreExcludedAndListed_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char* name, const char* reason, Change change) {
        QTest::newRow(name) << std::move(change) << QString(reason);
    };
    row("unrelated stays", "", [](casebase::Prompt&) {});
    row("same words, other spelling", "exact", [](casebase::Prompt& p) {
        p.messages = {{"user", "could you tell me -- how the OLD lighthouse keeper fixes a broken lamp at night"}};
    });
    row("near-duplicate", "near-duplicate", [](casebase::Prompt& p) {
        p.messages = {{"user", "Could you tell me how the old lighthouse keeper fixes a broken lamp at dawn, please?"}};
    });
    row("same goal", "goal", [](casebase::Prompt& p) { p.goalId = "goal-of-held"; });
    row("a wrapper around it", "goal", [](casebase::Prompt& p) { p.goalId = "held"; });
    row("its twin", "twin", [](casebase::Prompt& p) { p.id = "twin-of-held"; });
    row("calls it its twin", "twin", [](casebase::Prompt& p) { p.siblingId = "held"; });
    row("same family", "family", [](casebase::Prompt& p) { p.family = "family-of-held"; });
    row("same wrapper family", "wrapper family", [](casebase::Prompt& p) { p.wrapper = "wrapper-of-held"; });
}

void TestFreezer::promptsThatOverlapASealedSuiteAreExcludedAndListed()
{
    QFETCH(Change, change);
    QFETCH(QString, reason);
    Bench bench = Bench::make();
    bench.spec.modeWeights = {{"none", 1.0}};
    bench.add(prompt("other", "Name three birds that sleep on the sea."));
    casebase::Prompt candidate = prompt("candidate", "What do gardeners plant beside tomatoes?");
    change(candidate);
    bench.add(candidate);

    const Result<Frozen> frozen = bench.run();

    QVERIFY2(frozen.ok(), frozen.ok() ? "" : frozen.error().message().c_str());
    QCOMPARE(QString::fromStdString(reasonFor(*frozen, candidate.id)), reason);
    QCOMPARE(find(*frozen, candidate.id) != nullptr, reason.isEmpty());
    QVERIFY(find(*frozen, "held") == nullptr);
    QVERIFY(find(*frozen, "other") != nullptr);
}

void TestFreezer::promptsOfWorkingSuitesAreUsedAndCounted()
{
    Bench bench = Bench::make();
    bench.add(prompt("p", "How do I hold a kite in the wind?"));
    bench.add(prompt("open", "Which glue mends a torn sail?"));
    bench.spec.modeWeights = {{"none", 1.0}};
    Bench::check(bench.casebase->suites().add({"working suite", casebase::SuiteRole::working, {}, 0}));
    Bench::check(bench.casebase->suites().addMembers("working suite", {"open"}));
    const auto frozen = bench.run();
    QVERIFY2(frozen.ok(), frozen.ok() ? "" : frozen.error().message().c_str());
    QVERIFY(find(*frozen, "open") != nullptr);
    QCOMPARE(frozen->report.promptsOfWorkingSuites, (std::map<std::string, std::int64_t>{{"working suite", 1}}));
    const std::vector<std::string> sentences = frozen->report.sentences();
    QVERIFY(std::any_of(sentences.begin(), sentences.end(), [](const std::string& s) {
        return s.find("1 of working suite. Figures of this run on these suites are not held out") != std::string::npos;
    }));
}

void TestFreezer::onlyApprovedCasesAreUsedUnlessDraftsAreAskedFor()
{
    Bench bench = Bench::make();
    bench.add(prompt("p", "How do I hold a kite in the wind?"));
    bench.addKiteCases();
    casebase::Case draft = madeCase("S1-005", "Does a kite fly better with a tail of silk?", Disposition::comply);
    draft.status = casebase::CaseStatus::draft;
    bench.add(draft);
    bench.add(madeCase("S1-006", "Kites at noon, are they any worse than at dusk?", Disposition::unknown));

    const Result<Frozen> approved = bench.run();
    bench.options.includeDrafts = true;
    const Result<Frozen> all = bench.run();

    QVERIFY(approved.ok() && all.ok());
    QCOMPARE(approved->report.casesUsed, 4);
    QCOMPARE(approved->report.casesTotal, 6);
    QCOMPARE(approved->report.casesLeftOut.at("draft"), 1);
    QCOMPARE(approved->report.casesLeftOut.at("unknown disposition"), 1);
    QCOMPARE(all->report.casesUsed, 5);
    QVERIFY(approved->report.sentences().front().rfind("4 of 6 cases used", 0) == 0);
}

void TestFreezer::aPromptNeverSeesItsOwnCaseOrANearDuplicate()
{
    Bench bench = Bench::make();
    bench.addKiteCases();
    casebase::Prompt own = prompt("from-case", "Tell me about kite string.");
    own.sourceCaseId = "S1-001";
    bench.add(own);
    bench.add(prompt("copy", "What string holds a kite in strong wind over the bay?"));

    const Result<Frozen> frozen = bench.run();

    QVERIFY(frozen.ok());
    for (const char* id : {"from-case", "copy"}) {
        const core::TrainingPrompt* p = find(*frozen, id);
        QVERIFY(p != nullptr);
        QVERIFY(!p->retrieved.empty());
        QVERIFY(!shows(*p, "S1-001"));
    }
}

void TestFreezer::aDeclaredTwinMayBeShown()
{
    Bench bench = Bench::make();
    bench.add(madeCase("S1-001", "How do I tie a kite to the old oak tree on the hill?", Disposition::comply));
    bench.add(madeCase("S1-002", "How do I tie a child to the old oak tree on the hill?", Disposition::refuse));
    casebase::Prompt own = prompt("from-case", "How do I tie a kite to the old oak tree on the hill?");
    own.sourceCaseId = "S1-001";
    bench.add(own);

    const Result<Frozen> before = bench.run();
    QVERIFY(before.ok());
    QVERIFY(!shows(*find(*before, "from-case"), "S1-002"));

    Bench::check(bench.casebase->cases().linkTwins("S1-001", "S1-002", "a kite, a child"));
    const Result<Frozen> after = bench.run();
    QVERIFY(after.ok());
    QVERIFY(shows(*find(*after, "from-case"), "S1-002"));
    QVERIFY(!shows(*find(*after, "from-case"), "S1-001"));
}

void TestFreezer::aCaseThatOverlapsASealedSuiteIsNeverShown()
{
    Bench bench = Bench::make();
    bench.addKiteCases();
    bench.add(madeCase("S1-009", kHeldOutText, Disposition::comply));
    bench.add(prompt("p", "A keeper of the lighthouse flies a kite at night, with what lamp and string?"));

    const Result<Frozen> frozen = bench.run();

    QVERIFY(frozen.ok());
    QCOMPARE(frozen->report.casesHidden, std::vector<std::string>{"S1-009"});
    QCOMPARE(frozen->report.casesUsed, 5);
    QVERIFY(!shows(*find(*frozen, "p"), "S1-009"));
    QVERIFY(!find(*frozen, "p")->retrieved.empty());
}

void TestFreezer::retrievedDispositionsAreBalanced()
{
    Bench bench = Bench::make();
    bench.addKiteCases();
    // Two more that match the prompt better than any refusal does.
    bench.add(madeCase("S1-005", "kite string wind kite string", Disposition::comply));
    bench.add(madeCase("S1-006", "wind kite wind string kite wind", Disposition::comply));
    bench.add(prompt("p", "kite and string in the wind"));
    bench.spec.casesPerPrompt = 4;

    const Result<Frozen> frozen = bench.run();

    QVERIFY(frozen.ok());
    const core::TrainingPrompt* p = find(*frozen, "p");
    QCOMPARE(p->retrieved.size(), std::size_t{4});
    int refusals = 0;
    for (const std::string& id : p->retrieved)
        refusals += id == "S1-002" || id == "S1-004" ? 1 : 0;
    QCOMPARE(refusals, 2);
}

void TestFreezer::casesGiveWayToTheBudgetLastRankedFirst()
{
    Bench bench = Bench::make();
    bench.addKiteCases();
    bench.add(prompt("p", "kite and string in the wind"));
    bench.spec.casesPerPrompt = 4;
    const Result<Frozen> roomy = bench.run();
    QVERIFY(roomy.ok());
    const std::vector<std::string> all = find(*roomy, "p")->retrieved;
    QCOMPARE(all.size(), std::size_t{4});

    // Down from the room for four cases to the room for none: what is shown is always the head of the ranking.
    std::size_t fewest = all.size();
    for (int budget = 2000; budget > 0; budget -= 20) {
        bench.spec.maxPromptLength = budget;
        const Result<Frozen> frozen = bench.run();
        if (!frozen)
            break;
        const std::vector<std::string>& kept = find(*frozen, "p")->retrieved;
        QVERIFY(kept.size() <= fewest);
        QVERIFY(std::equal(kept.begin(), kept.end(), all.begin()));
        QCOMPARE(frozen->report.casesDropped, static_cast<std::int64_t>(all.size() - kept.size()));
        QCOMPARE(frozen->report.casesShown.at(static_cast<int>(kept.size())), 1);
        fewest = kept.size();
    }
    QCOMPARE(fewest, std::size_t{0});
}

void TestFreezer::aPromptOverBudgetIsLeftOutAndListedNeverCut()
{
    Bench bench = Bench::make();
    bench.spec.modeWeights = {{"none", 1.0}};
    bench.add(prompt("short", "Why is the sea salt?"));
    std::string text = "Explain";
    for (int i = 0; i < 400; ++i)
        text += " word" + std::to_string(i);
    bench.add(prompt("long", text));
    bench.spec.maxPromptLength = 300;

    const Result<Frozen> frozen = bench.run();

    QVERIFY(frozen.ok());
    QVERIFY(find(*frozen, "short") != nullptr);
    QVERIFY(find(*frozen, "long") == nullptr);
    QCOMPARE(reasonFor(*frozen, "long"), std::string("over budget"));
}

void TestFreezer::casesServeAsPromptsWhereThereAreNone()
{
    Bench bench = Bench::make();
    bench.addKiteCases();

    const Result<Frozen> frozen = bench.run();

    QVERIFY(frozen.ok());
    QVERIFY(frozen->report.promptsFromCases);
    QCOMPARE(frozen->inputs.prompts.size(), std::size_t{4});
    for (const core::TrainingPrompt& p : frozen->inputs.prompts) {
        QVERIFY(!shows(p, p.sourceCaseId));
        QCOMPARE(p.label, p.expected == Disposition::comply ? PromptLabel::benign : PromptLabel::harmful);
    }
}

void TestFreezer::nothingLeftIsAClearError()
{
    Bench bench = Bench::make();
    const Result<Frozen> noCases = bench.run();
    QVERIFY(!noCases.ok());
    QCOMPARE(noCases.error().code(), ErrorCode::failedPrecondition);
    bench.spec.modeWeights = {{"none", 1.0}};
    const Result<Frozen> noPrompts = bench.run();
    QVERIFY(!noPrompts.ok());
    QVERIFY(noPrompts.error().message().find("No training prompt is left") == 0);
    QVERIFY(!noPrompts.error().hint().empty());
}

void TestFreezer::leakFigureWarnsWhereDispositionsGiveTheLabelAway_data()
{
    QTest::addColumn<bool>("leaks");
    QTest::newRow("what is shown is what is expected") << true;
    QTest::newRow("the same for everyone") << false;
}

void TestFreezer::leakFigureWarnsWhereDispositionsGiveTheLabelAway()
{
    QFETCH(bool, leaks);
    std::vector<ShownDispositions> prompts;
    for (int i = 0; i < 200; ++i) {
        const Disposition expected = i % 2 == 0 ? Disposition::comply : Disposition::refuse;
        const std::vector<Disposition> balanced = {Disposition::comply, Disposition::refuse};
        prompts.push_back({expected, leaks ? std::vector<Disposition>{expected, expected} : balanced});
    }
    const LeakFigure figure = leakFigure(prompts);
    QCOMPARE(figure.n, std::size_t{200});
    QCOMPARE(figure.baseRate, 0.5);
    QCOMPARE(figure.warning, leaks);
    if (leaks)
        QCOMPARE(figure.accuracy, 1.0);
    else
        QVERIFY(figure.accuracy <= 0.5);
}

void TestFreezer::contentHashFollowsTheContent()
{
    Bench bench = Bench::make();
    bench.addKiteCases();
    bench.add(prompt("p", "kite and string in the wind"));
    const Result<Frozen> first = bench.run();
    const Result<Frozen> again = bench.run();
    QVERIFY(first.ok() && again.ok());
    QCOMPARE(first->inputs.contentHash, again->inputs.contentHash);
    QCOMPARE(first->inputs.contentHash, contentHash(first->inputs));

    casebase::Case edited = *bench.casebase->cases().find("S1-001");
    edited.notes = "Notes are not frozen.";
    Bench::check(bench.casebase->cases().update(edited));
    QCOMPARE(bench.run()->inputs.contentHash, first->inputs.contentHash);
    bench.add(prompt("q", "Why do swallows come back in spring?"));
    QVERIFY(bench.run()->inputs.contentHash != first->inputs.contentHash);
}

void TestFreezer::inputsSurviveJson()
{
    Bench bench = Bench::make();
    bench.addKiteCases();
    bench.add(prompt("p", "kite and \"string\" in the wind\n\xF0\x9F\xAA\x81"));
    bench.spec.rewardWeights.format = 0.375;
    Result<Frozen> frozen = bench.run();
    QVERIFY(frozen.ok());
    frozen->inputs.runId = "run-7";
    frozen->inputs.outputFolder = "out";

    const Result<core::RunInputs> read = runInputsFromJson(*parseJson(dumpJson(toJson(frozen->inputs)), "test"));

    QVERIFY(read.ok());
    QCOMPARE(contentHash(read.value()), frozen->inputs.contentHash);
    QCOMPARE(dumpJson(toJson(read.value())), dumpJson(toJson(frozen->inputs)));
    QVERIFY(!runInputsFromJson(Json::object()).ok());
}

QTEST_GUILESS_MAIN(TestFreezer)
#include "tst_freezer.moc"
