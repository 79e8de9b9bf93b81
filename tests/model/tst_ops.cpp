#include <algorithm>
#include <functional>
#include <numeric>

#include <QTest>

#include <ATen/ATen.h>

#include "core/model/ops.h"
#include "core/model/ops_attention.h"
#include "core/model/threads.h"
#include "precedent/architecture/decoder_config.h"

using namespace precedent::core;

namespace {

double worst(const at::Tensor& a, const at::Tensor& b) { return a.numel() == 0 ? 0 : (a - b).abs().max().item<double>(); }

using Op = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

/// The output and, for some loss that weighs every output differently, the inputs' gradients.
std::vector<at::Tensor> valueAndGradients(const Op& op, const std::vector<at::Tensor>& inputs)
{
    std::vector<at::Tensor> leaves;
    for (const at::Tensor& input : inputs)
        leaves.push_back(input.detach().clone().requires_grad_(true));
    const at::Tensor out = op(leaves);
    std::vector<at::Tensor> all = {out.detach()};
    const at::Tensor weights = at::linspace(-1, 2, out.numel(), out.options().requires_grad(false)).reshape(out.sizes());
    (out * weights).sum().backward();
    for (const at::Tensor& leaf : leaves)
        all.push_back(leaf.grad().defined() ? leaf.grad() : at::zeros_like(leaf));
    return all;
}

} // namespace

class TestOps : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { at::manual_seed(1); }
    void elementwiseFusedEqualsPlain_data();
    void elementwiseFusedEqualsPlain();
    void fusedAttentionEqualsPlain_data();
    void fusedAttentionEqualsPlain();
    void fusedAttentionIsRepeatable();
};

void TestOps::elementwiseFusedEqualsPlain_data()
{
    QTest::addColumn<bool>("wide");
    QTest::newRow("float64") << true;
    QTest::newRow("float32") << false;
}

void TestOps::elementwiseFusedEqualsPlain()
{
    QFETCH(bool, wide);
    const auto dtype = wide ? at::kDouble : at::kFloat;
    const double tolerance = wide ? 1e-12 : 2e-4;
    const RopeTable table = makeRopeTable(37, at::tensor(RopeConfig{}.frequencies(10), at::kDouble), 1, dtype);
    const std::vector<std::tuple<const char*, Op, Op, std::vector<at::Tensor>>> cases = {
        {"rmsNorm", [](const auto& in) { return rmsNorm(in[0], in[1], 1e-5); },
            [](const auto& in) { return plain::rmsNorm(in[0], in[1], 1e-5); }, {at::randn({5, 37, 19}, dtype), at::randn({19}, dtype)}},
        {"rotate", [&](const auto& in) { return rotate(in[0], table.cos, table.sin); },
            [&](const auto& in) { return plain::rotate(in[0], table.cos, table.sin); }, {at::randn({37, 3, 10}, dtype)}},
        {"swiGlu", [](const auto& in) { return swiGlu(in[0], in[1]); }, [](const auto& in) { return plain::swiGlu(in[0], in[1]); },
            {at::randn({41, 13}, dtype) * 4, at::randn({41, 13}, dtype)}},
        {"geluGlu", [](const auto& in) { return geluGlu(in[0], in[1]); }, [](const auto& in) { return plain::geluGlu(in[0], in[1]); },
            {at::randn({41, 13}, dtype) * 4, at::randn({41, 13}, dtype)}},
    };
    for (const auto& [name, fused, reference, inputs] : cases) {
        const auto expected = valueAndGradients(reference, inputs), got = valueAndGradients(fused, inputs);
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY2(worst(expected[i], got[i]) < tolerance, name);
    }
}

void TestOps::fusedAttentionEqualsPlain_data()
{
    QTest::addColumn<int>("prompt");
    QTest::addColumn<int>("sequences");
    QTest::addColumn<int>("length");
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("kvHeads");
    QTest::addColumn<int>("headDim");
    QTest::addColumn<int>("window");
    QTest::addColumn<std::vector<std::int64_t>>("shorter"); // by how much each sequence is; none: by nothing
    QTest::newRow("causal, one position") << 0 << 1 << 1 << 2 << 2 << 8 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("causal") << 0 << 3 << 37 << 6 << 2 << 32 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("causal, long") << 0 << 1 << 150 << 4 << 1 << 10 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("one long sequence behind a prompt") << 33 << 1 << 220 << 4 << 1 << 16 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("the same with a window") << 33 << 1 << 220 << 4 << 2 << 16 << 50 << std::vector<std::int64_t>{};
    QTest::newRow("causal, wide heads") << 0 << 2 << 33 << 2 << 1 << 80 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("suffixes") << 45 << 5 << 21 << 6 << 2 << 32 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("suffixes of one token") << 32 << 4 << 1 << 4 << 4 << 6 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("one key head, prompt of one") << 1 << 3 << 40 << 3 << 1 << 16 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("more query heads than a block's rows") << 5 << 2 << 9 << 30 << 1 << 4 << 0 << std::vector<std::int64_t>{};
    QTest::newRow("causal, window") << 0 << 2 << 150 << 4 << 1 << 32 << 40 << std::vector<std::int64_t>{};
    QTest::newRow("causal, window of one") << 0 << 1 << 70 << 2 << 2 << 8 << 1 << std::vector<std::int64_t>{};
    QTest::newRow("suffixes, window within them") << 45 << 3 << 60 << 4 << 2 << 16 << 33 << std::vector<std::int64_t>{};
    QTest::newRow("suffixes, window that ends in the prompt") << 100 << 3 << 21 << 4 << 1 << 16 << 64 << std::vector<std::int64_t>{};
    QTest::newRow("window longer than everything") << 20 << 2 << 9 << 2 << 1 << 8 << 500 << std::vector<std::int64_t>{};
    QTest::newRow("suffixes of unlike lengths") << 45 << 5 << 60 << 6 << 2 << 32 << 0 << std::vector<std::int64_t>{57, 0, 60, 31, 12};
    QTest::newRow("the same with a window") << 45 << 5 << 60 << 4 << 1 << 16 << 33 << std::vector<std::int64_t>{57, 0, 60, 31, 12};
    QTest::newRow("unlike lengths behind nothing") << 0 << 3 << 40 << 2 << 2 << 8 << 0 << std::vector<std::int64_t>{0, 40, 3};
    QTest::newRow("more keys than stay near") << 1100 << 3 << 40 << 6 << 1 << 80 << 0 << std::vector<std::int64_t>{3, 0, 25};
    QTest::newRow("all but one empty") << 7 << 3 << 40 << 2 << 1 << 8 << 0 << std::vector<std::int64_t>{40, 40, 5};
}

void TestOps::fusedAttentionEqualsPlain()
{
    QFETCH(int, prompt);
    QFETCH(int, sequences);
    QFETCH(int, length);
    QFETCH(int, heads);
    QFETCH(int, kvHeads);
    QFETCH(int, headDim);
    QFETCH(int, window);
    QFETCH(std::vector<std::int64_t>, shorter);
    std::vector<std::int64_t> lengths(static_cast<std::size_t>(sequences), length);
    std::transform(shorter.begin(), shorter.end(), lengths.begin(), lengths.begin(), [](auto less, auto whole) { return whole - less; });
    const std::int64_t N = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
    const AttentionOptions options{window > 0 ? 0.3 : 0.0, window};
    const auto random = [&](at::IntArrayRef shape) { return at::randn(shape, at::kDouble) * 1.5; };
    const std::vector<at::Tensor> inputs = {random({N, heads, headDim}), random({N, kvHeads, headDim}), random({N, kvHeads, headDim}),
        random({prompt, kvHeads, headDim}), random({prompt, kvHeads, headDim})};
    std::vector<at::Tensor> narrow;
    for (const at::Tensor& input : inputs)
        narrow.push_back(input.to(at::kFloat));
    const auto expected = valueAndGradients(
        [&](const auto& in) { return plain::suffixAttention(in[0], in[1], in[2], lengths, in[3], in[4], options); }, inputs);
    if (prompt == 0) { // two plain forms of one thing
        const auto alone = valueAndGradients(
            [&](const auto& in) {
                std::vector<at::Tensor> all;
                std::int64_t first = 0;
                for (const std::int64_t rows : lengths) {
                    const auto own = [&](const at::Tensor& t) { return t.slice(0, first, first + rows).unsqueeze(0); };
                    if (rows > 0)
                        all.push_back(plain::causalAttention(own(in[0]), own(in[1]), own(in[2]), options).squeeze(0));
                    first += rows;
                }
                return at::cat(all);
            },
            inputs);
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY(worst(expected[i], alone[i]) < 1e-10);
    }
    for (const int threads : {1, 2, 3}) {
        setThreadCount(threads);
        const auto got =
            valueAndGradients([&](const auto& in) { return fusedAttention(in[0], in[1], in[2], lengths, in[3], in[4], options); }, narrow);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const double size = expected[i].numel() == 0 ? 1 : 1 + expected[i].abs().max().item<double>();
            QVERIFY2(worst(expected[i], got[i].to(at::kDouble)) < 1e-5 * size, std::to_string(i).c_str());
        }
    }
    setThreadCount(2);
}

void TestOps::fusedAttentionIsRepeatable()
{
    const std::vector<at::Tensor> inputs = {
        at::randn({86, 6, 16}), at::randn({86, 2, 16}), at::randn({86, 2, 16}), at::randn({50, 2, 16}), at::randn({50, 2, 16})};
    const Op op = [](const auto& in) { return suffixAttention(in[0], in[1], in[2], {30, 7, 30, 19}, in[3], in[4]); };
    const auto first = valueAndGradients(op, inputs), second = valueAndGradients(op, inputs);
    for (std::size_t i = 0; i < first.size(); ++i)
        QVERIFY(at::equal(first[i], second[i]));
}

QTEST_GUILESS_MAIN(TestOps)
#include "tst_ops.moc"
