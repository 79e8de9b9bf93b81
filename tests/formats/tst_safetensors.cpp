#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include <QTemporaryDir>
#include <QTest>

#include "precedent/base/files.h"
#include "precedent/formats/safetensors.h"

using namespace precedent;
using namespace precedent::formats;

namespace {

std::string fileOf(const std::string& header, const std::string& data)
{
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += static_cast<char>(static_cast<std::uint64_t>(header.size()) >> (8 * i) & 0xFF);
    return bytes + header + data;
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets)
{
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::string smallFile()
{
    return fileOf(R"({"__metadata__":{"format":"pt","tied":"a"},"a":)" + entry("F32", "[2,1]", "[0,8]") + R"(,"b":)" +
            entry("BF16", "[3]", "[8,14]") + "}",
        std::string(14, '\1'));
}

std::filesystem::path pathIn(const QTemporaryDir& folder, const char* name)
{
    return std::filesystem::path(folder.path().toStdString()) / name;
}

void put(const std::filesystem::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

} // namespace

class TestSafetensors : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsTensorsMetadataAndAliases();
    void refusesEveryTruncation();
    void refusesLies_data();
    void refusesLies();
    void wideningIsExact_data();
    void wideningIsExact();
    void narrowingRoundsToNearestEven();
    void writtenFilesReadBack();
    void writeRefusesWhatDoesNotFit();
    void failedWriteKeepsTheOldFile();
    void readsShardsByTheirIndex();
    void refusesBadIndexes_data();
    void refusesBadIndexes();
    void missingFileIsNotFound();
    void releasedTensorsTakeNoMemory();
};

void TestSafetensors::readsTensorsMetadataAndAliases()
{
    const std::string bytes = smallFile();
    const auto file = SafetensorsFile::parse(bytes, "memory");
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    QCOMPARE((*file)->tensors().size(), std::size_t{2});
    QCOMPARE((*file)->find("a")->elements(), std::int64_t{2});
    QCOMPARE((*file)->find("b")->bytes.size(), std::size_t{6});
    QCOMPARE((*file)->find("tied"), (*file)->find("a"));
    QVERIFY((*file)->find("format") == nullptr);
    QVERIFY((*file)->find("c") == nullptr);
}

void TestSafetensors::refusesEveryTruncation()
{
    QTemporaryDir folder;
    const std::string bytes = smallFile();
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const auto file = SafetensorsFile::parse(std::string_view(bytes).substr(0, n), "memory");
        QVERIFY2(!file.ok(), std::to_string(n).c_str());
        QCOMPARE(file.error().code(), ErrorCode::corrupt);
        if (n % 16 == 0 || n < 10) {
            put(pathIn(folder, "cut"), bytes.substr(0, n));
            QVERIFY(!SafetensorsFile::open(pathIn(folder, "cut")).ok());
        }
    }
}

void TestSafetensors::refusesLies_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* name, const std::string& bytes, const char* part) {
        QTest::newRow(name) << QByteArray::fromStdString(bytes) << part;
    };
    const auto one = [](const std::string& tensor, std::size_t data) { return fileOf("{\"a\":" + tensor + "}", std::string(data, '\0')); };
    std::string huge = smallFile();
    huge[7] = '\x7f';
    row("huge header", huge, "claims");
    std::string long1 = smallFile();
    long1[3] = '\1';
    row("header longer than the file", long1, "claims");
    row("header is no JSON", fileOf("{\"a\":", ""), "JSON");
    row("header is a list", fileOf("[]", ""), "JSON");
    row("nested too deep", fileOf("{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", ""), "JSON");
    row("name twice",
        fileOf("{\"a\":" + entry("F32", "[1]", "[0,4]") + ",\"a\":" + entry("F32", "[1]", "[4,8]") + "}", std::string(8, '\0')), "twice");
    row("offset twice", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]})", 4), "twice");
    row("no shape", one(R"({"dtype":"F32","data_offsets":[0,4]})", 4), "lacks");
    row("tensor is a number", one("3", 4), "lacks");
    row("unknown dtype", one(entry("F33", "[1]", "[0,4]"), 4), "F33");
    row("negative extent", one(entry("F32", "[-1]", "[0,4]"), 4), "whole numbers");
    row("fractional extent", one(entry("F32", "[1.5]", "[0,4]"), 4), "whole numbers");
    row("extent past int64", one(entry("F32", "[18446744073709551615]", "[0,4]"), 4), "whole numbers");
    row("shape overflows", one(entry("F32", "[4294967296,4294967296,4294967296]", "[0,4]"), 4), "more than fit");
    row("shape wraps to the right size", one(entry("U8", "[4294967296,4294967296]", "[0,0]"), 0), "more than fit");
    row("rank 17", one(entry("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]"), 4), "whole numbers");
    row("three offsets", one(entry("F32", "[1]", "[0,4,8]"), 8), "whole numbers");
    row("offsets backwards", one(entry("F32", "[1]", "[4,0]"), 4), "outside");
    row("offsets past the data", one(entry("F32", "[1]", "[4,8]"), 4), "outside");
    row("size and shape differ", one(entry("F32", "[2]", "[0,4]"), 4), "need");
    row("overlap",
        fileOf("{\"a\":" + entry("F32", "[2]", "[0,8]") + ",\"b\":" + entry("F32", "[2]", "[4,12]") + "}", std::string(12, '\0')),
        "overlaps");
    row("same place",
        fileOf("{\"a\":" + entry("F32", "[1]", "[0,4]") + ",\"b\":" + entry("F32", "[1]", "[0,4]") + "}", std::string(4, '\0')),
        "overlaps");
    row("gap", fileOf("{\"a\":" + entry("F32", "[1]", "[0,4]") + ",\"b\":" + entry("F32", "[1]", "[8,12]") + "}", std::string(12, '\0')),
        "gap");
    row("bytes at the end", one(entry("F32", "[1]", "[0,4]"), 5), "belong to no tensor");
    row("metadata of numbers", fileOf(R"({"__metadata__":{"a":1}})", ""), "__metadata__");
    row("metadata is a string", fileOf(R"({"__metadata__":"x"})", ""), "__metadata__");
}

void TestSafetensors::refusesLies()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, part);
    const auto file = SafetensorsFile::parse({bytes.constData(), static_cast<std::size_t>(bytes.size())}, "memory");
    QVERIFY(!file.ok());
    QVERIFY2(QString::fromStdString(file.error().message()).contains(part), file.error().message().c_str());
}

void TestSafetensors::wideningIsExact_data()
{
    QTest::addColumn<QString>("dtype");
    QTest::addColumn<quint16>("bits");
    QTest::addColumn<float>("value");
    QTest::newRow("half one") << "F16" << quint16(0x3C00) << 1.0F;
    QTest::newRow("half -2") << "F16" << quint16(0xC000) << -2.0F;
    QTest::newRow("half least subnormal") << "F16" << quint16(0x0001) << std::ldexp(1.0F, -24);
    QTest::newRow("half largest subnormal") << "F16" << quint16(0x83FF) << -std::ldexp(1023.0F, -24);
    QTest::newRow("half largest") << "F16" << quint16(0x7BFF) << 65504.0F;
    QTest::newRow("half infinity") << "F16" << quint16(0x7C00) << std::numeric_limits<float>::infinity();
    QTest::newRow("bf16 one") << "BF16" << quint16(0x3F80) << 1.0F;
    QTest::newRow("bf16 -3.140625") << "BF16" << quint16(0xC049) << -3.140625F;
}

void TestSafetensors::wideningIsExact()
{
    QFETCH(QString, dtype);
    QFETCH(quint16, bits);
    QFETCH(float, value);
    const TensorView view{"x", *dtypeFromString(dtype.toStdString()), {1}, {reinterpret_cast<const char*>(&bits), 2}};
    float out = 0;
    QVERIFY(widenToFloat(view, &out));
    QVERIFY(out == value);
}

void TestSafetensors::narrowingRoundsToNearestEven()
{
    const float values[] = {1.0F, 1.00390625F /* half way up to 1.0078125: to even, down */, 1.01171875F /* half way: to even, up */, -0.0F,
        std::nanf(""), std::numeric_limits<float>::infinity(), 3.4e38F};
    const std::string bytes = narrowToBf16(values, std::size(values));
    float back[std::size(values)];
    QVERIFY(widenToFloat({"x", DType::bf16, {static_cast<std::int64_t>(std::size(values))}, bytes}, back));
    QCOMPARE(back[0], 1.0F);
    QCOMPARE(back[1], 1.0F);
    QCOMPARE(back[2], 1.015625F);
    QVERIFY(back[3] == 0 && std::signbit(back[3]));
    QVERIFY(std::isnan(back[4]));
    QVERIFY(std::isinf(back[5]));
    QVERIFY(std::isinf(back[6]));
}

void TestSafetensors::writtenFilesReadBack()
{
    QTemporaryDir folder;
    const float a[] = {1, 2, 3, 4, 5, 6};
    const std::string_view bytes(reinterpret_cast<const char*>(a), sizeof a);
    const auto path = pathIn(folder, "w.safetensors");
    QVERIFY(
        writeSafetensors(path, {{"z", DType::f32, {2, 3}, bytes}, {"empty", DType::f32, {0, 3}, {}}, {"a", DType::u8, {24}, bytes}}).ok());
    const auto file = SafetensorsFile::open(path);
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    QCOMPARE((*file)->tensors().size(), std::size_t{3});
    QVERIFY((*file)->find("z")->bytes == bytes);
    QVERIFY((*file)->find("a")->bytes == bytes);
    QCOMPARE((*file)->metadata().at("format"), std::string("pt"));
    QCOMPARE(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}), 1);
}

void TestSafetensors::writeRefusesWhatDoesNotFit()
{
    QTemporaryDir folder;
    const auto path = pathIn(folder, "w.safetensors");
    QCOMPARE(writeSafetensors(path, {{"a", DType::f32, {2}, "abcd"}}).error().code(), ErrorCode::invalidArgument);
    QCOMPARE(writeSafetensors(path, {{"a", DType::u8, {1}, "a"}, {"a", DType::u8, {1}, "a"}}).error().code(), ErrorCode::invalidArgument);
    QVERIFY(!std::filesystem::exists(path));
}

void TestSafetensors::failedWriteKeepsTheOldFile()
{
    QVERIFY(!writeSafetensors("/nowhere/at/all/x.safetensors", {}).ok());
    QTemporaryDir folder;
    const auto path = pathIn(folder, "taken");
    std::filesystem::create_directories(path / "inside"); // a folder in the file's place: the rename fails
    QVERIFY(!writeSafetensors(path, {{"a", DType::u8, {1}, "a"}}).ok());
    QCOMPARE(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}), 1);
}

void TestSafetensors::readsShardsByTheirIndex()
{
    QTemporaryDir folder;
    QVERIFY(writeSafetensors(pathIn(folder, "one.safetensors"), {{"a", DType::u8, {1}, "1"}}).ok());
    QVERIFY(writeSafetensors(pathIn(folder, "two.safetensors"), {{"b", DType::u8, {1}, "2"}}).ok());
    put(pathIn(folder, "model.safetensors.index.json"),
        R"({"metadata":{"total_size":2},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
    const auto set = SafetensorsSet::open(folder.path().toStdString());
    QVERIFY2(set.ok(), set.ok() ? "" : set.error().message().c_str());
    QVERIFY(set->find("a")->bytes == "1");
    QVERIFY(set->find("b")->bytes == "2");
    QVERIFY(set->find("c") == nullptr);
    QCOMPARE(set->paths().size(), std::size_t{2});
    QCOMPARE(set->names().size(), std::size_t{2});
}

void TestSafetensors::refusesBadIndexes_data()
{
    QTest::addColumn<QString>("index");
    QTest::addColumn<QString>("part");
    QTest::newRow("shard missing") << R"({"weight_map":{"a":"gone.safetensors"}})"
                                   << "gone.safetensors";
    QTest::newRow("tensor missing") << R"({"weight_map":{"zz":"one.safetensors"}})"
                                    << "zz";
    QTest::newRow("outside") << R"({"weight_map":{"a":"../one.safetensors"}})"
                             << "outside";
    QTest::newRow("absolute") << R"({"weight_map":{"a":"/etc/passwd"}})"
                              << "outside";
    QTest::newRow("folder") << R"({"weight_map":{"a":".."}})"
                            << "outside";
    QTest::newRow("number") << R"({"weight_map":{"a":3}})"
                            << "not a string";
    QTest::newRow("twice") << R"({"weight_map":{"a":"one.safetensors","a":"one.safetensors"}})"
                           << "twice";
    QTest::newRow("no map") << R"({"weights":{}})"
                            << "weight_map";
    QTest::newRow("no JSON") << "{"
                             << "JSON";
}

void TestSafetensors::refusesBadIndexes()
{
    QFETCH(QString, index);
    QFETCH(QString, part);
    QTemporaryDir folder;
    QVERIFY(writeSafetensors(pathIn(folder, "one.safetensors"), {{"a", DType::u8, {1}, "1"}}).ok());
    put(pathIn(folder, "model.safetensors.index.json"), index.toStdString());
    const auto set = SafetensorsSet::open(folder.path().toStdString());
    QVERIFY(!set.ok());
    QVERIFY2(QString::fromStdString(set.error().message()).contains(part), set.error().message().c_str());
}

void TestSafetensors::missingFileIsNotFound()
{
    QTemporaryDir folder;
    QCOMPARE(SafetensorsFile::open(pathIn(folder, "none")).error().code(), ErrorCode::notFound);
    QCOMPARE(SafetensorsSet::open(folder.path().toStdString()).error().code(), ErrorCode::notFound);
    QCOMPARE(SafetensorsFile::open(folder.path().toStdString()).error().code(), ErrorCode::invalidArgument);
}

void TestSafetensors::releasedTensorsTakeNoMemory()
{
    QTemporaryDir folder;
    const std::string values(8 << 20, '\1'), other(64 << 10, '\2');
    QVERIFY(writeSafetensors(
        pathIn(folder, "a"), {{"a", DType::u8, {std::int64_t{8} << 20}, values}, {"b", DType::u8, {std::int64_t{64} << 10}, other}})
                .ok());
    const auto file = SafetensorsFile::open(pathIn(folder, "a"));
    QVERIFY(file.ok());
    const TensorView& a = *(*file)->find("a");
    const auto residentKilobytes = [] { // of mapped files
        std::ifstream status("/proc/self/status");
        for (std::string word; status >> word;) {
            if (long kilobytes = 0; word == "RssFile:" && status >> kilobytes)
                return kilobytes;
        }
        return -1L;
    };
    QVERIFY(a.bytes == values);
    const long read = residentKilobytes();
    (*file)->release(a);
    QVERIFY2(read - residentKilobytes() > 7 << 10, "the pages are still there");
    QVERIFY(a.bytes == values); // fetched again
    QVERIFY((*file)->find("b")->bytes == other);
    const std::string small = smallFile();
    const auto foreign = SafetensorsFile::parse(small, "memory");
    (*file)->release((*foreign)->tensors().front()); // not of this file
    (*foreign)->release((*foreign)->tensors().front());
}

QTEST_GUILESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
