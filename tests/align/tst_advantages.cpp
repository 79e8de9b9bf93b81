#include <cmath>

#include <QTest>

#include "precedent/align/advantages.h"

using namespace precedent::align;
using precedent::core::AdvantageEstimator;
using precedent::core::ScaleRewards;

namespace {

constexpr double kNear = 1e-12;

bool near(double a, double b) { return std::abs(a - b) < kNear; }

} // namespace

class TestAdvantages : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // r = 1, 0, 0, 1: mean 0.5, sample std sqrt(1/3).
    void groupScalingIsTrls()
    {
        const Advantages a = computeAdvantages({{{1, 0, 0, 1}, {1, 0, 0, 1}}}, ScaleRewards::group, 0.0);
        const double expected = 0.5 / (std::sqrt(1.0 / 3.0) + 1e-4);
        QVERIFY(near(a.values[0][0], expected));
        QVERIFY(near(a.values[0][1], -expected));
        QVERIFY(near(a.rewardStd, std::sqrt(1.0 / 3.0)));
        QCOMPARE(a.fracZeroStd, 0.0);
    }

    // The batch 1, 0, 3, 3: mean 1.75, sample std 1.5; each group is still centred on its own mean.
    void batchScalingDividesEveryGroupByOneStd()
    {
        const Advantages a = computeAdvantages({{{1, 0}, {1, 0}}, {{3, 3}, {3, 3}}}, ScaleRewards::batch, 0.0);
        QVERIFY(near(a.values[0][0], 0.5 / (1.5 + 1e-4)));
        QVERIFY(near(a.values[1][0], 0.0));
        QVERIFY(near(a.rewardStd, 1.5));
    }

    // RLOO: each reward less the mean of the other three.
    void rlooComparesWithTheOthers()
    {
        const Advantages a =
            computeAdvantages({{{1, 0, 0.5, 0.1}, {1, 0, 0.5, 0.1}}, {{0.4}, {0.4}}}, ScaleRewards::group, 0.05, AdvantageEstimator::rloo);
        QVERIFY(near(a.values[0][0], 1 - (0 + 0.5 + 0.1) / 3));
        QVERIFY(near(a.values[0][1], 0 - (1 + 0.5 + 0.1) / 3));
        QVERIFY(near(a.values[0][3], 0.1 - (1 + 0 + 0.5) / 3));
        QCOMPARE(a.values[1][0], 0.0); // nothing to compare with
    }

    // REINFORCE++: the batch 1, 0, 3, 3 has mean 1.75 and sample std 1.5, whatever the groups.
    void reinforcePlusPlusScalesByTheBatch()
    {
        const Advantages a =
            computeAdvantages({{{1, 0}, {1, 0}}, {{3, 3}, {3, 3}}}, ScaleRewards::group, 0.0, AdvantageEstimator::reinforcePlusPlus);
        QVERIFY(near(a.values[0][0], (1 - 1.75) / (1.5 + 1e-4)));
        QVERIFY(near(a.values[0][1], -1.75 / (1.5 + 1e-4)));
        QVERIFY(near(a.values[1][0], 1.25 / (1.5 + 1e-4)));
    }

    void noScalingOnlyCentres()
    {
        const Advantages a = computeAdvantages({{{0.9, 0.1}, {1, 0}}}, ScaleRewards::none, 0.0);
        QVERIFY(near(a.values[0][0], 0.4));
        QVERIFY(near(a.values[0][1], -0.4));
    }

    void stdHasAFloor()
    {
        const Advantages a = computeAdvantages({{{0.51, 0.49}, {0.51, 0.49}}}, ScaleRewards::group, 0.1);
        QVERIFY(near(a.values[0][0], 0.01 / (0.1 + 1e-4)));
        QVERIFY2(a.rewardStd < 0.02, "reward_std is logged without the floor");
    }

    void styleAloneIsNoSpread()
    {
        const Advantages a =
            computeAdvantages({{{0.8, 0.9, 0.8}, {0.7, 0.7, 0.7}}, {{0.8, 0.1, 0.8}, {0.7, 0.0, 0.7}}}, ScaleRewards::group, 0.05);
        QVERIFY(a.withoutSpread[0]);
        QVERIFY(!a.withoutSpread[1]);
        QCOMPARE(a.fracZeroStd, 0.5);
    }

    void equalRewardsHaveNoAdvantage()
    {
        const Advantages a = computeAdvantages({{{0.3, 0.3, 0.3}, {0.3, 0.3, 0.3}}}, ScaleRewards::group, 0.0);
        for (const double value : a.values[0])
            QVERIFY(std::abs(value) < 1e-9);
    }

    void aGroupOfOneHasNoAdvantage()
    {
        const Advantages a = computeAdvantages({{{0.7}, {0.7}}}, ScaleRewards::group, 0.0);
        QCOMPARE(a.values[0][0], 0.0);
    }

    void advantagesOfAGroupSumToZero()
    {
        const Advantages a = computeAdvantages({{{0.1, 0.7, 0.2, 0.95, 0.4}, {0, 1, 0, 1, 0}}}, ScaleRewards::group, 0.05);
        double sum = 0;
        for (const double value : a.values[0])
            sum += value;
        QVERIFY(near(sum, 0.0));
    }

    void noGroupsAreNoTrouble()
    {
        const Advantages a = computeAdvantages({}, ScaleRewards::batch, 0.05);
        QVERIFY(a.values.empty());
        QCOMPARE(a.fracZeroStd, 0.0);
    }
};

QTEST_GUILESS_MAIN(TestAdvantages)
#include "tst_advantages.moc"
