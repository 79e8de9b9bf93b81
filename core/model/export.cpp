#include "core/model/export.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/model/cancelled.h"
#include "core/model/export_gguf.h"
#include "core/model/loader.h"
#include "core/model/lora.h"
#include "core/model/ops.h"
#include "precedent/architecture/export_place.h"
#include "precedent/architecture/model_text.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/base/random.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostForFloat32 = 2'000'000'000; // parameters; above, both sides are compared in bfloat16
constexpr int kPrompts = 3;
constexpr std::int64_t kPromptLength = 48;
constexpr const char* kChatTemplateKey = "tokenizer.chat_template";
constexpr const char* kTemplateWritten =
    "How it is asked here (its turns, and a chain's opening where it was trained to go on from one) was written "
    "as its chat template.";

struct Source {
    LoadedModel model;
    std::shared_ptr<LoraSet> adapter; // null for none
    std::stop_token stop;
};

void throwIfStopped(const std::stop_token& stop)
{
    if (stop.stop_requested())
        throw Cancelled();
}

/// Its decoder looks at `stop` between layers.
Result<Source> loadSource(const LoadOptions& options, const std::stop_token& stop)
{
    throwIfStopped(stop);
    auto stored = openStoredModel(options.folder, /*requireTokenizer=*/false);
    if (!stored.ok())
        return stored.error();
    Placement placement;
    placement.dtype = stored->config.parameterCount() <= kMostForFloat32 ? WeightDtype::float32 : WeightDtype::bfloat16;
    auto model = loadModel(options.folder, /*requireTokenizer=*/false, placement);
    if (!model.ok())
        return model.error();
    model->decoder->setTrainable(false);
    model->decoder->setStopCheck([stop] { return stop.stop_requested(); });
    Source source{*std::move(model), nullptr, stop};
    if (options.adapter.empty())
        return source;
    auto adapter = LoraSet::load(*source.model.decoder, options.adapter);
    if (!adapter.ok())
        return adapter.error();
    source.adapter = *adapter;
    source.model.decoder->setAdapter(source.adapter);
    return source;
}

/// Logits [prompts * T, V] that follow fixed, arbitrary tokens: no tokenizer is needed, and a wrong weight anywhere shows.
at::Tensor probe(const Decoder& decoder)
{
    const c10::InferenceMode guard;
    const DecoderConfig& config = decoder.config();
    const std::int64_t T = std::min<std::int64_t>(kPromptLength, config.contextLength);
    Random random(20, 1);
    std::vector<at::Tensor> rows;
    for (int i = 0; i < kPrompts; ++i) {
        at::Tensor ids = at::empty({1, T}, at::kLong);
        for (std::int64_t t = 0; t < T; ++t)
            ids.data_ptr<std::int64_t>()[t] = static_cast<std::int64_t>(random.below(static_cast<std::size_t>(config.vocabulary)));
        rows.push_back(linearProjection(decoder.hidden(ids)[0], decoder.headWeight()));
    }
    return at::cat(rows);
}

Status compare(const at::Tensor& wanted, const at::Tensor& got, ExportReport& report)
{
    const at::Tensor difference = (wanted - got).abs();
    report.maxLogitDifference = difference.max().item<double>();
    report.meanLogitDifference = difference.mean().item<double>();
    report.positions = static_cast<int>(wanted.size(0));
    report.sameTop = wanted.argmax(1).eq(got.argmax(1)).sum().item<int>();
    // What rounding to a shorter type may do is far below the logits' own size; a wrong weight is not.
    const double size = wanted.std().item<double>();
    if (std::isfinite(report.maxLogitDifference) && report.meanLogitDifference < 0.25 * size)
        return {};
    return Error(ErrorCode::internal,
        "What was written does not answer as the model that it was made of (logits differ by " +
            std::to_string(report.meanLogitDifference) + " on average); it was removed.");
}

ExportReport reportOn(const fs::path& place, std::string sha256)
{
    ExportReport report;
    report.path = place.string();
    report.sha256 = std::move(sha256);
    return report;
}

struct Form {
    ExportFormat format;
    std::string name;
    std::vector<std::string> types;
};

Result<std::string> typeOf(const ExportRequest& request, bool storedAsFloat32)
{
    static const std::vector<Form> kForms = {{ExportFormat::huggingFace, "hf", {"bf16", "f32"}},
        {ExportFormat::gguf, "gguf", {"bf16", "f32", "f16", "q8_0"}}, {ExportFormat::ggufLora, "gguf-lora", {"f32"}},
        {ExportFormat::peft, "peft", {"f32"}}};
    const auto form = std::find_if(kForms.begin(), kForms.end(), [&](const Form& one) { return one.format == request.format; });
    if (request.type.empty())
        return form->types.size() == 1 || storedAsFloat32 ? std::string("f32") : std::string("bf16");
    if (std::find(form->types.begin(), form->types.end(), request.type) != form->types.end())
        return request.type;
    std::string known;
    for (const std::string& type : form->types)
        known += (known.empty() ? "" : ", ") + type;
    return Error(
        ErrorCode::invalidArgument, "The form " + form->name + " cannot hold weights as \"" + request.type + "\"; it knows " + known + ".");
}

/// What was made of what, beside the result.
Status writeProvenance(const fs::path& path, const ExportRequest& request, const Source& source, const std::string& type)
{
    Json json = request.provenance.empty() ? Json::object() : Json::parse(request.provenance, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object())
        return Error(ErrorCode::invalidArgument, "The provenance is no JSON object.");
    json["base"] = {{"path", request.model.folder}, {"sha256", source.model.sha256}, {"architecture", source.model.config.family},
        {"stored_as", source.model.dtype}};
    if (source.adapter) {
        auto digest = sha256File(fs::path(request.model.adapter) / "adapter_model.safetensors");
        if (!digest.ok())
            return digest.error();
        json["adapter"] = {{"path", request.model.adapter}, {"sha256", *digest}};
    }
    json["type"] = type;
    return writeFileAtomically(path, dumpJson(json, 2) + "\n");
}

/// Its own file comes before what a tokenizer's configuration holds, here and in transformers.
Status writeChatTemplate(const fs::path& folder, const ExportRequest& request)
{
    return request.chatTemplate.empty() ? Status() : writeFileAtomically(folder / "chat_template.jinja", request.chatTemplate);
}

Result<ExportReport> exportHuggingFace(const ExportRequest& request, Source source, const std::string& type, const fs::path& place)
{
    const at::Tensor wanted = probe(*source.model.decoder);
    if (source.adapter) {
        source.adapter->mergeInto(*source.model.decoder);
        source.model.decoder->setAdapter(nullptr);
    }
    const std::vector<fs::path> companions = companionFiles(source.model.folder);
    PRECEDENT_TRY(saveModel(place, *source.model.decoder, type == "f32" ? StoredType::f32 : StoredType::bf16, companions));
    if (const fs::path file = ggufFileOf(source.model.folder); !file.empty())
        PRECEDENT_TRY(writeGgufTexts(file, place));
    PRECEDENT_TRY(writeChatTemplate(place, request));
    PRECEDENT_TRY(writeProvenance(place / "provenance.json", request, source, type));
    source.model.decoder.reset();
    auto again = loadSource({place.string(), {}}, source.stop);
    if (!again.ok())
        return again.error();
    ExportReport report = reportOn(place, again->model.sha256);
    PRECEDENT_TRY(compare(wanted, probe(*again->model.decoder), report));
    return report;
}

Result<ExportReport> exportPeft(const ExportRequest& request, const Source& source, const fs::path& place)
{
    const at::Tensor wanted = probe(*source.model.decoder);
    PRECEDENT_TRY(source.adapter->saveAs(place, request.baseName));
    PRECEDENT_TRY(writeChatTemplate(place, request));
    PRECEDENT_TRY(writeProvenance(place / "provenance.json", request, source, "f32"));
    auto again = LoraSet::load(*source.model.decoder, place);
    if (!again.ok())
        return again.error();
    source.model.decoder->setAdapter(*again);
    auto digest = sha256File(place / "adapter_model.safetensors");
    if (!digest.ok())
        return digest.error();
    ExportReport report = reportOn(place, *digest);
    PRECEDENT_TRY(compare(wanted, probe(*source.model.decoder), report));
    return report;
}

Result<ExportReport> exportGguf(const ExportRequest& request, Source source, const std::string& type, const fs::path& place)
{
    const at::Tensor wanted = probe(*source.model.decoder);
    auto texts = ggufTexts(source.model.folder, source.model.config.vocabulary);
    if (!texts.ok())
        return texts.error();
    if (!request.chatTemplate.empty()) {
        std::erase_if(texts->tokenizer, [](const formats::GgufEntry& entry) { return entry.key == kChatTemplateKey; });
        texts->tokenizer.push_back({kChatTemplateKey, request.chatTemplate});
        texts->note.clear();
    }
    ExportReport report = reportOn(place, {});
    PRECEDENT_TRY(writeGgufModel(place, *source.model.decoder, place.stem().string(), type, *texts, report.note));
    PRECEDENT_TRY(writeProvenance(place.string() + ".provenance.json", request, source, type));
    source.model.decoder.reset();
    auto again = loadSource({place.string(), {}}, source.stop);
    if (!again.ok())
        return again.error();
    report.sha256 = again->model.sha256;
    PRECEDENT_TRY(compare(wanted, probe(*again->model.decoder), report));
    return report;
}

Result<ExportReport> exportGgufAdapter(const ExportRequest& request, const Source& source, const fs::path& place)
{
    const at::Tensor wanted = probe(*source.model.decoder);
    PRECEDENT_TRY(writeGgufAdapter(place, source.model.config, *source.adapter));
    PRECEDENT_TRY(writeProvenance(place.string() + ".provenance.json", request, source, "f32"));
    auto again = readGgufAdapter(place, *source.model.decoder);
    if (!again.ok())
        return again.error();
    source.model.decoder->setAdapter(*again);
    auto digest = sha256File(place);
    if (!digest.ok())
        return digest.error();
    ExportReport report = reportOn(place, *digest);
    PRECEDENT_TRY(compare(wanted, probe(*source.model.decoder), report));
    return report;
}

Result<ExportReport> exportAs(const ExportRequest& request, Source source, const std::string& type, const fs::path& place)
{
    switch (request.format) {
    case ExportFormat::huggingFace:
        return exportHuggingFace(request, std::move(source), type, place);
    case ExportFormat::gguf:
        return exportGguf(request, std::move(source), type, place);
    case ExportFormat::ggufLora:
        return exportGgufAdapter(request, source, place);
    case ExportFormat::peft:
        break;
    }
    return exportPeft(request, source, place);
}

/// Removes what an export has written unless it is kept: an exception ends one too.
class Unfinished {
public:
    explicit Unfinished(const fs::path& place)
        : m_place(place)
    {
    }
    ~Unfinished()
    {
        if (m_kept)
            return;
        std::error_code ec;
        fs::remove_all(m_place, ec); // it was not there before
        fs::remove(m_place.string() + ".provenance.json", ec);
    }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;

    void keep() { m_kept = true; }

private:
    const fs::path& m_place;
    bool m_kept = false;
};

} // namespace

Result<ExportReport> exportModel(const ExportRequest& request, const std::stop_token& stop)
{
    const auto place = freshExportPlace(request.destination);
    if (!place.ok())
        return place.error();
    auto source = loadSource(request.model, stop);
    if (!source.ok())
        return source.error();
    const auto type = typeOf(request, source->model.dtype == "F32");
    if (!type.ok())
        return type.error();
    const bool adapterAlone = request.format == ExportFormat::peft || request.format == ExportFormat::ggufLora;
    if (adapterAlone && !source->adapter)
        return Error(ErrorCode::invalidArgument, "There is no adapter to export: " + request.model.folder + " is a whole model.",
            "Give a PEFT folder with --adapter, or a run that trained one (run:RUN).");
    Unfinished written(*place);
    auto report = exportAs(request, *std::move(source), *type, *place);
    if (!report.ok())
        return report;
    written.keep();
    if (!request.chatTemplate.empty() && request.format != ExportFormat::ggufLora)
        report->note += (report->note.empty() ? "" : " ") + std::string(kTemplateWritten);
    return report;
}

} // namespace precedent::core
