// Exports are read again and compared by the exporter itself; here with copies that were not made by it, and with faults.

#include <cmath>
#include <filesystem>
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include "core/model/export.h"
#include "core/model/export_gguf.h"
#include "core/model/loader.h"
#include "core/model/lora.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(PRECEDENT_TEST_FIXTURES) / "parity/architectures";

/// A folder with the fixture's model, a tokenizer that nobody reads, and an adapter with something in it.
class Workplace {
public:
    explicit Workplace(const std::string& architecture)
    {
        fs::copy(kFixtures / architecture, model());
        std::ofstream(model() / "tokenizer.json") << "{}";
        auto loaded = loadModel(model());
        loaded->decoder->setTrainable(false);
        LoraConfig config;
        config.rank = 3;
        config.baseModel = "made-up/base";
        config.revision = "main";
        auto set = *LoraSet::create(*loaded->decoder, config, 4);
        at::manual_seed(6);
        for (const auto& entry : set->parameters())
            entry.second.detach().add_(at::randn(entry.second.sizes()) * 0.1);
        m_saved = set->save(adapter()).ok();
    }
    [[nodiscard]] bool ready() const { return m_saved; }
    [[nodiscard]] fs::path root() const { return m_folder.path().toStdString(); }
    [[nodiscard]] fs::path model() const { return root() / "model"; }
    [[nodiscard]] fs::path adapter() const { return root() / "adapter"; }
    [[nodiscard]] fs::path out() const { return root() / "out"; }

    [[nodiscard]] ExportRequest request(ExportFormat format, const std::string& type = {}, bool adapted = true) const
    {
        return {{model().string(), adapted ? adapter().string() : std::string()}, format, type, out().string(), {}, {},
            R"({"program":"test"})"};
    }

private:
    QTemporaryDir m_folder;
    bool m_saved = false;
};

at::Tensor logProbs(const fs::path& model, const fs::path& adapter)
{
    auto loaded = loadModel(model, /*requireTokenizer=*/false);
    if (!adapter.empty())
        loaded->decoder->setAdapter(*LoraSet::load(*loaded->decoder, adapter));
    const at::Tensor ids = at::arange(3, 43, at::kLong);
    return loaded->decoder->tokenLogProbs(loaded->decoder->hidden(ids.unsqueeze(0))[0].slice(0, 0, -1), ids.slice(0, 1)).detach();
}

double worst(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

} // namespace

class TestModelExport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void mergedFolderAnswersAsBaseAndAdapter_data();
    void mergedFolderAnswersAsBaseAndAdapter();
    void adapterSurvivesAsPeftFolder();
    void ggufHoldsTheModel_data();
    void ggufHoldsTheModel();
    void adapterSurvivesAsGguf_data();
    void adapterSurvivesAsGguf();
    void ggufSaysWhatItCan();
    void faultsAreNamedAndLeaveNothing();
    void nothingIsReplaced();
};

void TestModelExport::mergedFolderAnswersAsBaseAndAdapter_data()
{
    QTest::addColumn<QString>("architecture");
    for (const auto& entry : fs::directory_iterator(kFixtures))
        QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().filename().string());
}

void TestModelExport::mergedFolderAnswersAsBaseAndAdapter()
{
    QFETCH(QString, architecture);
    const Workplace place(architecture.toStdString());
    QVERIFY(place.ready());
    const auto report = exportModel(place.request(ExportFormat::huggingFace, "f32"), {});
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().message().c_str());
    QVERIFY2(report->maxLogitDifference < 1e-4, std::to_string(report->maxLogitDifference).c_str());
    QCOMPARE(report->sameTop, report->positions);
    QCOMPARE(report->sha256, *weightsSha256(place.out()));
    QVERIFY(worst(logProbs(place.model(), place.adapter()), logProbs(place.out(), {})) < 1e-4);
    QVERIFY(worst(logProbs(place.model(), {}), logProbs(place.out(), {})) > 1e-2); // the adapter did something
    QVERIFY(fs::exists(place.out() / "tokenizer.json"));
    const Json provenance = *parseJson(*readFile(place.out() / "provenance.json"), "provenance.json");
    QCOMPARE(provenance["program"].get<std::string>(), std::string("test"));
    QCOMPARE(provenance["base"]["sha256"].get<std::string>(), *weightsSha256(place.model()));
    QVERIFY(provenance["adapter"].contains("sha256"));

    const Workplace other(architecture.toStdString());
    const auto narrow = exportModel(other.request(ExportFormat::huggingFace, {}, /*adapted=*/false), {});
    QVERIFY(narrow.ok());
    QVERIFY2(narrow->note.empty(), narrow->note.c_str());
    QCOMPARE(narrow->maxLogitDifference, 0.0); // what was stored in bfloat16 is written so
    QVERIFY(!fs::exists(other.out() / "provenance.json.tmp"));
}

void TestModelExport::adapterSurvivesAsPeftFolder()
{
    const Workplace place("qwen3");
    auto request = place.request(ExportFormat::peft);
    request.baseName = "someone/qwen";
    request.chatTemplate = "{{ messages[0].content }}";
    const auto report = exportModel(request, {});
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().message().c_str());
    QCOMPARE(report->maxLogitDifference, 0.0);
    const Json config = *parseJson(*readFile(place.out() / "adapter_config.json"), "adapter_config.json");
    QCOMPARE(config["base_model_name_or_path"].get<std::string>(), std::string("someone/qwen"));
    QCOMPARE(config["revision"].get<std::string>(), std::string("main"));
    QCOMPARE(*readFile(place.out() / "chat_template.jinja"), request.chatTemplate);
    QVERIFY2(report->note.find("chat template") != std::string::npos, report->note.c_str());
    QVERIFY(worst(logProbs(place.model(), place.adapter()), logProbs(place.model(), place.out())) == 0.0);
}

void TestModelExport::ggufHoldsTheModel_data() { mergedFolderAnswersAsBaseAndAdapter_data(); }

void TestModelExport::ggufHoldsTheModel()
{
    QFETCH(QString, architecture);
    const Workplace place(architecture.toStdString());
    const auto model = loadModel(place.model(), /*requireTokenizer=*/false);
    model->decoder->setTrainable(false);
    DecoderConfig config = model->config;
    // The fixtures' patterns of layers are shorter than those that llama.cpp knows by name.
    if (config.family == "gemma3_text") {
        for (LayerConfig& layer : config.layerConfigs)
            layer = {9, LayerConfig::Rope::local};
        config.attentionScale = 1 / std::sqrt(10.0);
    }
    if (config.family == "smollm3") {
        for (LayerConfig& layer : config.layerConfigs)
            layer.rope = LayerConfig::Rope::global;
    }
    const auto decoder = Decoder::over(config, model->decoder->parameters());
    decoder->setAdapter(*LoraSet::load(*decoder, place.adapter()));
    const at::Tensor ids = at::arange(3, 12, at::kLong).unsqueeze(0); // within every window
    const at::Tensor wanted = decoder->hidden(ids);
    for (const auto& [type, tolerance] :
        std::vector<std::pair<std::string, double>>{{"f32", 2e-4}, {"f16", 0.05}, {"bf16", 0.4}, {"q8_0", 0.4}}) {
        std::string note;
        const fs::path file = place.root() / (type + ".gguf");
        const Status written = writeGgufModel(file, *decoder, "tiny", type, {}, note);
        QVERIFY2(written.ok(), written.ok() ? "" : written.error().message().c_str());
        const auto again = loadModel(file, /*requireTokenizer=*/false);
        QVERIFY2(again.ok(), again.ok() ? "" : again.error().message().c_str());
        const double difference = worst(again->decoder->hidden(ids), wanted);
        QVERIFY2(difference < tolerance, (type + " " + std::to_string(difference)).c_str());
        const bool slides = config.family == "mistral" || config.family == "qwen2";
        QCOMPARE(!note.empty(), slides);
        QCOMPARE(again->config.contextLength, config.family == "mistral" ? 11 : config.family == "qwen2" ? 9 : 256);
    }
}

void TestModelExport::adapterSurvivesAsGguf_data() { mergedFolderAnswersAsBaseAndAdapter_data(); }

void TestModelExport::adapterSurvivesAsGguf()
{
    QFETCH(QString, architecture);
    const Workplace place(architecture.toStdString());
    const auto report = exportModel(place.request(ExportFormat::ggufLora), {});
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().message().c_str());
    QCOMPARE(report->maxLogitDifference, 0.0);
    QVERIFY(fs::exists(place.out().string() + ".provenance.json"));
}

void TestModelExport::ggufSaysWhatItCan()
{
    for (const char* name : {"gemma3", "smollm3"}) {
        const auto model = loadModel(kFixtures / name, /*requireTokenizer=*/false);
        const QTemporaryDir folder;
        std::string note;
        const Status written = writeGgufModel(folder.filePath("x.gguf").toStdString(), *model->decoder, "x", "f32", {}, note);
        QVERIFY(!written.ok());
        QVERIFY2(written.error().message().find("cannot say that") != std::string::npos, written.error().message().c_str());
    }
}

void TestModelExport::faultsAreNamedAndLeaveNothing()
{
    const Workplace place("llama-3.1");
    const auto says = [&](const ExportRequest& request, ErrorCode code, const char* text) {
        const auto report = exportModel(request, {});
        return !report.ok() && report.error().code() == code && report.error().message().find(text) != std::string::npos &&
            !fs::exists(place.out());
    };
    QVERIFY(says(place.request(ExportFormat::huggingFace, "q8_0"), ErrorCode::invalidArgument, "q8_0"));
    QVERIFY(says(place.request(ExportFormat::peft, {}, /*adapted=*/false), ErrorCode::invalidArgument, "no adapter"));
    auto request = place.request(ExportFormat::huggingFace);
    request.provenance = "[";
    QVERIFY(says(request, ErrorCode::invalidArgument, "provenance"));
    request = place.request(ExportFormat::huggingFace);
    request.model.adapter = (place.root() / "nowhere").string();
    QVERIFY(says(request, ErrorCode::notFound, "nowhere"));
    request.model.folder = (place.root() / "nothing").string();
    QVERIFY(says(request, ErrorCode::notFound, "nothing"));
}

void TestModelExport::nothingIsReplaced()
{
    const Workplace place("mistral");
    fs::create_directory(place.out());
    std::ofstream(place.out() / "mine") << "kept";
    const auto report = exportModel(place.request(ExportFormat::huggingFace), {});
    QVERIFY(!report.ok());
    QCOMPARE(static_cast<int>(report.error().code()), static_cast<int>(ErrorCode::alreadyExists));
    QVERIFY(fs::exists(place.out() / "mine"));
}

QTEST_GUILESS_MAIN(TestModelExport)
#include "tst_model_export.moc"
