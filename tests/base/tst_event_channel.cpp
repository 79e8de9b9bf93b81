#include <QtTest>

#include <atomic>
#include <map>
#include <thread>

#include "precedent/base/event_channel.h"

using namespace precedent;
using namespace std::chrono_literals;

class TestEventChannel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void drainsInOrderAndOnce()
    {
        EventChannel<int> channel;
        QVERIFY(channel.drain().empty());
        for (int i = 0; i < 5; ++i)
            QVERIFY(channel.push(i, true));
        QCOMPARE(channel.drain(), (std::vector<int>{0, 1, 2, 3, 4}));
        QVERIFY(channel.drain().empty());
        QCOMPARE(channel.dropped(), std::size_t{0});
    }

    void dropsOnlyWhatMayBeDropped()
    {
        EventChannel<int> channel(3);
        for (int i = 0; i < 3; ++i)
            QVERIFY(channel.push(i, true));
        QVERIFY(!channel.push(3, true));
        QVERIFY(channel.push(4, false));
        QVERIFY(channel.push(5, false));
        QVERIFY(!channel.push(6, true));
        QCOMPARE(channel.dropped(), std::size_t{2});
        QCOMPARE(channel.drain(), (std::vector<int>{0, 1, 2, 4, 5}));
        QVERIFY(channel.push(7, true));
    }

    void wakesOnceEachTimeItStopsBeingEmpty()
    {
        EventChannel<int> channel;
        int wakes = 0;
        channel.setWaker([&wakes] { ++wakes; });
        channel.push(1, true);
        channel.push(2, false);
        QCOMPARE(wakes, 1);
        static_cast<void>(channel.drain());
        QCOMPARE(wakes, 1);
        channel.push(3, true);
        QCOMPARE(wakes, 2);
    }

    void theWakerMayUseTheChannel()
    {
        EventChannel<int> channel;
        std::vector<int> seen;
        channel.setWaker([&channel, &seen] {
            for (const int event : channel.drain())
                seen.push_back(event);
        });
        for (int i = 0; i < 4; ++i)
            channel.push(i, true);
        QCOMPARE(seen, (std::vector<int>{0, 1, 2, 3}));
    }

    void waitingEndsWithNothingWhenTheTimeIsOver()
    {
        EventChannel<int> channel;
        QVERIFY(channel.waitDrain(1ms).empty());
    }

    void waitingEndsWithTheFirstEvent()
    {
        EventChannel<int> channel;
        std::jthread producer([&channel] { channel.push(42, true); });
        QCOMPARE(channel.waitDrain(1min), (std::vector<int>{42}));
    }

    void carriesEventsThatCanOnlyBeMoved()
    {
        EventChannel<std::unique_ptr<int>> channel;
        channel.push(std::make_unique<int>(6), false);
        QCOMPARE(*channel.drain().front(), 6);
    }

    /// Several producers, one consumer: nothing that must arrive is lost or overtaken, and the rest is counted.
    void losesNothingThatMustArriveUnderLoad()
    {
        constexpr int kProducers = 4;
        constexpr int kEvents = 20'000;
        struct Event {
            int producer = 0;
            int number = 0;
            bool droppable = false;
        };
        EventChannel<Event> channel(64);
        std::atomic<int> wakes = 0;
        channel.setWaker([&wakes] { ++wakes; });
        std::vector<std::jthread> producers;
        for (int producer = 0; producer < kProducers; ++producer) {
            producers.emplace_back([&channel, producer] {
                for (int i = 0; i < kEvents; ++i)
                    channel.push({producer, i, i % 4 != 0}, i % 4 != 0);
            });
        }
        std::map<int, int> lastNumber;
        std::size_t urgent = 0;
        std::size_t progress = 0;
        int drains = 0;
        while (urgent < std::size_t{kProducers} * kEvents / 4) {
            const std::vector<Event> events = channel.waitDrain(1min);
            QVERIFY2(!events.empty(), "an event that must arrive was lost");
            ++drains;
            for (const Event& event : events) {
                const auto last = lastNumber.find(event.producer);
                QVERIFY(last == lastNumber.end() || last->second < event.number);
                lastNumber[event.producer] = event.number;
                ++(event.droppable ? progress : urgent);
            }
        }
        producers.clear();
        progress += channel.drain().size();
        QCOMPARE(urgent + progress + channel.dropped(), std::size_t{kProducers} * kEvents);
        QVERIFY(wakes.load() >= drains && wakes.load() <= drains + 1);
    }
};

QTEST_GUILESS_MAIN(TestEventChannel)
#include "tst_event_channel.moc"
