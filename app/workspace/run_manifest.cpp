#include "precedent/workspace/run_manifest.h"

#include <algorithm>
#include <ctime>

#include "precedent/align/run_spec_json.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"
#include "precedent/base/log.h"
#include "precedent/casebase/run_store.h"
#include "precedent/core/engine.h"
#include "precedent/workspace/model_catalog.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "manifest.json";
constexpr const char* kFormat = "precedent-run";
constexpr int kVersion = 1;
constexpr const char* kNotExact = "not_exact_because";
constexpr const char* kReached = "reached_step";
constexpr std::size_t kMostBytes = 16U << 20;

std::string now()
{
    const std::time_t seconds = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

/// What differences() compares, and people read.
Json toJson(const RunMeans& means)
{
    return {{"program", PRECEDENT_VERSION}, {"engine", core::kEngineVersion},
        {"libraries", {{"libtorch", means.engine.libtorch}, {"blas", means.engine.blas}}},
        {"machine",
            {{"processor", means.engine.processor}, {"cores", means.engine.cores}, {"threads", means.engine.threads},
                {"memory_bytes", means.engine.memoryBytes}}},
        {"kernels", {{"floats", means.kernels.floats}, {"prefill", means.kernels.prefill}, {"decode", means.kernels.decode}}}};
}

Status write(const fs::path& folder, const Json& manifest) { return writeFileAtomically(folder / kFile, dumpJson(manifest, 2) + "\n"); }

Result<std::string> digestOf(const std::string& modelFolder)
{
    const Result<std::vector<fs::path>> files = core::weightFilesOf(modelFolder);
    return files ? modelDigest(files.value()) : files.error();
}

void addReason(Json& manifest, const std::string& why)
{
    manifest["exact"] = false;
    if (!manifest[kNotExact].is_array())
        manifest[kNotExact] = Json::array();
    Json& reasons = manifest[kNotExact];
    if (std::find(reasons.begin(), reasons.end(), Json(why)) == reasons.end())
        reasons.push_back(why);
}

Result<Json> freshManifest(const casebase::Casebase& casebase, const core::RunInputs& inputs, const RunMeans& means, int fromStep)
{
    const Result<casebase::Run> run = casebase.runs().find(inputs.runId);
    if (!run)
        return run.error();
    const Result<std::string> digest = digestOf(inputs.modelFolder);
    if (!digest)
        logWarning("The weights of " + inputs.modelFolder + " have no digest in the manifest: " + digest.error().message());
    Json manifest = toJson(means);
    manifest.update({{"format", kFormat}, {"version", kVersion}, {"run", inputs.runId}, {"name", run.value().name},
        {"spec", align::toJson(inputs.spec)}, {"seeds", {{"run", inputs.spec.seed}}}, {"content_hash", inputs.contentHash},
        {"casebase_snapshot", run.value().snapshot},
        {"model", {{"name", inputs.spec.model}, {"folder", inputs.modelFolder}, {"sha256", digest ? Json(digest.value()) : Json()}}},
        {"self_generation_by", inputs.spec.selfGenerationEndpoint.empty() ? Json() : Json(inputs.spec.selfGenerationEndpoint)},
        {"from_step", fromStep}, {"started", now()}, {"finished", nullptr}, {"state", "running"}, {"resumed", Json::array()},
        {"exact", true}, {kNotExact, Json::array()}, {kReached, 0}});
    if (!inputs.spec.rolloutEndpoint.empty())
        addReason(manifest, "completions are drawn by " + inputs.spec.rolloutEndpoint + ", which need not draw the same again");
    return manifest;
}

const Json& at(const Json& json, const char* outer, const char* inner)
{
    static const Json none;
    const auto found = json.find(outer);
    if (found == json.end() || !found->is_object())
        return none;
    const auto value = found->find(inner);
    return value == found->end() ? none : *value;
}

std::string joined(const std::vector<std::string>& texts)
{
    std::string all;
    for (const std::string& text : texts)
        all += (all.empty() ? "" : "; ") + text;
    return all;
}

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : dumpJson(value); }

} // namespace

std::string modelDigestOf(const Json& manifest)
{
    const Json& digest = at(manifest, "model", "sha256");
    return digest.is_string() ? digest.get<std::string>() : std::string();
}

Result<Json> readManifest(const fs::path& folder)
{
    const fs::path file = folder / kFile;
    std::error_code ec;
    if (!fs::exists(file, ec))
        return Json();
    const Result<std::string> text = readFile(file, kMostBytes);
    if (!text)
        return text.error();
    Result<Json> json = parseJson(text.value(), file.string());
    if (!json)
        return json;
    if (!json->is_object() || json->value("format", Json()) != Json(kFormat) || !json->value("version", Json()).is_number_integer())
        return Error(ErrorCode::corrupt, file.string() + " is no manifest: it does not say \"format\": \"" + kFormat + "\" and a version.");
    if (json->at("version") > kVersion)
        return Error(ErrorCode::tooNew, file.string() + " was written by a newer version of this program.", "Use that version.");
    return json;
}

core::KernelNames kernelsToReuse(const Json& manifest, const std::string& processor)
{
    if (!manifest.is_object() || at(manifest, "machine", "processor") != Json(processor))
        return {};
    const auto name = [&](const char* key) {
        const Json& value = at(manifest, "kernels", key);
        return value.is_string() ? value.get<std::string>() : std::string();
    };
    return {name("floats"), name("prefill"), name("decode")};
}

std::vector<std::string> differences(const Json& manifest, const RunMeans& means)
{
    std::vector<std::string> found;
    const Json today = toJson(means);
    const std::pair<const char*, const char*> compared[] = {{"machine", "processor"}, {"machine", "threads"}, {"kernels", "floats"},
        {"kernels", "prefill"}, {"kernels", "decode"}, {"libraries", "libtorch"}, {"libraries", "blas"}};
    for (const auto& [outer, inner] : compared) {
        const Json &before = at(manifest, outer, inner), &here = at(today, outer, inner);
        if (before != here)
            found.push_back(std::string(inner) + ": " + plain(here) + ", was " + plain(before));
    }
    if (manifest.value("engine", Json()) != today.at("engine"))
        found.push_back("engine: " + plain(today.at("engine")) + ", was " + plain(manifest.value("engine", Json())));
    return found;
}

Status beginManifest(const casebase::Casebase& casebase, const core::RunInputs& inputs, const RunMeans& means, int fromStep)
{
    Result<Json> manifest = readManifest(inputs.outputFolder);
    if (!manifest)
        return manifest.error();
    if (manifest->is_null() || fromStep == 0) {
        Result<Json> fresh = freshManifest(casebase, inputs, means, fromStep);
        if (!fresh)
            return fresh.error();
        // A run that begins once more, killed before its first checkpoint: what was true of it is.
        if (manifest->is_object() && manifest->value("content_hash", Json()) == Json(inputs.contentHash)) {
            (*fresh)[kReached] = reachedStep(*manifest);
            for (const std::string& why : whyNotExact(*manifest))
                addReason(*fresh, why);
        }
        return write(inputs.outputFolder, *fresh);
    }
    const std::vector<std::string> differs = differences(*manifest, means);
    Json resumed = toJson(means);
    resumed.update({{"step", fromStep}, {"at", now()}, {"differs", differs}});
    (*manifest)["resumed"].push_back(std::move(resumed));
    (*manifest)["spec"] = align::toJson(inputs.spec);
    (*manifest)["state"] = "running";
    (*manifest)["finished"] = nullptr;
    if (!differs.empty())
        addReason(*manifest, "From step " + std::to_string(fromStep + 1) + " on not all is as it was: " + joined(differs) + ".");
    return write(inputs.outputFolder, *manifest);
}

Status markNotExact(const fs::path& folder, const std::string& why)
{
    Result<Json> manifest = readManifest(folder);
    if (!manifest)
        return manifest.error();
    if (manifest->is_null())
        return {};
    addReason(*manifest, why);
    return write(folder, *manifest);
}

std::vector<std::string> whyNotExact(const Json& manifest)
{
    std::vector<std::string> reasons;
    if (const auto found = manifest.find(kNotExact); found != manifest.end() && found->is_array()) {
        for (const Json& reason : *found)
            reasons.push_back(plain(reason));
    }
    // Manifests of before reasons were written hold them with the resumes alone.
    if (reasons.empty() && manifest.is_object() && manifest.value("exact", Json(true)) == Json(false))
        reasons.emplace_back("Not all was as it was when the run began; its manifest says what.");
    return reasons;
}

Status noteReached(const fs::path& folder, int step)
{
    Result<Json> manifest = readManifest(folder);
    if (!manifest)
        return manifest.error();
    if (manifest->is_null() || reachedStep(*manifest) >= step)
        return {};
    (*manifest)[kReached] = step;
    return write(folder, *manifest);
}

int reachedStep(const Json& manifest)
{
    const Json reached = manifest.is_object() ? manifest.value(kReached, Json()) : Json();
    return reached.is_number_integer() ? reached.get<int>() : 0;
}

Status endManifest(const fs::path& folder, const std::string& state, int step)
{
    Result<Json> manifest = readManifest(folder);
    if (!manifest)
        return manifest.error();
    if (manifest->is_null())
        return {};
    manifest->update({{"state", state}, {"step", step}, {"finished", now()}});
    return write(folder, *manifest);
}

} // namespace precedent::workspace
