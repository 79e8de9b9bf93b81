#include <algorithm>
#include <functional>

#include <QTemporaryDir>
#include <QTest>

#include "precedent/architecture/model_text.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kFile = fs::path(PRECEDENT_TEST_FIXTURES) / "gguf/models/llama-3.1/model.gguf";

using Value = decltype(formats::GgufEntry::value);

/// The fixture's metadata with one key changed, without tensors.
fs::path changed(const QTemporaryDir& folder, const std::string& key, const Value& value)
{
    const auto file = *formats::GgufFile::open(kFile);
    std::vector<formats::GgufEntry> entries = *formats::ggufEntries(*file, "");
    std::erase_if(entries, [&](const formats::GgufEntry& entry) { return entry.key == key; });
    entries.push_back({key, value});
    const fs::path path = folder.filePath("changed.gguf").toStdString();
    return formats::writeGguf(path, entries, {}).ok() ? path : fs::path();
}

} // namespace

class TestModelText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsTheVocabulary();
    void keysOfAnotherTypeAreNamed_data();
    void keysOfAnotherTypeAreNamed();
    void idsOfMinusOneAreAsIfMissing();
    void textsAreKeptBesideOtherWeights();
    void textsWithoutATokenizerJsonStayGguf();
    void templatesAreRead();
    void foldersKeepTheirOwnTexts();
    void saysItsLicence();
    void foldersTextsBecomeGguf();
    void namesThatMatterAreKept();
};

void TestModelText::readsTheVocabulary()
{
    const auto tokenizer = loadTokenizer(kFile);
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    QCOMPARE((*tokenizer)->vocabularySize(), 48);
    QCOMPARE((*tokenizer)->bosId().value(), 1);
    QCOMPARE((*tokenizer)->eosId().value(), 2);
    QVERIFY((*tokenizer)->isSpecial(2));
    QCOMPARE((*tokenizer)->encode("cab"), (std::vector<int>{1, 3, 6, 4, 5}));
    QCOMPARE((*tokenizer)->decode({3, 6, 4, 5}), std::string("cab"));
}

void TestModelText::keysOfAnotherTypeAreNamed_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<int>("which");
    const auto row = [](const char* key, int which) { QTest::newRow(key) << QString("tokenizer.ggml.%1").arg(key) << which; };
    row("model", 0);
    row("pre", 0);
    row("tokens", 1);
    row("scores", 2);
    row("token_type", 2);
    row("merges", 0);
    row("bos_token_id", 2);
    row("add_bos_token", 0);
    row("precompiled_charsmap", 1);
}

void TestModelText::keysOfAnotherTypeAreNamed()
{
    QFETCH(QString, key);
    QFETCH(int, which);
    const std::vector<Value> wrong = {std::uint32_t{1}, std::vector<std::int32_t>{1, 2}, std::string("text")};
    QTemporaryDir folder;
    const fs::path path = changed(folder, key.toStdString(), wrong[static_cast<std::size_t>(which)]);
    const auto tokenizer = loadTokenizer(path);
    QCOMPARE(tokenizer.error().code(), ErrorCode::corrupt);
    const QString message = QString::fromStdString(tokenizer.error().message());
    QVERIFY2(message.contains(key) && message.startsWith(QString::fromStdString(path.string())), qPrintable(message));
}

void TestModelText::idsOfMinusOneAreAsIfMissing()
{
    QTemporaryDir folder;
    for (const Value& none : {Value(std::uint32_t{4294967295}), Value(std::int32_t{-1})}) {
        const auto tokenizer = loadTokenizer(changed(folder, "tokenizer.ggml.eos_token_id", none));
        QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
        QCOMPARE((*tokenizer)->eosId().value(), 2); // what this kind of vocabulary has where the key is missing
    }
}

void TestModelText::textsAreKeptBesideOtherWeights()
{
    QTemporaryDir folder;
    const fs::path place = folder.path().toStdString();
    for (const char* name : {"config.json", "model.safetensors"})
        fs::copy_file(kFile.parent_path() / name, place / name);
    QCOMPARE(openStoredModel(place).error().code(), ErrorCode::notFound);
    QVERIFY(writeGgufTexts(kFile, place).ok());
    QVERIFY(fs::exists(place / "tokenizer.json"));
    QVERIFY(openStoredModel(place).ok());
    QCOMPARE((*loadTokenizer(place))->encode("the cab 42"), (*loadTokenizer(kFile))->encode("the cab 42"));
    const std::vector<Message> messages = {{"user", "the"}};
    QCOMPARE(loadChatTemplate(place)->render(messages).value(), loadChatTemplate(kFile)->render(messages).value());
}

void TestModelText::textsWithoutATokenizerJsonStayGguf()
{
    QTemporaryDir folder;
    const fs::path place = folder.filePath("made").toStdString();
    fs::create_directories(place);
    // A token that is no UTF-8 cannot stand in a tokenizer.json.
    const auto source = *formats::GgufFile::open(kFile);
    const auto views = source->value("tokenizer.ggml.tokens")->strings().value();
    std::vector<std::string> tokens(views.begin(), views.end());
    tokens[40] = "\xff\xfe";
    const fs::path file = changed(folder, "tokenizer.ggml.tokens", tokens);
    QVERIFY(writeGgufTexts(file, place).ok());
    QVERIFY(!fs::exists(place / "tokenizer.json"));
    QVERIFY((*formats::GgufFile::open(place / kGgufTokenizerFile))->tensors().empty());
    for (const char* name : {"config.json", "model.safetensors"})
        fs::copy_file(kFile.parent_path() / name, place / name);
    QVERIFY(openStoredModel(place).ok());
    QCOMPARE((*loadTokenizer(place))->encode("cab"), (*loadTokenizer(file))->encode("cab"));
    QCOMPARE(loadChatTemplate(place)->name(), std::string("jinja"));
}

void TestModelText::templatesAreRead()
{
    QTemporaryDir folder;
    const auto render = [](const fs::path& path) {
        const auto chat = loadChatTemplate(path);
        return chat.ok() ? chat->render({{"user", "hello"}}, {true, {}, {}}).value() : chat.error().message();
    };
    QCOMPARE(render(changed(folder, "tokenizer.chat_template", std::string("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"))),
        std::string("<s>hello</s>"));
    QCOMPARE(loadChatTemplate(kFile, "chatml")->name(), std::string("chatml"));
    const auto none = loadChatTemplate(changed(folder, "tokenizer.chat_template", std::string()));
    QCOMPARE(none->name(), std::string("plain"));
    QVERIFY(none->note().find("has no chat template") != std::string::npos);
    const auto broken = loadChatTemplate(changed(folder, "tokenizer.chat_template", std::string("{% if %}")));
    QVERIFY(!broken->render({{"user", "hello"}}).ok());
    QVERIFY(broken->note().find("changed.gguf") != std::string::npos);
}

void TestModelText::foldersKeepTheirOwnTexts()
{
    const fs::path folder = fs::path(PRECEDENT_TEST_FIXTURES) / "tokenizers/byte_level";
    QCOMPARE((*loadTokenizer(folder))->encode("Hello"), (*text::Tokenizer::load(folder))->encode("Hello"));
    QCOMPARE(loadTokenizer("/no/such/model").error().code(), ErrorCode::notFound);
    QCOMPARE(loadChatTemplate("/no/such/model").error().code(), ErrorCode::notFound);
}

void TestModelText::saysItsLicence()
{
    QCOMPARE(ggufLicence(kFile), std::string("cc0-1.0"));
    QVERIFY(ggufLicence("/no/such/model.gguf").empty());
}

void TestModelText::foldersTextsBecomeGguf()
{
    QTemporaryDir folder;
    const fs::path place = folder.path().toStdString();
    fs::copy_file(fs::path(PRECEDENT_TEST_FIXTURES) / "tokenizers/sentencepiece/bpe_prefix.tokenizer.json", place / "tokenizer.json");
    QVERIFY(writeFileAtomically(place / "config.json", "{}").ok());
    QVERIFY(writeFileAtomically(place / "tokenizer_config.json", R"({"chat_template": "[{{ messages[0].content }}]"})").ok());
    const auto rendered = [&](const char* what) {
        auto texts = ggufTexts(place, (*loadTokenizer(place))->vocabularySize());
        const fs::path made = folder.filePath(what).toStdString();
        if (!texts.ok() || !formats::writeGguf(made, texts->tokenizer, {}).ok())
            return "not written: " + (texts.ok() ? std::string() : texts.error().message());
        const auto chat = loadChatTemplate(made);
        return chat->name() + " " + chat->render({{"user", "the cab"}}).value() + " " + texts->note;
    };
    QVERIFY2(rendered("own.gguf") == "jinja [the cab] ", rendered("own.gguf").c_str());
    QVERIFY(writeFileAtomically(place / "chat_template.jinja", "chatml\n").ok());
    QVERIFY(rendered("named.gguf").find("The chat template \"chatml\"") != std::string::npos);
    fs::remove(place / "chat_template.jinja");
    fs::remove(place / "tokenizer_config.json");
    QVERIFY(rendered("none.gguf").starts_with("plain "));
}

void TestModelText::namesThatMatterAreKept()
{
    QTemporaryDir folder;
    QCOMPARE(ggufTexts(kFile, 48)->nameNeeded, std::string());
    QCOMPARE(ggufTexts(changed(folder, "general.name", std::string("Phi-3 mini")), 48)->nameNeeded, std::string("Phi-3 mini"));
    const auto texts = ggufTexts(kFile, 48);
    const auto same = *formats::ggufEntries(**formats::GgufFile::open(kFile), "tokenizer.");
    QCOMPARE(texts->tokenizer.size(), same.size());
}

QTEST_GUILESS_MAIN(TestModelText)
#include "tst_model_text.moc"
