#include <QtTest/QtTest>

#include "precedent/base/pace.h"

using precedent::Pace;

class TestPace : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nothingIsKnownAtFirst()
    {
        Pace pace;
        QVERIFY(!pace.secondsLeft(10));
        pace.add(3, 5);
        QVERIFY(!pace.secondsLeft(10));
        pace.add(3, 9); // time alone makes no pace
        QVERIFY(!pace.secondsLeft(10));
    }

    void anEvenPaceGoesOn()
    {
        Pace pace;
        for (int step = 0; step <= 40; ++step)
            pace.add(step, 2.5 * step);
        QCOMPARE(*pace.secondsLeft(100), 150.0);
        QCOMPARE(*pace.secondsLeft(40), 0.0);
        QCOMPARE(*pace.secondsLeft(39), 0.0);
    }

    void aHoldUpIsForgotten()
    {
        Pace pace;
        double seconds = 0;
        for (int step = 0; step <= 10; ++step)
            pace.add(step, seconds += 1);
        pace.add(11, seconds += 100);
        QVERIFY(*pace.secondsLeft(100) > 800); // it may well last
        for (int step = 12; step <= 130; ++step)
            pace.add(step, seconds += 1);
        QVERIFY2(std::abs(*pace.secondsLeft(200) - 70) < 1, qPrintable(QString::number(*pace.secondsLeft(200))));
    }

    void whatWasThereAtOnceMakesNoPace()
    {
        Pace pace;
        pace.add(0, 0);
        for (int kept = 1; kept <= 500; ++kept)
            pace.add(kept, 0.01);
        for (int answer = 1; answer <= 20; ++answer)
            pace.add(500 + answer, 0.01 + answer);
        QVERIFY2(std::abs(*pace.secondsLeft(1000) - 480) < 1, qPrintable(QString::number(*pace.secondsLeft(1000))));
    }
};

QTEST_GUILESS_MAIN(TestPace)
#include "tst_pace.moc"
