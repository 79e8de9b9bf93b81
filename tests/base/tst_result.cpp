#include <QtTest>

#include <cerrno>
#include <memory>
#include <set>

#include "precedent/base/result.h"

using namespace precedent;

namespace {

Status failWith(ErrorCode code) { return Error(code, "It failed.", "Try again."); }

Status passOn(ErrorCode code, bool& reachedEnd)
{
    reachedEnd = false;
    PRECEDENT_TRY(Status());
    PRECEDENT_TRY(failWith(code));
    reachedEnd = true;
    return {};
}

Result<int> passOnAsOtherType(ErrorCode code)
{
    PRECEDENT_TRY(failWith(code));
    return 1;
}

} // namespace

class TestResult : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void holdsAValue()
    {
        Result<std::string> result = std::string("value");
        QVERIFY(result.ok());
        QVERIFY(static_cast<bool>(result));
        QCOMPARE(*result, std::string("value"));
        QCOMPARE(result->size(), std::size_t{5});
        result.value() += "!";
        QCOMPARE(result.value(), std::string("value!"));
    }

    void holdsAnError()
    {
        const Result<int> result = Error(ErrorCode::notFound, "No file.", "Check the path.");
        QVERIFY(!result.ok());
        QCOMPARE(result.error().code(), ErrorCode::notFound);
        QCOMPARE(result.error().message(), std::string("No file."));
        QCOMPARE(result.error().hint(), std::string("Check the path."));
    }

    void carriesATypeThatCanOnlyBeMoved()
    {
        Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
        QVERIFY(result.ok());
        const std::unique_ptr<int> taken = std::move(result).value();
        QCOMPARE(*taken, 7);
    }

    void aStatusIsGoodUntilItIsGivenAnError()
    {
        QVERIFY(Status().ok());
        QVERIFY(!failWith(ErrorCode::io).ok());
        QCOMPARE(failWith(ErrorCode::io).error().code(), ErrorCode::io);
    }

    void tryReturnsTheErrorAndStopsThere()
    {
        bool reachedEnd = true;
        const Status status = passOn(ErrorCode::corrupt, reachedEnd);
        QVERIFY(!status.ok());
        QVERIFY(!reachedEnd);
        QCOMPARE(status.error().code(), ErrorCode::corrupt);
        QCOMPARE(passOnAsOtherType(ErrorCode::tooNew).error().code(), ErrorCode::tooNew);
    }

    void anErrorSeenFromOneLevelUpKeepsItsCodeAndHint()
    {
        const Error error = Error(ErrorCode::corrupt, "Bad header.", "Fetch it again.").in("model.safetensors");
        QCOMPARE(error.message(), std::string("model.safetensors: Bad header."));
        QCOMPARE(error.hint(), std::string("Fetch it again."));
        QCOMPARE(error.code(), ErrorCode::corrupt);
    }

    void everyCodeHasASpellingOfItsOwn()
    {
        std::set<std::string> names;
        for (int code = static_cast<int>(ErrorCode::invalidArgument); code <= static_cast<int>(ErrorCode::internal); ++code)
            names.insert(toString(static_cast<ErrorCode>(code)));
        QCOMPARE(names.size(), static_cast<std::size_t>(ErrorCode::internal) + 1);
        for (const std::string& name : names)
            QVERIFY2(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos, name.c_str());
    }

    void systemErrorsAreTranslated_data()
    {
        QTest::addColumn<int>("systemError");
        QTest::addColumn<QString>("code");
        QTest::newRow("full disk") << ENOSPC << "disk_full";
        QTest::newRow("quota") << EDQUOT << "disk_full";
        QTest::newRow("no permission") << EACCES << "permission_denied";
        QTest::newRow("not owner") << EPERM << "permission_denied";
        QTest::newRow("read-only place") << EROFS << "permission_denied";
        QTest::newRow("missing") << ENOENT << "not_found";
        QTest::newRow("parent is a file") << ENOTDIR << "not_found";
        QTest::newRow("there already") << EEXIST << "already_exists";
        QTest::newRow("anything else") << EIO << "io";
    }

    void systemErrorsAreTranslated()
    {
        QFETCH(int, systemError);
        QFETCH(QString, code);
        const Error error = errnoError(systemError, "write", "some/file");
        QCOMPARE(QString(toString(error.code())), code);
        QVERIFY(error.message().find("write some/file") != std::string::npos);
        QVERIFY(systemError == EIO || !error.hint().empty());
    }
};

QTEST_GUILESS_MAIN(TestResult)
#include "tst_result.moc"
