#include "precedent/architecture/encoder_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/architecture/config_reader.h"
#include "precedent/base/files.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostConfigBytes = std::size_t{16} << 20;
constexpr std::array kFamilies{"bert", "roberta", "xlm-roberta"};

Result<Json> readJson(const fs::path& path)
{
    const auto text = readFile(path, kMostConfigBytes);
    return text.ok() ? parseJson(*text, path.string()) : text.error();
}

/// What sentence-transformers writes beside config.json; null where the folder has no such file.
Result<Json> readBeside(const fs::path& path, bool (Json::*isOfKind)() const noexcept, const char* kind)
{
    std::error_code ec;
    if (!fs::exists(path, ec))
        return Json();
    auto json = readJson(path);
    if (json.ok() && !((*json).*isOfKind)())
        return Error(ErrorCode::corrupt, path.string() + " is not " + kind + ".");
    return json;
}

Status readActivation(ConfigReader& reader, EncoderConfig& config)
{
    std::string name = "gelu";
    reader.text("hidden_act", name);
    if (name == "gelu")
        config.activation = EncoderConfig::Activation::gelu;
    else if (name == "gelu_new" || name == "gelu_pytorch_tanh")
        config.activation = EncoderConfig::Activation::geluTanh;
    else if (name == "relu")
        config.activation = EncoderConfig::Activation::relu;
    else
        return Error(ErrorCode::unsupported, "config.json: \"hidden_act\" is \"" + name + "\"; gelu, gelu_new and relu are computed here.");
    return {};
}

Status validate(const EncoderConfig& config)
{
    const auto range = [](const char* key, int value, int least, int most) -> Status {
        if (value < least || value > most)
            return badConfigValue(key, std::to_string(value), std::to_string(least) + " to " + std::to_string(most));
        return {};
    };
    PRECEDENT_TRY(range("hidden_size", config.hiddenSize, 1, 1 << 14));
    PRECEDENT_TRY(range("num_hidden_layers", config.layers, 1, 1 << 10));
    PRECEDENT_TRY(range("num_attention_heads", config.heads, 1, config.hiddenSize));
    PRECEDENT_TRY(range("intermediate_size", config.intermediateSize, 1, 1 << 17));
    PRECEDENT_TRY(range("vocab_size", config.vocabulary, 1, 1 << 24));
    PRECEDENT_TRY(range("max_position_embeddings", config.positions, config.firstPosition + 3, 1 << 20));
    PRECEDENT_TRY(range("type_vocab_size", config.types, 1, 1 << 10));
    if (config.hiddenSize % config.heads != 0)
        return badConfigValue(
            "num_attention_heads", std::to_string(config.heads), "a divisor of hidden_size, " + std::to_string(config.hiddenSize));
    if (!(config.normEps > 0) || !std::isfinite(config.normEps))
        return badConfigValue("layer_norm_eps", std::to_string(config.normEps), "a number above 0");
    return {};
}

Result<EncoderConfig> encoderOf(const Json& json)
{
    if (!json.is_object())
        return Error(ErrorCode::corrupt, "config.json is not a JSON object.");
    EncoderConfig config;
    ConfigReader reader(json);
    reader.text("model_type", config.family);
    PRECEDENT_TRY(reader.status());
    if (!isEncoderFamily(config.family))
        return Error(ErrorCode::unsupported,
            "config.json: \"model_type\" is \"" + config.family + "\"; encoders of bert, roberta and xlm-roberta are known here.");
    reader.integer("hidden_size", config.hiddenSize, true);
    reader.integer("num_hidden_layers", config.layers, true);
    reader.integer("num_attention_heads", config.heads, true);
    reader.integer("intermediate_size", config.intermediateSize, true);
    reader.integer("vocab_size", config.vocabulary, true);
    reader.integer("max_position_embeddings", config.positions, true);
    config.types = 2;
    reader.integer("type_vocab_size", config.types);
    reader.number("layer_norm_eps", config.normEps);
    reader.only("position_embedding_type", "absolute");
    reader.only("is_decoder", false);
    if (config.family != "bert") {
        int pad = 1;
        reader.integer("pad_token_id", pad);
        config.firstPosition = std::min(pad, 1 << 20) + 1;
    }
    PRECEDENT_TRY(reader.status());
    PRECEDENT_TRY(readActivation(reader, config));
    PRECEDENT_TRY(reader.status());
    PRECEDENT_TRY(validate(config));
    config.longestText = config.positions - config.firstPosition;
    return config;
}

/// The layers behind the transformer: pooling, and making the vector as long as 1, which is done anyway.
Status checkModules(const fs::path& folder)
{
    const auto modules = readBeside(folder / "modules.json", &Json::is_array, "a list");
    PRECEDENT_TRY(modules);
    for (const Json& module : *modules) {
        const std::string type = module.is_object() && module.contains("type") && module["type"].is_string() ? module["type"] : "";
        const std::string last = type.substr(type.rfind('.') + 1);
        if (last != "Transformer" && last != "Pooling" && last != "Normalize")
            return Error(ErrorCode::unsupported,
                "modules.json: the module \"" + type + "\" is not computed here; Transformer, Pooling and Normalize are.",
                "Choose an encoder without such a layer.");
    }
    return {};
}

Status readPooling(const fs::path& folder, EncoderConfig& config)
{
    const auto json = readBeside(folder / "1_Pooling" / "config.json", &Json::is_object, "an object");
    PRECEDENT_TRY(json);
    if (json->is_null())
        return {};
    std::vector<std::string> modes;
    for (const auto& [key, value] : json->items()) {
        if (key == "pooling_mode" && value.is_string())
            modes.push_back(value.get<std::string>());
        else if (key.rfind("pooling_mode_", 0) == 0 && value.is_boolean() && value.get<bool>())
            modes.push_back(key.substr(std::string("pooling_mode_").size()));
    }
    const bool first = modes == std::vector<std::string>{"cls_token"} || modes == std::vector<std::string>{"cls"};
    if (!first && modes != std::vector<std::string>{"mean_tokens"} && modes != std::vector<std::string>{"mean"}) {
        std::string said;
        for (const std::string& mode : modes)
            said += (said.empty() ? "" : ", ") + mode;
        return Error(ErrorCode::unsupported,
            "1_Pooling/config.json: the pooling is " + (said.empty() ? "none" : said) +
                "; the mean of the tokens or the first token alone is computed here.",
            "Choose an encoder that pools so.");
    }
    config.pooling = first ? EncoderConfig::Pooling::firstToken : EncoderConfig::Pooling::mean;
    return {};
}

Status readLongestText(const fs::path& folder, EncoderConfig& config)
{
    const fs::path path = folder / "sentence_bert_config.json";
    const auto json = readBeside(path, &Json::is_object, "an object");
    PRECEDENT_TRY(json);
    ConfigReader reader(*json);
    int longest = config.longestText;
    reader.integer("max_seq_length", longest);
    if (const Status read = reader.status(); !read.ok())
        return read.error().in(path.string());
    if (longest < 3)
        return badConfigValue("max_seq_length", std::to_string(longest), "3 or more").in(path.string());
    config.longestText = std::min(longest, config.longestText);
    return {};
}

} // namespace

std::vector<EncoderWeight> encoderWeights(const EncoderConfig& config)
{
    const std::int64_t C = config.hiddenSize;
    const std::int64_t F = config.intermediateSize;
    std::vector<EncoderWeight> weights{{"embeddings.word_embeddings.weight", {config.vocabulary, C}},
        {"embeddings.position_embeddings.weight", {config.positions, C}}, {"embeddings.token_type_embeddings.weight", {config.types, C}}};
    const auto norm = [&](const std::string& name) {
        weights.push_back({name + ".weight", {C}});
        weights.push_back({name + ".bias", {C}});
    };
    const auto linear = [&](const std::string& name, std::int64_t rows, std::int64_t columns) {
        weights.push_back({name + ".weight", {rows, columns}});
        weights.push_back({name + ".bias", {rows}});
    };
    norm("embeddings.LayerNorm");
    for (int i = 0; i < config.layers; ++i) {
        const std::string layer = "encoder.layer." + std::to_string(i) + ".";
        for (const char* part : {"query", "key", "value"})
            linear(layer + "attention.self." + part, C, C);
        linear(layer + "attention.output.dense", C, C);
        norm(layer + "attention.output.LayerNorm");
        linear(layer + "intermediate.dense", F, C);
        linear(layer + "output.dense", C, F);
        norm(layer + "output.LayerNorm");
    }
    return weights;
}

bool isEncoderFamily(const std::string& name) { return std::find(kFamilies.begin(), kFamilies.end(), name) != kFamilies.end(); }

bool isEncoderFolder(const fs::path& folder)
{
    const auto json = readJson(folder / "config.json");
    return json.ok() && json->contains("model_type") && (*json)["model_type"].is_string() &&
        isEncoderFamily((*json)["model_type"].get<std::string>());
}

Result<EncoderConfig> readEncoderConfig(const fs::path& folder)
{
    const auto json = readJson(folder / "config.json");
    PRECEDENT_TRY(json);
    auto config = encoderOf(*json);
    if (!config.ok())
        return config.error().in(folder.string());
    for (const Status& read : {checkModules(folder), readPooling(folder, *config), readLongestText(folder, *config)}) {
        if (!read.ok())
            return read.error().in(folder.string());
    }
    return config;
}

} // namespace precedent::core
