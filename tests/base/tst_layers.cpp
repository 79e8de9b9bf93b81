#include <QtTest>

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>

/// packaging/check.sh reads every include of the source tree. Here it reads ours, and small trees that each break one rule.
class TestLayers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theSourceTreeKeepsItsLayers()
    {
        const Outcome outcome = check(QStringLiteral(PRECEDENT_SOURCE_DIR));
        QVERIFY2(outcome.exitCode == 0, outcome.output.constData());
    }

    void aBrokenLayerIsFound_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QByteArray>("complaint");
        QTest::newRow("LibTorch below the engine") << "core/text/a.cpp" << QByteArray("#include <torch/torch.h>") << QByteArray("LibTorch");
        QTest::newRow("LibTorch in the facade")
            << "core/include/precedent/core/a.h" << QByteArray("#include <ATen/ATen.h>") << QByteArray("LibTorch");
        QTest::newRow("LibTorch in the torch-free part of align")
            << "core/align/a.cpp" << QByteArray("# include <c10/core/Device.h>") << QByteArray("LibTorch");
        QTest::newRow("LibTorch in the workspace")
            << "app/workspace/a.cpp" << QByteArray("  #include \"torch/csrc/api.h\"") << QByteArray("LibTorch");
        QTest::newRow("Qt in the core") << "core/model/a.cpp" << QByteArray("#include <QString>") << QByteArray("Qt");
        QTest::newRow("Qt in the command line") << "app/cli/a.cpp" << QByteArray("#include <QtCore/QObject>") << QByteArray("Qt");
        QTest::newRow("the core knows the casebase")
            << "core/run/a.cpp" << QByteArray("#include \"precedent/casebase/casebase.h\"") << QByteArray("engine may include");
        QTest::newRow("the core knows the workspace")
            << "core/align/a.cpp" << QByteArray("#include \"precedent/workspace/a.h\"") << QByteArray("align may include");
        QTest::newRow("base knows text") << "core/base/a.cpp" << QByteArray("#include \"precedent/text/tokenizer.h\"")
                                         << QByteArray("base may include");
        QTest::newRow("the casebase knows the core")
            << "casebase/a.cpp" << QByteArray("#include \"precedent/core/engine.h\"") << QByteArray("casebase may include");
        QTest::newRow("the workspace knows the program")
            << "app/workspace/a.cpp" << QByteArray("#include \"precedent/cli/a.h\"") << QByteArray("workspace may include");
        QTest::newRow("a private header of another room")
            << "app/workspace/a.cpp" << QByteArray("#include \"core/model/decoder.h\"") << QByteArray("private header");
        QTest::newRow("a header without its room")
            << "core/model/a.cpp" << QByteArray("#include \"decoder.h\"") << QByteArray("bare header name");
        QTest::newRow("a test's header outside tests")
            << "casebase/a.cpp" << QByteArray("#include \"tests/support/clock.h\"") << QByteArray("only tests include tests");
        QTest::newRow("the core asks a server")
            << "core/run/a.cpp" << QByteArray("#include \"precedent/remote/chat_client.h\"") << QByteArray("engine may include");
        QTest::newRow("views") << "core/text/a.cpp"
                               << QByteArray("auto v = std::"
                                             "views::filter(x, f);")
                               << QByteArray("clang 14");
    }

    void aBrokenLayerIsFound()
    {
        QFETCH(QString, file);
        QFETCH(QByteArray, line);
        QFETCH(QByteArray, complaint);
        const Outcome outcome = checkTreeWith(file, line);
        QCOMPARE(outcome.exitCode, 1);
        QVERIFY2(outcome.output.contains(file.toUtf8() + ":2: ") && outcome.output.contains(complaint), outcome.output.constData());
    }

    void whatALayerMayIncludeIsLeftAlone_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QByteArray>("line");
        QTest::newRow("LibTorch in the engine") << "core/align/torch/a.cpp" << QByteArray("#include <ATen/ATen.h>");
        QTest::newRow("the engine's own header") << "core/run/a.cpp" << QByteArray("#include \"core/model/decoder.h\"");
        QTest::newRow("the facade from the engine") << "core/run/a.cpp" << QByteArray("#include \"precedent/core/engine.h\"");
        QTest::newRow("text from align") << "core/align/a.cpp" << QByteArray("#include \"precedent/text/citations.h\"");
        QTest::newRow("the casebase from the workspace")
            << "app/workspace/a.cpp" << QByteArray("#include \"precedent/casebase/casebase.h\"");
        QTest::newRow("the facade from the command line") << "app/cli/a.cpp" << QByteArray("#include \"precedent/core/engine.h\"");
        QTest::newRow("a test") << "tests/model/tst_a.cpp" << QByteArray("#include \"core/model/decoder.h\"");
        QTest::newRow("a comment") << "casebase/a.cpp" << QByteArray("// not: #include <torch/torch.h>");
        QTest::newRow("the standard library") << "core/base/a.cpp" << QByteArray("#include <queue>");
    }

    void whatALayerMayIncludeIsLeftAlone()
    {
        QFETCH(QString, file);
        QFETCH(QByteArray, line);
        const Outcome outcome = checkTreeWith(file, line);
        QVERIFY2(outcome.exitCode == 0, outcome.output.constData());
    }

private:
    struct Outcome {
        int exitCode = -1;
        QByteArray output;
    };

    static Outcome check(const QString& root)
    {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(QStringLiteral("bash"),
            {QStringLiteral(PRECEDENT_SOURCE_DIR "/packaging/check.sh"), QStringLiteral("--root"), root, QStringLiteral("layers")});
        if (!process.waitForFinished(60'000))
            return {-1, process.errorString().toUtf8()};
        return {process.exitCode(), process.readAll()};
    }

    static Outcome checkTreeWith(const QString& file, const QByteArray& line)
    {
        const QTemporaryDir root;
        const QDir folder(root.path());
        folder.mkpath(QStringLiteral("cmake"));
        QFile::copy(QStringLiteral(PRECEDENT_SOURCE_DIR "/cmake/PrecedentTargets.cmake"),
            folder.filePath(QStringLiteral("cmake/PrecedentTargets.cmake")));
        folder.mkpath(QFileInfo(file).path());
        QFile source(folder.filePath(file));
        if (!source.open(QIODevice::WriteOnly))
            return {-1, source.errorString().toUtf8()};
        source.write("// the second line is the one in question\n" + line + "\n");
        source.close();
        return check(root.path());
    }
};

QTEST_GUILESS_MAIN(TestLayers)
#include "tst_layers.moc"
