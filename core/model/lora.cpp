#include "core/model/lora.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "core/model/weights_io.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {
namespace {

constexpr const char* kPrefix = "base_model.model."; // PEFT's wrapper around the Hugging Face names
constexpr const char* kWeightsFile = "adapter_model.safetensors";
constexpr const char* kConfigFile = "adapter_config.json";
constexpr int kMostRank = 4096;

/// "model.layers.0.self_attn.q_proj" of "model.layers.0.self_attn.q_proj.weight"; empty for what is no projection.
std::string moduleOf(const std::string& weightName, const at::Tensor& weight)
{
    constexpr std::string_view kSuffix = ".weight";
    if (weight.dim() != 2 || weightName.find(".layers.") == std::string::npos || !weightName.ends_with(kSuffix))
        return {};
    return weightName.substr(0, weightName.size() - kSuffix.size());
}

/// PEFT writes whole numbers as such.
Json numberJson(double value)
{
    return value == std::floor(value) && std::abs(value) < 1e9 ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

std::string lastPart(const std::string& module) { return module.substr(module.rfind('.') + 1); }

Status checkConfig(const LoraConfig& config)
{
    const auto bad = [](const std::string& message) { return Error(ErrorCode::invalidArgument, message); };
    if (config.rank < 1 || config.rank > kMostRank)
        return bad("lora_r is " + std::to_string(config.rank) + "; expected 1 to " + std::to_string(kMostRank) + ".");
    if (!std::isfinite(config.alpha))
        return bad("lora_alpha is " + std::to_string(config.alpha) + "; expected a finite number.");
    if (!(config.dropout >= 0 && config.dropout < 1))
        return bad("lora_dropout is " + std::to_string(config.dropout) + "; expected 0 up to, not including, 1.");
    if (config.targets.empty())
        return bad("lora_target_modules is empty; expected at least one projection, such as q_proj.");
    return {};
}

Error adapterError(const std::filesystem::path& folder, const std::string& message)
{
    return {ErrorCode::corrupt, folder.string() + ": " + message, "The adapter belongs to another model or was not written whole."};
}

Result<LoraConfig> readConfig(const std::filesystem::path& folder)
{
    auto text = readFile(folder / kConfigFile, 1U << 20);
    if (!text.ok())
        return text.error();
    auto json = parseJson(*text, (folder / kConfigFile).string());
    if (!json.ok())
        return json.error();
    try {
        if (json->value("peft_type", std::string()) != "LORA")
            return Error(ErrorCode::unsupported,
                folder.string() + ": adapter_config.json has peft_type " + dumpJson((*json)["peft_type"]) + "; only LORA is known here.");
        for (const char* option : {"use_dora", "use_rslora"}) {
            if (json->value(option, false))
                return Error(ErrorCode::unsupported,
                    folder.string() + ": adapter_config.json switches on " + option + ", which this program does not compute.");
        }
        LoraConfig config;
        config.rank = json->at("r").get<int>();
        config.alpha = json->at("lora_alpha").get<double>();
        config.dropout = json->value("lora_dropout", 0.0);
        for (const char* option : {"rank_pattern", "alpha_pattern", "modules_to_save", "layers_to_transform"}) {
            if (json->contains(option) && !(*json)[option].is_null() && !(*json)[option].empty())
                return Error(ErrorCode::unsupported,
                    folder.string() + ": adapter_config.json has " + option + ", which this program does not compute.",
                    "Train the adapter with one rank for all of its layers and nothing else saved.");
        }
        if (!json->at("target_modules").is_array())
            return Error(ErrorCode::unsupported,
                folder.string() + ": adapter_config.json has target_modules " + dumpJson((*json)["target_modules"]) +
                    "; a list of projections can be read.",
                "List the projections (q_proj, k_proj, ...) in adapter_config.json.");
        config.targets = (*json)["target_modules"].get<std::vector<std::string>>();
        if (json->contains("base_model_name_or_path") && (*json)["base_model_name_or_path"].is_string())
            config.baseModel = (*json)["base_model_name_or_path"].get<std::string>();
        if (json->contains("revision") && (*json)["revision"].is_string())
            config.revision = (*json)["revision"].get<std::string>();
        return config;
    } catch (const Json::exception& exception) {
        return adapterError(
            folder, std::string("adapter_config.json lacks a key or has one of the wrong kind (") + exception.what() + ").");
    }
}

} // namespace

Result<std::shared_ptr<LoraSet>> LoraSet::create(const Decoder& decoder, const LoraConfig& config, std::uint64_t seed)
{
    PRECEDENT_TRY(checkConfig(config));
    std::shared_ptr<LoraSet> set(new LoraSet(config));
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    std::vector<std::string> unused = config.targets;
    std::string known;
    for (const auto& [name, weight] : decoder.parameters()) {
        const std::string module = moduleOf(name, weight);
        if (module.empty())
            continue;
        const std::string part = lastPart(module);
        if (known.find(part) == std::string::npos)
            known += (known.empty() ? "" : ", ") + part;
        if (std::find(config.targets.begin(), config.targets.end(), part) == config.targets.end())
            continue;
        std::erase(unused, part);
        // In float32 beside weights of two bytes: an adapter is what is trained.
        const auto options = weight.options().requires_grad(false).dtype(weight.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
        // kaiming_uniform(a = sqrt 5): the bound is 1 / sqrt(fan_in).
        const double bound = 1.0 / std::sqrt(static_cast<double>(weight.size(1)));
        at::Tensor a = at::empty({config.rank, weight.size(1)}, at::kFloat).uniform_(-bound, bound, generator).to(options);
        at::Tensor b = at::zeros({weight.size(0), config.rank}, options);
        set->m_pairs[module] = {a.requires_grad_(true), b.requires_grad_(true)};
        set->m_order.push_back(module);
    }
    if (!unused.empty())
        return Error(ErrorCode::invalidArgument,
            "lora_target_modules names \"" + unused.front() + "\", which this model does not have; it has " + known + ".");
    return set;
}

Result<std::shared_ptr<LoraSet>> LoraSet::load(const Decoder& decoder, const std::filesystem::path& folder)
{
    auto config = readConfig(folder);
    if (!config.ok())
        return config.error();
    auto created = create(decoder, *config, 0);
    if (!created.ok())
        return created.error().in(folder.string());
    auto file = formats::SafetensorsFile::open(folder / kWeightsFile);
    if (!file.ok())
        return file.error();
    const NamedTensors wanted = (*created)->parameters();
    if ((*file)->tensors().size() != wanted.size())
        return adapterError(folder,
            std::string(kWeightsFile) + " has " + std::to_string((*file)->tensors().size()) + " tensors; its config needs " +
                std::to_string(wanted.size()) + ".");
    for (const auto& [name, tensor] : wanted)
        PRECEDENT_TRY(readWeight((*file)->find(name), name, tensor, folder.string()));
    return created;
}

Status LoraSet::save(const std::filesystem::path& folder) const { return saveAs(folder, {}); }

Status LoraSet::saveAs(const std::filesystem::path& folder, const std::string& baseModel) const
{
    std::error_code ec;
    std::filesystem::create_directories(folder, ec);
    if (ec)
        return errnoError(ec.value(), "create", folder.string());
    PRECEDENT_TRY(writeWeights(folder / kWeightsFile, parameters(), formats::DType::f32));
    const Json json = {{"base_model_name_or_path", baseModel.empty() ? m_config.baseModel : baseModel}, {"bias", "none"},
        {"fan_in_fan_out", false}, {"inference_mode", true}, {"init_lora_weights", true}, {"lora_alpha", numberJson(m_config.alpha)},
        {"lora_dropout", m_config.dropout}, {"modules_to_save", nullptr}, {"peft_type", "LORA"}, {"r", m_config.rank},
        {"revision", m_config.revision.empty() ? Json(nullptr) : Json(m_config.revision)}, {"target_modules", m_config.targets},
        {"task_type", "CAUSAL_LM"}, {"use_dora", false}, {"use_rslora", false}};
    return writeFileAtomically(folder / kConfigFile, dumpJson(json, 2) + "\n");
}

NamedTensors LoraSet::parameters() const
{
    NamedTensors all;
    for (const std::string& module : m_order) {
        const Pair& pair = m_pairs.at(module);
        all.emplace_back(kPrefix + module + ".lora_A.weight", pair.a);
        all.emplace_back(kPrefix + module + ".lora_B.weight", pair.b);
    }
    return all;
}

std::int64_t LoraSet::parameterCount() const
{
    std::int64_t total = 0;
    for (const auto& entry : m_pairs)
        total += entry.second.a.numel() + entry.second.b.numel();
    return total;
}

at::Tensor LoraSet::addTo(const at::Tensor& output, const at::Tensor& input, const std::string& module) const
{
    const auto found = m_pairs.find(module);
    if (found == m_pairs.end())
        return output;
    const bool drops = m_training && m_config.dropout > 0;
    const at::Tensor kept = drops ? at::dropout(input, m_config.dropout, /*train=*/true) : input;
    const at::Tensor narrow = at::linear(kept, found->second.a); // [.., r]
    const at::Tensor rows = narrow.reshape({-1, narrow.size(-1)});
    return at::addmm(output.reshape({-1, output.size(-1)}), rows, found->second.b.t(), /*beta=*/1, scale()).view(output.sizes());
}

at::Tensor LoraSet::delta(const std::string& module) const
{
    const auto found = m_pairs.find(module);
    if (found == m_pairs.end())
        return {};
    return at::mm(found->second.b.detach(), found->second.a.detach()) * scale();
}

std::pair<at::Tensor, at::Tensor> LoraSet::scaledPair(const std::string& module) const
{
    const auto found = m_pairs.find(module);
    if (found == m_pairs.end())
        return {};
    return {found->second.a.detach(), found->second.b.detach() * scale()};
}

void LoraSet::mergeInto(Decoder& decoder) const
{
    for (const auto& [name, weight] : decoder.parameters()) {
        const at::Tensor update = delta(moduleOf(name, weight));
        if (update.defined())
            weight.detach().copy_(weight.detach().to(update.scalar_type()) + update); // detach() shares the storage
    }
}

} // namespace precedent::core
