#include <cmath>
#include <limits>

#include <QTest>

#include <ATen/ATen.h>

#include "core/align/torch/adamw.h"
#include "core/align/torch/grpo_loss.h"
#include "core/align/torch/policy.h"
#include "core/model/cancelled.h"
#include "core/model/decoder.h"
#include "core/model/threads.h"

using namespace precedent;
using namespace precedent::core;

namespace {

constexpr int kVocabulary = 23;

RunSpec specOf(LossType type, double beta, int iterations = 1)
{
    RunSpec spec;
    spec.lossType = type;
    spec.beta = beta;
    spec.numIterations = iterations;
    spec.maxCompletionLength = 12;
    spec.epsilon = 0.2;
    spec.epsilonHigh = 0.28;
    spec.maxGradNorm = 1e9;
    return spec;
}

/// Three completions of 4, 2 and 3 tokens whose ratios lie on both sides of the clip, none of them near its corner.
GroupTokens sampleTokens(const RunSpec& spec, bool withReference)
{
    at::manual_seed(11);
    const auto options = at::TensorOptions(at::kDouble);
    const std::vector<int> lengths{4, 2, 3};
    GroupTokens t;
    t.oldLogProbs = -at::rand({3, 4}, options) * 3 - 0.1;
    const at::Tensor logRatio = at::tensor({0.05, -0.5, 0.4, -0.1, 0.6, -0.05, 9.0, 9.0, -0.4, 0.1, 0.5, 9.0}, options).view({3, 4});
    t.logProbs = (t.oldLogProbs + logRatio).detach().requires_grad_(true);
    if (withReference)
        t.reference = t.oldLogProbs + at::randn({3, 4}, options) * 0.3;
    t.advantages = at::tensor({1.3, -0.7, 0.4}, options);
    const std::vector<double> weights = tokenWeights(lengths, spec.lossType, spec.maxCompletionLength);
    t.weights = at::zeros({3, 4}, options);
    for (int g = 0; g < 3; ++g)
        t.weights[g].narrow(0, 0, lengths[static_cast<std::size_t>(g)]).fill_(weights[static_cast<std::size_t>(g)]);
    return t;
}

/// The definitions again, in scalars: TRL's per-token loss, then its three ways of averaging over a [3, 4] batch.
double plainLoss(const GroupTokens& t, const RunSpec& spec)
{
    const std::vector<int> lengths{4, 2, 3};
    double ofSequences = 0;
    double ofTokens = 0;
    for (int g = 0; g < 3; ++g) {
        double sum = 0;
        for (int s = 0; s < lengths[static_cast<std::size_t>(g)]; ++s) {
            const double logp = t.logProbs[g][s].item<double>();
            const double w = std::exp(logp - t.oldLogProbs[g][s].item<double>());
            const double A = t.advantages[g].item<double>();
            double loss = -std::min(w * A, std::min(std::max(w, 1 - spec.epsilon), 1 + spec.epsilonHigh) * A);
            if (t.reference.defined()) {
                const double behind = t.reference[g][s].item<double>() - logp;
                loss += spec.beta * (std::exp(behind) - behind - 1);
            }
            sum += loss;
        }
        ofSequences += sum / lengths[static_cast<std::size_t>(g)];
        ofTokens += sum;
    }
    if (spec.lossType == LossType::grpo)
        return ofSequences / 3;
    return spec.lossType == LossType::dapo ? ofTokens / 9 : ofTokens / (3.0 * spec.maxCompletionLength);
}

void addLossRows()
{
    QTest::addColumn<int>("type");
    QTest::addColumn<double>("beta");
    for (const double beta : {0.0, 0.3}) {
        for (const auto& [type, name] : {std::pair{LossType::grpo, "grpo"}, {LossType::dapo, "dapo"}, {LossType::drGrpo, "dr_grpo"}})
            QTest::addRow("%s, beta %.1f", name, beta) << static_cast<int>(type) << beta;
    }
}

DecoderConfig tinyConfig()
{
    DecoderConfig config;
    config.hiddenSize = 16;
    config.layers = 2;
    config.heads = 4;
    config.kvHeads = 2;
    config.headDim = 4;
    config.intermediateSize = 20;
    config.vocabulary = kVocabulary;
    config.contextLength = 64;
    return config;
}

std::shared_ptr<Decoder> tinyDecoder(at::ScalarType dtype = at::kFloat)
{
    auto decoder = *Decoder::create(tinyConfig(), 7, dtype);
    at::manual_seed(3);
    for (auto& entry : decoder->parameters())
        entry.second.detach().add_(at::randn(entry.second.sizes(), entry.second.options().requires_grad(false)) * 0.2);
    return decoder;
}

LoadedModel tinyModel()
{
    LoadedModel model;
    model.config = tinyConfig();
    model.decoder = tinyDecoder();
    return model;
}

/// Three groups of which two begin with the same 20 tokens.
std::vector<UpdateGroup> alikeGroups()
{
    std::vector<int> start;
    for (int i = 0; i < 20; ++i)
        start.push_back(1 + i * 7 % 20);
    std::vector<int> first = start, second = start;
    first.insert(first.end(), {3, 4});
    second.insert(second.end(), {5, 6, 7});
    return {{first, {{6, 7, 8}, {9, 10, 11, 12, 0}, {13, 0}}, {1.1, -0.6, -0.5}}, {{2, 2, 9}, {{5, 5}, {4, 3, 0}}, {0.2, 0.9}},
        {second, {{1, 20, 21, 0}, {4, 0}}, {-0.3, 0.7}}};
}

std::vector<UpdateGroup> twoGroups()
{
    return {{{1, 2, 3, 4, 5}, {{6, 7, 8}, {9, 10, 11, 12, 0}, {13, 0}}, {1.1, -0.6, -0.5}},
        {{2, 2, 9}, {{5, 5}, {4, 3, 0}, {1, 20, 21, 0}}, {0.2, 0.9, -1.1}}};
}

/// Loss and gradient norm by the long way: every completion alone behind its prompt, whole logits, no packing.
std::pair<double, double> plainStep(
    const Decoder& decoder, const Decoder& reference, const std::vector<UpdateGroup>& groups, const RunSpec& spec)
{
    std::vector<int> lengths;
    for (const UpdateGroup& group : groups) {
        for (const auto& ids : group.completions)
            lengths.push_back(static_cast<int>(ids.size()));
    }
    const std::vector<double> weights = tokenWeights(lengths, spec.lossType, spec.maxCompletionLength);
    at::Tensor loss = at::zeros({});
    std::size_t n = 0;
    for (const UpdateGroup& group : groups) {
        for (std::size_t g = 0; g < group.completions.size(); ++g, ++n) {
            std::vector<int> ids = group.prompt;
            ids.insert(ids.end(), group.completions[g].begin(), group.completions[g].end());
            const at::Tensor all = at::tensor(ids).to(at::kLong);
            const auto S = static_cast<std::int64_t>(group.completions[g].size());
            const std::int64_t T = all.size(0);
            const auto logProbs = [&](const Decoder& d) {
                const at::Tensor hidden = d.hidden(all.unsqueeze(0)).squeeze(0).narrow(0, T - S - 1, S);
                const at::Tensor logits = at::matmul(hidden, d.headWeight().t()) / spec.temperature;
                return at::log_softmax(logits, 1).gather(1, all.narrow(0, T - S, S).unsqueeze(1)).squeeze(1);
            };
            const at::Tensor p = logProbs(decoder);
            at::Tensor perToken = -at::exp(p - p.detach()) * group.advantages[g];
            if (spec.beta > 0) {
                const at::Tensor behind = logProbs(reference).detach() - p;
                perToken = perToken + spec.beta * (at::exp(behind) - behind - 1);
            }
            loss = loss + perToken.sum() * weights[n];
        }
    }
    loss.backward();
    double squares = 0;
    for (const auto& entry : decoder.parameters()) {
        squares += entry.second.grad().to(at::kDouble).square().sum().item<double>();
        entry.second.mutable_grad().reset();
    }
    return {loss.item<double>(), std::sqrt(squares)};
}

std::vector<at::Tensor> weightsOf(const Policy& policy)
{
    std::vector<at::Tensor> copies;
    for (const auto& entry : policy.decoder()->parameters())
        copies.push_back(entry.second.detach().clone());
    return copies;
}

bool sameWeights(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b)
{
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!a[i].equal(b[i]))
            return false;
    }
    return true;
}

bool near(double a, double b, double relative) { return std::abs(a - b) <= relative * std::max(1e-6, std::abs(b)); }

} // namespace

class TestGrpoLoss : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void optimiserOfAnyDeviceEqualsTheKernel();
    void initTestCase() { setThreadCount(2); }

    void lossIsTrls_data() { addLossRows(); }
    void lossIsTrls()
    {
        QFETCH(int, type);
        QFETCH(double, beta);
        const RunSpec spec = specOf(static_cast<LossType>(type), beta);
        const GroupTokens tokens = sampleTokens(spec, beta > 0);
        const LossParts parts = groupLoss(tokens, spec);
        QVERIFY(near(parts.loss.item<double>(), plainLoss(tokens, spec), 1e-12));
        QCOMPARE(parts.tokens, 9.0);
        // A > 0 cut above 1.28: 0.4; A < 0 cut below 0.8: none of 0.6, -0.05; A > 0 again: 0.5.
        QCOMPARE(parts.clipped, 2.0);
    }

    void lossGradientEqualsFiniteDifferences_data() { addLossRows(); }
    void lossGradientEqualsFiniteDifferences()
    {
        QFETCH(int, type);
        QFETCH(double, beta);
        const RunSpec spec = specOf(static_cast<LossType>(type), beta);
        GroupTokens tokens = sampleTokens(spec, beta > 0);
        groupLoss(tokens, spec).loss.backward();
        const at::Tensor gradient = tokens.logProbs.grad();
        constexpr double h = 1e-6;
        for (int g = 0; g < 3; ++g) {
            for (int s = 0; s < 4; ++s) {
                const auto lossAt = [&](double shift) {
                    GroupTokens moved = tokens;
                    moved.logProbs = tokens.logProbs.detach().clone();
                    moved.logProbs[g][s] += shift;
                    return groupLoss(moved, spec).loss.item<double>();
                };
                const double numeric = (lossAt(h) - lossAt(-h)) / (2 * h);
                const double analytic = gradient[g][s].item<double>();
                QVERIFY2(
                    std::abs(numeric - analytic) < 1e-8, qPrintable(QString("[%1][%2] %3 %4").arg(g).arg(s).arg(numeric).arg(analytic)));
            }
        }
    }

    // The same through the decoder: prompt computed once, vocabulary head in chunks, loss; in float64.
    void wholeGradientEqualsFiniteDifferences_data() { addLossRows(); }
    void wholeGradientEqualsFiniteDifferences()
    {
        QFETCH(int, type);
        QFETCH(double, beta);
        const RunSpec spec = specOf(static_cast<LossType>(type), beta);
        const auto decoder = tinyDecoder(at::kDouble);
        const at::Tensor prompt = at::tensor({1, 2, 3}, at::kLong);
        const at::Tensor completions = at::tensor({4, 5, 6, 7, 8, 9, 0, 0, 10, 11, 12, 0}, at::kLong).view({3, 4});
        const auto lossOf = [&] {
            GroupTokens tokens = sampleTokens(spec, beta > 0);
            const at::Tensor hidden = decoder->hiddenPacked({{prompt, completions}});
            tokens.logProbs = decoder->tokenLogProbs(hidden, completions.reshape({12}), 0.9).view({3, 4});
            tokens.oldLogProbs = tokens.oldLogProbs - 1.5; // near what a model of 23 tokens gives, so that few are clipped
            return groupLoss(tokens, spec).loss;
        };
        lossOf().backward();
        constexpr double h = 1e-6;
        for (const auto& [name, weight] : decoder->parameters()) {
            const at::Tensor flat = weight.detach().view({-1});
            const at::Tensor gradient = weight.grad().reshape({-1});
            for (const std::int64_t i : {std::int64_t{0}, flat.numel() / 2, flat.numel() - 1}) {
                const double before = flat[i].item<double>();
                flat[i].fill_(before + h);
                const double up = lossOf().item<double>();
                flat[i].fill_(before - h);
                const double down = lossOf().item<double>();
                flat[i].fill_(before);
                const double numeric = (up - down) / (2 * h);
                QVERIFY2(std::abs(numeric - gradient[i].item<double>()) < 1e-7,
                    qPrintable(QString("%1[%2] %3 %4").arg(name.c_str()).arg(i).arg(numeric).arg(gradient[i].item<double>())));
            }
        }
    }

    void paddingThatHoldsInfinitiesChangesNothing()
    {
        const RunSpec spec = specOf(LossType::dapo, 0.3);
        GroupTokens tokens = sampleTokens(spec, true);
        const double before = groupLoss(tokens, spec).loss.item<double>();
        tokens.oldLogProbs[1][3] = -std::numeric_limits<double>::infinity();
        tokens.reference[1][3] = std::numeric_limits<double>::infinity();
        QCOMPARE(groupLoss(tokens, spec).loss.item<double>(), before);
    }

    // -sum of weight * logp; and its gradient is -weight.
    void supervisedLossIsTheCrossEntropy()
    {
        GroupTokens tokens;
        tokens.logProbs = at::tensor({-0.5, -1.0, -2.0, -9.0}, at::kDouble).view({2, 2}).requires_grad_(true);
        tokens.weights = at::tensor({0.25, 0.25, 0.5, 0.0}, at::kDouble).view({2, 2});
        const LossParts parts = supervisedLoss(tokens);
        QVERIFY(near(parts.loss.item<double>(), 0.25 * 1.5 + 0.5 * 2, 1e-12));
        QCOMPARE(parts.tokens, 3.0);
        parts.loss.backward();
        QVERIFY(at::equal(tokens.logProbs.grad(), -tokens.weights));
    }

    // Chosen: log-ratios 0.3 and 0.2; rejected: -0.1, the padding behind it counts for nothing. beta 0.5: margin 0.3.
    void preferenceLossIsDpos()
    {
        GroupTokens tokens;
        tokens.logProbs = at::tensor({-0.7, -0.8, -1.1, -50.0}, at::kDouble).view({2, 2}).requires_grad_(true);
        tokens.reference = at::tensor({-1.0, -1.0, -1.0, -1.0}, at::kDouble).view({2, 2});
        tokens.weights = at::tensor({1.0, 1.0, 1.0, 0.0}, at::kDouble).view({2, 2});
        const PreferenceParts parts = preferenceLoss(tokens, 0.5, 0.25);
        const double margin = 0.5 * (0.3 + 0.2) - 0.5 * -0.1, sigmoid = 1 / (1 + std::exp(-margin));
        QVERIFY(near(parts.loss.item<double>(), -0.25 * std::log(sigmoid), 1e-12));
        QVERIFY(near(parts.chosen, 0.25, 1e-12) && near(parts.rejected, -0.05, 1e-12));
        QCOMPARE(parts.tokens, 3.0);
        parts.loss.backward();
        const double slope = 0.25 * 0.5 * (1 - sigmoid); // arXiv 2305.18290, the gradient below equation 7
        const at::Tensor wanted = at::tensor({-slope, -slope, slope, 0.0}, at::kDouble).view({2, 2});
        QVERIFY((tokens.logProbs.grad() - wanted).abs().max().item<double>() < 1e-12);
    }

    // Two prompts that begin with the same 30 tokens and have one or two of their own; each has 8 completions of 5 to 15 tokens.
    void chunksHoldWhatHasRoom_data()
    {
        QTest::addColumn<int>("microBatch");
        QTest::addColumn<std::vector<int>>("completions"); // of each chunk
        QTest::newRow("everything") << 8192 << std::vector<int>{16};
        QTest::newRow("a group: 64 real positions, 120 with padding") << 100 << std::vector<int>{8, 8};
        QTest::newRow("the trunk leaves half at least") << 40 << std::vector<int>{3, 2, 2, 1, 3, 2, 2, 1};
        QTest::newRow("one at a time") << 1 << std::vector<int>(16, 1);
    }

    void chunksHoldWhatHasRoom()
    {
        QFETCH(int, microBatch);
        QFETCH(std::vector<int>, completions);
        std::vector<UpdateGroup> groups(2);
        for (int g = 0; g < 2; ++g) {
            UpdateGroup& group = groups[static_cast<std::size_t>(g)];
            for (int i = 0; i < 30; ++i)
                group.prompt.push_back(1 + i % 7);
            group.prompt.insert(group.prompt.end(), static_cast<std::size_t>(g) + 1, 10 + g);
            for (const int length : {5, 5, 7, 9, 9, 6, 8, 15}) {
                group.completions.emplace_back(static_cast<std::size_t>(length), 3);
                group.advantages.push_back(0.5);
            }
        }
        RunSpec spec = specOf(LossType::dapo, 0.1);
        spec.microBatchTokens = microBatch;
        const std::vector<UpdateBatch> batches = updateBatches(groups, spec, Objective::policyGradient, at::kCPU);
        QCOMPARE(batches.size(), std::size_t(1));
        QCOMPARE(batches.front().trunk.size(0), 30);
        std::vector<int> got;
        std::int64_t tokens = 0;
        for (const UpdateChunk& chunk : batches.front().chunks) {
            got.push_back(0);
            for (const UpdatePart& part : chunk.parts)
                got.back() += static_cast<int>(part.ids.lengths.size());
            tokens += chunk.targets.size(0);
        }
        QCOMPARE(got, completions);
        QCOMPARE(tokens, 128);
    }

    void updateEqualsThePlainStep_data()
    {
        QTest::addColumn<int>("type");
        QTest::addColumn<double>("beta");
        QTest::addColumn<int>("microBatch");
        QTest::addColumn<bool>("alike"); // some prompts begin alike
        QTest::addColumn<bool>("recomputes");
        QTest::newRow("dapo, all at once") << static_cast<int>(LossType::dapo) << 0.1 << 8192 << false << false;
        QTest::newRow("dapo, a completion at a time") << static_cast<int>(LossType::dapo) << 0.1 << 1 << false << false;
        QTest::newRow("grpo, two at a time") << static_cast<int>(LossType::grpo) << 0.1 << 16 << false << false;
        QTest::newRow("dr_grpo, no reference") << static_cast<int>(LossType::drGrpo) << 0.0 << 8192 << false << false;
        QTest::newRow("grpo, a trunk") << static_cast<int>(LossType::grpo) << 0.1 << 8192 << true << false;
        QTest::newRow("dapo, a trunk, a completion at a time") << static_cast<int>(LossType::dapo) << 0.1 << 1 << true << false;
        QTest::newRow("dapo, a trunk, layers computed again") << static_cast<int>(LossType::dapo) << 0.1 << 40 << true << true;
    }

    void updateEqualsThePlainStep()
    {
        QFETCH(int, type);
        QFETCH(double, beta);
        QFETCH(int, microBatch);
        QFETCH(bool, alike);
        QFETCH(bool, recomputes);
        const std::vector<UpdateGroup> groups = alike ? alikeGroups() : twoGroups();
        RunSpec spec = specOf(static_cast<LossType>(type), beta);
        spec.useLora = false;
        spec.temperature = 0.8;
        spec.microBatchTokens = microBatch;
        spec.gradientCheckpointing = recomputes;
        const auto reference = tinyDecoder();
        const auto moved = [&](Decoder& decoder) { // away from the reference, so that the KL term counts
            for (auto& entry : decoder.parameters())
                entry.second.detach().mul_(1.03);
        };
        auto policy = *Policy::create(tinyModel(), spec);
        moved(*policy->decoder());
        const auto plain = tinyDecoder();
        moved(*plain);

        const UpdateResult result = policy->update(groups, 1e-3);

        const auto [loss, norm] = plainStep(*plain, *reference, groups, spec);
        QVERIFY(result.finite);
        QVERIFY2(near(result.loss, loss, 1e-5), qPrintable(QString("%1 %2").arg(result.loss).arg(loss)));
        QVERIFY2(near(result.gradNorm, norm, 1e-5 * (1 + norm)), qPrintable(QString("%1 %2").arg(result.gradNorm).arg(norm)));
        QCOMPARE(result.clipRatio, 0.0);
        QVERIFY(result.entropy > 0 && result.entropy < std::log(kVocabulary));
        QCOMPARE(result.kl > 0, beta > 0);
    }

    void adapterOffIsTheReference()
    {
        RunSpec spec = specOf(LossType::dapo, 0.5);
        auto policy = *Policy::create(tinyModel(), spec);
        const std::vector<at::Tensor> before = weightsOf(*policy);
        QVERIFY(policy->update(twoGroups(), 1e-2).kl < 1e-9); // the adapter starts as nothing
        const UpdateResult second = policy->update(twoGroups(), 1e-2);
        QVERIFY2(second.kl > 1e-6, "the adapter moved, its reference did not");
        QVERIFY2(sameWeights(before, weightsOf(*policy)), "an adapter is trained, the weights are not");
    }

    void laterIterationsAreClipped()
    {
        RunSpec spec = specOf(LossType::dapo, 0.0, 20);
        spec.useLora = false;
        auto policy = *Policy::create(tinyModel(), spec);
        QVERIFY(policy->update(twoGroups(), 1e-2).clipRatio > 0);
    }

    void aLossThatIsNoNumberChangesNothing_data()
    {
        QTest::addColumn<int>("iterations");
        QTest::newRow("one update a step") << 1;
        QTest::newRow("two") << 2;
    }

    void aLossThatIsNoNumberChangesNothing()
    {
        QFETCH(int, iterations);
        RunSpec spec = specOf(LossType::dapo, 0.1, iterations);
        spec.useLora = false;
        auto policy = *Policy::create(tinyModel(), spec);
        const std::vector<at::Tensor> before = weightsOf(*policy);
        std::vector<UpdateGroup> groups = twoGroups();
        groups[1].advantages[0] = std::numeric_limits<double>::quiet_NaN();
        QVERIFY(!policy->update(groups, 1e-2).finite);
        QVERIFY(sameWeights(before, weightsOf(*policy)));
        QVERIFY2(policy->update(twoGroups(), 1e-2).finite, "and the policy can go on");
    }

    // A huge rate makes the first update's weights useless, so the second one's loss is no number.
    void aLaterIterationThatFailsTakesTheWholeStepBack()
    {
        RunSpec spec = specOf(LossType::dapo, 0.1, 2);
        spec.useLora = false;
        auto policy = *Policy::create(tinyModel(), spec);
        const std::vector<at::Tensor> before = weightsOf(*policy);
        const UpdateResult result = policy->update(twoGroups(), 1e30);
        QVERIFY(!result.finite);
        QVERIFY(sameWeights(before, weightsOf(*policy)));
        QCOMPARE(policy->optimiserSteps(), std::int64_t(0));
    }

    // Stopped at every check that there is, one after the other.
    void aStopAnywhereLeavesThePolicyAsItWas()
    {
        RunSpec spec = specOf(LossType::dapo, 0.1, 2);
        spec.useLora = false;
        spec.microBatchTokens = 16;
        auto policy = *Policy::create(tinyModel(), spec);
        const std::vector<at::Tensor> before = weightsOf(*policy);
        int allowed = 0;
        bool stopped = true;
        for (; stopped; ++allowed) {
            int asked = 0;
            policy->setStopCheck([&] { return ++asked > allowed; });
            try {
                (void)policy->update(twoGroups(), 1e-2);
                stopped = false;
            } catch (const Cancelled&) {
                QVERIFY2(sameWeights(before, weightsOf(*policy)), qPrintable(QString::number(allowed)));
                QCOMPARE(policy->optimiserSteps(), std::int64_t(0));
            }
        }
        QVERIFY2(allowed > 20, qPrintable(QString::number(allowed)));
        QVERIFY(!sameWeights(before, weightsOf(*policy)));
    }
};

void TestGrpoLoss::optimiserOfAnyDeviceEqualsTheKernel()
{
    std::vector<NamedTensors> weights;
    for (const bool plain : {false, true}) {
        at::manual_seed(8);
        const NamedTensors own = {{"a", at::randn({7, 5}).requires_grad_(true)}, {"b", at::randn({9}).requires_grad_(true)}};
        AdamW::Settings settings;
        settings.weightDecay = 0.1;
        settings.plain = plain;
        AdamW optimiser(own, settings);
        for (int step = 0; step < 5; ++step) {
            optimiser.zeroGradient();
            (own[0].second.pow(4).sum() + own[1].second.square().sum()).backward();
            QVERIFY(optimiser.step(0.05, 1.0) > 0);
        }
        weights.push_back(own);
    }
    for (std::size_t i = 0; i < weights[0].size(); ++i)
        QVERIFY((weights[0][i].second - weights[1][i].second).abs().max().item<float>() < 1e-5F);
}

QTEST_GUILESS_MAIN(TestGrpoLoss)
#include "tst_grpo_loss.moc"
