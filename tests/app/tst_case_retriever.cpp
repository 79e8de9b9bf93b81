// Which cases a prompt shows: found by words, by meaning, by both, or named. Vectors are set by hand here; a model's own are
// tried at the end, with the starter model.

#include <QTemporaryDir>
#include <QtTest/QtTest>

#include <algorithm>
#include <set>

#include "made_case.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/align/templates.h"
#include "precedent/base/files.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/casebase/vector_store.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/freezer.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/run_service.h"

using namespace precedent;
using namespace precedent::workspace;
using precedent::tests::madeCase;

namespace {

using Ids = std::vector<std::string>;

constexpr const char* kAsked = "How do I give my cleaver a keen edge?";

/// Directions said by hand: what is about blades, about plants, about the sea; all else has no vector.
class HandSet final : public TextVectors {
public:
    explicit HandSet(std::string name = "by hand")
        : m_name(std::move(name))
    {
    }
    [[nodiscard]] const std::string& model() const override { return m_name; }
    [[nodiscard]] std::size_t width() const override { return 3; }
    [[nodiscard]] Result<std::vector<float>> of(const std::vector<std::string>& texts, std::stop_token) override
    {
        static const std::vector<Ids> kWords = {{"cleaver", "sharpening", "knives", "razor"}, {"tulips", "roses"}, {"sail", "harbour"}};
        std::vector<float> rows;
        for (const std::string& text : texts) {
            computed.push_back(text);
            for (const Ids& words : kWords) {
                float count = 0;
                for (const std::string& word : words)
                    count += text.find(word) == std::string::npos ? 0.0F : 1.0F;
                rows.push_back(count);
            }
        }
        return rows;
    }
    Ids computed;

private:
    std::string m_name;
};

casebase::Prompt madePrompt(const std::string& id, const std::string& text, Disposition expected = Disposition::comply)
{
    casebase::Prompt p;
    p.id = id;
    p.messages = {{"user", text}};
    p.label = expected == Disposition::comply ? PromptLabel::benign : PromptLabel::harmful;
    p.expected = expected;
    return p;
}

struct Bench {
    std::unique_ptr<casebase::Casebase> casebase;
    align::PromptEncoder encoder;
    core::ContextTemplates templates;
    core::RunSpec spec;
    FreezeOptions options;
    std::shared_ptr<HandSet> vectors = std::make_shared<HandSet>();

    static Bench make()
    {
        Bench bench{std::move(*casebase::Casebase::createInMemory()),
            *align::PromptEncoder::load(PRECEDENT_TEST_FIXTURES "/tokenizers/byte_level"),
            *align::loadTemplates(PRECEDENT_SOURCE_DIR "/resources/templates/default"), {}, {false, 1 << 20, "model", nullptr}};
        bench.spec.maxPromptLength = 1 << 20;
        bench.options.vectors = bench.vectors;
        casebase::Code code;
        code.id = "S1";
        code.title = "Tools";
        code.simple = "Tools are for work.";
        check(bench.casebase->codes().add(code));
        bench.add(madeCase("S1-001", "May someone try sharpening old knives at dusk?", Disposition::comply));
        bench.add(madeCase("S1-002", "Tell us where tulips grow.", Disposition::comply));
        bench.add(madeCase("S1-003", "Hide the razor inside bread.", Disposition::refuse));
        bench.add(madeCase("S1-004", "Cut down every one of the neighbour's roses.", Disposition::refuse));
        bench.add(madeCase("S1-005", "Is a keen edge of ice found at the pole?", Disposition::comply)); // words of kAsked alone
        return bench;
    }
    [[nodiscard]] std::vector<core::Case> allCases() const
    {
        std::vector<core::Case> cases;
        check(casebase->cases().forEach({}, [&](const casebase::Case& value) -> Status {
            cases.push_back({value.id, value.request, {}, value.disposition, {}, {}, {}});
            return {};
        }));
        return cases;
    }
    static void check(const Status& status)
    {
        if (!status)
            qFatal("%s", status.error().message().c_str());
    }
    template <typename Stored>
    static void require(const Result<Stored>& stored)
    {
        if (!stored)
            qFatal("%s", stored.error().message().c_str());
    }
    void add(const casebase::Case& c) const { require(casebase->cases().add(c)); }
    void add(const casebase::Prompt& p) const { require(casebase->prompts().add(p)); }
    void seal(const casebase::Prompt& p) const
    {
        add(p);
        check(casebase->suites().add({"sealed", casebase::SuiteRole::sealed, {}, 0}));
        check(casebase->suites().addMembers("sealed", {p.id}));
    }
    void use(const QString& retrieval)
    {
        spec.retrieval = *retrievalFromString(retrieval.toStdString());
        if (spec.retrieval == Retrieval::fixed)
            spec.fixedCases = {"S1-001", "S1-003"};
    }
    [[nodiscard]] Result<Frozen> run() const { return freeze(*casebase, spec, templates, encoder, options); }
};

Ids shownTo(const Result<Frozen>& frozen, const std::string& id)
{
    for (const core::TrainingPrompt& prompt : frozen->inputs.prompts) {
        if (prompt.id == id)
            return prompt.retrieved;
    }
    return {"no such prompt"};
}

bool has(const Ids& ids, const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

void kinds()
{
    QTest::addColumn<QString>("retrieval");
    for (const char* kind : {"bm25", "dense", "hybrid", "fixed"})
        QTest::newRow(kind) << kind;
}

#define QVERIFY_OK(expression)                                                                                                             \
    do {                                                                                                                                   \
        const auto& verified = (expression);                                                                                               \
        QVERIFY2(verified.ok(), verified.ok() ? "" : verified.error().message().c_str());                                                  \
    } while (false)

} // namespace

class TestCaseRetriever : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void meaningFindsWhatWordsMiss();
    void hybridShowsWhatEitherFinds();
    void noKindShowsTheOwnCaseOrANearDuplicate_data() { kinds(); }
    void noKindShowsTheOwnCaseOrANearDuplicate();
    void pinnedCasesComeFirstInEveryKind_data() { kinds(); }
    void pinnedCasesComeFirstInEveryKind();
    void aPinnedCaseTakesItsDispositionsTurn();
    void aPinIsNotShownToItsOwnPrompt();
    void pinsSurviveTheBudget();
    void aPromptThatPinsDoNotFitIsLeftOut();
    void fixedCasesAreTheSameForEveryPrompt();
    void casesThatMayNotBeShownAreRefusedByName();
    void onlyChangedCasesAreComputedAgain();
    void anotherModelsVectorsAreNotUsed();
    void meaningWithoutAModelIsAClearError();
    void everyKindReportsWhatItsDispositionsTell_data() { kinds(); }
    void everyKindReportsWhatItsDispositionsTell();
    void aRunWhoseFrozenCasesChangedIsNotResumed();
    void theStartersOwnStatesServe();
    void sentenceEncoderServes();
};

void TestCaseRetriever::meaningFindsWhatWordsMiss()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.spec.casesPerPrompt = 1;
    const auto words = bench.run();
    bench.use("dense");
    const auto meaning = bench.run();
    QVERIFY_OK(words);
    QVERIFY_OK(meaning);
    QCOMPARE(shownTo(words, "p"), (Ids{"S1-005"})); // keen edges of another kind
    bench.spec.casesPerPrompt = 2;
    const auto two = bench.run();
    Ids both = shownTo(two, "p");
    std::sort(both.begin(), both.end());
    QCOMPARE(both, (Ids{"S1-001", "S1-003"}));
    QVERIFY(has(both, shownTo(meaning, "p").at(0)));
    QVERIFY(words->inputs.contentHash != meaning->inputs.contentHash);
}

void TestCaseRetriever::hybridShowsWhatEitherFinds()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.use("hybrid");
    bench.spec.casesPerPrompt = 4;
    const auto frozen = bench.run();
    QVERIFY_OK(frozen);
    for (const char* id : {"S1-001", "S1-003", "S1-005"})
        QVERIFY2(has(shownTo(frozen, "p"), id), id);
}

void TestCaseRetriever::noKindShowsTheOwnCaseOrANearDuplicate()
{
    QFETCH(QString, retrieval);
    Bench bench = Bench::make();
    casebase::Prompt own = madePrompt("own", "sharpening knives and a razor, is it allowed?");
    own.sourceCaseId = "S1-001";
    bench.add(own);
    bench.add(madePrompt("near", "May someone try sharpening old knives at dusk, please?"));
    bench.add(madePrompt("other", "sharpening knives or a razor near tulips and roses"));
    bench.use(retrieval);
    const auto frozen = bench.run();
    QVERIFY_OK(frozen);
    for (const char* id : {"own", "near"}) {
        QVERIFY(!has(shownTo(frozen, id), "S1-001"));
        QVERIFY2(!shownTo(frozen, id).empty(), id);
    }
    QVERIFY(has(shownTo(frozen, "other"), "S1-001"));
}

void TestCaseRetriever::pinnedCasesComeFirstInEveryKind()
{
    QFETCH(QString, retrieval);
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.add(madePrompt("q", "What harbour takes a ship without a sail?"));
    bench.use(retrieval);
    bench.spec.pinnedCases = {"S1-004", "S1-002"};
    const auto frozen = bench.run();
    QVERIFY_OK(frozen);
    for (const char* id : {"p", "q"}) {
        const Ids shown = shownTo(frozen, id);
        QVERIFY(shown.size() >= 2 && shown.size() <= 4);
        QCOMPARE((Ids{shown[0], shown[1]}), bench.spec.pinnedCases);
        QCOMPARE(std::set<std::string>(shown.begin(), shown.end()).size(), shown.size());
    }
}

void TestCaseRetriever::aPinnedCaseTakesItsDispositionsTurn()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", "sharpening knives, a razor, tulips and roses"));
    bench.use("dense");
    bench.spec.casesPerPrompt = 3;
    bench.spec.pinnedCases = {"S1-004"}; // a refusal
    const auto frozen = bench.run();
    QVERIFY_OK(frozen);
    const Ids shown = shownTo(frozen, "p");
    QCOMPARE(shown.size(), std::size_t{3});
    QCOMPARE(shown[0], std::string("S1-004"));
    QVERIFY2(shown[1] == "S1-001" || shown[1] == "S1-002", shown[1].c_str()); // the turn is the compliances'
}

void TestCaseRetriever::aPinIsNotShownToItsOwnPrompt()
{
    Bench bench = Bench::make();
    casebase::Prompt own = madePrompt("own", "Roses, may I cut them?");
    own.sourceCaseId = "S1-004";
    bench.add(own);
    bench.add(madePrompt("other", kAsked));
    bench.spec.pinnedCases = {"S1-004"};
    const auto frozen = bench.run();
    QVERIFY_OK(frozen);
    QVERIFY(!has(shownTo(frozen, "own"), "S1-004"));
    QCOMPARE(shownTo(frozen, "other").at(0), std::string("S1-004"));
}

void TestCaseRetriever::pinsSurviveTheBudget()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.use("dense");
    bench.spec.pinnedCases = {"S1-002"};
    const auto roomy = bench.run();
    QVERIFY_OK(roomy);
    QCOMPARE(shownTo(roomy, "p").size(), std::size_t{4});
    std::set<std::size_t> sizes;
    for (int budget = 1000; budget > 0; budget -= 10) {
        bench.spec.maxPromptLength = budget;
        const auto frozen = bench.run();
        if (!frozen.ok())
            break;
        const Ids shown = shownTo(frozen, "p");
        QVERIFY(!shown.empty());
        QCOMPARE(shown[0], std::string("S1-002"));
        sizes.insert(shown.size());
    }
    QCOMPARE(sizes, (std::set<std::size_t>{1, 2, 3, 4}));
}

void TestCaseRetriever::aPromptThatPinsDoNotFitIsLeftOut()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("short", kAsked));
    std::string text = kAsked;
    for (int i = 0; i < 60; ++i)
        text += " And then what?";
    bench.add(madePrompt("long", text));
    bool seen = false;
    for (int budget = 20; budget < 2000 && !seen; budget += 20) {
        bench.spec.maxPromptLength = budget;
        bench.spec.pinnedCases = {};
        const auto plain = bench.run();
        if (!plain.ok() || !shownTo(plain, "long").empty())
            continue; // the long one does not fit at all, or with a case too
        seen = true;
        bench.spec.pinnedCases = {"S1-001"};
        const auto frozen = bench.run();
        QVERIFY_OK(frozen);
        QCOMPARE(shownTo(frozen, "short").at(0), std::string("S1-001"));
        QCOMPARE(frozen->report.excluded.size(), std::size_t{1});
        QCOMPARE(frozen->report.excluded[0].id, std::string("long"));
        QCOMPARE(frozen->report.excluded[0].reason, std::string("over budget"));
    }
    QVERIFY(seen);
}

void TestCaseRetriever::fixedCasesAreTheSameForEveryPrompt()
{
    Bench bench = Bench::make();
    int count = 0;
    for (const char* text : {kAsked, "Where do tulips and roses sleep?", "What harbour takes a ship without a sail?"})
        bench.add(madePrompt("p" + std::to_string(++count), text));
    bench.use("fixed");
    const auto frozen = bench.run();
    QVERIFY_OK(frozen);
    QCOMPARE(frozen->inputs.prompts.size(), std::size_t{3});
    for (const core::TrainingPrompt& prompt : frozen->inputs.prompts)
        QCOMPARE(prompt.retrieved, bench.spec.fixedCases);
    QVERIFY(bench.vectors->computed.empty());
}

void TestCaseRetriever::casesThatMayNotBeShownAreRefusedByName()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.seal(madePrompt("held", "Tell us where tulips grow."));
    casebase::Case draft = madeCase("S1-006", "Does rust hurt?", Disposition::comply);
    draft.status = casebase::CaseStatus::draft;
    bench.add(draft);
    for (const auto& [id, code] : std::vector<std::pair<std::string, ErrorCode>>{
             {"S1-404", ErrorCode::notFound}, {"S1-006", ErrorCode::notFound}, {"S1-002", ErrorCode::failedPrecondition}}) {
        bench.spec.pinnedCases = {id};
        const auto frozen = bench.run();
        QVERIFY(!frozen.ok());
        QCOMPARE(int(frozen.error().code()), int(code));
        QVERIFY(frozen.error().message().find(id) != std::string::npos);
    }
    bench.spec.pinnedCases = {"S1-006"};
    bench.options.includeDrafts = true;
    QVERIFY_OK(bench.run());
}

void TestCaseRetriever::onlyChangedCasesAreComputedAgain()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.use("dense");
    QVERIFY_OK(bench.run());
    QCOMPARE(bench.vectors->computed.size(), std::size_t{6}); // five cases and the prompt
    QCOMPARE(*bench.casebase->vectors().count("by hand"), std::int64_t{5});
    bench.vectors->computed.clear();
    QVERIFY_OK(bench.run());
    QCOMPARE(bench.vectors->computed, (Ids{kAsked}));
    casebase::Case changed = *bench.casebase->cases().find("S1-002");
    changed.notes = "A note changes nothing of what it means.";
    Bench::check(bench.casebase->cases().update(changed));
    changed = *bench.casebase->cases().find("S1-004");
    changed.request = {{"user", "Water every one of the neighbour's roses."}};
    Bench::check(bench.casebase->cases().update(changed));
    changed = *bench.casebase->cases().find("S1-004");
    changed.status = casebase::CaseStatus::approved;
    Bench::check(bench.casebase->cases().update(changed));
    bench.vectors->computed.clear();
    QVERIFY_OK(bench.run());
    QCOMPARE(bench.vectors->computed, (Ids{"Water every one of the neighbour's roses.", kAsked}));
}

void TestCaseRetriever::anotherModelsVectorsAreNotUsed()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.use("dense");
    QVERIFY_OK(bench.run());
    const auto other = std::make_shared<HandSet>("another");
    bench.options.vectors = other;
    QVERIFY_OK(bench.run());
    QCOMPARE(other->computed.size(), std::size_t{6});
    QCOMPARE(*bench.casebase->vectors().count(), std::int64_t{10});
}

void TestCaseRetriever::meaningWithoutAModelIsAClearError()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.use("hybrid");
    bench.options.vectors = nullptr;
    const auto frozen = bench.run();
    QVERIFY(!frozen.ok());
    QCOMPARE(int(frozen.error().code()), int(ErrorCode::failedPrecondition));
    QVERIFY(frozen.error().message().find("hybrid") != std::string::npos);
    bench.spec.modeWeights = {{"codes", 1.0}}; // then no case is looked for
    QVERIFY_OK(bench.run());
}

void TestCaseRetriever::everyKindReportsWhatItsDispositionsTell()
{
    QFETCH(QString, retrieval);
    Bench bench = Bench::make();
    // What is about blades is refused, what is about plants is not, and each finds the like: but for the fixed set, which tells nothing.
    for (const char* id : {"S1-001", "S1-004", "S1-005"})
        Bench::check(bench.casebase->cases().remove(id));
    for (int i = 0; i < 12; ++i) {
        const std::string number = std::to_string(i);
        bench.add(madePrompt("r" + number, "razor " + number, Disposition::refuse));
        bench.add(madePrompt("c" + number, "tulips " + number, Disposition::comply));
    }
    bench.use(retrieval);
    bench.spec.casesPerPrompt = 2;
    if (bench.spec.retrieval == Retrieval::fixed)
        bench.spec.fixedCases = {"S1-003", "S1-002"};
    const auto frozen = bench.run();
    QVERIFY_OK(frozen);
    const LeakFigure& leak = frozen->report.leak;
    QCOMPARE(leak.n, std::size_t{24});
    QCOMPARE(leak.baseRate, 0.5);
    // By words each finds its like alone; by meaning the other case has a cosine of 0 and follows.
    if (retrieval == "bm25") {
        QVERIFY(leak.warning);
        QCOMPARE(leak.accuracy, 1.0);
    } else {
        QVERIFY(!leak.warning);
    }
}

void TestCaseRetriever::aRunWhoseFrozenCasesChangedIsNotResumed()
{
    Bench bench = Bench::make();
    bench.add(madePrompt("p", kAsked));
    bench.use("dense");
    auto frozen = bench.run();
    QVERIFY_OK(frozen);
    PreparedRun prepared;
    prepared.inputs = std::move(frozen->inputs);
    QTemporaryDir folder;
    Bench::check(storeRun(*bench.casebase, prepared, folder.filePath("run").toStdString()));
    const auto whole = loadRun(*bench.casebase, prepared.inputs.runId);
    QVERIFY_OK(whole);
    QVERIFY(whole->spec.retrieval == Retrieval::dense);
    Json inputs = *parseJson(*bench.casebase->runs().inputs(prepared.inputs.runId, "inputs"), "inputs");
    inputs["prompts"][0]["retrieved"] = Ids{"S1-002"};
    Bench::check(bench.casebase->runs().setInputs(prepared.inputs.runId, "inputs", dumpJson(inputs)));
    QCOMPARE(int(loadRun(*bench.casebase, prepared.inputs.runId).error().code()), int(ErrorCode::failedPrecondition));
}

void TestCaseRetriever::theStartersOwnStatesServe()
{
    const Bench bench = Bench::make();
    const auto place = starterFolder();
    QVERIFY_OK(place);
    const auto vectors = loadTextVectors(*bench.casebase, "", *place, {});
    QVERIFY_OK(vectors);
    const std::vector<core::Case> cases = bench.allCases();
    const auto index = denseIndexOf(*bench.casebase, cases, **vectors);
    QVERIFY_OK(index);
    QCOMPARE(*bench.casebase->vectors().count((*vectors)->model()), std::int64_t{5});
    for (const core::Case& value : cases) {
        const auto row = (*vectors)->of({lastUserText(value.request), ""}, {});
        QVERIFY_OK(row);
        const auto nearest = index->query(row->data(), 2);
        QCOMPARE(nearest.at(0).id, value.id);
        QVERIFY(std::abs(nearest.at(0).score - 1) < 1e-5);
        QVERIFY(nearest.at(1).score < 0.9999);
    }
    const auto again = denseIndexOf(*bench.casebase, cases, **vectors);
    QVERIFY_OK(again);
}

void TestCaseRetriever::sentenceEncoderServes()
{
    // Vectors that transformers computed of the texts that it was given, cut as sentence-transformers cuts them.
    const std::filesystem::path fixtures = std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "encoder";
    const auto bytes = readFile(fixtures / "expected.json");
    QVERIFY_OK(bytes);
    const Json expected = *parseJson(*bytes, "expected.json");
    const Bench bench = Bench::make();
    for (const char* name : {"bert", "roberta"}) {
        const auto vectors = loadTextVectors(*bench.casebase, (fixtures / name).string(), "/no/such/model", {});
        QVERIFY_OK(vectors);
        QCOMPARE((*vectors)->width(), std::size_t{16});
        std::vector<std::string> texts;
        for (const Json& row : expected[name])
            texts.push_back(row["text"].get<std::string>());
        const auto rows = (*vectors)->of(texts, {});
        QVERIFY_OK(rows);
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const bool hasTokens = expected[name][i]["ids"].size() > 2;
            for (std::size_t j = 0; j < 16; ++j) {
                const double wanted = hasTokens ? expected[name][i]["vector"][j].get<double>() : 0;
                QVERIFY2(std::abs((*rows)[i * 16 + j] - wanted) < 2e-6, texts[i].c_str());
            }
        }
    }
    const auto vectors = loadTextVectors(*bench.casebase, (fixtures / "bert").string(), "/no/such/model", {});
    QVERIFY_OK(vectors);
    const std::vector<core::Case> cases = bench.allCases();
    const auto index = denseIndexOf(*bench.casebase, cases, **vectors);
    QVERIFY_OK(index);
    for (const core::Case& value : cases) {
        const auto row = (*vectors)->of({lastUserText(value.request)}, {});
        QVERIFY_OK(row);
        QCOMPARE(index->query(row->data(), 1).at(0).id, value.id);
    }
    const auto asModel = (*openEngine())->load({(fixtures / "bert").string(), {}});
    QVERIFY(!asModel.ok());
    QCOMPARE(asModel.error().code(), ErrorCode::unsupported);
    QVERIFY(asModel.error().message().find("sentence encoder") != std::string::npos);
    QVERIFY(asModel.error().hint().find("retrieval_model") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestCaseRetriever)
#include "tst_case_retriever.moc"
