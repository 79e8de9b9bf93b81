#include <cmath>

#include <QTest>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/model/cancelled.h"
#include "core/model/decoder.h"
#include "core/model/ops.h"
#include "core/model/token_log_probs.h"

using namespace precedent;
using namespace precedent::core;

namespace {

DecoderConfig tinyConfig(int heads = 4, int kvHeads = 2, bool tied = true)
{
    DecoderConfig config;
    config.hiddenSize = 24;
    config.layers = 2;
    config.heads = heads;
    config.kvHeads = kvHeads;
    config.headDim = 6;
    config.intermediateSize = 20;
    config.vocabulary = 31;
    config.contextLength = 64;
    config.tieEmbeddings = tied;
    return config;
}

/// Weights large enough that attention is far from uniform.
std::shared_ptr<Decoder> tinyDecoder(const DecoderConfig& config, at::ScalarType dtype = at::kDouble)
{
    auto decoder = *Decoder::create(config, 7, dtype);
    at::manual_seed(3);
    for (auto& [name, weight] : decoder->parameters())
        weight.detach().add_(at::randn(weight.sizes(), weight.options().requires_grad(false)) * 0.3);
    return decoder;
}

double worst(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

std::vector<at::Tensor> gradientsOf(const Decoder& decoder, const at::Tensor& loss)
{
    std::vector<at::Tensor> leaves;
    for (const auto& entry : decoder.parameters()) {
        entry.second.mutable_grad() = at::Tensor();
        leaves.push_back(entry.second);
    }
    loss.backward();
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& leaf : leaves) {
        gradients.push_back(leaf.grad().clone());
        leaf.mutable_grad() = at::Tensor();
    }
    return gradients;
}

at::Tensor randomIds(at::IntArrayRef shape, int vocabulary) { return at::randint(vocabulary, shape, at::TensorOptions(at::kLong)); }

} // namespace

class TestDecoder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void createIsSeededAndScaled();
    void ropeEqualsPlainLoop();
    void groupedAttentionEqualsPlainLoop_data();
    void groupedAttentionEqualsPlainLoop();
    void laterPositionsChangeNothingBefore();
    void packedEqualsConcatenated_data();
    void packedEqualsConcatenated();
    void groupsBehindAPrefixEqualWholeSequences_data();
    void groupsBehindAPrefixEqualWholeSequences();
    void blockedHeadEqualsPlain_data();
    void blockedHeadEqualsPlain();
    void gradientsEqualFiniteDifferences();
    void stopCheckCancels();
};

void TestDecoder::createIsSeededAndScaled()
{
    DecoderConfig config = tinyConfig();
    config.hiddenSize = 128;
    config.intermediateSize = 256;
    config.vocabulary = 512;
    const auto a = *Decoder::create(config, 5);
    const auto b = *Decoder::create(config, 5);
    const auto c = *Decoder::create(config, 6);
    bool differs = false;
    for (std::size_t i = 0; i < a->parameters().size(); ++i) {
        const auto& [name, weight] = a->parameters()[i];
        QVERIFY(weight.requires_grad());
        QVERIFY(at::equal(weight, b->parameters()[i].second));
        differs = differs || !at::equal(weight, c->parameters()[i].second);
        if (weight.dim() == 1) {
            QVERIFY(at::equal(weight, at::ones_like(weight)));
            continue;
        }
        const bool residual = name.find("o_proj") != std::string::npos || name.find("down_proj") != std::string::npos;
        const double expected = residual ? 0.02 / 2.0 : 0.02; // 1 / sqrt(2 * 2 layers)
        QVERIFY2(std::abs(weight.std().item<double>() / expected - 1) < 0.06, name.c_str());
    }
    QVERIFY(differs);
    QCOMPARE(config.parameterCount(), [&] {
        std::int64_t n = 0;
        for (const auto& entry : a->parameters())
            n += entry.second.numel();
        return n;
    }());
}

void TestDecoder::ropeEqualsPlainLoop()
{
    const std::int64_t N = 5, H = 3, D = 8;
    const at::Tensor x = at::randn({N, H, D}, at::kDouble);
    const RopeTable table = makeRopeTable(N, at::tensor(RopeConfig{}.frequencies(D), at::kDouble), 1, at::kDouble);
    const at::Tensor got = rotate(x, table.cos, table.sin);
    for (std::int64_t n = 0; n < N; ++n) {
        for (std::int64_t h = 0; h < H; ++h) {
            for (std::int64_t i = 0; i < D / 2; ++i) {
                const double angle = static_cast<double>(n) * std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(D));
                const double a = x[n][h][i].item<double>();
                const double b = x[n][h][i + D / 2].item<double>();
                QVERIFY(std::abs(got[n][h][i].item<double>() - (a * std::cos(angle) - b * std::sin(angle))) < 1e-12);
                QVERIFY(std::abs(got[n][h][i + D / 2].item<double>() - (b * std::cos(angle) + a * std::sin(angle))) < 1e-12);
            }
        }
    }
}

void TestDecoder::groupedAttentionEqualsPlainLoop_data()
{
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("kvHeads");
    QTest::newRow("one query head a key head") << 2 << 2;
    QTest::newRow("three") << 6 << 2;
    QTest::newRow("one key head for all") << 4 << 1;
}

void TestDecoder::groupedAttentionEqualsPlainLoop()
{
    QFETCH(int, heads);
    QFETCH(int, kvHeads);
    const std::int64_t B = 2, T = 7, D = 4;
    const at::Tensor q = at::randn({B, T, heads, D}, at::kDouble);
    const at::Tensor k = at::randn({B, T, kvHeads, D}, at::kDouble);
    const at::Tensor v = at::randn({B, T, kvHeads, D}, at::kDouble);
    const at::Tensor got = causalAttention(q, k, v);
    for (std::int64_t b = 0; b < B; ++b) {
        for (std::int64_t t = 0; t < T; ++t) {
            for (std::int64_t h = 0; h < heads; ++h) {
                const std::int64_t g = h / (heads / kvHeads);
                double total = 0;
                at::Tensor mixed = at::zeros({D}, at::kDouble);
                for (std::int64_t s = 0; s <= t; ++s) {
                    const double weight = std::exp((q[b][t][h] * k[b][s][g]).sum().item<double>() / std::sqrt(static_cast<double>(D)));
                    total += weight;
                    mixed += v[b][s][g] * weight;
                }
                QVERIFY(worst(got[b][t][h], mixed / total) < 1e-12);
            }
        }
    }
}

void TestDecoder::laterPositionsChangeNothingBefore()
{
    const auto decoder = tinyDecoder(tinyConfig());
    const at::Tensor ids = randomIds({2, 9}, 31);
    at::Tensor padded = at::cat({ids, at::zeros({2, 4}, at::kLong)}, 1);
    QVERIFY(worst(decoder->hidden(ids), decoder->hidden(padded).slice(1, 0, 9)) < 1e-12);
}

void TestDecoder::packedEqualsConcatenated_data()
{
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("kvHeads");
    QTest::addColumn<int>("prompt");
    QTest::addColumn<int>("suffixes");
    QTest::addColumn<int>("length");
    QTest::newRow("usual") << 4 << 2 << 11 << 3 << 5;
    QTest::newRow("prompt of one") << 4 << 4 << 1 << 2 << 4;
    QTest::newRow("one suffix") << 4 << 1 << 6 << 1 << 7;
    QTest::newRow("suffixes of one token") << 4 << 2 << 6 << 3 << 1;
}

void TestDecoder::packedEqualsConcatenated()
{
    QFETCH(int, heads);
    QFETCH(int, kvHeads);
    QFETCH(int, prompt);
    QFETCH(int, suffixes);
    QFETCH(int, length);
    const auto decoder = tinyDecoder(tinyConfig(heads, kvHeads));
    const at::Tensor promptIds = randomIds({prompt}, 31);
    const at::Tensor suffixIds = randomIds({suffixes, length}, 31);
    const at::Tensor whole = at::cat({promptIds.unsqueeze(0).expand({suffixes, -1}), suffixIds}, 1);
    const auto loss = [&](const at::Tensor& hidden) { // some function that weighs every position differently
        const at::Tensor logProbs = decoder->tokenLogProbs(hidden.reshape({-1, hidden.size(-1)}), suffixIds.reshape({-1}));
        return (logProbs * at::arange(1, logProbs.numel() + 1, at::kDouble)).sum();
    };
    const at::Tensor plainHidden = decoder->hidden(whole).slice(1, prompt - 1, prompt + length - 1);
    const at::Tensor packedHidden = decoder->hiddenPacked({{promptIds, suffixIds}}).view(plainHidden.sizes());
    QCOMPARE(packedHidden.sizes().vec(), plainHidden.sizes().vec());
    QVERIFY(worst(plainHidden, packedHidden) < 1e-10);
    const auto expected = gradientsOf(*decoder, loss(plainHidden));
    const auto got = gradientsOf(*decoder, loss(packedHidden));
    for (std::size_t i = 0; i < got.size(); ++i)
        QVERIFY2(worst(expected[i], got[i]) < 1e-10 * (1 + expected[i].abs().max().item<double>()), decoder->parameters()[i].first.c_str());
}

// Two groups of unlike lengths behind one beginning, in one pass; and the same with every layer computed again in the backward.
void TestDecoder::groupsBehindAPrefixEqualWholeSequences_data()
{
    QTest::addColumn<bool>("recomputes");
    QTest::addColumn<bool>("shared");
    QTest::addColumn<bool>("padded");
    QTest::newRow("kept") << false << true << false;
    QTest::newRow("kept, completions of unlike lengths") << false << true << true;
    QTest::newRow("computed again, completions of unlike lengths") << true << true << true;
    QTest::newRow("no beginning, computed again") << true << false << false;
}

void TestDecoder::groupsBehindAPrefixEqualWholeSequences()
{
    QFETCH(bool, recomputes);
    QFETCH(bool, shared);
    QFETCH(bool, padded);
    const auto decoder = tinyDecoder(tinyConfig());
    const at::Tensor start = randomIds({9}, 31);
    std::vector<PackedGroup> groups{{randomIds({5}, 31), randomIds({3, 4}, 31)}, {randomIds({1}, 31), randomIds({2, 6}, 31)}};
    if (padded) {
        groups[0].lengths = {4, 1, 2};
        groups[1].lengths = {3, 6};
    }
    std::vector<at::Tensor> rows, masks;
    for (const PackedGroup& group : groups) {
        const std::int64_t G = group.completions.size(0), S = group.completions.size(1);
        const at::Tensor lengths = padded ? at::tensor(group.lengths) : at::full({G}, S, at::kLong);
        masks.push_back(at::arange(S).unsqueeze(0).lt(lengths.unsqueeze(1)).reshape({G * S, 1}));
        const at::Tensor before = shared ? at::cat({start, group.prompt}) : group.prompt;
        const at::Tensor whole = at::cat({before.unsqueeze(0).expand({G, -1}), group.completions}, 1);
        rows.push_back(decoder->hidden(whole).slice(1, before.size(0) - 1, before.size(0) + S - 1).reshape({G * S, -1}));
    }
    const at::Tensor mask = at::cat(masks), wanted = at::cat(rows) * mask;
    const auto loss = [&](const at::Tensor& hidden) { return (hidden * hidden * at::arange(1, hidden.numel() + 1).view_as(hidden)).sum(); };
    const auto expected = gradientsOf(*decoder, loss(wanted));
    decoder->setRecomputing(recomputes);
    Prefix prefix;
    if (shared)
        static_cast<void>(decoder->hiddenOfPrompt(start, prefix));
    const at::Tensor packed = decoder->hiddenPacked(groups, prefix) * mask;
    QVERIFY(worst(wanted, packed) < 1e-10);
    const auto got = gradientsOf(*decoder, loss(packed));
    for (std::size_t i = 0; i < got.size(); ++i)
        QVERIFY2(worst(expected[i], got[i]) < 1e-10 * (1 + expected[i].abs().max().item<double>()), decoder->parameters()[i].first.c_str());
}

void TestDecoder::blockedHeadEqualsPlain_data()
{
    QTest::addColumn<double>("temperature");
    QTest::addColumn<bool>("wide");
    QTest::addColumn<int>("vocabulary");
    QTest::newRow("float64, whole blocks") << 1.0 << true << 1024;
    QTest::newRow("float64, part of a block, warm") << 1.6 << true << 1000;
    QTest::newRow("float64, one short block, cold") << 0.4 << true << 100;
    QTest::newRow("float64, a block and one row") << 0.4 << true << 257;
    QTest::newRow("float32") << 1.0 << false << 5000;
    QTest::newRow("float32, part of a block, warm") << 1.6 << false << 1001;
    QTest::newRow("float32, one short block") << 0.7 << false << 29;
}

void TestDecoder::blockedHeadEqualsPlain()
{
    QFETCH(double, temperature);
    QFETCH(bool, wide);
    QFETCH(int, vocabulary);
    const auto dtype = wide ? at::kDouble : at::kFloat;
    const double tolerance = wide ? 1e-12 : 1e-5;
    const at::Tensor hidden = at::randn({10, 6}, dtype).requires_grad_(true);
    const at::Tensor weight = at::randn({vocabulary, 6}, dtype).requires_grad_(true);
    const at::Tensor targets = randomIds({10}, vocabulary), upstream = at::randn({10}, dtype);
    at::Tensor plainEntropy, entropy;
    const at::Tensor expected = plainTokenLogProbs(hidden, weight, targets, temperature, &plainEntropy);
    const auto head = wide ? &blockedTokenLogProbs : &fusedTokenLogProbs;
    const at::Tensor got = head(hidden, weight, targets, temperature, &entropy, {}, /*blockElements=*/1); // 256 rows
    QVERIFY(worst(expected, got) < tolerance);
    QVERIFY(worst(plainEntropy, entropy) < tolerance);
    QVERIFY(!entropy.requires_grad());
    const std::vector<at::Tensor> inputs = {hidden, weight};
    const auto wanted = torch::autograd::grad({(expected * upstream).sum()}, inputs);
    const auto given = torch::autograd::grad({(got * upstream).sum()}, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const double difference = worst(wanted[i], given[i]) / (1 + wanted[i].abs().max().item<double>());
        QVERIFY2(difference < tolerance, std::to_string(difference * 1e6).c_str());
    }

    const at::Tensor narrow = weight.detach().to(at::kBFloat16), frozen = narrow.to(dtype);
    if (wide)
        return;
    const at::Tensor widened = plainTokenLogProbs(hidden, frozen, targets, temperature, nullptr);
    const at::Tensor widenedGradient = torch::autograd::grad({(widened * upstream).sum()}, {hidden})[0];
    for (const at::Tensor& still : {narrow, frozen}) {
        for (const std::int64_t blockElements : {1, 1 << 22}) { // blocks of 256 rows, and all rows at once
            const at::Tensor held = fusedTokenLogProbs(hidden, still, targets, temperature, &entropy, {}, blockElements);
            QVERIFY(worst(widened, held) < tolerance);
            const at::Tensor gradient = torch::autograd::grad({(held * upstream).sum()}, {hidden})[0];
            const double difference = worst(widenedGradient, gradient) / (1 + widenedGradient.abs().max().item<double>());
            QVERIFY2(difference < tolerance, std::to_string(difference * 1e6).c_str());
        }
    }
    QVERIFY(worst(widened, tokenLogProbs(hidden, narrow, targets, temperature, nullptr)) < tolerance);
}

void TestDecoder::gradientsEqualFiniteDifferences()
{
    const auto decoder = tinyDecoder(tinyConfig(4, 2, /*tied=*/false));
    const at::Tensor ids = randomIds({2, 6}, 31);
    const at::Tensor targets = randomIds({12}, 31);
    const auto loss = [&] { return decoder->tokenLogProbs(decoder->hidden(ids).reshape({12, -1}), targets, 1.3).sum(); };
    const auto gradients = gradientsOf(*decoder, loss());
    constexpr double kStep = 1e-5;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        const auto& [name, weight] = decoder->parameters()[i];
        at::Tensor flat = weight.detach().view({-1});
        // One direction checks every element at once.
        const at::Tensor direction = at::randn(flat.sizes(), at::kDouble);
        flat.add_(direction, kStep);
        const double up = loss().item<double>();
        flat.add_(direction, -2 * kStep);
        const double down = loss().item<double>();
        flat.add_(direction, kStep);
        const double expected = (up - down) / (2 * kStep);
        const double got = (gradients[i].view({-1}) * direction).sum().item<double>();
        QVERIFY2(std::abs(expected - got) < 1e-6 * (1 + std::abs(expected)),
            (name + ": " + std::to_string(expected) + " against " + std::to_string(got)).c_str());
    }
}

void TestDecoder::stopCheckCancels()
{
    const auto decoder = tinyDecoder(tinyConfig());
    int asked = 0;
    decoder->setStopCheck([&] { return ++asked == 2; });
    QVERIFY_EXCEPTION_THROWN(decoder->hidden(randomIds({1, 4}, 31)), Cancelled);
    QCOMPARE(asked, 2);
    const at::Tensor hidden = decoder->hidden(randomIds({1, 4}, 31)).reshape({4, -1});
    decoder->setStopCheck([] { return true; });
    QVERIFY_EXCEPTION_THROWN((void)decoder->tokenLogProbs(hidden, randomIds({4}, 31)), Cancelled);
}

QTEST_GUILESS_MAIN(TestDecoder)
#include "tst_decoder.moc"
