// usage: window_gaps SAMPLE.casebase [SECONDS]
// Drives the real window (offscreen unless QT_QPA_PLATFORM says otherwise) while a quickstart's training uses every core, and prints the
// gaps between turns of the event loop, start to first frame, and how much time the machine had stolen meanwhile.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include <QAction>
#include <QApplication>
#include <QElapsedTimer>
#include <QSettings>
#include <QStandardPaths>
#include <QTest>
#include <QTimer>

#include "precedent/align/run_spec_json.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/runs_place.h"
#include "ui/shell/main_window.h"
#include "ui/shell/type_scale.h"

using namespace precedent;

namespace {

/// Time stolen from this machine so far, in seconds.
double stolenSeconds()
{
    std::ifstream stat("/proc/stat");
    std::string name;
    stat >> name;
    double field = 0;
    for (int i = 0; i < 8; ++i)
        stat >> field;
    return field / 100;
}

double at(const std::vector<double>& sorted, double share)
{
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 2)
        return 2;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 60;
    QElapsedTimer start;
    start.start();
    QStandardPaths::setTestModeEnabled(true);
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("precedent-gaps"));
    QCoreApplication::setApplicationName(QStringLiteral("precedent-gaps"));
    QSettings().clear();
    ui::useProgramLook();
    ui::MainWindow window;
    window.resize(1440, 900);
    window.show();
    (void)QTest::qWaitForWindowExposed(&window);
    std::printf("start to first frame: %lld ms\n", static_cast<long long>(start.elapsed()));
    window.openCasebase(argv[1]);
    if (!QTest::qWaitFor([&] { return window.casebase() != nullptr; }, 60000))
        return 1;
    auto* runs = window.findChild<ui::RunsPlace*>();
    window.findChild<QAction*>(QStringLiteral("runsGo"))->trigger();
    ui::RunOrder order;
    order.spec = *align::preset("quickstart");
    order.spec.model = "starter";
    order.spec.maxSteps = 10000;
    order.spec.evaluateBeforeAfter = false;
    runs->start(order);
    QTest::qWait(5000); // the engine is loaded and the first step taken

    std::vector<double> gaps;
    QElapsedTimer since;
    QTimer turn;
    turn.setInterval(0);
    QObject::connect(&turn, &QTimer::timeout, &turn, [&] {
        if (since.isValid())
            gaps.push_back(static_cast<double>(since.nsecsElapsed()) / 1e6);
        since.restart();
        // An idle loop turns thousands of times a second: one look each millisecond is enough, and leaves the cores to the run.
        turn.setInterval(1);
    });
    const double stolen = stolenSeconds();
    turn.start();
    QTest::qWait(seconds * 1000);
    turn.stop();
    std::sort(gaps.begin(), gaps.end());
    std::printf("gaps over %d s: n %zu, p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, most %.1f ms; over 50 ms: %td; stolen %.2f s\n", seconds,
        gaps.size(), at(gaps, 0.5), at(gaps, 0.99), at(gaps, 0.999), gaps.back(),
        gaps.end() - std::lower_bound(gaps.begin(), gaps.end(), 50.0), stolenSeconds() - stolen);
    runs->stopRun();
    return QTest::qWaitFor([&] { return !runs->isRunning(); }, 60000) ? 0 : 1;
}
