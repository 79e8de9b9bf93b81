#include <QtTest>

#include "precedent/base/domain.h"

using namespace precedent;

class TestDomain : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void spellingsAreStable()
    {
        QCOMPARE(QString(toString(Disposition::comply)), QString("comply"));
        QCOMPARE(QString(toString(Disposition::refuse)), QString("refuse"));
        QCOMPARE(QString(toString(Disposition::safeComplete)), QString("safe_complete"));
        QCOMPARE(QString(toString(Disposition::unknown)), QString("unknown"));
        QCOMPARE(QString(toString(Verdict::noAnswer)), QString("no_answer"));
        QCOMPARE(QString(toString(Verdict::safeComplete)), QString("safe_complete"));
        QCOMPARE(QString(toString(PromptLabel::attack)), QString("attack"));
        QCOMPARE(QString(toString(Mode::cases)), QString("cases"));
    }

    void spellingsReadBack()
    {
        for (const auto value : {Disposition::comply, Disposition::refuse, Disposition::safeComplete, Disposition::unknown})
            QVERIFY(dispositionFromString(toString(value)) == value);
        for (const auto value : {Verdict::comply, Verdict::refuse, Verdict::safeComplete, Verdict::noAnswer})
            QVERIFY(verdictFromString(toString(value)) == value);
        for (const auto value : {PromptLabel::harmful, PromptLabel::benign, PromptLabel::attack, PromptLabel::utility})
            QVERIFY(promptLabelFromString(toString(value)) == value);
        for (const auto value : {Mode::none, Mode::codes, Mode::cases})
            QVERIFY(modeFromString(toString(value)) == value);
    }

    void unknownSpellingsAreRefused_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("empty") << "";
        QTest::newRow("case") << "Comply";
        QTest::newRow("prefix") << "harm";
        QTest::newRow("space") << "none ";
        QTest::newRow("camel case") << "safeComplete";
    }

    void unknownSpellingsAreRefused()
    {
        QFETCH(QString, text);
        const std::string spelling = text.toStdString();
        QVERIFY(!dispositionFromString(spelling));
        QVERIFY(!verdictFromString(spelling));
        QVERIFY(!promptLabelFromString(spelling));
        QVERIFY(!modeFromString(spelling));
    }

    void lastUserTextIsTheLastUserTurn()
    {
        QCOMPARE(lastUserText({}), std::string());
        QCOMPARE(lastUserText({{"system", "s"}}), std::string());
        QCOMPARE(lastUserText({{"user", "first"}, {"assistant", "a"}, {"user", "second"}, {"assistant", "b"}}), std::string("second"));
    }
};

QTEST_GUILESS_MAIN(TestDomain)
#include "tst_domain.moc"
