#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "precedent/text/chat_template.h"
#include "precedent/text/tokenizer.h"

using namespace precedent;
using namespace precedent::text;

namespace {

const std::vector<Message> kTalk = {{"system", "Be kind."}, {"user", "Hello?"}, {"assistant", "Hello."}, {"user", "What now?"}};

void write(const QTemporaryDir& folder, const char* name, const std::string& bytes)
{
    std::ofstream(std::filesystem::path(folder.path().toStdString()) / name, std::ios::binary) << bytes;
}

Result<ChatTemplate> of(const QTemporaryDir& folder) { return ChatTemplate::forModel(folder.path().toStdString()); }

} // namespace

class TestChatTemplate : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void starterWritesTurnsWithTheirTokens()
    {
        const ChatTemplate chat = ChatTemplate::builtIn("starter");
        QCOMPARE(chat.name(), std::string("starter"));
        QVERIFY(chat.note().empty());
        QCOMPARE(chat.render(kTalk, true),
            std::string("<|system|>Be kind.<|end|><|user|>Hello?<|end|><|assistant|>Hello.<|end|><|user|>What now?<|end|><|assistant|>"));
        QCOMPARE(chat.render({{"user", "a"}, {"assistant", "b"}}, false), std::string("<|user|>a<|end|><|assistant|>b<|end|>"));
        QCOMPARE(chat.stopTokens(), std::vector<std::string>{"<|end|>"});
    }

    void starterTurnsBecomeSingleTokens()
    {
        const auto tokenizer = Tokenizer::load(std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "tokenizers" / "byte_level");
        QVERIFY(tokenizer.ok());
        const auto ids = (*tokenizer)->encode(ChatTemplate::builtIn("starter").render({{"user", "the"}}, true));
        QCOMPARE(ids.size(), std::size_t{4});
        QCOMPARE(ids.back(), (*tokenizer)->idOf("<|assistant|>").value());
    }

    void plainWritesLines()
    {
        const ChatTemplate chat = ChatTemplate::builtIn("plain");
        QCOMPARE(chat.name(), std::string("plain"));
        QCOMPARE(chat.render({{"user", "What now?"}}, true), std::string("User: What now?\nAssistant:"));
        QCOMPARE(chat.render(kTalk, true), std::string("Be kind.\n\nUser: Hello?\nAssistant: Hello.\nUser: What now?\nAssistant:"));
        QCOMPARE(chat.stopTokens(), std::vector<std::string>{"\nUser:"});
    }

    void unknownNamesAndRolesAreSaid()
    {
        const ChatTemplate chat = ChatTemplate::builtIn("llama99");
        QCOMPARE(chat.name(), std::string("plain"));
        QVERIFY(chat.note().find("llama99") != std::string::npos);
        QCOMPARE(
            ChatTemplate::builtIn("starter").render({{"tool", "x"}, {"", "y"}}, false), std::string("<|user|>x<|end|><|user|>y<|end|>"));
        QCOMPARE(ChatTemplate::builtIn("starter").render({}, true), std::string("<|assistant|>"));
        QCOMPARE(ChatTemplate::builtIn("plain").render({}, false), std::string());
    }

    void knowsTheStarterByItsJinja_data()
    {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<QByteArray>("jinja");
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("note");
        const std::string starter(starterChatTemplateJinja());
        const auto config = [](const nlohmann::json& entry) {
            return QByteArray::fromStdString(nlohmann::json{{"chat_template", entry}}.dump());
        };
        const auto named = [](const std::string& name, const std::string& text) {
            return nlohmann::json{{"name", name}, {"template", text}};
        };
        QTest::newRow("starter") << config(starter) << QByteArray() << QByteArray("starter") << QByteArray();
        QTest::newRow("starter in a list") << config(nlohmann::json::array({named("tool_use", "x"), named("default", starter)}))
                                           << QByteArray() << QByteArray("starter") << QByteArray();
        QTest::newRow("starter in its own file")
            << QByteArray("{}") << QByteArray::fromStdString(starter) << QByteArray("starter") << QByteArray();
        QTest::newRow("almost the starter") << config(starter + " ") << QByteArray() << QByteArray("plain")
                                            << QByteArray("not one that this program knows");
        QTest::newRow("another") << config("{{ messages }}") << QByteArray() << QByteArray("plain")
                                 << QByteArray("not one that this program knows");
        QTest::newRow("none") << QByteArray("{}") << QByteArray() << QByteArray("plain") << QByteArray("has no chat template");
        QTest::newRow("no configuration") << QByteArray() << QByteArray() << QByteArray("plain") << QByteArray("has no chat template");
        QTest::newRow("a number") << config(7) << QByteArray() << QByteArray("plain") << QByteArray("has no chat template");
        QTest::newRow("odd list") << config(nlohmann::json::array({1, nlohmann::json::object(), named("other", "x")})) << QByteArray()
                                  << QByteArray("plain") << QByteArray("has no chat template");
    }

    void knowsTheStarterByItsJinja()
    {
        QFETCH(QByteArray, config);
        QFETCH(QByteArray, jinja);
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, note);
        const QTemporaryDir folder;
        if (!config.isEmpty())
            write(folder, "tokenizer_config.json", config.toStdString());
        if (!jinja.isEmpty())
            write(folder, "chat_template.jinja", jinja.toStdString());
        const Result<ChatTemplate> chat = of(folder);
        QVERIFY(chat.ok());
        QCOMPARE(QByteArray::fromStdString(chat->name()), name);
        QVERIFY2(chat->note().find(note.toStdString()) != std::string::npos, chat->note().c_str());
        QCOMPARE(chat->note().empty(), note.isEmpty());
    }

    void brokenFoldersAreNamed()
    {
        const Result<ChatTemplate> missing = ChatTemplate::forModel("/no/such/model");
        QVERIFY(!missing.ok());
        QCOMPARE(missing.error().code(), ErrorCode::notFound);
        QVERIFY(missing.error().message().find("/no/such/model") != std::string::npos);
        for (const std::string& bytes : {std::string("{"), std::string("[]"), std::string(100'000, '['), std::string("\xff")}) {
            const QTemporaryDir folder;
            write(folder, "tokenizer_config.json", bytes);
            const Result<ChatTemplate> chat = of(folder);
            QVERIFY(!chat.ok());
            QCOMPARE(chat.error().code(), ErrorCode::corrupt);
        }
    }

    void contentIsWrittenByteForByte()
    {
        const std::string content = std::string("\xff\0{{ x }}<|end|>", 16) + std::string(10'000'000, 'a');
        QCOMPARE(ChatTemplate::builtIn("starter").render({{"user", content}}, false), "<|user|>" + content + "<|end|>");
    }
};

QTEST_GUILESS_MAIN(TestChatTemplate)
#include "tst_chat_template.moc"
