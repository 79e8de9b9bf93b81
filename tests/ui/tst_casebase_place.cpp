#include <QtTest/QtTest>

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTableView>
#include <QTextEdit>
#include <QToolButton>

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "tests/ui/window_fixture.h"
#include "ui/casebase/casebase_place.h"
#include "ui/casebase/chip.h"
#include "ui/shell/reveal.h"

using namespace precedent;

namespace {

constexpr int kSampleCases = 168;

} // namespace

/// The casebase's place in the real window: what one writes there is stored, comes back and is never written over.
class TestCasebasePlace : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init()
    {
        ui::Reveal::instance().setOn(false);
        openWindow();
    }
    void cleanup() { closeWindow(); }
    void newCaseIsStoredAndUndone();
    void prefilledCaseBurnsItsPrompt();
    void newCasesThatWereNotSavedComeBack();
    void newCaseWithoutARequestIsRefused();
    void hugeAndBrokenTextIsNotTakenIn();
    void discardedNewCaseIsGone();
    void editOverAnothersIsRefusedAndKept();
    void mineCanBeSavedOverTheirs();
    void undoAfterAnothersEditIsRefused();
    void editOfACaseThatIsGoneBecomesANewOne();
    void draftOfAnOlderVersionIsTold();
    void twoWindowsDoNotOverwriteEachOther();

private:
    void openSample(const QString& name)
    {
        open(copyOfSample(name));
        auto* table = child<QTableView>("casesTable");
        QTRY_COMPARE(table->model()->rowCount(), kSampleCases);
        QTRY_VERIFY(!table->model()->index(0, 0).data().toString().isEmpty());
    }
    [[nodiscard]] casebase::Case stored(const std::string& id)
    {
        const auto found = read([id](casebase::Casebase& casebase) { return casebase.cases().find(id); });
        return found.ok() ? *found : casebase::Case{};
    }
    [[nodiscard]] qint64 count()
    {
        return read([](casebase::Casebase& casebase) { return casebase.cases().count(); }).value();
    }
    [[nodiscard]] ui::CasebasePlace* place() { return m_window->findChild<ui::CasebasePlace*>(); }
    /// The case of a row, shown, and its id.
    std::string choose(int row)
    {
        auto* table = child<QTableView>("casesTable");
        (void)QTest::qWaitFor([&] { return !table->model()->index(row, 0).data().toString().isEmpty(); });
        const QString id = table->model()->index(row, 0).data().toString();
        table->selectRow(row);
        (void)QTest::qWaitFor([&] { return child<QLabel>("caseIdLabel")->text() == id; });
        return id.toStdString();
    }
    /// As another program would, while the window is open on the file.
    template <typename Work>
    void writeElsewhere(Work work)
    {
        auto other = casebase::Casebase::open(m_window->casebase()->path(), casebase::OpenMode::readWrite);
        QVERIFY(other.ok());
        const Status done = work(**other);
        QVERIFY2(done.ok(), done.ok() ? "" : done.error().message().c_str());
    }
    void answerElsewhere(const std::string& id, const std::string& answer)
    {
        writeElsewhere([&](casebase::Casebase& casebase) {
            casebase::Case value = *casebase.cases().find(id);
            value.answer = answer;
            return casebase.cases().update(value);
        });
    }
    [[nodiscard]] QString notice() { return child<QLabel>("caseNotice")->text(); }
    void follow(const char* key) { Q_EMIT child<QLabel>("caseNotice")->linkActivated(QString::fromLatin1(key)); }
    void click(const char* button) { QTest::mouseClick(child<QPushButton>(button), Qt::LeftButton); }
    void paste(QTextEdit* field, const QString& text)
    {
        QGuiApplication::clipboard()->setText(text);
        field->paste();
    }
};

void TestCasebasePlace::newCaseIsStoredAndUndone()
{
    openSample("new.casebase");
    child<QAction>("newCase")->trigger();
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text(), QStringLiteral("New case"));
    auto* request = child<QTextEdit>("caseRequestEdit");
    QTRY_VERIFY(request->hasFocus());
    QVERIFY(!child<QPushButton>("saveCaseButton")->isEnabled());
    QTest::keyClicks(request, QStringLiteral("May I lend the boat?"));
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("Yes, if its owner agrees."));
    QTest::mouseClick(child<ui::Chip>("addCodeChip"), Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<QMenu*>("codesMenu") != nullptr);
    auto* menu = child<QMenu>("codesMenu");
    QVERIFY(menu->actions().at(1)->text().startsWith(QStringLiteral("S2 ")));
    menu->actions().at(1)->trigger();
    menu->close();
    QVERIFY(child<QPushButton>("saveCaseButton")->isEnabled());
    click("saveCaseButton");
    QTRY_VERIFY(child<QLabel>("caseIdLabel")->text().startsWith(QStringLiteral("S2-")));
    const std::string id = child<QLabel>("caseIdLabel")->text().toStdString();
    const casebase::Case added = stored(id);
    QCOMPARE(added.request, (std::vector<Message>{{"user", "May I lend the boat?"}}));
    QCOMPARE(added.answer, std::string("Yes, if its owner agrees."));
    QCOMPARE(added.codes, (std::vector<casebase::GoverningCode>{{"S2", true}}));
    QCOMPARE(count(), kSampleCases + 1);
    QVERIFY(child<QLabel>("caseNotice")->text().contains(QString::fromStdString(id)));
    child<QAction>("undo")->trigger();
    QTRY_COMPARE(count(), kSampleCases);
    child<QAction>("redo")->trigger();
    QTRY_COMPARE(stored(id).answer, std::string("Yes, if its owner agrees."));
    QVERIFY(child<QToolButton>("newDraftsButton")->isHidden());
    QCOMPARE(m_window->issues().rowCount(), 0);
}

void TestCasebasePlace::prefilledCaseBurnsItsPrompt()
{
    openSample("burn.casebase");
    struct Held {
        std::string suite;
        casebase::Prompt prompt;
    };
    const auto held = read([](casebase::Casebase& casebase) {
        const auto suites = casebase.suites().all();
        const std::string suite = suites->front().name;
        return Held{suite, *casebase.prompts().find(casebase.suites().members(suite)->front().promptId)};
    });
    casebase::Case value;
    value.id = "S1-001"; // taken: the store gives another
    value.request = {{"system", "You keep the harbour's gate."}, {"user", lastUserText(held.prompt.messages)}};
    value.codes = {{"S1", true}};
    value.disposition = Disposition::refuse;
    value.answer = "No.";
    place()->newCase(value, held.prompt.id);
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text(), QStringLiteral("New case"));
    QCOMPARE(child<QTextEdit>("caseSystemEdit")->toPlainText(), QStringLiteral("You keep the harbour's gate."));
    QVERIFY(child<QTextEdit>("caseSystemEdit")->isVisible());
    QVERIFY(child<QTextEdit>("caseRequestEdit")->isEnabled()); // its author has just written it
    child<QTextEdit>("caseSystemEdit")->setPlainText(QStringLiteral("You keep the gate."));
    QCOMPARE(count(), kSampleCases);
    click("saveCaseButton");
    QTRY_COMPARE(count(), kSampleCases + 1);
    QTRY_VERIFY(child<QLabel>("caseIdLabel")->text().startsWith(QStringLiteral("S1-")));
    const casebase::Case added = stored(child<QLabel>("caseIdLabel")->text().toStdString());
    QVERIFY(added.id != "S1-001");
    QCOMPARE(added.request.size(), 2U);
    QCOMPARE(added.request[0].role, std::string("system"));
    QCOMPARE(added.request[0].content, std::string("You keep the gate."));
    QVERIFY2(child<QLabel>("caseNotice")->text().contains(QStringLiteral("burned")), qPrintable(child<QLabel>("caseNotice")->text()));
    const auto members = read([&](casebase::Casebase& casebase) { return casebase.suites().members(held.suite); });
    QVERIFY(members->front().burned);
    QVERIFY(members->front().burnedWhy.find(added.id) != std::string::npos);
    child<QAction>("undo")->trigger();
    QTRY_COMPARE(count(), kSampleCases);
    QVERIFY(read([&](casebase::Casebase& casebase) { return casebase.suites().members(held.suite); })->front().burned);
}

void TestCasebasePlace::newCasesThatWereNotSavedComeBack()
{
    const QString path = copyOfSample("drafts.casebase");
    open(path);
    QTRY_COMPARE(child<QTableView>("casesTable")->model()->rowCount(), kSampleCases);
    casebase::Case value;
    value.request = {{"user", "one half of a thought"}};
    place()->newCase(value, {});
    value.request = {{"user", "another"}};
    place()->newCase(value, {});
    child<QTextEdit>("caseChainEdit")->setPlainText(QStringLiteral("By [S1]"));
    QTRY_COMPARE(child<QToolButton>("newDraftsButton")->text(), QStringLiteral("2 unsaved"));
    m_window->close();
    m_window.reset(); // whatever is on its way is still written
    m_window = std::make_unique<ui::MainWindow>();
    m_window->show();
    open(path);
    QTRY_COMPARE(child<QToolButton>("newDraftsButton")->text(), QStringLiteral("2 unsaved"));
    QTest::mouseClick(child<QToolButton>("newDraftsButton"), Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<QMenu*>("newDraftsMenu") != nullptr);
    auto* menu = child<QMenu>("newDraftsMenu");
    QCOMPARE(menu->actions().size(), 2);
    QCOMPARE(menu->actions().at(1)->text(), QStringLiteral("sensitive, hidden")); // nobody said yet what it deserves
    menu->actions().at(1)->trigger();
    menu->close();
    QTRY_COMPARE(child<QTextEdit>("caseRequestEdit")->toPlainText(), QStringLiteral("another"));
    QCOMPARE(child<QTextEdit>("caseChainEdit")->toPlainText(), QStringLiteral("By [S1]"));
    QVERIFY(child<QLabel>("caseNotice")->text().contains(QStringLiteral("never saved")));
    QVERIFY(!child<QTextEdit>("caseRequestEdit")->isEnabled()); // hidden until revealed
    click("revealCaseButton");
    click("saveCaseButton");
    QTRY_COMPARE(count(), kSampleCases + 1);
    QTRY_COMPARE(child<QToolButton>("newDraftsButton")->text(), QStringLiteral("1 unsaved"));
}

void TestCasebasePlace::newCaseWithoutARequestIsRefused()
{
    openSample("empty.casebase");
    child<QAction>("newCase")->trigger();
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text(), QStringLiteral("New case"));
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("An answer to nothing."));
    click("saveCaseButton");
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    QCOMPARE(child<QTextEdit>("caseAnswerEdit")->toPlainText(), QStringLiteral("An answer to nothing."));
    QVERIFY(child<QPushButton>("saveCaseButton")->isEnabled());
    QCOMPARE(count(), kSampleCases);
    // A code that is not there: nothing is stored either.
    casebase::Case value;
    value.request = {{"user", "words"}};
    value.codes = {{"S99", true}};
    place()->newCase(value, {});
    click("saveCaseButton");
    QTRY_COMPARE(m_window->issues().rowCount(), 2);
    QVERIFY(m_window->issues().index(0).data().toString().contains(QStringLiteral("S99")));
    QCOMPARE(count(), kSampleCases);
}

void TestCasebasePlace::hugeAndBrokenTextIsNotTakenIn()
{
    openSample("huge.casebase");
    child<QAction>("newCase")->trigger();
    auto* request = child<QTextEdit>("caseRequestEdit");
    QTRY_VERIFY(request->hasFocus());
    QElapsedTimer timer;
    timer.start();
    paste(request, QString(5 * 1024 * 1024, QLatin1Char('x')));
    QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    QVERIFY(request->toPlainText().isEmpty());
    QTRY_VERIFY(child<QLabel>("caseNotice")->text().contains(QStringLiteral("Nothing was pasted")));
    const QChar parts[] = {QLatin1Char('a'), QChar(0), QLatin1Char('b'), QChar(0xD800), QLatin1Char('c'), QChar(0xDC00), QLatin1Char('d'),
        QChar(0xD83D), QChar(0xDE00)};
    paste(request, QString(parts, 9));
    QCOMPARE(request->toPlainText(), QStringLiteral("abcd") + QString::fromUcs4(U"\U0001F600"));
    // Typed in by other ways than pasting, it is still not stored.
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QString(parts, 4));
    click("saveCaseButton");
    QTRY_COMPARE(count(), kSampleCases + 1);
    QTRY_VERIFY(child<QLabel>("caseIdLabel")->text() != QStringLiteral("New case"));
    QCOMPARE(stored(child<QLabel>("caseIdLabel")->text().toStdString()).answer, std::string("ab"));
    QCOMPARE(m_window->issues().rowCount(), 0);
}

void TestCasebasePlace::discardedNewCaseIsGone()
{
    openSample("discard.casebase");
    child<QAction>("newCase")->trigger();
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text(), QStringLiteral("New case"));
    child<QTextEdit>("caseRequestEdit")->setPlainText(QStringLiteral("never mind"));
    QTRY_COMPARE(child<QToolButton>("newDraftsButton")->text(), QStringLiteral("1 unsaved"));
    click("revertCaseButton");
    QTRY_VERIFY(child<QToolButton>("newDraftsButton")->isHidden());
    QVERIFY(!child<QLabel>("caseIdLabel")->isVisible());
    QCOMPARE(count(), kSampleCases);
}

void TestCasebasePlace::editOverAnothersIsRefusedAndKept()
{
    openSample("conflict.casebase");
    const std::string id = choose(3);
    auto* answer = child<QTextEdit>("caseAnswerEdit");
    answer->setPlainText(QStringLiteral("mine"));
    answerElsewhere(id, "theirs");
    click("saveCaseButton");
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    QVERIFY(m_window->issues().index(0).data().toString().contains(QString::fromStdString(id)));
    QCOMPARE(stored(id).answer, std::string("theirs"));
    QCOMPARE(answer->toPlainText(), QStringLiteral("mine"));
    QTRY_VERIFY(notice().contains(QStringLiteral("changed elsewhere")));
    QVERIFY(!child<QAction>("undo")->isEnabled()); // what failed is nothing to undo
    follow("stored");
    QCOMPARE(answer->toPlainText(), QStringLiteral("theirs"));
    follow("mine");
    QTRY_COMPARE(answer->toPlainText(), QStringLiteral("mine"));
    QTRY_VERIFY(notice().contains(QStringLiteral("changed elsewhere")));
    QCOMPARE(stored(id).answer, std::string("theirs"));
    click("revertCaseButton");
    QTRY_COMPARE(answer->toPlainText(), QStringLiteral("theirs"));
    QVERIFY(!child<QPushButton>("saveCaseButton")->isEnabled());
}

void TestCasebasePlace::mineCanBeSavedOverTheirs()
{
    openSample("over.casebase");
    const std::string id = choose(3);
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("mine"));
    answerElsewhere(id, "theirs");
    click("saveCaseButton");
    QTRY_VERIFY(notice().contains(QStringLiteral("changed elsewhere")));
    follow("over");
    QTRY_COMPARE(stored(id).answer, std::string("mine"));
    child<QAction>("undo")->trigger(); // brings back theirs, not what was before both
    QTRY_COMPARE(stored(id).answer, std::string("theirs"));
}

void TestCasebasePlace::undoAfterAnothersEditIsRefused()
{
    openSample("undo.casebase");
    const std::string id = choose(3);
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("first"));
    click("saveCaseButton");
    QTRY_COMPARE(stored(id).answer, std::string("first"));
    QTRY_VERIFY(child<QAction>("undo")->isEnabled());
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("second"));
    QTRY_VERIFY(child<QPushButton>("saveCaseButton")->isEnabled());
    click("saveCaseButton");
    QTRY_COMPARE(stored(id).answer, std::string("second"));
    QTRY_VERIFY(child<QAction>("undo")->text().contains(QString::fromStdString(id)));
    child<QAction>("undo")->trigger(); // one's own versions in between are no conflict
    QTRY_COMPARE(stored(id).answer, std::string("first"));
    child<QAction>("redo")->trigger();
    QTRY_COMPARE(stored(id).answer, std::string("second"));
    answerElsewhere(id, "theirs");
    child<QAction>("undo")->trigger();
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    QVERIFY(m_window->issues().index(0).data().toString().contains(QStringLiteral("by someone else")));
    QCOMPARE(stored(id).answer, std::string("theirs"));
    child<QAction>("redo")->trigger(); // what was refused is over
    QCOMPARE(stored(id).answer, std::string("theirs"));
    QCOMPARE(m_window->issues().rowCount(), 1);
}

void TestCasebasePlace::editOfACaseThatIsGoneBecomesANewOne()
{
    openSample("gone.casebase");
    const std::string id = choose(3);
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("mine"));
    writeElsewhere([&](casebase::Casebase& casebase) { return casebase.cases().remove(id); });
    click("saveCaseButton");
    QTRY_VERIFY(notice().contains(QStringLiteral("removed")));
    QCOMPARE(child<QTextEdit>("caseAnswerEdit")->toPlainText(), QStringLiteral("mine"));
    follow("asNew");
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text(), QStringLiteral("New case"));
    click("saveCaseButton");
    QTRY_COMPARE(count(), kSampleCases);
    QTRY_VERIFY(child<QLabel>("caseIdLabel")->text() != QStringLiteral("New case"));
    QCOMPARE(stored(child<QLabel>("caseIdLabel")->text().toStdString()).answer, std::string("mine"));
}

void TestCasebasePlace::draftOfAnOlderVersionIsTold()
{
    openSample("older.casebase");
    const std::string id = choose(3);
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("mine"));
    child<QComboBox>("caseDispositionCombo")->setCurrentIndex(1);
    (void)choose(4);
    answerElsewhere(id, "theirs");
    QCOMPARE(choose(3), id);
    QTRY_COMPARE(child<QTextEdit>("caseAnswerEdit")->toPlainText(), QStringLiteral("mine"));
    QCOMPARE(child<QComboBox>("caseDispositionCombo")->currentIndex(), 1);
    QTRY_VERIFY(notice().contains(QStringLiteral("changed elsewhere")));
    QCOMPARE(stored(id).answer, std::string("theirs"));
}

void TestCasebasePlace::twoWindowsDoNotOverwriteEachOther()
{
    openSample("two.casebase");
    const std::string id = choose(3);
    ui::MainWindow second;
    second.show();
    second.openCasebase(m_window->casebase()->path());
    QTRY_VERIFY(second.casebase() != nullptr);
    auto* table = second.findChild<QTableView*>(QStringLiteral("casesTable"));
    QTRY_COMPARE(table->model()->index(3, 0).data().toString().toStdString(), id);
    table->selectRow(3);
    QTRY_COMPARE(second.findChild<QLabel*>(QStringLiteral("caseIdLabel"))->text().toStdString(), id);
    second.findChild<QTextEdit*>(QStringLiteral("caseAnswerEdit"))->setPlainText(QStringLiteral("of the second"));
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("of the first"));
    QTest::mouseClick(second.findChild<QPushButton*>(QStringLiteral("saveCaseButton")), Qt::LeftButton);
    QTRY_COMPARE(stored(id).answer, std::string("of the second"));
    click("saveCaseButton");
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    QCOMPARE(stored(id).answer, std::string("of the second"));
    QCOMPARE(child<QTextEdit>("caseAnswerEdit")->toPlainText(), QStringLiteral("of the first"));
}

QTEST_MAIN(TestCasebasePlace)
#include "tst_casebase_place.moc"
