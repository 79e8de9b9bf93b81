#include "precedent/workspace/model_export.h"

#include <algorithm>

#include "precedent/architecture/export_place.h"
#include "precedent/workspace/export_provenance.h"

namespace precedent::workspace {

const std::vector<ExportForm>& exportForms()
{
    static const std::vector<ExportForm> kForms = {
        {core::ExportFormat::huggingFace, "hf", {"bf16", "f32"}, false, true},
        {core::ExportFormat::gguf, "gguf", {"bf16", "f32", "f16", "q8_0"}, false, false},
        {core::ExportFormat::peft, "peft", {"f32"}, true, true},
        {core::ExportFormat::ggufLora, "gguf-lora", {"f32"}, true, false},
    };
    return kForms;
}

const ExportForm& exportForm(core::ExportFormat format)
{
    return *std::find_if(exportForms().begin(), exportForms().end(), [&](const ExportForm& form) { return form.format == format; });
}

Result<core::ExportRequest> exportRequest(const ExportOrder& order, const casebase::Casebase* casebase, const std::string& programVersion)
{
    Result<ModelSource> source = resolveModel(order.model, casebase);
    if (!source)
        return source.error();
    if (!order.adapter.empty())
        source->adapter = order.adapter;
    Result<std::string> provenance = exportProvenance(*source, casebase, programVersion);
    if (!provenance)
        return provenance.error();
    return core::ExportRequest{
        {source->folder.string(), source->adapter}, order.format, order.type, order.destination, order.baseName, *std::move(provenance)};
}

Status checkExportPlace(const std::string& destination)
{
    const auto place = core::freshExportPlace(destination);
    return place.ok() ? Status() : Status(place.error());
}

} // namespace precedent::workspace
