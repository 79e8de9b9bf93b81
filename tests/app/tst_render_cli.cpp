#include <QtTest/QtTest>

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>

#include "cli_program.h"
#include "precedent/base/json.h"
#include "tests/app/model_folder.h"

using namespace precedent;

namespace {

const QString kFixtures = QStringLiteral(PRECEDENT_TEST_FIXTURES "/chat_templates/");
const QByteArray kHello = R"([{"role": "user", "content": "Hello?"}])";

} // namespace

/// `model render`, as a user runs it.
class TestRenderCli : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void starterIsRenderedWithItsIds();
    void anotherTemplateRendersAsTransformersDoes_data();
    void anotherTemplateRendersAsTransformersDoes();
    void aFolderChoosesABuiltInTemplateByName();
    void theDateIsGiven();
    void whatATemplateDoesToSystemTurnsIsSaid();
    void needsNoEngine();
    void badInputIsNamed_data();
    void badInputIsNamed();
    void badTemplatesAreNamed_data();
    void badTemplatesAreNamed();
    void badOptionsAreUsage();

private:
    [[nodiscard]] QString path(const QString& name) const { return m_folder->filePath(name); }
    QString file(const QString& name, const QByteArray& bytes) const
    {
        tests::write(path(name).toStdString(), bytes);
        return path(name);
    }
    [[nodiscard]] CliResult render(const QByteArray& messages, const QStringList& more = {}) const
    {
        return runCli(QStringList{"model", "render", "starter", "--json", "--messages", file("messages.json", messages)} + more);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestRenderCli::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_DATA_HOME", path("data").toUtf8());
    qputenv("XDG_CACHE_HOME", path("cache").toUtf8());
}

void TestRenderCli::starterIsRenderedWithItsIds()
{
    const CliResult rendered = render(kHello, {"--generation-prompt"});
    QCOMPARE(rendered.exitCode, 0);
    QCOMPARE(rendered.json().keys(), QStringList({"ids", "text"}));
    QCOMPARE(rendered.json()["text"].toString(), QString("<|user|>Hello?<|end|><|assistant|>"));
    const CliResult tokenized = runCli({"model", "tokenize", "starter", "--json", "--text", "<|user|>Hello?<|end|><|assistant|>"});
    QCOMPARE(rendered.json()["ids"], tokenized.json()["ids"]);
    QCOMPARE(render(kHello).json()["text"].toString(), QString("<|user|>Hello?<|end|>"));
    QCOMPARE(render(R"({"messages": []})").json()["text"].toString(), QString());
    const CliResult text = runCli({"model", "render", "starter", "--messages", path("messages.json"), "--generation-prompt"});
    QCOMPARE(text.out, QByteArray("<|assistant|>\n"));
}

void TestRenderCli::anotherTemplateRendersAsTransformersDoes_data()
{
    QTest::addColumn<QByteArray>("name");
    for (const char* name : {"thinking.jinja", "macros.jinja", "chatml", "llama3", "gemma", "mistral"})
        QTest::newRow(name) << QByteArray(name);
}

void TestRenderCli::anotherTemplateRendersAsTransformersDoes()
{
    QFETCH(QByteArray, name);
    const Json recorded = Json::parse(tests::read((kFixtures + "renders.json").toStdString()).toStdString());
    const Json conversations = Json::parse(tests::read((kFixtures + "conversations.json").toStdString()).toStdString());
    int rows = 0;
    for (const Json& row : recorded["templates"][name.toStdString()]) {
        if (row["conversation"] != "several turns" || row.contains("fails"))
            continue;
        QStringList options = {"--template", name.endsWith(".jinja") ? kFixtures + "templates/" + name : QString(name)};
        if (row["generation_prompt"])
            options << "--generation-prompt";
        if (!row["thinking"].is_null())
            options << "--thinking" << (row["thinking"] ? "on" : "off");
        const CliResult rendered = render(QByteArray::fromStdString(conversations[2]["messages"].dump()), options);
        QVERIFY2(rendered.exitCode == 0, rendered.out.constData());
        QCOMPARE(rendered.json()["text"].toString(), QString::fromStdString(row["text"].get<std::string>()));
        ++rows;
    }
    QVERIFY(rows >= 2);
}

void TestRenderCli::aFolderChoosesABuiltInTemplateByName()
{
    QVERIFY(tests::copyStarter(path("mine").toStdString()));
    file("mine/chat_template.jinja", "chatml\n");
    const CliResult rendered = runCli({"model", "render", path("mine"), "--json", "--messages", file("m.json", kHello)});
    QCOMPARE(rendered.json()["text"].toString(), QString("<|im_start|>user\nHello?<|im_end|>\n"));
}

void TestRenderCli::theDateIsGiven()
{
    const QString dated = kFixtures + "templates/dated.jinja";
    QVERIFY(
        render(kHello, {"--template", dated, "--date", "2025-03-04"}).json()["text"].toString().startsWith("[system] Today: 04 Mar 2025"));
    const QString clock = file("clock.jinja", "{{ strftime_now('%Y-%m-%d') }}");
    QCOMPARE(render(kHello, {"--template", clock, "--date", "2025-03-04"}).json()["text"].toString(), QString("2025-03-04"));
    const CliResult bad = render(kHello, {"--template", clock, "--date", "2025-02-30"});
    QCOMPARE(bad.exitCode, 1);
    QCOMPARE(bad.errorCode(), QString("invalid_argument"));
    QVERIFY(bad.out.contains("2025-02-30"));
}

void TestRenderCli::whatATemplateDoesToSystemTurnsIsSaid()
{
    const CliResult rendered = render(R"([{"role": "system", "content": "Brief."}, {"role": "user", "content": "Hi"}])",
        {"--template", kFixtures + "templates/strict.jinja"});
    QCOMPARE(rendered.exitCode, 0);
    QCOMPARE(rendered.json()["text"].toString(), QString("<start>user\nBrief.\n\nHi<stop>\n"));
    QVERIFY2(rendered.err.contains("takes no system turn"), rendered.err.constData());
}

void TestRenderCli::needsNoEngine()
{
    const QByteArray engine = qgetenv("PRECEDENT_ENGINE");
    qputenv("PRECEDENT_ENGINE", "/nonexistent");
    const CliResult rendered = render(kHello);
    engine.isEmpty() ? qunsetenv("PRECEDENT_ENGINE") : qputenv("PRECEDENT_ENGINE", engine);
    QCOMPARE(rendered.exitCode, 0);
}

void TestRenderCli::badInputIsNamed_data()
{
    QTest::addColumn<QByteArray>("messages");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* name, const QByteArray& messages, const char* code, const char* named) {
        QTest::newRow(name) << messages << QString(code) << QByteArray(named);
    };
    row("no JSON", "[{", "corrupt", "not valid JSON");
    row("nothing", "", "corrupt", "not valid JSON");
    row("no UTF-8", "[\"\xff\"]", "corrupt", "JSON");
    row("a text", "\"a\"", "invalid_argument", "no list");
    row("an object without messages", "{}", "invalid_argument", "has no \\\"messages\\\"");
    row("messages that are no list", R"({"messages": 3})", "invalid_argument", "no list");
    row("a message that is no object", R"(["a"])", "invalid_argument", "message 1 is no object");
    row("no role", R"([{"role": "user", "content": "a"}, {"content": "b"}])", "invalid_argument", "message 2 has no \\\"role\\\"");
    row("no content", R"([{"role": "user"}])", "invalid_argument", "message 1 has no \\\"content\\\"");
    row("a role that is a number", R"([{"role": 1, "content": "a"}])", "invalid_argument", "\\\"role\\\" of message 1 is no text");
    row("an empty role", R"([{"role": "", "content": "a"}])", "invalid_argument", "is empty");
    row("content that is null", R"([{"role": "user", "content": null}])", "invalid_argument", "\\\"content\\\" of message 1 is no text");
    row("content in parts", R"([{"role": "user", "content": [{"type": "text", "text": "a"}]}])", "invalid_argument", "is no text");
    row("a tool call", R"([{"role": "user", "content": "a", "tool_calls": []}])", "invalid_argument", "has a \\\"tool_calls\\\"");
    row("deep", QByteArray(200'000, '['), "corrupt", "not valid JSON");
    row("deep and whole", QByteArray(200'000, '[') + QByteArray(200'000, ']'), "invalid_argument", "message 1 is no object");
}

void TestRenderCli::badInputIsNamed()
{
    QFETCH(QByteArray, messages);
    QFETCH(QString, code);
    QFETCH(QByteArray, named);
    const CliResult result = render(messages);
    QCOMPARE(result.exitCode, 1);
    QCOMPARE(result.errorCode(), code);
    QVERIFY2(result.out.contains(named), result.out.constData());
    QVERIFY2(result.out.contains("messages.json"), result.out.constData());
}

void TestRenderCli::badTemplatesAreNamed_data()
{
    QTest::addColumn<QByteArray>("jinja");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* name, const char* jinja, const char* code, const char* named) {
        QTest::newRow(name) << QByteArray(jinja) << QString(code) << QByteArray(named);
    };
    row("syntax", "a\n{% if %}", "corrupt", "line 2");
    row("an unknown filter", "\n\n{{ messages | xyz }}", "unsupported", "line 3: the filter \\\"xyz\\\" is not known here");
    row("a refusal", "{{ raise_exception('Not this one') }}", "invalid_argument", "refuses this conversation: Not this one");
    row("no end", "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "failed_precondition",
        "does not come to an end");
}

void TestRenderCli::badTemplatesAreNamed()
{
    QFETCH(QByteArray, jinja);
    QFETCH(QString, code);
    QFETCH(QByteArray, named);
    const CliResult result = render(kHello, {"--template", file("own.jinja", jinja)});
    QCOMPARE(result.exitCode, 1);
    QCOMPARE(result.errorCode(), code);
    QVERIFY2(result.out.contains(named), result.out.constData());
}

void TestRenderCli::badOptionsAreUsage()
{
    QCOMPARE(render(kHello, {"--thinking", "maybe"}).exitCode, 2);
    QCOMPARE(runCli({"model", "render", "starter"}).exitCode, 2);
    const CliResult template_ = render(kHello, {"--template", "llama99"});
    QCOMPARE(template_.exitCode, 1);
    QCOMPARE(template_.errorCode(), QString("not_found"));
    QVERIFY2(template_.out.contains("chatml"), template_.out.constData());
    const CliResult missing = runCli({"model", "render", "starter", "--json", "--messages", path("gone.json")});
    QCOMPARE(missing.exitCode, 1);
    QCOMPARE(missing.errorCode(), QString("not_found"));
    QFile huge(path("huge.json"));
    QVERIFY(huge.open(QIODevice::WriteOnly) && huge.resize(qint64{1} << 30)); // sparse
    const CliResult tooLarge = runCli({"model", "render", "starter", "--json", "--messages", path("huge.json")});
    QCOMPARE(tooLarge.exitCode, 1);
    QCOMPARE(tooLarge.errorCode(), QString("invalid_argument"));
    QVERIFY2(tooLarge.out.contains("huge.json"), tooLarge.out.constData());
}

QTEST_GUILESS_MAIN(TestRenderCli)
#include "tst_render_cli.moc"
