#include "precedent/workspace/model_speed.h"

#include <algorithm>
#include <cmath>

#include "precedent/base/files.h"
#include "precedent/workspace/file_lock.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "precedent-speeds";
constexpr int kVersion = 1;
constexpr std::size_t kMostBytes = 16U << 20;
constexpr std::size_t kMostRows = 1000;

Error unreadable(const fs::path& file, const std::string& what)
{
    return {ErrorCode::corrupt, file.string() + " is no list of measured speeds: " + what,
        "Mend it or move it away; it is left as it is, and models can be measured again."};
}

/// The first member that is missing or of another kind, for one message at the end.
struct Reader {
    std::string missing;

    double number(const Json& json, const char* name)
    {
        const auto found = json.find(name);
        if (found != json.end() && found->is_number() && std::isfinite(found->get<double>()))
            return found->get<double>();
        missing = missing.empty() ? name : missing;
        return 0;
    }
    int whole(const Json& json, const char* name)
    {
        const double value = number(json, name);
        if (value >= 0 && value <= (1 << 30))
            return static_cast<int>(value);
        missing = missing.empty() ? name : missing;
        return 0;
    }
    std::string word(const Json& json, const char* name)
    {
        const auto found = json.find(name);
        if (found != json.end() && found->is_string())
            return found->get<std::string>();
        missing = missing.empty() ? name : missing;
        return {};
    }
};

Result<std::map<std::string, ModelSpeed>> speedsFrom(const Json& json, const fs::path& file)
{
    if (!json.is_object() || json.value("format", Json()) != Json(kFormat))
        return unreadable(file, std::string("it does not say \"format\": \"") + kFormat + "\".");
    const Json version = json.value("version", Json());
    if (!version.is_number_integer() || version.get<std::int64_t>() < 1)
        return unreadable(file, "it has no version.");
    if (version.get<std::int64_t>() > kVersion)
        return Error(ErrorCode::tooNew, file.string() + " was written by a newer version of this program.", "Use that version.");
    const Json models = json.value("models", Json());
    if (!models.is_object())
        return unreadable(file, "it has no object \"models\".");
    std::map<std::string, ModelSpeed> speeds;
    for (const auto& [key, entry] : models.items()) {
        const Json when = entry.is_object() ? entry.value("measured_ms", Json()) : Json();
        Result<core::BenchResult> result = speedFromJson(entry);
        if (!result || !when.is_number_integer())
            return unreadable(file, "the entry \"" + key + "\": " + (result ? "measured_ms is missing." : result.error().message()));
        speeds[key] = {*std::move(result), when.get<std::int64_t>()};
    }
    return speeds;
}

} // namespace

core::BenchRequest speedRequest(int contextLength)
{
    core::BenchRequest request;
    request.tokens = std::max(2, std::min(request.tokens, contextLength / 2));
    for (int& prompt : request.prompts)
        prompt = std::max(1, std::min(prompt, contextLength - request.tokens));
    request.prompts.erase(std::unique(request.prompts.begin(), request.prompts.end()), request.prompts.end());
    return request;
}

std::string speedKey(const fs::path& folder, const fs::path& adapter)
{
    const auto whole = [](const fs::path& path) {
        std::error_code ec;
        fs::path canonical = fs::weakly_canonical(path, ec);
        if (ec)
            canonical = fs::absolute(path, ec).lexically_normal();
        return (canonical.filename().empty() ? canonical.parent_path() : canonical).string(); // a trailing slash
    };
    return adapter.empty() ? whole(folder) : whole(folder) + " + " + whole(adapter);
}

Json speedToJson(const core::BenchResult& result)
{
    Json rows = Json::array();
    for (const core::BenchRow& row : result.rows)
        rows.push_back({{"batch", row.batch}, {"prompt", row.prompt}, {"prefill_tokens_per_second", row.prefillTokensPerSecond},
            {"decode_tokens_per_second", row.decodeTokensPerSecond}, {"matmul_share", row.matmulShare},
            {"bandwidth_share", row.bandwidthShare}});
    const core::MachineRates& machine = result.machine;
    return {{"rows", rows}, {"peak_rss_bytes", result.peakRssBytes},
        {"machine",
            {{"processor", machine.processor}, {"threads", machine.threads}, {"prefill_kernels", machine.prefillKernels},
                {"decode_kernels", machine.decodeKernels}, {"float_kernels", machine.floatKernels},
                {"float32_gigaflops", machine.float32Gigaflops}, {"bfloat16_gigaflops", machine.bfloat16Gigaflops},
                {"memory_gigabytes", machine.memoryGigabytes}}}};
}

Result<core::BenchResult> speedFromJson(const Json& json)
{
    const Json rows = json.is_object() ? json.value("rows", Json()) : Json();
    const Json machine = json.is_object() ? json.value("machine", Json()) : Json();
    if (!rows.is_array() || rows.size() > kMostRows || !machine.is_object())
        return Error(ErrorCode::corrupt, "It has no rows or no machine.");
    Reader reader;
    core::BenchResult result;
    for (const Json& row : rows)
        result.rows.push_back({reader.whole(row, "batch"), reader.whole(row, "prompt"), reader.number(row, "prefill_tokens_per_second"),
            reader.number(row, "decode_tokens_per_second"), reader.number(row, "matmul_share"), reader.number(row, "bandwidth_share")});
    result.peakRssBytes = static_cast<std::int64_t>(std::clamp(reader.number(json, "peak_rss_bytes"), 0.0, 1e15));
    result.machine = {reader.word(machine, "processor"), reader.whole(machine, "threads"), reader.word(machine, "prefill_kernels"),
        reader.word(machine, "decode_kernels"), reader.word(machine, "float_kernels"), reader.number(machine, "float32_gigaflops"),
        reader.number(machine, "bfloat16_gigaflops"), reader.number(machine, "memory_gigabytes")};
    if (!reader.missing.empty())
        return Error(ErrorCode::corrupt, reader.missing + " is missing, or not of its kind.");
    return result;
}

SpeedLog::SpeedLog(fs::path file)
    : m_file(std::move(file))
{
}

fs::path SpeedLog::logFile() { return userDataFolder() / "speeds.json"; }

Result<std::map<std::string, ModelSpeed>> SpeedLog::all() const
{
    std::error_code ec;
    if (!fs::exists(m_file, ec) && !ec)
        return std::map<std::string, ModelSpeed>();
    const Result<std::string> text = readFile(m_file, kMostBytes);
    if (!text)
        return text.error().code() == ErrorCode::invalidArgument ? unreadable(m_file, text.error().message()) : text.error();
    const Result<Json> json = parseJson(text.value(), m_file.string());
    if (!json)
        return unreadable(m_file, json.error().message());
    return speedsFrom(json.value(), m_file);
}

Status SpeedLog::keep(const std::string& key, const ModelSpeed& speed)
{
    std::error_code ec;
    fs::create_directories(m_file.parent_path(), ec);
    if (ec)
        return errnoError(ec.value(), "create", m_file.parent_path().string());
    const Result<FileLock> lock = FileLock::wait(m_file.string() + ".lock");
    if (!lock)
        return lock.error();
    Result<std::map<std::string, ModelSpeed>> speeds = all();
    if (!speeds)
        return speeds.error();
    (*speeds)[key] = speed;
    Json models = Json::object();
    for (const auto& [model, kept] : *speeds) {
        models[model] = speedToJson(kept.result);
        models[model]["measured_ms"] = kept.measuredMs;
    }
    return writeFileAtomically(m_file, dumpJson({{"format", kFormat}, {"version", kVersion}, {"models", models}}, 1) + "\n");
}

} // namespace precedent::workspace
