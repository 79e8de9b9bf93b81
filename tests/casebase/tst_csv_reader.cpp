#include "casebase_fixture.h"
#include "precedent/casebase/csv_reader.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

class TestCsvReader : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void csvReads_data();
    void csvReads();
    void csvRefuses_data();
    void csvRefuses();
    void csvDropsHugeFields();
};

namespace {

/// A source that hands out `step` bytes at a time, so that every border between two reads is met.
ByteSource bytesInSteps(const std::string& bytes, std::size_t step)
{
    return [bytes, step, at = std::size_t{0}](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
        const std::size_t n = std::min({step, size, bytes.size() - at});
        bytes.copy(buffer, n, at);
        at += n;
        return n;
    };
}

Result<QStringList> readAll(const std::string& bytes, std::size_t step, char separator = ',')
{
    CsvReader reader(bytesInSteps(bytes, step), {separator, 1 << 20});
    QStringList rows;
    CsvRecord record;
    while (true) {
        const auto any = reader.next(record);
        if (!any.ok())
            return any.error();
        if (!*any)
            return rows;
        QStringList fields;
        for (const std::string_view field : record.fields)
            fields << QString::fromUtf8(field.data(), qsizetype(field.size()));
        rows << fields.join('|');
    }
}

} // namespace

void TestCsvReader::csvReads_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QStringList>("rows");
    QTest::newRow("plain") << QByteArray("a,b\n1,2\n") << QStringList{"a|b", "1|2"};
    QTest::newRow("no last line end") << QByteArray("a,b\n1,2") << QStringList{"a|b", "1|2"};
    QTest::newRow("CRLF") << QByteArray("a,b\r\n1,2\r\n") << QStringList{"a|b", "1|2"};
    QTest::newRow("CR alone") << QByteArray("a,b\r1,2\r") << QStringList{"a|b", "1|2"};
    QTest::newRow("byte order mark") << QByteArray("\xef\xbb\xbf"
                                                   "a,b\n1,2\n")
                                     << QStringList{"a|b", "1|2"};
    QTest::newRow("quotes") << QByteArray("\"a\",\"b,c\"\n\"say \"\"hi\"\"\",\"\"\n") << QStringList{"a|b,c", "say \"hi\"|"};
    QTest::newRow("line ends in quotes") << QByteArray("a\n\"1\n2\r\n3\"\n") << QStringList{"a", "1\n2\r\n3"};
    QTest::newRow("quote inside a plain field") << QByteArray("a\n5\" pipe\n") << QStringList{"a", "5\" pipe"};
    QTest::newRow("empty fields") << QByteArray("a,b,c\n,,\n") << QStringList{"a|b|c", "||"};
    QTest::newRow("empty last field at the end") << QByteArray("a,b\n1,") << QStringList{"a|b", "1|"};
    QTest::newRow("blank lines") << QByteArray("a,b\n\n1,2\n\r\n\n3,4\n\n") << QStringList{"a|b", "1|2", "3|4"};
    QTest::newRow("quoted empty line") << QByteArray("a\n\"\"\n") << QStringList{"a", ""};
    QTest::newRow("UTF-8 of every length") << QByteArray("a\n\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z\n")
                                           << QStringList{"a", QString::fromUtf8("\u00e4\u20ac\U0001F600z")};
    QTest::newRow("quote closes at the end") << QByteArray("a\n\"x\"") << QStringList{"a", "x"};
    QTest::newRow("empty") << QByteArray("") << QStringList{};
}

void TestCsvReader::csvReads()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QStringList, rows);
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1 << 20}}) {
        const auto read = readAll(bytes.toStdString(), step);
        QVERIFY_OK(read);
        QCOMPARE(*read, rows);
    }
}

void TestCsvReader::csvRefuses_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QStringList>("says");
    QTest::newRow("Latin-1") << QByteArray("prompt\nplain\ncaf\xe9 noir\n") << QStringList{"not UTF-8", "byte 16", "row 2"};
    QTest::newRow("Latin-1 at the very end") << QByteArray("prompt\ncaf\xe9") << QStringList{"not UTF-8", "byte 10", "row 1"};
    QTest::newRow("in the header") << QByteArray("pr\xffmpt\nx\n") << QStringList{"not UTF-8", "byte 2", "row 0"};
    QTest::newRow("just before the end of a read") << QByteArray(";\xef\0\n\xbf", 5) << QStringList{"not UTF-8", "byte 1", "row 0"};
    QTest::newRow("overlong") << QByteArray("p\n\xc0\xaf\n") << QStringList{"not UTF-8", "byte 2"};
    QTest::newRow("surrogate") << QByteArray("p\n\xed\xa0\x80\n") << QStringList{"not UTF-8", "byte 2"};
    QTest::newRow("UTF-16, little end first") << QByteArray("\xff\xfep\0\n\0", 6) << QStringList{"UTF-16"};
    QTest::newRow("UTF-16, big end first") << QByteArray("\xfe\xff\0p\0\n", 6) << QStringList{"UTF-16"};
    QTest::newRow("UTF-32") << QByteArray("\xff\xfe\0\0p\0\0\0", 8) << QStringList{"UTF-32"};
    QTest::newRow("UTF-16 without a mark") << QByteArray("p\0\n\0x\0\n\0", 8) << QStringList{"NUL", "byte 1"};
    QTest::newRow("quote never closed") << QByteArray("a,b\n1,2\n3,\"four\n5,6\n7,8\n") << QStringList{"row 2", "line 3", "never closed"};
    QTest::newRow("quote opened at the end") << QByteArray("a\n\"") << QStringList{"row 1", "line 2", "never closed"};
    QTest::newRow("text after a quote") << QByteArray("a,b\n\"x\"y,2\n") << QStringList{"Row 1", "line 2", "after a closing quote"};
    QTest::newRow("encoding before quotes") << QByteArray("a\n\"\xff\n") << QStringList{"not UTF-8", "byte 3"};
}

void TestCsvReader::csvRefuses()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QStringList, says);
    for (const std::size_t step : {std::size_t{4}, std::size_t{5}, std::size_t{1 << 20}}) {
        const auto read = readAll(bytes.toStdString(), step);
        QVERIFY(!read.ok());
        QCOMPARE(int(read.error().code()), int(ErrorCode::corrupt));
        for (const QString& part : says)
            QVERIFY2(QString::fromStdString(read.error().message()).contains(part), read.error().message().c_str());
        QVERIFY(!read.error().hint().empty());
    }
}

void TestCsvReader::csvDropsHugeFields()
{
    const std::string huge(5000, 'x');
    CsvReader reader(bytesInSteps("a,b,c\n1," + huge + ",\"" + huge + "\"\n2,3,4\n", 100), {',', 1000});
    CsvRecord record;
    QVERIFY(*reader.next(record));
    QVERIFY(*reader.next(record));
    QCOMPARE(record.oversizedField, 2U);
    QVERIFY(record.fields[1].empty() && record.fields[2].empty());
    QVERIFY(*reader.next(record));
    QCOMPARE(record.oversizedField, 0U);
    QCOMPARE(std::string(record.fields[2]), std::string("4"));
}

QTEST_GUILESS_MAIN(TestCsvReader)
#include "tst_csv_reader.moc"
