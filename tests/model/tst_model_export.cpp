// Exports are read again and compared by the exporter itself; here with copies that were not made by it, and with faults.

#include <filesystem>
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include "core/model/export.h"
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
        return {
            {model().string(), adapted ? adapter().string() : std::string()}, format, type, out().string(), {}, R"({"program":"test"})"};
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
    QCOMPARE(narrow->maxLogitDifference, 0.0); // what was stored in bfloat16 is written so
    QVERIFY(!fs::exists(other.out() / "provenance.json.tmp"));
}

void TestModelExport::adapterSurvivesAsPeftFolder()
{
    const Workplace place("qwen3");
    auto request = place.request(ExportFormat::peft);
    request.baseName = "someone/qwen";
    const auto report = exportModel(request, {});
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().message().c_str());
    QCOMPARE(report->maxLogitDifference, 0.0);
    const Json config = *parseJson(*readFile(place.out() / "adapter_config.json"), "adapter_config.json");
    QCOMPARE(config["base_model_name_or_path"].get<std::string>(), std::string("someone/qwen"));
    QCOMPARE(config["revision"].get<std::string>(), std::string("main"));
    QVERIFY(worst(logProbs(place.model(), place.adapter()), logProbs(place.model(), place.out())) == 0.0);
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
