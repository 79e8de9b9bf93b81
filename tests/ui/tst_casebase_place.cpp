#include <QtTest/QtTest>

#include <QAbstractItemModelTester>
#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QDialog>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabBar>
#include <QTableView>
#include <QTextEdit>
#include <QToolButton>
#include <QTreeView>

#include <sys/stat.h>
#include <unistd.h>

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "tests/ui/window_fixture.h"
#include "ui/casebase/casebase_place.h"
#include "ui/casebase/chip.h"
#include "ui/casebase/quick_look.h"
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
    void idsAreInNaturalOrder();
    void facetsAreChips();
    void spacePreviewsAndEnterEdits();
    void codeIsEditedAddedAndRemoved();
    void codeInUseIsNotRemoved();
    void codeConflictIsTold();
    void historySaysWhatChanged();
    void promptIsShownAsTheModelSeesIt();
    void twinsAreLinkedComparedAndUndone();
    void removedCaseComesBackWithItsTwin();
    void readOnlyCasebaseCanBeReadAndPreviewed();
    void previewKeepsNoWriterWaiting();
    void modelsKeepTheirContract();

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
    void importPreview(const QString& path)
    {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("request,codes,disposition,chain,answer\nMay I paint the shed?,S1,comply,By [S1] this is fine. So comply.,Yes.\n");
        file.close();
        place()->importFiles({path});
        QTRY_VERIFY(m_window->findChild<QLabel*>("importPreview") != nullptr);
        QTRY_VERIFY2(child<QLabel>("importPreview")->text().contains(QStringLiteral("take in: 1.")),
            qPrintable(child<QLabel>("importPreview")->text()));
    }
    void chooseFacet(int kind, int value)
    {
        QTest::mouseClick(child<ui::Chip>("addFacetChip"), Qt::LeftButton);
        QTRY_VERIFY(m_window->findChild<QMenu*>("facetMenu") != nullptr);
        auto* menu = child<QMenu>("facetMenu");
        menu->actions().at(kind)->menu()->actions().at(value)->trigger();
        menu->close();
        QTRY_VERIFY(m_window->findChild<QMenu*>("facetMenu") == nullptr);
    }
    [[nodiscard]] Result<casebase::Code> storedCode(const std::string& id)
    {
        return read([id](casebase::Casebase& casebase) { return casebase.codes().find(id); });
    }
    void chooseCode(const QString& id)
    {
        place()->openCode(id);
        QTRY_COMPARE(child<QLabel>("codeIdLabel")->text(), id);
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

void TestCasebasePlace::idsAreInNaturalOrder()
{
    const QString path = copyOfSample("natural.casebase");
    {
        auto casebase = casebase::Casebase::open(path.toStdString(), casebase::OpenMode::readWrite);
        for (const char* id : {"A1-10", "A1-2", "A10-1", "A2-1"}) {
            casebase::Case value;
            value.id = id;
            value.request = {{"user", std::string("words of ") + id}};
            QVERIFY((*casebase)->cases().add(value).ok());
        }
        for (const char* id : {"A10", "A2"}) {
            casebase::Code code;
            code.id = code.title = id;
            code.position = -1;
            QVERIFY((*casebase)->codes().add(code).ok());
        }
    }
    open(path);
    auto* table = child<QTableView>("casesTable");
    QTRY_COMPARE(table->model()->rowCount(), kSampleCases + 4);
    const char* expected[] = {"A1-2", "A1-10", "A2-1", "A10-1"};
    for (int row = 0; row < 4; ++row)
        QTRY_COMPARE(table->model()->index(row, 0).data().toString(), QString::fromLatin1(expected[row]));
    auto* tree = child<QTreeView>("codesTree")->model();
    QTRY_COMPARE(tree->index(1, 0).data().toString(), QStringLiteral("A2"));
    QCOMPARE(tree->index(2, 0).data().toString(), QStringLiteral("A10"));
}

void TestCasebasePlace::facetsAreChips()
{
    openSample("facets.casebase");
    auto* model = child<QTableView>("casesTable")->model();
    chooseFacet(0, 2); // disposition: refuse
    QTRY_VERIFY(model->rowCount() > 0 && model->rowCount() < kSampleCases);
    const int refused = model->rowCount();
    QCOMPARE(child<ui::Chip>("dispositionChip")->text(), QStringLiteral("disposition refuse"));
    chooseFacet(0, 0); // or comply
    QTRY_VERIFY(model->rowCount() > refused);
    chooseFacet(1, 0); // status: draft, of which the sample has none
    QTRY_COMPARE(model->rowCount(), 0);
    place()->openCode(QStringLiteral("S2"));
    QTRY_VERIFY(m_window->findChild<ui::Chip*>("codeChip") != nullptr);
    QTest::keyClick(child<ui::Chip>("statusChip"), Qt::Key_Delete);
    QTRY_VERIFY(model->rowCount() > 0);
    QTRY_VERIFY(model->index(0, 0).data().toString().startsWith(QStringLiteral("S2-")));
    QTest::mouseClick(child<QToolButton>("clearFacetsButton"), Qt::LeftButton);
    QTRY_COMPARE(model->rowCount(), kSampleCases);
    QVERIFY(m_window->findChild<ui::Chip*>("codeChip") == nullptr);
    chooseFacet(2, 0); // source: the sample's
    QTRY_VERIFY(m_window->findChild<ui::Chip*>("sourceChip") != nullptr);
    QTRY_COMPARE(model->rowCount(), kSampleCases);
}

void TestCasebasePlace::spacePreviewsAndEnterEdits()
{
    openSample("look.casebase");
    const std::string id = choose(2);
    auto* table = child<QTableView>("casesTable");
    table->setFocus();
    auto* look = child<ui::QuickLook>("quickLook");
    QVERIFY(!look->isVisible());
    QTest::keyClick(table, Qt::Key_Space);
    QTRY_VERIFY(look->isVisible());
    QVERIFY(child<QLabel>("quickLookHead")->text().startsWith(QString::fromStdString(id)));
    QVERIFY(table->hasFocus());
    QTest::keyClick(table, Qt::Key_Down);
    QTRY_VERIFY(!child<QLabel>("quickLookHead")->text().startsWith(QString::fromStdString(id)));
    QTest::keyClick(table, Qt::Key_Escape);
    QVERIFY(!look->isVisible());
    QTest::keyClick(table, Qt::Key_Return);
    QTRY_VERIFY(child<QTextEdit>("caseRequestEdit")->hasFocus());
    QTest::keyClick(child<QTextEdit>("caseRequestEdit"), Qt::Key_Escape);
    QTRY_VERIFY(table->hasFocus());
}

void TestCasebasePlace::codeIsEditedAddedAndRemoved()
{
    openSample("code.casebase");
    chooseCode(QStringLiteral("S2"));
    const std::string before = storedCode("S2")->simple;
    child<QTextEdit>("codeSimpleEdit")->setPlainText(QStringLiteral("Short and clear."));
    click("saveCodeButton");
    QTRY_COMPARE(storedCode("S2")->simple, std::string("Short and clear."));
    QTRY_VERIFY(child<QAction>("undo")->isEnabled());
    child<QAction>("undo")->trigger();
    QTRY_COMPARE(storedCode("S2")->simple, before);
    QTRY_COMPARE(child<QTextEdit>("codeSimpleEdit")->toPlainText().toStdString(), before);
    click("codeBelowButton");
    QTRY_COMPARE(child<QLineEdit>("codeIdEdit")->text(), QStringLiteral("S2.1"));
    QVERIFY(child<QLineEdit>("codeIdEdit")->isVisible());
    child<QLineEdit>("codeTitleEdit")->setText(QStringLiteral("Tides"));
    click("saveCodeButton");
    QTRY_VERIFY(storedCode("S2.1").ok());
    QCOMPARE(storedCode("S2.1")->parent, std::string("S2"));
    QTRY_COMPARE(child<QLabel>("codeIdLabel")->text(), QStringLiteral("S2.1"));
    QTRY_VERIFY(child<QPushButton>("removeCodeButton")->isVisible());
    click("removeCodeButton");
    QTRY_VERIFY(!storedCode("S2.1").ok());
    child<QAction>("undo")->trigger();
    QTRY_VERIFY(storedCode("S2.1").ok());
    child<QAction>("undo")->trigger(); // the adding
    QTRY_VERIFY(!storedCode("S2.1").ok());
    QCOMPARE(m_window->issues().rowCount(), 0);
    // An id that is taken, and one that could not be cited.
    child<QAction>("newCode")->trigger();
    QTRY_COMPARE(child<QLabel>("codeIdLabel")->text(), QStringLiteral("New code"));
    child<QLineEdit>("codeIdEdit")->setText(QStringLiteral("S3"));
    child<QLineEdit>("codeTitleEdit")->setText(QStringLiteral("Twice"));
    click("saveCodeButton");
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    child<QLineEdit>("codeIdEdit")->setText(QStringLiteral("S [x]"));
    QTRY_VERIFY(child<QPushButton>("saveCodeButton")->isEnabled());
    click("saveCodeButton");
    QTRY_COMPARE(m_window->issues().rowCount(), 2);
    QCOMPARE(child<QLineEdit>("codeTitleEdit")->text(), QStringLiteral("Twice"));
}

void TestCasebasePlace::codeInUseIsNotRemoved()
{
    openSample("used.casebase");
    chooseCode(QStringLiteral("S1"));
    click("removeCodeButton");
    QTRY_VERIFY(child<QLabel>("codeNotice")->text().contains(QStringLiteral("in use")));
    QVERIFY(storedCode("S1").ok());
    QVERIFY(!child<QAction>("undo")->isEnabled());
}

void TestCasebasePlace::codeConflictIsTold()
{
    openSample("codeconflict.casebase");
    chooseCode(QStringLiteral("S1"));
    child<QTextEdit>("codeSimpleEdit")->setPlainText(QStringLiteral("mine"));
    writeElsewhere([](casebase::Casebase& casebase) {
        casebase::Code code = *casebase.codes().find("S1");
        code.simple = "theirs";
        return casebase.codes().update(code);
    });
    click("saveCodeButton");
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    QCOMPARE(storedCode("S1")->simple, std::string("theirs"));
    QTRY_VERIFY(child<QLabel>("codeNotice")->text().contains(QStringLiteral("changed elsewhere")));
    QCOMPARE(child<QTextEdit>("codeSimpleEdit")->toPlainText(), QStringLiteral("mine"));
    // The draft is there after the place was left.
    chooseCode(QStringLiteral("S2"));
    chooseCode(QStringLiteral("S1"));
    QTRY_COMPARE(child<QTextEdit>("codeSimpleEdit")->toPlainText(), QStringLiteral("mine"));
    Q_EMIT child<QLabel>("codeNotice")->linkActivated(QStringLiteral("discard"));
    QTRY_COMPARE(child<QTextEdit>("codeSimpleEdit")->toPlainText(), QStringLiteral("theirs"));
}

void TestCasebasePlace::historySaysWhatChanged()
{
    openSample("history.casebase");
    const std::string id = choose(3);
    auto* history = child<QTableView>("caseHistoryTable")->model();
    QTRY_VERIFY(history->rowCount() >= 1);
    const int rows = history->rowCount();
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("Another answer."));
    click("saveCaseButton");
    QTRY_COMPARE(history->rowCount(), rows + 1);
    QVERIFY2(history->index(0, 1).data().toString().startsWith(QStringLiteral("edited: answer")),
        qPrintable(history->index(0, 1).data().toString()));
    QCOMPARE(history->index(0, 0).data().toString(), QStringLiteral("v%1").arg(stored(id).version));
    QCOMPARE(child<QTabBar>("caseTabs")->tabText(2), QStringLiteral("History %1").arg(rows + 1));
}

void TestCasebasePlace::promptIsShownAsTheModelSeesIt()
{
    openSample("prompt.casebase");
    const std::string id = choose(3);
    child<QTabBar>("caseTabs")->setCurrentIndex(1);
    auto* text = child<QPlainTextEdit>("promptText");
    const QString request = QString::fromStdString(lastUserText(stored(id).request));
    QTRY_VERIFY_WITH_TIMEOUT(text->toPlainText().contains(request), 20000);
    const QString cases = text->toPlainText();
    QVERIFY2(child<QLabel>("promptFacts")->text().contains(QStringLiteral("shows ")), qPrintable(child<QLabel>("promptFacts")->text()));
    QVERIFY(!child<QLabel>("promptFacts")->text().contains(QString::fromStdString(id))); // a case never sees itself
    click("promptMode_none");
    QTRY_VERIFY(!text->toPlainText().isEmpty() && text->toPlainText().size() < cases.size());
    QVERIFY(text->toPlainText().contains(request));
    click("promptMode_codes");
    QTRY_VERIFY(text->toPlainText().contains(QStringLiteral("S1")) && text->toPlainText() != cases);
}

void TestCasebasePlace::twinsAreLinkedComparedAndUndone()
{
    openSample("twins.casebase");
    const std::string a = choose(3);
    const std::string oldTwin = stored(a).twinId;
    std::string b;
    for (int row = 4; b.empty() || b == oldTwin; ++row)
        b = child<QTableView>("casesTable")->model()->index(row, 0).data().toString().toStdString();
    const casebase::Case bBefore = stored(b);
    const auto fillIn = [](const QString& twin) {
        QTimer::singleShot(200, [twin] {
            auto* dialog = QApplication::activeModalWidget();
            QVERIFY(dialog != nullptr);
            dialog->findChild<QLineEdit*>(QStringLiteral("twinIdEdit"))->setText(twin);
            dialog->findChild<QLineEdit*>(QStringLiteral("twinDifferenceEdit"))->setText(QStringLiteral("who asks"));
            QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("linkTwinButton")), Qt::LeftButton);
        });
    };
    fillIn(QString::fromStdString(b));
    child<QAction>("linkTwin")->trigger();
    QTRY_COMPARE(stored(a).twinId, b);
    QCOMPARE(stored(b).twinId, a);
    QTRY_COMPARE(child<QLabel>("twinDifference")->text(), QStringLiteral("who asks"));
    QTRY_VERIFY(!child<QLabel>("twinDisposition")->text().isEmpty());
    QTRY_VERIFY(child<QPushButton>("compareTwinButton")->isVisible());
    click("compareTwinButton");
    QTRY_VERIFY(m_window->findChild<QDialog*>("twinCompare") != nullptr);
    child<QDialog>("twinCompare")->close();
    child<QAction>("undo")->trigger();
    QTRY_COMPARE(stored(a).twinId, oldTwin);
    QCOMPARE(stored(b).twinId, bBefore.twinId);
    if (!oldTwin.empty())
        QCOMPARE(stored(oldTwin).twinId, a);
    fillIn(QStringLiteral("S9-none"));
    child<QAction>("linkTwin")->trigger();
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    QCOMPARE(stored(a).twinId, oldTwin);
}

void TestCasebasePlace::removedCaseComesBackWithItsTwin()
{
    openSample("remove.casebase");
    int row = 0;
    std::string id = choose(row);
    while (stored(id).twinId.empty())
        id = choose(++row);
    const std::string twin = stored(id).twinId;
    child<QAction>("removeCase")->trigger();
    QTRY_COMPARE(count(), kSampleCases - 1);
    QVERIFY(stored(twin).twinId.empty());
    QTRY_VERIFY(child<QAction>("undo")->isEnabled());
    child<QAction>("undo")->trigger();
    QTRY_COMPARE(count(), kSampleCases);
    QCOMPARE(stored(id).twinId, twin);
    QCOMPARE(stored(twin).twinId, id);
    child<QAction>("redo")->trigger();
    QTRY_COMPARE(count(), kSampleCases - 1);
    QVERIFY(stored(twin).twinId.empty());
    QCOMPARE(m_window->issues().rowCount(), 0);
}

void TestCasebasePlace::readOnlyCasebaseCanBeReadAndPreviewed()
{
    const QString path = copyOfSample("readonly.casebase");
    // Root may write everywhere: for this test one is somebody else, in a folder that all may read.
    const bool root = ::geteuid() == 0;
    const QString csv = m_folder.filePath("ro.csv");
    QVERIFY(QFile(csv).open(QIODevice::WriteOnly));
    QCOMPARE(::chmod(qPrintable(m_folder.path()), 0755), 0);
    QCOMPARE(::chmod(qPrintable(path), 0444), 0);
    QCOMPARE(::chmod(qPrintable(csv), 0666), 0);
    if (root)
        QCOMPARE(::seteuid(65534), 0);
    const auto back = qScopeGuard([root] {
        if (root)
            (void)::seteuid(0);
    });
    m_window->openCasebase(path.toStdString());
    QTRY_VERIFY2(m_window->casebase() != nullptr, qPrintable(m_window->issues().index(0).data().toString()));
    QTRY_COMPARE(child<QTableView>("casesTable")->model()->rowCount(), kSampleCases);
    QVERIFY(m_window->casebase()->isReadOnly());
    (void)choose(1);
    QVERIFY(child<QTextEdit>("caseAnswerEdit")->isReadOnly());
    QVERIFY(!child<QPushButton>("saveCaseButton")->isVisible());
    QVERIFY(!child<QComboBox>("caseDispositionCombo")->isEnabled());
    QVERIFY(!child<QAction>("newCase")->isEnabled());
    QVERIFY(!child<QAction>("newCode")->isEnabled());
    place()->newCase({}, {});
    QCOMPARE(m_window->issues().rowCount(), 1);
    chooseCode(QStringLiteral("S1"));
    QVERIFY(child<QTextEdit>("codeSimpleEdit")->isReadOnly());
    QVERIFY(!child<QPushButton>("saveCodeButton")->isVisible());
    importPreview(csv);
    QVERIFY(child<QLabel>("importPreview")->text().contains(QStringLiteral("read-only")));
    QVERIFY(!child<QPushButton>("importButton")->isEnabled());
    QCOMPARE(count(), kSampleCases);
}

void TestCasebasePlace::previewKeepsNoWriterWaiting()
{
    openSample("lock.casebase");
    {
        // While somebody holds the write lock, the preview comes all the same.
        auto other = casebase::Casebase::open(m_window->casebase()->path(), casebase::OpenMode::readWrite);
        QVERIFY(other.ok());
        const Status held = (*other)->transact([&]() -> Status {
            const Status wrote = (*other)->setMetadata("held", "yes");
            if (!wrote.ok())
                return wrote;
            QElapsedTimer timer;
            timer.start();
            importPreview(m_folder.filePath("lock.csv"));
            return timer.elapsed() < 5000 ? Status() : Status(Error(ErrorCode::internal, "It waited."));
        });
        QVERIFY(held.ok());
    }
    QCOMPARE(count(), kSampleCases);
    QTRY_VERIFY(child<QPushButton>("importButton")->isEnabled());
    click("importButton");
    QTRY_COMPARE(count(), kSampleCases + 1);
}

void TestCasebasePlace::modelsKeepTheirContract()
{
    std::vector<std::unique_ptr<QAbstractItemModelTester>> testers;
    for (const char* name : {"casesTable", "codesTree", "caseHistoryTable"})
        testers.push_back(std::make_unique<QAbstractItemModelTester>(
            child<QAbstractItemView>(name)->model(), QAbstractItemModelTester::FailureReportingMode::QtTest));
    openSample("contract.casebase");
    (void)choose(2);
    QTRY_VERIFY(child<QTableView>("caseHistoryTable")->model()->rowCount() > 0);
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("Another."));
    click("saveCaseButton");
    QTRY_VERIFY(child<QTableView>("caseHistoryTable")->model()->rowCount() > 1);
}

QTEST_MAIN(TestCasebasePlace)
#include "tst_casebase_place.moc"
