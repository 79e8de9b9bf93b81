#include <set>

#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;
namespace fs = std::filesystem;

class TestImport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void badFilesStoreNothing_data();
    void badFilesStoreNothing();
    void badRowsAreRejectedAndTheRestIsTaken_data();
    void badRowsAreRejectedAndTheRestIsTaken();
    void fieldsAreMapped_data();
    void fieldsAreMapped();
    void codesAreFoundOrMade();
    void simpleFormsAreDerived_data();
    void simpleFormsAreDerived();
    void dispositionsAreDerivedAndMarked();
    void secondImportChangesNothing_data();
    void secondImportChangesNothing();
    void duplicatesFollowTheRule_data();
    void duplicatesFollowTheRule();
    void updateKeepsWhatPeopleDecided();
    void strictStoresAllOrNothing();
    void dryRunStoresNothing();
    void cancelledStoresNothing();
    void severalFilesAreOneTransaction();
    void suitesAreMadeInOrder();
    void aSuiteIsSealedUnlessSaidOtherwise();
    void twinsMayComeLater();
};

namespace {

Result<ImportResult> importFiles(Casebase& casebase, const std::vector<fs::path>& files, const ImportOptions& options = {})
{
    return Importer(casebase, options).import(files);
}

DispositionDeriver deriver()
{
    return {[](std::string_view, std::string_view answer) -> std::optional<Disposition> {
                return answer.find("sorry") != std::string_view::npos ? Disposition::refuse : Disposition::comply;
            },
        "the test's rule"};
}

} // namespace

void TestImport::badFilesStoreNothing_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("error");
    QTest::addColumn<QStringList>("says");
    const int corrupt = int(ErrorCode::corrupt);
    const int invalid = int(ErrorCode::invalidArgument);
    QTest::newRow("missing file") << "none.csv" << QByteArray() << int(ErrorCode::notFound) << QStringList{"none.csv"};
    QTest::newRow("folder") << "" << QByteArray() << invalid << QStringList{"folder"};
    QTest::newRow("empty file") << "e.csv" << QByteArray("") << corrupt << QStringList{"empty", "header"};
    QTest::newRow("Latin-1 late in the file") << "l.csv" << QByteArray("prompt,label\nfine,benign\ncaf\xe9,benign\n") << corrupt
                                              << QStringList{"l.csv", "UTF-8", "row 2"};
    QTest::newRow("unbalanced quotes late") << "q.csv" << QByteArray("prompt,label\nfine,benign\n\"open,benign\nx,benign\n") << corrupt
                                            << QStringList{"q.csv", "row 2", "line 3"};
    QTest::newRow("missing column") << "m.csv" << QByteArray("text,label\nfine,benign\n") << invalid
                                    << QStringList{"m.csv", "\"prompt\"", "\"text\", \"label\""};
    QTest::newRow("no label") << "n.csv" << QByteArray("prompt\nfine\n") << invalid << QStringList{"n.csv", "label"};
    QTest::newRow("broken JSON array") << "a.json" << QByteArray(R"([{"prompt":"fine","label":"benign"},{"prompt":)") << corrupt
                                       << QStringList{"a.json", "row 2", "byte"};
    QTest::newRow("JSON array of texts, then broken")
        << "b.json" << QByteArray(R"([{"prompt":"fine","label":"benign"}, nonsense])") << corrupt << QStringList{"b.json", "row 2"};
    QTest::newRow("JSON without a comma") << "c.json" << QByteArray(R"([{"prompt":"fine","label":"benign"}{"prompt":"x"}])") << corrupt
                                          << QStringList{"c.json", "row 1"};
    QTest::newRow("text after the array") << "d.json" << QByteArray(R"([{"prompt":"fine","label":"benign"}] x)") << corrupt
                                          << QStringList{"d.json", "follows"};
    QTest::newRow("array not closed") << "f.json" << QByteArray(R"([{"prompt":"fine","label":"benign"})") << corrupt
                                      << QStringList{"f.json", "not closed"};
    QTest::newRow("JSON in Latin-1") << "g.json" << QByteArray("[{\"prompt\":\"caf\xe9\",\"label\":\"benign\"}]") << corrupt
                                     << QStringList{"g.json", "UTF-8", "byte 15"};
    QTest::newRow("JSONL in UTF-16") << "h.jsonl" << QByteArray("\xff\xfe{\0", 4) << corrupt << QStringList{"h.jsonl", "UTF-16"};
    QTest::newRow("another JSON object") << "o.json" << QByteArray(R"({"a": 1})") << int(ErrorCode::unsupported)
                                         << QStringList{"o.json", "one JSON object"};
    QTest::newRow("empty JSON") << "p.json" << QByteArray(" ") << corrupt << QStringList{"empty"};
}

void TestImport::badFilesStoreNothing()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(int, error);
    QFETCH(QStringList, says);
    const Folder folder;
    if (!bytes.isNull())
        folder.write(str(name), bytes.toStdString());
    folder.write("good.csv", "prompt,label\ngood,benign\n");
    auto casebase = memoryCasebase();
    // A good file before the bad one is undone with it.
    const auto result = importFiles(*casebase, {folder / "good.csv", name.isEmpty() ? folder.path() : folder / str(name)});
    QVERIFY(!result.ok());
    QVERIFY2(int(result.error().code()) == error, result.error().message().c_str());
    for (const QString& part : says)
        QVERIFY2(QString::fromStdString(result.error().message()).contains(part), result.error().message().c_str());
    QCOMPARE(casebase->info()->prompts, 0);
    QCOMPARE(*casebase->audit().head(), std::string(64, '0'));
}

void TestImport::badRowsAreRejectedAndTheRestIsTaken_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("row");
    QTest::addColumn<QString>("column");
    QTest::addColumn<QString>("reason");
    QTest::newRow("too few fields") << "a.csv" << QByteArray("prompt,label\nfine,benign\nalone\nalso fine,benign\n") << 2 << ""
                                    << "has 1 fields; the header has 2";
    QTest::newRow("too many fields") << "a.csv" << QByteArray("prompt,label\nfine,benign\na,b,c\nalso fine,benign\n") << 2 << ""
                                     << "has 3 fields";
    QTest::newRow("empty request") << "a.csv" << QByteArray("prompt,label\nfine,benign\n ,benign\nalso fine,benign\n") << 2 << "prompt"
                                   << "empty";
    QTest::newRow("unknown label") << "a.csv" << QByteArray("prompt,label\nfine,benign\nx,dubious\nalso fine,benign\n") << 2 << "label"
                                   << "\"dubious\"";
    QTest::newRow("unknown disposition") << "a.csv"
                                         << QByteArray("prompt,label,expected\nfine,benign,comply\nx,benign,maybe\nalso fine,benign,\n")
                                         << 2 << "expected"
                                         << "\"maybe\"";
    QTest::newRow("huge field") << "a.csv"
                                << QByteArray("prompt,label\nfine,benign\n" + QByteArray(3000, 'x') + ",benign\nalso fine,benign\n") << 2
                                << "prompt"
                                << "longer than";
    QTest::newRow("broken JSON line")
        << "a.jsonl"
        << QByteArray("{\"prompt\":\"fine\",\"label\":\"benign\"}\n{\"prompt\":\n{\"prompt\":\"also fine\",\"label\":\"benign\"}\n") << 2
        << ""
        << "not valid JSON";
    QTest::newRow("JSON line that is a list")
        << "a.jsonl" << QByteArray("{\"prompt\":\"fine\",\"label\":\"benign\"}\n[1]\n{\"prompt\":\"also fine\",\"label\":\"benign\"}\n")
        << 2 << ""
        << "not a JSON object";
    QTest::newRow("JSON row without the field")
        << "a.json" << QByteArray(R"([{"prompt":"fine","label":"benign"},{"label":"benign"},{"prompt":"also fine","label":"benign"}])") << 2
        << "prompt"
        << "empty";
    QTest::newRow("JSON element that is a text")
        << "a.json" << QByteArray(R"([{"prompt":"fine","label":"benign"},"x",{"prompt":"also fine","label":"benign"}])") << 2 << ""
        << "not a JSON object";
    QTest::newRow("messages with an unknown role")
        << "a.jsonl"
        << QByteArray("{\"prompt\":\"fine\",\"label\":\"benign\"}\n{\"prompt\":[{\"role\":\"robot\",\"content\":\"x\"}],\"label\":"
                      "\"benign\"}\n{\"prompt\":\"also fine\",\"label\":\"benign\"}\n")
        << 2 << "prompt"
        << "robot";
    QTest::newRow("NUL in JSON") << "a.jsonl"
                                 << QByteArray("{\"prompt\":\"fine\",\"label\":\"benign\"}\n{\"prompt\":\"x\\u0000y\",\"label\":\"benign\"}"
                                               "\n{\"prompt\":\"also fine\",\"label\":\"benign\"}\n")
                                 << 2 << ""
                                 << "NUL";
    QTest::newRow("no label in one JSON row")
        << "a.jsonl"
        << QByteArray("{\"prompt\":\"fine\",\"label\":\"benign\"}\n{\"prompt\":\"x\"}\n{\"prompt\":\"also fine\",\"label\":\"benign\"}\n")
        << 2 << "label"
        << "no label";
}

void TestImport::badRowsAreRejectedAndTheRestIsTaken()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(int, row);
    QFETCH(QString, column);
    QFETCH(QString, reason);
    const Folder folder;
    auto casebase = memoryCasebase();
    ImportOptions options;
    options.maxFieldBytes = 2000;
    const auto result = importFiles(*casebase, {folder.write(str(name), bytes.toStdString())}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 2);
    QCOMPARE(result->rejectedTotal, 1);
    const RejectedRow& rejected = result->rejected.front();
    QCOMPARE(rejected.row, row);
    QCOMPARE(rejected.column, str(column));
    QVERIFY2(QString::fromStdString(rejected.reason).contains(reason), rejected.reason.c_str());
    QVERIFY(QString::fromStdString(rejected.file).endsWith(name));
    QCOMPARE(casebase->info()->prompts, 2);
}

void TestImport::fieldsAreMapped_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    const QByteArray json =
        R"({"Frage":"Why?","Antwort":"So.","Kette":"Thus.","Kodex":["Weapons","S7"],"Urteil":"Safe-complete","Marken":"a; b","sys":"Be kind."})";
    QTest::newRow("csv") << "a.csv"
                         << QByteArray(
                                "Frage,Antwort,Kette,Kodex,Urteil,Marken,sys\r\nWhy?,So.,Thus.,Weapons;S7,Safe-complete,a; b,Be kind.\r\n");
    QTest::newRow("tsv")
        << "a.tsv"
        << QByteArray("Frage\tAntwort\tKette\tKodex\tUrteil\tMarken\tsys\nWhy?\tSo.\tThus.\tWeapons|S7\tsafe complete\ta;b\tBe kind.\n");
    QTest::newRow("json") << "a.json" << QByteArray("[" + json + "]");
    QTest::newRow("jsonl") << "a.jsonl" << json;
    QTest::newRow("by content alone") << "a" << json;
    QTest::newRow("json lines named .json") << "a.json" << QByteArray(json + "\n" + json);
    QTest::newRow("python list")
        << "a.csv"
        << QByteArray("Frage,Antwort,Kette,Kodex,Urteil,Marken,sys\nWhy?,So.,Thus.,\"['Weapons', 'S7']\",SAFE_COMPLETE,a;b,Be kind.\n");
}

void TestImport::fieldsAreMapped()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    const Folder folder;
    auto casebase = memoryCasebase();
    QVERIFY_OK(casebase->codes().add(code("S7", "Privacy")));
    QVERIFY_OK(casebase->codes().add(code("S8", "Weapons")));
    ImportOptions options;
    options.as = ImportTarget::cases;
    options.map = {{"request", "Frage"}, {"answer", "Antwort"}, {"chain", "Kette"}, {"codes", "Kodex"}, {"disposition", "Urteil"},
        {"tags", "Marken"}, {"system", "sys"}};
    const auto result = importFiles(*casebase, {folder.write(str(name), bytes.toStdString())}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 1);
    QCOMPARE(result->rejectedTotal, 0);
    const Case value = casebase->cases().all()->front();
    QCOMPARE(value.id, std::string("S8-001"));
    QVERIFY(value.request == (std::vector<Message>{{"system", "Be kind."}, {"user", "Why?"}}));
    QVERIFY(value.codes == (std::vector<GoverningCode>{{"S8", true}, {"S7", true}}));
    QCOMPARE(int(value.disposition), int(Disposition::safeComplete));
    QCOMPARE(value.chain + value.answer, std::string("Thus.So."));
    QCOMPARE(value.tags, (std::vector<std::string>{"a", "b"}));
    QCOMPARE(int(value.status), int(CaseStatus::draft));
    QCOMPARE(value.source, std::string("a"));
    options.map["request"] = "Fragen";
    const auto wrong = importFiles(*casebase, {folder / str(name)}, options);
    QVERIFY(!wrong.ok());
    QVERIFY(QString::fromStdString(wrong.error().message()).contains("\"Frage\""));
    options.map = {{"colour", "Frage"}};
    QCOMPARE(int(importFiles(*casebase, {folder / str(name)}, options).error().code()), int(ErrorCode::invalidArgument));
}

void TestImport::codesAreFoundOrMade()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    QVERIFY_OK(casebase->codes().add(code("S1", "Self-Harm")));
    const auto file =
        folder.write("c.csv", "request,codes,disposition\none,self harm,comply\ntwo,Gambling,refuse\nthree,gambling,refuse\n");
    const auto result = importFiles(*casebase, {file});
    QVERIFY_OK(result);
    QCOMPARE(result->codesMade, 1);
    QCOMPARE(casebase->info()->codes, 2);
    const Code made = *casebase->codes().find("S2");
    QCOMPARE(made.title, std::string("Gambling"));
    QVERIFY(made.derived.contains("title"));
    // The code's own text fills it in, even where duplicates are skipped, and only once.
    const auto codes = folder.write("codes.csv", "title,detailed\nGambling,\"## Gambling\n\nNo bets for others. More.\"\n");
    QCOMPARE(importFiles(*casebase, {codes})->updated, 1);
    QCOMPARE(casebase->codes().find("S2")->simple, std::string("No bets for others."));
    QCOMPARE(importFiles(*casebase, {codes})->skipped, 1);
    QCOMPARE(casebase->check()->size(), 0U);
}

void TestImport::simpleFormsAreDerived_data()
{
    QTest::addColumn<QString>("detailed");
    QTest::addColumn<QString>("simple");
    QTest::newRow("first sentence") << "One thing. Another."
                                    << "One thing.";
    QTest::newRow("headings passed over") << "## Title\n\n### Objective\n\nPrevent this! And that."
                                          << "Prevent this!";
    QTest::newRow("abbreviation") << "Things, e.g. bombs, are out. So there."
                                  << "Things, e.g. bombs, are out.";
    QTest::newRow("no full stop") << "Only a fragment\nand more"
                                  << "Only a fragment";
    QTest::newRow("decimal") << "At most 2.5 grams. No more."
                             << "At most 2.5 grams.";
}

void TestImport::simpleFormsAreDerived()
{
    QFETCH(QString, detailed);
    QFETCH(QString, simple);
    const Folder folder;
    auto casebase = memoryCasebase();
    std::string quoted = str(detailed);
    const auto result =
        importFiles(*casebase, {folder.write("c.csv", "title,simple,detailed\nT,,\"" + quoted + "\"\nU,Given.,\"" + quoted + "\"\n")});
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 2);
    QCOMPARE(result->derived, 1);
    QCOMPARE(casebase->codes().find("S1")->simple, str(simple));
    QVERIFY(casebase->codes().find("S1")->derived.contains("simple"));
    QCOMPARE(casebase->codes().find("S2")->simple, std::string("Given."));
}

void TestImport::dispositionsAreDerivedAndMarked()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    ImportOptions options;
    options.disposition = deriver();
    const auto file = folder.write("c.csv",
        "request,disposition,response\none,,<think>hm</think>I am sorry.\ntwo,,Gladly.\nthree,safe_complete,I am "
        "sorry.\nfour,,\nfive,,<think>never closed\n");
    const auto result = importFiles(*casebase, {file}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 4);
    QCOMPARE(result->derived, 2);
    QCOMPARE(result->rejected.front().column, std::string("response"));
    const auto cases = *casebase->cases().all();
    QCOMPARE(int(cases[0].disposition), int(Disposition::refuse));
    QCOMPARE(cases[0].chain + "|" + cases[0].answer, std::string("hm|I am sorry."));
    QCOMPARE(cases[0].derived.at("disposition"), std::string("the test's rule"));
    QCOMPARE(int(cases[1].disposition), int(Disposition::comply));
    QCOMPARE(int(cases[2].disposition), int(Disposition::safeComplete));
    QVERIFY(cases[2].derived.empty());
    QCOMPARE(int(cases[3].disposition), int(Disposition::unknown));
}

void TestImport::secondImportChangesNothing_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("name");
    QTest::newRow("prompts") << QByteArray("prompt,label\none,benign\ntwo,harmful\none,harmful\n") << "p.csv";
    QTest::newRow("cases") << QByteArray("request,codes,disposition\none,A,comply\ntwo,B,refuse\n") << "c.csv";
    QTest::newRow("codes") << QByteArray("id,title,simple,parent\nS5,Five,x,\nS5.1,Below,y,S5\n") << "s.csv";
    QTest::newRow("XSTest") << QByteArray("id,prompt,type,label,focus,note\n1,a,homonyms,safe,kill,\n26,b,contrast_homonyms,unsafe,kill,\n")
                            << "x.csv";
}

void TestImport::secondImportChangesNothing()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, name);
    const Folder folder;
    const auto path = folder / "a.casebase";
    const auto file = folder.write(str(name), bytes.toStdString());
    ImportOptions options;
    options.suite = bytes.contains("prompt") ? "s" : "";
    std::int64_t rows = 0;
    {
        auto casebase = newCasebase(path);
        const auto first = importFiles(*casebase, {file}, options);
        QVERIFY_OK(first);
        QCOMPARE(first->rejectedTotal, 0);
        rows = first->imported + first->skipped;
        QVERIFY(rows >= 2);
    }
    const std::string before = *readFile(path);
    for (const Duplicates duplicates : {Duplicates::skip, Duplicates::update}) {
        auto casebase = Casebase::open(path, OpenMode::readWrite);
        QVERIFY_OK(casebase);
        options.duplicates = duplicates;
        const auto second = importFiles(**casebase, {file}, options);
        QVERIFY_OK(second);
        QCOMPARE(second->imported + second->updated, 0);
        QCOMPARE(second->skipped, rows);
        casebase->reset();
        QVERIFY(*readFile(path) == before);
    }
}

void TestImport::duplicatesFollowTheRule_data()
{
    QTest::addColumn<int>("rule");
    QTest::addColumn<int>("imported");
    QTest::addColumn<int>("updated");
    QTest::addColumn<int>("skipped");
    QTest::addColumn<QString>("answer");
    QTest::newRow("skip") << int(Duplicates::skip) << 1 << 0 << 2 << "old";
    QTest::newRow("update") << int(Duplicates::update) << 1 << 1 << 1 << "new";
    QTest::newRow("keep") << int(Duplicates::keep) << 3 << 0 << 0 << "old";
}

void TestImport::duplicatesFollowTheRule()
{
    QFETCH(int, rule);
    QFETCH(int, imported);
    QFETCH(int, updated);
    QFETCH(int, skipped);
    QFETCH(QString, answer);
    const Folder folder;
    auto casebase = memoryCasebase();
    QVERIFY_OK(importFiles(*casebase, {folder.write("a.csv", "request,answer\none,old\n")}));
    ImportOptions options;
    options.duplicates = Duplicates(rule);
    const auto result = importFiles(*casebase, {folder.write("a.csv", "request,answer\none,new\n one ,new\ntwo,x\n")}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->imported, imported);
    QCOMPARE(result->updated, updated);
    QCOMPARE(result->skipped, skipped);
    QCOMPARE(casebase->cases().find("S0-001")->answer, str(answer));
    QCOMPARE(casebase->check()->size(), 0U);
}

void TestImport::updateKeepsWhatPeopleDecided()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    ImportOptions options;
    options.disposition = deriver();
    options.duplicates = Duplicates::update;
    const auto file = folder.write("a.csv", "request,answer\none,Gladly.\n");
    QVERIFY_OK(importFiles(*casebase, {file}, options));
    Case value = *casebase->cases().find("S0-001");
    value.disposition = Disposition::refuse;
    value.derived.clear();
    value.notes = "We decided otherwise.";
    value.status = CaseStatus::approved;
    QVERIFY_OK(casebase->cases().update(value));
    const auto again = importFiles(*casebase, {file}, options);
    QVERIFY_OK(again);
    QCOMPARE(again->skipped, 1);
    const Case after = *casebase->cases().find("S0-001");
    QCOMPARE(int(after.disposition), int(Disposition::refuse));
    QCOMPARE(after.notes, value.notes);
    QCOMPARE(int(after.status), int(CaseStatus::approved));
}

void TestImport::strictStoresAllOrNothing()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    ImportOptions options;
    options.strict = true;
    const auto result = importFiles(*casebase, {folder.write("a.csv", "prompt,label\none,benign\n,benign\n")}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->stored, false);
    QCOMPARE(result->imported, 0);
    QCOMPARE(result->rejectedTotal, 1);
    QCOMPARE(casebase->info()->prompts, 0);
    QVERIFY(importFiles(*casebase, {folder.write("b.csv", "prompt,label\none,benign\n")}, options)->stored);
    QCOMPARE(casebase->info()->prompts, 1);
}

void TestImport::dryRunStoresNothing()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    ImportOptions options;
    options.dryRun = true;
    options.suite = "s";
    const auto result = importFiles(*casebase, {folder.write("a.csv", "prompt,label\none,benign\n,benign\n")}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->stored, false);
    QCOMPARE(result->imported, 1);
    QCOMPARE(result->rejectedTotal, 1);
    QCOMPARE(casebase->info()->prompts + casebase->info()->suites, 0);
    QCOMPARE(*casebase->audit().head(), std::string(64, '0'));
}

void TestImport::cancelledStoresNothing()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    std::stop_source stop;
    ImportOptions options;
    options.stop = stop.get_token();
    std::string csv = "prompt,label\n";
    for (int i = 0; i < 6000; ++i)
        csv += "question " + std::to_string(i) + ",benign\n";
    std::int64_t bytes = 0;
    options.onProgress = [&](const ImportProgress& progress) {
        bytes = progress.bytes;
        if (progress.rows >= 4000)
            stop.request_stop();
    };
    const auto result = importFiles(*casebase, {folder.write("a.csv", csv)}, options);
    QVERIFY(!result.ok());
    QCOMPARE(int(result.error().code()), int(ErrorCode::cancelled));
    QVERIFY(bytes > 0);
    QCOMPARE(casebase->info()->prompts, 0);
}

void TestImport::severalFilesAreOneTransaction()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    const auto a = folder.write("a.csv", "prompt,label\none,benign\n");
    const auto b = folder.write("b.jsonl", "{\"prompt\":\"two\",\"label\":\"attack\",\"goal\":\"a-1\",\"wrapper\":\"role play\"}\n");
    const auto result = importFiles(*casebase, {a, b});
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 2);
    QCOMPARE(result->recognised.size(), 2U);
    PromptFilter filter;
    filter.wrapper = "role play";
    QCOMPARE(casebase->prompts().all(filter)->front().goalId, std::string("a-1"));
    QCOMPARE(int(importFiles(*casebase, {}).error().code()), int(ErrorCode::invalidArgument));
}

void TestImport::suitesAreMadeInOrder()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    const auto file = folder.write("mine.csv", "prompt,label\nzebra,benign\nant,benign\n");
    ImportOptions options;
    options.as = ImportTarget::suite;
    QVERIFY_OK(importFiles(*casebase, {file}, options));
    QCOMPARE(casebase->suites().find("mine")->role == SuiteRole::sealed, true); // or its prompts would be trained on
    PromptFilter filter;
    filter.suite = "mine";
    QCOMPARE(casebase->prompts().all(filter)->front().messages.front().content, std::string("zebra"));
    // Prompts that are there already join a second suite.
    options.suite = "other";
    QCOMPARE(importFiles(*casebase, {file}, options)->skipped, 2);
    QCOMPARE(casebase->suites().members("other")->size(), 2U);
    QCOMPARE(casebase->check()->size(), 0U);
}

void TestImport::aSuiteIsSealedUnlessSaidOtherwise()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    const auto first = folder.write("first.csv", "prompt,label\nzebra,benign\nant,benign\n");
    const auto second = folder.write("second.csv", "prompt,label\nant,benign\nbee,benign\n");
    ImportOptions options;
    options.suite = "held";
    auto result = importFiles(*casebase, {first}, options);
    QVERIFY_OK(result);
    QCOMPARE(result->suites.size(), 1U);
    QCOMPARE(result->suites.front().name, std::string("held"));
    QVERIFY(result->suites.front().role == SuiteRole::sealed);
    QCOMPARE(result->suites.front().added, 2);

    options.suiteRole = SuiteRole::working; // a promise is not taken back
    QCOMPARE(int(importFiles(*casebase, {second}, options).error().code()), int(ErrorCode::failedPrecondition));
    QCOMPARE(casebase->suites().members("held")->size(), 2U);

    options.suite = "open";
    QVERIFY(importFiles(*casebase, {first}, options)->suites.front().role == SuiteRole::working);
    options.suiteRole = {}; // one that is there stays what it is
    result = importFiles(*casebase, {second}, options);
    QVERIFY(result->suites.front().role == SuiteRole::working);
    QCOMPARE(result->suites.front().added, 1);

    options.suiteRole = SuiteRole::sealed; // also where no prompt is new
    QVERIFY(importFiles(*casebase, {second}, options)->suites.front().role == SuiteRole::sealed);
    QVERIFY(casebase->suites().find("open")->role == SuiteRole::sealed);
    QCOMPARE(casebase->suites().members("open")->size(), 3U);
    QCOMPARE(casebase->check()->size(), 0U);

    // Rows of an export join the suite that their file is imported as, too.
    const auto exported = folder.write("again.jsonl",
        R"({"kind":"prompt","id":"fox","messages":[{"role":"user","content":"Do foxes swim?"}],"label":"benign","expected":"comply"})"
        "\n");
    ImportOptions asSuite;
    asSuite.as = ImportTarget::suite;
    result = importFiles(*casebase, {exported}, asSuite);
    QVERIFY_OK(result);
    QCOMPARE(result->rejectedTotal, 0);
    QCOMPARE(result->suites.front().name, std::string("again"));
    QVERIFY(result->suites.front().role == SuiteRole::sealed);

    const auto bad = folder.write("bad.jsonl", "{\"kind\":\"suite\",\"name\":\"odd\",\"role\":\"open\",\"members\":[]}\n");
    result = importFiles(*casebase, {bad});
    QCOMPARE(result->rejectedTotal, 1);
    QCOMPARE(result->rejected.front().column, std::string("role"));
}

void TestImport::twinsMayComeLater()
{
    const Folder folder;
    auto casebase = memoryCasebase();
    const auto file = folder.write("a.csv", "id,request,twin\nA,one,B\nB,two,A\nC,three,Z\n");
    const auto result = importFiles(*casebase, {file});
    QVERIFY_OK(result);
    QCOMPARE(result->imported, 3);
    QCOMPARE(casebase->cases().find("A")->twinId, std::string("B"));
    QCOMPARE(casebase->cases().find("C")->twinId, std::string());
    QCOMPARE(result->rejectedTotal, 1);
    QCOMPARE(result->rejected.front().column, std::string("twin"));
    QCOMPARE(casebase->check()->size(), 0U);
}

QTEST_GUILESS_MAIN(TestImport)
#include "tst_import.moc"
