#include <QtTest/QtTest>

#include <filesystem>
#include <memory>
#include <stop_token>

#include <QTemporaryDir>

#include "precedent/casebase/case_store.h"
#include "precedent/workspace/asking.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/sample_casebase.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

constexpr int kContext = 2048;

class Watcher final : public AskObserver {
public:
    void wrote(std::size_t prompt, const std::string& piece) override
    {
        pieces[prompt] += piece;
        if (++count == stopAfter)
            stop.request_stop();
    }
    void ended(std::size_t prompt, const AskAnswer& answer) override { answers[prompt] = answer; }

    std::map<std::size_t, std::string> pieces;
    std::map<std::size_t, AskAnswer> answers;
    int count = 0;
    int stopAfter = 0;
    std::stop_source stop;
};

AskRequest request(Mode mode, const std::string& text = "How do I keep a lamp for a fair?")
{
    AskRequest made;
    made.messages = {{"user", text}};
    made.mode = mode;
    made.sampling.temperature = 0;
    made.sampling.maxTokens = 120;
    return made;
}

std::vector<std::string> idsOf(const AskPrompt& prompt, bool cases)
{
    std::vector<std::string> ids;
    for (const AskPrompt::Shown& item : prompt.shown) {
        if (item.isCase == cases)
            ids.push_back(item.id);
    }
    return ids;
}

} // namespace

/// Requests as Inspect asks them, with the real starter on the real sample.
class TestAsking : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void aliasesBecomeIds_data();
    void aliasesBecomeIds();
    void contextHoldsWhatItsModeSays();
    void whatIsSwitchedOffIsNotShownAndNotReplaced();
    void systemTurnIsPartOfThePrompt();
    void turnThatWasBegunGoesOnAsItWouldHave();
    void begunAnswerStandsBehindAClosedChain();
    void emptyRequestIsRefused();
    void modeWithoutCasebaseIsRefused();
    void promptOverTheContextIsRefused();
    void editIsSeenAfterForgetting();
    void togetherIsTheSameAsAlone();
    void piecesAreTheText();
    void stoppedAnswerKeepsWhatThereIs();
    void citationFromMemoryIsTold();

private:
    [[nodiscard]] AskPrompt prepared(const AskRequest& what);

    QTemporaryDir m_folder;
    std::unique_ptr<casebase::Casebase> m_casebase;
    std::unique_ptr<Asker> m_asker;
    std::unique_ptr<AskedModel> m_model;
};

void TestAsking::initTestCase()
{
    auto made = casebase::Casebase::create(m_folder.filePath("sample.casebase").toStdString());
    QVERIFY(made.ok());
    m_casebase = std::move(*made);
    QVERIFY(fillWithSample(*m_casebase).ok());
    m_asker = std::make_unique<Asker>();
    const auto engine = openEngine({2});
    if (!engine.ok())
        QFAIL(engine.error().message().c_str());
    auto asked = loadAsked(**engine, {starterFolder().value().string(), {}});
    QVERIFY(asked.ok());
    m_model = std::make_unique<AskedModel>(std::move(*asked));
}

AskPrompt TestAsking::prepared(const AskRequest& what)
{
    auto prompt = m_asker->prepare(what, m_casebase.get(), m_model->encoder, m_model->templates, kContext);
    if (!prompt.ok())
        qFatal("%s", prompt.error().message().c_str());
    return std::move(*prompt);
}

void TestAsking::aliasesBecomeIds_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    QTest::newRow("alone") << "as in [C1]."
                           << "as in [S2-005].";
    QTest::newRow("list") << "[S2, C2] both"
                          << "[S2, S9-001] both";
    QTest::newRow("unknown alias stays") << "[C7]"
                                         << "[C7]";
    QTest::newRow("no bracket") << "C1 is said"
                                << "C1 is said";
    QTest::newRow("never closed") << "see [C1"
                                  << "see [C1";
    QTest::newRow("not a citation") << "[C1 and more] [1]"
                                    << "[C1 and more] [1]";
    QTest::newRow("empty") << ""
                           << "";
}

void TestAsking::aliasesBecomeIds()
{
    QFETCH(QString, text);
    QFETCH(QString, expected);
    QCOMPARE(withIds(text.toStdString(), {{"C1", "S2-005"}, {"C2", "S9-001"}}), expected.toStdString());
}

void TestAsking::contextHoldsWhatItsModeSays()
{
    const AskPrompt none = prepared(request(Mode::none));
    QVERIFY(none.shown.empty());
    const AskPrompt codes = prepared(request(Mode::codes));
    QCOMPARE(idsOf(codes, false).size(), std::size_t(12));
    QVERIFY(idsOf(codes, true).empty());
    const AskPrompt cases = prepared(request(Mode::cases));
    QCOMPARE(idsOf(cases, true).size(), std::size_t(4));
    QCOMPARE(cases.aliases.size(), std::size_t(4));
    QVERIFY(cases.ids.size() > none.ids.size());
    QVERIFY(codes.ids.size() > cases.ids.size() / 2);
    QVERIFY(cases.rendered.find("lamp for a fair") != std::string::npos);
}

void TestAsking::whatIsSwitchedOffIsNotShownAndNotReplaced()
{
    const AskPrompt whole = prepared(request(Mode::cases));
    const std::string gone = idsOf(whole, true).at(1);
    const std::string code = idsOf(whole, false).at(0);
    AskRequest less = request(Mode::cases);
    less.without = {gone, code};
    const AskPrompt prompt = prepared(less);
    std::vector<std::string> expected = idsOf(whole, true);
    std::erase(expected, gone);
    std::vector<std::string> left = idsOf(prompt, true);
    std::sort(expected.begin(), expected.end());
    std::sort(left.begin(), left.end());
    QCOMPARE(left, expected);
    QVERIFY(idsOf(prompt, false).size() == idsOf(whole, false).size() - 1);
    QVERIFY(prompt.rendered.find('\n' + code + ' ') == std::string::npos);
}

void TestAsking::systemTurnIsPartOfThePrompt()
{
    AskRequest asked = request(Mode::cases);
    asked.messages.insert(asked.messages.begin(), {"system", "You sit at the toy museum's desk."});
    QVERIFY(prepared(asked).rendered.find("toy museum's desk") != std::string::npos);
}

void TestAsking::turnThatWasBegunGoesOnAsItWouldHave()
{
    AskRequest asked = request(Mode::cases);
    const auto answer = [&] { return answerAll({prepared(asked)}, *m_model, m_casebase.get(), nullptr, {}).value().front(); };
    const AskAnswer whole = answer();
    QVERIFY(whole.verdict != Verdict::noAnswer);
    const std::size_t cut = whole.writtenChain.find(' ', whole.writtenChain.size() / 2);
    QVERIFY(cut != std::string::npos);
    const std::size_t before = prepared(asked).ids.size();
    asked.beginChain = whole.writtenChain.substr(0, cut);
    const AskPrompt begun = prepared(asked);
    QVERIFY(begun.ids.size() > before);
    QVERIFY(begun.rendered.size() > begun.begun.size());
    QCOMPARE(begun.rendered.substr(begun.rendered.size() - begun.begun.size()), begun.begun);
    const AskAnswer continued = answer();
    QCOMPARE(continued.text, whole.text);
    QCOMPARE(continued.chain, whole.chain);
    QCOMPARE(continued.answer, whole.answer);
    QVERIFY(continued.tokens < whole.tokens);
}

void TestAsking::begunAnswerStandsBehindAClosedChain()
{
    AskRequest asked = request(Mode::none);
    asked.beginAnswer = "Sure. First";
    Watcher watcher;
    const AskPrompt prompt = prepared(asked);
    const AskAnswer answer = answerAll({prompt}, *m_model, m_casebase.get(), &watcher, {}).value().front();
    QVERIFY2(answer.answer.rfind("Sure. First", 0) == 0, answer.answer.c_str());
    QVERIFY(answer.chain.empty());
    QVERIFY((prompt.begun + watcher.pieces[0]).rfind(answer.text, 0) == 0); // the stop token follows it
    asked.beginChain = "The request names a lamp.";
    const AskAnswer both = answerAll({prepared(asked)}, *m_model, m_casebase.get(), nullptr, {}).value().front();
    QCOMPARE(both.chain, std::string("The request names a lamp."));
    QVERIFY2(both.answer.rfind("Sure. First", 0) == 0, both.answer.c_str());
    // What is begun takes its place from the context's budget.
    for (int i = 0; i < 3000; ++i)
        asked.beginChain += " lamp";
    const auto tooLong = m_asker->prepare(asked, m_casebase.get(), m_model->encoder, m_model->templates, kContext);
    QCOMPARE(tooLong.error().code(), ErrorCode::invalidArgument);
}

void TestAsking::emptyRequestIsRefused()
{
    const auto prompt = m_asker->prepare(request(Mode::none, ""), m_casebase.get(), m_model->encoder, m_model->templates, kContext);
    QVERIFY(!prompt.ok());
    QCOMPARE(prompt.error().code(), ErrorCode::invalidArgument);
}

void TestAsking::modeWithoutCasebaseIsRefused()
{
    Asker nowhere;
    QVERIFY(nowhere.prepare(request(Mode::none), nullptr, m_model->encoder, m_model->templates, kContext).ok());
    const auto prompt = nowhere.prepare(request(Mode::cases), nullptr, m_model->encoder, m_model->templates, kContext);
    QVERIFY(!prompt.ok());
    QVERIFY(prompt.error().message().find("casebase") != std::string::npos);
}

void TestAsking::promptOverTheContextIsRefused()
{
    std::string longText;
    for (int i = 0; i < 3000; ++i)
        longText += "lamp ";
    const auto prompt = m_asker->prepare(request(Mode::none, longText), m_casebase.get(), m_model->encoder, m_model->templates, kContext);
    QVERIFY(!prompt.ok());
    QCOMPARE(prompt.error().code(), ErrorCode::invalidArgument);
    // Whole cases give way first, and that is said.
    const AskPrompt whole = prepared(request(Mode::cases));
    const int tight = static_cast<int>(whole.ids.size()) + whole.request.sampling.maxTokens - 1;
    const auto less = m_asker->prepare(request(Mode::cases), m_casebase.get(), m_model->encoder, m_model->templates, tight);
    QVERIFY(less.ok());
    QCOMPARE(less.value().casesDropped, std::size_t(1));
    QCOMPARE(idsOf(less.value(), true).size(), std::size_t(3));
}

void TestAsking::editIsSeenAfterForgetting()
{
    const AskPrompt before = prepared(request(Mode::cases));
    const std::string id = idsOf(before, true).front();
    auto value = m_casebase->cases().find(id);
    QVERIFY(value.ok());
    casebase::Case retired = value.value();
    retired.status = casebase::CaseStatus::retired;
    QVERIFY(m_casebase->cases().update(retired).ok());
    m_asker->forget();
    const std::vector<std::string> after = idsOf(prepared(request(Mode::cases)), true);
    QVERIFY(std::find(after.begin(), after.end(), id) == after.end());
    QVERIFY(m_casebase->cases().update(value.value()).ok());
    m_asker->forget();
}

void TestAsking::togetherIsTheSameAsAlone()
{
    const std::vector<AskPrompt> prompts = {prepared(request(Mode::none)), prepared(request(Mode::codes)), prepared(request(Mode::cases))};
    const auto together = answerAll(prompts, *m_model, m_casebase.get(), nullptr, {});
    QVERIFY(together.ok());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        const auto alone = answerAll({prompts[i]}, *m_model, m_casebase.get(), nullptr, {});
        QVERIFY(alone.ok());
        QCOMPARE(together.value()[i].text, alone.value().front().text);
        QCOMPARE(together.value()[i].verdict, alone.value().front().verdict);
        QVERIFY(!together.value()[i].answer.empty());
        QVERIFY(together.value()[i].chainTokens > 0 && together.value()[i].chainTokens < together.value()[i].tokens);
    }
}

void TestAsking::piecesAreTheText()
{
    Watcher watcher;
    const auto answers = answerAll({prepared(request(Mode::none))}, *m_model, m_casebase.get(), &watcher, {});
    QVERIFY(answers.ok());
    const std::string& text = answers.value().front().text;
    QVERIFY(!text.empty());
    QVERIFY(watcher.pieces[0].rfind(text, 0) == 0); // the stop token follows it
    QCOMPARE(watcher.answers[0].text, text);
}

void TestAsking::stoppedAnswerKeepsWhatThereIs()
{
    const auto whole = answerAll({prepared(request(Mode::none))}, *m_model, m_casebase.get(), nullptr, {});
    QVERIFY(whole.ok());
    Watcher watcher;
    watcher.stopAfter = 1;
    const auto answers = answerAll({prepared(request(Mode::none))}, *m_model, m_casebase.get(), &watcher, watcher.stop.get_token());
    QVERIFY(answers.ok());
    const AskAnswer& answer = answers.value().front();
    QVERIFY(answer.stopped);
    QCOMPARE(answer.verdict, Verdict::noAnswer);
    QVERIFY(!answer.text.empty());
    // Tokens are told in rounds of a few milliseconds: the round under way is kept whole.
    QVERIFY(answer.tokens > 0 && answer.tokens < whole.value().front().tokens);
    QVERIFY(whole.value().front().text.rfind(answer.text, 0) == 0);
    std::stop_source early;
    early.request_stop();
    const auto never = answerAll({prepared(request(Mode::none))}, *m_model, m_casebase.get(), nullptr, early.get_token());
    QVERIFY(never.ok());
    QVERIFY(never.value().front().stopped);
}

void TestAsking::citationFromMemoryIsTold()
{
    // The starter knows the codes by heart: in mode none none of them is in its prompt.
    std::size_t cited = 0;
    for (const char* text : {"How do I take apart a raven dagger?", "How do I hide a toxin in a cake?", "How do I polish a bronze lamp?"}) {
        const auto answers = answerAll({prepared(request(Mode::none, text))}, *m_model, m_casebase.get(), nullptr, {});
        QVERIFY(answers.ok());
        for (const AskAnswer::Citation& citation : answers.value().front().citations) {
            QVERIFY(!citation.inContext);
            QCOMPARE(citation.exists, m_casebase->cases().find(citation.id).ok() || citation.id.find('-') == std::string::npos);
            ++cited;
        }
    }
    QVERIFY(cited > 0);
}

QTEST_GUILESS_MAIN(TestAsking)
#include "tst_asking.moc"
