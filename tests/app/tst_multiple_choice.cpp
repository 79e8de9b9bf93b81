#include <QtTest>

#include <cmath>

#include "precedent/workspace/answerer.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/multiple_choice.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

casebase::Prompt question(const std::string& text, const std::string& right, PromptLabel label = PromptLabel::utility)
{
    casebase::Prompt prompt;
    prompt.id = "q";
    prompt.messages = {{"user", text}};
    prompt.label = label;
    prompt.utilityAnswer = right;
    return prompt;
}

constexpr const char* kQuestion = "Which of these floats?\nA. lead\nB. cork\nC. iron\nAnswer with the letter of the right choice.";

/// Finds one token likelier than all others, and writes the same completion always.
class FakeModel final : public core::Model {
public:
    explicit FakeModel(int liked)
        : m_liked(liked)
    {
    }
    const core::ModelInfo& info() const override { return m_info; }
    Result<core::GenerationResult> generate(
        const core::GenerationRequest& request, std::stop_token, const core::TokenSink&, const core::CompletionSink& onCompletion) override
    {
        core::GenerationResult result;
        for (std::size_t i = 0; i < request.prompts.size(); ++i) {
            core::Completion completion;
            completion.prompt = static_cast<int>(i);
            completion.ids = {m_liked};
            completion.stopReason = core::StopReason::stopId;
            onCompletion(completion);
            result.completions.push_back(completion);
        }
        generated += static_cast<int>(request.prompts.size());
        return result;
    }
    Result<core::LogitsResult> logits(const std::vector<int>&, int) override { return Error(ErrorCode::unsupported, "none"); }
    Result<std::vector<double>> continuationLogProbs(
        const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, std::stop_token) override
    {
        std::vector<double> weights;
        for (const auto& ids : continuations) {
            weights.push_back(
                -3.0 * static_cast<double>(ids.size()) + 2.5 * static_cast<double>(std::count(ids.begin(), ids.end(), m_liked)));
            asked.push_back(prompt);
            asked.back().insert(asked.back().end(), ids.begin(), ids.end());
        }
        ++weighed;
        return weights;
    }
    Result<core::PooledStates> pooledStates(const core::PooledRequest&, std::stop_token) override
    {
        return Error(ErrorCode::unsupported, "none");
    }
    Result<core::BenchResult> bench(const core::BenchRequest&, std::stop_token, const std::function<void(const core::BenchRow&)>&) override
    {
        return Error(ErrorCode::unsupported, "none");
    }

    int generated = 0, weighed = 0;
    std::vector<std::vector<int>> asked;

private:
    core::ModelInfo m_info;
    int m_liked;
};

} // namespace

/// Questions of multiple choice, answered by the letters' log-probabilities.
class TestMultipleChoice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lettersAreReadOffTheRequest_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("right");
        QTest::addColumn<QString>("letters");
        QTest::newRow("three") << kQuestion << "B"
                               << "ABC";
        QTest::newRow("from the first line on") << "A. yes\nB. no"
                                                << "A"
                                                << "AB";
        QTest::newRow("the right one is missing") << kQuestion << "D"
                                                  << "";
        QTest::newRow("a number") << "What is 2 and 2?"
                                  << "4"
                                  << "";
        QTest::newRow("a word") << kQuestion << "cork"
                                << "";
        QTest::newRow("one letter") << "Who?\nA. me"
                                    << "A"
                                    << "";
        QTest::newRow("out of order") << "B. no\nA. yes"
                                      << "B"
                                      << "";
        QTest::newRow("in mid line") << "Take A. or B. now"
                                     << "A"
                                     << "";
        QTest::newRow("nothing") << ""
                                 << ""
                                 << "";
    }
    void lettersAreReadOffTheRequest()
    {
        QFETCH(QString, text);
        QFETCH(QString, right);
        QFETCH(QString, letters);
        std::string found;
        for (const std::string& letter : choiceLetters(question(text.toStdString(), right.toStdString())))
            found += letter;
        QCOMPARE(QString::fromStdString(found), letters);
    }

    void onlyUtilityIsWeighed() { QVERIFY(choiceLetters(question(kQuestion, "B", PromptLabel::benign)).empty()); }

    void theLikeliestLetterIsTheAnswer_data()
    {
        QTest::addColumn<bool>("openInPrompt");
        QTest::newRow("the prompt opens the chain") << true;
        QTest::newRow("it does not") << false;
    }
    void theLikeliestLetterIsTheAnswer()
    {
        QFETCH(bool, openInPrompt);
        const auto encoder = align::PromptEncoder::load(*starterFolder());
        QVERIFY2(encoder.ok(), encoder.ok() ? "" : encoder.error().message().c_str());
        core::ContextTemplates templates;
        templates.openInPrompt = openInPrompt;
        const int liked = encoder->encode("x\nC").back();
        const auto model = std::make_shared<FakeModel>(liked);
        const auto answerer = modelAnswerer(model, *encoder, templates, {}, 500);
        const casebase::Prompt choice = question(kQuestion, "B");
        const casebase::Prompt sum = question("What is 2 and 2?", "4");
        std::vector<AskedPrompt> asked;
        for (const casebase::Prompt* prompt : {&choice, &sum}) {
            auto fitted = answerer->fit({Mode::none, {}, {}, 0}, *prompt, 1);
            QVERIFY(fitted.ok());
            asked.push_back({prompt, std::move(*fitted), 1});
        }
        std::vector<std::size_t> told;
        const auto given = answerer->answer(asked, [&](std::size_t place) { told.push_back(place); }, {});
        QVERIFY2(given.ok(), given.ok() ? "" : given.error().message().c_str());
        QCOMPARE(model->generated, 1); // the sum is written
        QCOMPARE(told, (std::vector<std::size_t>{0, 1}));
        const auto first = std::find_if(given->answers.begin(), given->answers.end(), [](const auto& one) { return one.prompt == 0; });
        QVERIFY(first != given->answers.end() && first->whole && first->weighed);
        const text::ParsedCompletion parsed = answerer->parse(first->completion);
        QCOMPARE(parsed.answer, std::string("C"));
        QVERIFY(parsed.chain.empty());
        // Each letter stood once behind the same text, which was given once.
        QCOMPARE(model->weighed, 1);
        QCOMPARE(model->asked.size(), std::size_t{3});
        for (const auto& ids : model->asked)
            QVERIFY(std::equal(ids.begin(), ids.end() - 1, model->asked.front().begin()));
    }

    void writtenWhereThatIsAskedFor()
    {
        const auto encoder = align::PromptEncoder::load(*starterFolder());
        QVERIFY(encoder.ok());
        const core::ContextTemplates templates;
        const auto model = std::make_shared<FakeModel>(1);
        const auto answerer = modelAnswerer(model, *encoder, templates, {}, 500, false);
        const casebase::Prompt choice = question(kQuestion, "B");
        auto fitted = answerer->fit({Mode::none, {}, {}, 0}, choice, 1);
        QVERIFY(fitted.ok());
        const auto given = answerer->answer({{&choice, std::move(*fitted), 1}}, [](std::size_t) {}, {});
        QVERIFY(given.ok());
        QVERIFY(!given->answers.front().weighed);
        QCOMPARE(model->generated, 1);
    }
};

QTEST_GUILESS_MAIN(TestMultipleChoice)
#include "tst_multiple_choice.moc"
