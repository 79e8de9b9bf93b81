#include <QtTest>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "precedent/base/random.h"

using namespace precedent;

class TestRandom : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The numbers that Vigna's splitmix64.c prints from the state 1234567.
    void givesPublishedNumbers()
    {
        Random random;
        random.setState(1234567);
        for (const std::uint64_t expected :
            {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL, 4593380528125082431ULL, 16408922859458223821ULL})
            QCOMPARE(random.next(), expected);
    }

    void sameSeedAndStreamGiveTheSameNumbers()
    {
        Random first(5, 9);
        Random second(5, 9);
        for (int i = 0; i < 1000; ++i)
            QCOMPARE(first.next(), second.next());
    }

    void streamsAndSeedsDiffer()
    {
        std::set<std::uint64_t> firsts;
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            for (std::uint64_t stream = 0; stream < 50; ++stream)
                firsts.insert(Random(seed, stream).next());
        }
        QCOMPARE(firsts.size(), std::size_t{2500});
    }

    void aSavedStateGoesOnWhereItWas()
    {
        Random random(3);
        static_cast<void>(random.next());
        Random resumed;
        resumed.setState(random.state());
        QCOMPARE(resumed.next(), random.next());
    }

    void uniformStaysInRangeAndIsEven()
    {
        Random random(1);
        std::array<int, 10> counts{};
        for (int i = 0; i < 100'000; ++i) {
            const double x = random.uniform();
            QVERIFY(x >= 0 && x < 1);
            ++counts[static_cast<std::size_t>(x * 10)];
        }
        // Six standard deviations of a binomial count with p = 0.1.
        for (const int count : counts)
            QVERIFY2(std::abs(count - 10'000) < 570, qPrintable(QString::number(count)));
    }

    void belowNeverReachesItsBound()
    {
        Random random(2);
        std::set<std::size_t> seen;
        for (int i = 0; i < 1000; ++i)
            seen.insert(random.below(7));
        QCOMPARE(seen.size(), std::size_t{7});
        QCOMPARE(*seen.rbegin(), std::size_t{6});
        QCOMPARE(random.below(1), std::size_t{0});
    }

    void shuffleKeepsEveryItem()
    {
        std::vector<int> items(100);
        std::iota(items.begin(), items.end(), 0);
        const std::vector<int> before = items;
        Random random(4);
        random.shuffle(items);
        QVERIFY(items != before);
        std::sort(items.begin(), items.end());
        QCOMPARE(items, before);
        std::vector<int> none;
        random.shuffle(none);
        QVERIFY(none.empty());
    }

    /// The vectors of the FNV reference page, 64-bit FNV-1a.
    void streamNumbersArePublishedOnes()
    {
        QCOMPARE(streamOf(""), std::uint64_t{0xcbf29ce484222325});
        QCOMPARE(streamOf("a"), std::uint64_t{0xaf63dc4c8601ec8c});
        QCOMPARE(streamOf("foobar"), std::uint64_t{0x85944171f73967e8});
    }
};

QTEST_GUILESS_MAIN(TestRandom)
#include "tst_random.moc"
