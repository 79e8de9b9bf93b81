#include "core/model/export_gguf.h"

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

/// A weight's values in float32, with the adapter's part.
std::vector<float> valuesOf(const at::Tensor& weight, const at::Tensor& update)
{
    at::Tensor values = floatValues(weight);
    if (update.defined())
        values = values + floatValues(update);
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
}

/// The type asked for, as far as the shape lets it be.
DType typeFor(const std::vector<std::int64_t>& shape, DType wanted)
{
    if (shape.size() < 2)
        return DType::f32;
    return wanted == DType::q8_0 && shape.back() % kQ8Block != 0 ? DType::bf16 : wanted;
}

Result<std::string> bytesOf(const std::string& name, const std::vector<float>& values, DType dtype)
{
    const auto count = static_cast<std::int64_t>(values.size());
    if (dtype == DType::f32)
        return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    if (dtype == DType::bf16)
        return formats::narrowToBf16(values.data(), count);
    if (dtype == DType::f16)
        return formats::narrowToF16(values.data(), count);
    auto blocks = formats::quantizeQ8_0(values.data(), count);
    if (!blocks)
        return Error(ErrorCode::invalidArgument, "The weight " + name + " has values that q8_0 cannot hold.", "Export it as bf16 or f32.");
    return *std::move(blocks);
}

/// What the plan says of a tensor, made of the decoder's weight.
std::vector<float> plannedValues(const GgufTensorPlan& tensor, const std::map<std::string, at::Tensor>& weights, const LoraSet* adapter)
{
    std::vector<float> values = tensor.values;
    if (!tensor.weight.empty()) {
        const bool adapted = adapter != nullptr && tensor.shape.size() == 2;
        values =
            valuesOf(weights.at(tensor.weight), adapted ? adapter->delta(tensor.weight.substr(0, tensor.weight.rfind('.'))) : at::Tensor());
    }
    if (tensor.pairedHeads > 0)
        pairRows(values, tensor.shape.size() == 2 ? tensor.shape.back() : 1, tensor.pairedHeads);
    if (tensor.offset != 0) {
        for (float& value : values)
            value += tensor.offset;
    }
    return values;
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
    std::vector<formats::TensorToWrite> tensors;
    for (const GgufTensorPlan& tensor : plan->tensors) {
        const DType dtype = typeFor(tensor.shape, fileType.dtype);
        tensors.push_back({tensor.name, dtype, tensor.shape,
            [&, dtype] { return bytesOf(tensor.name, plannedValues(tensor, weights, decoder.adapter().get()), dtype); }});
    }
    std::vector<formats::GgufEntry> metadata = std::move(plan->metadata);
    metadata.insert(metadata.end(), texts.tokenizer.begin(), texts.tokenizer.end());
    return formats::streamGguf(path, metadata, tensors);
}

Status writeGgufAdapter(const std::filesystem::path& path, const DecoderConfig& config, const LoraSet& adapter)
{
    const std::string architecture = ggufArchitectureName(config);
    if (architecture.empty())
        return Error(ErrorCode::unsupported, "There is no GGUF form of the architecture " + config.family + ".", "Export it as peft.");
    std::vector<formats::TensorToWrite> tensors;
    for (const auto& [name, values] : adapter.parameters()) {
        // base_model.model.MODULE.lora_A.weight
        const std::string rest = name.substr(std::string(kPeftPrefix).size());
        const std::size_t end = rest.rfind(".lora_");
        const std::string module = rest.substr(0, end);
        const bool isB = rest[end + 6] == 'B';
        const int heads = isB ? ggufPairedHeads(config, module) : 0;
        const std::string stored = ggufModuleName(config, module) + ".weight.lora_" + (isB ? "b" : "a");
        tensors.push_back({stored, DType::f32, values.sizes().vec(), [values = values, heads, stored] {
                               std::vector<float> rows = valuesOf(values, {});
                               if (heads > 0)
                                   pairRows(rows, values.size(1), heads);
                               return bytesOf(stored, rows, DType::f32);
                           }});
    }
    const std::vector<formats::GgufEntry> metadata = {{"general.architecture", architecture}, {"general.type", std::string("adapter")},
        {"adapter.type", std::string("lora")}, {"adapter.lora.alpha", static_cast<float>(adapter.config().alpha)},
        {"general.name", adapter.config().baseModel + " adapter"}, {"general.file_type", std::uint32_t{0}}};
    return formats::streamGguf(path, metadata, tensors);
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
