#include "app/workspace/head_files.h"

#include <cmath>
#include <cstring>

#include "app/workspace/answer_features.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/formats/safetensors.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostVerdicts = 4;
constexpr std::int64_t kWidest = 1 << 20;
constexpr const char* kSettings = "head.json";
constexpr const char* kWeights = "head.safetensors";

std::string_view bytesOf(const std::vector<float>& values)
{
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string hashOf(const align::RewardHead& head, const std::string& modelDigest)
{
    Sha256 hash;
    hash.addField("reward head 1").addField(AnswerFeatures::kKind).addField(modelDigest);
    for (const Verdict verdict : head.verdicts)
        hash.addField(toString(verdict));
    for (const std::vector<float>* values : {&head.mean, &head.scale, &head.weights, &head.bias})
        hash.addField(bytesOf(*values));
    return hash.hex();
}

/// The values of a float32 tensor of just this shape.
Status take(const formats::SafetensorsFile& file, const char* name, const std::vector<std::int64_t>& shape, std::vector<float>& out)
{
    const formats::TensorView* tensor = file.find(name);
    if (tensor == nullptr || tensor->dtype != formats::DType::f32 || tensor->shape != shape)
        return Error(
            ErrorCode::corrupt, std::string(kWeights) + " holds no float32 tensor " + name + " of the shape that " + kSettings + " says.");
    out.resize(static_cast<std::size_t>(tensor->elements()));
    if (!formats::widenToFloat(*tensor, out.data()))
        return Error(ErrorCode::corrupt, std::string("The tensor ") + name + " cannot be read.");
    for (const float value : out) {
        if (!std::isfinite(value))
            return Error(ErrorCode::corrupt, std::string("The tensor ") + name + " holds a value that is no number.");
    }
    return {};
}

Status readSettings(const Json& json, StoredHead& stored)
{
    const auto lacks = [](const char* what) { return Error(ErrorCode::corrupt, std::string(kSettings) + " has no usable " + what + "."); };
    if (!json.is_object())
        return lacks("object");
    const auto textOf = [&](const char* key) {
        const auto at = json.find(key);
        return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    if (const std::string kind = textOf("features"); kind != AnswerFeatures::kKind)
        return Error(ErrorCode::unsupported,
            std::string(kSettings) + " asks for the features \"" + kind + "\", and this program makes \"" + AnswerFeatures::kKind + "\".",
            "Train the head again with this program.");
    stored.model = textOf("model");
    stored.modelDigest = textOf("model_sha256");
    if (stored.model.empty() || stored.modelDigest.empty())
        return lacks("model");
    const auto verdicts = json.find("verdicts");
    if (verdicts == json.end() || !verdicts->is_array() || verdicts->size() < 2 || verdicts->size() > kMostVerdicts)
        return lacks("verdicts");
    for (const Json& name : *verdicts) {
        const auto verdict = name.is_string() ? verdictFromString(name.get<std::string>()) : std::nullopt;
        if (!verdict)
            return lacks("verdicts");
        stored.head.verdicts.push_back(*verdict);
    }
    const auto width = json.find("width");
    if (width == json.end() || !width->is_number_integer() || width->get<std::int64_t>() < 1 || width->get<std::int64_t>() > kWidest)
        return lacks("width");
    stored.head.width = width->get<std::int64_t>();
    const auto learnt = json.find("learnt_requests");
    if (learnt == json.end() || !learnt->is_array())
        return lacks("learnt_requests");
    for (const Json& digest : *learnt)
        stored.learnt.insert(digest.is_string() ? digest.get<std::string>() : std::string());
    return {};
}

} // namespace

std::string requestDigest(const std::string& request) { return sha256Hex(request).substr(0, 16); }

Result<StoredHead> readHead(const fs::path& folder)
{
    const Result<std::string> text = readFile(folder / kSettings, std::size_t{1} << 26);
    if (!text)
        return text.error();
    const Result<Json> json = parseJson(text.value(), (folder / kSettings).string());
    if (!json)
        return json.error();
    StoredHead stored;
    if (const Status settings = readSettings(json.value(), stored); !settings)
        return settings.error().in(folder.string());
    const auto file = formats::SafetensorsFile::open(folder / kWeights);
    if (!file)
        return file.error();
    const std::int64_t C = stored.head.width;
    const auto K = static_cast<std::int64_t>(stored.head.verdicts.size());
    const formats::SafetensorsFile& weights = *file.value();
    for (const Status& taken : {take(weights, "mean", {C}, stored.head.mean), take(weights, "scale", {C}, stored.head.scale),
             take(weights, "weight", {K, C}, stored.head.weights), take(weights, "bias", {K}, stored.head.bias)}) {
        if (!taken)
            return taken.error().in(folder.string());
    }
    stored.hash = hashOf(stored.head, stored.modelDigest);
    return stored;
}

Result<std::string> writeHead(
    const fs::path& folder, const align::RewardHead& head, const std::string& model, const std::string& modelDigest, const Json& facts)
{
    std::error_code ec;
    fs::create_directories(folder, ec);
    if (ec)
        return errnoError(ec.value(), "create", folder.string());
    const auto view = [](const char* name, const std::vector<float>& values, std::vector<std::int64_t> shape) {
        const std::string_view bytes = bytesOf(values);
        formats::TensorView tensor;
        tensor.name = name;
        tensor.dtype = formats::DType::f32;
        tensor.shape = std::move(shape);
        tensor.bytes = bytes;
        return tensor;
    };
    const auto K = static_cast<std::int64_t>(head.verdicts.size());
    PRECEDENT_TRY(formats::writeSafetensors(folder / kWeights,
        {view("mean", head.mean, {head.width}), view("scale", head.scale, {head.width}), view("weight", head.weights, {K, head.width}),
            view("bias", head.bias, {K})}));
    Json verdicts = Json::array();
    for (const Verdict verdict : head.verdicts)
        verdicts.push_back(toString(verdict));
    const std::string hash = hashOf(head, modelDigest);
    Json json = {{"features", AnswerFeatures::kKind}, {"model", model}, {"model_sha256", modelDigest}, {"verdicts", verdicts},
        {"width", head.width}, {"l2", head.l2}, {"hash", hash}};
    json.update(facts);
    PRECEDENT_TRY(writeFileAtomically(folder / kSettings, dumpJson(json, 2) + "\n"));
    return hash;
}

} // namespace precedent::workspace
