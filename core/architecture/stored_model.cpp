#include "precedent/architecture/stored_model.h"

#include "core/architecture/gguf_model.h"
#include "precedent/architecture/model_text.h"
#include "precedent/base/digest.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

using GgufPtr = std::shared_ptr<const formats::GgufFile>;

constexpr const char* kEmbedding = "model.embed_tokens.weight";
constexpr const char* kHead = "lm_head.weight";

std::string shapeText(const std::vector<std::int64_t>& shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

bool widen(const formats::TensorView& view, std::int64_t firstRow, std::int64_t rowCount, float* out)
{
    return formats::widenRowsToFloat(view, firstRow, rowCount, out);
}

bool widen(const formats::TensorView& view, std::int64_t firstRow, std::int64_t rowCount, std::uint16_t* out)
{
    return formats::widenRowsToBf16(view, firstRow, rowCount, out);
}

void store(float value, float* out) { *out = value; }
void store(float value, std::uint16_t* out) { formats::roundToBf16(&value, 1, out); }

/// Where GGUF keeps row `row` of `rows`: of each head the halves' rows lie in turns.
std::int64_t pairedRow(std::int64_t row, std::int64_t rows, int heads)
{
    const std::int64_t headDim = rows / heads;
    const std::int64_t head = row / headDim, inHead = row % headDim;
    const std::int64_t half = inHead / (headDim / 2), pair = inHead % (headDim / 2);
    return head * headDim + 2 * pair + half;
}

/// Vectors (norms, biases) are small: they are read whole, put in order and moved.
template <typename T>
bool readVector(const formats::TensorView& view, const GgufTransform& transform, T* out)
{
    const std::int64_t n = view.elements();
    std::vector<float> values(static_cast<std::size_t>(n));
    if (!formats::widenToFloat(view, values.data()))
        return false;
    for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t from = transform.pairedHeads > 0 ? pairedRow(i, n, transform.pairedHeads) : i;
        store(values[static_cast<std::size_t>(from)] - transform.offset, out + i);
    }
    return true;
}

Result<StoredModel> openGguf(const fs::path& path, bool requireTokenizer)
{
    auto file = formats::GgufFile::open(path);
    if (!file.ok())
        return file.error();
    auto config = ggufConfig(**file, path.string());
    if (!config.ok())
        return config.error();
    if (requireTokenizer && (*file)->value("tokenizer.ggml.tokens") == nullptr)
        return Error(ErrorCode::notFound, path.string() + " has no tokenizer: its metadata lacks tokenizer.ggml.tokens.",
            "Fetch the model as one file with its vocabulary.");
    return StoredModel(*std::move(config), *std::move(file), {path});
}

Result<StoredModel> openFolder(const fs::path& folder, bool requireTokenizer)
{
    std::error_code ec;
    auto config = readDecoderConfig(folder);
    if (!config.ok())
        return config.error();
    if (requireTokenizer && !fs::exists(folder / "tokenizer.json", ec) && !fs::exists(folder / kGgufTokenizerFile, ec))
        return Error(ErrorCode::notFound, folder.string() + " has no tokenizer.json.",
            "Fetch the model with its tokenizer in the tokenizers format.");
    auto weights = formats::SafetensorsSet::open(folder);
    if (!weights.ok())
        return weights.error();
    std::vector<fs::path> files = weights->paths();
    return StoredModel(*std::move(config), *std::move(weights), std::move(files));
}

std::vector<fs::path> ggufFilesIn(const fs::path& folder)
{
    std::vector<fs::path> files;
    std::error_code ec;
    for (fs::directory_iterator entry(folder, ec), end; !ec && entry != end; entry.increment(ec)) {
        if (entry->path().extension() == ".gguf")
            files.push_back(entry->path());
    }
    return files;
}

/// Fails where a path cannot be a model's, in words that say what to name instead.
Status checkPlace(const fs::path& model)
{
    std::error_code ec;
    if (!fs::exists(model, ec))
        return Error(ErrorCode::notFound, "There is no model folder " + model.string() + ".",
            "Give the folder that holds config.json and model.safetensors, or a .gguf file.");
    if (!fs::is_directory(model, ec) || fs::exists(model / "config.json", ec) || !ggufFileOf(model).empty())
        return {};
    if (const std::size_t count = ggufFilesIn(model).size(); count > 1)
        return Error(ErrorCode::invalidArgument,
            model.string() + " holds " + std::to_string(count) + " .gguf files, each of which may be a model.", "Name one of the files.");
    return {}; // reading config.json will say that it is missing
}

} // namespace

StoredModel::StoredModel(DecoderConfig says, Weights weights, std::vector<fs::path> weightFiles)
    : config(std::move(says))
    , files(std::move(weightFiles))
    , m_weights(std::move(weights))
{
    if (const GgufPtr* file = std::get_if<GgufPtr>(&m_weights)) {
        dtype = ggufFileType(**file);
        return;
    }
    for (const DecoderWeight& weight : decoderWeights(config)) {
        if (const formats::TensorView* view = find(weight.name)) {
            const std::string one = formats::toString(view->dtype);
            dtype = dtype.empty() || dtype == one ? one : "mixed";
        }
    }
}

std::string StoredModel::storedName(const std::string& name) const
{
    return std::holds_alternative<GgufPtr>(m_weights) ? ggufWeightName(*findArchitecture(config.family), name) : name;
}

const formats::TensorView* StoredModel::find(const std::string& name) const
{
    if (const GgufPtr* file = std::get_if<GgufPtr>(&m_weights))
        return (*file)->find(storedName(name));
    const auto& set = std::get<formats::SafetensorsSet>(m_weights);
    const formats::TensorView* view = set.find(name);
    // Files of tied models may keep the one matrix under the head's name only.
    if (view == nullptr && name == kEmbedding && config.tieEmbeddings)
        view = set.find(kHead);
    return view;
}

template <typename T>
bool StoredModel::read(const std::string& name, std::int64_t firstRow, std::int64_t rowCount, T* out) const
{
    const formats::TensorView* view = find(name);
    if (view == nullptr || firstRow < 0 || rowCount < 0 || firstRow > view->rows() || rowCount > view->rows() - firstRow)
        return false;
    GgufTransform transform;
    if (std::holds_alternative<GgufPtr>(m_weights))
        transform = ggufTransform(*findArchitecture(config.family), config, name);
    const bool vector = view->shape.size() < 2;
    if (vector && rowCount > 0 && (transform.pairedHeads > 0 || transform.offset != 0))
        return readVector(*view, transform, out);
    if (transform.pairedHeads == 0)
        return widen(*view, firstRow, rowCount, out);
    for (std::int64_t row = 0; row < rowCount; ++row) {
        if (!widen(*view, pairedRow(firstRow + row, view->rows(), transform.pairedHeads), 1, out + row * view->rowLength()))
            return false;
    }
    return true;
}

bool StoredModel::readRows(const std::string& name, std::int64_t firstRow, std::int64_t rowCount, float* out) const
{
    return read(name, firstRow, rowCount, out);
}

bool StoredModel::readRowsAsBf16(const std::string& name, std::int64_t firstRow, std::int64_t rowCount, std::uint16_t* out) const
{
    return read(name, firstRow, rowCount, out);
}

void StoredModel::release(const std::string& name) const
{
    if (const formats::TensorView* view = find(name))
        std::visit(
            [&](const auto& weights) {
                if constexpr (requires { weights->release(*view); })
                    weights->release(*view);
                else
                    weights.release(*view);
            },
            m_weights);
}

Status StoredModel::check(const std::string& where) const
{
    const GgufPtr* file = std::get_if<GgufPtr>(&m_weights);
    if (file != nullptr)
        PRECEDENT_TRY(checkNothingLeftOver(**file, *findArchitecture(config.family), config, where));
    const char* source = file != nullptr ? "its metadata" : "config.json";
    for (const DecoderWeight& weight : decoderWeights(config))
        PRECEDENT_TRY(checkStoredWeight(find(weight.name), storedName(weight.name), weight.shape, where, source));
    return {};
}

Result<StoredModel> openStoredModel(const fs::path& model, bool requireTokenizer)
{
    PRECEDENT_TRY(checkPlace(model));
    const fs::path file = ggufFileOf(model);
    auto stored = file.empty() ? openFolder(model, requireTokenizer) : openGguf(file, requireTokenizer);
    if (stored.ok())
        PRECEDENT_TRY(stored->check(model.string()));
    return stored;
}

fs::path ggufFileOf(const fs::path& model)
{
    std::error_code ec;
    if (fs::is_regular_file(model, ec))
        return model;
    if (!fs::is_directory(model, ec) || fs::exists(model / "config.json", ec))
        return {};
    const std::vector<fs::path> files = ggufFilesIn(model);
    return files.size() == 1 ? files.front() : fs::path();
}

Result<std::vector<fs::path>> weightFilesOf(const fs::path& model)
{
    PRECEDENT_TRY(checkPlace(model));
    if (const fs::path file = ggufFileOf(model); !file.empty())
        return std::vector<fs::path>{file};
    auto set = formats::SafetensorsSet::open(model);
    if (!set.ok())
        return set.error();
    return set->paths();
}

Status checkStoredWeight(const formats::TensorView* stored, const std::string& name, const std::vector<std::int64_t>& shape,
    const std::string& where, const char* source)
{
    const auto fail = [&](ErrorCode code, const std::string& message, const char* hint) {
        return Error(code, where + ": tensor \"" + name + "\" " + message, hint);
    };
    constexpr const char* kDamaged = "The files do not fit together or are damaged: fetch the model again.";
    if (stored == nullptr)
        return fail(ErrorCode::corrupt, "is missing.", kDamaged);
    if (stored->shape != shape)
        return fail(ErrorCode::corrupt,
            "has shape " + shapeText(stored->shape) + std::string("; ") + source + " needs " + shapeText(shape) + ".", kDamaged);
    if (!formats::canWiden(stored->dtype))
        return fail(ErrorCode::unsupported,
            std::string("is stored as ") + formats::toString(stored->dtype) + "; " + formats::widenableTypes() + " can be read.",
            "Choose a file of the model in one of these types.");
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
