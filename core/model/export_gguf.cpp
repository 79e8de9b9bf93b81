#include "core/model/export_gguf.h"

#include <deque>
#include <map>

#include <ATen/ATen.h>

#include "core/model/weights_io.h"
#include "precedent/architecture/gguf_writing.h"
#include "precedent/architecture/stored_model.h"

namespace precedent::core {
namespace {

using formats::DType;

constexpr std::int64_t kQ8Block = 32;
constexpr const char* kPeftPrefix = "base_model.model.";

struct FileType {
    DType dtype;
    std::uint32_t number; // general.file_type
};

FileType fileTypeOf(const std::string& type)
{
    static const std::map<std::string, FileType> kTypes = {
        {"f32", {DType::f32, 0}}, {"f16", {DType::f16, 1}}, {"q8_0", {DType::q8_0, 7}}, {"bf16", {DType::bf16, 32}}};
    return kTypes.at(type);
}

std::string bytesOf(const std::vector<float>& values)
{
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

/// A weight's values in float32, with the adapter's part.
std::vector<float> valuesOf(const at::Tensor& weight, const at::Tensor& update)
{
    at::Tensor values = weight.detach().to(at::kCPU, at::kFloat).contiguous();
    if (update.defined())
        values = values + update.to(at::kCPU, at::kFloat);
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
}

/// The values in the type asked for, as far as their shape lets them be.
Status addTensor(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<float>& values, DType wanted,
    std::deque<std::string>& kept, std::vector<formats::TensorView>& views)
{
    DType dtype = shape.size() < 2 ? DType::f32 : wanted;
    if (dtype == DType::q8_0 && shape.back() % kQ8Block != 0)
        dtype = DType::bf16;
    const auto count = static_cast<std::int64_t>(values.size());
    if (dtype == DType::f32)
        kept.push_back(bytesOf(values));
    else if (dtype == DType::bf16)
        kept.push_back(formats::narrowToBf16(values.data(), count));
    else if (dtype == DType::f16)
        kept.push_back(formats::narrowToF16(values.data(), count));
    else {
        auto blocks = formats::quantizeQ8_0(values.data(), count);
        if (!blocks)
            return Error(
                ErrorCode::invalidArgument, "The weight " + name + " has values that q8_0 cannot hold.", "Export it as bf16 or f32.");
        kept.push_back(*std::move(blocks));
    }
    views.push_back({name, dtype, shape, kept.back()});
    return {};
}

} // namespace

Status writeGgufModel(const std::filesystem::path& path, const Decoder& decoder, const std::string& name, const std::string& type,
    const GgufTexts& texts, std::string& note)
{
    const FileType fileType = fileTypeOf(type);
    const bool named = name.find(texts.nameNeeded) != std::string::npos;
    auto plan = planGguf(decoder.config(), named ? name : texts.nameNeeded + " " + name, fileType.number);
    if (!plan.ok())
        return plan.error();
    note = plan->note + (plan->note.empty() || texts.note.empty() ? "" : " ") + texts.note;
    const std::map<std::string, at::Tensor> weights(decoder.parameters().begin(), decoder.parameters().end());
    std::deque<std::string> kept;
    std::vector<formats::TensorView> views;
    for (const GgufTensorPlan& tensor : plan->tensors) {
        std::vector<float> values = tensor.values;
        if (!tensor.weight.empty()) {
            const std::string module = tensor.weight.substr(0, tensor.weight.rfind('.'));
            const bool matrix = tensor.shape.size() == 2;
            values = valuesOf(weights.at(tensor.weight), matrix && decoder.adapter() ? decoder.adapter()->delta(module) : at::Tensor());
        }
        if (tensor.pairedHeads > 0)
            pairRows(values, tensor.shape.size() == 2 ? tensor.shape.back() : 1, tensor.pairedHeads);
        if (tensor.offset != 0) {
            for (float& value : values)
                value += tensor.offset;
        }
        PRECEDENT_TRY(addTensor(tensor.name, tensor.shape, values, fileType.dtype, kept, views));
    }
    std::vector<formats::GgufEntry> metadata = std::move(plan->metadata);
    metadata.insert(metadata.end(), texts.tokenizer.begin(), texts.tokenizer.end());
    return formats::writeGguf(path, metadata, views);
}

Status writeGgufAdapter(const std::filesystem::path& path, const DecoderConfig& config, const LoraSet& adapter)
{
    const std::string architecture = ggufArchitectureName(config);
    if (architecture.empty())
        return Error(ErrorCode::unsupported, "There is no GGUF form of the architecture " + config.family + ".", "Export it as peft.");
    std::deque<std::string> kept;
    std::vector<formats::TensorView> views;
    for (const auto& [name, tensor] : adapter.parameters()) {
        // base_model.model.MODULE.lora_A.weight
        const std::string rest = name.substr(std::string(kPeftPrefix).size());
        const std::size_t end = rest.rfind(".lora_");
        const std::string module = rest.substr(0, end);
        const bool isB = rest[end + 6] == 'B';
        std::vector<float> values = valuesOf(tensor, {});
        if (const int heads = isB ? ggufPairedHeads(config, module) : 0; heads > 0)
            pairRows(values, tensor.size(1), heads);
        PRECEDENT_TRY(addTensor(
            ggufModuleName(config, module) + ".weight.lora_" + (isB ? "b" : "a"), tensor.sizes().vec(), values, DType::f32, kept, views));
    }
    const std::vector<formats::GgufEntry> metadata = {{"general.architecture", architecture}, {"general.type", std::string("adapter")},
        {"adapter.type", std::string("lora")}, {"adapter.lora.alpha", static_cast<float>(adapter.config().alpha)},
        {"general.name", adapter.config().baseModel + " adapter"}, {"general.file_type", std::uint32_t{0}}};
    return formats::writeGguf(path, metadata, views);
}

Result<std::shared_ptr<LoraSet>> readGgufAdapter(const std::filesystem::path& path, const Decoder& decoder)
{
    auto file = formats::GgufFile::open(path);
    if (!file.ok())
        return file.error();
    const auto* alpha = (*file)->value("adapter.lora.alpha");
    const auto* kind = (*file)->value("adapter.type");
    if (alpha == nullptr || !alpha->number() || kind == nullptr || kind->string() != "lora" || (*file)->tensors().empty())
        return Error(ErrorCode::corrupt, path.string() + " is no GGUF adapter: it lacks adapter.type lora, adapter.lora.alpha or tensors.");
    const DecoderConfig& config = decoder.config();
    LoraConfig lora;
    lora.alpha = *alpha->number();
    lora.targets.clear();
    for (const std::string& target : LoraConfig{}.targets) {
        const std::string module = "model.layers.0." +
            std::string(target.starts_with("gate") || target.starts_with("up") || target.starts_with("down") ? "mlp." : "self_attn.") +
            target;
        const formats::TensorView* a = (*file)->find(ggufModuleName(config, module) + ".weight.lora_a");
        if (a == nullptr)
            continue;
        lora.rank = static_cast<int>(a->shape.front());
        lora.targets.push_back(target);
    }
    auto set = LoraSet::create(decoder, lora, 0);
    if (!set.ok())
        return set.error().in(path.string());
    for (const auto& [name, tensor] : (*set)->parameters()) {
        const std::string rest = name.substr(std::string(kPeftPrefix).size());
        const std::size_t end = rest.rfind(".lora_");
        const std::string module = rest.substr(0, end);
        const bool isB = rest[end + 6] == 'B';
        const std::string stored = ggufModuleName(config, module) + ".weight.lora_" + (isB ? "b" : "a");
        PRECEDENT_TRY(readWeight((*file)->find(stored), stored, tensor, path.string()));
        const int heads = isB ? ggufPairedHeads(config, module) : 0;
        if (heads == 0)
            continue;
        const at::Tensor own = tensor.detach();
        const std::int64_t D = own.size(0) / heads;
        own.copy_(own.view({heads, D / 2, 2, own.size(1)}).transpose(1, 2).reshape(own.sizes()).clone());
    }
    return set;
}

} // namespace precedent::core
