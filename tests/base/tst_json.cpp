#include <QtTest>

#include "precedent/base/json.h"

using namespace precedent;

class TestJson : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsTheOrderOfKeys()
    {
        const Result<Json> json = parseJson(R"({"b": 1, "a": [true, null]})", "the text");
        QVERIFY(json.ok());
        QCOMPARE(dumpJson(*json), std::string(R"({"b":1,"a":[true,null]})"));
    }

    void saysWhatIsBrokenAndWhere_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("cut off") << QByteArray(R"({"a": [1, 2)");
        QTest::newRow("two values") << QByteArray("{} {}");
        QTest::newRow("no UTF-8") << QByteArray("{\"a\": \"\xff\"}");
        QTest::newRow("nested without end") << QByteArray(2000, '[');
    }

    void saysWhatIsBrokenAndWhere()
    {
        QFETCH(QByteArray, text);
        const Result<Json> json = parseJson(text.toStdString(), "config.json");
        QVERIFY(!json.ok());
        QCOMPARE(json.error().code(), ErrorCode::corrupt);
        QVERIFY(json.error().message().starts_with("config.json is not valid JSON"));
        QVERIFY(json.error().message().find("byte ") != std::string::npos);
        QVERIFY(!json.error().hint().empty());
    }

    void writesTextThatIsNoUtf8WithoutFailing()
    {
        const std::string text = dumpJson(Json{{"completion", "half a character: \xe2\x82"}});
        QVERIFY(parseJson(text, "the text").ok());
    }
};

QTEST_GUILESS_MAIN(TestJson)
#include "tst_json.moc"
