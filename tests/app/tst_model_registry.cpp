#include <QtTest/QtTest>

#include <thread>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>

#include "precedent/base/json.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/checkpoint_card.h"
#include "precedent/workspace/model_choices.h"
#include "precedent/workspace/model_registry.h"
#include "precedent/workspace/model_source.h"
#include "tests/app/model_folder.h"

using namespace precedent;
using namespace precedent::workspace;
using tests::read;
using tests::write;
namespace fs = std::filesystem;

class TestModelRegistry : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void addedModelsAreListedByNameAndSurvive();
    void namesAndFoldersAreUnique();
    void namesThatCouldMeanSomethingElseAreRefused_data();
    void namesThatCouldMeanSomethingElseAreRefused();
    void aFolderGetsAFreeName_data();
    void aFolderGetsAFreeName();
    void damagedListsAreToldAndKept_data();
    void damagedListsAreToldAndKept();
    void aListThatCannotBeWrittenChangesNothing();
    void programsThatAddAtOnceLoseNothing();
    void aDamagedListHidesNeitherStarterNorFolders();
    void resolvesInTheDocumentedOrder();
    void ggufFilesAreResolved();
    void placesListEachNameOnce();
    void choicesListCheckpointsNewestFirst();
    void checkpointsSayWhatMadeThem();

private:
    [[nodiscard]] fs::path path(const QString& name) const { return m_folder->filePath(name).toStdString(); }
    fs::path modelFolder(const QString& name) const;

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestModelRegistry::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_DATA_HOME", m_folder->filePath("data").toUtf8());
}

fs::path TestModelRegistry::modelFolder(const QString& name) const
{
    const fs::path folder = path(name);
    fs::create_directories(folder);
    write(folder / "config.json", "{}");
    return folder;
}

void TestModelRegistry::addedModelsAreListedByNameAndSurvive()
{
    ModelRegistry registry;
    QVERIFY(registry.list().ok());
    QVERIFY(registry.list().value().empty());
    QVERIFY(registry.add("zebra", path("z/")).ok());
    QVERIFY(registry.add("ant", path("a")).ok());

    const auto listed = ModelRegistry().list();
    QVERIFY(listed.ok());
    QCOMPARE(listed.value().size(), std::size_t{2});
    QCOMPARE(listed.value()[0].name, std::string("ant"));
    QCOMPARE(listed.value()[1].folder, path("z")); // without the slash
    QVERIFY(QFile::exists(m_folder->filePath("data/precedent/models.json")));

    QVERIFY(registry.remove("ant").ok());
    QCOMPARE(registry.find("ant").error().code(), ErrorCode::notFound);
    QCOMPARE(registry.remove("ant").error().code(), ErrorCode::notFound);
    QCOMPARE(*registry.find("zebra"), path("z"));
}

void TestModelRegistry::namesAndFoldersAreUnique()
{
    ModelRegistry registry;
    const fs::path one = modelFolder("one");
    QVERIFY(registry.add("m", one).ok());
    QCOMPARE(registry.add("m", modelFolder("two")).error().code(), ErrorCode::alreadyExists);
    fs::create_directory_symlink(one, path("link"));
    const Status again = registry.add("n", path("link"));
    QCOMPARE(again.error().code(), ErrorCode::alreadyExists);
    QVERIFY2(again.error().message().find("as m") != std::string::npos, again.error().message().c_str());
    QCOMPARE(registry.list().value().size(), std::size_t{1});

    fs::rename(path("two"), path("moved"));
    QVERIFY(registry.add("t", path("moved")).ok());
    fs::rename(path("moved"), path("again"));
    QVERIFY(registry.add("t", path("again")).ok());
    QCOMPARE(*registry.find("t"), path("again"));
    QCOMPARE(registry.list().value().size(), std::size_t{2});
}

void TestModelRegistry::namesThatCouldMeanSomethingElseAreRefused_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<bool>("fine");
    QTest::newRow("plain") << QByteArray("qwen3-0.6b_it") << true;
    QTest::newRow("with a space") << QByteArray("my model") << true;
    QTest::newRow("umlaut") << QByteArray("f\xc3\xbcr Arbeit") << true;
    QTest::newRow("empty") << QByteArray("") << false;
    QTest::newRow("starter") << QByteArray("starter") << false;
    QTest::newRow("run") << QByteArray("run:run-1@3") << false;
    QTest::newRow("step") << QByteArray("m@3") << false;
    QTest::newRow("path") << QByteArray("a/b") << false;
    QTest::newRow("parent") << QByteArray("..") << false;
    QTest::newRow("option") << QByteArray("--name") << false;
    QTest::newRow("line break") << QByteArray("a\nb") << false;
    QTest::newRow("zero byte") << QByteArray("a\0b", 3) << false;
    QTest::newRow("space at the end") << QByteArray("a ") << false;
    QTest::newRow("not utf-8") << QByteArray("a\xff") << false;
    QTest::newRow("64 bytes") << QByteArray(64, 'a') << true;
    QTest::newRow("65 bytes") << QByteArray(65, 'a') << false;
}

void TestModelRegistry::namesThatCouldMeanSomethingElseAreRefused()
{
    QFETCH(QByteArray, name);
    QFETCH(bool, fine);
    const Status added = ModelRegistry().add(name.toStdString(), path("folder"));
    QCOMPARE(added.ok(), fine);
    if (!fine)
        QCOMPARE(added.error().code(), ErrorCode::invalidArgument);
}

void TestModelRegistry::aFolderGetsAFreeName_data()
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("name");
    QTest::newRow("its own") << "/models/qwen3-0.6b"
                             << "qwen3-0.6b";
    QTest::newRow("slash at the end") << "/models/qwen3-0.6b/"
                                      << "qwen3-0.6b";
    QTest::newRow("taken") << "/models/taken"
                           << "taken-3";
    QTest::newRow("the starter's") << "/models/starter"
                                   << "model";
    QTest::newRow("odd letters") << "/models/a b:c@d"
                                 << "a-b-c-d";
    QTest::newRow("hidden") << "/models/.cache"
                            << "cache";
    QTest::newRow("nothing left") << "/models/..."
                                  << "model";
    QTest::newRow("root") << "/"
                          << "model";
    QTest::newRow("long") << "/models/" + QString(200, 'x') << QString(59, 'x');
}

void TestModelRegistry::aFolderGetsAFreeName()
{
    QFETCH(QString, folder);
    QFETCH(QString, name);
    const std::string given = nameForFolder(folder.toStdString(), {{"taken", "/a"}, {"taken-2", "/b"}});
    QCOMPARE(QString::fromStdString(given), name);
    QVERIFY(checkModelName(given).ok());
}

void TestModelRegistry::damagedListsAreToldAndKept_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("code");
    QTest::newRow("empty") << QByteArray() << "corrupt";
    QTest::newRow("no json") << QByteArray("{\"format\": ") << "corrupt";
    QTest::newRow("another file") << QByteArray("[1, 2, 3]") << "corrupt";
    QTest::newRow("no version") << QByteArray(R"({"format": "precedent-models", "models": {}})") << "corrupt";
    QTest::newRow("version of a strange kind") << QByteArray(R"({"format": "precedent-models", "version": "1", "models": {}})")
                                               << "corrupt";
    QTest::newRow("newer") << QByteArray(R"({"format": "precedent-models", "version": 2, "models": {}})") << "too_new";
    QTest::newRow("models a list") << QByteArray(R"({"format": "precedent-models", "version": 1, "models": []})") << "corrupt";
    QTest::newRow("relative") << QByteArray(R"({"format": "precedent-models", "version": 1, "models": {"m": "here"}})") << "corrupt";
    QTest::newRow("folder a number") << QByteArray(R"({"format": "precedent-models", "version": 1, "models": {"m": 3}})") << "corrupt";
    QTest::newRow("name of the starter") << QByteArray(R"({"format": "precedent-models", "version": 1, "models": {"starter": "/x"}})")
                                         << "corrupt";
    QTest::newRow("deep") << QByteArray(200'000, '[') << "corrupt";
    QTest::newRow("huge") << QByteArray(5'000'000, ' ') << "corrupt";
    QTest::newRow("binary") << QByteArray("\x00\xff\xfe\x01", 4) << "corrupt";
}

void TestModelRegistry::damagedListsAreToldAndKept()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, code);
    write(ModelRegistry::registryFile(), bytes);
    ModelRegistry registry;
    for (const Status& status : {registry.add("m", path("m")), registry.remove("m")}) {
        QCOMPARE(QString(toString(status.error().code())), code);
        QVERIFY(!status.error().hint().empty());
    }
    QCOMPARE(QString(toString(registry.list().error().code())), code);
    QCOMPARE(read(ModelRegistry::registryFile()), bytes);
}

void TestModelRegistry::aListThatCannotBeWrittenChangesNothing()
{
    // A folder in the file's place fails for every user, also for one who may write everywhere.
    fs::create_directories(ModelRegistry::registryFile() / "in the way");
    const Status added = ModelRegistry().add("m", path("m"));
    QVERIFY(!added.ok());
    QVERIFY(fs::exists(ModelRegistry::registryFile() / "in the way"));
    write(path("file"), "x");
    QVERIFY(!ModelRegistry(path("file") / "models.json").add("m", path("m")).ok());
}

void TestModelRegistry::programsThatAddAtOnceLoseNothing()
{
    constexpr int kEach = 12;
    std::vector<std::jthread> threads;
    std::atomic<int> failed = 0;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                const std::string name = "m" + std::to_string(t) + "-" + std::to_string(i);
                failed += ModelRegistry().add(name, path("models") / name).ok() ? 0 : 1;
            }
        });
    }
    threads.clear();
    QCOMPARE(failed.load(), 0);
    QCOMPARE(ModelRegistry().list().value().size(), std::size_t{4 * kEach});
}

void TestModelRegistry::aDamagedListHidesNeitherStarterNorFolders()
{
    write(ModelRegistry::registryFile(), "{");
    QVERIFY(resolveModel("starter").ok());
    QVERIFY(resolveModel(modelFolder("here").string()).ok());
    const ModelPlaces places = modelPlaces();
    QCOMPARE(places.places.size(), std::size_t{1});
    QCOMPARE(places.registry.error().code(), ErrorCode::corrupt);
    QCOMPARE(resolveModel("added-once").error().code(), ErrorCode::corrupt); // not "there is no such model"
}

void TestModelRegistry::resolvesInTheDocumentedOrder()
{
    const fs::path added = modelFolder("added");
    const fs::path inFolder = modelFolder("data/precedent/models/same");
    QCOMPARE(resolveModel("same").value().folder, inFolder);
    QVERIFY(ModelRegistry().add("same", added).ok());
    const auto resolved = resolveModel("same");
    QVERIFY(resolved.ok());
    QCOMPARE(resolved.value().folder, added);
    QCOMPARE(resolved.value().name, std::string("same"));
    QCOMPARE(resolveModel(inFolder.string()).value().folder, inFolder);

    fs::remove_all(added);
    const auto gone = resolveModel("same");
    QCOMPARE(gone.error().code(), ErrorCode::notFound);
    QVERIFY2(gone.error().message().find(added.string()) != std::string::npos, gone.error().message().c_str());
}

void TestModelRegistry::ggufFilesAreResolved()
{
    write(path("m.gguf"), "GGUF");
    QCOMPARE(resolveModel(path("m.gguf").string()).value().folder, path("m.gguf"));
    QVERIFY(ModelRegistry().add("added", path("m.gguf")).ok());
    QCOMPARE(resolveModel("added").value().folder, path("m.gguf"));
    write(path("data/precedent/models/in-folder/x.gguf"), "GGUF");
    write(path("data/precedent/models/plain.gguf"), "GGUF");
    QCOMPARE(resolveModel("in-folder").value().folder, path("data/precedent/models/in-folder"));
    QCOMPARE(resolveModel("plain").value().folder, path("data/precedent/models/plain.gguf"));
    QStringList listed;
    for (const ModelPlace& place : modelPlaces().places)
        listed << QString::fromStdString(place.name);
    QCOMPARE(listed, (QStringList{"starter", "added", "in-folder", "plain"}));

    fs::remove(path("m.gguf"));
    const auto gone = resolveModel("added");
    QCOMPARE(gone.error().code(), ErrorCode::notFound);
    QVERIFY2(gone.error().message().find("m.gguf is gone") != std::string::npos, gone.error().message().c_str());
    write(path("two/a.gguf"), "GGUF");
    write(path("two/b.gguf"), "GGUF");
    QCOMPARE(resolveModel(path("two").string()).error().code(), ErrorCode::invalidArgument);
    write(path("text"), "GGUF");
    QCOMPARE(resolveModel(path("text").string()).error().code(), ErrorCode::notFound);
}

void TestModelRegistry::placesListEachNameOnce()
{
    modelFolder("data/precedent/models/b");
    modelFolder("data/precedent/models/starter"); // hidden behind the program's own
    modelFolder("data/precedent/models/a");
    fs::create_directories(path("data/precedent/models/empty"));
    QVERIFY(ModelRegistry().add("b", path("gone")).ok());
    QStringList listed;
    for (const ModelPlace& place : modelPlaces().places)
        listed << QString::fromStdString(place.name) + QString::number(static_cast<int>(place.origin));
    QCOMPARE(listed, (QStringList{"starter0", "b1", "a2"}));
    QStringList offered;
    for (const ModelChoice& choice : baseModelChoices())
        offered << QString::fromStdString(choice.name);
    QCOMPARE(offered, (QStringList{"starter", "a"})); // the added one's folder is gone
}

void TestModelRegistry::choicesListCheckpointsNewestFirst()
{
    auto casebase = casebase::Casebase::create(path("t.casebase"));
    QVERIFY(casebase.ok());
    casebase::RunStore& runs = (*casebase)->runs();
    const auto addRun = [&](const std::string& name, std::int64_t startedMs) {
        casebase::Run run;
        run.name = name;
        run.model = "starter";
        run.startedMs = startedMs;
        return runs.add(run).value();
    };
    const auto addCheckpoint = [&](const std::string& run, int step, bool there) {
        const std::string folder = "t.casebase.runs/" + run + "/checkpoint-" + std::to_string(step);
        if (there)
            fs::create_directories(path("") / folder);
        QVERIFY(runs.recordCheckpoint(run, {step, folder, "0", 1}).ok());
    };
    const std::string first = addRun("CADA", 1000);
    const std::string second = addRun("CADA", 2000);
    const std::string third = addRun("", 3000);
    addCheckpoint(first, 25, true);
    addCheckpoint(second, 25, true);
    addCheckpoint(second, 80, true);
    addCheckpoint(second, 100, false);
    addCheckpoint(third, 5, true);

    const std::vector<ModelChoice> choices = modelChoices(casebase->get());
    QStringList names;
    QStringList titles;
    for (const ModelChoice& choice : choices) {
        names << QString::fromStdString(choice.name);
        titles << QString::fromStdString(choice.title);
    }
    QCOMPARE(names, (QStringList{"starter", "run:run-3@5", "run:run-2@80", "run:run-2@25", "run:run-1@25"}));
    QCOMPARE(titles, (QStringList{"starter", "run-3 step 5", "CADA, run-2 step 80", "CADA, run-2 step 25", "CADA, run-1 step 25"}));
    QCOMPARE(choices[2], (ModelChoice{"run:run-2@80", "CADA, run-2 step 80", "starter", "run-2", "CADA", 80}));
    QVERIFY(!choices[0].isCheckpoint());
    for (const ModelChoice& choice : choices)
        QVERIFY2(resolveModel(choice.name, casebase->get()).ok(), choice.name.c_str());
    QCOMPARE(modelChoices(nullptr).size(), std::size_t{1});
}

void TestModelRegistry::checkpointsSayWhatMadeThem()
{
    auto casebase = casebase::Casebase::create(path("t.casebase"));
    QVERIFY(casebase.ok());
    casebase::RunStore& runs = (*casebase)->runs();
    casebase::Run run;
    run.name = "CADA";
    run.model = "starter";
    run.specJson = R"({"preset": "cada", "loss_type": "grpo", "seed": 7})";
    QVERIFY(runs.add(run).ok());
    run.model = path("gone").string();
    run.specJson = "{";
    QVERIFY(runs.add(run).ok());
    QVERIFY(runs.recordStep("run-1", {25, {{"reward", 0.5}}, 1}, {}).ok());
    for (const char* id : {"run-1", "run-2"}) {
        QVERIFY(runs.recordCheckpoint(id, {25, std::string(id) + "/checkpoint-25", "abc", 77}).ok());
        fs::create_directories(path(id) / "checkpoint-25");
    }
    write(path("run-1/checkpoint-25/adapter_config.json"), R"({"r": 16, "lora_alpha": 32, "target_modules": ["q_proj", 3, "v_proj"]})");
    write(path("run-2/checkpoint-25/adapter_config.json"), R"({"r": "many", "lora_alpha": null, "target_modules": "all"})");

    std::vector<CheckpointCard> cards = checkpointCards(**casebase);
    QCOMPARE(cards.size(), std::size_t{2});
    if (cards[0].choice.run != "run-1")
        std::swap(cards[0], cards[1]);
    QCOMPARE(cards[0].preset, std::string("cada"));
    QCOMPARE(cards[0].loss, std::string("grpo"));
    QCOMPARE(cards[0].seed, std::uint64_t{7});
    QCOMPARE(cards[0].reward, std::optional<double>(0.5));
    QCOMPARE(cards[0].bytes, std::int64_t(fs::file_size(path("run-1/checkpoint-25/adapter_config.json"))));
    QCOMPARE(cards[0].createdMs, std::int64_t{77});
    QVERIFY(cards[0].isAdapter);
    QCOMPARE(cards[0].loraRank, 16);
    QCOMPARE(cards[0].loraTargets, (std::vector<std::string>{"q_proj", "v_proj"}));
    QVERIFY(fs::equivalent(cards[0].baseFolder, *starterFolder()));
    QVERIFY(cards[1].isAdapter);
    QCOMPARE(cards[1].loraRank, 0);
    QVERIFY(cards[1].preset.empty());
    QVERIFY(!cards[1].reward);
    QVERIFY(cards[1].baseFolder.empty());
}

QTEST_GUILESS_MAIN(TestModelRegistry)
#include "tst_model_registry.moc"
