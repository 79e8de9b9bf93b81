#include <QtTest>

#include <cstdlib>

#include "precedent/workspace/engine_loader.h"

using namespace precedent;

/// A kernel set in the environment that uses half of the processor is told; any other, and none, is not.
class TestSlowBlas : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void onlyASlowSetIsTold_data()
    {
        QTest::addColumn<QByteArray>("named");
        QTest::addColumn<bool>("told");
        QTest::newRow("none") << QByteArray() << false;
        QTest::newRow("as old as SSE") << QByteArray("Nehalem") << true;
        QTest::newRow("in capitals") << QByteArray("GENERIC") << true;
        QTest::newRow("the best one") << QByteArray("SkylakeX") << false;
        QTest::newRow("one that is newer than the program") << QByteArray("SomeLake") << false;
    }
    void onlyASlowSetIsTold()
    {
        QFETCH(QByteArray, named);
        QFETCH(bool, told);
#if defined(__x86_64__)
        __builtin_cpu_init();
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
            QSKIP("This processor has no AVX2: no set is slower than another.");
#else
        QSKIP("OpenBLAS finds this processor's set by itself.");
#endif
        named.isEmpty() ? ::unsetenv("OPENBLAS_CORETYPE") : ::setenv("OPENBLAS_CORETYPE", named.constData(), 1);
        const std::string note = workspace::slowBlasNote();
        QCOMPARE(!note.empty(), told);
        QVERIFY(!told || note.find("OPENBLAS_CORETYPE is " + named.toStdString()) == 0);
    }
};

QTEST_GUILESS_MAIN(TestSlowBlas)
#include "tst_slow_blas.moc"
