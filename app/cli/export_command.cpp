#include <cstdio>
#include <map>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "precedent/base/json.h"
#include "precedent/workspace/export_provenance.h"

namespace precedent::cli {
namespace {

struct ExportOptions {
    std::string model;
    std::string adapter;
    std::string casebase;
    std::string format;
    std::string type;
    std::string baseName;
    std::string destination;
};

const std::map<std::string, core::ExportFormat> kFormats = {{"hf", core::ExportFormat::huggingFace}, {"gguf", core::ExportFormat::gguf},
    {"gguf-lora", core::ExportFormat::ggufLora}, {"peft", core::ExportFormat::peft}};

std::string textOf(const core::ExportReport& report)
{
    char numbers[256];
    std::snprintf(numbers, sizeof numbers,
        "Read again and compared with the source at %d positions: logits differ by %.3g at most, by %.3g on average; the likeliest token "
        "is the "
        "same at %d.\n",
        report.positions, report.maxLogitDifference, report.meanLogitDifference, report.sameTop);
    return "Written to " + report.path + ".\n" + numbers + (report.note.empty() ? "" : report.note + "\n");
}

Result<Outcome> exportModel(const ExportOptions& options, Context& context)
{
    const InterruptWatcher interrupt;
    std::unique_ptr<casebase::Casebase> casebase;
    if (!options.casebase.empty()) {
        auto opened = casebase::Casebase::open(options.casebase, casebase::OpenMode::readOnly);
        if (!opened)
            return opened.error();
        casebase = *std::move(opened);
    }
    Result<workspace::ModelSource> source = workspace::resolveModel(options.model, casebase.get());
    if (!source)
        return source.error();
    if (!options.adapter.empty())
        source->adapter = options.adapter;
    const Result<std::string> provenance = workspace::exportProvenance(*source, casebase.get(), PRECEDENT_VERSION);
    if (!provenance)
        return provenance.error();
    const Result<core::Engine*> engine = openEngine(context);
    if (!engine)
        return engine.error();
    core::ExportRequest request{{source->folder.string(), source->adapter}, kFormats.at(options.format), options.type, options.destination,
        options.baseName, *provenance};
    const Result<core::ExportReport> report = engine.value()->exportModel(request, interrupt.token());
    if (!report)
        return report.error();
    return Outcome{{{"path", report->path}, {"max_logit_difference", report->maxLogitDifference},
                       {"mean_logit_difference", report->meanLogitDifference}, {"positions", report->positions},
                       {"same_top", report->sameTop}, {"sha256", report->sha256}, {"note", report->note}},
        textOf(*report)};
}

} // namespace

void addModelExport(CLI::App& group, Commands& commands)
{
    auto options = std::make_shared<ExportOptions>();
    CLI::App* command = addCommand(group, "export", "Writes a model or an adapter for other programs, reads it again and compares",
        "model export run:quickstart-1 --casebase my.casebase --format gguf my-model.gguf");
    command->add_option("MODEL", options->model, "A folder, a .gguf file, a name, starter, or run:RUN[@STEP]")->required();
    command->add_option("DEST", options->destination, "A folder or file that is not there yet")->required();
    command->add_option("--format", options->format, "hf and gguf: with the adapter merged in; peft and gguf-lora: the adapter alone")
        ->check(CLI::IsMember({"hf", "gguf", "gguf-lora", "peft"}))
        ->required();
    command->add_option("--outtype", options->type, "f32, bf16, f16 or q8_0; f16 and q8_0 for gguf only");
    command->add_option("--adapter", options->adapter, "A PEFT folder")->type_name("DIR");
    command->add_option("--base-name", options->baseName, "What the adapter's config names as its base model")->type_name("NAME");
    command->add_option("--casebase", options->casebase, "The casebase of the run")->type_name("CASEBASE");
    commands.on(command, [options](Context& context) { return exportModel(*options, context); });
}

} // namespace precedent::cli
