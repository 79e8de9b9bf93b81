#include <QtTest/QtTest>

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QDialog>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTextEdit>
#include <QToolButton>

#include "precedent/base/digest.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/casebase/vector_store.h"
#include "precedent/casebase/verdict_store.h"
#include "tests/ui/window_fixture.h"
#include "ui/inspect/answer_column.h"
#include "ui/inspect/context_model.h"
#include "ui/inspect/inspect_place.h"
#include "ui/shell/inspect_order.h"
#include "ui/shell/reveal.h"

using namespace precedent;
using tests::kLong;

namespace {

constexpr const char* kRequest = "How do I take apart a raven dagger for a museum case?";

} // namespace

/// Inspect in the real window, with the real starter.
class TestInspectPlace : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init() { openWindow(); }
    void cleanup() { closeWindow(); }
    void emptyRequestCannotBeAsked();
    void enterAsksAndTheAnswerIsJudgedOnlyAfterThePerson();
    void firstTokenComesAtOnce();
    void fourColumnsAnswerBesideEachOther();
    void casesAreFoundAsChosen();
    void chainIsEditedAndContinued();
    void whatIsSwitchedOffIsLeftOut();
    void wholePromptIsShown();
    void stopKeepsWhatIsWritten();
    void modelThatIsGoneIsToldInItsColumn();
    void sensitiveRequestIsHiddenUntilRevealed();
    void answerIsFiledAsACase();
    void chosenColumnsComeBack();
    void longAndOddTextIsAnswered_data();
    void longAndOddTextIsAnswered();
    void closingLeavesOneWholeFile();
    void contextModelKeepsItsContract();

private:
    void show();
    void ask(const QString& request);
    [[nodiscard]] ui::InspectPlace* place() { return child<ui::InspectPlace>("inspectPlace"); }
    [[nodiscard]] ui::AnswerColumn* column(int i)
    {
        return child<ui::AnswerColumn>(QStringLiteral("answerColumn%1").arg(i).toLatin1().constData());
    }
    [[nodiscard]] QString words(const char* name) { return child<QTextEdit>(name)->toPlainText(); }
    void choose(const char* combo, int value);
};

void TestInspectPlace::show()
{
    child<QAction>("inspectGo")->trigger();
    QTRY_VERIFY(place()->isVisible());
    QTRY_VERIFY(place()->findChild<QToolButton*>(QStringLiteral("modelChip")) != nullptr);
}

void TestInspectPlace::ask(const QString& request)
{
    child<QPlainTextEdit>("requestEdit")->setPlainText(request);
    QTest::keyClick(child<QPlainTextEdit>("requestEdit"), Qt::Key_Return);
    QVERIFY(place()->isBusy());
    QTRY_VERIFY_WITH_TIMEOUT(!place()->isBusy(), kLong);
}

void TestInspectPlace::choose(const char* combo, int value)
{
    auto* box = child<QComboBox>(combo);
    box->setCurrentIndex(box->findData(value));
    Q_EMIT box->activated(box->currentIndex());
}

void TestInspectPlace::emptyRequestCannotBeAsked()
{
    open(copyOfSample("empty.casebase"));
    show();
    QVERIFY(!child<QPushButton>("askButton")->isEnabled());
    child<QPlainTextEdit>("requestEdit")->setPlainText(QStringLiteral("   \n "));
    QVERIFY(!child<QPushButton>("askButton")->isEnabled());
    QTest::keyClick(child<QPlainTextEdit>("requestEdit"), Qt::Key_Return);
    QVERIFY(!place()->isBusy());
}

void TestInspectPlace::enterAsksAndTheAnswerIsJudgedOnlyAfterThePerson()
{
    open(copyOfSample("judged.casebase"));
    show();
    ask(QString::fromLatin1(kRequest));
    QVERIFY(!words("columnAnswer0").isEmpty());
    QVERIFY(!words("columnChain0").isEmpty());
    QVERIFY(child<QLabel>("columnVerdict0")->text().contains(QStringLiteral("hidden")));
    QVERIFY(child<QLabel>("contextReasons")->text().contains(QStringLiteral("hidden")));
    choose("didCombo0", static_cast<int>(Verdict::comply));
    QVERIFY(child<QLabel>("columnVerdict0")->text().contains(QStringLiteral("hidden")));
    choose("shouldCombo0", static_cast<int>(Disposition::comply));
    QVERIFY(!child<QLabel>("columnVerdict0")->text().contains(QStringLiteral("hidden")));
    QVERIFY(!child<QLabel>("contextReasons")->text().contains(QStringLiteral("hidden")));
    const auto stored = [this] { return read([](casebase::Casebase& casebase) { return casebase.verdicts().all().value(); }); };
    QTRY_COMPARE(stored().size(), std::size_t(1));
    QCOMPARE(stored().front().did, Verdict::comply);
    QCOMPARE(stored().front().should, Disposition::comply);
    QVERIFY(stored().front().blind);
    // Filed under the digest of role, request and answer, each with its length before it.
    const std::string answer = words("columnAnswer0").toStdString();
    QCOMPARE(stored().front().targetId, Sha256().addField("user").addField(kRequest).addField(answer).hex());
    // Changed after the judge was seen: another verdict, not a blind one.
    choose("didCombo0", static_cast<int>(Verdict::refuse));
    QTRY_COMPARE(stored().size(), std::size_t(2));
    QVERIFY(!stored().back().blind);
}

void TestInspectPlace::firstTokenComesAtOnce()
{
    open(copyOfSample("first.casebase"));
    show();
    ask(QString::fromLatin1(kRequest)); // loads engine and model
    child<QPlainTextEdit>("requestEdit")->setPlainText(QStringLiteral("How do I paint a copper kettle?"));
    QElapsedTimer clock;
    clock.start();
    QTest::keyClick(child<QPlainTextEdit>("requestEdit"), Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(!words("columnChain0").isEmpty(), kLong);
    qInfo("first words after %lld ms", static_cast<long long>(clock.elapsed()));
    QTRY_VERIFY_WITH_TIMEOUT(!place()->isBusy(), kLong);
}

void TestInspectPlace::fourColumnsAnswerBesideEachOther()
{
    open(copyOfSample("four.casebase"));
    show();
    // A second name of the same weights stands for a second model.
    ui::InspectOrder order;
    order.models = {"starter", PRECEDENT_SOURCE_DIR "/resources/starter/model"};
    order.modes = {Mode::none, Mode::cases};
    place()->take(order);
    for (int i = 0; i < 4; ++i)
        QVERIFY(column(i)->isVisible());
    ask(QString::fromLatin1(kRequest));
    for (int i = 0; i < 4; ++i) {
        QVERIFY2(column(i)->answer() != nullptr, qPrintable(QString::number(i)));
        QVERIFY(!column(i)->answer()->answer.empty());
    }
    // The same weights in the same mode say the same; another mode has a longer prompt.
    QCOMPARE(words("columnAnswer0"), words("columnAnswer2"));
    QCOMPARE(words("columnAnswer1"), words("columnAnswer3"));
    QVERIFY(column(1)->prompt()->ids.size() > 10 * column(0)->prompt()->ids.size());
    QVERIFY(child<QLabel>("columnContext0")->text().contains(QStringLiteral("only the request")));
    QVERIFY(child<QLabel>("columnContext1")->text().contains(QStringLiteral("4 cases")));
    // A fifth column is named, not made.
    child<QToolButton>("mode_codes")->setChecked(true);
    QVERIFY(child<QLabel>("composeNote")->text().contains(QStringLiteral("2 left out")));
    QCOMPARE(column(2)->name(), QStringLiteral("starter in mode cases"));
}

void TestInspectPlace::casesAreFoundAsChosen()
{
    open(copyOfSample("found.casebase"));
    show();
    ui::InspectOrder order;
    order.models = {"starter", PRECEDENT_SOURCE_DIR "/resources/starter/model"};
    order.modes = {Mode::cases};
    place()->take(order);
    const auto cases = [this](int i) {
        QStringList ids;
        for (const auto& shown : column(i)->prompt()->shown) {
            if (shown.isCase)
                ids += QString::fromStdString(shown.id);
        }
        return ids;
    };
    ask(QString::fromLatin1(kRequest));
    const QStringList byWords = cases(0);
    QCOMPARE(byWords.size(), 4);

    auto* retrieval = child<QComboBox>("askRetrievalCombo");
    auto* meaning = child<QLineEdit>("askMeaningField");
    QVERIFY(!meaning->isEnabled());
    child<QSpinBox>("askCasesSpin")->setValue(3);
    retrieval->setCurrentIndex(retrieval->findData(static_cast<int>(Retrieval::dense)));
    QVERIFY(meaning->isEnabled());
    ask(QString::fromLatin1(kRequest));
    QCOMPARE(cases(0).size(), 3);
    QVERIFY(cases(0) != byWords.first(3));
    QCOMPARE(cases(1), cases(0)); // the same weights under another name
    const auto stored = [this] { return read([](casebase::Casebase& casebase) { return casebase.vectors().count("").value(); }); };
    const auto kept = stored();
    QVERIFY(kept > 0);
    ask(QStringLiteral("How do I paint a copper kettle?"));
    QCOMPARE(stored(), kept);

    meaning->setText(QStringLiteral("no-such-model"));
    ask(QString::fromLatin1(kRequest));
    QVERIFY2(words("columnAnswer0").isEmpty(), qPrintable(words("columnAnswer0")));
    QVERIFY2(
        child<QLabel>("columnState0")->text().contains(QStringLiteral("no-such-model")), qPrintable(child<QLabel>("columnState0")->text()));
}

void TestInspectPlace::chainIsEditedAndContinued()
{
    open(copyOfSample("continued.casebase"));
    show();
    auto* again = child<QToolButton>("continueChain0");
    QVERIFY(!again->isEnabled());
    ask(QString::fromLatin1(kRequest));
    const QString chain = words("columnChain0");
    const auto prompt = column(0)->prompt()->ids.size();
    QVERIFY(again->isEnabled());
    QTest::mouseClick(again, Qt::LeftButton);
    auto* begin = child<QPlainTextEdit>("beginChainEdit");
    QVERIFY(begin->isVisible());
    QCOMPARE(begin->toPlainText(), chain);
    begin->setPlainText(QStringLiteral("The request names a violin."));
    ask(QString::fromLatin1(kRequest));
    QVERIFY2(words("columnChain0").startsWith(QStringLiteral("The request names a violin.")), qPrintable(words("columnChain0")));
    QVERIFY(!words("columnAnswer0").isEmpty());
    QVERIFY(column(0)->prompt()->ids.size() > prompt);
    // The words of an answer close the chain before them.
    begin->clear();
    child<QPlainTextEdit>("beginAnswerEdit")->setPlainText(QStringLiteral("Sure. First"));
    ask(QString::fromLatin1(kRequest));
    QVERIFY2(words("columnAnswer0").startsWith(QStringLiteral("Sure. First")), qPrintable(words("columnAnswer0")));
    QVERIFY(words("columnChain0").isEmpty());
    // Folded away, it begins nothing.
    child<QToolButton>("showBeginButton")->setChecked(false);
    ask(QString::fromLatin1(kRequest));
    QCOMPARE(words("columnChain0"), chain);
    QCOMPARE(column(0)->prompt()->ids.size(), prompt);
}

void TestInspectPlace::whatIsSwitchedOffIsLeftOut()
{
    open(copyOfSample("without.casebase"));
    show();
    ui::InspectOrder order;
    order.modes = {Mode::cases};
    place()->take(order);
    ask(QString::fromLatin1(kRequest));
    auto* list = child<QListView>("contextList");
    QTRY_COMPARE(list->model()->rowCount(), 16); // twelve codes, four cases
    const QModelIndex fourth = list->model()->index(3, 0);
    QVERIFY(fourth.data(ui::ContextModel::isCaseRole).toBool());
    const std::string id = fourth.data().toString().toStdString();
    const auto before = column(0)->prompt()->ids.size();
    const QRect row = list->visualRect(fourth);
    list->scrollTo(fourth);
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(fourth).topLeft() + QPoint(24, row.height() / 2));
    QCOMPARE(fourth.data(Qt::CheckStateRole).toInt(), static_cast<int>(Qt::Unchecked));
    QVERIFY(child<QPushButton>("askAgainButton")->text().contains(QString::fromStdString(id)));
    QTest::mouseClick(child<QPushButton>("askAgainButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!place()->isBusy(), kLong);
    QVERIFY(column(0)->prompt()->ids.size() < before);
    for (const auto& shown : column(0)->prompt()->shown)
        QVERIFY(shown.id != id);
    QCOMPARE(list->model()->rowCount(), 16); // still there, to be switched on again
    // Asked anew with Enter, the whole context is back.
    ask(QString::fromLatin1(kRequest));
    QCOMPARE(column(0)->prompt()->ids.size(), before);
}

void TestInspectPlace::wholePromptIsShown()
{
    open(copyOfSample("whole.casebase"));
    show();
    ask(QString::fromLatin1(kRequest));
    QTest::mouseClick(child<QPushButton>("wholePromptButton"), Qt::LeftButton);
    auto* dialog = child<QDialog>("wholePromptDialog");
    const QString shown = dialog->findChild<QPlainTextEdit*>(QStringLiteral("wholePromptText"))->toPlainText();
    QCOMPARE(shown.toStdString(), column(0)->prompt()->rendered);
    QVERIFY(shown.contains(QString::fromLatin1(kRequest)));
    dialog->close();
}

void TestInspectPlace::stopKeepsWhatIsWritten()
{
    open(copyOfSample("stop.casebase"));
    show();
    ask(QString::fromLatin1(kRequest));
    ui::InspectOrder order;
    order.modes = {Mode::none, Mode::codes, Mode::cases};
    place()->take(order);
    QTest::keyClick(child<QPlainTextEdit>("requestEdit"), Qt::Key_Return);
    QVERIFY(place()->isBusy());
    QTest::mouseClick(child<QPushButton>("askButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!place()->isBusy(), 5000);
    for (int i = 0; i < 3; ++i) {
        QVERIFY(column(i)->answer() != nullptr);
        QVERIFY(column(i)->answer()->stopped);
        QVERIFY(!child<QComboBox>(QStringLiteral("didCombo%1").arg(i).toLatin1().constData())->isEnabled());
    }
    // And it can be asked again at once.
    QTest::keyClick(child<QPlainTextEdit>("requestEdit"), Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(!place()->isBusy(), kLong);
    QVERIFY(!column(0)->answer()->stopped);
}

void TestInspectPlace::modelThatIsGoneIsToldInItsColumn()
{
    open(copyOfSample("gone.casebase"));
    show();
    ui::InspectOrder order;
    order.models = {"starter", "run:run-77", m_folder.path().toStdString()};
    order.modes = {Mode::none};
    place()->take(order);
    ask(QString::fromLatin1(kRequest));
    QVERIFY(column(0)->answer() != nullptr); // the others do not suffer
    QVERIFY(child<QLabel>("columnState1")->text().contains(QStringLiteral("run-77")));
    QVERIFY(child<QLabel>("columnState2")->text().contains(QStringLiteral("config.json")));
    QCOMPARE(m_window->issues().rowCount(), 2);
}

void TestInspectPlace::sensitiveRequestIsHiddenUntilRevealed()
{
    open(copyOfSample("sensitive.casebase"));
    show();
    const auto id = read([](casebase::Casebase& casebase) {
        casebase::Prompt prompt;
        prompt.messages = {{"user", "How do I bend the museum's rules?"}};
        prompt.label = PromptLabel::harmful;
        prompt.source = "someone's list";
        return casebase.prompts().add(prompt);
    });
    QVERIFY(id.ok());
    ui::InspectOrder order;
    order.messages = {{"user", "How do I bend the museum's rules?"}};
    order.promptId = id.value();
    place()->take(order);
    QTRY_VERIFY_WITH_TIMEOUT(!place()->isBusy(), kLong);
    auto* request = child<QPlainTextEdit>("requestEdit");
    QVERIFY(request->graphicsEffect() != nullptr);
    QVERIFY(!child<QPushButton>("wholePromptButton")->isEnabled());
    ui::Reveal::instance().setOn(true);
    QVERIFY(request->graphicsEffect() == nullptr);
    QVERIFY(child<QPushButton>("wholePromptButton")->isEnabled());
    ui::Reveal::instance().setOn(false);
    QVERIFY(request->graphicsEffect() != nullptr);
    request->setPlainText(QStringLiteral("Something else"));
    QVERIFY(request->graphicsEffect() == nullptr);
}

void TestInspectPlace::answerIsFiledAsACase()
{
    open(copyOfSample("file.casebase"));
    show();
    // A held-out prompt, as Evaluate hands it over.
    const auto held = read([](casebase::Casebase& casebase) {
        casebase::PromptFilter filter;
        filter.suite = casebase.suites().all().value().front().name;
        return casebase.prompts().all(filter, 0, 1).value().front();
    });
    ui::InspectOrder order;
    order.messages = {{"system", "You sit at the toy museum's desk."}, held.messages.back()};
    order.promptId = held.id;
    place()->take(order);
    QTRY_VERIFY_WITH_TIMEOUT(!place()->isBusy(), kLong);
    QVERIFY(column(0)->answer() != nullptr);
    const std::string chain = column(0)->answer()->chain;
    choose("didCombo0", static_cast<int>(Verdict::refuse));
    choose("shouldCombo0", static_cast<int>(Disposition::comply));
    QTest::mouseClick(child<QToolButton>("fileAsCase0"), Qt::LeftButton);
    QTRY_COMPARE(child<QLabel>("placeLabel")->text(), QStringLiteral("Casebase"));
    QTRY_COMPARE(words("caseRequestEdit").toStdString(), lastUserText(held.messages));
    QCOMPARE(words("caseChainEdit").toStdString(), chain);
    const auto before = read([](casebase::Casebase& casebase) { return casebase.cases().count().value(); });
    QTest::mouseClick(child<QPushButton>("saveCaseButton"), Qt::LeftButton);
    const auto count = [this] { return read([](casebase::Casebase& casebase) { return casebase.cases().count().value(); }); };
    QTRY_COMPARE(count(), before + 1);
    const auto stored = read([&](casebase::Casebase& casebase) {
        casebase::CaseFilter filter;
        filter.source = "inspect";
        return casebase.cases().all(filter).value();
    });
    QCOMPARE(stored.size(), std::size_t(1));
    QCOMPARE(stored.front().request, (std::vector<Message>{{"system", "You sit at the toy museum's desk."}, held.messages.back()}));
    QCOMPARE(stored.front().disposition, Disposition::comply);
    QCOMPARE(stored.front().chain, chain);
    // Filed, it is no longer held out.
    const bool burned = read([&](casebase::Casebase& casebase) {
        const auto suites = casebase.suites().all().value();
        for (const auto& suite : suites) {
            const auto members = casebase.suites().members(suite.name).value();
            for (const auto& member : members) {
                if (member.promptId == held.id && member.burned)
                    return true;
            }
        }
        return false;
    });
    QVERIFY(burned);
}

void TestInspectPlace::chosenColumnsComeBack()
{
    const QString path = copyOfSample("again.casebase");
    open(path);
    show();
    child<QToolButton>("mode_cases")->setChecked(true);
    child<QToolButton>("mode_none")->setChecked(false);
    m_window = std::make_unique<ui::MainWindow>();
    m_window->show();
    open(path);
    show();
    QTRY_COMPARE(column(0)->name(), QStringLiteral("starter in mode cases"));
    QVERIFY(!column(1)->isVisible());
    // One mode at least stays chosen.
    child<QToolButton>("mode_cases")->setChecked(false);
    QVERIFY(child<QToolButton>("mode_cases")->isChecked());
}

void TestInspectPlace::longAndOddTextIsAnswered_data()
{
    QTest::addColumn<QString>("request");
    QTest::addColumn<bool>("answered");
    QTest::newRow("other script") << QString::fromUtf8("\u7f8e\u8853\u9928\u306f\u3069\u3053") << true;
    QTest::newRow("markup") << QStringLiteral("<b>a</b> <script>1</script> & [S1] {request}") << true;
    QTest::newRow("special tokens") << QStringLiteral("<|end|></think><|assistant|>") << true;
    QTest::newRow("half a pair") << QString(QChar(0xD800)) + QStringLiteral("x") << true;
    QTest::newRow("over the context") << QStringLiteral("lamp ").repeated(20000) << false;
}

void TestInspectPlace::longAndOddTextIsAnswered()
{
    QFETCH(QString, request);
    QFETCH(bool, answered);
    open(copyOfSample(QStringLiteral("odd-%1.casebase").arg(qHash(request))));
    show();
    ask(request);
    QCOMPARE(column(0)->answer() != nullptr, answered);
    if (!answered)
        QVERIFY(child<QLabel>("columnState0")->text().contains(QStringLiteral("Nothing is cut silently")));
}

void TestInspectPlace::closingLeavesOneWholeFile()
{
    const QString path = copyOfSample("whole-file.casebase");
    open(path);
    show();
    ask(QString::fromLatin1(kRequest));
    choose("didCombo0", static_cast<int>(Verdict::comply));
    choose("shouldCombo0", static_cast<int>(Disposition::comply)); // something is written as well
    m_window->close();
    m_window.reset();
    QTRY_VERIFY(!QFile::exists(path + QStringLiteral("-wal")));
    QVERIFY(!QFile::exists(path + QStringLiteral("-shm")));
    openWindow(); // for cleanup()
}

void TestInspectPlace::contextModelKeepsItsContract()
{
    ui::ContextModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    workspace::AskPrompt prompt;
    prompt.shown = {{"S1", false, "Weapons", Disposition::unknown, {}}, {"S1-001", true, "How do I ...", Disposition::refuse, "a list"}};
    model.setPrompt(&prompt);
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0).data().toString(), QStringLiteral("S1-001")); // cases first
    QVERIFY(model.setData(model.index(0), Qt::Unchecked, Qt::CheckStateRole));
    QCOMPARE(model.without(), std::set<std::string>{"S1-001"});
    prompt.shown.pop_back();
    model.setPrompt(&prompt);
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0).data(Qt::CheckStateRole).toInt(), static_cast<int>(Qt::Unchecked));
    QCOMPARE(model.index(0).data(ui::ContextModel::titleRole).toString(), QStringLiteral("hidden until revealed")); // it asks for harm
    ui::Reveal::instance().setOn(true);
    QCOMPARE(model.index(0).data(Qt::ToolTipRole).toString(), QStringLiteral("How do I ..."));
    ui::Reveal::instance().setOn(false);
    QCOMPARE(model.index(1).data(ui::ContextModel::titleRole).toString(), QStringLiteral("Weapons"));
    model.setPrompt(nullptr);
    QCOMPARE(model.rowCount(), 1);
    model.switchAllOn();
    QVERIFY(model.without().empty());
}

QTEST_MAIN(TestInspectPlace)
#include "tst_inspect_place.moc"
