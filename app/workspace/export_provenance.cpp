#include "precedent/workspace/export_provenance.h"

#include "precedent/align/run_spec_json.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/casebase/run_store.h"

namespace precedent::workspace {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostBytes = 4U << 20;
const std::string kProgram = "Precedent "; // before its version

std::string textAt(const Json& json, const char* object, const char* name)
{
    const auto found = json.find(object);
    const auto member = found == json.end() || !found->is_object() ? Json() : found->value(name, Json());
    return member.is_string() ? member.get<std::string>() : std::string();
}

} // namespace

Result<std::string> exportProvenance(const ModelSource& source, const casebase::Casebase* casebase, const std::string& programVersion)
{
    Json json = {{"program", kProgram + programVersion}, {"model", source.name}};
    if (source.run.empty() || casebase == nullptr)
        return dumpJson(json);
    const Result<casebase::Run> run = casebase->runs().find(source.run);
    if (!run)
        return run.error();
    const Result<Json> spec = parseJson(run->specJson, "The spec of run " + run->id);
    if (!spec)
        return spec.error();
    json["run"] = {{"id", run->id}, {"name", run->name}, {"step", source.checkpoint}, {"spec", *spec}, {"casebase_snapshot", run->snapshot},
        {"inputs_hash", run->inputsHash}};
    return dumpJson(json);
}

fs::path provenanceFile(const fs::path& exported)
{
    const fs::path gguf = core::ggufFileOf(exported);
    return gguf.empty() ? exported / "provenance.json" : fs::path(gguf.string() + ".provenance.json");
}

std::optional<ExportOrigin> exportOrigin(const fs::path& exported)
{
    const fs::path file = provenanceFile(exported);
    std::error_code ec;
    if (!fs::is_regular_file(file, ec))
        return std::nullopt;
    const Result<std::string> text = readFile(file, kMostBytes);
    const Result<Json> json = text ? parseJson(*text, file.string()) : text.error();
    if (!json || !json->is_object())
        return std::nullopt;
    const Json program = json->value("program", Json());
    if (!program.is_string() || program.get<std::string>().rfind(kProgram, 0) != 0)
        return std::nullopt;
    ExportOrigin origin;
    if (const Json model = json->value("model", Json()); model.is_string())
        origin.model = model.get<std::string>();
    origin.base = textAt(*json, "base", "path");
    origin.adapter = textAt(*json, "adapter", "path");
    const auto run = json->find("run");
    if (run != json->end() && run->is_object() && run->contains("spec")) {
        Result<core::RunSpec> spec = align::runSpecFromJson(run->at("spec"), core::RunSpec{});
        if (!spec)
            return std::nullopt;
        origin.spec = *std::move(spec);
    }
    return origin;
}

} // namespace precedent::workspace
