#include <cmath>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include <QTest>

#include "core/generate/aligned_buffer.h"
#include "core/generate/row_kernels.h"
#include "precedent/base/random.h"

using namespace precedent;
using namespace precedent::core;

namespace {

/// Weights that end where the memory does: reading on past them ends the program.
class GuardedRows {
public:
    explicit GuardedRows(std::int64_t count)
    {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(Bf16);
        m_size = (bytes + page - 1) / page * page + page;
        m_memory = static_cast<char*>(::mmap(nullptr, m_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        ::mprotect(m_memory + m_size - page, page, PROT_NONE);
        m_values = reinterpret_cast<Bf16*>(m_memory + m_size - page - bytes);
    }
    ~GuardedRows() { ::munmap(m_memory, m_size); }
    GuardedRows(const GuardedRows&) = delete;
    GuardedRows& operator=(const GuardedRows&) = delete;
    [[nodiscard]] Bf16* data() { return m_values; }

private:
    std::size_t m_size = 0;
    char* m_memory = nullptr;
    Bf16* m_values = nullptr;
};

std::vector<float> numbers(Random& random, std::int64_t count)
{
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values)
        value = static_cast<float>(random.uniform() * 2 - 1);
    return values;
}

/// x [rows, K] times w [N, K] transposed, columns [begin, end) of `out` [rows, N].
void product(const RowKernels& kernels, const float* x, std::int64_t rows, std::int64_t K, const Bf16* w, std::int64_t N, float* out,
    std::int64_t begin, std::int64_t end)
{
    AlignedBuffer prepared(kernels.preparedBytes(rows, K) / 4 + 1);
    for (std::int64_t group = 0; group < kernels.groups(rows); ++group)
        kernels.prepareGroup(x, K, rows, K, group, prepared.data());
    kernels.multiply(prepared.data(), rows, K, w + begin * K, K, end - begin, N - end, out + begin, N);
}

} // namespace

class TestRowKernels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void sumsAreTheReferences_data() { eachSet(); }
    void sumsAreTheReferences();
    void aRowIsTheSameInAnyBatchAndUnderAnyCut_data() { eachSet(); }
    void aRowIsTheSameInAnyBatchAndUnderAnyCut();
    void rowsMayLieApart_data() { eachSet(); }
    void rowsMayLieApart();
    void mixesAreTheReferences_data() { eachSet(); }
    void mixesAreTheReferences();

private:
    static void eachSet();
};

void TestRowKernels::initTestCase()
{
    QCOMPARE(availableRowKernels().front()->name, "plain");
    QCOMPARE(findRowKernels("no such set"), nullptr);
#if defined(__x86_64__)
    QCOMPARE(findRowKernels("avx2") != nullptr, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
#endif
}

void TestRowKernels::eachSet()
{
    QTest::addColumn<QString>("set");
    for (const RowKernels* kernels : availableRowKernels())
        QTest::newRow(kernels->name) << kernels->name;
}

void TestRowKernels::sumsAreTheReferences()
{
    QFETCH(QString, set);
    const RowKernels& kernels = *findRowKernels(set.toUtf8().constData());
    Random random(1);
    for (const std::int64_t K : {1, 15, 16, 31, 32, 33, 63, 100, 640, 1025, 2081}) {
        for (const std::int64_t N : {1, 2, 3, 7, 25, 50}) {
            GuardedRows w(N * K);
            for (std::int64_t i = 0; i < N * K; ++i)
                w.data()[i] = narrowedToBf16(static_cast<float>(random.uniform() * 2 - 1));
            for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 31, 40}) {
                if (rows > 9 && K > 100 && N > 3)
                    continue;
                const std::vector<float> x = numbers(random, rows * K);
                std::vector<float> out(static_cast<std::size_t>(rows * N), 99.0F);
                product(kernels, x.data(), rows, K, w.data(), N, out.data(), 0, N);
                for (std::int64_t m = 0; m < rows; ++m) {
                    for (std::int64_t n = 0; n < N; ++n) {
                        double expected = 0, size = 0;
                        for (std::int64_t k = 0; k < K; ++k) {
                            const float value = x[static_cast<std::size_t>(m * K + k)];
                            const double part = double{kernels.roundsInput ? widenedFromBf16(narrowedToBf16(value)) : value} *
                                double{widenedFromBf16(w.data()[n * K + k])};
                            expected += part;
                            size += std::abs(part);
                        }
                        const double error = std::abs(out[static_cast<std::size_t>(m * N + n)] - expected);
                        QVERIFY2(error <= 1e-6 * (1 + size),
                            qPrintable(QString("%1 rows, K %2, N %3: off by %4").arg(rows).arg(K).arg(N).arg(error)));
                    }
                }
            }
        }
    }
}

void TestRowKernels::aRowIsTheSameInAnyBatchAndUnderAnyCut()
{
    QFETCH(QString, set);
    const RowKernels& kernels = *findRowKernels(set.toUtf8().constData());
    Random random(2);
    for (const std::int64_t K : {50, 640, 1100, 2100}) {
        const std::int64_t N = 103, most = 40;
        std::vector<Bf16> w(static_cast<std::size_t>(N * K));
        for (Bf16& value : w)
            value = narrowedToBf16(static_cast<float>(random.uniform() * 2 - 1));
        const std::vector<float> x = numbers(random, most * K);
        std::vector<float> alone(static_cast<std::size_t>(most * N));
        for (std::int64_t m = 0; m < most; ++m)
            product(kernels, x.data() + m * K, 1, K, w.data(), N, alone.data() + m * N, 0, N);
        for (std::int64_t rows = 1; rows <= most; rows += rows < 20 ? 1 : 7) {
            std::vector<float> out(static_cast<std::size_t>(rows * N));
            const std::int64_t cut = static_cast<std::int64_t>(random.below(static_cast<std::size_t>(N)));
            product(kernels, x.data(), rows, K, w.data(), N, out.data(), 0, cut);
            product(kernels, x.data(), rows, K, w.data(), N, out.data(), cut, N);
            QVERIFY(std::equal(out.begin(), out.end(), alone.begin())); // to the last bit
        }
    }
}

void TestRowKernels::rowsMayLieApart()
{
    QFETCH(QString, set);
    const RowKernels& kernels = *findRowKernels(set.toUtf8().constData());
    Random random(3);
    const std::int64_t rows = 5, K = 70, N = 9, stride = 90, outStride = 12;
    const std::vector<float> x = numbers(random, rows * K);
    std::vector<Bf16> apart(static_cast<std::size_t>(N * stride), narrowedToBf16(7.0F)), close;
    for (std::int64_t n = 0; n < N; ++n) {
        for (std::int64_t k = 0; k < K; ++k)
            close.push_back(apart[static_cast<std::size_t>(n * stride + k)] = narrowedToBf16(static_cast<float>(random.uniform())));
    }
    std::vector<float> expected(static_cast<std::size_t>(rows * N)), out(static_cast<std::size_t>(rows * outStride), -5.0F);
    product(kernels, x.data(), rows, K, close.data(), N, expected.data(), 0, N);
    AlignedBuffer prepared(kernels.preparedBytes(rows, K) / 4 + 1);
    for (std::int64_t group = 0; group < kernels.groups(rows); ++group)
        kernels.prepareGroup(x.data(), K, rows, K, group, prepared.data());
    kernels.multiply(prepared.data(), rows, K, apart.data(), stride, N, 0, out.data(), outStride);
    for (std::int64_t m = 0; m < rows; ++m) {
        for (std::int64_t n = 0; n < outStride; ++n)
            QCOMPARE(out[static_cast<std::size_t>(m * outStride + n)], n < N ? expected[static_cast<std::size_t>(m * N + n)] : -5.0F);
    }
}

void TestRowKernels::mixesAreTheReferences()
{
    QFETCH(QString, set);
    const RowKernels& kernels = *findRowKernels(set.toUtf8().constData());
    Random random(4);
    for (const std::int64_t D : {32, 96, 256}) {
        for (const std::int64_t count : {1, 2, 63, 64, 65, 200}) {
            GuardedRows values(count * D);
            for (std::int64_t i = 0; i < count * D; ++i)
                values.data()[i] = narrowedToBf16(static_cast<float>(random.uniform() * 2 - 1));
            const std::int64_t most = 17, stride = count + 3;
            const std::vector<float> weights = numbers(random, most * stride);
            std::vector<float> whole(static_cast<std::size_t>(most * D), 99.0F);
            kernels.mix(weights.data(), stride, most, count, values.data(), D, whole.data(), D, false);
            for (std::int64_t r = 0; r < most; ++r) {
                for (std::int64_t d = 0; d < D; ++d) {
                    double expected = 0;
                    for (std::int64_t p = 0; p < count; ++p)
                        expected +=
                            double{weights[static_cast<std::size_t>(r * stride + p)]} * double{widenedFromBf16(values.data()[p * D + d])};
                    QVERIFY(std::abs(whole[static_cast<std::size_t>(r * D + d)] - expected) < 2e-5);
                }
            }
            // Some rows at a time, and the positions in two parts: the same to the last bit.
            std::vector<float> parts(whole.size(), 7.0F);
            for (std::int64_t r = 0; r < most; r += 5) {
                const std::int64_t rows = std::min<std::int64_t>(5, most - r), cut = count / 3;
                float* out = parts.data() + r * D;
                const float* own = weights.data() + r * stride;
                kernels.mix(own, stride, rows, cut, values.data(), D, out, D, false);
                kernels.mix(own + cut, stride, rows, count - cut, values.data() + cut * D, D, out, D, true);
            }
            QCOMPARE(parts, whole);
        }
    }
}

QTEST_GUILESS_MAIN(TestRowKernels)
#include "tst_row_kernels.moc"
