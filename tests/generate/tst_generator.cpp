#include <cmath>
#include <map>
#include <stop_token>

#include <QTest>

#include <ATen/ATen.h>

#include "core/generate/forward.h"
#include "core/generate/generator.h"
#include "core/generate/kernels.h"
#include "core/generate/prefix_groups.h"
#include "core/generate/sampler.h"
#include "core/model/lora.h"
#include "core/model/threads.h"
#include "tests/generate/small_models.h"

using namespace precedent;
using namespace precedent::core;

class TestGenerator : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void kernelsAgreeWithPlainLoops_data();
    void kernelsAgreeWithPlainLoops();
    void prefixGroupsSaveTheMost();
    void cachedEqualsUncached_data();
    void cachedEqualsUncached();
    void logprobsAreThePlainPaths();
    void batchedEqualsSingle_data();
    void batchedEqualsSingle();
    void threadsChangeNothing();
    void completionsEndWhereTheyShould();
    void greedyTakesTheHighest();
    void samplerFollowsTheDistribution_data();
    void samplerFollowsTheDistribution();
    void aLargeVocabularyIsDrawnFromAlike_data();
    void aLargeVocabularyIsDrawnFromAlike();
    void stopEndsGenerationAndMarksWhatIsUnfinished();
    void sinksSeeEveryToken();
    void adapterIsMerged();
    void badRequestsAreRefused_data();
    void badRequestsAreRefused();
    void divergedWeightsAreAnError();
};

void TestGenerator::initTestCase() { setThreadCount(2); }

void TestGenerator::kernelsAgreeWithPlainLoops_data()
{
    QTest::addColumn<int>("set");
    for (std::size_t i = 0; i < availableKernels().size(); ++i)
        QTest::newRow(availableKernels()[i]->name) << static_cast<int>(i);
}

void TestGenerator::kernelsAgreeWithPlainLoops()
{
    QFETCH(int, set);
    const Kernels& kernels = *availableKernels()[static_cast<std::size_t>(set)];
    Random random(1);
    const auto numbers = [&](std::size_t n, double scale) {
        std::vector<float> v(n);
        for (float& x : v)
            x = static_cast<float>((random.uniform() * 2 - 1) * scale);
        return v;
    };
    for (const std::int64_t M : {1, 2, 3, 5, 6, 7, 8, 9, 21}) {
        const std::int64_t K = 13, panels = 3, N = panels * kPanel;
        const auto x = numbers(static_cast<std::size_t>(M * K), 1), w = numbers(static_cast<std::size_t>(K * N), 1);
        std::vector<float> turned(x.size()); // the same numbers, k outermost
        for (std::int64_t m = 0; m < M; ++m) {
            for (std::int64_t k = 0; k < K; ++k)
                turned[static_cast<std::size_t>(k * M + m)] = x[static_cast<std::size_t>(m * K + k)];
        }
        for (const bool accumulate : {false, true}) {
            auto out = numbers(static_cast<std::size_t>(M * N), 1);
            const auto before = out;
            auto fromTurned = before;
            kernels.matmul(x.data(), K, 1, M, K, w.data(), panels, K * kPanel, out.data(), N, accumulate);
            kernels.matmul(turned.data(), 1, M, M, K, w.data(), panels, K * kPanel, fromTurned.data(), N, accumulate);
            QCOMPARE(fromTurned, out);
            for (std::int64_t m = 0; m < M; ++m) {
                for (std::int64_t n = 0; n < N; ++n) {
                    double expected = accumulate ? before[static_cast<std::size_t>(m * N + n)] : 0;
                    for (std::int64_t k = 0; k < K; ++k)
                        expected += double{x[static_cast<std::size_t>(m * K + k)]} *
                            w[static_cast<std::size_t>(n / kPanel * K * kPanel + k * kPanel + n % kPanel)];
                    QVERIFY(std::abs(out[static_cast<std::size_t>(m * N + n)] - expected) < 1e-5);
                }
            }
        }
    }
    for (const std::int64_t n : {1, 3, 16, 17, 100, 129}) {
        const auto count = static_cast<std::size_t>(n);
        const auto x = numbers(count, 30), y = numbers(count, 2);
        std::vector<float> out(count);
        kernels.swiGlu(x.data(), y.data(), n, out.data());
        std::vector<float> gelu(count);
        kernels.geluGlu(x.data(), y.data(), n, gelu.data());
        double squares = 0, highest = -1e30, sum = 0, halved = 0, below = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const double expected = x[i] / (1 + std::exp(-double{x[i]})) * y[i];
            QVERIFY(std::abs(out[i] - expected) < 1e-6 * (1 + std::abs(expected)));
            const double inner = std::sqrt(2 / M_PI) * (x[i] + 0.044715 * std::pow(double{x[i]}, 3));
            const double expectedGelu = 0.5 * x[i] * (1 + std::tanh(inner)) * y[i];
            QVERIFY(std::abs(gelu[i] - expectedGelu) < 1e-6 * (1 + std::abs(expectedGelu)));
            squares += double{x[i]} * x[i];
            highest = std::max(highest, double{x[i]});
        }
        for (std::size_t i = 0; i < count; ++i) {
            sum += std::exp(x[i] - highest);
            halved += std::exp((x[i] - highest) * 0.5);
            below += std::exp(x[i] - highest) * (x[i] - highest);
        }
        kernels.rmsNorm(x.data(), y.data(), 1e-5F, n, out.data());
        for (std::size_t i = 0; i < count; ++i)
            QVERIFY(std::abs(out[i] - x[i] * y[i] / std::sqrt(squares / static_cast<double>(n) + 1e-5)) < 1e-5);
        float top = 0;
        QVERIFY(std::abs(kernels.sumOfExponentials(x.data(), n, &top) / sum - 1) < 1e-6);
        QCOMPARE(double{top}, highest);
        std::vector<float> weights = x;
        weights.resize(count + 16, 99.0F);
        QVERIFY(std::abs(kernels.softmaxWeights(weights.data(), n, 0.5F, &top) / halved - 1) < 1e-6);
        for (std::size_t i = 0; i < count; ++i)
            QVERIFY(std::abs(weights[i] - std::exp((x[i] - highest) * 0.5)) < 3e-7);
        float products = 0;
        QVERIFY(std::abs(kernels.softmaxSums(x.data(), n, &top, &products) / sum - 1) < 1e-6);
        QVERIFY(double{top} == highest && std::abs(products - below) < 1e-5 * (1 + std::abs(below)));
        std::vector<float> shifted = x;
        shifted.push_back(99.0F); // must stay
        kernels.shiftedExponentials(shifted.data(), n, static_cast<float>(highest + 1));
        for (std::size_t i = 0; i < count; ++i)
            QVERIFY(std::abs(shifted[i] - std::exp(x[i] - highest - 1)) < 3e-7);
        QCOMPARE(shifted.back(), 99.0F);
    }
}

void TestGenerator::prefixGroupsSaveTheMost()
{
    const auto common = someIds(1, 100), other = someIds(2, 60);
    const std::vector<std::vector<int>> prompts = {
        joined(common, {1, 2}), joined(other, {3}), joined(common, {4}), joined(common, {1, 2}), joined(other, {5, 6}), {7}, {7}};
    std::vector<const std::vector<int>*> pointers;
    for (const auto& prompt : prompts)
        pointers.push_back(&prompt);
    const PrefixGroups groups = groupByPrefix(pointers);
    QCOMPARE(groups.length.size(), std::size_t{2});
    QCOMPARE(groups.groupOf[0], groups.groupOf[2]);
    QCOMPARE(groups.groupOf[0], groups.groupOf[3]);
    QCOMPARE(groups.groupOf[1], groups.groupOf[4]);
    QVERIFY(groups.groupOf[0] != groups.groupOf[1]);
    QCOMPARE(groups.groupOf[5], -1);
    QCOMPARE(groups.length[static_cast<std::size_t>(groups.groupOf[0])], std::int64_t{100});
    QCOMPARE(groups.length[static_cast<std::size_t>(groups.groupOf[1])], std::int64_t{60});
    // The same prompt many times: all but its last id is shared.
    const PrefixGroups same = groupByPrefix({&prompts[0], &prompts[0], &prompts[0]});
    QCOMPARE(same.length, std::vector<std::int64_t>{101});
}

void TestGenerator::cachedEqualsUncached_data()
{
    QTest::addColumn<int>("length");
    QTest::addColumn<bool>("tied");
    QTest::newRow("one token") << 1 << true;
    QTest::newRow("two") << 2 << true;
    QTest::newRow("a panel and one") << 33 << false;
    QTest::newRow("more than a pass") << 300 << true;
}

void TestGenerator::cachedEqualsUncached()
{
    QFETCH(int, length);
    QFETCH(bool, tied);
    const auto decoder = smallDecoder(tied);
    Generator generator(decoder);
    const std::vector<int> ids = someIds(8, static_cast<std::size_t>(length));
    const auto result = generator.logits(ids, 70);
    QVERIFY(result.ok());
    const std::vector<std::int64_t> wide(ids.begin(), ids.end());
    const at::Tensor hidden = decoder->hidden(at::tensor(wide, at::kLong).unsqueeze(0))[0];
    const at::Tensor last = at::log_softmax(at::mv(decoder->headWeight(), hidden[length - 1]), -1);
    QCOMPARE(result->top.size(), std::size_t{70});
    for (const auto& candidate : result->top)
        QVERIFY(std::abs(candidate.logprob - last[candidate.id].item<float>()) < 2e-5F);
    for (std::size_t i = 1; i < result->top.size(); ++i)
        QVERIFY(result->top[i - 1].logit >= result->top[i].logit);
    QCOMPARE(result->logprobs.size(), ids.size() - 1);
    if (length > 1) {
        const auto expected = plainLogProbs(*decoder, ids);
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY(std::abs(expected[i] - result->logprobs[i]) < 2e-5F);
    }
}

void TestGenerator::logprobsAreThePlainPaths()
{
    const auto decoder = smallDecoder();
    Generator generator(decoder);
    GenerationRequest request = mixedRequest();
    request.sampling.temperature = 1.4; // the recorded log-probabilities are untempered
    const auto result = generator.generate(request);
    QVERIFY(result.ok());
    for (const Completion& completion : result->completions) {
        const auto& prompt = request.prompts[static_cast<std::size_t>(completion.prompt)].ids;
        const auto expected = plainLogProbs(*decoder, joined(prompt, completion.ids));
        QVERIFY(!completion.ids.empty());
        for (std::size_t i = 0; i < completion.ids.size(); ++i)
            QVERIFY(std::abs(expected[prompt.size() - 1 + i] - completion.logprobs[i]) < 2e-5F);
    }
}

void TestGenerator::batchedEqualsSingle_data()
{
    QTest::addColumn<int>("maxBatch");
    QTest::newRow("all at once") << 64;
    QTest::newRow("fewer places than a prompt's completions") << 2;
    QTest::newRow("five") << 5;
}

void TestGenerator::batchedEqualsSingle()
{
    QFETCH(int, maxBatch);
    Generator generator(smallDecoder());
    GenerationRequest request = mixedRequest();
    request.maxBatch = maxBatch;
    const auto together = generator.generate(request);
    QVERIFY(together.ok());
    QCOMPARE(together->completions.size(), std::size_t{13});
    std::size_t next = 0;
    std::int64_t tokens = 0;
    for (std::size_t p = 0; p < request.prompts.size(); ++p) {
        for (int i = 0; i < request.prompts[p].n; ++i) {
            GenerationRequest alone = request;
            alone.prompts = {request.prompts[p]};
            alone.maxBatch = 1;
            alone.prompts[0].n = i + 1;
            const auto single = generator.generate(alone);
            const Completion& expected = single->completions.back();
            const Completion& got = together->completions[next++];
            QCOMPARE(got.prompt, static_cast<int>(p));
            QCOMPARE(got.index, i);
            QCOMPARE(got.ids, expected.ids);
            QCOMPARE(got.logprobs, expected.logprobs); // to the last bit
            QVERIFY(got.stopReason == expected.stopReason);
            tokens += static_cast<std::int64_t>(got.ids.size());
        }
    }
    QCOMPARE(together->completionTokens, tokens);
}

void TestGenerator::threadsChangeNothing()
{
    Generator generator(smallDecoder());
    const auto two = generator.generate(mixedRequest());
    setThreadCount(1);
    const auto one = generator.generate(mixedRequest());
    setThreadCount(3);
    const auto three = generator.generate(mixedRequest());
    setThreadCount(2);
    for (std::size_t i = 0; i < two->completions.size(); ++i) {
        QCOMPARE(one->completions[i].logprobs, two->completions[i].logprobs);
        QCOMPARE(three->completions[i].logprobs, two->completions[i].logprobs);
    }
}

void TestGenerator::completionsEndWhereTheyShould()
{
    Generator generator(smallDecoder());
    GenerationRequest request;
    request.prompts = {{someIds(1, 4), 6, 1}, {someIds(2, 395), 2, 2}, {someIds(3, 400), 1, 3}};
    request.sampling.maxTokens = 30;
    for (int id = 0; id < 70; id += 12)
        request.stopIds.push_back(id);
    const auto result = generator.generate(request);
    QVERIFY(result.ok());
    std::map<StopReason, int> reasons;
    for (const Completion& completion : result->completions) {
        ++reasons[completion.stopReason];
        const auto isStop = [&](int id) { return id % 12 == 0; };
        const auto promptLength = request.prompts[static_cast<std::size_t>(completion.prompt)].ids.size();
        for (std::size_t i = 0; i + 1 < completion.ids.size(); ++i)
            QVERIFY(!isStop(completion.ids[i]));
        if (completion.stopReason == StopReason::stopId)
            QVERIFY(isStop(completion.ids.back()));
        else if (completion.stopReason == StopReason::length)
            QCOMPARE(completion.ids.size(), std::size_t{30});
        else
            QCOMPARE(promptLength + completion.ids.size(), std::size_t{400});
    }
    QVERIFY(reasons[StopReason::stopId] > 0);
    QVERIFY(result->completions.back().stopReason == StopReason::context);
    QVERIFY(result->completions.back().ids.empty());
}

void TestGenerator::greedyTakesTheHighest()
{
    const auto decoder = smallDecoder();
    Generator generator(decoder);
    GenerationRequest request;
    request.prompts = {{someIds(4, 9), 2, 1}};
    request.sampling.temperature = 0;
    request.sampling.maxTokens = 12;
    const auto result = generator.generate(request);
    QCOMPARE(result->completions[0].ids, result->completions[1].ids);
    std::vector<int> ids = request.prompts[0].ids;
    for (const int id : result->completions[0].ids) {
        QCOMPARE(generator.logits(ids, 1)->top[0].id, id);
        ids.push_back(id);
    }
}

void TestGenerator::samplerFollowsTheDistribution_data()
{
    QTest::addColumn<double>("temperature");
    QTest::addColumn<int>("topK");
    QTest::addColumn<double>("topP");
    QTest::addColumn<QList<int>>("allowed"); // of logits 2, 1, 1, 0, -1, -1e4
    QTest::newRow("plain") << 1.0 << 0 << 1.0 << QList<int>{0, 1, 2, 3, 4};
    QTest::newRow("hot") << 2.5 << 0 << 1.0 << QList<int>{0, 1, 2, 3, 4};
    QTest::newRow("top-k keeps a tie") << 1.0 << 2 << 1.0 << QList<int>{0, 1, 2};
    QTest::newRow("top-k of one") << 1.0 << 1 << 1.0 << QList<int>{0};
    QTest::newRow("top-k above the vocabulary") << 1.0 << 99 << 1.0 << QList<int>{0, 1, 2, 3, 4};
    QTest::newRow("top-p 0.5") << 1.0 << 0 << 0.5 << QList<int>{0};
    QTest::newRow("top-p 0.6") << 1.0 << 0 << 0.6 << QList<int>{0, 1};
    QTest::newRow("top-p near 0") << 1.0 << 0 << 1e-9 << QList<int>{0};
    QTest::newRow("both, warm") << 1.5 << 4 << 0.95 << QList<int>{0, 1, 2, 3};
}

void TestGenerator::samplerFollowsTheDistribution()
{
    QFETCH(double, temperature);
    QFETCH(int, topK);
    QFETCH(double, topP);
    QFETCH(QList<int>, allowed);
    const std::vector<float> logits = {2, 1, 1, 0, -1, -1e4F};
    Sampling sampling;
    sampling.temperature = temperature;
    sampling.topK = topK;
    sampling.topP = topP;
    Sampler sampler(sampling, bestKernels());
    double total = 0, whole = 0;
    for (const int id : allowed)
        total += std::exp(logits[static_cast<std::size_t>(id)] / temperature);
    for (const float logit : logits)
        whole += std::exp(double{logit});
    std::map<int, int> seen;
    Random random(9);
    constexpr int kDraws = 40000;
    for (int i = 0; i < kDraws; ++i) {
        const SampledToken token = sampler.draw(logits.data(), 6, random);
        ++seen[token.id];
        QVERIFY(std::abs(token.logprob - (logits[static_cast<std::size_t>(token.id)] - std::log(whole))) < 1e-5);
    }
    QCOMPARE(seen.size(), static_cast<std::size_t>(allowed.size()));
    for (const int id : allowed) {
        const double expected = std::exp(logits[static_cast<std::size_t>(id)] / temperature) / total;
        const double sigma = std::sqrt(expected * (1 - expected) / kDraws);
        QVERIFY2(std::abs(seen[id] / double{kDraws} - expected) < 5 * sigma + 1e-9, std::to_string(id).c_str());
    }
}

void TestGenerator::aLargeVocabularyIsDrawnFromAlike_data()
{
    QTest::addColumn<double>("temperature");
    QTest::addColumn<int>("topK");
    QTest::addColumn<double>("topP");
    QTest::newRow("greedy") << 0.0 << 0 << 1.0;
    QTest::newRow("plain") << 1.0 << 0 << 1.0;
    QTest::newRow("hot") << 1.7 << 0 << 1.0;
    QTest::newRow("cold") << 1e-6 << 0 << 1.0;
    QTest::newRow("top-k") << 1.0 << 20 << 1.0;
    QTest::newRow("top-k above the number of chunks") << 1.3 << 500 << 1.0;
    QTest::newRow("top-p") << 1.0 << 0 << 0.8;
    QTest::newRow("top-p, warm") << 1.4 << 0 << 0.6;
    QTest::newRow("both") << 0.9 << 50 << 0.9;
}

// A vocabulary that is drawn from in chunks, against one that is not: the same logits, spread over more places.
void TestGenerator::aLargeVocabularyIsDrawnFromAlike()
{
    QFETCH(double, temperature);
    QFETCH(int, topK);
    QFETCH(double, topP);
    Random numbers(4);
    const int small = 1000, large = 20011;
    std::vector<float> some, many(large, -90.0F); // the rest have hardly any weight
    for (int i = 0; i < small; ++i) {
        some.push_back(static_cast<float>(numbers.uniform() * 12 - 6));
        many[static_cast<std::size_t>(i) * 20 + 7] = some.back();
    }
    Sampling sampling;
    sampling.temperature = temperature;
    sampling.topK = topK;
    sampling.topP = topP;
    Sampler plain(sampling, bestKernels()), chunked(sampling, bestKernels());
    Random first(11), second(11);
    int same = 0;
    constexpr int kDraws = 3000;
    for (int i = 0; i < kDraws; ++i) {
        const SampledToken expected = plain.draw(some.data(), small, first), got = chunked.draw(many.data(), large, second);
        same += got.id == expected.id * 20 + 7;
        QVERIFY(std::abs(got.logprob -
                    (many[static_cast<std::size_t>(got.id)] - some[static_cast<std::size_t>(expected.id)] + expected.logprob)) < 1e-4);
    }
    QVERIFY2(same >= kDraws - 6, std::to_string(same).c_str()); // a draw on a boundary may fall to either side
    many[15000] = NAN;
    QVERIFY(std::isnan(chunked.draw(many.data(), large, second).logprob));
}

void TestGenerator::stopEndsGenerationAndMarksWhatIsUnfinished()
{
    Generator generator(smallDecoder());
    GenerationRequest request = mixedRequest();
    request.stopIds.clear();
    request.maxBatch = 4;
    std::stop_source stop;
    int tokens = 0, ended = 0;
    const auto result = generator.generate(
        request, stop.get_token(),
        [&](int, int, int) {
            if (++tokens == 100)
                stop.request_stop();
        },
        [&](const Completion&) { ++ended; });
    QVERIFY(result.ok());
    QCOMPARE(result->completions.size(), std::size_t{13});
    QVERIFY(tokens < 180); // the four in the batch may have drawn more of their round
    QCOMPARE(result->completionTokens, std::int64_t{tokens});
    QVERIFY(result->completions.back().stopReason == StopReason::cancelled);
    QVERIFY(result->completions.back().ids.empty());
    QVERIFY(!result->completions.front().ids.empty());
    QVERIFY(ended > 0);
    const auto none = generator.generate(request, stop.get_token());
    QVERIFY(none.ok());
    QCOMPARE(none->completionTokens, std::int64_t{0});
    QCOMPARE(generator.logits({1, 2}, 1, stop.get_token()).error().code(), ErrorCode::cancelled);
}

void TestGenerator::sinksSeeEveryToken()
{
    Generator generator(smallDecoder());
    std::map<std::pair<int, int>, std::vector<int>> streamed;
    int ended = 0;
    const auto result = generator.generate(
        mixedRequest(), {},
        [&](int prompt, int index, int id) {
            streamed[{prompt, index}].push_back(id);
        },
        [&](const Completion& completion) {
            ++ended;
            QCOMPARE((streamed[{completion.prompt, completion.index}]), completion.ids);
        });
    QCOMPARE(ended, 13);
    for (const Completion& completion : result->completions)
        QCOMPARE((streamed[{completion.prompt, completion.index}]), completion.ids);
}

void TestGenerator::adapterIsMerged()
{
    const auto decoder = smallDecoder();
    Generator generator(decoder);
    const auto before = generator.logits(someIds(1, 20), 1)->logprobs;
    decoder->setAdapter(someAdapter(*decoder, 3));
    generator.refreshWeights();
    const auto with = generator.logits(someIds(1, 20), 1)->logprobs;
    const auto expected = plainLogProbs(*decoder, someIds(1, 20));
    double changed = 0;
    for (std::size_t i = 0; i < with.size(); ++i) {
        QVERIFY(std::abs(with[i] - expected[i]) < 5e-5F);
        changed = std::max(changed, std::abs(double{with[i]} - before[i]));
    }
    QVERIFY(changed > 0.01);
    decoder->setAdapter(nullptr);
    generator.refreshWeights();
    QCOMPARE(generator.logits(someIds(1, 20), 1)->logprobs, before);
}

void TestGenerator::badRequestsAreRefused_data()
{
    QTest::addColumn<QList<int>>("ids");
    QTest::addColumn<int>("n");
    QTest::addColumn<double>("temperature");
    QTest::addColumn<double>("topP");
    QTest::addColumn<int>("maxTokens");
    QTest::addColumn<QString>("part");
    QTest::newRow("empty prompt") << QList<int>{} << 1 << 1.0 << 1.0 << 5 << "empty";
    QTest::newRow("unknown id") << QList<int>{1, 70} << 1 << 1.0 << 1.0 << 5 << "70";
    QTest::newRow("negative id") << QList<int>{-1} << 1 << 1.0 << 1.0 << 5 << "-1";
    QTest::newRow("too long") << QList<int>(401, 1) << 1 << 1.0 << 1.0 << 5 << "401";
    QTest::newRow("no completions") << QList<int>{1} << 0 << 1.0 << 1.0 << 5 << "0 completions";
    QTest::newRow("negative temperature") << QList<int>{1} << 1 << -0.5 << 1.0 << 5 << "temperature";
    QTest::newRow("temperature NaN") << QList<int>{1} << 1 << std::nan("") << 1.0 << 5 << "temperature";
    QTest::newRow("top-p 0") << QList<int>{1} << 1 << 1.0 << 0.0 << 5 << "top_p";
    QTest::newRow("no tokens") << QList<int>{1} << 1 << 1.0 << 1.0 << 0 << "most tokens";
}

void TestGenerator::badRequestsAreRefused()
{
    QFETCH(QList<int>, ids);
    QFETCH(int, n);
    QFETCH(double, temperature);
    QFETCH(double, topP);
    QFETCH(int, maxTokens);
    QFETCH(QString, part);
    Generator generator(smallDecoder());
    GenerationRequest request;
    request.prompts = {{std::vector<int>(ids.begin(), ids.end()), n, 1}};
    request.sampling.temperature = temperature;
    request.sampling.topP = topP;
    request.sampling.maxTokens = maxTokens;
    const auto result = generator.generate(request);
    QVERIFY(!result.ok());
    QCOMPARE(result.error().code(), ErrorCode::invalidArgument);
    QVERIFY2(QString::fromStdString(result.error().message()).contains(part), result.error().message().c_str());
}

void TestGenerator::divergedWeightsAreAnError()
{
    const auto decoder = smallDecoder();
    decoder->parameters().back().second.detach().fill_(std::nan(""));
    Generator generator(decoder);
    GenerationRequest request;
    request.prompts = {{{1, 2}, 1, 1}};
    QCOMPARE(generator.generate(request).error().code(), ErrorCode::internal);
    QCOMPARE(generator.continuationLogProbs({1, 2}, {{3}}).error().code(), ErrorCode::internal);
}

QTEST_GUILESS_MAIN(TestGenerator)
#include "tst_generator.moc"
