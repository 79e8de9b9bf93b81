#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "precedent/base/files.h"
#include "precedent/text/chat_template.h"
#include "precedent/text/tokenizer.h"

using namespace precedent;
using namespace precedent::text;

namespace {

const std::vector<Message> kTalk = {{"system", "Be kind."}, {"user", "Hello?"}, {"assistant", "Hello."}, {"user", "What now?"}};
const RenderOptions kOpened{.generationPrompt = true};
const std::filesystem::path kTemplates = std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "chat_templates" / "templates";
const std::filesystem::path kModels = std::filesystem::path(PRECEDENT_SHARED_DATA) / "chat_templates";

void write(const QTemporaryDir& folder, const char* name, const std::string& bytes)
{
    std::ofstream(std::filesystem::path(folder.path().toStdString()) / name, std::ios::binary) << bytes;
}

Result<ChatTemplate> of(const QTemporaryDir& folder) { return ChatTemplate::forModel(folder.path().toStdString()); }

ChatTemplate own(const char* file)
{
    return ChatTemplate::fromJinja(readFile(kTemplates / file).value(), {{"bos_token", "<s>"}, {"eos_token", "</s>"}}).value();
}

} // namespace

class TestChatTemplate : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void starterWritesTurnsWithTheirTokens()
    {
        const ChatTemplate chat = ChatTemplate::builtIn("starter");
        QCOMPARE(chat.name(), std::string("starter"));
        QVERIFY(chat.note().empty());
        QVERIFY(!chat.writesSpecialTokens());
        QCOMPARE(chat.render(kTalk, kOpened).value(),
            std::string("<|system|>Be kind.<|end|><|user|>Hello?<|end|><|assistant|>Hello.<|end|><|user|>What now?<|end|><|assistant|>"));
        QCOMPARE(chat.render({{"user", "a"}, {"assistant", "b"}}).value(), std::string("<|user|>a<|end|><|assistant|>b<|end|>"));
        QCOMPARE(chat.stopTokens(), std::vector<std::string>{"<|end|>"});
    }

    void starterTurnsBecomeSingleTokens()
    {
        const auto tokenizer = Tokenizer::load(std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "tokenizers" / "byte_level");
        QVERIFY(tokenizer.ok());
        const auto ids = (*tokenizer)->encode(ChatTemplate::builtIn("starter").render({{"user", "the"}}, kOpened).value());
        QCOMPARE(ids.size(), std::size_t{4});
        QCOMPARE(ids.back(), (*tokenizer)->idOf("<|assistant|>").value());
    }

    void plainWritesLines()
    {
        const ChatTemplate chat = ChatTemplate::builtIn("plain");
        QCOMPARE(chat.name(), std::string("plain"));
        QCOMPARE(chat.render({{"user", "What now?"}}, kOpened).value(), std::string("User: What now?\nAssistant:"));
        QCOMPARE(
            chat.render(kTalk, kOpened).value(), std::string("Be kind.\n\nUser: Hello?\nAssistant: Hello.\nUser: What now?\nAssistant:"));
        QCOMPARE(chat.stopTokens(), std::vector<std::string>{"\nUser:"});
    }

    void unknownNamesAndRolesAreSaid()
    {
        const ChatTemplate chat = ChatTemplate::builtIn("llama99");
        QCOMPARE(chat.name(), std::string("plain"));
        QVERIFY(chat.note().find("llama99") != std::string::npos);
        QCOMPARE(
            ChatTemplate::builtIn("starter").render({{"tool", "x"}, {"", "y"}}).value(), std::string("<|user|>x<|end|><|user|>y<|end|>"));
        QCOMPARE(ChatTemplate::builtIn("chatml").render({{"tool", "x"}}).value(), std::string("<|im_start|>user\nx<|im_end|>\n"));
        QCOMPARE(ChatTemplate::builtIn("starter").render({}, kOpened).value(), std::string("<|assistant|>"));
        QCOMPARE(ChatTemplate::builtIn("plain").render({}).value(), std::string());
    }

    void builtInTemplatesKnowTheirEnds_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("opened");
        QTest::addColumn<QByteArray>("stop");
        QTest::newRow("chatml") << QByteArray("chatml")
                                << QByteArray("<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello?<|im_end|>\n"
                                              "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nWhat now?<|im_end|>\n"
                                              "<|im_start|>assistant\n")
                                << QByteArray("<|im_end|>");
        QTest::newRow("llama3") << QByteArray("llama3")
                                << QByteArray("<|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
                                              "<|start_header_id|>user<|end_header_id|>\n\nHello?<|eot_id|>"
                                              "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>"
                                              "<|start_header_id|>user<|end_header_id|>\n\nWhat now?<|eot_id|>"
                                              "<|start_header_id|>assistant<|end_header_id|>\n\n")
                                << QByteArray("<|eot_id|>");
        QTest::newRow("gemma") << QByteArray("gemma")
                               << QByteArray(
                                      "<start_of_turn>user\nBe kind.\n\nHello?<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n"
                                      "<start_of_turn>user\nWhat now?<end_of_turn>\n<start_of_turn>model\n")
                               << QByteArray("<end_of_turn>");
        for (const char* name : {"mistral", "inst"})
            QTest::newRow(name) << QByteArray(name) << QByteArray("[INST] Be kind.\n\nHello? [/INST] Hello.</s>[INST] What now? [/INST]")
                                << QByteArray("</s>");
    }

    void builtInTemplatesKnowTheirEnds()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, opened);
        QFETCH(QByteArray, stop);
        const ChatTemplate chat = ChatTemplate::builtIn(name.toStdString());
        QCOMPARE(QByteArray::fromStdString(chat.name()), name);
        QVERIFY2(chat.note().empty(), chat.note().c_str());
        QVERIFY(!chat.writesSpecialTokens());
        QCOMPARE(QByteArray::fromStdString(chat.render(kTalk, kOpened).value()), opened);
        QCOMPARE(chat.stopTokens(), std::vector<std::string>{stop.toStdString()});
    }

    /// What an export holds says to other programs what is written here, and is the same template when it is read again.
    void builtInTemplatesAreJinjaForOthers_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<bool>("beginning");
        for (const std::string& name : ChatTemplate::builtInNames()) {
            for (const bool beginning : {false, true}) {
                if (!beginning || name != "starter")
                    QTest::addRow("%s%s", name.c_str(), beginning ? " behind <s>" : "") << QByteArray::fromStdString(name) << beginning;
            }
        }
    }

    void builtInTemplatesAreJinjaForOthers()
    {
        QFETCH(QByteArray, name);
        QFETCH(bool, beginning);
        const SpecialTokens tokens = {{"bos_token", "<s>"}};
        const std::string jinja = chatTemplateJinja(name.toStdString(), beginning);
        const ChatTemplate builtIn = ChatTemplate::builtIn(name.toStdString());
        const std::vector<Message> talk = {
            {"system", "Be kind."}, {"user", "Hi?\n\nAnd {{ this }}"}, {"assistant", "Hello."}, {"user", "More"}};
        // As any program renders it: a comment keeps it from being known.
        const auto asOthers = ChatTemplate::fromJinja(jinja + "{#- #}", tokens);
        QVERIFY(asOthers.ok());
        QCOMPARE(asOthers->name(), std::string("jinja"));
        QCOMPARE(asOthers->render(talk, {true}).value(), (beginning ? "<s>" : "") + builtIn.render(talk, {true}).value());
        const auto again = ChatTemplate::fromJinja(jinja, tokens);
        QVERIFY(again.ok());
        QCOMPARE(again->stopTokens().front(), builtIn.stopTokens().front());
        const std::string written = again->writesSpecialTokens() && beginning ? "<s>" : "";
        QCOMPARE(again->render(talk, {true}).value(), written + builtIn.render(talk, {true}).value());
        QVERIFY2(again->note().empty(), again->note().c_str());
        QCOMPARE(again->name(), name == "plain" || name == "starter" ? name.toStdString() : std::string("jinja"));
    }

    void chainsCanBeOpenedForOthers()
    {
        const std::vector<Message> talk = {{"user", "Hi?"}};
        for (const std::string name : {"starter", "plain"}) {
            const std::string jinja = withChainOpened(chatTemplateJinja(name, false), "<think>\n");
            const ChatTemplate builtIn = ChatTemplate::builtIn(name);
            const auto asOthers = ChatTemplate::fromJinja(jinja + "{#- #}");
            QCOMPARE(asOthers->render(talk, {true}).value(), builtIn.render(talk, {true}).value() + "<think>\n");
            QCOMPARE(asOthers->render(talk, {false}).value(), builtIn.render(talk, {false}).value());
            QCOMPARE(asOthers->render(talk, {true, true}).value(), builtIn.render(talk, {true}).value() + "<think>\n");
            QCOMPARE(asOthers->render(talk, {true, false}).value(), builtIn.render(talk, {true}).value());
            const auto again = ChatTemplate::fromJinja(jinja);
            QCOMPARE(again->name(), name); // which leaves the opening to the caller
            QCOMPARE(again->render(talk, {true}).value(), builtIn.render(talk, {true}).value());
        }
        const std::string odd = "it's \\ \"<\n>";
        QCOMPARE(ChatTemplate::fromJinja(withChainOpened("{{ messages[0].content }}\n", odd))->render(talk, {true}).value(), "Hi?" + odd);
    }

    void takesAModelsTemplateFromItsFiles_data()
    {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<QByteArray>("jinja");
        QTest::addColumn<QByteArray>("processor");
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("note");
        QTest::addColumn<QByteArray>("text"); // of one request, "a"
        const std::string starter(starterChatTemplateJinja());
        const auto config = [](const nlohmann::json& entry, const nlohmann::json& tokens = nlohmann::json::object()) {
            nlohmann::json all = {{"chat_template", entry}};
            all.update(tokens);
            return QByteArray::fromStdString(all.dump());
        };
        const auto named = [](const std::string& name, const std::string& text) {
            return nlohmann::json{{"name", name}, {"template", text}};
        };
        const auto row = [](const char* name, const QByteArray& tokenizerConfig, const char* jinja, const QByteArray& processor,
                             const char* templateName, const char* note, const char* text) {
            QTest::newRow(name) << tokenizerConfig << QByteArray(jinja) << processor << QByteArray(templateName) << QByteArray(note)
                                << QByteArray(text);
        };
        const char* kStarterText = "<|user|>a<|end|>";
        const char* kPlainText = "User: a\n";
        const char* own = "{{ bos_token }}[{{ messages[-1].content }}]";
        row("starter", config(starter), "", "", "starter", "", kStarterText);
        row("starter in a list", config(nlohmann::json::array({named("tool_use", "x"), named("default", starter)})), "", "", "starter", "",
            kStarterText);
        row("starter in its own file", "{}", starter.c_str(), "", "starter", "", kStarterText);
        row("almost the starter", config(starter + "!"), "", "", "jinja", "", "<|user|>a<|end|>!");
        row("its own", config(own, {{"bos_token", "<s>"}}), "", "", "jinja", "takes no system turn", "<s>[a]");
        row("its own, with a token that is an object", config(own, {{"bos_token", {{"content", "<b>"}}}}), "", "", "jinja", "system",
            "<b>[a]");
        row("its own, without the token", config(own, {{"bos_token", nullptr}}), "", "", "jinja", "system", "[a]");
        row("one that is not called default", config(nlohmann::json::array({named("chat", own)})), "", "", "jinja", "system", "[a]");
        row("a file before the configuration", config("x"), own, "", "jinja", "system", "[a]");
        row("the processor's", "{}", "", config(own), "jinja", "system", "[a]");
        row("the configuration before the processor's", config(own), "", config("x"), "jinja", "system", "[a]");
        row("a built-in one by name", config(own), "chatml\n", "", "chatml", "", "<|im_start|>user\na<|im_end|>\n");
        row("none", "{}", "", "", "plain", "has no chat template", kPlainText);
        row("no configuration", "", "", "", "plain", "has no chat template", kPlainText);
        row("a number", config(7), "", "", "plain", "has no chat template", kPlainText);
        row("odd list", config(nlohmann::json::array({1, nlohmann::json::object(), named("other", "x")})), "", "", "plain",
            "has no chat template", kPlainText);
    }

    void takesAModelsTemplateFromItsFiles()
    {
        QFETCH(QByteArray, config);
        QFETCH(QByteArray, jinja);
        QFETCH(QByteArray, processor);
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, note);
        QFETCH(QByteArray, text);
        const QTemporaryDir folder;
        if (!config.isEmpty())
            write(folder, "tokenizer_config.json", config.toStdString());
        if (!jinja.isEmpty())
            write(folder, "chat_template.jinja", jinja.toStdString());
        if (!processor.isEmpty())
            write(folder, "chat_template.json", processor.toStdString());
        const Result<ChatTemplate> chat = of(folder);
        QVERIFY2(chat.ok(), chat.ok() ? "" : chat.error().message().c_str());
        QCOMPARE(QByteArray::fromStdString(chat->name()), name);
        QVERIFY2(chat->note().find(note.toStdString()) != std::string::npos, chat->note().c_str());
        QCOMPARE(chat->note().empty(), note.isEmpty());
        QCOMPARE(QByteArray::fromStdString(chat->render({{"user", "a"}}).value()), text);
        QCOMPARE(chat->writesSpecialTokens(), name == "jinja");
    }

    void tokensComeFromTheMapWhereTheConfigurationHasNone()
    {
        const QTemporaryDir folder;
        write(folder, "tokenizer_config.json", R"({"chat_template": "{{ bos_token }}{{ eos_token }}{{ messages }}", "eos_token": "<e>"})");
        write(folder, "special_tokens_map.json", R"({"bos_token": {"content": "<b>"}, "eos_token": "<other>", "pad_token": 3})");
        QCOMPARE(of(folder)->render({}).value(), std::string("<b><e>[]"));
        QCOMPARE(of(folder)->stopTokens().front(), std::string("<e>"));
    }

    void aTemplateThatCannotBeReadIsNamedWhereItIsUsed_data()
    {
        QTest::addColumn<QByteArray>("jinja");
        QTest::addColumn<QByteArray>("message");
        QTest::newRow("syntax") << QByteArray("a\n{% if %}") << QByteArray("line 2: an expression is expected");
        QTest::newRow("a statement") << QByteArray("a\n\n{% import 'x' as y %}")
                                     << QByteArray("line 3: the statement \"import\" is not known");
    }

    void aTemplateThatCannotBeReadIsNamedWhereItIsUsed()
    {
        QFETCH(QByteArray, jinja);
        QFETCH(QByteArray, message);
        const QTemporaryDir folder;
        write(folder, "chat_template.jinja", jinja.toStdString());
        write(folder, "tokenizer_config.json", R"({"eos_token": "</s>"})");
        const Result<ChatTemplate> chat = of(folder); // the model may still be looked at
        QVERIFY(chat.ok());
        QCOMPARE(chat->name(), std::string("jinja"));
        QCOMPARE(chat->stopTokens(), std::vector<std::string>{"</s>"});
        const Result<std::string> text = chat->render(kTalk);
        QVERIFY(!text.ok());
        QVERIFY2(text.error().message().find(message.toStdString()) != std::string::npos, text.error().message().c_str());
        QVERIFY2(
            text.error().hint().find("chatml") != std::string::npos && text.error().hint().find("chat_template.jinja") != std::string::npos,
            text.error().hint().c_str());
        QCOMPARE(chat->note(), text.error().message());
        QVERIFY(!ChatTemplate::fromJinja(jinja.toStdString()).ok());
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
        QCOMPARE(ChatTemplate::builtIn("starter").render({{"user", content}}).value(), "<|user|>" + content + "<|end|>");
        QCOMPARE(ChatTemplate::builtIn("chatml").render({{"user", content}}).value(), "<|im_start|>user\n" + content + "<|im_end|>\n");
        QCOMPARE(own("thinking.jinja").render({{"user", content}}).value(), "<turn:user>\n" + content + "<end>\n");
    }

    void aTemplateWithoutSystemTurnsGetsTheirTextInTheFirstRequest()
    {
        const ChatTemplate strict = own("strict.jinja"); // raises for a system turn
        QVERIFY2(strict.note().find("takes no system turn") != std::string::npos, strict.note().c_str());
        QCOMPARE(strict.render(kTalk, kOpened).value(),
            std::string(
                "<s><start>user\nBe kind.\n\nHello?<stop>\n<start>model\nHello.<stop>\n<start>user\nWhat now?<stop>\n<start>model\n"));
        QCOMPARE(strict.render({{"system", "Alone."}}).value(), std::string("<s><start>user\nAlone.<stop>\n"));
        QCOMPARE(strict.render({{"user", "a"}}).value(), std::string("<s><start>user\na<stop>\n"));
        const ChatTemplate silent =
            ChatTemplate::fromJinja("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}").value();
        QVERIFY(!silent.note().empty());
        QCOMPARE(silent.render(kTalk).value(), std::string("Be kind.\n\nHello?Hello.What now?"));
        QVERIFY(own("dated.jinja").note().empty());
    }

    void aConversationThatATemplateRefusesFailsInItsWords()
    {
        const Result<std::string> text = own("strict.jinja").render({{"user", "a"}, {"user", "b"}});
        QVERIFY(!text.ok());
        QCOMPARE(text.error().code(), ErrorCode::invalidArgument);
        QVERIFY2(
            text.error().message().find("Turns must take turns, but turn 2 is user") != std::string::npos, text.error().message().c_str());
    }

    void thinkingIsAVariable()
    {
        const ChatTemplate chat = own("thinking.jinja");
        const std::string asked = "<turn:user>\na<end>\n<turn:assistant>\n<think>\n";
        QCOMPARE(chat.render({{"user", "a"}}, kOpened).value(), asked);
        QCOMPARE(chat.render({{"user", "a"}}, {.generationPrompt = true, .thinking = true}).value(), asked);
        QCOMPARE(chat.render({{"user", "a"}}, {.generationPrompt = true, .thinking = false}).value(), asked + "</think>\n\n");
        const ChatTemplate shown =
            ChatTemplate::fromJinja("{{ enable_thinking is defined }} {{ enable_thinking }} {{ messages|length }}").value();
        QCOMPARE(shown.render({}).value(), std::string("False  0"));
        QCOMPARE(shown.render({}, {.thinking = true}).value(), std::string("True True 0"));
    }

    void theDateIsTheCallers()
    {
        const ChatTemplate dated = own("dated.jinja");
        QCOMPARE(dated.render({}, {.date = "2024-07-06"}).value(), std::string("<s>[system] Today: 06 Jul 2024\n"));
        const ChatTemplate clock = ChatTemplate::fromJinja("{{ strftime_now('%A %d %B %Y') }} {{ date_string is defined }}").value();
        QCOMPARE(clock.render({}, {.date = std::string(kLastingDate)}).value(), std::string("Friday 26 July 2024 True"));
        QVERIFY(clock.render({}).value().ends_with(" False"));
        for (const char* bad : {"2024-02-31", "2024-13-01", "26 Jul 2024", "2024-7-6", "x", "2024-07-06x"}) {
            const Result<std::string> text = dated.render({}, {.date = bad});
            QVERIFY2(!text.ok(), bad);
            QCOMPARE(text.error().code(), ErrorCode::invalidArgument);
        }
    }

    void stopsAreWhatTheTemplateWritesAfterAnAnswer_data()
    {
        QTest::addColumn<QByteArray>("jinja");
        QTest::addColumn<QByteArray>("stops");
        const auto row = [](const char* name, const char* jinja, const char* stops) {
            QTest::newRow(name) << QByteArray(jinja) << QByteArray(stops);
        };
        row("a token", "{% for m in messages %}<{{ m.role }}>{{ m.content }}<|eot|>\n{% endfor %}", "</s> <|eot|>");
        row("the end-of-text token", "{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}{% endfor %}", "</s>");
        row("two tokens", "{% for m in messages %}{{ m.content }}<|eot|>\n<|more|>{% endfor %}", "</s> <|eot|>");
        row("nothing", "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", "</s>");
        row("a word", "{% for m in messages %}{{ m.content }} END\n\nnext{% endfor %}", "</s> END");
        row("only where an answer is",
            "{% for m in messages %}{{ m.content }}{{ '[/A]' if m.role == 'assistant' else '[/U]' }}{% endfor %}", "</s> [/A]");
        row("a template that refuses", "{{ raise_exception('no') }}", "</s>");
        row("a template that shows no content", "x", "</s>");
    }

    void stopsAreWhatTheTemplateWritesAfterAnAnswer()
    {
        QFETCH(QByteArray, jinja);
        QFETCH(QByteArray, stops);
        const ChatTemplate chat = ChatTemplate::fromJinja(jinja.toStdString(), {{"eos_token", "</s>"}}).value();
        QByteArrayList found;
        for (const std::string& stop : chat.stopTokens())
            found << QByteArray::fromStdString(stop);
        QCOMPARE(found.join(' '), stops);
    }

    void realModelsEndsAreFound_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QByteArray>("stop");
        QTest::addColumn<bool>("system"); // whether the template takes a system turn
        const auto row = [](const char* file, const char* stop, bool system) {
            QTest::newRow(file) << QByteArray(file) << QByteArray(stop) << system;
        };
        row("Qwen-Qwen3-0.6B.jinja", "<|im_end|>", true);
        row("Qwen-Qwen2.5-7B-Instruct.jinja", "<|im_end|>", true);
        row("Qwen-QwQ-32B.jinja", "<|im_end|>", true);
        row("HuggingFaceTB-SmolLM3-3B.jinja", "<|im_end|>", true);
        row("google-gemma-2-2b-it.jinja", "<end_of_turn>", false);
        row("meta-llama-Llama-3.1-8B-Instruct.jinja", "<|eot_id|>", true);
        row("meta-llama-Llama-3.2-3B-Instruct.jinja", "<|eot_id|>", true);
        row("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja", "<｜end▁of▁sentence｜>", true);
    }

    void realModelsEndsAreFound()
    {
        QFETCH(QByteArray, file);
        QFETCH(QByteArray, stop);
        QFETCH(bool, system);
        if (!std::filesystem::exists(kModels / file.toStdString()))
            QSKIP(("there are no real models' templates: " + (kModels / file.toStdString()).string() + " is missing").c_str());
        const ChatTemplate chat =
            ChatTemplate::fromJinja(readFile(kModels / file.toStdString()).value(), {{"bos_token", "<b>"}, {"eos_token", "<e>"}}).value();
        QCOMPARE(chat.stopTokens(), (std::vector<std::string>{"<e>", stop.toStdString()}));
        QCOMPARE(chat.note().empty(), system);
        const Result<std::string> text = chat.render(kTalk, kOpened);
        QVERIFY2(text.ok(), text.ok() ? "" : text.error().message().c_str());
        QVERIFY(text->find("Be kind.") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestChatTemplate)
#include "tst_chat_template.moc"
