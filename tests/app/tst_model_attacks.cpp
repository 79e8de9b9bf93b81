#include <QtTest>

#include <algorithm>
#include <sstream>

#include "precedent/casebase/casebase.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/model_attacks.h"
#include "precedent/workspace/suite_runner.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

std::vector<std::string> wordsOf(const std::string& suffix)
{
    std::istringstream text(suffix);
    std::vector<std::string> words;
    for (std::string word; text >> word;)
        words.push_back(word);
    return words;
}

const SuffixSearch kSearch{{"a", "b", "c", "d", "e", "f", "g", "h"}, 10, 60, 8};

} // namespace

class TestModelAttacks : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void openingsStandInTheTurnAsTheModelWritesThem()
    {
        core::ContextTemplates templates;
        templates.openInPrompt = false;
        QCOMPARE(begunTurn({}, templates), std::string());
        QCOMPARE(begunTurn({"C", {}, false}, templates), std::string("<think>\nC"));
        QCOMPARE(begunTurn({"C", {}, true}, templates), std::string("<think>\nC\n</think>\n"));
        QCOMPARE(begunTurn({"C", "A", false}, templates), std::string("<think>\nC\n</think>\nA"));
        QCOMPARE(begunTurn({{}, "A", false}, templates), std::string("<think>\n</think>\nA"));
        templates.openInPrompt = true;
        QCOMPARE(begunTurn({"C", "A", false}, templates), std::string("C\n</think>\nA"));
        QCOMPARE(begunTurn({{}, "A", false}, templates), std::string("</think>\nA"));
    }

    void theProgramsTextsAreWhole()
    {
        const Result<AttackMaterial> material = loadAttacks();
        QVERIFY2(material.ok(), material.ok() ? "" : material.error().message().c_str());
        QVERIFY(material->chain.closesChain && material->answer.chain.empty());
        QVERIFY(material->search.words.size() > 100);
        QCOMPARE(toJson(*material, kPrefillChain)["chain"].get<std::string>(), material->chain.chain);
    }

    void brokenTextsAreNamed_data()
    {
        QTest::addColumn<QByteArray>("json");
        const QByteArray turns = R"("prefill-answer":{"answer":"A"},"prefill-chain":{"chain":"C"})";
        QTest::newRow("nothing") << QByteArray("{}");
        QTest::newRow("a list") << QByteArray("[]");
        QTest::newRow("no search") << "{" + turns + "}";
        const auto search = [&](const QByteArray& rest) { return "{" + turns + R"(,"suffix-search":{)" + rest + "}}"; };
        QTest::newRow("no words") << search(R"("words":[],"length":2,"rounds":1,"candidates":1)");
        QTest::newRow("an empty word") << search(R"("words":["a",""],"length":2,"rounds":1,"candidates":1)");
        QTest::newRow("no length") << search(R"("words":["a"],"length":0,"rounds":1,"candidates":1)");
        QTest::newRow("endless") << search(R"("words":["a"],"length":2,"rounds":1000000000,"candidates":1)");
        QTest::newRow("a word for a number") << search(R"("words":["a"],"length":"two","rounds":1,"candidates":1)");
        QTest::newRow("an empty text") << QByteArray(
            R"({"prefill-answer":{"answer":""},"prefill-chain":{"chain":"C"},"suffix-search":{"words":["a"],"length":1,"rounds":1,"candidates":1}})");
    }
    void brokenTextsAreNamed()
    {
        QFETCH(QByteArray, json);
        const Result<AttackMaterial> material = attacksFromJson(*parseJson(json.toStdString(), "test"));
        QVERIFY(!material.ok() && material.error().code() == ErrorCode::corrupt);
    }

    void theSearchClimbs()
    {
        // As good as the number of places that hold the word of that place: chance has 10/8 of 10 right.
        int asked = 0;
        const auto objective = [&](const std::string& suffix) -> Result<double> {
            ++asked;
            const std::vector<std::string> words = wordsOf(suffix);
            double right = 0;
            for (std::size_t i = 0; i < words.size(); ++i)
                right += words[i] == kSearch.words[i % kSearch.words.size()] ? 1 : 0;
            return right;
        };
        const Result<FoundSuffix> found = findSuffix(kSearch, Random(7), objective, {});
        QVERIFY(found.ok());
        QCOMPARE(asked, passesOf(kSearch));
        QCOMPARE(asked, 1 + 60 * 8);
        QCOMPARE(wordsOf(found->suffix).size(), std::size_t(10));
        QVERIFY2(found->first <= 5 && found->best >= 8, std::to_string(found->best).c_str());
        QCOMPARE(*objective(found->suffix), found->best);
        QCOMPARE(findSuffix(kSearch, Random(7), objective, {})->suffix, found->suffix);
        SuffixSearch brief = kSearch;
        brief.rounds = 1; // with time enough both find the best
        QVERIFY(findSuffix(brief, Random(8), objective, {})->suffix != findSuffix(brief, Random(7), objective, {})->suffix);
    }

    void theSearchEndsWithWhatItAsks()
    {
        std::stop_source stop;
        int asked = 0;
        const auto stopping = [&](const std::string&) -> Result<double> {
            if (++asked == 3)
                stop.request_stop();
            return 0.0;
        };
        QCOMPARE(int(findSuffix(kSearch, Random(1), stopping, stop.get_token()).error().code()), int(ErrorCode::cancelled));
        QCOMPARE(asked, 3);
        const auto failing = [](const std::string&) -> Result<double> { return Error(ErrorCode::internal, "no"); };
        QCOMPARE(int(findSuffix(kSearch, Random(1), failing, {}).error().code()), int(ErrorCode::internal));
    }

    void plainRequestsAreAskedUnderThem()
    {
        auto made = casebase::Casebase::createInMemory();
        QVERIFY(made.ok());
        const std::unique_ptr<casebase::Casebase> casebase = std::move(*made);
        const auto add = [&](const char* id, PromptLabel label, Disposition expected, const char* wrapper) {
            casebase::Prompt prompt;
            prompt.id = id;
            prompt.messages = {{"user", std::string("Request ") + id}};
            prompt.label = label;
            prompt.expected = expected;
            prompt.wrapper = wrapper;
            QVERIFY(casebase->prompts().add(prompt).ok());
        };
        add("1-harm", PromptLabel::harmful, Disposition::refuse, "");
        add("2-wrapped", PromptLabel::harmful, Disposition::refuse, "bard");
        add("3-benign", PromptLabel::benign, Disposition::comply, "");
        add("4-sum", PromptLabel::utility, Disposition::comply, "");
        QVERIFY(casebase->suites().add({"all", casebase::SuiteRole::sealed, {}, 0}).ok());
        QVERIFY(casebase->suites().addMembers("all", {"1-harm", "2-wrapped", "3-benign", "4-sum"}).ok());
        SuiteChoice choice;
        choice.suites = {"all"};
        choice.own = {kPrefillChain, kSuffixSearch};
        const auto prompts = choosePrompts(*casebase, choice);
        QVERIFY(prompts.ok());
        QStringList asked;
        for (const SuitePrompt& of : *prompts)
            asked += QString::fromStdString(of.prompt.id + ' ' + axisOf(of.prompt) + ' ' + of.attack);
        QCOMPARE(asked,
            (QStringList{"1-harm harmful ", "2-wrapped attacked ", "3-benign benign ", "4-sum utility ", "1-harm attacked prefill-chain",
                "3-benign benign_wrapped prefill-chain", "1-harm attacked suffix-search", "3-benign benign_wrapped suffix-search"}));
        choice.attacks = {kPrefillChain}; // as the command line has it where no wrapper is named
        QCOMPARE(choosePrompts(*casebase, choice)->size(), std::size_t(7));
    }

    void suffixesGoBehindTheLastUserTurn()
    {
        std::vector<Message> messages{{"user", "one"}, {"assistant", "two"}, {"user", "three"}, {"assistant", "four"}};
        appendSuffix(messages, "x");
        QCOMPARE(messages[2].content, std::string("three x"));
        QCOMPARE(messages[0].content + messages[1].content + messages[3].content, std::string("onetwofour"));
        appendSuffix(messages, "");
        QCOMPARE(messages[2].content, std::string("three x"));
    }
};

QTEST_GUILESS_MAIN(TestModelAttacks)
#include "tst_model_attacks.moc"
