#include <QtTest>

#include <QTemporaryDir>

#include "precedent/base/digest.h"
#include "precedent/base/files.h"

using namespace precedent;

class TestDigest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The examples of FIPS 180-2, appendix B, and the digest of nothing.
    void givesPublishedDigests_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("digest");
        QTest::newRow("nothing") << QByteArray() << "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        QTest::newRow("one block") << QByteArray("abc") << "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        QTest::newRow("two blocks") << QByteArray("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                                    << "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
        QTest::newRow("a million a") << QByteArray(1'000'000, 'a') << "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    }

    void givesPublishedDigests()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, digest);
        QCOMPARE(QString::fromStdString(sha256Hex(bytes.toStdString())), digest);
        Sha256 inPieces;
        for (int at = 0; at < bytes.size(); at += 13)
            inPieces.add(bytes.mid(at, 13).toStdString());
        QCOMPARE(QString::fromStdString(inPieces.hex()), digest);
    }

    void readsFilesInPieces()
    {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("three-megabytes").toStdString();
        std::string bytes(3 * 1024 * 1024 + 17, '\0');
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<char>(i * 31 % 251);
        QVERIFY(writeFileAtomically(path, bytes).ok());
        const Result<std::string> digest = sha256File(path);
        QVERIFY(digest.ok());
        QCOMPARE(*digest, sha256Hex(bytes));
    }

    void aMissingFileIsNotFound()
    {
        const Result<std::string> digest = sha256File("no/such/file");
        QVERIFY(!digest.ok());
        QCOMPARE(digest.error().code(), ErrorCode::notFound);
    }

    void fieldsKeepTheirBorders()
    {
        QVERIFY(Sha256().addField("ab").addField("c").hex() != Sha256().addField("a").addField("bc").hex());
        QVERIFY(Sha256().addField("").hex() != Sha256().hex());
        QCOMPARE(Sha256().addField("abc").hex(), sha256Hex("3:abc"));
    }

    void aMovedDigestGoesOn()
    {
        Sha256 first;
        first.add("a");
        Sha256 second = std::move(first);
        QCOMPARE(second.add("bc").hex(), sha256Hex("abc"));
    }
};

QTEST_GUILESS_MAIN(TestDigest)
#include "tst_digest.moc"
