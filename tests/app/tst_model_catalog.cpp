#include <QtTest/QtTest>

#include <QCryptographicHash>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QtEndian>

#include "precedent/base/digest.h"
#include "precedent/workspace/model_catalog.h"
#include "precedent/workspace/model_registry.h"
#include "tests/app/model_folder.h"

using namespace precedent;
using namespace precedent::workspace;
using tests::read;
using tests::write;
namespace fs = std::filesystem;

namespace {

/// `model info starter --json` of the engine, which reads every weight; docs/starter.md names the same digest's beginning.
constexpr const char* kStarterSha256 = "a48983cd4ce5f4d6a0c3130423d5cf4388034422bc220cd7f9d62c8d395faf5a";

} // namespace

class TestModelCatalog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void starterIsWhatTheEngineSays();
    void digestIsKeptUntilTheFileChanges();
    void digestCanBeCancelled();
    void aHostileCacheIsIgnored_data();
    void aHostileCacheIsIgnored();
    void whatDoesNotFitIsTheCardsProblem_data();
    void whatDoesNotFitIsTheCardsProblem();
    void addedFolderKeepsItsPlaceAndGetsAName();
    void copiedFolderLoadsWithoutItsSource();
    void ggufFilesAreModels_data();
    void ggufFilesAreModels();
    void refusedFolderLeavesNothing_data();
    void refusedFolderLeavesNothing();
    void dryRunWritesNothing();
    void shardedModelHasOneDigest();
    void foreignModelsHaveACard();

private:
    [[nodiscard]] fs::path path(const QString& name) const { return m_folder->filePath(name).toStdString(); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestModelCatalog::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_DATA_HOME", m_folder->filePath("data").toUtf8());
    qputenv("XDG_CACHE_HOME", m_folder->filePath("cache").toUtf8());
}

void TestModelCatalog::starterIsWhatTheEngineSays()
{
    const ModelCard card = readModelCard({"starter", *starterFolder(), ModelOrigin::starter});
    QVERIFY2(card.loads(), card.problem.c_str());
    QCOMPARE(card.architecture, std::string("llama"));
    QCOMPARE(card.parameters, std::int64_t{2361408});
    QCOMPARE(card.vocabulary, 2048);
    QCOMPARE(card.contextLength, 2048);
    QCOMPARE(card.layers, 5);
    QCOMPARE(card.hiddenSize, 192);
    QCOMPARE(card.dtype, std::string("BF16"));
    QCOMPARE(card.templateName, std::string("starter"));
    QCOMPARE(card.licence, std::string("gpl-3.0-or-later"));
    QCOMPARE(card.weightFiles.size(), std::size_t{1});
    QCOMPARE(card.weightBytes, std::int64_t(fs::file_size(card.weightFiles.front())));
    QVERIFY(card.sha256.empty()); // nobody has read the file yet

    const auto digest = modelDigest(card.weightFiles);
    QVERIFY(digest.ok());
    QCOMPARE(digest.value(), std::string(kStarterSha256));
    QCOMPARE(readModelCard({"starter", *starterFolder(), ModelOrigin::starter}).sha256, std::string(kStarterSha256));
}

void TestModelCatalog::digestIsKeptUntilTheFileChanges()
{
    QVERIFY(tests::copyStarter(path("m")));
    const std::vector<fs::path> files{path("m/model.safetensors")};
    QVERIFY(knownModelDigest(files).empty());
    std::int64_t last = 0;
    std::int64_t whole = 0;
    QVERIFY(modelDigest(files, [&](std::int64_t read, std::int64_t total) {
        last = read;
        whole = total;
        return true;
    }).ok());
    QCOMPARE(last, std::int64_t(fs::file_size(files[0])));
    QCOMPARE(whole, last);
    QCOMPARE(knownModelDigest(files), std::string(kStarterSha256));
    // Known: nothing is read again.
    QVERIFY(modelDigest(files, [](std::int64_t, std::int64_t) { return false; }).ok());

    QByteArray bytes = read(files[0]);
    bytes[bytes.size() - 1] = char(bytes[bytes.size() - 1] ^ 1);
    write(files[0], bytes);
    QVERIFY(knownModelDigest(files).empty());
    QCOMPARE(QByteArray::fromStdString(*modelDigest(files)), QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
}

void TestModelCatalog::digestCanBeCancelled()
{
    QVERIFY(tests::copyStarter(path("m")));
    const std::vector<fs::path> files{path("m/model.safetensors")};
    int asked = 0;
    const auto digest = modelDigest(files, [&](std::int64_t, std::int64_t) { return ++asked < 2; });
    QCOMPARE(digest.error().code(), ErrorCode::cancelled);
    QCOMPARE(asked, 2);
    QVERIFY(knownModelDigest(files).empty());
    QCOMPARE(modelDigest({path("gone")}).error().code(), ErrorCode::notFound);
}

void TestModelCatalog::aHostileCacheIsIgnored_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("no json") << QByteArray("{{");
    QTest::newRow("a list") << QByteArray("[]");
    QTest::newRow("entries of a strange kind") << QByteArray(R"({"FILE": 3})");
    QTest::newRow("digest that is none") << QByteArray(R"({"FILE": {"stamp": "STAMP", "sha256": "<b>"}})");
    QTest::newRow("stamp of a strange kind") << QByteArray(R"({"FILE": {"stamp": 1, "sha256": "00"}})");
}

void TestModelCatalog::aHostileCacheIsIgnored()
{
    QFETCH(QByteArray, bytes);
    QVERIFY(tests::copyStarter(path("m")));
    const fs::path file = path("m/model.safetensors");
    bytes.replace("FILE", QByteArray::fromStdString(fs::canonical(file).string()));
    write(path("cache/precedent/weights.json"), bytes);
    QVERIFY(knownModelDigest({file}).empty());
    QCOMPARE(*modelDigest({file}), std::string(kStarterSha256));
    QCOMPARE(knownModelDigest({file}), std::string(kStarterSha256));
}

void TestModelCatalog::whatDoesNotFitIsTheCardsProblem_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QByteArray>("replace"); // what the file holds instead; empty: it is removed
    QTest::addColumn<QString>("says");
    const QByteArray weights = read(*starterFolder() / "model.safetensors");
    const auto config = [](const char* from, const char* to) {
        QByteArray text = read(*starterFolder() / "config.json");
        return text.replace(from, to);
    };
    QTest::newRow("no config") << "config.json" << QByteArray() << "config.json";
    QTest::newRow("config cut off") << "config.json" << QByteArray("{\"model_type\": ") << "not valid JSON";
    QTest::newRow("config a list") << "config.json" << QByteArray("[]") << "not a JSON object";
    QTest::newRow("huge config") << "config.json" << QByteArray(9 << 20, ' ') << "bytes";
    QTest::newRow("unknown architecture") << "config.json" << config("\"llama\"", "\"mamba\"")
                                          << "\"mamba\" is not known here; known: gemma3_text, llama";
    QTest::newRow("strange rope") << "config.json"
                                  << config("\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": \"default\", \"type\": 3}") << "";
    QTest::newRow("unknown rope") << "config.json" << config("\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": 3}")
                                  << "rope_type";
    QTest::newRow("another width") << "config.json" << config("\"intermediate_size\": 512", "\"intermediate_size\": 513")
                                   << "config.json needs [513, 192]";
    QTest::newRow("endless layers") << "config.json" << config("\"num_hidden_layers\": 5", "\"num_hidden_layers\": 2000000000")
                                    << "num_hidden_layers";
    QTest::newRow("one layer more") << "config.json" << config("\"num_hidden_layers\": 5", "\"num_hidden_layers\": 6") << "is missing";
    QTest::newRow("no weights") << "model.safetensors" << QByteArray() << "model.safetensors";
    QTest::newRow("weights empty") << "model.safetensors" << QByteArray("x") << "too few";
    QTest::newRow("header cut off") << "model.safetensors" << weights.left(400) << "follow";
    QTest::newRow("data cut off") << "model.safetensors" << weights.left(weights.size() - 1) << "outside the";
    QTest::newRow("no tokenizer") << "tokenizer.json" << QByteArray() << "tokenizer.json";
    QTest::newRow("tokenizer cut off") << "tokenizer.json" << QByteArray("{") << "tokenizer.json";
    QTest::newRow("template of a strange kind") << "tokenizer_config.json" << QByteArray("[]") << "tokenizer_config.json";
}

void TestModelCatalog::whatDoesNotFitIsTheCardsProblem()
{
    QFETCH(QString, file);
    QFETCH(QByteArray, replace);
    QFETCH(QString, says);
    QVERIFY(tests::copyStarter(path("m")));
    fs::remove(path("m/" + file));
    if (!replace.isEmpty())
        write(path("m/" + file), replace);
    const ModelCard card = readModelCard({"m", path("m"), ModelOrigin::added});
    QCOMPARE(card.loads(), says.isEmpty());
    QVERIFY2(QString::fromStdString(card.problem).contains(says), card.problem.c_str());
    QCOMPARE(addModel(path("m")).ok(), says.isEmpty());
}

void TestModelCatalog::addedFolderKeepsItsPlaceAndGetsAName()
{
    QVERIFY(tests::copyStarter(path("mine")));
    const auto added = addModel(path("mine"));
    QVERIFY2(added.ok(), added.ok() ? "" : added.error().message().c_str());
    QCOMPARE(added.value().name, std::string("mine"));
    QCOMPARE(added.value().folder, path("mine"));
    QCOMPARE(added.value().parameters, std::int64_t{2361408});
    QCOMPARE(resolveModel("mine").value().folder, path("mine"));
    QCOMPARE(addModel(path("mine"), {"again", false, false}).error().code(), ErrorCode::alreadyExists); // the folder is in the list
    QVERIFY(tests::copyStarter(path("other/mine")));
    QCOMPARE(addModel(path("other/mine")).value().name, std::string("mine-2"));
    QCOMPARE(addModel(path("other/mine"), {"mine", false, false}).error().code(), ErrorCode::alreadyExists);
    QCOMPARE(addModel(path("other/mine"), {"a/b", false, false}).error().code(), ErrorCode::invalidArgument);

    // One that moved gets its name back where that is asked for, and no other one takes it unasked.
    std::filesystem::rename(path("mine"), path("moved"));
    QVERIFY(tests::copyStarter(path("third/mine")));
    QCOMPARE(addModel(path("third/mine")).value().name, std::string("mine-3"));
    QCOMPARE(addModel(path("moved"), {"mine", true, false}).error().code(), ErrorCode::alreadyExists);
    QVERIFY(addModel(path("moved"), {"mine", false, false}).ok());
    QCOMPARE(resolveModel("mine").value().folder, path("moved"));
}

void TestModelCatalog::copiedFolderLoadsWithoutItsSource()
{
    QVERIFY(tests::copyStarter(path("mine")));
    write(path("mine/notes/inner.txt"), "left behind");
    const auto added = addModel(path("mine"), {"kept", true, false});
    QVERIFY2(added.ok(), added.ok() ? "" : added.error().message().c_str());
    QCOMPARE(added.value().origin, ModelOrigin::modelsFolder);
    fs::remove_all(path("mine"));
    const auto resolved = resolveModel("kept");
    QCOMPARE(resolved.value().folder, path("data/precedent/models/kept"));
    QVERIFY(readModelCard({"kept", resolved.value().folder, ModelOrigin::modelsFolder}).loads());
    QVERIFY(!fs::exists(resolved.value().folder / "notes"));
    QVERIFY(ModelRegistry().list().value().empty());
    QStringList left;
    for (const auto& entry : fs::directory_iterator(path("data/precedent/models")))
        left << QString::fromStdString(entry.path().filename().string());
    QCOMPARE(left, QStringList{"kept"});
}

void TestModelCatalog::ggufFilesAreModels_data()
{
    QTest::addColumn<bool>("copy");
    QTest::newRow("where it is") << false;
    QTest::newRow("copied") << true;
}

void TestModelCatalog::ggufFilesAreModels()
{
    QFETCH(bool, copy);
    const fs::path file = path("tiny-qwen.gguf");
    fs::copy_file(fs::path(PRECEDENT_TEST_FIXTURES) / "gguf/models/qwen3/model.gguf", file);
    write(path("README.md"), "beside it, not of it");
    const auto added = addModel(file, {{}, copy, false});
    QVERIFY2(added.ok(), added.ok() ? "" : added.error().message().c_str());
    QCOMPARE(added.value().name, std::string("tiny-qwen"));
    QCOMPARE(added.value().architecture, std::string("qwen3"));
    QCOMPARE(added.value().vocabulary, 48);
    QCOMPARE(added.value().contextLength, 128);
    QCOMPARE(added.value().dtype, std::string("BF16"));
    QCOMPARE(added.value().licence, std::string("cc0-1.0"));
    QCOMPARE(added.value().weightBytes, static_cast<std::int64_t>(fs::file_size(file)));
    QCOMPARE(*modelDigest(added.value().weightFiles), sha256Hex(read(file).toStdString()));
    QCOMPARE(contextLengthOf(file).value(), 128);
    if (copy) {
        fs::remove(file);
        QCOMPARE(resolveModel("tiny-qwen").value().folder, path("data/precedent/models/tiny-qwen"));
        QCOMPARE(std::distance(fs::directory_iterator(path("data/precedent/models/tiny-qwen")), {}), 1);
    } else {
        QCOMPARE(resolveModel("tiny-qwen").value().folder, file);
    }
    QVERIFY(readModelCard({"tiny-qwen", resolveModel("tiny-qwen").value().folder, ModelOrigin::added}).loads());
}

void TestModelCatalog::refusedFolderLeavesNothing_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("code");
    QTest::newRow("missing") << "missing"
                             << "not_found";
    QTest::newRow("a file") << "text"
                            << "not_found";
    QTest::newRow("gguf cut off") << "m.gguf"
                                  << "corrupt";
    QTest::newRow("an adapter") << "adapter"
                                << "not_found";
    QTest::newRow("no weights") << "bare"
                                << "not_found";
}

void TestModelCatalog::refusedFolderLeavesNothing()
{
    QFETCH(QString, source);
    QFETCH(QString, code);
    write(path("text"), "x");
    write(path("m.gguf"), "GGUF");
    write(path("adapter/adapter_config.json"), "{}");
    write(path("bare/config.json"), read(*starterFolder() / "config.json"));
    write(path("bare/tokenizer.json"), read(*starterFolder() / "tokenizer.json"));
    for (const bool copy : {false, true}) {
        const auto added = addModel(path(source), {{}, copy, false});
        QCOMPARE(QString(toString(added.error().code())), code);
        QVERIFY(!added.error().message().empty());
    }
    QVERIFY(!fs::exists(path("data")));
}

void TestModelCatalog::dryRunWritesNothing()
{
    QVERIFY(tests::copyStarter(path("mine")));
    for (const bool copy : {false, true})
        QCOMPARE(addModel(path("mine"), {{}, copy, true}).value().name, std::string("mine"));
    QVERIFY(!fs::exists(path("data")));
}

void TestModelCatalog::shardedModelHasOneDigest()
{
    // One shard that the index names: the digest is then the shard's own.
    QVERIFY(tests::copyStarter(path("m")));
    fs::rename(path("m/model.safetensors"), path("m/model-00001-of-00001.safetensors"));
    const QByteArray header = read(path("m/model-00001-of-00001.safetensors"));
    const auto length = qFromLittleEndian<quint64>(header.constData());
    const QJsonObject tensors = QJsonDocument::fromJson(header.mid(8, qsizetype(length))).object();
    QJsonObject map;
    for (const QString& name : tensors.keys()) {
        if (name != "__metadata__")
            map[name] = "model-00001-of-00001.safetensors";
    }
    write(path("m/model.safetensors.index.json"), QJsonDocument(QJsonObject{{"weight_map", map}}).toJson());
    const ModelCard card = readModelCard({"m", path("m"), ModelOrigin::added});
    QVERIFY2(card.loads(), card.problem.c_str());
    QCOMPARE(*modelDigest(card.weightFiles), std::string(kStarterSha256));

    fs::remove(path("m/model.safetensors.index.json"));
    fs::create_directories(path("m/model.safetensors.index.json"));
    QVERIFY(!readModelCard({"m", path("m"), ModelOrigin::added}).loads());
}

void TestModelCatalog::foreignModelsHaveACard()
{
    const fs::path shared = fs::path(PRECEDENT_SHARED_DATA) / "models";
    if (!fs::exists(shared))
        QSKIP("../shared/data/models is not there: models made elsewhere are not looked at");
    for (const auto& entry : fs::directory_iterator(shared)) {
        if (!fs::exists(entry.path() / "config.json"))
            continue;
        const ModelCard card = readModelCard({"m", entry.path(), ModelOrigin::added});
        QVERIFY2(card.loads(), card.problem.c_str());
        QVERIFY(card.parameters > 0);
        // Every parameter is stored once, two or four bytes each, beside the header.
        QVERIFY2(card.weightBytes >= 2 * card.parameters, entry.path().c_str());
    }
}

QTEST_GUILESS_MAIN(TestModelCatalog)
#include "tst_model_catalog.moc"
