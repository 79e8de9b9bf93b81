#include "casebase_fixture.h"
#include "precedent/casebase/exporter.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;
namespace fs = std::filesystem;

class TestExport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void jsonLinesImportBackWhole();
    void csvImportsBack();
    void folderIsDeterministic();
    void folderFollowsRemovals();
    void folderRefusesForeignFolders();
    void folderTextsStayReadable();
    void rolloutsStayOut_data();
    void rolloutsStayOut();
    void readOnlyCasebaseExports();
    void failuresLeaveNothing_data();
    void failuresLeaveNothing();

private:
    static std::map<std::string, std::string> filesOf(const fs::path& folder);
    std::unique_ptr<Casebase> m_casebase;
};

void TestExport::init()
{
    m_casebase = memoryCasebase();
    QVERIFY_OK(m_casebase->codes().add(code("S10", "Weapons")));
    QVERIFY_OK(m_casebase->codes().add(code("S10.1", "Knives", "S10")));
    Case value = makeCase("Line one\nLine \"two\", with a comma\n<!-- precedent: chain -->\nend", {{"S10.1", true}, {"S10", false}});
    value.tags = {"a", "b;c"};
    value.notes = "A note.\n\n";
    value.derived = {{"disposition", "x"}};
    const std::string a = *m_casebase->cases().add(value);
    Case other = makeCase("[{odd start", {{"S10", true}}, Disposition::refuse);
    other.request.insert(other.request.begin(), {"system", "Be kind."});
    const std::string b = *m_casebase->cases().add(other);
    QVERIFY_OK(m_casebase->cases().linkTwins(a, b, "everything"));
    QVERIFY_OK(m_casebase->cases().add(makeCase("no code")));
    Prompt prompt = makePrompt("p \u00e4", PromptLabel::attack);
    prompt.goalId = "g";
    prompt.wrapper = "w";
    prompt.derived = {{"expected", "y"}};
    const std::string p = *m_casebase->prompts().add(prompt);
    const std::string q = *m_casebase->prompts().add(makePrompt("q"));
    QVERIFY_OK(m_casebase->suites().add({"Suite / one", SuiteRole::sealed, "d", 0}));
    QVERIFY_OK(m_casebase->suites().addMembers("Suite / one", {q, p}));
    QVERIFY_OK(m_casebase->suites().burn(q, "trained on"));
}

std::map<std::string, std::string> TestExport::filesOf(const fs::path& folder)
{
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file())
            files[fs::relative(entry.path(), folder).string()] = *readFile(entry.path());
    }
    return files;
}

void TestExport::jsonLinesImportBackWhole()
{
    const Folder folder;
    const auto exported = exportCasebase(*m_casebase, folder / "a.jsonl", ExportFormat::jsonl);
    QVERIFY_OK(exported);
    QCOMPARE(exported->written, 2 + 3 + 2 + 1);
    QCOMPARE(exported->snapshot, m_casebase->snapshots().present()->hash);
    auto copy = memoryCasebase();
    const auto imported = Importer(*copy, {}).import({folder / "a.jsonl"});
    QVERIFY_OK(imported);
    QVERIFY2(imported->rejectedTotal == 0, imported->rejected.empty() ? "" : imported->rejected.front().reason.c_str());
    QCOMPARE(imported->imported, 8);
    QCOMPARE(copy->snapshots().present()->hash, exported->snapshot);
    const auto members = *copy->suites().members("Suite / one");
    QCOMPARE(members.size(), 2U);
    QCOMPARE(members[0].burned, true);
    QCOMPARE(members[0].burnedWhy, std::string("trained on"));
    QVERIFY_OK(exportCasebase(*copy, folder / "b.jsonl", ExportFormat::jsonl));
    QCOMPARE(*readFile(folder / "b.jsonl"), *readFile(folder / "a.jsonl"));
    QCOMPARE(Importer(*copy, {}).import({folder / "a.jsonl"})->skipped, 8);
    QCOMPARE(copy->check()->size(), 0U);
}

void TestExport::csvImportsBack()
{
    const Folder folder;
    const auto exported = exportCasebase(*m_casebase, folder / "out", ExportFormat::csv);
    QVERIFY_OK(exported);
    QCOMPARE(exported->written, 2 + 3 + 2);
    auto copy = memoryCasebase();
    for (const char* name : {"codes.csv", "cases.csv", "prompts.csv"}) {
        const auto imported = Importer(*copy, {}).import({folder / "out" / name});
        QVERIFY_OK(imported);
        QVERIFY2(imported->rejectedTotal == 0, imported->rejected.empty() ? "" : imported->rejected.front().reason.c_str());
    }
    const auto before = *m_casebase->cases().all();
    const auto after = *copy->cases().all();
    QCOMPARE(after.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        QCOMPARE(after[i].id, before[i].id);
        QVERIFY(after[i].request == before[i].request);
        QCOMPARE(after[i].tags, before[i].tags);
        QCOMPARE(after[i].chain + after[i].answer + after[i].notes + after[i].twinId,
            before[i].chain + before[i].answer + before[i].notes + before[i].twinId);
    }
    QCOMPARE(copy->prompts().all()->front().wrapper, m_casebase->prompts().all()->front().wrapper);
    QVERIFY_OK(exportCasebase(*m_casebase, folder / "cases only.csv", ExportFormat::csv));
    QCOMPARE(*readFile(folder / "cases only.csv"), *readFile(folder / "out/cases.csv"));
}

void TestExport::folderIsDeterministic()
{
    const Folder folder;
    QVERIFY_OK(exportCasebase(*m_casebase, folder / "a", ExportFormat::folder));
    const auto first = filesOf(folder / "a");
    QVERIFY(first.contains("codes/S10.1.md"));
    QVERIFY(first.contains("cases/S10.1/S10.1-001.md"));
    QVERIFY(first.contains("cases/none/S0-001.md"));
    QVERIFY(first.contains("prompts.jsonl"));
    QVERIFY(first.contains("suites/Suite%20%2F%20one.json"));
    // The same content under other times and in another order of writing.
    QVERIFY_OK(exportCasebase(*m_casebase, folder / "b.jsonl", ExportFormat::jsonl));
    auto copy = memoryCasebase();
    copy->setClock([] { return std::int64_t{5}; });
    QVERIFY_OK(Importer(*copy, {}).import({folder / "b.jsonl"}));
    QVERIFY_OK(exportCasebase(*copy, folder / "b", ExportFormat::folder));
    QCOMPARE(filesOf(folder / "b"), first);
    QVERIFY_OK(exportCasebase(*m_casebase, folder / "a", ExportFormat::folder));
    QCOMPARE(filesOf(folder / "a"), first);
}

void TestExport::folderFollowsRemovals()
{
    const Folder folder;
    QVERIFY_OK(exportCasebase(*m_casebase, folder / "a", ExportFormat::folder));
    folder.write("a/README.md", "ours");
    QVERIFY_OK(m_casebase->cases().remove("S0-001"));
    QVERIFY_OK(exportCasebase(*m_casebase, folder / "a", ExportFormat::folder));
    QVERIFY(!fs::exists(folder / "a/cases/none"));
    QVERIFY(fs::exists(folder / "a/cases/S10.1/S10.1-001.md"));
    QCOMPARE(*readFile(folder / "a/README.md"), std::string("ours"));
}

void TestExport::folderRefusesForeignFolders()
{
    const Folder folder;
    fs::create_directory(folder / "a");
    folder.write("a/thesis.txt", "precious");
    const auto exported = exportCasebase(*m_casebase, folder / "a", ExportFormat::folder);
    QVERIFY(!exported.ok());
    QCOMPARE(int(exported.error().code()), int(ErrorCode::alreadyExists));
    QCOMPARE(filesOf(folder / "a").size(), 1U);
}

void TestExport::folderTextsStayReadable()
{
    const Folder folder;
    QVERIFY_OK(exportCasebase(*m_casebase, folder / "a", ExportFormat::folder));
    const QString text = QString::fromStdString(*readFile(folder / "a/cases/S10.1/S10.1-001.md"));
    QVERIFY(text.startsWith("{\n  \"id\": \"S10.1-001\""));
    QVERIFY(text.contains("\n<!-- precedent: request -->\nLine one\nLine \"two\", with a comma\n\\<!-- precedent: chain -->\nend\n"));
}

void TestExport::rolloutsStayOut_data()
{
    QTest::addColumn<int>("format");
    for (const ExportFormat format : {ExportFormat::folder, ExportFormat::jsonl, ExportFormat::csv})
        QTest::addRow("format %d", int(format)) << int(format);
}

void TestExport::rolloutsStayOut()
{
    QFETCH(int, format);
    const Folder folder;
    const std::string secret = "Completion Of A Run";
    Run run;
    run.name = secret;
    const std::string id = *m_casebase->runs().add(run);
    Rollout rollout;
    rollout.step = 1;
    rollout.prompt = rollout.completion = rollout.answer = secret;
    QVERIFY_OK(m_casebase->runs().recordStep(id, {1, {}, 1}, {rollout}));
    EvaluationRow row;
    row.answer = secret;
    QVERIFY_OK(m_casebase->evaluations().addRows(*m_casebase->evaluations().add({}), {row}));
    fs::create_directory(folder / "x");
    QVERIFY_OK(
        exportCasebase(*m_casebase, format == int(ExportFormat::jsonl) ? folder / "x/out.jsonl" : folder / "x/out", ExportFormat(format)));
    for (const auto& [name, bytes] : filesOf(folder / "x"))
        QVERIFY2(bytes.find(secret) == std::string::npos, name.c_str());
}

void TestExport::readOnlyCasebaseExports()
{
    const Folder folder;
    QVERIFY_OK(m_casebase->copyTo(folder / "a.casebase"));
    auto opened = Casebase::open(folder / "a.casebase", OpenMode::readOnly);
    QVERIFY_OK(opened);
    QVERIFY_OK(exportCasebase(**opened, folder / "a.jsonl", ExportFormat::jsonl));
    QVERIFY_OK(exportCasebase(**opened, folder / "a", ExportFormat::folder));
}

void TestExport::failuresLeaveNothing_data() { rolloutsStayOut_data(); }

void TestExport::failuresLeaveNothing()
{
    QFETCH(int, format);
    const Folder folder;
    folder.write("file", "x");
    const auto exported = exportCasebase(*m_casebase, folder / "file/out", ExportFormat(format));
    QVERIFY(!exported.ok());
    QVERIFY(QString::fromStdString(exported.error().message()).contains("file"));
    QCOMPARE(filesOf(folder.path()).size(), 1U);
}

QTEST_GUILESS_MAIN(TestExport)
#include "tst_export.moc"
