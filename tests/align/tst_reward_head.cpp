#include <QtTest>

#include <cmath>

#include "core/align/lbfgs.h"
#include "precedent/align/reward_head.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/base/random.h"

using namespace precedent;
using namespace precedent::align;

namespace {

constexpr std::array<Verdict, 3> kVerdicts = {Verdict::comply, Verdict::refuse, Verdict::safeComplete};

Json recorded()
{
    const auto text = readFile(std::string(PRECEDENT_TEST_FIXTURES) + "/reward_head/head.json");
    return text.ok() ? parseJson(text.value(), "head.json").value() : Json();
}

HeadExamples examplesOf(const Json& json)
{
    HeadExamples examples;
    examples.width = json["width"].get<std::int64_t>();
    examples.features = json["features"].get<std::vector<float>>();
    for (const int label : json["labels"].get<std::vector<int>>()) {
        examples.verdicts.push_back(kVerdicts[static_cast<std::size_t>(label)]);
        examples.groups.push_back("g" + std::to_string(examples.groups.size() / 2));
    }
    return examples;
}

/// Points around three corners, which a line parts.
HeadExamples corners(std::size_t count, double spread)
{
    Random random(7);
    HeadExamples examples;
    examples.width = 2;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t corner = i % 3;
        examples.features.push_back(static_cast<float>((corner == 1 ? 10 : 0) + spread * (random.uniform() - 0.5)));
        examples.features.push_back(static_cast<float>((corner == 2 ? 10 : 0) + spread * (random.uniform() - 0.5)));
        examples.verdicts.push_back(kVerdicts[corner]);
        examples.groups.push_back("request " + std::to_string(i / 6));
    }
    return examples;
}

} // namespace

class TestRewardHead : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void gradientIsThatOfTheLoss()
    {
        const HeadExamples examples = corners(12, 8);
        std::vector<int> labels;
        for (std::size_t i = 0; i < examples.size(); ++i)
            labels.push_back(static_cast<int>(i % 3));
        Random random(3);
        std::vector<double> at(9);
        for (double& x : at)
            x = random.uniform() - 0.5;
        std::vector<double> gradient;
        std::vector<double> unused;
        (void)headLoss(examples, labels, 3, 0.1, at, gradient);
        for (std::size_t i = 0; i < at.size(); ++i) {
            const double step = 1e-6;
            std::vector<double> up = at;
            std::vector<double> down = at;
            up[i] += step;
            down[i] -= step;
            const double slope =
                (headLoss(examples, labels, 3, 0.1, up, unused) - headLoss(examples, labels, 3, 0.1, down, unused)) / (2 * step);
            QVERIFY2(std::abs(slope - gradient[i]) < 1e-6 * std::max(1.0, std::abs(slope)), qPrintable(QString::number(i)));
        }
    }

    void fitsAsPyTorchDoes()
    {
        const Json json = recorded();
        QVERIFY(json.contains("weights"));
        const HeadExamples examples = examplesOf(json);
        HeadSettings settings;
        settings.l2 = {json["l2"].get<double>()};
        const auto head = trainHead(examples, settings);
        QVERIFY2(head.ok(), head.ok() ? "" : head.error().message().c_str());
        const auto weights = json["weights"].get<std::vector<double>>();
        QCOMPARE(head.value().weights.size(), weights.size());
        for (std::size_t i = 0; i < weights.size(); ++i)
            QVERIFY2(std::abs(head.value().weights[i] - weights[i]) < 1e-4, qPrintable(QString::number(i)));
        const auto expected = json["probabilities"].get<std::vector<double>>();
        for (std::size_t i = 0; i < examples.size(); ++i) {
            const std::vector<double> p = head.value().probabilities(examples.row(i));
            for (std::size_t k = 0; k < 3; ++k)
                QVERIFY2(std::abs(p[k] - expected[i * 3 + k]) < 1e-4, qPrintable(QString::number(i)));
        }
    }

    void learnsCorners()
    {
        const HeadExamples examples = corners(90, 6);
        const auto head = trainHead(examples);
        QVERIFY(head.ok());
        for (std::size_t i = 0; i < examples.size(); ++i)
            QCOMPARE(head.value().verdict(examples.row(i)), examples.verdicts[i]);
        const auto again = trainHead(examples);
        QCOMPARE(again.value().weights, head.value().weights);
        QCOMPARE(again.value().l2, head.value().l2);
    }

    void aFeatureThatNeverChangesSaysNothing()
    {
        HeadExamples examples = corners(30, 6);
        for (std::size_t i = 0; i < examples.size(); ++i)
            examples.features[i * 2] = 4;
        const auto head = trainHead(examples);
        QVERIFY(head.ok());
        const std::vector<float> usual = {4, 1};
        const std::vector<float> strange = {4e9F, 1};
        QCOMPARE(head.value().probabilities(strange), head.value().probabilities(usual));
    }

    void groupsAreNotSplit()
    {
        std::vector<std::string> groups;
        for (int i = 0; i < 100; ++i)
            groups.push_back("g" + std::to_string(i % 23));
        const std::vector<int> parts = partsByGroup(groups, 4, 9);
        std::vector<int> sizes(4, 0);
        for (std::size_t i = 0; i < groups.size(); ++i) {
            QCOMPARE(parts[i], parts[i % 23]);
            ++sizes[static_cast<std::size_t>(parts[i])];
        }
        for (const int size : sizes)
            QVERIFY(size > 15);
        QVERIFY(partsByGroup(groups, 4, 10) != parts);
    }

    void whatCannotBeLearntIsRefused_data()
    {
        QTest::addColumn<int>("fault");
        QTest::newRow("one verdict") << 0;
        QTest::newRow("one group") << 1;
        QTest::newRow("not a number") << 2;
        QTest::newRow("a row short") << 3;
    }
    void whatCannotBeLearntIsRefused()
    {
        QFETCH(int, fault);
        HeadExamples examples = corners(12, 2);
        if (fault == 0)
            std::fill(examples.verdicts.begin(), examples.verdicts.end(), Verdict::comply);
        if (fault == 1)
            std::fill(examples.groups.begin(), examples.groups.end(), "g");
        if (fault == 2)
            examples.features[3] = std::nanf("");
        if (fault == 3)
            examples.features.pop_back();
        const auto head = trainHead(examples);
        QVERIFY(!head.ok());
        QCOMPARE(static_cast<int>(head.error().code()), static_cast<int>(ErrorCode::invalidArgument));
    }

    void findsTheLowestPointOfAValley()
    {
        // Rosenbrock's function, whose lowest point is (1, 1).
        std::vector<double> at = {-1.2, 1};
        const double value = minimise(
            at,
            [](const std::vector<double>& x, std::vector<double>& gradient) {
                const double a = 1 - x[0];
                const double b = x[1] - x[0] * x[0];
                gradient = {-2 * a - 400 * x[0] * b, 200 * b};
                return a * a + 100 * b * b;
            },
            500);
        QVERIFY2(value < 1e-10, qPrintable(QString::number(value)));
        QVERIFY(std::abs(at[0] - 1) < 1e-4 && std::abs(at[1] - 1) < 1e-4);
    }
};

QTEST_GUILESS_MAIN(TestRewardHead)
#include "tst_reward_head.moc"
