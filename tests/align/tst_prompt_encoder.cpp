#include <filesystem>
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include "precedent/align/context.h"
#include "precedent/align/context_budget.h"
#include "precedent/align/prompt_encoder.h"

using namespace precedent;
using namespace precedent::align;

namespace {

namespace fs = std::filesystem;

// Written out, as a model that always thinks has it: the prompt ends inside the chain.
const std::string kAlwaysThinks = "{% for m in messages %}<|{{ m.role }}|>{{ m.content.split('</think>')[-1] }}<|end|>{% endfor %}"
                                  "{% if add_generation_prompt %}<|assistant|><think>\n{% endif %}";
const std::string kMayThink =
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}";
const std::string kNeverThinks =
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>CLOSED{% endif %}";

/// A folder with a fixture's tokenizer and a template of its own.
class ModelFolder {
public:
    ModelFolder(const char* tokenizer, const std::string& jinja, const nlohmann::json& tokens = nlohmann::json::object())
    {
        const fs::path from = fs::path(PRECEDENT_TEST_FIXTURES) / "tokenizers" / tokenizer;
        fs::copy(from / "tokenizer.json", path() / "tokenizer.json");
        nlohmann::json config = tokens;
        config["chat_template"] = jinja;
        write("tokenizer_config.json", config.dump());
    }
    void write(const char* name, const std::string& text) const { std::ofstream(path() / name, std::ios::binary) << text; }
    [[nodiscard]] fs::path path() const { return m_folder.path().toStdString(); }
    [[nodiscard]] PromptEncoder encoder() const { return PromptEncoder::load(path()).value(); }

private:
    QTemporaryDir m_folder;
};

core::ContextTemplates templates(bool openInPrompt)
{
    core::ContextTemplates t;
    t.openInPrompt = openInPrompt;
    return t;
}

const std::vector<Message> kRequest{{"user", "May I?"}};

} // namespace

class TestPromptEncoder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theChainIsOpenedOnce_data()
    {
        QTest::addColumn<QByteArray>("jinja");
        QTest::addColumn<bool>("openInPrompt");
        QTest::addColumn<QByteArray>("end"); // of the prompt
        QTest::addColumn<bool>("inside"); // whether the completion begins inside the chain
        const auto row = [](const char* name, const std::string& jinja, bool openInPrompt, const char* end, bool inside) {
            QTest::newRow(name) << QByteArray::fromStdString(jinja) << openInPrompt << QByteArray(end) << inside;
        };
        std::string closed = kNeverThinks;
        closed.replace(closed.find("CLOSED"), 6, "<think>\n\n</think>\n\n");
        std::string onlyClosed = kNeverThinks;
        onlyClosed.replace(onlyClosed.find("CLOSED"), 6, "</think>");
        row("the chat template opens it", kAlwaysThinks, true, "<|assistant|><think>\n", true);
        row("the chat template opens it, and ours would not", kAlwaysThinks, false, "<|assistant|><think>\n", true);
        row("ours open it", kMayThink, true, "<|assistant|><think>", true);
        row("nobody opens it", kMayThink, false, "<|assistant|>", false);
        row("an empty chain is taken back", closed, true, "<|assistant|><think>", true);
        row("an empty chain is taken back, and none opened", closed, false, "<|assistant|>", false);
        row("a closing delimiter alone is taken back", onlyClosed, true, "<|assistant|><think>", true);
    }

    void theChainIsOpenedOnce()
    {
        QFETCH(QByteArray, jinja);
        QFETCH(bool, openInPrompt);
        QFETCH(QByteArray, end);
        QFETCH(bool, inside);
        const ModelFolder folder("byte_level", jinja.toStdString());
        const PromptEncoder encoder = folder.encoder();
        const core::ContextTemplates used = templates(openInPrompt);
        QCOMPARE(QByteArray::fromStdString(encoder.render(kRequest, used).value()), "<|user|>May I?<|end|>" + end);
        QCOMPARE(encoder.fitted(used).openInPrompt, inside);

        const text::ParsedCompletion began = encoder.parse("It is asked.</think>Yes.<|end|>", used);
        QCOMPARE(began.ok, inside);
        QCOMPARE(began.answer, std::string("Yes."));
        const text::ParsedCompletion opened = encoder.parse("<think>It is asked.</think>Yes.<|end|>", used);
        QCOMPARE(opened.ok, !inside);
        QCOMPARE(opened.chain, std::string("It is asked."));
        // Cut off inside the chain: there is no answer yet.
        QCOMPARE(encoder.parse("It is asked", used).answer.empty(), inside);
    }

    void aRequestThatEndsInADelimiterChangesNothing()
    {
        const ModelFolder folder("byte_level", kMayThink);
        const std::string rendered = folder.encoder().render({{"user", "What is <think>"}}, templates(true)).value();
        QCOMPARE(rendered, std::string("<|user|>What is <think><|end|><|assistant|><think>"));
    }

    void theBeginningOfTextIsWrittenOnce_data()
    {
        QTest::addColumn<QByteArray>("jinja");
        QTest::addColumn<int>("begins"); // ids of <s> at the beginning
        QTest::newRow("the chat template writes it")
            << QByteArray("{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}") << 1;
        // transformers adds nothing to what a chat template writes, and neither do we.
        QTest::newRow("the chat template writes none") << QByteArray("{% for m in messages %}{{ m.content }}{% endfor %}") << 0;
        QTest::newRow("a built-in template") << QByteArray("chatml") << 1;
    }

    void theBeginningOfTextIsWrittenOnce()
    {
        QFETCH(QByteArray, jinja);
        QFETCH(int, begins);
        const ModelFolder folder("byte_fallback", jinja.toStdString(), {{"bos_token", "<s>"}, {"eos_token", "</s>"}});
        const PromptEncoder encoder = folder.encoder();
        const std::vector<int> ids = encoder.encode(encoder.render(kRequest, templates(false)).value());
        const int begin = encoder.tokenizer().bosId().value();
        QCOMPARE(static_cast<int>(std::count(ids.begin(), ids.end(), begin)), begins);
        QCOMPARE(ids.front() == begin, begins == 1);
        // Text that begins with it gets no second one, whoever wrote it.
        const std::vector<int> again = encoder.encode("<s>May I?");
        QCOMPARE(static_cast<int>(std::count(again.begin(), again.end(), begin)), 1);
    }

    void stopIdsComeFromTemplateTokenizerAndGenerationConfig_data()
    {
        QTest::addColumn<QByteArray>("generation");
        QTest::addColumn<QList<int>>("ids");
        // The template's <|end|> is 1; the tokenizer's end of text is <|pad|>, 0.
        QTest::newRow("none") << QByteArray() << QList<int>{0, 1};
        QTest::newRow("a number") << QByteArray(R"({"eos_token_id": 3})") << QList<int>{0, 1, 3};
        QTest::newRow("a list") << QByteArray(R"({"eos_token_id": [1, 3, 4]})") << QList<int>{0, 1, 3, 4};
        QTest::newRow("odd ones") << QByteArray(R"({"eos_token_id": [-1, "x", 99999999999, 1.5, null, 4]})") << QList<int>{0, 1, 4};
        QTest::newRow("another form") << QByteArray(R"({"eos_token_id": {"a": 3}})") << QList<int>{0, 1};
        QTest::newRow("no JSON") << QByteArray("{") << QList<int>{0, 1};
    }

    void stopIdsComeFromTemplateTokenizerAndGenerationConfig()
    {
        QFETCH(QByteArray, generation);
        QFETCH(QList<int>, ids);
        const ModelFolder folder("byte_level", kMayThink, {{"eos_token", "<|pad|>"}});
        if (!generation.isEmpty())
            folder.write("generation_config.json", generation.toStdString());
        std::vector<int> found = folder.encoder().stopIds();
        std::sort(found.begin(), found.end());
        QCOMPARE(QList<int>(found.begin(), found.end()), ids);
    }

    void aRefusedConversationIsAnError()
    {
        const ModelFolder folder(
            "byte_level", "{% if messages|length > 1 %}{{ raise_exception('One turn only') }}{% endif %}{{ messages[0].content }}");
        const PromptEncoder encoder = folder.encoder();
        const std::vector<Message> two{{"user", "a"}, {"user", "b"}};
        QVERIFY(encoder.render(kRequest, templates(true)).ok());
        const Result<std::string> rendered = encoder.render(two, templates(true));
        QVERIFY(!rendered.ok());
        QVERIFY2(rendered.error().message().find("One turn only") != std::string::npos, rendered.error().message().c_str());
        const Result<FittedPrompt> fitted = fitPrompt(encoder, templates(true), Mode::none, {}, {}, two, 1, 1000);
        QVERIFY(!fitted.ok());
        QCOMPARE(fitted.error().message(), rendered.error().message());
    }

    void promptsDoNotChangeFromDayToDay()
    {
        const ModelFolder folder("byte_level", "{{ strftime_now('%Y-%m-%d') }} {{ date_string }} {{ messages[0].content }}");
        QCOMPARE(folder.encoder().render(kRequest, templates(false)).value(), std::string("2024-07-26 26 Jul 2024 May I?"));
    }
};

QTEST_GUILESS_MAIN(TestPromptEncoder)
#include "tst_prompt_encoder.moc"
