#include <QtTest/QtTest>

#include <functional>
#include <limits>

#include "precedent/workspace/run_alarms.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

using Series = std::function<double(int step)>;

std::vector<casebase::RunStep> made(int n, const std::map<std::string, Series>& series)
{
    std::vector<casebase::RunStep> steps;
    for (int step = 1; step <= n; ++step) {
        casebase::RunStep one{step, {}, 1.0};
        for (const auto& [name, value] : series)
            one.metrics[name] = value(step);
        steps.push_back(one);
    }
    return steps;
}

Series constant(double value)
{
    return [value](int) { return value; };
}
/// `before` up to and with the step, `after` behind it.
Series turning(double before, double after, int at)
{
    return [=](int step) { return step <= at ? before : after; };
}

core::RunSpec spec()
{
    core::RunSpec made;
    made.maxCompletionLength = 100;
    return made;
}

} // namespace

/// Made series with a known fault at a known step.
class TestRunAlarms : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void faultIsFoundWhereItBegins_data();
    void faultIsFoundWhereItBegins();
    void healthySeriesIsQuiet();
    void nothingIsSaidBeforeTheWindowIsFull();
    void stretchEndsAndBeginsAgain();
    void smallRewardIsNoCollapse();
    void missingMetricsAreNoAlarm();
    void notANumberNamesTheMetric();
    void specSaysWhatAGuardDoes();
    void stopIsSaidOverMaxKlWhateverTheGuardsSay();
    void watchGoesOnFromItsStoredState();
    void stoppingAlarmIsRaisedAgainAfterAResume();
};

void TestRunAlarms::faultIsFoundWhereItBegins_data()
{
    QTest::addColumn<std::vector<casebase::RunStep>>("steps");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int>("from");
    QTest::addColumn<QString>("words");
    // The mean of 8 is 0.8 until step 20; with k steps of 0.1 it is 0.8 - k * 0.0875, below 0.48 from k = 4.
    QTest::newRow("reward") << made(40, {{"reward", turning(0.8, 0.1, 20)}}) << "reward_collapse" << 24 << "0.45 from 0.80";
    QTest::newRow("kl") << made(30, {{"kl", turning(0.1, 0.5, 17)}}) << "kl_over_bound" << 18 << "0.50, over 0.30";
    // All eight must be without spread: 7 of 8 are 0.875.
    QTest::newRow("spread") << made(30, {{"frac_reward_zero_std", turning(0.0, 1.0, 10)}}) << "no_spread" << 18 << "100 %";
    QTest::newRow("length") << made(30, {{"completions/mean_length", turning(50, 99, 5)}}) << "length_at_cap" << 13 << "99 of at most 100";
    QTest::newRow("all refusal") << made(20, {{"refusal_rate/harmful", constant(1)}, {"refusal_rate/benign", turning(0.1, 1, 8)}})
                                 << "all_refusal" << 16 << "100 % of the harmless";
    QTest::newRow("never refusal") << made(20, {{"refusal_rate/harmful", turning(0.9, 0, 4)}, {"refusal_rate/benign", constant(0)}})
                                   << "never_refusal" << 12 << "0 % of the harmful";
}

void TestRunAlarms::faultIsFoundWhereItBegins()
{
    QFETCH(std::vector<casebase::RunStep>, steps);
    QFETCH(QString, kind);
    QFETCH(int, from);
    QFETCH(QString, words);
    const auto alarms = findAlarms(steps, spec());
    QCOMPARE(alarms.size(), std::size_t{1});
    QCOMPARE(QString::fromLatin1(toString(alarms.front().kind)), kind);
    QCOMPARE(alarms.front().from, from);
    QCOMPARE(alarms.front().to, steps.back().step);
    QVERIFY2(QString::fromStdString(alarms.front().message).contains(words), alarms.front().message.c_str());
    QVERIFY(steps.front().metrics.contains(alarms.front().metric));
}

void TestRunAlarms::healthySeriesIsQuiet()
{
    const auto steps = made(90,
        {{"reward", [](int s) { return 0.3 + 0.006 * s + (s % 3) * 0.1; }}, {"kl", [](int s) { return 0.003 * s; }},
            {"frac_reward_zero_std", constant(0.83)}, {"completions/mean_length", constant(60)}, {"refusal_rate/harmful", constant(1.0)},
            {"refusal_rate/benign", [](int s) { return 0.5 - 0.005 * s; }}});
    QVERIFY(findAlarms(steps, spec()).empty());
    QVERIFY(findAlarms({}, spec()).empty());
}

void TestRunAlarms::nothingIsSaidBeforeTheWindowIsFull()
{
    const std::map<std::string, Series> bad{{"frac_reward_zero_std", constant(1)}};
    QVERIFY(findAlarms(made(7, bad), spec()).empty());
    QCOMPARE(findAlarms(made(8, bad), spec()).size(), std::size_t{1});
    AlarmBounds strict;
    strict.window = 3;
    QCOMPARE(findAlarms(made(7, bad), spec(), strict).front().from, 3);
}

void TestRunAlarms::stretchEndsAndBeginsAgain()
{
    const auto alarms = findAlarms(made(12, {{"kl", [](int s) { return s == 3 || s == 4 || s == 9 ? 1.0 : 0.0; }}}), spec());
    QCOMPARE(alarms.size(), std::size_t{2});
    QCOMPARE(alarms[0].from, 3);
    QCOMPARE(alarms[0].to, 4);
    QCOMPARE(alarms[1].from, 9);
    QCOMPARE(alarms[1].to, 9);
}

void TestRunAlarms::smallRewardIsNoCollapse()
{
    QVERIFY(findAlarms(made(40, {{"reward", turning(0.1, 0.0, 20)}}), spec()).empty());
    QVERIFY(findAlarms(made(40, {{"reward", constant(-0.5)}}), spec()).empty());
}

void TestRunAlarms::missingMetricsAreNoAlarm()
{
    QVERIFY(findAlarms(made(40, {{"refusal_rate/benign", constant(1)}}), spec()).empty()); // half of the pair
    QVERIFY(findAlarms(made(40, {}), spec()).empty());
}

void TestRunAlarms::notANumberNamesTheMetric()
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto alarms = findAlarms(made(20, {{"loss", [nan](int s) { return s == 12 ? nan : 0.1; }}, {"kl", constant(0.1)}}), spec());
    QCOMPARE(alarms.size(), std::size_t{1});
    QCOMPARE(alarms.front().from, 12);
    QCOMPARE(alarms.front().metric, std::string("loss"));
    const auto infinite = findAlarms(made(9, {{"kl", constant(std::numeric_limits<double>::infinity())}}), spec());
    QCOMPARE(infinite.size(), std::size_t{9});
    QCOMPARE(QString::fromLatin1(toString(infinite.front().kind)), QStringLiteral("not_a_number"));
}

void TestRunAlarms::specSaysWhatAGuardDoes()
{
    const auto steps = made(12, {{"kl", turning(0.1, 0.5, 5)}, {"frac_reward_zero_std", constant(1)}});
    core::RunSpec one = spec();
    one.guards.klOverBound = core::GuardAction::stop;
    one.guards.noSpread = core::GuardAction::off;
    const auto alarms = findAlarms(steps, one);
    QCOMPARE(alarms.size(), std::size_t{1});
    QCOMPARE(alarms.front().from, 6);
    QVERIFY(alarms.front().stops);
    one.klBound = 0.6;
    QVERIFY(findAlarms(steps, one).empty());
    one.guards = {};
    QCOMPARE(findAlarms(steps, one).size(), std::size_t{1});
    QVERIFY(!findAlarms(steps, one).front().stops);
}

void TestRunAlarms::stopIsSaidOverMaxKlWhateverTheGuardsSay()
{
    core::RunSpec one = spec();
    one.guards.klOverBound = core::GuardAction::off;
    one.maxKl = 2;
    const auto alarms = findAlarms(made(9, {{"kl", [](int s) { return 0.5 * s; }}}), one);
    QCOMPARE(alarms.size(), std::size_t{1});
    QCOMPARE(alarms.front().kind, AlarmKind::klOverMax);
    QCOMPARE(alarms.front().from, 5);
    QVERIFY(alarms.front().stops);
    QVERIFY2(alarms.front().message.find("2.50, over 2.00") != std::string::npos, alarms.front().message.c_str());
}

void TestRunAlarms::watchGoesOnFromItsStoredState()
{
    const auto steps = made(40,
        {{"reward", turning(0.8, 0.1, 20)}, {"kl", [](int s) { return s > 9 && s < 30 ? 0.5 : 0.1; }},
            {"frac_reward_zero_std", turning(0, 1, 12)}});
    const auto whole = findAlarms(steps, spec());
    QVERIFY(whole.size() >= 3);
    for (int cut = 1; cut < 40; ++cut) {
        align::GuardWatch first(spec());
        std::vector<int> begins;
        for (int s = 0; s < cut; ++s) {
            for (const Alarm& alarm : first.take({steps[s].step, steps[s].metrics, 1}))
                begins.push_back(alarm.from);
        }
        align::GuardWatch second(spec());
        QVERIFY(second.restore(*parseJson(dumpJson(first.toJson()), "the state")).ok());
        for (std::size_t s = static_cast<std::size_t>(cut); s < steps.size(); ++s) {
            for (const Alarm& alarm : second.take({steps[s].step, steps[s].metrics, 1}))
                begins.push_back(alarm.from);
        }
        QCOMPARE(begins.size(), whole.size());
        for (std::size_t i = 0; i < whole.size(); ++i)
            QCOMPARE(begins[i], whole[i].from);
    }
}

void TestRunAlarms::stoppingAlarmIsRaisedAgainAfterAResume()
{
    core::RunSpec one = spec();
    one.guards.klOverBound = core::GuardAction::stop;
    align::GuardWatch first(one);
    QCOMPARE(first.take({7, {{"kl", 0.9}}, 1}).size(), std::size_t{1});
    align::GuardWatch second(one);
    QVERIFY(second.restore(first.toJson()).ok());
    QCOMPARE(second.take({8, {{"kl", 0.8}}, 1}).size(), std::size_t{1});
    QVERIFY(!second.restore(Json::object()).ok());
}

QTEST_GUILESS_MAIN(TestRunAlarms)
#include "tst_run_alarms.moc"
