#include <QTemporaryDir>
#include <QTest>

#include "precedent/base/files.h"
#include "precedent/formats/gguf.h"

using namespace precedent;
using namespace precedent::formats;

namespace {

std::filesystem::path fixture(const char* name) { return std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "gguf" / name; }

std::filesystem::path pathIn(const QTemporaryDir& folder, const char* name) { return folder.filePath(name).toStdString(); }

std::ptrdiff_t filesIn(const QTemporaryDir& folder)
{
    return std::distance(std::filesystem::directory_iterator(folder.path().toStdString()), {});
}

} // namespace

class TestGgufWriter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void writesTheBytesOfTheGgufPackage();
    void writesBlocksOfEveryType();
    void writtenFilesReadBack();
    void refusesWhatDoesNotFit_data();
    void refusesWhatDoesNotFit();
    void failedWriteKeepsTheOldFile();
    void tensorsAreMadeInTheirTurn();
};

void TestGgufWriter::writesTheBytesOfTheGgufPackage()
{
    QTemporaryDir folder;
    const auto expected = *GgufFile::open(fixture("written.gguf"));
    const std::vector<GgufEntry> metadata = {{"general.architecture", std::string("llama")}, {"test.bool", true},
        {"test.u32", std::uint32_t{4294967295}}, {"test.i32", std::int32_t{-5}}, {"test.u64", std::uint64_t{1} << 63},
        {"test.i64", -(std::int64_t{1} << 40)}, {"test.f32", 0.1F}, {"test.f64", 0.1}, {"test.string", std::string("grüße")},
        {"test.strings", std::vector<std::string>{"a", "", "<s>"}}, {"test.floats", std::vector<float>{0.5F, -1.25F}},
        {"test.integers", std::vector<std::int32_t>{1, -2}}, {"test.booleans", std::vector<bool>{true, false}}};
    QVERIFY(writeGguf(pathIn(folder, "w.gguf"), metadata, expected->tensors()).ok());
    QVERIFY(*readFile(pathIn(folder, "w.gguf")) == *readFile(fixture("written.gguf")));
    QCOMPARE(filesIn(folder), 1);
}

void TestGgufWriter::writesBlocksOfEveryType()
{
    QTemporaryDir folder;
    const auto expected = *GgufFile::open(fixture("blocks.gguf"));
    QVERIFY(writeGguf(pathIn(folder, "w.gguf"), {{"general.architecture", std::string("llama")}}, expected->tensors()).ok());
    QVERIFY(*readFile(pathIn(folder, "w.gguf")) == *readFile(fixture("blocks.gguf")));
}

void TestGgufWriter::writtenFilesReadBack()
{
    QTemporaryDir folder;
    std::vector<float> values(128);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i) / 7.0F - 5.0F;
    const std::string plain(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    const std::string half = narrowToF16(values.data(), 128);
    const std::string brain = narrowToBf16(values.data(), 128);
    const std::string eights = quantizeQ8_0(values.data(), 128).value();
    const std::vector<TensorView> tensors = {{"plain", DType::f32, {2, 64}, plain}, {"half", DType::f16, {128}, half},
        {"brain", DType::bf16, {4, 32}, brain}, {"eights", DType::q8_0, {2, 2, 32}, eights}};
    QVERIFY(writeGguf(pathIn(folder, "w.gguf"), {{"tokens", std::vector<std::string>(1000, "x")}}, tensors).ok());
    const auto file = GgufFile::open(pathIn(folder, "w.gguf"));
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    QCOMPARE((*file)->value("tokens")->strings()->size(), std::size_t{1000});
    for (const TensorView& tensor : tensors) {
        const TensorView* read = (*file)->find(tensor.name);
        QVERIFY(read != nullptr && read->dtype == tensor.dtype && read->shape == tensor.shape && read->bytes == tensor.bytes);
    }
}

void TestGgufWriter::refusesWhatDoesNotFit_data()
{
    QTest::addColumn<QString>("which");
    QTest::addColumn<QString>("part");
    for (const auto& [which, part] :
        {std::pair{"key twice", "twice"}, std::pair{"key without a name", "0 bytes"}, std::pair{"tensor twice", "twice"},
            std::pair{"type of safetensors only", "BOOL"}, std::pair{"no extents", "cannot hold"}, std::pair{"five extents", "cannot hold"},
            std::pair{"extent 0", "cannot hold"}, std::pair{"too few bytes", "do not fit"}, std::pair{"half a block", "cannot hold"}})
        QTest::newRow(which) << which << part;
}

void TestGgufWriter::refusesWhatDoesNotFit()
{
    QFETCH(QString, which);
    QFETCH(QString, part);
    const std::string bytes(64, '\0');
    const TensorView good{"a", DType::f32, {4, 4}, bytes};
    std::vector<GgufEntry> metadata = {{"key", true}};
    std::vector<TensorView> tensors = {good};
    const auto add = [&](DType dtype, const std::vector<std::int64_t>& shape, std::string_view data) {
        tensors.push_back({"b", dtype, shape, data});
    };
    if (which == "key twice")
        metadata.push_back({"key", 1.0F});
    else if (which == "key without a name")
        metadata.push_back({"", 1.0F});
    else if (which == "tensor twice")
        tensors.push_back(good);
    else if (which == "type of safetensors only")
        add(DType::boolean, {64}, bytes);
    else if (which == "no extents")
        add(DType::f32, {}, std::string_view(bytes).substr(0, 4));
    else if (which == "five extents")
        add(DType::f32, {1, 1, 1, 4, 4}, bytes);
    else if (which == "extent 0")
        add(DType::f32, {4, 0}, {});
    else if (which == "too few bytes")
        add(DType::f32, {4, 5}, bytes);
    else
        add(DType::q8_0, {4, 16}, bytes);
    QTemporaryDir folder;
    const Status written = writeGguf(pathIn(folder, "w.gguf"), metadata, tensors);
    QVERIFY(!written.ok());
    QCOMPARE(written.error().code(), ErrorCode::invalidArgument);
    QVERIFY2(QString::fromStdString(written.error().message()).contains(part), written.error().message().c_str());
    QCOMPARE(filesIn(folder), 0);
}

void TestGgufWriter::failedWriteKeepsTheOldFile()
{
    QVERIFY(!writeGguf("/nowhere/at/all/x.gguf", {}, {}).ok());
    QTemporaryDir folder;
    std::filesystem::create_directories(pathIn(folder, "taken") / "inside"); // a folder in the file's place: the rename fails
    QVERIFY(!writeGguf(pathIn(folder, "taken"), {}, {}).ok());
    QCOMPARE(filesIn(folder), 1);
}

void TestGgufWriter::tensorsAreMadeInTheirTurn()
{
    QTemporaryDir folder;
    int made = 0;
    const auto tensor = [&](const char* name, int turn, std::size_t bytes) {
        return TensorToWrite{name, DType::f32, {4, 4}, [&made, turn, bytes]() -> Result<std::string> {
                                 if (made++ != turn)
                                     return Error(ErrorCode::internal, "out of turn");
                                 return std::string(bytes, static_cast<char>(turn));
                             }};
    };
    QVERIFY(streamGguf(pathIn(folder, "w.gguf"), {}, {tensor("a", 0, 64), tensor("b", 1, 64)}).ok());
    const auto file = GgufFile::open(pathIn(folder, "w.gguf"));
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message().c_str());
    QVERIFY((*file)->find("b")->bytes == std::string(64, '\1'));
    made = 0;
    const Status longer = streamGguf(pathIn(folder, "w.gguf"), {}, {tensor("a", 0, 64), tensor("b", 1, 65)});
    QVERIFY2(!longer.ok() && longer.error().message().find("do not fit") != std::string::npos, "65 bytes");
    const Status failed = streamGguf(pathIn(folder, "w.gguf"), {}, {tensor("a", 0, 64)}); // make() fails: not its turn any more
    QCOMPARE(failed.error().message(), std::string("out of turn"));
    QCOMPARE(filesIn(folder), 1); // the first one, whole
    QVERIFY(GgufFile::open(pathIn(folder, "w.gguf")).ok());
}

QTEST_GUILESS_MAIN(TestGgufWriter)
#include "tst_gguf_writer.moc"
