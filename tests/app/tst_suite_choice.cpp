#include <QtTest>

#include <algorithm>
#include <set>

#include "precedent/casebase/casebase.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/suite_runner.h"

using namespace precedent;
using namespace precedent::workspace;

/// Which prompts of a suite a limit leaves.
class TestSuiteChoice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        auto made = casebase::Casebase::createInMemory();
        QVERIFY(made.ok());
        m_casebase = std::move(*made);
        std::vector<std::string> ids;
        for (int i = 0; i < 120; ++i) {
            casebase::Prompt prompt;
            prompt.id = "lamp-" + std::to_string(100 + i);
            prompt.messages = {{"user", "How does lamp number " + std::to_string(i) + " work?"}};
            prompt.label = i < 100 ? PromptLabel::benign : PromptLabel::harmful;
            prompt.expected = i < 100 ? Disposition::comply : Disposition::refuse;
            QVERIFY(m_casebase->prompts().add(prompt).ok());
            ids.push_back(prompt.id);
        }
        QVERIFY(m_casebase->suites().add({"lamps", casebase::SuiteRole::sealed, {}, 0}).ok());
        QVERIFY(m_casebase->suites().addMembers("lamps", ids).ok());
    }

    void aLimitIsSpreadOverTheSuite()
    {
        const std::vector<int> some = benignOf(20);
        QCOMPARE(some.size(), std::size_t(20));
        QVERIFY(std::is_sorted(some.begin(), some.end())); // in the suite's order
        // Of 20 prompts drawn at random a part of ten has two; none at all is rare, and most parts have some.
        std::set<int> parts;
        for (const int number : some)
            parts.insert(number / 10);
        QVERIFY2(parts.size() >= 7, std::to_string(parts.size()).c_str());
        QCOMPARE(benignOf(20), some);
    }

    void aSmallerLimitsAreAmongALargers()
    {
        const std::vector<int> few = benignOf(7), more = benignOf(30);
        QVERIFY(std::includes(more.begin(), more.end(), few.begin(), few.end()));
    }

    void eachAxisHasItsOwn()
    {
        QCOMPARE(chosen(15).size(), std::size_t(30));
        QCOMPARE(chosen(50).size(), std::size_t(70)); // all 20 of the harmful ones
        QCOMPARE(chosen(0).size(), std::size_t(120));
    }

private:
    std::vector<SuitePrompt> chosen(int limit) const
    {
        SuiteChoice choice;
        choice.suites = {"lamps"};
        choice.limit = limit;
        auto prompts = choosePrompts(*m_casebase, choice);
        return prompts.ok() ? std::move(*prompts) : std::vector<SuitePrompt>();
    }

    std::vector<int> benignOf(int limit) const
    {
        std::vector<int> numbers;
        for (const SuitePrompt& of : chosen(limit)) {
            if (of.prompt.label == PromptLabel::benign)
                numbers.push_back(std::stoi(of.prompt.id.substr(5)) - 100);
        }
        return numbers;
    }

    std::unique_ptr<casebase::Casebase> m_casebase;
};

QTEST_GUILESS_MAIN(TestSuiteChoice)
#include "tst_suite_choice.moc"
