// GGUF files against the Hugging Face folders that they were made of (tests/fixtures/gguf/make_models.py, where llama.cpp computes
// from the file what transformers computes from the folder).

#include <algorithm>
#include <cstring>
#include <functional>

#include <QTemporaryDir>
#include <QTest>

#include "precedent/architecture/architecture.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kModels = fs::path(PRECEDENT_TEST_FIXTURES) / "gguf/models";

using Entries = std::vector<formats::GgufEntry>;
using Tensors = std::vector<formats::TensorView>;
using Edit = std::function<void(Entries&, Tensors&)>;

/// The fixture's GGUF file with something changed.
fs::path changed(const QTemporaryDir& folder, const char* name, const Edit& edit)
{
    const auto file = *formats::GgufFile::open(kModels / name / "model.gguf");
    Entries entries = *formats::ggufEntries(*file, "");
    Tensors tensors = file->tensors();
    edit(entries, tensors);
    const fs::path path = folder.filePath("changed.gguf").toStdString();
    return formats::writeGguf(path, entries, tensors).ok() ? path : fs::path();
}

void set(Entries& entries, const std::string& key, const decltype(formats::GgufEntry::value)& value)
{
    for (formats::GgufEntry& entry : entries) {
        if (entry.key == key) {
            entry.value = value;
            return;
        }
    }
    entries.push_back({key, value});
}

void drop(Entries& entries, const std::string& key)
{
    entries.erase(std::remove_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.key == key; }), entries.end());
}

formats::TensorView& tensorOf(Tensors& tensors, const std::string& name)
{
    return *std::find_if(tensors.begin(), tensors.end(), [&](const auto& tensor) { return tensor.name == name; });
}

const std::string kZeros(4096, '\0');

formats::TensorView zeros(const std::string& name, formats::DType dtype, const std::vector<std::int64_t>& shape)
{
    formats::TensorView view{name, dtype, shape, {}};
    const auto blocks = static_cast<std::size_t>(view.elements() / formats::blockElements(dtype));
    view.bytes = std::string_view(kZeros).substr(0, blocks * formats::blockBytes(dtype));
    return view;
}

} // namespace

Q_DECLARE_METATYPE(Edit)

class TestGgufModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saysWhatTheFolderSays_data() { models(); }
    void saysWhatTheFolderSays();
    void weightsEqualTheFolders_data() { models(); }
    void weightsEqualTheFolders();
    void rowsAreThoseOfTheWhole_data() { models(); }
    void rowsAreThoseOfTheWhole();
    void aFolderOfOneFileIsThatFile();
    void aFolderOfTwoFilesIsNoModel();
    void endingsInTheVocabularyEndAnswers();
    void windowsMayBeListed();
    void namesItsType();
    void refusesWhatItDoesNotCompute_data();
    void refusesWhatItDoesNotCompute();
    void refusesEveryTruncation();

private:
    static void models()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"llama-3.1", "llama-biases", "mistral", "qwen2-yarn", "qwen3", "gemma3", "smollm3"})
            QTest::newRow(name) << name;
    }
};

void TestGgufModel::saysWhatTheFolderSays()
{
    QFETCH(QString, name);
    const auto folder = openStoredModel(kModels / name.toStdString(), false);
    QVERIFY2(folder.ok(), folder.ok() ? "" : folder.error().message().c_str());
    const auto file = openStoredModel(kModels / name.toStdString() / "model.gguf");
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    DecoderConfig expected = folder->config;
    if (name == "mistral")
        expected.family = "llama"; // which a Mistral without a window is
    QCOMPARE(QString::fromStdString(dumpJson(file->config.toJson(), 1)), QString::fromStdString(dumpJson(expected.toJson(), 1)));
    QVERIFY(file->config == expected);
    QCOMPARE(file->dtype, std::string("BF16"));
    QVERIFY(file->files == std::vector<fs::path>{kModels / name.toStdString() / "model.gguf"});
}

void TestGgufModel::weightsEqualTheFolders()
{
    QFETCH(QString, name);
    const auto folder = *openStoredModel(kModels / name.toStdString(), false);
    const auto file = *openStoredModel(kModels / name.toStdString() / "model.gguf");
    for (const DecoderWeight& weight : decoderWeights(folder.config)) {
        const std::int64_t rows = folder.find(weight.name)->rows(), n = folder.find(weight.name)->elements();
        std::vector<float> expected(static_cast<std::size_t>(n)), found(expected.size());
        QVERIFY(folder.readRows(weight.name, 0, rows, expected.data()));
        QVERIFY2(file.readRows(weight.name, 0, rows, found.data()), weight.name.c_str());
        // 1 + w in float32 keeps w to 2^-24; from there on it is exact.
        const float tolerance = name == "gemma3" && weight.name.find("norm") != std::string::npos ? 6e-8F : 0.0F;
        for (std::size_t i = 0; i < found.size(); ++i)
            QVERIFY2(std::abs(found[i] - expected[i]) <= tolerance, weight.name.c_str());
        std::vector<std::uint16_t> rounded(expected.size()), brain(expected.size());
        formats::roundToBf16(found.data(), n, rounded.data());
        QVERIFY(file.readRowsAsBf16(weight.name, 0, rows, brain.data()));
        QVERIFY2(brain == rounded, weight.name.c_str());
    }
}

void TestGgufModel::rowsAreThoseOfTheWhole()
{
    QFETCH(QString, name);
    const auto file = *openStoredModel(kModels / name.toStdString() / "model.gguf");
    const std::string weight = "model.layers.1.self_attn.k_proj.weight";
    const formats::TensorView& view = *file.find(weight);
    const auto length = static_cast<std::size_t>(view.rowLength());
    std::vector<float> whole(static_cast<std::size_t>(view.elements())), part(3 * length);
    QVERIFY(file.readRows(weight, 0, view.rows(), whole.data()));
    for (std::int64_t first = 0; first + 3 <= view.rows(); ++first) {
        QVERIFY(file.readRows(weight, first, 3, part.data()));
        QVERIFY(std::equal(part.begin(), part.end(), whole.begin() + first * view.rowLength()));
    }
    QVERIFY(!file.readRows(weight, view.rows() - 2, 3, part.data()));
    QVERIFY(!file.readRows(weight, -1, 1, part.data()));
    QVERIFY(!file.readRows("model.layers.1.self_attn.z_proj.weight", 0, 1, part.data()));
}

void TestGgufModel::aFolderOfOneFileIsThatFile()
{
    QTemporaryDir folder;
    const fs::path place = folder.path().toStdString();
    fs::copy_file(kModels / "qwen3/model.gguf", place / "some-name.gguf");
    QCOMPARE(ggufFileOf(place), place / "some-name.gguf");
    const auto model = openStoredModel(place);
    QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
    QCOMPARE(model->config.family, std::string("qwen3"));
    QCOMPARE(weightFilesOf(place).value().size(), std::size_t{1});
    QCOMPARE(readDecoderConfig(place).value(), model->config);
    QVERIFY(ggufFileOf(kModels / "qwen3").empty()); // it has a config.json
}

void TestGgufModel::aFolderOfTwoFilesIsNoModel()
{
    QTemporaryDir folder;
    const fs::path place = folder.path().toStdString();
    fs::copy_file(kModels / "qwen3/model.gguf", place / "a.gguf");
    fs::copy_file(kModels / "qwen3/model.gguf", place / "b.gguf");
    const auto model = openStoredModel(place);
    QCOMPARE(model.error().code(), ErrorCode::invalidArgument);
    QVERIFY(model.error().message().find("2 .gguf files") != std::string::npos);
    QCOMPARE(openStoredModel(place / "c.gguf").error().code(), ErrorCode::notFound);
}

void TestGgufModel::endingsInTheVocabularyEndAnswers()
{
    QTemporaryDir folder;
    const fs::path path = changed(folder, "qwen3", [](Entries& entries, Tensors&) {
        for (formats::GgufEntry& entry : entries) {
            if (entry.key == "tokenizer.ggml.tokens")
                std::get<std::vector<std::string>>(entry.value)[40] = std::get<std::vector<std::string>>(entry.value)[41] = "<|im_end|>";
            if (entry.key == "tokenizer.ggml.token_type")
                std::get<std::vector<std::int32_t>>(entry.value)[40] = 3; // special; the other is a word spelt so
        }
        set(entries, "tokenizer.ggml.eot_token_id", std::uint32_t{7});
        set(entries, "tokenizer.ggml.eom_token_id", std::uint32_t{4294967295}); // none
    });
    const auto config = readDecoderConfig(path);
    QVERIFY2(config.ok(), config.ok() ? "" : config.error().message().c_str());
    QCOMPARE(config->eosIds, (std::vector<int>{2, 7, 40}));
}

void TestGgufModel::windowsMayBeListed()
{
    QTemporaryDir folder;
    const auto windowsOf = [&](const decltype(formats::GgufEntry::value)& pattern, std::uint32_t window) {
        std::vector<int> windows;
        const auto config = readDecoderConfig(changed(folder, "gemma3", [&](Entries& entries, Tensors&) {
            set(entries, "gemma3.attention.sliding_window_pattern", pattern);
            set(entries, "gemma3.attention.sliding_window", window);
        }));
        for (int i = 0; config.ok() && i < config->layers; ++i)
            windows.push_back(config->layer(i).window);
        return windows;
    };
    QCOMPARE(windowsOf(std::uint32_t{3}, 5), (std::vector<int>{5, 5, 0, 5, 5, 0, 5}));
    QCOMPARE(windowsOf(std::vector<bool>{true, false, true, true, true, true, false}, 5), (std::vector<int>{5, 0, 5, 5, 5, 5, 0}));
    QCOMPARE(windowsOf(std::uint32_t{3}, 0), std::vector<int>(7, 0));
    QVERIFY(windowsOf(std::vector<bool>{true, false}, 5).empty()); // one entry a layer
}

void TestGgufModel::namesItsType()
{
    QTemporaryDir folder;
    const auto typeAfter = [&](const Edit& edit) { return openStoredModel(changed(folder, "qwen3", edit)).value().dtype; };
    QCOMPARE(typeAfter([](Entries& entries, Tensors&) { set(entries, "general.file_type", std::uint32_t{15}); }), std::string("Q4_K_M"));
    QCOMPARE(typeAfter([](Entries& entries, Tensors&) { set(entries, "general.file_type", std::uint32_t{99}); }), std::string("mixed"));
    QCOMPARE(typeAfter([](Entries& entries, Tensors&) { drop(entries, "general.file_type"); }), std::string("mixed"));
}

void TestGgufModel::refusesWhatItDoesNotCompute_data()
{
    QTest::addColumn<QByteArray>("model");
    QTest::addColumn<Edit>("edit");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, const char* model, const Edit& edit, const char* part) {
        QTest::newRow(name) << QByteArray(model) << edit << part;
    };
    using U = std::uint32_t;
    const auto value = [](const char* key, const decltype(formats::GgufEntry::value)& to) -> Edit {
        return [=](Entries& entries, Tensors&) { set(entries, key, to); };
    };
    const auto without = [](const char* key) -> Edit { return [=](Entries& entries, Tensors&) { drop(entries, key); }; };
    const auto extra = [](const formats::TensorView& tensor) -> Edit { return [=](Entries&, Tensors& all) { all.push_back(tensor); }; };
    row("no architecture", "qwen3", without("general.architecture"), "general.architecture");
    row("another architecture", "qwen3", value("general.architecture", std::string("mamba")), "\"mamba\" is not known");
    row("a part", "qwen3", value("split.count", U{3}), "3 parts");
    row("no tokens", "qwen3", without("tokenizer.ggml.tokens"), "tokenizer");
    row("no layers", "qwen3", without("qwen3.block_count"), "\"qwen3.block_count\" is missing");
    row("no epsilon", "qwen3", without("qwen3.attention.layer_norm_rms_epsilon"), "layer_norm_rms_epsilon\" is missing");
    row("layers in words", "qwen3", value("qwen3.block_count", std::string("two")), "of type string; expected a whole number");
    row("layers in billions", "qwen3", value("qwen3.block_count", U{2000000000}), "num_hidden_layers");
    row("layers past a number", "qwen3", value("qwen3.block_count", U{4294967295}), "4294967295");
    row("heads 0", "qwen3", value("qwen3.attention.head_count", U{0}), "num_attention_heads");
    row("heads differ", "qwen3", value("qwen3.attention.head_count_kv", std::vector<std::int32_t>{2, 1}), "head_count_kv");
    row("values of another length", "qwen3", value("qwen3.attention.value_length", U{6}), "value_length");
    row("half of a head turns", "qwen3", value("qwen3.rope.dimension_count", U{6}), "dimension_count");
    row("experts", "qwen3", value("qwen3.expert_count", U{8}), "expert_count");
    row("experts' tensors", "qwen3", extra(zeros("blk.0.ffn_gate_exps.weight", formats::DType::f32, {2, 4})), "ffn_gate_exps");
    row("unknown scaling", "qwen3", value("qwen3.rope.scaling.type", std::string("longrope")), "longrope");
    row("scaling by two lists", "qwen3", extra(zeros("rope_factors_long.weight", formats::DType::f32, {6})), "two tensors");
    row("factors of no scaling", "qwen3", extra(zeros("rope_freqs.weight", formats::DType::f32, {6})), "rope_freqs.weight");
    row(
        "factors too few", "llama-3.1",
        [](Entries&, Tensors& all) { tensorOf(all, "rope_freqs.weight") = zeros("rope_freqs.weight", formats::DType::f32, {7}); },
        "another size");
    row("capped scores", "gemma3", value("gemma3.attn_logit_softcapping", 50.0F), "softcapping");
    row(
        "missing tensor", "qwen3", [](Entries&, Tensors& all) { tensorOf(all, "blk.1.attn_k.weight").name = "blk.0.attn_rot_embd.weight"; },
        "\"blk.1.attn_k.weight\" is missing");
    row(
        "no embedding", "qwen3", [](Entries&, Tensors& all) { tensorOf(all, "token_embd.weight").name = "embd.weight"; },
        "token_embd.weight");
    row("another shape", "qwen3", value("qwen3.feed_forward_length", U{33}), "its metadata needs [33, 32]");
    row(
        "type not computed", "qwen3",
        [](Entries&, Tensors& all) {
            tensorOf(all, "blk.0.ffn_up.weight") = zeros("blk.0.ffn_up.weight", formats::DType::iq4_nl, {32, 32});
        },
        "\"blk.0.ffn_up.weight\" is stored as IQ4_NL");
    row("tied norms left over", "llama-3.1", extra(zeros("blk.0.attn_q_norm.weight", formats::DType::f32, {16})), "attn_q_norm");
}

void TestGgufModel::refusesWhatItDoesNotCompute()
{
    QFETCH(QByteArray, model);
    QFETCH(Edit, edit);
    QFETCH(QString, part);
    QTemporaryDir folder;
    const fs::path path = changed(folder, model.constData(), edit);
    QVERIFY(!path.empty());
    const auto opened = openStoredModel(path);
    QVERIFY(!opened.ok());
    const QString message = QString::fromStdString(opened.error().message());
    QVERIFY2(message.contains(part), qPrintable(message));
    QVERIFY2(message.startsWith(QString::fromStdString(path.string())), qPrintable(message));
    QVERIFY(!opened.error().hint().empty());
}

void TestGgufModel::refusesEveryTruncation()
{
    QTemporaryDir folder;
    const std::string bytes = *readFile(kModels / "smollm3/model.gguf");
    const fs::path path = folder.filePath("cut.gguf").toStdString();
    QVERIFY(writeFileAtomically(path, bytes).ok());
    QVERIFY(openStoredModel(path).ok());
    for (std::size_t n = 0; n + 32 < bytes.size(); n += n < 200 ? 1 : 997) {
        fs::resize_file(path, 0);
        QVERIFY(writeFileAtomically(path, std::string_view(bytes).substr(0, n)).ok());
        QVERIFY2(!openStoredModel(path).ok(), std::to_string(n).c_str());
    }
}

QTEST_GUILESS_MAIN(TestGgufModel)
#include "tst_gguf_model.moc"
