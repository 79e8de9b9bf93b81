#include <cstring>
#include <fstream>
#include <vector>

#include <QTemporaryDir>
#include <QTest>

#include "gguf_bytes.h"
#include "precedent/base/files.h"
#include "precedent/formats/gguf.h"

using namespace precedent;
using namespace precedent::formats;

namespace {

constexpr std::uint32_t kU32 = 4, kBool = 7, kString = 8, kArray = 9; // types of values
constexpr std::uint32_t kF32 = 0, kQ8_0 = 8, kIq4Nl = 20; // types of tensors

std::filesystem::path fixture(const char* name) { return std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "gguf" / name; }

/// Two keys, two tensors of 32 and 36 bytes.
std::string smallFile()
{
    GgufBytes file;
    file.header(2, 2).key("general.architecture", kString).string("llama").key("list", kArray).put(kString).put(std::uint64_t{2});
    file.string("one").string("two").tensor("a", {4, 2}, kF32, 0).tensor("b", {32}, kQ8_0, 32).pad().raw(std::string(66, '\1'));
    return file.bytes();
}

QByteArray toQt(const GgufBytes& file) { return QByteArray::fromStdString(file.bytes()); }

} // namespace

class TestGguf : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsEveryTypeOfValue();
    void readsArrays();
    void readsTensorsRowMajor();
    void readsVersionTwo();
    void valuesOfAnotherKindAreNotRead();
    void refusesEveryTruncation();
    void refusesEveryTruncationOfAWrittenFile();
    void refusesLies_data();
    void refusesLies();
    void changedBytesAreReadOrRefused();
    void otherTypesAreKnownByNameOnly();
    void longListsAreNotCopied();
    void missingFileIsNotFound();
};

void TestGguf::readsEveryTypeOfValue()
{
    const auto file = GgufFile::open(fixture("metadata.gguf"));
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    const auto integer = [&](const char* name) { return (*file)->value(std::string("test.") + name)->integer().value(); };
    QCOMPARE((*file)->version(), 3U);
    QCOMPARE((*file)->alignment(), std::uint64_t{64});
    QCOMPARE(integer("u8"), std::int64_t{255});
    QCOMPARE(integer("i8"), std::int64_t{-128});
    QCOMPARE(integer("u16"), std::int64_t{65535});
    QCOMPARE(integer("i16"), std::int64_t{-32768});
    QCOMPARE(integer("u32"), std::int64_t{4294967295});
    QCOMPARE(integer("i32"), std::int64_t{-2147483648LL});
    QCOMPARE(integer("u64"), std::int64_t{1} << 60);
    QCOMPARE(integer("i64"), -(std::int64_t{1} << 60));
    QCOMPARE((*file)->value("test.f32")->number().value(), 0.5);
    QCOMPARE((*file)->value("test.f64")->number().value(), 0.1);
    QCOMPARE((*file)->value("test.i16")->number().value(), -32768.0);
    QCOMPARE((*file)->value("test.bool")->boolean().value(), true);
    QVERIFY((*file)->value("test.string")->string().value() == "grüße\n");
    QVERIFY((*file)->value("test.nothing") == nullptr);
    QVERIFY((*file)->keys().front() == "general.architecture");
}

void TestGguf::readsArrays()
{
    const auto file = *GgufFile::open(fixture("metadata.gguf"));
    QVERIFY(file->value("test.integers")->integers().value() == (std::vector<std::int64_t>{3, -1, 2147483647}));
    QVERIFY(file->value("test.floats")->floats().value() == (std::vector<float>{1.5F, -0.25F}));
    QVERIFY(file->value("test.booleans")->integers().value() == (std::vector<std::int64_t>{1, 0, 1}));
    QVERIFY(file->value("test.strings")->strings().value() == (std::vector<std::string_view>{"", "a", "ü"}));
    const auto nested = file->value("test.nested")->arrays().value();
    QCOMPARE(nested.size(), std::size_t{2});
    QVERIFY(nested[0].integers().value() == (std::vector<std::int64_t>{1, 2, 3}));
    QVERIFY(nested[1].integers().value() == (std::vector<std::int64_t>{4}));
    const auto tokens = file->value("tokenizer.ggml.tokens")->strings().value();
    QCOMPARE(tokens.size(), std::size_t{300});
    QVERIFY(tokens[299] == "token 299");
    QCOMPARE(file->value("tokenizer.ggml.scores")->floats().value()[299], -299.0F);
}

void TestGguf::readsTensorsRowMajor()
{
    const auto file = *GgufFile::open(fixture("metadata.gguf"));
    QCOMPARE(file->tensors().size(), std::size_t{2});
    const TensorView* first = file->find("first");
    QVERIFY(first->shape == (std::vector<std::int64_t>{2, 3}));
    std::vector<float> values(6);
    QVERIFY(widenToFloat(*first, values.data()));
    QVERIFY(values == (std::vector<float>{0, 1, 2, 3, 4, 5}));
    const TensorView* second = file->find("second");
    QVERIFY(second->shape == (std::vector<std::int64_t>{2, 3, 4}));
    QCOMPARE(second->dtype, DType::f16);
    QCOMPARE(second->bytes.size(), std::size_t{48});
    QVERIFY(file->find("third") == nullptr);
}

void TestGguf::readsVersionTwo()
{
    std::string bytes = *readFile(fixture("metadata.gguf"));
    bytes[4] = 2;
    const auto file = GgufFile::parse(bytes, "memory");
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    QCOMPARE((*file)->version(), 2U);
    QCOMPARE((*file)->tensors().size(), std::size_t{2});
}

void TestGguf::valuesOfAnotherKindAreNotRead()
{
    const auto file = *GgufFile::open(fixture("metadata.gguf"));
    const GgufValue& text = *file->value("test.string");
    QVERIFY(
        !text.integer() && !text.number() && !text.boolean() && !text.strings() && !text.integers() && !text.floats() && !text.arrays());
    const GgufValue& list = *file->value("test.strings");
    QVERIFY(!list.string() && !list.integer() && !list.integers() && !list.floats() && !list.arrays());
    const GgufValue& nested = *file->value("test.nested");
    QVERIFY(!nested.integers() && !nested.floats() && !nested.strings());
    QVERIFY(!file->value("test.bool")->integer() && !file->value("test.bool")->number());
    QVERIFY(!file->value("test.f32")->integer());
    QVERIFY(!file->value("test.floats")->integers());
}

void TestGguf::refusesEveryTruncation()
{
    const std::string bytes = smallFile();
    QVERIFY(GgufFile::parse(bytes, "memory").ok());
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const auto file = GgufFile::parse(std::string_view(bytes).substr(0, n), "memory");
        QVERIFY2(!file.ok(), std::to_string(n).c_str());
        QCOMPARE(file.error().code(), ErrorCode::corrupt);
        QVERIFY(file.error().message().rfind("memory: ", 0) == 0);
        QVERIFY(!file.error().hint().empty());
    }
}

void TestGguf::refusesEveryTruncationOfAWrittenFile()
{
    QTemporaryDir folder;
    const std::string bytes = *readFile(fixture("metadata.gguf"));
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "cut.gguf";
    // The package pads the last tensor: without that padding the file is whole.
    const std::size_t whole = bytes.size() - 16;
    QVERIFY(GgufFile::parse(std::string_view(bytes).substr(0, whole), "memory").ok());
    for (std::size_t n = 0; n < whole; ++n)
        QVERIFY2(!GgufFile::parse(std::string_view(bytes).substr(0, n), "memory").ok(), std::to_string(n).c_str());
    for (std::size_t n = 0; n < whole; n += 509) {
        std::ofstream(path, std::ios::binary) << bytes.substr(0, n);
        QCOMPARE(GgufFile::open(path).error().code(), ErrorCode::corrupt);
    }
}

void TestGguf::refusesLies_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("part");
    using U = std::uint64_t;
    const auto row = [](const char* name, const GgufBytes& file, const char* part) { QTest::newRow(name) << toQt(file) << part; };
    const auto file = [](U tensors, U keys) { return GgufBytes().header(tensors, keys); };
    const U huge = ~U{0};

    row("another magic", GgufBytes().raw("GGML").put(3U).put(U{0}).put(U{0}), "letters GGUF");
    row("version 0", GgufBytes().header(0, 0, 0), "version 0");
    row("version 1", GgufBytes().header(0, 0, 1), "version 1");
    row("version 4", GgufBytes().header(0, 0, 4), "version 4");
    row("big-endian", GgufBytes().header(0, 0, 0x03000000), "big-endian");
    row("huge number of keys", file(0, huge), "keys are claimed");
    row("more keys than fit", file(0, 3).key("a", kU32).put(1U), "keys are claimed");
    row("huge number of tensors", file(huge, 0), "tensors are claimed");
    row("more tensors than fit", file(2, 0).tensor("a", {1}, kF32, 0).pad(), "tensors are claimed");

    row("key without a name", file(0, 1).key("", kU32).raw(std::string(40, '\0')), "a name has 0 bytes");
    row("key of 65,536 letters", file(0, 1).key(std::string(65536, 'k'), kU32).put(1U), "a name has 65536 bytes");
    row("key longer than the file", file(0, 1).put(huge).raw(std::string(40, 'k')), "a string claims");
    row("unknown type of value", file(0, 1).key("a", 13).raw(std::string(40, '\0')), "type 13");
    row("bool that is 2", file(0, 1).key("a", kBool).put('\2'), "a bool is 2");
    row("string longer than the file", file(0, 1).key("a", kString).put(huge), "a string claims");
    row("huge array of numbers", file(0, 1).key("a", kArray).put(kU32).put(huge), "values of type uint32");
    row("array that wraps", file(0, 1).key("a", kArray).put(kU32).put(U{1} << 62), "values of type uint32");
    row("huge array of strings", file(0, 1).key("a", kArray).put(kString).put(huge), "values of type string");
    row("string of an array", file(0, 1).key("a", kArray).put(kString).put(U{1}).put(U{9}).raw("12345678"), "a string claims 9");
    row("array of unknown items", file(0, 1).key("a", kArray).put(77U).put(U{1}).raw("12345678"), "type 77");
    GgufBytes deep = file(0, 1).key("a", kArray);
    for (int i = 0; i < 6; ++i)
        deep.put(kArray).put(U{1});
    row("arrays too deep", deep.put(kU32).put(U{1}).put(1U), "deep");
    row("key twice", file(0, 2).key("same", kU32).put(1U).key("same", kU32).put(1U), "key \"same\" twice");
    row("alignment 0", file(0, 1).key("general.alignment", kU32).put(0U), "general.alignment");
    row("alignment 48", file(0, 1).key("general.alignment", kU32).put(48U), "general.alignment");
    row("alignment of another type", file(0, 1).key("general.alignment", 10).put(U{32}), "general.alignment");

    const std::string data(64, '\0');
    row("tensor without a name", file(1, 0).tensor("", {1}, kF32, 0).pad().raw(data), "a name has 0 bytes");
    row("no dimensions", file(1, 0).tensor("a", {}, kF32, 0).pad().raw(data), "0 dimensions");
    row("five dimensions", file(1, 0).tensor("a", {1, 1, 1, 1, 1}, kF32, 0).pad().raw(data), "5 dimensions");
    row("extent 0", file(1, 0).tensor("a", {4, 0}, kF32, 0).pad().raw(data), "dimension 1 is 0");
    row("2^61 elements", file(1, 0).tensor("a", {U{1} << 31, U{1} << 30}, kF32, 0).pad().raw(data), "2^60");
    row("shape that wraps to nothing", file(1, 0).tensor("a", {U{1} << 32, U{1} << 32}, kF32, 0).pad().raw(data), "2^60");
    row("2^60 elements of 8 bytes", file(1, 0).tensor("a", {U{1} << 60}, 28, 0).pad().raw(data), "outside");
    row("unknown type of tensor", file(1, 0).tensor("odd", {4}, 999, 0).pad().raw(data), "\"odd\" has type 999");
    row("half a block", file(1, 0).tensor("a", {48, 2}, kQ8_0, 0).pad().raw(data), "whole blocks of 32");
    row("misaligned", file(1, 0).tensor("a", {1}, kF32, 4).pad().raw(data), "multiple of the alignment");
    row("offset past the end", file(1, 0).tensor("a", {1}, kF32, 64).pad().raw(data), "outside");
    row("offset that wraps", file(1, 0).tensor("a", {8}, kF32, huge - 31).pad().raw(data), "outside");
    row("longer than the data", file(1, 0).tensor("a", {17}, kF32, 0).pad().raw(data), "outside");
    row("overlap", file(2, 0).tensor("a", {9}, kF32, 0).tensor("b", {8}, kF32, 32).pad().raw(data), "\"b\" overlaps tensor \"a\"");
    row("same place", file(2, 0).tensor("a", {8}, kF32, 0).tensor("b", {8}, kF32, 0).pad().raw(data), "overlaps");
    row("tensor twice", file(2, 0).tensor("a", {8}, kF32, 0).tensor("a", {8}, kF32, 32).pad().raw(data), "tensor \"a\" twice");
}

void TestGguf::refusesLies()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, part);
    const auto file = GgufFile::parse({bytes.constData(), static_cast<std::size_t>(bytes.size())}, "memory");
    QVERIFY(!file.ok());
    QVERIFY2(QString::fromStdString(file.error().message()).contains(part), file.error().message().c_str());
    QVERIFY(!file.error().hint().empty());
}

void TestGguf::changedBytesAreReadOrRefused()
{
    std::string bytes = smallFile();
    int refused = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (const char change : {'\1', '\x80', '\xff'}) {
            bytes[i] = static_cast<char>(bytes[i] ^ change);
            const auto file = GgufFile::parse(bytes, "memory");
            refused += file.ok() ? 0 : 1;
            for (std::size_t t = 0; file.ok() && t < (*file)->tensors().size(); ++t) {
                const TensorView& tensor = (*file)->tensors()[t];
                std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
                QCOMPARE(widenToFloat(tensor, values.data()), canWiden(tensor.dtype));
            }
            bytes[i] = static_cast<char>(bytes[i] ^ change);
        }
    }
    QVERIFY(refused > 100);
}

void TestGguf::otherTypesAreKnownByNameOnly()
{
    GgufBytes bytes;
    bytes.header(1, 0).tensor("odd", {32, 2}, kIq4Nl, 0).pad().raw(std::string(36, '\0'));
    const auto file = GgufFile::parse(bytes.bytes(), "memory");
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    const TensorView& tensor = *(*file)->find("odd");
    QCOMPARE(toString(tensor.dtype), "IQ4_NL");
    QVERIFY(!canWiden(tensor.dtype));
    std::vector<float> values(64);
    QVERIFY(!widenToFloat(tensor, values.data()));
}

void TestGguf::longListsAreNotCopied()
{
    GgufBytes bytes;
    bytes.header(0, 1).key("tokens", kArray).put(kString).put(std::uint64_t{262144});
    for (int i = 0; i < 262144; ++i)
        bytes.string(std::to_string(i));
    const auto file = GgufFile::parse(bytes.bytes(), "memory");
    QVERIFY(file.ok());
    const auto strings = (*file)->value("tokens")->strings().value();
    QCOMPARE(strings.size(), std::size_t{262144});
    for (const std::string_view text : strings)
        QVERIFY(text.data() >= bytes.bytes().data() && text.data() + text.size() <= bytes.bytes().data() + bytes.bytes().size());
    QVERIFY(strings[262143] == "262143");
}

void TestGguf::missingFileIsNotFound()
{
    QTemporaryDir folder;
    QCOMPARE(GgufFile::open(folder.filePath("none.gguf").toStdString()).error().code(), ErrorCode::notFound);
    QCOMPARE(GgufFile::open(folder.path().toStdString()).error().code(), ErrorCode::invalidArgument);
}

QTEST_GUILESS_MAIN(TestGguf)
#include "tst_gguf.moc"
