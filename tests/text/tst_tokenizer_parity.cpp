#include <QtTest>

#include <iterator>
#include <sstream>

#include "gguf_vocabulary.h"
#include "vocabulary_fixtures.h"

using namespace precedent;
using namespace precedent::text;
using namespace precedent::text::test;

namespace {

const std::filesystem::path kTokenizers = kShared / "tokenizers";

/// A tokenizer.json's BPE model in the form that a GGUF file would hold it.
Vocabulary vocabularyOfJson(const std::filesystem::path& folder, const std::string& model, const std::string& pre)
{
    const nlohmann::json json = nlohmann::json::parse(*readFile(folder / "tokenizer.json"));
    Vocabulary v;
    v.model = model;
    v.pre = pre;
    const auto put = [&](const std::string& text, std::size_t id, TokenType type) {
        if (v.tokens.size() <= id) {
            v.tokens.resize(id + 1);
            v.types.resize(id + 1, static_cast<std::int32_t>(TokenType::unused));
        }
        v.tokens[id] = text;
        v.types[id] = static_cast<std::int32_t>(type);
    };
    for (const auto& [text, id] : json["model"]["vocab"].items())
        put(text, id.get<std::size_t>(), text.size() == 6 && text.starts_with("<0x") ? TokenType::byte : TokenType::normal);
    for (const nlohmann::json& token : json["added_tokens"])
        put(token["content"], token["id"], token["special"].get<bool>() ? TokenType::control : TokenType::userDefined);
    for (const nlohmann::json& merge : json["model"]["merges"])
        v.merges.push_back(merge.is_string() ? merge.get<std::string>() : merge[0].get<std::string>() + " " + merge[1].get<std::string>());
    v.addBos = false;
    v.bosId = 2;
    return v;
}

TokenizerPtr loadedFromGguf(const std::filesystem::path& path)
{
    const auto file = formats::GgufFile::open(path);
    return file ? made(vocabularyOf(**file)) : nullptr;
}

} // namespace

class TestTokenizerParity : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void agreesWithRecordedIds_data()
    {
        QTest::addColumn<QString>("source"); // "json", "gguf", or the model and pre-tokenizer of a GGUF file made of a JSON
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("oracle");
        const auto row = [](const char* source, const char* folder, const char* oracle) {
            QTest::addRow("%s, %s%s%s", oracle, source, *folder == '\0' ? "" : " of ", folder) << source << folder << oracle;
        };
        row("json", "llama3", "llama-bpe");
        row("json", "qwen3", "qwen2");
        row("json", "qwen3", "deepseek-r1-qwen");
        row("json", "gemma3", "gemma-4");
        row("gguf", "", "gpt-2");
        row("gguf", "", "llama-spm");
        row("gguf", "", "phi-3");
        row("gpt2 llama-bpe", "llama3", "llama-bpe");
        row("gpt2 qwen2", "qwen3", "qwen2");
        row("gpt2 deepseek-r1-qwen", "qwen3", "deepseek-r1-qwen");
        row("gemma4 gemma4", "gemma3", "gemma-4");
    }

    void agreesWithRecordedIds()
    {
        QFETCH(QString, source);
        QFETCH(QString, folder);
        QFETCH(QString, oracle);
        const std::filesystem::path stem = kTokenizers / "oracles" / ("ggml-vocab-" + oracle.toStdString() + ".gguf");
        if (!std::filesystem::exists(stem.string() + ".inp"))
            QSKIP("the recorded ids of other tokenizers are not on this machine (shared/data/tokenizers)");
        const QStringList form = source.split(' ');
        const TokenizerPtr t = source == "json" ? loaded(kTokenizers / folder.toStdString())
            : source == "gguf"                  ? loadedFromGguf(stem)
                               : made(vocabularyOfJson(kTokenizers / folder.toStdString(), form[0].toStdString(), form[1].toStdString()));
        QVERIFY(t);
        const Texts texts = split(*readFile(stem.string() + ".inp"), "\n__ggml_vocab_test__\n");
        const Texts lines = split(*readFile(stem.string() + ".out"), "\n");
        int compared = 0;
        int exact = 0;
        for (std::size_t i = 0; i < texts.size() && i + 1 < lines.size(); ++i) {
            std::istringstream numbers(lines[i]);
            const Ids expected{std::istream_iterator<int>(numbers), std::istream_iterator<int>()};
            const Ids ids = t->encode(texts[i], false);
            if (ids != expected)
                qWarning("text %zu: %s", i, texts[i].c_str());
            exact += ids == expected ? 1 : 0;
            ++compared;
            QCOMPARE(QByteArray::fromStdString(t->decode(ids)), QByteArray::fromStdString(texts[i]));
            QCOMPARE(streamed(t, ids), texts[i]);
        }
        m_table << QString("%1%2%3%4").arg(oracle, -20).arg(source + " " + folder, -32).arg(compared, 8).arg(exact, 8);
        QCOMPARE(compared, 46);
        QCOMPARE(exact, compared);
    }

    void agreesWithTheStoryModelsRecord()
    {
        const std::filesystem::path folder = kShared / "models" / "tinystories-656k";
        if (!std::filesystem::exists(folder / "encode_oracle.json"))
            QSKIP("the story model is not on this machine (shared/data/models/tinystories-656k)");
        const TokenizerPtr t = loaded(folder);
        QVERIFY(t);
        const nlohmann::json record = nlohmann::json::parse(*readFile(folder / "encode_oracle.json"));
        int compared = 0;
        for (const nlohmann::json& entry : record["cases"]) {
            const auto text = entry["text"].get<std::string>();
            QCOMPARE(t->encode(text, false), entry["ids"].get<Ids>());
            QCOMPARE(t->encode(text, true), entry["ids_special"].get<Ids>());
            ++compared;
        }
        QCOMPARE(compared, 12);
        QCOMPARE(t->bosId(), t->idOf("<|start_story|>"));
    }

    void cleanupTestCase()
    {
        if (m_table.isEmpty())
            return;
        qInfo("%s", qPrintable(QString("%1%2%3%4").arg("vocabulary", -20).arg("source", -32).arg("strings", 8).arg("exact", 8)));
        for (const QString& line : m_table)
            qInfo("%s", qPrintable(line));
    }

private:
    QStringList m_table;
};

QTEST_GUILESS_MAIN(TestTokenizerParity)
#include "tst_tokenizer_parity.moc"
