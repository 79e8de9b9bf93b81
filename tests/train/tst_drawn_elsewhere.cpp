#include <QtTest>

#include "core/run/drawn_elsewhere.h"

using namespace precedent;
using namespace precedent::core;

class TestDrawnElsewhere : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theChainIsOpenedOnce_data()
    {
        QTest::addColumn<bool>("openInPrompt");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("continuation");
        QTest::newRow("opened behind the prompt") << false << "<think>Fine.</think>Yes."
                                                  << "<think>Fine.</think>Yes.";
        QTest::newRow("no chain") << false << "Yes."
                                  << "Yes.";
        QTest::newRow("opened by the server's template") << false << "Fine.</think>Yes."
                                                         << "<think>Fine.</think>Yes.";
        QTest::newRow("opened late") << false << "Well. <think>Fine.</think>Yes."
                                     << "Well. <think>Fine.</think>Yes.";
        QTest::newRow("the prompt opens, so does the text") << true << "\n <think>Fine.</think>Yes."
                                                            << "Fine.</think>Yes.";
        QTest::newRow("the prompt opens, and the server's template") << true << "Fine.</think>Yes."
                                                                     << "Fine.</think>Yes.";
        QTest::newRow("the prompt opens, there is no chain") << true << "Yes."
                                                             << "</think>Yes.";
        QTest::newRow("the prompt opens, cut off in the chain") << true << "<think>Fi"
                                                                << "Fi";
    }
    void theChainIsOpenedOnce()
    {
        QFETCH(bool, openInPrompt);
        QFETCH(QString, text);
        QFETCH(QString, continuation);
        ContextTemplates templates;
        templates.openInPrompt = openInPrompt;
        QCOMPARE(QString::fromStdString(continuationOf(text.toStdString(), templates)), continuation);
    }
};

QTEST_GUILESS_MAIN(TestDrawnElsewhere)
#include "tst_drawn_elsewhere.moc"
