#include <QTest>

#include "core/generate/kept_prefix.h"
#include "tests/generate/small_models.h"

using namespace precedent;
using namespace precedent::core;

class TestKeptPrefix : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatTwoPromptsShareIsWantedThenKept();
    void aShortBeginningIsNotWorthIt();
    void theLastIdIsLeftToThePrompt();
    void whatThePromptDoesNotBeginWithIsDropped();
    void moreInCommonIsKeptToo();

private:
    using Ids = std::vector<int>;
    /// Plans for the prompt and keeps what is wanted.
    static std::pair<std::size_t, std::size_t> planned(KeptPrefix& prefix, const Ids& prompt);
};

std::pair<std::size_t, std::size_t> TestKeptPrefix::planned(KeptPrefix& prefix, const Ids& prompt)
{
    const KeptPrefix::Plan plan = prefix.planFor(prompt);
    if (plan.wanted > plan.kept)
        prefix.keep({}, plan.wanted);
    return {plan.kept, plan.wanted};
}

using Plan = std::pair<std::size_t, std::size_t>;

void TestKeptPrefix::whatTwoPromptsShareIsWantedThenKept()
{
    const Ids rubric = someIds(1, 50);
    KeptPrefix prefix;
    QCOMPARE(planned(prefix, joined(rubric, {1, 2})), Plan(0, 0));
    QCOMPARE(planned(prefix, joined(rubric, {3, 4})), Plan(0, 50));
    QCOMPARE(planned(prefix, joined(rubric, {5})), Plan(50, 50));
    QCOMPARE(planned(prefix, joined(rubric, {6, 7, 8})), Plan(50, 50));
    prefix.clear();
    QCOMPARE(planned(prefix, joined(rubric, {6, 7, 8})), Plan(0, 0));
}

void TestKeptPrefix::aShortBeginningIsNotWorthIt()
{
    const Ids few = someIds(1, 31);
    KeptPrefix prefix;
    QCOMPARE(planned(prefix, joined(few, {1})), Plan(0, 0));
    QCOMPARE(planned(prefix, joined(few, {2})), Plan(0, 0));
}

void TestKeptPrefix::theLastIdIsLeftToThePrompt()
{
    const Ids prompt = someIds(1, 50);
    KeptPrefix prefix;
    QCOMPARE(planned(prefix, prompt), Plan(0, 0));
    QCOMPARE(planned(prefix, prompt), Plan(0, 49));
    QCOMPARE(planned(prefix, prompt), Plan(49, 49));
}

void TestKeptPrefix::whatThePromptDoesNotBeginWithIsDropped()
{
    const Ids rubric = someIds(1, 50), part(rubric.begin(), rubric.begin() + 40);
    KeptPrefix prefix;
    (void)planned(prefix, joined(rubric, {1}));
    QCOMPARE(planned(prefix, joined(rubric, {2})), Plan(0, 50));
    QCOMPARE(planned(prefix, joined(part, {69, 69, 69})), Plan(0, 40)); // rubric[40] is not 69
    QCOMPARE(planned(prefix, joined(rubric, {4})), Plan(40, 40));
    QCOMPARE(planned(prefix, {1}), Plan(0, 0));
    QCOMPARE(planned(prefix, joined(rubric, {4})), Plan(0, 0));
}

void TestKeptPrefix::moreInCommonIsKeptToo()
{
    const Ids codes = someIds(1, 50), examples = joined(codes, someIds(2, 40));
    KeptPrefix prefix;
    (void)planned(prefix, joined(codes, {1}));
    QCOMPARE(planned(prefix, joined(codes, {2})), Plan(0, 50));
    QCOMPARE(planned(prefix, joined(examples, {3})), Plan(50, 50));
    QCOMPARE(planned(prefix, joined(examples, {4})), Plan(50, 90));
    QCOMPARE(planned(prefix, joined(examples, {5})), Plan(90, 90));
}

QTEST_APPLESS_MAIN(TestKeptPrefix)
#include "tst_kept_prefix.moc"
