#include <QtTest/QtTest>

#include <memory>

#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QTableView>
#include <QTemporaryDir>

#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/step_view.h"

using namespace precedent;

/// The answers of a run's steps, over a casebase whose step N drew answers of 10 N tokens each.
class TestStepView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void newestIsShownAndFollowed();
    void laterChoiceWins();
    void whatIsReadStaysWhereItIs();
    void whatIsShownOutlivesItsFile();
    void droppedStepsAreGone();

private:
    /// Stores steps up to `last`, and says which are stored.
    std::vector<casebase::RunStep> storedTo(int last)
    {
        while (static_cast<int>(m_records.size()) < last) {
            const int step = static_cast<int>(m_records.size()) + 1;
            casebase::Rollout rollout;
            rollout.step = step;
            rollout.promptId = "p";
            rollout.tokens = 10 * step;
            m_records.push_back({step, {{"reward", 0.5}}, 1.0});
            if (!m_casebase->runs().recordStep(m_run, m_records.back(), {rollout}).ok())
                qFatal("step not stored");
        }
        return {m_records.begin(), m_records.begin() + last};
    }
    [[nodiscard]] QString shownTokens() const
    {
        const auto* table = m_view->findChild<QTableView*>(QStringLiteral("rolloutsTable"));
        return table->model()->index(0, ui::RolloutModel::tokensColumn).data().toString();
    }
    [[nodiscard]] QComboBox* steps() const { return m_view->findChild<QComboBox*>(QStringLiteral("stepCombo")); }
    [[nodiscard]] QPushButton* newer() const { return m_view->findChild<QPushButton*>(QStringLiteral("newRolloutsButton")); }
    void choose(int step)
    {
        const int at = steps()->findData(step);
        QVERIFY(at >= 0);
        steps()->setCurrentIndex(at);
        Q_EMIT steps()->activated(at);
    }
    /// Everything asked so far is answered by then.
    void settle()
    {
        bool answered = false;
        m_bridge->ask(
            this, [](casebase::Casebase&) { return 0; }, [&answered](int) { answered = true; });
        QTRY_VERIFY(answered);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<casebase::Casebase> m_casebase;
    std::string m_run;
    std::vector<casebase::RunStep> m_records;
    std::unique_ptr<ui::CasebaseBridge> m_bridge;
    std::unique_ptr<ui::StepView> m_view;
};

void TestStepView::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    const std::string path = m_folder->filePath("steps.casebase").toStdString();
    auto made = casebase::Casebase::create(path);
    QVERIFY(made.ok());
    m_casebase = std::move(*made);
    m_run = m_casebase->runs().add({}).value();
    m_records.clear();
    m_bridge = std::make_unique<ui::CasebaseBridge>(path);
    m_view = std::make_unique<ui::StepView>();
    m_view->setCasebase(m_bridge.get());
    m_view->setRun(QString::fromStdString(m_run), true);
    m_view->show();
}

void TestStepView::cleanup()
{
    m_view.reset();
    m_bridge.reset();
    m_casebase.reset();
}

void TestStepView::newestIsShownAndFollowed()
{
    m_view->setSteps({});
    settle();
    QCOMPARE(shownTokens(), QString());
    m_view->addSteps(storedTo(2));
    settle();
    QCOMPARE(shownTokens(), QStringLiteral("20"));
    m_view->addSteps(storedTo(3));
    settle();
    QCOMPARE(shownTokens(), QStringLiteral("30"));
    QCOMPARE(steps()->currentData().toInt(), 3);
    QVERIFY(newer()->isHidden());
}

void TestStepView::laterChoiceWins()
{
    m_view->addSteps(storedTo(4));
    choose(2);
    choose(1);
    QSignalSpy shown(m_view->findChild<QTableView*>(QStringLiteral("rolloutsTable"))->model(), &QAbstractItemModel::modelReset);
    settle();
    QCOMPARE(shown.size(), 1); // what was asked before is not even shown in passing
    QCOMPARE(shownTokens(), QStringLiteral("10"));
    QCOMPARE(steps()->currentData().toInt(), 1);
}

void TestStepView::whatIsReadStaysWhereItIs()
{
    m_view->addSteps(storedTo(2));
    settle();
    choose(1);
    settle();
    m_view->addSteps(storedTo(3));
    settle();
    QCOMPARE(newer()->text(), QStringLiteral("1 new step"));
    m_view->addSteps(storedTo(5));
    settle();
    QCOMPARE(newer()->text(), QStringLiteral("3 new steps"));
    QCOMPARE(shownTokens(), QStringLiteral("10"));
    QCOMPARE(steps()->count(), 5); // to be chosen from at once
    m_view->setSteps(storedTo(5)); // the run ended
    settle();
    QCOMPARE(shownTokens(), QStringLiteral("10"));
    QCOMPARE(steps()->currentData().toInt(), 1);
    QVERIFY(newer()->isVisible());
    QTest::mouseClick(newer(), Qt::LeftButton);
    settle();
    QCOMPARE(shownTokens(), QStringLiteral("50"));
    QVERIFY(newer()->isHidden());
}

void TestStepView::whatIsShownOutlivesItsFile()
{
    m_view->addSteps(storedTo(2));
    m_view->setSteps({});
    settle();
    QCOMPARE(shownTokens(), QStringLiteral("20"));
    QCOMPARE(steps()->count(), 2);
}

void TestStepView::droppedStepsAreGone()
{
    m_view->addSteps(storedTo(4));
    settle();
    choose(3);
    settle();
    m_view->setSteps(storedTo(2)); // continued from an earlier checkpoint
    settle();
    QCOMPARE(steps()->count(), 2);
    QCOMPARE(steps()->currentData().toInt(), 2);
    QCOMPARE(shownTokens(), QStringLiteral("20"));
}

QTEST_MAIN(TestStepView)
#include "tst_step_view.moc"
