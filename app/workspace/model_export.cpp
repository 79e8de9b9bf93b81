#include "precedent/workspace/model_export.h"

#include <algorithm>

#include "precedent/align/context.h"
#include "precedent/architecture/export_place.h"
#include "precedent/architecture/model_text.h"
#include "precedent/workspace/export_provenance.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

bool beginsTexts(const text::Tokenizer& tokenizer)
{
    const std::vector<int> ids = tokenizer.encode("a");
    return tokenizer.bosId() && !ids.empty() && ids.front() == *tokenizer.bosId();
}

/// What the run that trained the weights put before a chain; empty where it put nothing.
Result<std::string> openedBy(const std::string& run, const casebase::Casebase& casebase)
{
    const Result<core::RunInputs> inputs = loadRun(casebase, run);
    if (!inputs)
        return inputs.error();
    return inputs->templates.openInPrompt ? inputs->templates.chainOpen : std::string();
}

/// Whether a template opens the chain by itself.
bool opensChain(const text::ChatTemplate& chat, const std::string& delimiter)
{
    core::ContextTemplates templates;
    templates.chainOpen = delimiter;
    const Result<std::string> opened = chat.render({{"user", "a"}}, {true, true, std::string(text::kLastingDate)});
    return opened.ok() && align::opensChain(*opened, templates);
}

/// The Jinja by which other programs ask a model as it is asked here: where its files hold only a built-in template's name, where weights
/// were trained in plain turns of which the files say nothing, and where they were trained to go on from a chain's opening. Empty
/// where the files are enough.
Result<std::string> templateForOthers(const ModelSource& source, const casebase::Casebase* casebase)
{
    const Result<text::ChatTemplate> chat = core::loadChatTemplate(source.folder);
    if (!chat)
        return chat.error();
    const auto tokenizer = core::loadTokenizer(source.folder);
    const std::string name = chat->name();
    const bool isTrained = !source.run.empty() && casebase != nullptr;
    const bool isNobodys = name == "plain" && !chat->note().empty();
    if (!tokenizer || (isNobodys && !isTrained))
        return std::string();
    const bool isOwn = name == "jinja" || name == "starter";
    const std::string turns = isOwn ? core::chatTemplateText(source.folder) : text::chatTemplateJinja(name, beginsTexts(**tokenizer));
    Result<std::string> opened = isTrained ? openedBy(source.run, *casebase) : std::string();
    if (!opened)
        return opened;
    const bool leavesItOpen = !opened->empty() && !opensChain(*chat, *opened);
    if (leavesItOpen && !turns.empty())
        return text::withChainOpened(turns, *opened);
    return isOwn ? std::string() : turns;
}

} // namespace

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
    Result<std::string> chat = templateForOthers(*source, casebase);
    if (!chat)
        return chat.error();
    return core::ExportRequest{{source->folder.string(), source->adapter}, order.format, order.type, order.destination, order.baseName,
        *std::move(chat), *std::move(provenance)};
}

Status checkExportPlace(const std::string& destination)
{
    const auto place = core::freshExportPlace(destination);
    return place.ok() ? Status() : Status(place.error());
}

} // namespace precedent::workspace
