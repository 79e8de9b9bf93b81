#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <QTest>

#include "precedent/formats/gguf.h"
#include "precedent/formats/safetensors.h"
#include "precedent/formats/tensor.h"

using namespace precedent;
using namespace precedent::formats;

namespace {

std::filesystem::path fixture(const char* name) { return std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "gguf" / name; }

std::vector<float> widened(const TensorView& tensor)
{
    std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
    if (!widenToFloat(tensor, values.data()))
        values.clear();
    return values;
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b)
{
    return a.size() == b.size() && !a.empty() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

} // namespace

/// tests/fixtures/gguf holds blocks of every type and what the `gguf` Python package makes of them.
class TestTensor : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void dequantisesAsTheGgufPackage_data() { everyTensor(); }
    void dequantisesAsTheGgufPackage();
    void rowsAreThoseOfTheWhole_data() { everyTensor(); }
    void rowsAreThoseOfTheWhole();
    void bf16IsTheRoundedFloat_data() { everyTensor(); }
    void bf16IsTheRoundedFloat();
    void quantisesAsTheGgufPackage_data();
    void quantisesAsTheGgufPackage();
    void valuesTooSmallForAStepBecomeZero();
    void refusesWhatQ8_0CannotHold();
    void refusesRowsThatAreNotThere();
    void scalarsAreOneRow();

private:
    void everyTensor();
    std::shared_ptr<const GgufFile> m_blocks = *GgufFile::open(fixture("blocks.gguf"));
    std::shared_ptr<const SafetensorsFile> m_expected = *SafetensorsFile::open(fixture("blocks.safetensors"));
};

void TestTensor::everyTensor()
{
    QTest::addColumn<QString>("name");
    for (const TensorView& tensor : m_blocks->tensors())
        QTest::newRow(tensor.name.c_str()) << QString::fromStdString(tensor.name);
    QCOMPARE(m_blocks->tensors().size(), std::size_t{23}); // 13 types, 8 of which the package quantises, and two hard cases
}

void TestTensor::dequantisesAsTheGgufPackage()
{
    QFETCH(QString, name);
    const TensorView& stored = *m_blocks->find(name.toStdString());
    const TensorView& expected = *m_expected->find(name.toStdString());
    QCOMPARE(QString(toString(stored.dtype)), name.section('.', 0, 0));
    QVERIFY(stored.shape == expected.shape);
    QVERIFY(sameBits(widened(stored), widened(expected)));
}

void TestTensor::rowsAreThoseOfTheWhole()
{
    QFETCH(QString, name);
    const TensorView& stored = *m_blocks->find(name.toStdString());
    const std::vector<float> whole = widened(stored);
    const auto row = static_cast<std::size_t>(stored.rowLength());
    for (std::int64_t first = 0; first <= stored.rows(); ++first) {
        for (std::int64_t count = 0; first + count <= stored.rows(); ++count) {
            std::vector<float> part(static_cast<std::size_t>(count) * row + 1, 77.0F);
            QVERIFY(widenRowsToFloat(stored, first, count, part.data()));
            QVERIFY(std::memcmp(part.data(), whole.data() + static_cast<std::size_t>(first) * row, (part.size() - 1) * sizeof(float)) == 0);
            QCOMPARE(part.back(), 77.0F);
        }
    }
}

void TestTensor::bf16IsTheRoundedFloat()
{
    QFETCH(QString, name);
    const TensorView& stored = *m_blocks->find(name.toStdString());
    const std::vector<float> whole = widened(stored);
    std::vector<std::uint16_t> expected(whole.size());
    roundToBf16(whole.data(), stored.elements(), expected.data());
    std::vector<std::uint16_t> found(whole.size());
    QVERIFY(widenRowsToBf16(stored, 0, stored.rows(), found.data()));
    QVERIFY(found == expected);
    QVERIFY(widenRowsToBf16(stored, 1, stored.rows() - 1, found.data()));
    QVERIFY(std::equal(expected.begin() + stored.rowLength(), expected.end(), found.begin()));
}

void TestTensor::quantisesAsTheGgufPackage_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"F32.weights", "F16.weights", "F16.hard", "BF16.weights", "Q8_0.weights", "Q8_0.hard"})
        QTest::newRow(name) << QString(name);
}

void TestTensor::quantisesAsTheGgufPackage()
{
    QFETCH(QString, name);
    const TensorView& stored = *m_blocks->find(name.toStdString());
    const TensorView* source = m_expected->find(QString(name).replace(".weights", ".source").toStdString());
    if (name.endsWith("hard"))
        source = m_expected->find(name.toStdString() + ".source");
    const std::vector<float> values = widened(*source);
    const std::int64_t n = source->elements();
    std::string bytes(source->bytes);
    if (stored.dtype == DType::f16)
        bytes = narrowToF16(values.data(), n);
    else if (stored.dtype == DType::bf16)
        bytes = narrowToBf16(values.data(), n);
    else if (stored.dtype == DType::q8_0)
        bytes = quantizeQ8_0(values.data(), n).value();
    QVERIFY(bytes == stored.bytes);
}

void TestTensor::valuesTooSmallForAStepBecomeZero()
{
    const std::vector<float> values(32, 1e-42F);
    const std::string bytes = quantizeQ8_0(values.data(), 32).value();
    QCOMPARE(widened({"x", DType::q8_0, {32}, bytes}), std::vector<float>(32, 0.0F));
}

void TestTensor::refusesWhatQ8_0CannotHold()
{
    std::vector<float> values(64, 1.0F);
    QVERIFY(quantizeQ8_0(values.data(), 64).has_value());
    QVERIFY(!quantizeQ8_0(values.data(), 48).has_value());
    for (const float bad : {std::nanf(""), -std::numeric_limits<float>::infinity(), 1e9F}) {
        values[40] = bad;
        QVERIFY(!quantizeQ8_0(values.data(), 64).has_value());
        QVERIFY(quantizeQ8_0(values.data(), 32).has_value());
    }
}

void TestTensor::refusesRowsThatAreNotThere()
{
    const TensorView& stored = *m_blocks->find("Q4_K.random");
    std::vector<float> values(static_cast<std::size_t>(stored.elements()));
    QVERIFY(!widenRowsToFloat(stored, -1, 1, values.data()));
    QVERIFY(!widenRowsToFloat(stored, 0, stored.rows() + 1, values.data()));
    QVERIFY(!widenRowsToFloat(stored, stored.rows(), 1, values.data()));
    QVERIFY(!widenRowsToFloat(stored, 1, std::numeric_limits<std::int64_t>::max(), values.data()));
    std::vector<std::uint16_t> rounded(values.size());
    QVERIFY(!widenRowsToBf16(stored, 0, stored.rows() + 1, rounded.data()));
}

void TestTensor::scalarsAreOneRow()
{
    const float value = 3.25F;
    const TensorView scalar{"s", DType::f32, {}, {reinterpret_cast<const char*>(&value), sizeof value}};
    QCOMPARE(scalar.rows(), std::int64_t{1});
    QCOMPARE(scalar.elements(), std::int64_t{1});
    QCOMPARE(widened(scalar).at(0), 3.25F);
}

QTEST_GUILESS_MAIN(TestTensor)
#include "tst_tensor.moc"
