#include <QtTest>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "core/text/builtin_templates.h"
#include "core/text/jinja/template.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"

using namespace precedent;
using text::jinja::Template;

namespace {

const std::filesystem::path kFixtures = std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "chat_templates";
const std::filesystem::path kModels = std::filesystem::path(PRECEDENT_SHARED_DATA) / "chat_templates";

Json fixture(const char* name) { return Json::parse(readFile(kFixtures / name).value()); }

std::optional<std::tm> dateOf(const Json& recorded)
{
    std::tm date{};
    std::istringstream(recorded["date"].get<std::string>()) >> std::get_time(&date, "%Y-%m-%d");
    std::mktime(&date);
    return date;
}

Result<std::string> rendered(const std::string& source, const Json& variables, const std::optional<std::tm>& now = std::nullopt)
{
    const Result<Template> parsed = Template::parse(source);
    if (!parsed)
        return parsed.error();
    return parsed->render(variables, now);
}

/// The variables of one recorded render, as transformers passes them.
Json variablesOf(const Json& recorded, const Json& row)
{
    Json variables = recorded["tokens"];
    for (const Json& conversation : fixture("conversations.json")) {
        if (conversation["name"] == row["conversation"])
            variables["messages"] = conversation["messages"];
    }
    variables["tools"] = nullptr;
    variables["documents"] = nullptr;
    variables["add_generation_prompt"] = row["generation_prompt"];
    if (!row["thinking"].is_null())
        variables["enable_thinking"] = row["thinking"];
    return variables;
}

std::string nameOf(const Json& row)
{
    return row["conversation"].get<std::string>() + (row["generation_prompt"] ? ", opened" : "") + ", thinking " + row["thinking"].dump();
}

/// The most memory that this process has held, in MiB.
long peakMib()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:"))
            return std::stol(line.substr(6)) / 1024;
    }
    return 0;
}

std::string repeated(const std::string& text, int times)
{
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}

} // namespace

/// Parity with jinja2 as transformers sets it up, recorded in tests/fixtures/chat_templates by make_fixtures.py.
class TestJinja : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void constructsRenderAsJinja2Does_data();
    void constructsRenderAsJinja2Does();
    void wholeTemplatesRenderAsTransformersDoes_data();
    void wholeTemplatesRenderAsTransformersDoes();
    void realModelsTemplatesRenderAsTransformersDoes_data();
    void realModelsTemplatesRenderAsTransformersDoes();
    void failuresNameLineAndCause_data();
    void failuresNameLineAndCause();
    void aTemplateThatNeverEndsIsStopped_data();
    void aTemplateThatNeverEndsIsStopped();
    void deepNestingIsRefused_data();
    void deepNestingIsRefused();
    void anyPrefixIsRenderedOrRefused();
    void longConversationsAreRendered();
    void bytesThatAreNoUtf8PassThrough();
    void theClockIsTheCallers();
};

void TestJinja::constructsRenderAsJinja2Does_data()
{
    QTest::addColumn<QByteArray>("source");
    QTest::addColumn<bool>("fails");
    QTest::addColumn<QByteArray>("expected");
    int number = 0;
    const Json recorded = fixture("constructs.json");
    for (const Json& row : recorded["rows"]) {
        const QByteArray name = QByteArray::fromStdString(row["group"].get<std::string>()) + ' ' + QByteArray::number(++number);
        QTest::newRow(name.constData()) << QByteArray::fromStdString(row["template"].get<std::string>()) << row.contains("fails")
                                        << QByteArray::fromStdString(row.value("text", std::string()));
    }
}

void TestJinja::constructsRenderAsJinja2Does()
{
    QFETCH(QByteArray, source);
    QFETCH(bool, fails);
    QFETCH(QByteArray, expected);
    static const Json recorded = fixture("constructs.json");
    const Result<std::string> text = rendered(source.toStdString(), recorded["variables"], dateOf(recorded));
    QVERIFY2(text.ok() != fails, text.ok() ? text.value().c_str() : text.error().message().c_str());
    if (!fails)
        QCOMPARE(QByteArray::fromStdString(*text), expected);
}

void TestJinja::wholeTemplatesRenderAsTransformersDoes_data()
{
    QTest::addColumn<QByteArray>("source");
    QTest::addColumn<QByteArray>("variables");
    QTest::addColumn<bool>("fails");
    QTest::addColumn<QByteArray>("expected");
    const Json recorded = fixture("renders.json");
    for (const auto& [name, rows] : recorded["templates"].items()) {
        const auto builtIn = std::find_if(text::builtInTemplates().begin(), text::builtInTemplates().end(),
            [&, key = std::string_view(name)](const text::BuiltInTemplate& known) { return known.name == key; });
        const std::string source =
            builtIn != text::builtInTemplates().end() ? std::string(builtIn->jinja) : readFile(kFixtures / "templates" / name).value();
        for (const Json& row : rows) {
            QTest::newRow((name + ": " + nameOf(row)).c_str())
                << QByteArray::fromStdString(source) << QByteArray::fromStdString(variablesOf(recorded, row).dump())
                << row.contains("fails") << QByteArray::fromStdString(row.value("text", std::string()));
        }
    }
}

void TestJinja::wholeTemplatesRenderAsTransformersDoes()
{
    QFETCH(QByteArray, source);
    QFETCH(QByteArray, variables);
    QFETCH(bool, fails);
    QFETCH(QByteArray, expected);
    static const std::optional<std::tm> date = dateOf(fixture("renders.json"));
    const Result<std::string> text = rendered(source.toStdString(), Json::parse(variables.toStdString()), date);
    QVERIFY2(text.ok() != fails, text.ok() ? text.value().c_str() : text.error().message().c_str());
    if (!fails)
        QCOMPARE(QByteArray::fromStdString(*text), expected);
}

void TestJinja::realModelsTemplatesRenderAsTransformersDoes_data()
{
    QTest::addColumn<QByteArray>("name");
    const Json recorded = fixture("models.json");
    for (const auto& entry : recorded["templates"].items())
        QTest::newRow(entry.key().c_str()) << QByteArray::fromStdString(entry.key());
}

void TestJinja::realModelsTemplatesRenderAsTransformersDoes()
{
    QFETCH(QByteArray, name);
    const std::filesystem::path file = kModels / name.toStdString();
    if (!std::filesystem::exists(file))
        QSKIP(("there are no real models' templates: " + file.string() + " is missing").c_str());
    const std::string source = readFile(file).value();
    static const Json recorded = fixture("models.json");
    const Json& model = recorded["templates"][name.toStdString()];
    if (sha256Hex(source) != model["sha256"].get<std::string>())
        QSKIP("the template is not the one that was recorded");
    for (const Json& row : model["rows"]) {
        const Result<std::string> text = rendered(source, variablesOf(recorded, row), dateOf(recorded));
        QVERIFY2(text.ok() != row.contains("fails"), nameOf(row).c_str());
        if (!text.ok())
            continue;
        QVERIFY2(text->size() == row["bytes"].get<std::size_t>(), (nameOf(row) + "\n" + *text).c_str());
        QVERIFY2(sha256Hex(*text) == row["sha256"].get<std::string>(), (nameOf(row) + "\n" + *text).c_str());
    }
}

void TestJinja::failuresNameLineAndCause_data()
{
    QTest::addColumn<QByteArray>("source");
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, const char* source, const char* message, ErrorCode code) {
        QTest::newRow(name) << QByteArray(source) << QByteArray(message) << static_cast<int>(code);
    };
    row("an unknown filter", "a\n\n{{ 'x'\n | xyz }}", "chat template, line 4: the filter \"xyz\" is not known here.",
        ErrorCode::unsupported);
    row("an unknown test", "\n{% if 1 is xyz %}{% endif %}", "chat template, line 2: the test \"xyz\" is not known here.",
        ErrorCode::unsupported);
    row("an unknown statement", "{% if a %}\n{% include 'x' %}{% endif %}",
        "chat template, line 2: the statement \"include\" is not known here.", ErrorCode::unsupported);
    row("an exception that the template raises", "{{ raise_exception('No \"system\" role, please') }}",
        "chat template, line 1: the template refuses this conversation: No \"system\" role, please", ErrorCode::invalidArgument);
    row("an undefined name", "\n\n{{ message.role }}", "chat template, line 3: 'message' is undefined.", ErrorCode::invalidArgument);
    row("an entry that is not there", "{{ messages[7].role }}", "chat template, line 1: list object has no element 7.",
        ErrorCode::invalidArgument);
    row("a block that is left open", "a\n{% for x in y %}\nb\n",
        "chat template, line 2: the statement that begins here never ends: {% endfor %} is missing.", ErrorCode::corrupt);
    row("a tag that is left open", "a\n{{ b", "chat template, line 2: a tag never ends: }} is missing.", ErrorCode::corrupt);
    row("a method that changes a list", "{{ messages.append(1) }}",
        "chat template, line 1: the method \"append\" would change a list, which a template may not.", ErrorCode::invalidArgument);
    row("too much for a caller", "{% macro m() %}\n{{ caller(1) }}{% endmacro %}{% call m() %}{% endcall %}",
        "chat template, line 2: the macro \"caller\" takes 0 arguments at most, and 1 are given.", ErrorCode::invalidArgument);
    row("a type that does not fit", "{{ 'a' + 1 }}", "chat template, line 1: \"+\" does not go with str and int.",
        ErrorCode::invalidArgument);
}

void TestJinja::failuresNameLineAndCause()
{
    QFETCH(QByteArray, source);
    QFETCH(QByteArray, message);
    QFETCH(int, code);
    const Result<std::string> text = rendered(source.toStdString(), {{"messages", Json::array()}});
    QVERIFY(!text.ok());
    QCOMPARE(QByteArray::fromStdString(text.error().message()), message);
    QCOMPARE(static_cast<int>(text.error().code()), code);
    QVERIFY(text.error().hint().find("built-in") != std::string::npos);
}

void TestJinja::aTemplateThatNeverEndsIsStopped_data()
{
    QTest::addColumn<QByteArray>("source");
    const auto row = [](const char* name, const std::string& source) { QTest::newRow(name) << QByteArray::fromStdString(source); };
    const std::string often = "{% for i in range(100000) %}";
    const std::string ns = "{% set ns = namespace(x='ab', l=[1]) %}";
    row("loops in loops", often + often + "{% endfor %}{% endfor %}");
    row("a loop that writes", often + often + "abc{% endfor %}{% endfor %}");
    row("a text that doubles", ns + often + "{% set ns.x = ns.x ~ ns.x %}{% endfor %}");
    row("a text that doubles by +", ns + often + "{% set ns.x = ns.x + ns.x %}{% endfor %}");
    row("a text that doubles by join", ns + often + "{% set ns.x = [ns.x, ns.x]|join %}{% endfor %}");
    row("a text that doubles by a block", ns + often + "{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}{% endfor %}");
    row("a list that doubles", ns + often + "{% set ns.l = ns.l + ns.l %}{% endfor %}");
    row("a text times a million million", "{{ 'x' * 1000000000000 }}");
    row("a text times the largest number", "{{ 'xyz' * 9223372036854775807 }}");
    row("a list times a million million", "{{ [0] * 1000000000000 }}");
    row("an empty list times a million million", "{{ [] * 1000000000000 }}{{ 1 / 0 }}");
    row("replacing that grows", "{{ ('a' * 1000000) | replace('a', 'a' * 1000000) }}");
    row("joining that grows", "{{ ('a' * 10000) | join('a' * 1000000) }}");
    row("indenting that grows", "{{ ('\\n' * 10000) | indent(1000000, blank=true) }}");
    row("a column that is too wide", "{{ 'a'.center(1000000000000) }}");
    row("a width that is too wide", "{{ '%999999999d' % 1 }}");
    row("a width in braces that is too wide", "{{ '{:>999999999}'.format('a') }}");
    row("too many digits", "{{ '%.9999999f' % 1 }}");
    row("nested lists", ns + often + "{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}");
    row("nested lists, compared", ns + often + "{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l == [ns.l] }}");
    row("a list of itself twice, written", ns + "{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}");
    row("a list of itself twice, as JSON", ns + "{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}");
    row("a list of itself twice, compared",
        ns +
            "{% set n2 = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% set n2.l = [n2.l, n2.l] %}{% endfor %}"
            "{{ ns.l == n2.l }}");
    row("a namespace that holds itself", ns + "{% set ns.x = ns %}{{ ns }}");
    row("a macro that calls itself", "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}");
    row("macros that call each other", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}");
    row("a macro that calls itself twice", "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}");
    row("searches that compare much",
        "{% set a = 'a' * 1000000 %}{% set b = 'a' * 500000 ~ 'b' %}" + often + "{{ a.find(b) }}{{ a.rfind(b) }}{% endfor %}");
    row("one search from the right that compares much", "{{ ('a' * 4000000).rsplit('a' * 2000000 ~ 'b') }}{{ 1 / 0 }}");
    row("a pattern of strips", "{% set a = 'ab' * 1000000 %}" + often + "{{ a.strip('ba') }}{% endfor %}");
    row("all pairs compared", "{{ range(100000) | unique | list }}");
    row("a text of many parts", "{{ ('a,' * 10000000).split(',') }}");
    row("a text of many letters", "{{ ('a' * 30000000) | list }}");
    row("a dict of many keys", "{{ dict(range(100000) | batch(2)) }}");
    row("upper case again and again", "{% set a = 'ß' * 1000000 %}" + often + "{{ a.upper() }}{% endfor %}");
    row("sorting again and again", often + "{{ range(100000) | sort }}{% endfor %}");
    row("formats of many fields", "{{ ('{}' * 1000000).format(*range(100000)) }}");
    row("names of many functions",
        often + "{% set f = range %}{% set g = 'a'.upper %}{% set h = [].index %}{% endfor %}" + often + "{% set f = range %}{% endfor %}" +
            often + "{% macro m() %}{% endmacro %}{% endfor %}{{ 1 / 0 }}");
}

#ifdef __SANITIZE_ADDRESS__
constexpr long kMostMib = 400 + 256; ///< the sanitizer keeps that much freed memory from being used again
#else
constexpr long kMostMib = 400;
#endif

void TestJinja::aTemplateThatNeverEndsIsStopped()
{
    QFETCH(QByteArray, source);
    const long before = peakMib();
    const auto start = std::chrono::steady_clock::now();
    const Result<std::string> text = rendered(source.toStdString(), {{"messages", Json::array()}});
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
    QVERIFY(!text.ok());
    QVERIFY2(text.error().message().size() < 300, text.error().message().c_str());
    QVERIFY2(peakMib() - before < kMostMib, std::to_string(peakMib() - before).c_str());
    QVERIFY2(ms < 3000, std::to_string(ms).c_str()); // with a sanitizer, on a busy machine; else a tenth of it
}

void TestJinja::deepNestingIsRefused_data()
{
    QTest::addColumn<QByteArray>("source");
    const auto row = [](const char* name, const std::string& source) { QTest::newRow(name) << QByteArray::fromStdString(source); };
    constexpr int kMany = 30'000;
    row("brackets", "{{ " + repeated("(", kMany) + "1" + repeated(")", kMany) + " }}");
    row("lists", "{{ " + repeated("[", kMany) + repeated("]", kMany) + " }}");
    row("open lists", "{{ " + repeated("[", kMany));
    row("dicts", "{{ " + repeated("{1:", kMany) + "1" + repeated("}", kMany) + " }}");
    row("subscripts", "{{ a" + repeated("[0]", kMany) + " }}");
    row("subscripts in subscripts", "{{ " + repeated("a[", kMany) + "1" + repeated("]", kMany) + " }}");
    row("attributes", "{{ a" + repeated(".b", kMany) + " }}");
    row("calls", "{{ a" + repeated("()", kMany) + " }}");
    row("filters", "{{ a" + repeated("|b", kMany) + " }}");
    row("sums", "{{ 1" + repeated("+1", kMany) + " }}");
    row("signs", "{{ " + repeated("-", kMany) + "1 }}");
    row("nots", "{{ " + repeated("not ", kMany) + "1 }}");
    row("choices", "{{ " + repeated("1 if 1 else ", kMany) + "1 }}");
    row("ors", "{{ 1" + repeated(" or 1", kMany) + " }}");
    row("powers", "{{ 1" + repeated("**1", kMany) + " }}");
    row("statements", repeated("{% if 1 %}", kMany) + repeated("{% endif %}", kMany));
    row("targets", "{% set " + repeated("(", kMany) + "a" + repeated(")", kMany) + " = 1 %}");
}

void TestJinja::deepNestingIsRefused()
{
    QFETCH(QByteArray, source);
    const Result<Template> parsed = Template::parse(source.toStdString());
    QVERIFY(!parsed.ok());
    QVERIFY2(parsed.error().message().find("line 1: ") != std::string::npos, parsed.error().message().c_str());
}

void TestJinja::anyPrefixIsRenderedOrRefused()
{
    const Json variables = {{"messages", fixture("conversations.json")[2]["messages"]}, {"bos_token", "<s>"}, {"eos_token", "</s>"}};
    int rendersOfPrefixes = 0;
    for (const auto& file : std::filesystem::directory_iterator(kFixtures / "templates")) {
        const std::string source = readFile(file.path()).value();
        for (std::size_t length = 0; length < source.size(); ++length)
            rendersOfPrefixes += rendered(source.substr(0, length), variables).ok() ? 1 : 0;
    }
    QVERIFY(rendersOfPrefixes > 4);
}

void TestJinja::longConversationsAreRendered()
{
    Json messages = Json::array();
    for (int i = 0; i < 2'000; ++i)
        messages.push_back({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", "Turn " + std::to_string(i)}});
    messages.push_back({{"role", "user"}, {"content", std::string(4'000'000, 'x')}});
    for (const auto& file : std::filesystem::directory_iterator(kFixtures / "templates")) {
        const Result<std::string> text =
            rendered(readFile(file.path()).value(), {{"messages", messages}, {"bos_token", ""}, {"eos_token", ""}});
        QVERIFY2(text.ok(), text.ok() ? "" : text.error().message().c_str());
        QVERIFY(text->find(std::string(4'000'000, 'x')) != std::string::npos);
    }
}

void TestJinja::bytesThatAreNoUtf8PassThrough()
{
    const std::string odd = "\xff{{ x }}\xc3\xe2\x82 end";
    const Json variables = {{"x", odd}};
    QCOMPARE(rendered("{{ x }}|{{ x ~ '' }}|{{ x[:] }}", variables).value(), odd + "|" + odd + "|" + odd);
    QCOMPARE(rendered("{{ x|length }}|{{ x[0] }}|{{ x[::-1]|length }}", variables).value(), std::string("15|\xff|15"));
    QCOMPARE(rendered("{{ x|upper|lower|length }} {{ x|tojson|length }} {{ [x]|string|length > 0 }}", variables).value().substr(0, 6),
        std::string("15 17 "));
}

void TestJinja::theClockIsTheCallers()
{
    std::tm date{};
    date.tm_year = 124;
    date.tm_mon = 6;
    date.tm_mday = 26;
    QCOMPARE(rendered("{{ strftime_now('%d %b %Y') }}", Json::object(), date).value(), std::string("26 Jul 2024"));
    const std::string today = QDate::currentDate().toString(Qt::ISODate).toStdString();
    const std::string now = rendered("{{ strftime_now('%Y-%m-%d') }}", Json::object()).value();
    QVERIFY(now == today || now == QDate::currentDate().toString(Qt::ISODate).toStdString());
}

QTEST_GUILESS_MAIN(TestJinja)
#include "tst_jinja.moc"
