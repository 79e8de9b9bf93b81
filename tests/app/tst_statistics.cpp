#include <QtTest/QtTest>

#include <cmath>

#include "precedent/base/random.h"
#include "precedent/workspace/statistics.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

std::vector<Observation> rates(int ones, int zeros)
{
    std::vector<Observation> observations;
    for (int i = 0; i < ones + zeros; ++i)
        observations.push_back({i < ones ? 1.0 : 0.0, {}});
    return observations;
}

} // namespace

class TestStatistics : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void meanAndNAreExact();
    void bootstrapIntervalMatchesTheNormalOneWithoutClusters_data();
    void bootstrapIntervalMatchesTheNormalOneWithoutClusters();
    void unanimousRatesGetTheExactBinomialBound_data();
    void unanimousRatesGetTheExactBinomialBound();
    void observationsOfOneClusterAreResampledTogether();
    void intervalCoversTheTruthAboutAsOftenAsItSays();
    void sameSeedGivesTheSameInterval();
    void pairedDifferenceIsNarrowerThanTheUnpairedOne();
    void pairedDifferenceOfEqualColumnsIsZero();
    void mcNemarMatchesExactValues_data();
    void mcNemarMatchesExactValues();
    void clustersCountOnceInTheTestByGoal();
    void holmMatchesKnownAdjustments_data();
    void holmMatchesKnownAdjustments();
    void kappaMatchesKnownTables_data();
    void kappaMatchesKnownTables();
};

void TestStatistics::meanAndNAreExact()
{
    const Estimate e = meanWithInterval(rates(30, 70));
    QCOMPARE(e.value, 0.3);
    QCOMPARE(e.n, std::size_t{100});
    QCOMPARE(e.clusters, std::size_t{100});
    QCOMPARE(meanWithInterval({}).n, std::size_t{0});
}

void TestStatistics::bootstrapIntervalMatchesTheNormalOneWithoutClusters_data()
{
    QTest::addColumn<int>("ones");
    QTest::addColumn<int>("zeros");
    QTest::newRow("300 of 1000") << 300 << 700;
    QTest::newRow("500 of 1000") << 500 << 500;
    QTest::newRow("60 of 2000") << 60 << 1940;
}

void TestStatistics::bootstrapIntervalMatchesTheNormalOneWithoutClusters()
{
    QFETCH(int, ones);
    QFETCH(int, zeros);
    const double n = ones + zeros;
    const double p = ones / n;
    const double half = 1.959964 * std::sqrt(p * (1 - p) / n);
    BootstrapOptions options;
    options.resamples = 8000;
    const Estimate e = meanWithInterval(rates(ones, zeros), options);
    QVERIFY(std::abs(e.low - (p - half)) < 0.1 * half);
    QVERIFY(std::abs(e.high - (p + half)) < 0.1 * half);
}

void TestStatistics::unanimousRatesGetTheExactBinomialBound_data()
{
    QTest::addColumn<int>("ones");
    QTest::addColumn<int>("zeros");
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    // Clopper-Pearson, from R's binom.test(0, n) and binom.test(n, n).
    QTest::newRow("0 of 10") << 0 << 10 << 0.0 << 0.3084971;
    QTest::newRow("10 of 10") << 10 << 0 << 0.6915029 << 1.0;
    QTest::newRow("0 of 500") << 0 << 500 << 0.0 << 0.0073506;
}

void TestStatistics::unanimousRatesGetTheExactBinomialBound()
{
    QFETCH(int, ones);
    QFETCH(int, zeros);
    QFETCH(double, low);
    QFETCH(double, high);
    const Estimate e = meanWithInterval(rates(ones, zeros));
    QVERIFY(std::abs(e.low - low) < 1e-6);
    QVERIFY(std::abs(e.high - high) < 1e-6);
}

void TestStatistics::observationsOfOneClusterAreResampledTogether()
{
    // 100 clusters of 5 equal prompts: the interval must be that of 100 units, not of 500.
    std::vector<Observation> clustered;
    std::vector<Observation> single;
    for (int c = 0; c < 100; ++c) {
        const double value = c < 40 ? 1 : 0;
        for (int i = 0; i < 5; ++i)
            clustered.push_back({value, "goal-" + std::to_string(c)});
        single.push_back({value, {}});
    }
    const Estimate five = meanWithInterval(clustered);
    const Estimate one = meanWithInterval(single);
    QCOMPARE(five.n, std::size_t{500});
    QCOMPARE(five.clusters, std::size_t{100});
    QCOMPARE(five.value, one.value);
    QCOMPARE(five.low, one.low);
    QCOMPARE(five.high, one.high);
}

void TestStatistics::intervalCoversTheTruthAboutAsOftenAsItSays()
{
    Random random(7);
    int covered = 0;
    constexpr int kTrials = 200;
    for (int t = 0; t < kTrials; ++t) {
        std::vector<Observation> drawn;
        for (int i = 0; i < 200; ++i)
            drawn.push_back({random.uniform() < 0.2 ? 1.0 : 0.0, {}});
        BootstrapOptions options;
        options.resamples = 500;
        const Estimate e = meanWithInterval(drawn, options);
        covered += e.low <= 0.2 && 0.2 <= e.high ? 1 : 0;
    }
    QVERIFY2(covered >= kTrials * 0.89 && covered <= kTrials * 0.99, qPrintable(QString::number(covered)));
}

void TestStatistics::sameSeedGivesTheSameInterval()
{
    const Estimate a = meanWithInterval(rates(13, 31));
    const Estimate b = meanWithInterval(rates(13, 31));
    QCOMPARE(a.low, b.low);
    QCOMPARE(a.high, b.high);
}

void TestStatistics::pairedDifferenceIsNarrowerThanTheUnpairedOne()
{
    const std::vector<Observation> before = rates(200, 200);
    std::vector<Observation> after = before;
    for (std::size_t i = 0; i < 40; ++i)
        after[i].value = 0;
    const Estimate d = pairedDifference(before, after);
    QVERIFY(std::abs(d.value + 0.1) < 1e-12);
    QVERIFY(d.high < 0);
    const double unpairedHalf = 1.96 * std::sqrt(0.25 / 400 + 0.4 * 0.6 / 400);
    QVERIFY((d.high - d.low) / 2 < unpairedHalf);
}

void TestStatistics::pairedDifferenceOfEqualColumnsIsZero()
{
    const Estimate d = pairedDifference(rates(20, 80), rates(20, 80));
    QCOMPARE(d.value, 0.0);
    QVERIFY(d.low < 0 && d.high > 0);
}

void TestStatistics::mcNemarMatchesExactValues_data()
{
    QTest::addColumn<int>("gained");
    QTest::addColumn<int>("lost");
    QTest::addColumn<double>("p");
    // R: binom.test(b, b + c)$p.value
    QTest::newRow("no change") << 0 << 0 << 1.0;
    QTest::newRow("0 and 5") << 0 << 5 << 0.0625;
    QTest::newRow("2 and 10") << 2 << 10 << 0.03857422;
    QTest::newRow("10 and 10") << 10 << 10 << 1.0;
}

void TestStatistics::mcNemarMatchesExactValues()
{
    QFETCH(int, gained);
    QFETCH(int, lost);
    QFETCH(double, p);
    std::vector<Observation> before(50);
    std::vector<Observation> after(50);
    for (int i = 0; i < gained; ++i)
        after[static_cast<std::size_t>(i)].value = 1;
    for (int i = gained; i < gained + lost; ++i)
        before[static_cast<std::size_t>(i)].value = 1;
    const McNemar m = mcNemar(before, after);
    QCOMPARE(m.gained, static_cast<std::size_t>(gained));
    QCOMPARE(m.lost, static_cast<std::size_t>(lost));
    QVERIFY(std::abs(m.p - p) < 1e-7);
}

void TestStatistics::clustersCountOnceInTheTestByGoal()
{
    // Six prompts of one goal turned together, one of another turned back, a third goal's two turned against each other.
    std::vector<Observation> before;
    std::vector<Observation> after;
    const auto add = [&](const char* goal, double was, double is, int times) {
        for (int i = 0; i < times; ++i) {
            before.push_back({was, goal});
            after.push_back({is, goal});
        }
    };
    add("a", 0, 1, 6);
    add("b", 1, 0, 1);
    add("c", 1, 0, 1);
    add("c", 0, 1, 1);
    add("d", 1, 1, 3);
    const McNemar byPrompt = mcNemar(before, after);
    QCOMPARE(byPrompt.gained, std::size_t{7});
    QCOMPARE(byPrompt.lost, std::size_t{2});
    const McNemar byGoal = mcNemarByCluster(before, after);
    QCOMPARE(byGoal.gained, std::size_t{1});
    QCOMPARE(byGoal.lost, std::size_t{1});
    QCOMPARE(byGoal.p, 1.0);
    // Eight goals that all turn one way: 2 * 0.5^8.
    before.clear();
    after.clear();
    for (const char* goal : {"a", "b", "c", "d", "e", "f", "g", "h"})
        add(goal, 1, 0, 5);
    QVERIFY(std::abs(mcNemarByCluster(before, after).p - 0.0078125) < 1e-12);
}

void TestStatistics::holmMatchesKnownAdjustments_data()
{
    QTest::addColumn<std::vector<double>>("p");
    QTest::addColumn<std::vector<double>>("expected");
    QTest::newRow("none") << std::vector<double>{} << std::vector<double>{};
    QTest::newRow("one") << std::vector<double>{0.03} << std::vector<double>{0.03};
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    QTest::newRow("four") << std::vector<double>{0.01, 0.04, 0.03, 0.005} << std::vector<double>{0.03, 0.06, 0.06, 0.02};
    QTest::newRow("no more than 1") << std::vector<double>{0.9, 0.8} << std::vector<double>{1, 1};
}

void TestStatistics::holmMatchesKnownAdjustments()
{
    QFETCH(std::vector<double>, p);
    QFETCH(std::vector<double>, expected);
    const std::vector<double> adjusted = holm(p);
    QCOMPARE(adjusted.size(), expected.size());
    for (std::size_t i = 0; i < p.size(); ++i)
        QVERIFY2(std::abs(adjusted[i] - expected[i]) < 1e-12, qPrintable(QString::number(adjusted[i])));
}

void TestStatistics::kappaMatchesKnownTables_data()
{
    QTest::addColumn<int>("a");
    QTest::addColumn<int>("b");
    QTest::addColumn<int>("c");
    QTest::addColumn<int>("d");
    QTest::addColumn<double>("kappa");
    QTest::newRow("worked example 20 5 10 15") << 20 << 5 << 10 << 15 << 0.4;
    QTest::newRow("perfect") << 10 << 0 << 0 << 10 << 1.0;
    QTest::newRow("chance") << 25 << 25 << 25 << 25 << 0.0;
    QTest::newRow("one category") << 10 << 0 << 0 << 0 << 1.0;
    QTest::newRow("empty") << 0 << 0 << 0 << 0 << 0.0;
}

void TestStatistics::kappaMatchesKnownTables()
{
    QFETCH(int, a);
    QFETCH(int, b);
    QFETCH(int, c);
    QFETCH(int, d);
    QFETCH(double, kappa);
    const auto n = [](int v) { return static_cast<std::size_t>(v); };
    QVERIFY(std::abs(cohenKappa({{n(a), n(b)}, {n(c), n(d)}}) - kappa) < 1e-12);
}

QTEST_GUILESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
