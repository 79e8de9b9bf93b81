#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "core/model/loader.h"
#include "core/model/lora.h"
#include "core/run/model_impl.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/formats/safetensors.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

DecoderConfig tinyConfig(bool tied)
{
    DecoderConfig config;
    config.hiddenSize = 12;
    config.layers = 1;
    config.heads = 2;
    config.kvHeads = 1;
    config.headDim = 6;
    config.intermediateSize = 10;
    config.vocabulary = 17;
    config.contextLength = 32;
    config.tieEmbeddings = tied;
    config.bosId = 1;
    config.eosIds = {2, 3};
    return config;
}

/// A folder with a saved tiny model and a tokenizer.json that nobody reads.
class ModelFolder {
public:
    explicit ModelFolder(bool tied = false, StoredType type = StoredType::f32)
        : m_decoder(*Decoder::create(tinyConfig(tied), 9))
    {
        std::ofstream(root() / "tokenizer.json") << "{}";
        m_status = saveModel(path(), *m_decoder, type, {root() / "tokenizer.json"});
    }
    [[nodiscard]] fs::path root() const { return m_folder.path().toStdString(); }
    [[nodiscard]] fs::path path() const { return root() / "model"; }
    [[nodiscard]] const Decoder& decoder() const { return *m_decoder; }
    [[nodiscard]] bool saved() const { return m_status.ok(); }

    /// Writes the weights again, each float tensor as `change` leaves it (an empty name leaves it out).
    void rewrite(const std::function<void(formats::TensorView&, std::vector<float>&)>& change) const
    {
        std::vector<std::pair<formats::TensorView, std::vector<float>>> kept;
        const auto file = *formats::SafetensorsFile::open(path() / "model.safetensors");
        for (formats::TensorView view : file->tensors()) {
            std::vector<float> values(static_cast<std::size_t>(view.elements()));
            (void)formats::widenToFloat(view, values.data());
            change(view, values);
            if (!view.name.empty())
                kept.emplace_back(view, std::move(values));
        }
        std::vector<formats::TensorView> views;
        for (auto& [view, values] : kept) {
            view.bytes = {
                reinterpret_cast<const char*>(values.data()), static_cast<std::size_t>(view.elements()) * formats::blockBytes(view.dtype)};
            views.push_back(view);
        }
        (void)formats::writeSafetensors(path() / "model.safetensors", views);
    }

    void setConfig(const std::function<void(Json&)>& change) const
    {
        Json json = *parseJson(*readFile(path() / "config.json"), "config");
        change(json);
        (void)writeFileAtomically(path() / "config.json", dumpJson(json));
    }

private:
    QTemporaryDir m_folder;
    std::shared_ptr<Decoder> m_decoder;
    Status m_status;
};

bool says(const Error& error, const char* part) { return error.message().find(part) != std::string::npos; }

} // namespace

class TestModelLoading : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void savedModelLoadsEqual_data();
    void savedModelLoadsEqual();
    void ggufFilesLoadAsTheirFolders_data();
    void ggufFilesLoadAsTheirFolders();
    void saveReplacesTheFolderWhole();
    void failedSaveLeavesNothing();
    void tiedHeadMayBeStoredUnderEitherName();
    void shardsLoadAsOneModel();
    void longWeightsAreWrittenAsShards();
    void weightFaultsAreNamed();
    void configFaultsAreNamed_data();
    void configFaultsAreNamed();
    void missingPartsAreNotFound();
    void openModelAnswersThroughTheFacade();
};

void TestModelLoading::savedModelLoadsEqual_data()
{
    QTest::addColumn<bool>("tied");
    QTest::addColumn<bool>("bf16");
    QTest::newRow("float32") << false << false;
    QTest::newRow("tied") << true << false;
    QTest::newRow("bfloat16") << false << true;
}

void TestModelLoading::savedModelLoadsEqual()
{
    QFETCH(bool, tied);
    QFETCH(bool, bf16);
    const ModelFolder folder(tied, bf16 ? StoredType::bf16 : StoredType::f32);
    QVERIFY(folder.saved());
    const auto loaded = loadModel(folder.path());
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message().c_str());
    DecoderConfig expected = tinyConfig(tied);
    expected.dtype = bf16 ? "bfloat16" : "float32";
    QVERIFY(loaded->config == expected);
    QCOMPARE(loaded->dtype, std::string(bf16 ? "BF16" : "F32"));
    QCOMPARE(loaded->sha256.size(), std::size_t{64});
    QCOMPARE(*weightsSha256(folder.path()), loaded->sha256);
    for (std::size_t i = 0; i < loaded->decoder->parameters().size(); ++i) {
        const at::Tensor wanted = folder.decoder().parameters()[i].second;
        QVERIFY(at::equal(loaded->decoder->parameters()[i].second, bf16 ? wanted.to(at::kBFloat16).to(at::kFloat) : wanted));
    }
}

void TestModelLoading::ggufFilesLoadAsTheirFolders_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"llama-3.1", "llama-biases", "mistral", "qwen2-yarn", "qwen3", "gemma3", "smollm3"})
        QTest::newRow(name) << name;
}

void TestModelLoading::ggufFilesLoadAsTheirFolders()
{
    QFETCH(QString, name);
    const fs::path place = fs::path(PRECEDENT_TEST_FIXTURES) / "gguf/models" / name.toStdString();
    const auto folder = loadModel(place, false);
    const auto file = loadModel(place / "model.gguf");
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    QCOMPARE(file->sha256, *sha256File(place / "model.gguf"));
    QCOMPARE(*weightsSha256(place / "model.gguf"), file->sha256);
    const at::Tensor ids = at::arange(3, 43, at::kLong).unsqueeze(0); // past the window of 9 and the first context of 32
    const at::NoGradGuard inference;
    const at::Tensor expected = folder->decoder->hidden(ids), found = file->decoder->hidden(ids);
    QVERIFY((found - expected).abs().max().item<double>() < 1e-5);
    QVERIFY(at::equal(file->decoder->headWeight(), folder->decoder->headWeight()));
}

void TestModelLoading::saveReplacesTheFolderWhole()
{
    const ModelFolder folder;
    std::ofstream(folder.path() / "left-over") << "x";
    const auto other = *Decoder::create(tinyConfig(true), 1);
    QVERIFY(saveModel(folder.path().string() + "/", *other, StoredType::f32, {folder.root() / "tokenizer.json"}).ok());
    QVERIFY(!fs::exists(folder.path() / "left-over"));
    const auto loaded = loadModel(folder.path());
    QVERIFY(loaded.ok());
    QVERIFY(at::equal(loaded->decoder->parameters()[0].second, other->parameters()[0].second));
    QCOMPARE(std::distance(fs::directory_iterator(folder.root()), {}), 2); // model and tokenizer.json: nothing temporary
}

void TestModelLoading::failedSaveLeavesNothing()
{
    const ModelFolder folder;
    const auto before = *weightsSha256(folder.path());
    const auto other = *Decoder::create(tinyConfig(true), 1);
    const Status status = saveModel(folder.path(), *other, StoredType::f32, {folder.root() / "no-such-file"});
    QCOMPARE(status.error().code(), ErrorCode::notFound);
    QCOMPARE(*weightsSha256(folder.path()), before);
    QCOMPARE(std::distance(fs::directory_iterator(folder.root()), {}), 2);
}

void TestModelLoading::tiedHeadMayBeStoredUnderEitherName()
{
    const ModelFolder folder(/*tied=*/true);
    folder.rewrite([](formats::TensorView& view, auto&) {
        if (view.name == "model.embed_tokens.weight")
            view.name = "lm_head.weight";
    });
    const auto loaded = loadModel(folder.path());
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message().c_str());
    QVERIFY(at::equal(loaded->decoder->headWeight(), folder.decoder().headWeight()));
}

void TestModelLoading::shardsLoadAsOneModel()
{
    const ModelFolder folder;
    const auto whole = *formats::SafetensorsFile::open(folder.path() / "model.safetensors");
    std::vector<formats::TensorView> first, second;
    Json map = Json::object();
    for (const formats::TensorView& view : whole->tensors()) {
        const bool early = first.size() < 4;
        (early ? first : second).push_back(view);
        map[view.name] = early ? "a.safetensors" : "b.safetensors";
    }
    QVERIFY(formats::writeSafetensors(folder.path() / "a.safetensors", first).ok());
    QVERIFY(formats::writeSafetensors(folder.path() / "b.safetensors", second).ok());
    QVERIFY(writeFileAtomically(folder.path() / "model.safetensors.index.json", dumpJson({{"weight_map", map}})).ok());
    fs::remove(folder.path() / "model.safetensors");
    const auto loaded = loadModel(folder.path());
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message().c_str());
    for (std::size_t i = 0; i < loaded->decoder->parameters().size(); ++i)
        QVERIFY(at::equal(loaded->decoder->parameters()[i].second, folder.decoder().parameters()[i].second));
    fs::remove(folder.path() / "b.safetensors");
    const auto broken = loadModel(folder.path());
    QCOMPARE(broken.error().code(), ErrorCode::notFound);
    QVERIFY(says(broken.error(), "b.safetensors"));
}

void TestModelLoading::longWeightsAreWrittenAsShards()
{
    const ModelFolder folder;
    const fs::path sharded = folder.root() / "sharded";
    // The embedding alone has 17 * 12 * 4 = 816 bytes, more than a shard: it is one of its own.
    QVERIFY(saveModel(sharded, folder.decoder(), StoredType::f32, {folder.root() / "tokenizer.json"}, 800).ok());
    QVERIFY(!fs::exists(sharded / "model.safetensors"));
    const Json index = *parseJson(*readFile(sharded / "model.safetensors.index.json"), "index");
    std::set<std::string> names;
    std::uint64_t total = 0;
    for (const auto& entry : index["weight_map"])
        names.insert(entry.get<std::string>());
    const std::string of = "-of-0000" + std::to_string(names.size()) + ".safetensors";
    QVERIFY(names.size() > 2 && names.contains("model-00001" + of) && names.contains("model-0000" + std::to_string(names.size()) + of));
    for (const std::string& name : names) {
        const auto file = formats::SafetensorsFile::open(sharded / name);
        QVERIFY(file.ok());
        std::uint64_t size = 0;
        for (const formats::TensorView& tensor : (*file)->tensors())
            size += tensor.bytes.size();
        QVERIFY(size <= 800 || (*file)->tensors().size() == 1);
        total += size;
    }
    QCOMPARE(index["metadata"]["total_size"].get<std::uint64_t>(), total);
    const auto loaded = loadModel(sharded);
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message().c_str());
    for (std::size_t i = 0; i < loaded->decoder->parameters().size(); ++i)
        QVERIFY(at::equal(loaded->decoder->parameters()[i].second, folder.decoder().parameters()[i].second));
}

void TestModelLoading::weightFaultsAreNamed()
{
    const std::string victim = "model.layers.0.mlp.up_proj.weight";
    const auto errorAfter = [&](const std::function<void(formats::TensorView&, std::vector<float>&)>& change) {
        const ModelFolder folder;
        folder.rewrite([&](formats::TensorView& view, std::vector<float>& values) {
            if (view.name == victim)
                change(view, values);
        });
        const auto loaded = loadModel(folder.path());
        return loaded.ok() ? Error(ErrorCode::internal, "loaded") : loaded.error();
    };
    const Error missing = errorAfter([](auto& view, auto&) { view.name.clear(); });
    QCOMPARE(missing.code(), ErrorCode::corrupt);
    QVERIFY(says(missing, victim.c_str()) && says(missing, "missing"));
    const Error shape = errorAfter([](auto& view, auto&) { view.shape = {12, 10}; });
    QVERIFY2(says(shape, "[12, 10]") && says(shape, "[10, 12]") && says(shape, victim.c_str()), shape.message().c_str());
    const Error nan = errorAfter([](auto&, auto& values) { values[7] = std::nanf(""); });
    QVERIFY(says(nan, victim.c_str()) && says(nan, "NaN"));
    const Error infinite = errorAfter([](auto&, auto& values) { values[0] = INFINITY; });
    QVERIFY(says(infinite, "infinity"));
    const Error integers = errorAfter([](auto& view, auto&) { view.dtype = formats::DType::i32; });
    QCOMPARE(integers.code(), ErrorCode::unsupported);
    QVERIFY(says(integers, "I32"));
}

void TestModelLoading::configFaultsAreNamed_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("value"); // JSON; empty removes the key
    QTest::addColumn<int>("code");
    const int corrupt = static_cast<int>(ErrorCode::corrupt), unsupported = static_cast<int>(ErrorCode::unsupported);
    QTest::newRow("unknown architecture") << "model_type"
                                          << "\"mamba\"" << unsupported;
    QTest::newRow("no architecture") << "model_type"
                                     << "" << corrupt;
    QTest::newRow("another activation") << "hidden_act"
                                        << "\"gelu\"" << unsupported;
    QTest::newRow("biases that are not there") << "attention_bias"
                                               << "true" << corrupt;
    QTest::newRow("unknown scaling of positions") << "rope_scaling"
                                                  << R"({"rope_type":"longrope","factor":8})" << unsupported;
    QTest::newRow("scaling by 0") << "rope_scaling"
                                  << R"({"rope_type":"linear","factor":0})" << corrupt;
    QTest::newRow("scaling that is no object") << "rope_scaling"
                                               << "[8]" << corrupt;
    QTest::newRow("blend between equal factors") << "rope_scaling"
                                                 << R"({"rope_type":"llama3","factor":8,"low_freq_factor":4})" << corrupt;
    QTest::newRow("no layers") << "num_hidden_layers"
                               << "0" << corrupt;
    QTest::newRow("a million layers") << "num_hidden_layers"
                                      << "1000000" << corrupt;
    QTest::newRow("heads do not divide") << "num_attention_heads"
                                         << "3" << corrupt;
    QTest::newRow("odd head") << "head_dim"
                              << "5" << corrupt;
    QTest::newRow("size is text") << "hidden_size"
                                  << "\"12\"" << corrupt;
    QTest::newRow("size is negative") << "hidden_size"
                                      << "-12" << corrupt;
    QTest::newRow("size past int") << "vocab_size"
                                   << "99999999999" << corrupt;
    QTest::newRow("no vocabulary") << "vocab_size"
                                   << "" << corrupt;
    QTest::newRow("theta 0") << "rope_theta"
                             << "0" << corrupt;
    QTest::newRow("another width") << "hidden_size"
                                   << "14" << corrupt;
}

void TestModelLoading::configFaultsAreNamed()
{
    QFETCH(QString, key);
    QFETCH(QString, value);
    QFETCH(int, code);
    const ModelFolder folder;
    folder.setConfig([&](Json& json) {
        if (key == "num_attention_heads")
            json["num_key_value_heads"] = 2;
        if (value.isEmpty())
            json.erase(key.toStdString());
        else
            json[key.toStdString()] = Json::parse(value.toStdString());
    });
    const auto loaded = loadModel(folder.path());
    QVERIFY(!loaded.ok());
    QVERIFY2(static_cast<int>(loaded.error().code()) == code, loaded.error().message().c_str());
    if (key == "model_type" && !value.isEmpty())
        QVERIFY(says(loaded.error(), "mamba") && says(loaded.error(), "known: gemma3_text, llama, mistral"));
    else if (value != "14" && value != "3" && key != "attention_bias")
        QVERIFY2(says(loaded.error(), key.toUtf8().constData()), loaded.error().message().c_str());
}

void TestModelLoading::missingPartsAreNotFound()
{
    for (const char* part : {"config.json", "model.safetensors", "tokenizer.json"}) {
        const ModelFolder folder;
        fs::remove(folder.path() / part);
        const auto loaded = loadModel(folder.path());
        QVERIFY(!loaded.ok());
        QCOMPARE(loaded.error().code(), ErrorCode::notFound);
        QVERIFY2(says(loaded.error(), part), loaded.error().message().c_str());
    }
    const ModelFolder folder;
    fs::remove(folder.path() / "tokenizer.json");
    QVERIFY(loadModel(folder.path(), /*requireTokenizer=*/false).ok());
    QCOMPARE(loadModel(folder.root() / "nothing").error().code(), ErrorCode::notFound);
}

void TestModelLoading::openModelAnswersThroughTheFacade()
{
    const ModelFolder folder;
    const auto plain = openModel({folder.path().string(), ""});
    QVERIFY2(plain.ok(), plain.ok() ? "" : plain.error().message().c_str());
    const ModelInfo& info = (*plain)->info();
    QCOMPARE(info.architecture, std::string("llama"));
    QCOMPARE(info.parameters, tinyConfig(false).parameterCount());
    QCOMPARE(info.contextLength, 32);
    const auto before = (*plain)->logits({1, 5, 9}, 3);
    QVERIFY(before.ok());
    QCOMPARE(before->top.size(), std::size_t{3});
    QCOMPARE((*plain)->logits({1, 99}, 3).error().code(), ErrorCode::invalidArgument);

    LoraConfig config;
    config.rank = 2;
    const auto adapter = *LoraSet::create(folder.decoder(), config, 1);
    for (const auto& entry : adapter->parameters())
        entry.second.detach().fill_(0.3);
    QVERIFY(adapter->save(folder.root() / "adapter").ok());
    const auto adapted = openModel({folder.path().string(), (folder.root() / "adapter").string()});
    QVERIFY2(adapted.ok(), adapted.ok() ? "" : adapted.error().message().c_str());
    QVERIFY((*adapted)->logits({1, 5, 9}, 3)->logprobs != before->logprobs);
    GenerationRequest request;
    request.prompts = {{{1, 5}, 2, 7}};
    request.sampling.maxTokens = 4;
    QCOMPARE((*adapted)->generate(request)->completions.size(), std::size_t{2});
    QVERIFY(!openModel({folder.path().string(), folder.root().string()}).ok());
}

QTEST_GUILESS_MAIN(TestModelLoading)
#include "tst_model_loading.moc"
