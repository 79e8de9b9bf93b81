// Sentence encoders against transformers' states, pooled as sentence-transformers pools them
// (tests/fixtures/encoder/make_encoders.py), and files that are none.

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include <QTemporaryDir>
#include <QTest>

#include "core/run/text_encoder_impl.h"
#include "precedent/architecture/encoder_config.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(PRECEDENT_TEST_FIXTURES) / "encoder";

Json readJson(const fs::path& path)
{
    const auto text = readFile(path);
    return text.ok() ? *parseJson(*text, path.string()) : Json();
}

std::vector<std::vector<int>> textsOf(const Json& rows)
{
    std::vector<std::vector<int>> texts;
    for (const Json& row : rows)
        texts.push_back(row["cut"].get<std::vector<int>>());
    return texts;
}

/// A copy of a fixture, one of whose files is changed.
class Changed {
public:
    Changed(const std::string& file, const std::function<void(Json&)>& change)
    {
        fs::copy(kFixtures / "bert", path(), fs::copy_options::recursive);
        Json json = readJson(path() / file);
        change(json);
        std::ofstream(path() / file) << dumpJson(json);
    }
    [[nodiscard]] fs::path path() const { return fs::path(m_folder.path().toStdString()) / "encoder"; }

private:
    QTemporaryDir m_folder;
};

using Change = std::function<void(Json&)>;

} // namespace

Q_DECLARE_METATYPE(Change)

class TestEncoder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void vectorsAreThoseOfTransformers_data();
    void vectorsAreThoseOfTransformers();
    void vectorDependsOnItsTextAlone();
    void namesMayHaveThePrefixOfTheFamily();
    void whatIsNoTextIsRefused_data();
    void whatIsNoTextIsRefused();
    void whatIsNotComputedIsRefused_data();
    void whatIsNotComputedIsRefused();
    void cutOffWeightsAreRefused();
    void stopIsCancelled();
};

void TestEncoder::vectorsAreThoseOfTransformers_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("pooling");
    QTest::addColumn<int>("longest");
    QTest::newRow("BERT, mean") << "bert"
                                << "mean" << 24;
    QTest::newRow("RoBERTa, first token") << "roberta"
                                          << "first token" << 64;
}

void TestEncoder::vectorsAreThoseOfTransformers()
{
    QFETCH(QString, name);
    QFETCH(QString, pooling);
    QFETCH(int, longest);
    const fs::path folder = kFixtures / name.toStdString();
    QVERIFY(isEncoderFolder(folder));
    const auto encoder = openEncoder(folder.string());
    QVERIFY2(encoder.ok(), encoder.ok() ? "" : encoder.error().message().c_str());
    QCOMPARE((*encoder)->info().architecture, name.toStdString());
    QCOMPARE((*encoder)->info().pooling, pooling.toStdString());
    QCOMPARE((*encoder)->info().longestText, longest);
    const Json rows = readJson(kFixtures / "expected.json")[name.toStdString()];
    const auto got = (*encoder)->vectors(textsOf(rows));
    QVERIFY2(got.ok(), got.ok() ? "" : got.error().message().c_str());
    QCOMPARE(got->width, std::int64_t{16});
    double worst = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto wanted = rows[i]["vector"].get<std::vector<double>>();
        for (std::size_t j = 0; j < wanted.size(); ++j)
            worst = std::max(worst, std::abs(got->row(i)[j] - wanted[j]));
    }
    QVERIFY2(worst < 2e-6, std::to_string(worst).c_str());
}

void TestEncoder::vectorDependsOnItsTextAlone()
{
    const auto encoder = openEncoder((kFixtures / "bert").string());
    QVERIFY(encoder.ok());
    const auto texts = textsOf(readJson(kFixtures / "expected.json")["bert"]);
    const auto all = (*encoder)->vectors(texts);
    QVERIFY(all.ok());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto one = (*encoder)->vectors({texts[i]});
        QVERIFY(one.ok());
        QVERIFY(std::equal(one->values.begin(), one->values.end(), all->row(i)));
        double squares = 0;
        for (const float value : one->values)
            squares += double(value) * value;
        QVERIFY(std::abs(squares - 1) < 1e-6);
    }
}

void TestEncoder::namesMayHaveThePrefixOfTheFamily()
{
    // As a model that was trained with a head on top is saved.
    const Changed same("config.json", [](Json&) {});
    const auto bytes = readFile(same.path() / "model.safetensors");
    QVERIFY(bytes.ok());
    std::uint64_t length = 0;
    std::memcpy(&length, bytes->data(), sizeof length);
    const auto header = parseJson(bytes->substr(8, length), "header");
    QVERIFY(header.ok());
    Json renamed;
    for (const auto& [name, tensor] : header->items())
        renamed[name == "__metadata__" ? name : "bert." + name] = tensor;
    std::string text = dumpJson(renamed);
    text.resize((text.size() + 7) / 8 * 8, ' ');
    length = text.size();
    std::string out(sizeof length, '\0');
    std::memcpy(out.data(), &length, sizeof length);
    const std::uint64_t before = *reinterpret_cast<const std::uint64_t*>(bytes->data());
    std::ofstream(same.path() / "model.safetensors", std::ios::binary) << out << text << bytes->substr(8 + before);
    const auto encoder = openEncoder(same.path().string());
    QVERIFY2(encoder.ok(), encoder.ok() ? "" : encoder.error().message().c_str());
    const auto plain = openEncoder((kFixtures / "bert").string());
    QVERIFY(plain.ok());
    QVERIFY((*encoder)->vectors({{2, 7, 9, 3}})->values == (*plain)->vectors({{2, 7, 9, 3}})->values);
}

void TestEncoder::whatIsNoTextIsRefused_data()
{
    QTest::addColumn<QVector<int>>("ids");
    QTest::addColumn<QString>("says");
    QTest::newRow("empty") << QVector<int>{} << "Text 1 has no token";
    QTest::newRow("too long") << QVector<int>(25, 7) << "25 tokens; this encoder reads 24";
    QTest::newRow("above the vocabulary") << QVector<int>{2, 180, 3} << "the id 180; the vocabulary has 180";
    QTest::newRow("negative") << QVector<int>{2, -1, 3} << "the id -1";
}

void TestEncoder::whatIsNoTextIsRefused()
{
    QFETCH(QVector<int>, ids);
    QFETCH(QString, says);
    const auto encoder = openEncoder((kFixtures / "bert").string());
    QVERIFY(encoder.ok());
    const auto got = (*encoder)->vectors({{2, 3}, std::vector<int>(ids.begin(), ids.end())});
    QVERIFY(!got.ok());
    QCOMPARE(got.error().code(), ErrorCode::invalidArgument);
    QVERIFY2(QString::fromStdString(got.error().message()).contains(says), got.error().message().c_str());
}

void TestEncoder::whatIsNotComputedIsRefused_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<Change>("change");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const int unsupported = static_cast<int>(ErrorCode::unsupported);
    const int corrupt = static_cast<int>(ErrorCode::corrupt);
    const auto row = [](const char* name, const char* file, int code, const char* says, const Change& change) {
        QTest::newRow(name) << QString(file) << change << code << QString(says);
    };
    row("family", "config.json", unsupported, "mpnet", [](Json& json) { json["model_type"] = "mpnet"; });
    row("activation", "config.json", unsupported, "hidden_act", [](Json& json) { json["hidden_act"] = "swish"; });
    row("positions", "config.json", unsupported, "position_embedding_type",
        [](Json& json) { json["position_embedding_type"] = "relative_key"; });
    row("no width", "config.json", corrupt, "hidden_size", [](Json& json) { json.erase("hidden_size"); });
    row("heads that do not divide", "config.json", corrupt, "num_attention_heads", [](Json& json) { json["num_attention_heads"] = 3; });
    row("no layers", "config.json", corrupt, "num_hidden_layers", [](Json& json) { json["num_hidden_layers"] = 0; });
    row("more layers than weights", "config.json", corrupt, "encoder.layer.2", [](Json& json) { json["num_hidden_layers"] = 3; });
    row("another width", "config.json", corrupt, "word_embeddings", [](Json& json) { json["vocab_size"] = 181; });
    row("a norm's eps", "config.json", corrupt, "layer_norm_eps", [](Json& json) { json["layer_norm_eps"] = 0; });
    row("a layer behind", "modules.json", unsupported, "Dense", [](Json& json) {
        json.push_back({{"type", "sentence_transformers.models.Dense"}});
    });
    row("modules that are none", "modules.json", corrupt, "modules.json", [](Json& json) { json = 7; });
    row("the greatest", "1_Pooling/config.json", unsupported, "max_tokens", [](Json& json) {
        json["pooling_mode_mean_tokens"] = false;
        json["pooling_mode_max_tokens"] = true;
    });
    row("two poolings", "1_Pooling/config.json", unsupported, "cls_token, mean_tokens",
        [](Json& json) { json["pooling_mode_cls_token"] = true; });
    row("no pooling", "1_Pooling/config.json", unsupported, "none", [](Json& json) { json["pooling_mode_mean_tokens"] = false; });
    row("texts of no length", "sentence_bert_config.json", corrupt, "max_seq_length", [](Json& json) { json["max_seq_length"] = 2; });
    row("a length in words", "sentence_bert_config.json", corrupt, "max_seq_length", [](Json& json) { json["max_seq_length"] = "long"; });
}

void TestEncoder::whatIsNotComputedIsRefused()
{
    QFETCH(QString, file);
    QFETCH(Change, change);
    QFETCH(int, code);
    QFETCH(QString, says);
    const Changed folder(file.toStdString(), change);
    const auto encoder = openEncoder(folder.path().string());
    QVERIFY(!encoder.ok());
    const QString message = QString::fromStdString(encoder.error().message());
    QCOMPARE(static_cast<int>(encoder.error().code()), code);
    QVERIFY2(message.contains(says) && message.contains(QString::fromStdString(folder.path().string())), qPrintable(message));
}

void TestEncoder::cutOffWeightsAreRefused()
{
    const Changed folder("config.json", [](Json&) {});
    const fs::path weights = folder.path() / "model.safetensors";
    const auto whole = readFile(weights);
    QVERIFY(whole.ok());
    for (const std::size_t kept : {std::size_t{0}, std::size_t{5}, whole->size() / 2, whole->size() - 1}) {
        std::ofstream(weights, std::ios::binary | std::ios::trunc) << whole->substr(0, kept);
        const auto encoder = openEncoder(folder.path().string());
        QVERIFY(!encoder.ok());
        QVERIFY2(encoder.error().message().find("model.safetensors") != std::string::npos, encoder.error().message().c_str());
    }
    fs::remove(weights);
    QCOMPARE(openEncoder(folder.path().string()).error().code(), ErrorCode::notFound);
    QCOMPARE(openEncoder("/no/such/folder").error().code(), ErrorCode::notFound);
    QVERIFY(!isEncoderFolder("/no/such/folder"));
}

void TestEncoder::stopIsCancelled()
{
    const auto encoder = openEncoder((kFixtures / "bert").string());
    QVERIFY(encoder.ok());
    std::stop_source source;
    source.request_stop();
    QCOMPARE((*encoder)->vectors({{2, 3}}, source.get_token()).error().code(), ErrorCode::cancelled);
}

QTEST_APPLESS_MAIN(TestEncoder)
#include "tst_encoder.moc"
