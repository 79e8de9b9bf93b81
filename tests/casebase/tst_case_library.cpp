#include <array>
#include <set>

#include "casebase_fixture.h"
#include "precedent/align/rewards.h"
#include "precedent/casebase/near_duplicate.h"
#include "precedent/casebase/value_json.h"
#include "precedent/text/citations.h"
#include "precedent/text/refusal_analysis.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;
namespace fs = std::filesystem;

/// The library in resources/casebases/eight-categories: what its README promises.
class TestCaseLibrary : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void everyRowIsTakenAndNothingDerived();
    void eachCodeHasBothForms();
    void eachCategoryHasItsCases_data();
    void eachCategoryHasItsCases();
    void chainsCiteTheirCodesAndNothingElse();
    void chainsConcludeAsTheCaseWasDecided();
    void theBuiltInJudgeReadsTheAnswers();
    void chainAndAnswerAreShort();
    void twinsNameEachOtherAndDiffer();
    void noRequestRepeatsAnother();
    void wrappedPromptsHoldTheirGoal();
    void star1ComesUnderTheseCodes();
    void star1ForReal();

private:
    ImportResult m_imported;
    std::unique_ptr<Casebase> m_casebase;
    std::vector<Case> m_cases;
    std::vector<Prompt> m_prompts;
};

namespace {

fs::path library(const std::string& name) { return fs::path(PRECEDENT_SOURCE_DIR) / "resources/casebases/eight-categories" / name; }

std::vector<fs::path> libraryFiles()
{
    std::vector<fs::path> files{library("codes.jsonl")};
    for (const auto& entry : fs::directory_iterator(library("cases")))
        files.push_back(entry.path());
    std::sort(files.begin() + 1, files.end());
    files.push_back(library("prompts.jsonl"));
    files.push_back(library("wrapped-prompts.jsonl"));
    return files;
}

std::set<std::string> idsOf(const std::vector<GoverningCode>& codes)
{
    std::set<std::string> ids;
    for (const GoverningCode& code : codes)
        ids.insert(code.code);
    return ids;
}

std::set<std::string> citedIn(const std::string& text)
{
    const std::vector<std::string> found = text::findCitations(text);
    return {found.begin(), found.end()};
}

std::vector<Json> linesOf(const fs::path& file)
{
    std::vector<Json> rows;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);)
        rows.push_back(Json::parse(line));
    return rows;
}

std::string filled(std::string text, const std::string& request)
{
    const std::string mark = "{request}";
    const std::size_t at = text.find(mark);
    return at == std::string::npos ? text : text.replace(at, mark.size(), request);
}

} // namespace

void TestCaseLibrary::initTestCase()
{
    m_casebase = memoryCasebase();
    ImportOptions options;
    options.strict = true;
    const auto result = Importer(*m_casebase, options).import(libraryFiles());
    QVERIFY_OK(result);
    m_imported = *result;
    QVERIFY_OK(m_casebase->cases().forEach({}, [&](const Case& value) -> Status {
        m_cases.push_back(value);
        return {};
    }));
    const auto prompts = m_casebase->prompts().all();
    QVERIFY_OK(prompts);
    m_prompts = *prompts;
}

void TestCaseLibrary::everyRowIsTakenAndNothingDerived()
{
    std::int64_t rows = 0;
    std::set<std::string> ids;
    for (const fs::path& file : libraryFiles()) {
        for (const Json& row : linesOf(file)) {
            ++rows;
            QVERIFY2(ids.insert(row.at("id").get<std::string>()).second, row.at("id").get<std::string>().c_str());
        }
    }
    for (const RejectedRow& row : m_imported.rejected)
        qWarning("%s, row %lld, %s: %s", row.file.c_str(), static_cast<long long>(row.row), row.column.c_str(), row.reason.c_str());
    QCOMPARE(m_imported.rejectedTotal, 0);
    QCOMPARE(m_imported.imported, rows);
    QCOMPARE(m_imported.skipped, 0);
    QCOMPARE(m_imported.codesMade, 0);
    QCOMPARE(m_imported.derived, 0);
    QCOMPARE(m_casebase->check()->size(), 0U);
}

void TestCaseLibrary::eachCodeHasBothForms()
{
    const auto codes = m_casebase->codes().all();
    QVERIFY_OK(codes);
    QCOMPARE(codes->size(), 8U);
    for (const Code& code : *codes) {
        const std::size_t simple = comparableWords(code.simple).size();
        const std::size_t detailed = comparableWords(code.detailed).size();
        QVERIFY2(simple >= 10 && simple <= 50, code.id.c_str());
        QVERIFY2(detailed >= 150 && detailed <= 250, code.id.c_str());
    }
}

void TestCaseLibrary::eachCategoryHasItsCases_data()
{
    QTest::addColumn<QString>("code");
    for (const char* code : {"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"})
        QTest::newRow(code) << code;
}

void TestCaseLibrary::eachCategoryHasItsCases()
{
    QFETCH(QString, code);
    const std::string prefix = str(code) + "-";
    int comply = 0;
    int safeComplete = 0;
    int other = 0;
    for (const Case& value : m_cases) {
        if (value.codes.empty() || value.codes.front().code != str(code))
            continue;
        QVERIFY2(value.id.rfind(prefix, 0) == 0, value.id.c_str());
        QVERIFY2(value.status == CaseStatus::approved, value.id.c_str());
        ++(value.disposition == Disposition::comply ? comply : value.disposition == Disposition::safeComplete ? safeComplete : other);
    }
    QCOMPARE(other, 0);
    QVERIFY2(comply >= 15, qPrintable(QString::number(comply)));
    QVERIFY2(safeComplete >= 8, qPrintable(QString::number(safeComplete)));
    // Eight times as many: 200 and more in all.
    QVERIFY2(comply + safeComplete >= 25, qPrintable(QString::number(comply + safeComplete)));
    const auto prompts = std::count_if(
        m_prompts.begin(), m_prompts.end(), [&](const Prompt& p) { return p.governingCodes == std::vector<std::string>{str(code)}; });
    QVERIFY2(prompts >= 15, qPrintable(QString::number(prompts)));
}

void TestCaseLibrary::chainsCiteTheirCodesAndNothingElse()
{
    for (const Case& value : m_cases) {
        QVERIFY2(citedIn(value.chain) == idsOf(value.codes), value.id.c_str());
        QVERIFY2(citedIn(value.answer).empty(), value.id.c_str());
    }
}

void TestCaseLibrary::chainsConcludeAsTheCaseWasDecided()
{
    for (const Case& value : m_cases) {
        const auto conclusion = align::chainConclusion(value.chain);
        const Verdict wanted = value.disposition == Disposition::comply ? Verdict::comply : Verdict::safeComplete;
        QVERIFY2(conclusion == wanted, value.id.c_str());
    }
}

/// Training pays by this judge: where it misreads answers of the library, it pays for the wrong thing. It misreads 12 of 240.
void TestCaseLibrary::theBuiltInJudgeReadsTheAnswers()
{
    int completed = 0;
    int misread = 0;
    for (const Case& value : m_cases) {
        const bool part = value.disposition == Disposition::safeComplete;
        const Verdict wanted = part ? Verdict::safeComplete : Verdict::comply;
        completed += part;
        misread += text::analyseAnswer(lastUserText(value.request), value.answer).verdict != wanted;
    }
    QCOMPARE(completed, 86);
    QVERIFY2(misread <= 14, qPrintable(QString::number(misread)));
}

void TestCaseLibrary::chainAndAnswerAreShort()
{
    // Small models learn from completions of 128 to 200 tokens; a word is a token and a third or so.
    for (const Case& value : m_cases) {
        const std::size_t words = comparableWords(value.chain).size() + comparableWords(value.answer).size();
        QVERIFY2(words >= 40 && words <= 125, qPrintable(QString("%1: %2 words").arg(value.id.c_str()).arg(words)));
    }
}

void TestCaseLibrary::twinsNameEachOtherAndDiffer()
{
    int twins = 0;
    for (const Case& value : m_cases) {
        if (value.twinId.empty())
            continue;
        ++twins;
        const auto twin = m_casebase->cases().find(value.twinId);
        QVERIFY_OK(twin);
        QVERIFY2(twin->twinId == value.id, value.id.c_str());
        QVERIFY2(twin->disposition != value.disposition, value.id.c_str());
        QVERIFY2(!value.twinDifference.empty(), value.id.c_str());
    }
    QVERIFY2(twins >= 16, qPrintable(QString::number(twins)));
}

void TestCaseLibrary::noRequestRepeatsAnother()
{
    NearDuplicateIndex index;
    const auto addNew = [&](const std::string& id, const std::string& request) {
        const std::vector<std::string> near = index.find(request);
        index.add(id, request);
        return near.empty() ? std::string() : id + " is close to " + near.front();
    };
    for (const Case& value : m_cases) {
        const std::string found = addNew(value.id, lastUserText(value.request));
        QVERIFY2(found.empty(), found.c_str());
    }
    for (const Prompt& prompt : m_prompts) {
        if (!prompt.wrapper.empty())
            continue; // they repeat their wrapper and their goal by design
        const std::string found = addNew(prompt.id, lastUserText(prompt.messages));
        QVERIFY2(found.empty(), found.c_str());
    }
}

void TestCaseLibrary::wrappedPromptsHoldTheirGoal()
{
    std::map<std::string, std::string> templates;
    for (const Json& row : linesOf(library("wrappers.jsonl")))
        templates[row.at("wrapper").get<std::string>()] = row.at("template").get<std::string>();
    QVERIFY(templates.size() >= 8);
    std::set<std::string> used;
    for (const Prompt& prompt : m_prompts) {
        if (prompt.wrapper.empty())
            continue;
        used.insert(prompt.wrapper);
        const auto goal = m_casebase->prompts().find(prompt.goalId);
        QVERIFY_OK(goal);
        QVERIFY2(templates.contains(prompt.wrapper), prompt.id.c_str());
        QVERIFY2(lastUserText(prompt.messages) == filled(templates[prompt.wrapper], lastUserText(goal->messages)), prompt.id.c_str());
        QVERIFY2(prompt.expected == goal->expected && prompt.label == PromptLabel::benign, prompt.id.c_str());
    }
    QCOMPARE(used.size(), templates.size());
}

void TestCaseLibrary::star1ComesUnderTheseCodes()
{
    const Folder folder;
    const fs::path star1 = folder.write("star1.json",
        R"([{"id":"1","question":"one","response":"<think>a</think>b","category":["Illicit / Criminal Behavior","Privacy / Personal Data"],"source":"x","score":{"a":10}},
{"id":"2","question":"two","response":"<think>a</think>b","category":"['Self-Harm']","source":"x","score":{"a":10}}])");
    auto casebase = memoryCasebase();
    QVERIFY_OK(Importer(*casebase, {}).import(libraryFiles()));
    const auto asCases = Importer(*casebase, {}).import({star1});
    QVERIFY_OK(asCases);
    QCOMPARE(asCases->imported, 2);
    QCOMPARE(asCases->codesMade, 0);
    QVERIFY(casebase->cases().find("S5-001")->codes == (std::vector<GoverningCode>{{"S5", true}, {"S7", true}}));
    QVERIFY(casebase->cases().find("S4-001")->codes == (std::vector<GoverningCode>{{"S4", true}}));
    ImportOptions options;
    options.as = ImportTarget::prompts;
    options.label = PromptLabel::harmful;
    const auto asPrompts = Importer(*casebase, options).import({star1});
    QVERIFY_OK(asPrompts);
    QCOMPARE(asPrompts->imported, 2);
    QVERIFY(casebase->prompts().find("star1-1")->governingCodes == (std::vector<std::string>{"S5", "S7"}));
    QVERIFY(casebase->prompts().find("star1-2")->governingCodes == std::vector<std::string>{"S4"});
    QCOMPARE(casebase->info()->codes, 8);
}

void TestCaseLibrary::star1ForReal()
{
    const fs::path star1 = fs::path(PRECEDENT_SHARED_DATA) / "star1/STAR-1.json";
    if (!fs::exists(star1))
        QSKIP("shared/data/star1 is not there: the real STAR-1 was not imported.");
    auto casebase = memoryCasebase();
    std::vector<fs::path> files = libraryFiles();
    files.push_back(star1);
    const auto result = Importer(*casebase, {}).import(files);
    QVERIFY_OK(result);
    QCOMPARE(result->rejectedTotal, 0);
    QCOMPARE(result->codesMade, 0);
    QCOMPARE(result->imported, m_imported.imported + 995);
    QCOMPARE(casebase->info()->codes, 8);
}

QTEST_GUILESS_MAIN(TestCaseLibrary)
#include "tst_case_library.moc"
