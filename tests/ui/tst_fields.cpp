#include <QtTest/QtTest>

#include <QLineEdit>

#include "ui/shell/real_spin.h"
#include "ui/shell/segments.h"

using namespace precedent;

/// Fields that more than one place may use, by themselves.
class TestFields : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void realNumbersKeepTheirDigits();
    void numbersAreWrittenPlainly_data();
    void numbersAreWrittenPlainly();
    void segmentsAreChosenByKey();
};

void TestFields::realNumbersKeepTheirDigits()
{
    ui::RealSpin spin;
    spin.setRange(0, 10);
    spin.setSingleStep(0.1);
    spin.setValue(0.04);
    QCOMPARE(spin.text(), QStringLiteral("0.04"));
    for (int i = 0; i < 3; ++i)
        spin.stepUp();
    QCOMPARE(spin.value(), 0.34);
    spin.setSingleStep(0);
    spin.setValue(1e-4);
    spin.stepDown();
    QCOMPARE(spin.value(), 5e-5);
    spin.clear();
    QTest::keyClicks(&spin, QStringLiteral("2.5e-6"));
    QCOMPARE(spin.value(), 2.5e-6);
    spin.clear();
    QTest::keyClicks(&spin, QStringLiteral("1x2"));
    QCOMPARE(spin.value(), 1.0); // the letter is not taken, and 12 is out of bounds
}

void TestFields::numbersAreWrittenPlainly_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("nothing") << 0.0 << "0";
    QTest::newRow("a rate") << 1e-4 << "0.0001";
    QTest::newRow("a small rate") << 2e-5 << "0.00002";
    QTest::newRow("a tiny one") << 2e-7 << "2e-07";
    QTest::newRow("thousands") << 1234567.5 << "1234567.5";
    QTest::newRow("a sum of tenths") << 0.1 + 0.2 << "0.30000000000000004";
}

void TestFields::numbersAreWrittenPlainly()
{
    QFETCH(double, value);
    QTEST(ui::numberText(value, QLocale::c()), "text");
}

void TestFields::segmentsAreChosenByKey()
{
    ui::Segments segments;
    segments.setObjectName(QStringLiteral("choice"));
    for (const char* value : {"off", "warn", "stop"})
        segments.add(QString::fromLatin1(value), QString::fromLatin1(value));
    QSignalSpy chosen(&segments, &ui::Segments::chosen);
    segments.show();
    segments.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&segments));
    segments.setValue(QStringLiteral("warn"));
    QCOMPARE(chosen.count(), 0); // nobody has chosen
    auto* warn = segments.findChild<QAbstractButton*>(QStringLiteral("choice_warn"));
    QVERIFY((warn->focusPolicy() & Qt::TabFocus) != 0);
    QVERIFY((segments.findChild<QAbstractButton*>(QStringLiteral("choice_off"))->focusPolicy() & Qt::TabFocus) == 0);
    warn->setFocus();
    QTest::keyClick(warn, Qt::Key_Right);
    QCOMPARE(segments.value(), QStringLiteral("stop"));
    QCOMPARE(chosen.takeLast().at(0).toString(), QStringLiteral("stop"));
    segments.setValue(QStringLiteral("another"));
    QCOMPARE(segments.value(), QString());
}

QTEST_MAIN(TestFields)
#include "tst_fields.moc"
