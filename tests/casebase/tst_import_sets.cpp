#include <set>

#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;
namespace fs = std::filesystem;

class TestImportSets : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void knownSetsAreRecognised_data();
    void knownSetsAreRecognised();
    void star1ByItsColumns();
    void star1AsPromptsNamesKnownCodes();
    void star1ForReal();
    void xstestForReal();
    void advBenchForReal();
    void otherSetsForReal_data();
    void otherSetsForReal();
};

namespace {

Result<ImportResult> importFiles(Casebase& casebase, const std::vector<fs::path>& files, const ImportOptions& options = {})
{
    return Importer(casebase, options).import(files);
}

fs::path shared(const char* name) { return fs::path(PRECEDENT_SHARED_DATA) / name; }

DispositionDeriver deriver()
{
    return {[](std::string_view, std::string_view answer) -> std::optional<Disposition> {
                return answer.find("sorry") != std::string_view::npos ? Disposition::refuse : Disposition::comply;
            },
        "the test's rule"};
}

} // namespace

void TestImportSets::knownSetsAreRecognised_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("set");
    QTest::addColumn<int>("label");
    QTest::addColumn<int>("expected");
    QTest::addColumn<QString>("text");
    const int harmful = int(PromptLabel::harmful);
    const int refuse = int(Disposition::refuse);
    QTest::newRow("AdvBench") << "x.csv" << QByteArray("goal,target\nask,Sure\n") << "AdvBench" << harmful << refuse << "ask";
    QTest::newRow("HarmBench")
        << "x.csv"
        << QByteArray("Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID\nask,standard,illegal,,,id_1\n")
        << "HarmBench" << harmful << refuse << "ask";
    QTest::newRow("HarmBench with a context") << "x.csv"
                                              << QByteArray("Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,"
                                                            "BehaviorID\nask,contextual,illegal,context,background,id_1\n")
                                              << "HarmBench" << harmful << refuse << "background\n\n---\n\nask";
    QTest::newRow("JailbreakBench") << "x.csv" << QByteArray(",Goal,Target,Behavior,Category,Source\n0,ask,Sure,b,c,s\n")
                                    << "JailbreakBench" << harmful << refuse << "ask";
    QTest::newRow("JailbreakBench, benign half")
        << "benign-behaviors.csv" << QByteArray("Index,Goal,Target,Behavior,Category,Source\n0,ask,Sure,b,c,s\n") << "JailbreakBench"
        << int(PromptLabel::benign) << int(Disposition::comply) << "ask";
    QTest::newRow("SimpleSafetyTests") << "x.csv" << QByteArray("id,harm_area,counter,category,prompts_final\nsst_1,a,1,c,ask\n")
                                       << "SimpleSafetyTests" << harmful << refuse << "ask";
    QTest::newRow("XSTest safe") << "x.csv" << QByteArray("id,prompt,type,label,focus,note\n1,ask,homonyms,safe,kill,\n") << "XSTest"
                                 << int(PromptLabel::benign) << int(Disposition::comply) << "ask";
    QTest::newRow("XSTest unsafe") << "x.csv" << QByteArray("id,prompt,type,label,focus,note\n1,ask,contrast_homonyms,unsafe,kill,\n")
                                   << "XSTest" << harmful << refuse << "ask";
    QTest::newRow("GSM8K") << "x.jsonl" << QByteArray("{\"question\":\"ask\",\"answer\":\"so\\n#### 1,234\"}\n") << "GSM8K"
                           << int(PromptLabel::utility) << int(Disposition::comply) << "ask";
    QTest::newRow("MMLU") << "x.csv" << QByteArray("id,subject,question,A,B,C,D,answer\ns-0,s,ask,p,q,r,t,B\n") << "MMLU"
                          << int(PromptLabel::utility) << int(Disposition::comply)
                          << "ask\nA. p\nB. q\nC. r\nD. t\nAnswer with the letter of the right choice.";
    QTest::newRow("MMLU without a header") << "x.csv" << QByteArray("ask,p,q,r,t,B\nask2,p,q,r,t,C\n") << "MMLU"
                                           << int(PromptLabel::utility) << int(Disposition::comply)
                                           << "ask\nA. p\nB. q\nC. r\nD. t\nAnswer with the letter of the right choice.";
}

void TestImportSets::knownSetsAreRecognised()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(QString, set);
    QFETCH(int, label);
    QFETCH(int, expected);
    QFETCH(QString, text);
    const Folder folder;
    auto casebase = memoryCasebase();
    const auto result = importFiles(*casebase, {folder.write(str(name), bytes.toStdString())});
    QVERIFY_OK(result);
    QCOMPARE(result->recognised.front(), str(set));
    QCOMPARE(result->rejectedTotal, 0);
    QCOMPARE(result->derived, 0);
    const auto prompts = *casebase->prompts().all();
    QVERIFY(!prompts.empty());
    const auto it = std::find_if(prompts.begin(), prompts.end(), [&](const Prompt& p) { return p.messages.front().content == str(text); });
    QVERIFY(it != prompts.end());
    QCOMPARE(int(it->label), label);
    QCOMPARE(int(it->expected), expected);
    if (set == "GSM8K")
        QCOMPARE(it->utilityAnswer, std::string("1234"));
    if (set == "MMLU")
        QCOMPARE(it->utilityAnswer, std::string("B"));
}

void TestImportSets::star1ByItsColumns()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    ImportOptions options;
    options.disposition = deriver();
    const auto policies = folder.write("policies.json",
        R"({"CATEGORY_DEFINITION":"x","POLICY_PRIVACY":"## 7. Privacy / Personal Data\n\n### Policy Objective\n\nProtect people. Always.","POLICY_WEAPONS":"## 2. Weapons\n\nNo bombs."})");
    const auto data = folder.write("S.json",
        R"([{"id":"12","question":"ask","response":"<think>\nOkay, the Privacy policy and the Weapons policy apply.\n</think>\n\nI am sorry.","category":["Weapons"],"source":"SaladBench","score":{"a":10}},
{"id":"13","question":"other","response":"<think>t</think>Here.","category":"['Privacy / Personal Data', 'New One']","source":"ALERT","score":{"a":9}}])");
    const auto result = importFiles(*casebase, {policies, data}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->rejectedTotal, 0);
    QCOMPARE(result->imported, 4);
    QCOMPARE(result->codesMade, 1);
    QCOMPARE(result->derived, 4);
    QCOMPARE(casebase->codes().find("S1")->title, std::string("Privacy / Personal Data"));
    QCOMPARE(casebase->codes().find("S1")->simple, std::string("Protect people."));
    QCOMPARE(casebase->codes().find("S3")->title, std::string("New One"));
    const Case value = *casebase->cases().find("S2-001");
    QCOMPARE(value.chain, std::string("Okay, the Privacy policy and the Weapons policy apply."));
    QCOMPARE(value.answer, std::string("I am sorry."));
    QVERIFY(value.codes == (std::vector<GoverningCode>{{"S2", true}, {"S1", false}}));
    QVERIFY(value.derived.contains("codes") && value.derived.contains("citations"));
    QCOMPARE(value.derived.at("disposition"), std::string("the test's rule"));
    QCOMPARE(int(value.status), int(CaseStatus::draft));
    QCOMPARE(value.source + value.sourceId + value.tags.front(), std::string("star112SaladBench"));
    const Case second = *casebase->cases().find("S1-001");
    QVERIFY(second.codes == (std::vector<GoverningCode>{{"S1", true}, {"S3", true}}));
    const std::string head = *casebase->audit().head();
    const auto again = importFiles(*casebase, {policies, data}, options);
    QVERIFY_OK(again);
    QCOMPARE(again->skipped, 4);
    QCOMPARE(*casebase->audit().head(), head);
}

void TestImportSets::star1AsPromptsNamesKnownCodes()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    QVERIFY_OK(casebase->codes().add(code("S4", "Weapons")));
    ImportOptions options;
    options.as = ImportTarget::prompts;
    options.label = PromptLabel::harmful;
    const auto data = folder.write("S.json",
        R"([{"id":"1","question":"ask","response":"<think>t</think>No.","category":["weapons","S4","Unheard Of"],"source":"x","score":{"a":1}}])");
    QVERIFY_OK(importFiles(*casebase, {data}, options));
    // Prompts make no codes; what no code is called stays as the row has it.
    QCOMPARE(casebase->prompts().find("star1-1")->governingCodes, (std::vector<std::string>{"S4", "Unheard Of"}));
    QCOMPARE(casebase->info()->codes, 1);
}

void TestImportSets::star1ForReal()
{
    if (!fs::exists(shared("star1/STAR-1.json")))
        QSKIP("shared/data/star1 is not there: the real STAR-1 was not imported.");
    auto casebase = memoryCasebase();
    ImportOptions options;
    options.disposition = deriver();
    const auto result = importFiles(*casebase, {shared("star1/policies.json"), shared("star1/STAR-1.json")}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 995 + 8);
    QCOMPARE(result->rejectedTotal, 0);
    QCOMPARE(result->codesMade, 0);
    QCOMPARE(casebase->info()->codes, 8);
    int chains = 0;
    int codes = 0;
    QVERIFY_OK(casebase->cases().forEach({}, [&](const Case& value) -> Status {
        chains += value.chain.empty() || value.answer.empty() || value.chain.find("</think>") != std::string::npos ? 0 : 1;
        codes += value.codes.empty() ? 0 : 1;
        return {};
    }));
    QCOMPARE(chains, 995);
    QCOMPARE(codes, 995);
    const auto stored = *casebase->codes().all();
    for (const Code& policy : stored)
        QVERIFY(!policy.simple.empty() && !policy.detailed.empty() && policy.derived.contains("simple"));
    const std::string head = *casebase->audit().head();
    QCOMPARE(importFiles(*casebase, {shared("star1/policies.json"), shared("star1/STAR-1.json")}, options)->skipped, 995 + 8);
    QCOMPARE(*casebase->audit().head(), head);
    // The other way round the policies fill in what the categories made.
    auto other = memoryCasebase();
    const auto reversed = importFiles(*other, {shared("star1/STAR-1.json"), shared("star1/policies.json")}, options);
    QVERIFY_OK(reversed);
    QCOMPARE(reversed->codesMade, 8);
    QCOMPARE(reversed->updated, 8);
    QCOMPARE(other->info()->codes, 8);
    QCOMPARE(other->check()->size(), 0U);
}

void TestImportSets::xstestForReal()
{
    if (!fs::exists(shared("xstest/xstest_prompts.csv")))
        QSKIP("shared/data/xstest is not there: the real XSTest was not imported.");
    auto casebase = memoryCasebase();
    ImportOptions options;
    options.suite = "XSTest";
    const auto result = importFiles(*casebase, {shared("xstest/xstest_prompts.csv")}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 447);
    QCOMPARE(result->rejectedTotal, 0);
    QCOMPARE(casebase->suites().find("XSTest")->role == SuiteRole::sealed, true);
    QCOMPARE(casebase->suites().members("XSTest")->size(), 447U);
    int safe = 0;
    int paired = 0;
    std::set<std::string> families;
    QVERIFY_OK(casebase->prompts().forEach({}, [&](const Prompt& prompt) -> Status {
        safe += prompt.label == PromptLabel::benign ? 1 : 0;
        families.insert(prompt.family);
        if (!prompt.siblingId.empty()) {
            const auto sibling = casebase->prompts().find(prompt.siblingId);
            paired += sibling.ok() && sibling->siblingId == prompt.id && sibling->label != prompt.label && sibling->family == prompt.family
                ? 1
                : 0;
        }
        return {};
    }));
    QCOMPARE(safe, 248);
    QCOMPARE(families.size(), 8U);
    QVERIFY2(paired > 300, qPrintable(QString::number(paired)));
    QCOMPARE(casebase->prompts().find("xstest-1")->sourceId, std::string("1"));
    const std::string head = *casebase->audit().head();
    QCOMPARE(importFiles(*casebase, {shared("xstest/xstest_prompts.csv")}, options)->skipped, 447);
    QCOMPARE(*casebase->audit().head(), head);
}

void TestImportSets::advBenchForReal()
{
    if (!fs::exists(shared("advbench/harmful_behaviors.csv")))
        QSKIP("shared/data/advbench is not there: the real AdvBench was not imported.");
    auto casebase = memoryCasebase();
    const auto result = importFiles(*casebase, {shared("advbench/harmful_behaviors.csv")});
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 513);
    PromptFilter filter;
    filter.labels = {PromptLabel::harmful};
    QCOMPARE(*casebase->prompts().count(filter), 513);
    QCOMPARE(importFiles(*casebase, {shared("advbench/harmful_behaviors.csv")})->skipped, 513);
}

void TestImportSets::otherSetsForReal_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("set");
    QTest::addColumn<int>("rows");
    QTest::newRow("HarmBench") << "harmbench/harmbench_behaviors_text_all.csv"
                               << "HarmBench" << 399;
    QTest::newRow("JailbreakBench") << "jailbreakbench/jailbreakbench_harmful.csv"
                                    << "JailbreakBench" << 97;
    QTest::newRow("SimpleSafetyTests") << "simple_safety_tests/SimpleSafetyTests.csv"
                                       << "SimpleSafetyTests" << 80;
    QTest::newRow("GSM8K") << "gsm8k/test.jsonl"
                           << "GSM8K" << 1319;
    QTest::newRow("MMLU") << "mmlu_dev/mmlu_dev_combined.csv"
                          << "MMLU" << 285;
}

void TestImportSets::otherSetsForReal()
{
    QFETCH(QString, file);
    QFETCH(QString, set);
    QFETCH(int, rows);
    const auto path = shared(str(file).c_str());
    if (!fs::exists(path))
        QSKIP("shared/data is not there: this set was not imported.");
    auto casebase = memoryCasebase();
    const auto result = importFiles(*casebase, {path});
    QVERIFY_OK(result);
    QCOMPARE(result->recognised.front(), str(set));
    QCOMPARE(result->rejectedTotal, 0);
    QCOMPARE(result->imported + result->skipped, rows);
    QVERIFY(result->imported >= rows - 1);
}

QTEST_GUILESS_MAIN(TestImportSets)
#include "tst_import_sets.moc"
