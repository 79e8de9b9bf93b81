#include <QtTest/QtTest>

#include <QProcess>

#include "precedent/align/run_spec_json.h"
#include "ui/runs/run_command.h"

using namespace precedent;

namespace {

/// A shell's own reading of a command line, one word a line.
QStringList wordsOf(const QString& command)
{
    QProcess shell;
    shell.start(QStringLiteral("sh"), {QStringLiteral("-c"), QStringLiteral("printf '%s\\0' ") + command});
    shell.waitForFinished();
    QStringList words;
    for (const QByteArray& word : shell.readAllStandardOutput().split('\0'))
        words += QString::fromUtf8(word);
    words.removeLast(); // behind the last end
    return words;
}

/// What `train` makes of such a line.
core::RunSpec specOf(const QStringList& words)
{
    core::RunSpec spec = *align::preset(words.at(words.indexOf(QStringLiteral("--preset")) + 1).toStdString());
    for (qsizetype i = 0; i + 1 < words.size(); ++i) {
        if (words.at(i) == QStringLiteral("--set")) {
            const Status set = align::applySetting(spec, words.at(i + 1).toStdString());
            if (!set.ok())
                qFatal("%s", set.error().message().c_str());
        }
    }
    spec.model = words.at(words.indexOf(QStringLiteral("--model")) + 1).toStdString();
    return spec;
}

core::RunSpec presetWith(const char* preset, const Json& changes)
{
    const auto spec = align::runSpecFromJson(changes, *align::preset(preset));
    if (!spec.ok())
        qFatal("%s", spec.error().message().c_str());
    return spec.value();
}

} // namespace

/// The command that a run's form is copied as, read by a real shell and by what `train` reads settings with.
class TestRunCommand : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void commandMakesTheSameRun_data();
    void commandMakesTheSameRun();
};

void TestRunCommand::commandMakesTheSameRun_data()
{
    QTest::addColumn<QString>("spec");
    const auto row = [](const char* name, const core::RunSpec& spec) {
        QTest::newRow(name) << QString::fromStdString(dumpJson(align::toJson(spec)));
    };
    for (const std::string& name : align::presetNames())
        row(name.c_str(), *align::preset(name));
    row("numbers", presetWith("cada", {{"learning_rate", 1e-7}, {"temperature", 0.1 + 0.2}, {"seed", 18446744073709551615ULL}}));
    row("objects",
        presetWith("quickstart",
            {{"mode", {{"codes", 0.25}, {"none", 0.75}}}, {"label_weights", Json::object()},
                {"reward_weights", {{"helpful", 0.3}, {"format", 0.0}}}, {"guards", {{"no_spread", "stop"}}}}));
    row("lists", presetWith("cada", {{"pinned_cases", {"S1-001", "it's \"one\" $HOME `id` \\"}}, {"evaluate_modes", Json::array()}}));
    row("words that are JSON too",
        presetWith("sft-cases", {{"model", "null"}, {"sft_file", "17"}, {"retrieval_model", "true"}, {"sft_examples", "file"}}));
    row("words for a shell",
        presetWith("cada",
            {{"model", "my models/it's; rm -rf *"}, {"reward_judge", "endpoint:llama3@http://localhost:8000/v1?a&b"},
                {"sft_file", "two\nlines"}}));
    row("a preset that is none of ours", presetWith("cada", {{"preset", "somebody's"}, {"lora_r", 3}}));
}

void TestRunCommand::commandMakesTheSameRun()
{
    QFETCH(QString, spec);
    ui::RunOrder order;
    order.spec = *align::runSpecFromJson(*parseJson(spec.toStdString(), "spec"));
    const QStringList words = wordsOf(QString::fromStdString(ui::trainCommand("/tmp/a b/it's.casebase", order)));
    QCOMPARE(words.mid(0, 4), (QStringList{"precedent-cli", "train", "--casebase", "/tmp/a b/it's.casebase"}));
    QCOMPARE(QString::fromStdString(dumpJson(align::toJson(specOf(words)))), spec);
    QVERIFY(!words.contains(QStringLiteral("--include-drafts")));
}

QTEST_MAIN(TestRunCommand)
#include "tst_run_command.moc"
