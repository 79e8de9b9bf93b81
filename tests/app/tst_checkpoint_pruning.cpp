#include <QtTest/QtTest>

#include <QDir>
#include <QTemporaryDir>

#include <filesystem>

#include "precedent/base/files.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/workspace/checkpoint_pruning.h"
#include "precedent/workspace/model_registry.h"
#include "precedent/workspace/run_folders.h"

using namespace precedent;
using namespace precedent::workspace;

namespace fs = std::filesystem;

namespace {

void check(const Status& status)
{
    if (!status)
        qFatal("%s", status.error().message().c_str());
}

/// A run of a stored casebase with a checkpoint every ten steps.
struct Bench {
    QTemporaryDir folder;
    std::unique_ptr<casebase::Casebase> casebase;
    std::string run;

    Bench()
    {
        casebase = std::move(*casebase::Casebase::create(root() / "a.casebase"));
        run = add("first", "starter");
        for (int step = 10; step <= 50; step += 10)
            addCheckpoint(step);
    }
    [[nodiscard]] fs::path root() const { return folder.path().toStdString(); }
    [[nodiscard]] fs::path runFolder() const { return root() / "runs"; }
    [[nodiscard]] fs::path checkpoint(int step) const { return runFolder() / ("checkpoint-" + std::to_string(step)); }
    [[nodiscard]] std::string add(const std::string& name, const std::string& model) const
    {
        casebase::Run made;
        made.name = name;
        made.specJson = "{}";
        made.state = "stopped";
        made.model = model;
        made.folder = "runs";
        return *casebase->runs().add(made);
    }
    void addFolder(int step) const
    {
        fs::create_directories(checkpoint(step));
        check(writeFileAtomically(checkpoint(step) / "model.safetensors", "weights"));
    }
    void addCheckpoint(int step) const
    {
        addFolder(step);
        check(casebase->runs().recordCheckpoint(run, {step, storedFolder(casebase->path(), checkpoint(step)), "abc", 1}));
    }
    [[nodiscard]] std::vector<int> recorded() const
    {
        std::vector<int> steps;
        for (const casebase::Checkpoint& c : *casebase->runs().checkpoints(run))
            steps.push_back(c.step);
        return steps;
    }
    [[nodiscard]] QStringList onDisk() const
    {
        return QDir(QString::fromStdString(runFolder().string())).entryList(QDir::Dirs | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name);
    }
};

QStringList names(const std::vector<int>& steps)
{
    QStringList list;
    for (const int step : steps)
        list << QStringLiteral("checkpoint-%1").arg(step);
    return list;
}

} // namespace

class TestCheckpointPruning : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_home.isValid());
        qputenv("XDG_DATA_HOME", m_home.path().toUtf8());
    }

    void newestOnesStay()
    {
        const Bench bench;
        QVERIFY(pruneCheckpoints(*bench.casebase, bench.run, 0)->remove.empty());
        QCOMPARE(bench.recorded().size(), std::size_t{5});
        const auto pruned = pruneCheckpoints(*bench.casebase, bench.run, 2);
        QVERIFY2(pruned.ok(), pruned.ok() ? "" : pruned.error().message().c_str());
        QCOMPARE(bench.recorded(), (std::vector<int>{40, 50}));
        QCOMPARE(bench.onDisk(), names({40, 50}));
        QVERIFY(pruneCheckpoints(*bench.casebase, bench.run, 2)->remove.empty());
    }

    void whatSomethingPointsToStays_data()
    {
        QTest::addColumn<QString>("by");
        QTest::newRow("a run by step") << "run step";
        QTest::newRow("a run by name") << "run name";
        QTest::newRow("a run of the last one of its day") << "run last";
        QTest::newRow("a run of the last one of its day, moved since") << "run last, moved since";
        QTest::newRow("an evaluation by step") << "evaluation";
        QTest::newRow("an evaluation by folder") << "folder";
        QTest::newRow("a model of the list") << "model";
        QTest::newRow("an alarm that lasts") << "alarm";
    }

    void whatSomethingPointsToStays()
    {
        QFETCH(QString, by);
        const Bench bench;
        std::string why;
        if (by == "run step") {
            why = "run " + bench.add("second", "run:" + bench.run + "@20");
        } else if (by == "run name") {
            why = "run " + bench.add("second", "run:first@20");
        } else if (by == "run last") {
            const std::string other = bench.add("second", "run:" + bench.run);
            check(bench.casebase->runs().setInputs(other, "inputs", "{\"model_folder\": \"" + bench.checkpoint(20).string() + "/\"}"));
            why = "run " + other;
        } else if (by == "run last, moved since") {
            const std::string other = bench.add("second", "run:" + bench.run);
            check(bench.casebase->runs().setInputs(
                other, "inputs", R"({"model_folder": "/old/runs/checkpoint-20", "output_folder": "/old/runs"})"));
            why = "run " + other;
        } else if (by == "evaluation" || by == "folder") {
            casebase::Evaluation evaluation;
            evaluation.specJson = by == "folder" ? "{\"adapter\": \"" + bench.checkpoint(20).string() + "\"}"
                                                 : "{\"checkpoint\": \"run:" + bench.run + "@20\", \"model\": \"starter\"}";
            why = "evaluation " + *bench.casebase->evaluations().add(evaluation);
        } else if (by == "model") {
            check(ModelRegistry().add("ours", bench.checkpoint(20)));
            why = "model ours";
        } else {
            for (int step = 1; step <= 50; ++step)
                check(bench.casebase->runs().recordStep(bench.run, {step, {{"kl", step < 25 ? 0.1 : 0.9}}, 1}, {}));
            why = "kl_over_bound";
        }
        const auto pruned = pruneCheckpoints(*bench.casebase, bench.run, 1);
        if (by == "model")
            check(ModelRegistry().remove("ours"));
        QVERIFY2(pruned.ok(), pruned.ok() ? "" : pruned.error().message().c_str());
        QCOMPARE(bench.recorded(), (std::vector<int>{20, 50}));
        QCOMPARE(bench.onDisk(), names({20, 50}));
        QCOMPARE(pruned->held.size(), std::size_t{1});
        QCOMPARE(pruned->held.front().first, 20);
        QVERIFY2(pruned->held.front().second.find(why) != std::string::npos, pruned->held.front().second.c_str());
    }

    void keptRunLosesNone()
    {
        const Bench bench;
        casebase::Run run = *bench.casebase->runs().find(bench.run);
        run.kept = true;
        check(bench.casebase->runs().update(run));
        QVERIFY(pruneCheckpoints(*bench.casebase, bench.run, 1)->remove.empty());
        QCOMPARE(bench.recorded().size(), std::size_t{5});
    }

    void newestOnDiskStaysWhereNewerFoldersAreGone()
    {
        const Bench bench;
        fs::remove_all(bench.checkpoint(50));
        fs::remove_all(bench.checkpoint(40));
        QVERIFY(pruneCheckpoints(*bench.casebase, bench.run, 1).ok());
        QCOMPARE(bench.recorded(), (std::vector<int>{30, 50}));
        QCOMPARE(bench.onDisk(), names({30}));
    }

    void interruptedRemovalIsEndedByTheNext_data()
    {
        QTest::addColumn<bool>("renamed");
        QTest::newRow("killed when the record was gone") << false;
        QTest::newRow("killed while the folder was being removed") << true;
    }

    void interruptedRemovalIsEndedByTheNext()
    {
        QFETCH(bool, renamed);
        const Bench bench;
        check(bench.casebase->runs().removeCheckpoint(bench.run, 10));
        if (renamed)
            fs::rename(bench.checkpoint(10), bench.runFolder() / ".pruned-checkpoint-10");
        // Every record that is left has its folder, whole.
        for (const int step : bench.recorded())
            QVERIFY(fs::exists(bench.checkpoint(step) / "model.safetensors"));
        QVERIFY(pruneCheckpoints(*bench.casebase, bench.run, 4).ok());
        QCOMPARE(bench.recorded(), (std::vector<int>{20, 30, 40, 50}));
        QCOMPARE(bench.onDisk(), names({20, 30, 40, 50}));
    }

    void folderBeingWrittenAndNewerOnesAreLeftAlone()
    {
        const Bench bench;
        bench.addFolder(60); // written, not yet recorded
        fs::create_directories(bench.runFolder() / ".checkpoint-70.tmp-1");
        QVERIFY(pruneCheckpoints(*bench.casebase, bench.run, 1).ok());
        QCOMPARE(bench.onDisk(), (QStringList{".checkpoint-70.tmp-1", "checkpoint-50", "checkpoint-60"}));
    }

private:
    QTemporaryDir m_home;
};

QTEST_GUILESS_MAIN(TestCheckpointPruning)
#include "tst_checkpoint_pruning.moc"
