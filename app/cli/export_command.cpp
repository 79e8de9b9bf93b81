#include <cstdio>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "precedent/base/json.h"
#include "precedent/workspace/model_export.h"

namespace precedent::cli {
namespace {

struct ExportOptions {
    workspace::ExportOrder order;
    std::string casebase;
    std::string format;
};

std::vector<std::string> formNames()
{
    std::vector<std::string> names;
    for (const workspace::ExportForm& form : workspace::exportForms())
        names.push_back(form.name);
    return names;
}

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
    workspace::ExportOrder order = options.order;
    for (const workspace::ExportForm& form : workspace::exportForms()) {
        if (form.name == options.format)
            order.format = form.format;
    }
    const Result<core::ExportRequest> request = workspace::exportRequest(order, casebase.get(), PRECEDENT_VERSION);
    if (!request)
        return request.error();
    const Result<core::Engine*> engine = openEngine(context);
    if (!engine)
        return engine.error();
    const Result<core::ExportReport> report = engine.value()->exportModel(*request, interrupt.token());
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
    command->add_option("MODEL", options->order.model, "A folder, a .gguf file, a name, starter, or run:RUN[@STEP]")->required();
    command->add_option("DEST", options->order.destination, "A folder or file that is not there yet")->required();
    command->add_option("--format", options->format, "hf and gguf: with the adapter merged in; peft and gguf-lora: the adapter alone")
        ->check(CLI::IsMember(formNames()))
        ->required();
    command->add_option("--outtype", options->order.type, "f32, bf16, f16 or q8_0; f16 and q8_0 for gguf only");
    command->add_option("--adapter", options->order.adapter, "A PEFT folder")->type_name("DIR");
    command->add_option("--base-name", options->order.baseName, "What the adapter's config names as its base model")->type_name("NAME");
    command->add_option("--casebase", options->casebase, "The casebase of the run")->type_name("CASEBASE");
    commands.on(command, [options](Context& context) { return exportModel(*options, context); });
}

} // namespace precedent::cli
