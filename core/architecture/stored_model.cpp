#include "precedent/architecture/stored_model.h"

#include "precedent/architecture/architecture.h"
#include "precedent/base/digest.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEmbedding = "model.embed_tokens.weight";
constexpr const char* kHead = "lm_head.weight";

std::string shapeText(const std::vector<std::int64_t>& shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

bool isReadable(formats::DType dtype)
{
    using formats::DType;
    return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f64;
}

} // namespace

const formats::TensorView* StoredModel::find(const std::string& name) const
{
    const formats::TensorView* view = weights.find(name);
    // Files of tied models may keep the one matrix under the head's name only.
    if (view == nullptr && name == kEmbedding && config.tieEmbeddings)
        view = weights.find(kHead);
    return view;
}

Result<StoredModel> openStoredModel(const fs::path& folder, bool requireTokenizer)
{
    std::error_code ec;
    if (!fs::is_directory(folder, ec))
        return Error(ErrorCode::notFound, "There is no model folder " + folder.string() + ".",
            "Give the folder that holds config.json and model.safetensors.");
    auto config = readDecoderConfig(folder);
    if (!config.ok())
        return config.error();
    if (requireTokenizer && !fs::exists(folder / "tokenizer.json", ec))
        return Error(ErrorCode::notFound, folder.string() + " has no tokenizer.json.",
            "Fetch the model with its tokenizer in the tokenizers format.");
    auto weights = formats::SafetensorsSet::open(folder);
    if (!weights.ok())
        return weights.error();
    StoredModel model{*std::move(config), *std::move(weights), {}};
    for (const DecoderWeight& weight : decoderWeights(model.config)) {
        const formats::TensorView* view = model.find(weight.name);
        PRECEDENT_TRY(checkStoredWeight(view, weight.name, weight.shape, folder.string()));
        const std::string dtype = formats::toString(view->dtype);
        model.dtype = model.dtype.empty() || model.dtype == dtype ? dtype : "mixed";
    }
    return model;
}

Status checkStoredWeight(
    const formats::TensorView* stored, const std::string& name, const std::vector<std::int64_t>& shape, const std::string& where)
{
    const auto fail = [&](ErrorCode code, const std::string& message) {
        return Error(
            code, where + ": tensor \"" + name + "\" " + message, "The files do not fit together or are damaged: fetch the model again.");
    };
    if (stored == nullptr)
        return fail(ErrorCode::corrupt, "is missing.");
    if (stored->shape != shape)
        return fail(ErrorCode::corrupt, "has shape " + shapeText(stored->shape) + "; config.json needs " + shapeText(shape) + ".");
    if (!isReadable(stored->dtype))
        return fail(
            ErrorCode::unsupported, std::string("is stored as ") + formats::toString(stored->dtype) + "; F32, F16 and BF16 can be read.");
    return {};
}

std::string weightsDigest(const std::vector<std::string>& fileDigests)
{
    if (fileDigests.size() == 1)
        return fileDigests.front();
    Sha256 all;
    for (const std::string& digest : fileDigests)
        all.addField(digest);
    return all.hex();
}

} // namespace precedent::core
