#include <QtTest>

#include "precedent/text/chain_parser.h"

using namespace precedent::text;

class TestChainParser : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void splitsChainAndAnswer_data()
    {
        QTest::addColumn<bool>("openInPrompt");
        QTest::addColumn<QByteArray>("completion");
        QTest::addColumn<QByteArray>("chain");
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<QByteArray>("problem"); // words of it; empty: it parses
        const auto row = [](const char* name, bool openInPrompt, const char* completion, const char* chain, const char* answer,
                             const char* problem) {
            QTest::newRow(name) << openInPrompt << QByteArray(completion) << QByteArray(chain) << QByteArray(answer) << QByteArray(problem);
        };
        row("opened in the prompt", true, "It is safe. So comply.</think>Sure.", "It is safe. So comply.", "Sure.", "");
        row("opened in the completion", false, "<think>It is safe.</think>Sure.", "It is safe.", "Sure.", "");
        row("white space around", true, " \n a \n</think>\n\n b \n", "a", "b", "");
        row("end token", true, "a</think>b<|end|>", "a", "b", "");
        row("end tokens, twice, with space", true, "a</think>b <|end|>\n<|end|> ", "a", "b", "");
        row("end token inside is kept", true, "a<|end|>c</think>b", "a<|end|>c", "b", "");
        row("doubled opening", true, "<think>a</think>b", "a", "b", "doubled");
        row("doubled twice", false, "<think><think>a</think>b", "a", "b", "doubled");
        row("doubled closing", true, "a</think></think>b", "a", "b", "doubled");
        row("second chain in the answer", true, "a</think>b<think>c</think>d", "a", "bcd", "doubled");
        row("opening after closing", true, "a</think><think>b", "a", "b", "doubled");
        row("never closed", true, "a b c", "a b c", "", "never closed");
        row("never closed, opened", false, "<think>a b c", "a b c", "", "never closed");
        row("no chain", false, "Sure.", "", "Sure.", "no chain");
        row("never opened", false, "a</think>b", "a", "b", "never opened");
        row("empty chain", true, "</think>b", "", "b", "chain is empty");
        row("empty chain, opened", false, "<think> </think>b", "", "b", "chain is empty");
        row("empty answer", true, "a</think>", "a", "", "answer is empty");
        row("empty answer but for the end token", true, "a</think> <|end|>", "a", "", "answer is empty");
        row("text before", false, "Well. <think>a</think>b", "a", "b", "before");
        row("text before, opened in the prompt", true, "Well. <think>a</think>b", "Well.\na", "b", "before");
        row("empty", true, "", "", "", "completion is empty");
        row("end token alone", true, "<|end|>", "", "", "completion is empty");
        row("white space alone", false, " \n\t", "", "", "completion is empty");
    }

    void splitsChainAndAnswer()
    {
        QFETCH(bool, openInPrompt);
        QFETCH(QByteArray, completion);
        QFETCH(QByteArray, chain);
        QFETCH(QByteArray, answer);
        QFETCH(QByteArray, problem);
        ChainFormat format;
        format.openInPrompt = openInPrompt;
        const ParsedCompletion parsed = parseCompletion(completion.toStdString(), format, {"<|end|>"});
        QCOMPARE(QByteArray::fromStdString(parsed.chain), chain);
        QCOMPARE(QByteArray::fromStdString(parsed.answer), answer);
        QCOMPARE(parsed.ok, problem.isEmpty());
        QCOMPARE(parsed.problem.empty(), problem.isEmpty());
        QVERIFY2(parsed.problem.find(problem.toStdString()) != std::string::npos, parsed.problem.c_str());
    }

    void otherDelimitersAreTheirOwn()
    {
        const ChainFormat format{"[[", "]]", false};
        const ParsedCompletion parsed = parseCompletion("[[a <think> b]] c", format);
        QVERIFY(parsed.ok);
        QCOMPARE(parsed.chain, std::string("a <think> b"));
        QCOMPARE(parsed.answer, std::string("c"));
        QVERIFY(!parseCompletion("a", {"", "", true}).ok);
        QVERIFY(parseCompletion("a</t>b", {"", "</t>", true}).ok);
        QCOMPARE(parseCompletion("a</think>b", ChainFormat{}, {"", " "}).answer, std::string("b"));
    }

    /// Where the prompts are not known, what is there tells whether they opened the chain.
    void repliesTellWhereTheyBegan_data()
    {
        QTest::addColumn<QStringList>("replies");
        QTest::addColumn<QStringList>("whole");
        const auto row = [](const char* name, const QStringList& replies, const QStringList& whole) {
            QTest::newRow(name) << replies << whole;
        };
        row("none", {}, {});
        row("no chains", {"a", "b", ""}, {"a", "b", ""});
        row("whole ones", {"<think>a</think>b", "c"}, {"<think>a</think>b", "c"});
        row("opened before", {" a</think>b", "c"}, {"<think> a</think>b", "<think>c"});
        row("one among many", {"a</think>b", "c", "d"}, {"<think>a</think>b", "c", "d"});
        row("both kinds", {"a</think>b", "<think>c", "d"}, {"<think>a</think>b", "<think>c", "d"});
    }
    void repliesTellWhereTheyBegan()
    {
        QFETCH(QStringList, replies);
        QFETCH(QStringList, whole);
        std::vector<std::string> texts;
        for (const QString& reply : replies)
            texts.push_back(reply.toStdString());
        std::vector<std::string*> places;
        for (std::string& text : texts)
            places.push_back(&text);
        openChains(places, {});
        QStringList found;
        for (const std::string& text : texts)
            found << QString::fromStdString(text);
        QCOMPARE(found, whole);
        openChains(places, {"", "", false});
        QCOMPARE(QString::fromStdString(texts.empty() ? "" : texts.front()), whole.value(0));
    }

    void hostileTextsAreRead()
    {
        const std::string many = QByteArray("</think>").repeated(1'000'000).toStdString();
        QVERIFY(!parseCompletion(many, ChainFormat{}).ok);
        QVERIFY(!parseCompletion(std::string(10'000'000, '<'), ChainFormat{}).ok);
        QVERIFY(!parseCompletion(QByteArray("<|end|>").repeated(100'000).toStdString(), ChainFormat{}, {"<|end|>"}).ok);
        const ParsedCompletion broken = parseCompletion("\xff\xfe</think>\x80", ChainFormat{});
        QVERIFY(broken.ok);
        QCOMPARE(broken.chain, std::string("\xff\xfe"));
    }
};

QTEST_GUILESS_MAIN(TestChainParser)
#include "tst_chain_parser.moc"
