#include <QtTest/QtTest>

#include <QAbstractButton>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>

#include "precedent/casebase/run_store.h"
#include "tests/ui/window_fixture.h"
#include "ui/runs/launch_page.h"

using namespace precedent;

/// What the page of a new run says that it will take, guessed and measured: with the real engine and the starter.
class TestLaunchEstimate : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init()
    {
        openWindow();
        open(copyOfSample(QString::fromLatin1(QTest::currentTestFunction()) + QStringLiteral(".casebase")));
        child<QAction>("newRun")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(page()->isVisible(), tests::kLong);
    }
    void cleanup() { closeWindow(); }
    void estimateOfOldSettingsIsNotShown();
    void stepsAreMeasuredOnThisMachine();
    void measuringStopsWhenSettingsChange();

private:
    [[nodiscard]] ui::LaunchPage* page() { return child<ui::LaunchPage>("launchDialog"); }
    void take(const char* preset) { QTest::mouseClick(child<QAbstractButton>(preset), Qt::LeftButton); }
    [[nodiscard]] QString text(const char* name) { return child<QLabel>(name)->text(); }
};

void TestLaunchEstimate::estimateOfOldSettingsIsNotShown()
{
    const auto label = [this](const char* name) { return page()->findChild<QLabel*>(QString::fromLatin1(name)); };
    QTRY_VERIFY_WITH_TIMEOUT(label("estimateBasis") != nullptr, tests::kLong);
    child<QSpinBox>("stepsSpin")->setValue(11);
    QTRY_VERIFY_WITH_TIMEOUT(label("estimateBasis") == nullptr, tests::kLong); // it is being worked out
    child<QSpinBox>("sft_stepsField")->setValue(2);
    QTest::qWait(1500); // and there by now
    QVERIFY(label("estimateProblem") != nullptr);
    QVERIFY(label("estimateBasis") == nullptr);
}

void TestLaunchEstimate::stepsAreMeasuredOnThisMachine()
{
    take("preset_cada");
    child<QSpinBox>("promptsSpin")->setValue(1);
    child<QSpinBox>("generationsSpin")->setValue(2);
    child<QSpinBox>("longestSpin")->setValue(16);
    QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<QPushButton*>(QStringLiteral("measureRunButton")) != nullptr, tests::kLong);
    QVERIFY(text("estimateBasis").startsWith(QStringLiteral("Not measured")));
    QTest::mouseClick(child<QPushButton>("measureRunButton"), Qt::LeftButton);
    QCOMPARE(child<QPushButton>("measureRunButton")->text(), QStringLiteral("Stop measuring"));
    QVERIFY(text("measureRunNote").contains(QStringLiteral("Nothing is written")));
    QTRY_VERIFY_WITH_TIMEOUT(child<QPushButton>("measureRunButton")->text() == QStringLiteral("Measure again"), tests::kLong);
    QVERIFY2(text("estimateBasis").startsWith(QStringLiteral("Measured on this machine in")), qPrintable(text("estimateBasis")));
    const auto order = page()->order();
    QVERIFY(order.measured.has_value());
    QVERIFY(order.measured->secondsPerStep > 0 && order.measured->memoryBytes > 0);
    const auto stored = read([](casebase::Casebase& casebase) { return casebase.runs().all(); });
    QVERIFY(stored.value().empty());
    child<QSpinBox>("stepsSpin")->setValue(7); // of other settings nothing is known
    QVERIFY(!page()->order().measured.has_value());
}

void TestLaunchEstimate::measuringStopsWhenSettingsChange()
{
    QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<QPushButton*>(QStringLiteral("measureRunButton")) != nullptr, tests::kLong);
    QTest::mouseClick(child<QPushButton>("measureRunButton"), Qt::LeftButton);
    child<QSpinBox>("stepsSpin")->setValue(9);
    QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<QPushButton*>(QStringLiteral("measureRunButton")) != nullptr &&
            child<QPushButton>("measureRunButton")->text() == QStringLiteral("Measure on this machine"),
        tests::kLong);
    QVERIFY(text("estimateBasis").startsWith(QStringLiteral("Not measured")));
    // The page goes: what was asked for ends, and the core is free for a run.
    QTest::mouseClick(child<QPushButton>("measureRunButton"), Qt::LeftButton);
    QTest::mouseClick(child<QPushButton>("cancelLaunchButton"), Qt::LeftButton);
    QVERIFY(!page()->isVisible());
    child<QAction>("newRun")->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<QPushButton*>(QStringLiteral("measureRunButton")) != nullptr &&
            child<QPushButton>("measureRunButton")->text() == QStringLiteral("Measure on this machine"),
        tests::kLong);
    QVERIFY(!page()->order().measured.has_value());
}

QTEST_MAIN(TestLaunchEstimate)
#include "tst_launch_estimate.moc"
