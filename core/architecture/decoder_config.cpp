#include "precedent/architecture/decoder_config.h"

#include <cmath>
#include <limits>

#include "precedent/architecture/architecture.h"
#include "precedent/base/files.h"

namespace precedent::core {
namespace {

constexpr int kMostLayers = 1024;
constexpr std::size_t kMostConfigBytes = 8U << 20;

Error badValue(const std::string& key, const std::string& seen, const std::string& expected)
{
    return {ErrorCode::corrupt, "config.json: \"" + key + "\" is " + seen + "; expected " + expected + "."};
}

/// Reads keys of config.json and keeps the first failure.
class Reader {
public:
    explicit Reader(const Json& json)
        : m_json(json)
    {
    }

    [[nodiscard]] bool has(const char* key) const { return m_json.contains(key) && !m_json[key].is_null(); }

    void integer(const char* key, int& target, bool required)
    {
        if (!has(key)) {
            if (required)
                fail(key, "missing", "a whole number");
            return;
        }
        const Json& value = m_json[key];
        if (!value.is_number_integer() || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() > std::numeric_limits<int>::max())
            return fail(key, dumpJson(value), "a whole number");
        target = static_cast<int>(value.get<std::int64_t>());
    }

    void number(const char* key, double& target)
    {
        if (!has(key))
            return;
        if (!m_json[key].is_number())
            return fail(key, dumpJson(m_json[key]), "a number");
        target = m_json[key].get<double>();
    }

    void boolean(const char* key, bool& target)
    {
        if (!has(key))
            return;
        if (!m_json[key].is_boolean())
            return fail(key, dumpJson(m_json[key]), "true or false");
        target = m_json[key].get<bool>();
    }

    void text(const char* key, std::string& target)
    {
        if (!has(key))
            return;
        if (!m_json[key].is_string())
            return fail(key, dumpJson(m_json[key]), "a string");
        target = m_json[key].get<std::string>();
    }

    /// A token id or a list of them.
    void ids(const char* key, std::vector<int>& target)
    {
        if (!has(key))
            return;
        const Json& value = m_json[key];
        const Json list = value.is_array() ? value : Json::array({value});
        for (const Json& item : list) {
            if (!item.is_number_integer() || item.get<std::int64_t>() < 0 || item.get<std::int64_t>() > std::numeric_limits<int>::max())
                return fail(key, dumpJson(value), "a token id or a list of them");
            target.push_back(static_cast<int>(item.get<std::int64_t>()));
        }
    }

    [[nodiscard]] Status status() const { return m_error ? Status(*m_error) : Status(); }

private:
    void fail(const char* key, const std::string& seen, const std::string& expected)
    {
        if (!m_error)
            m_error = badValue(key, seen, expected);
    }

    const Json& m_json;
    std::optional<Error> m_error;
};

/// Options that change the arithmetic and that no family here computes.
Status refuseUnsupported(const Json& json)
{
    const auto unsupported = [&](const std::string& key) {
        return Error(ErrorCode::unsupported,
            "config.json: \"" + key + "\" is " + dumpJson(json[key]) + ", which this program does not compute.",
            "Choose a model without that option.");
    };
    for (const char* key : {"attention_bias", "mlp_bias"}) {
        if (json.contains(key) && json[key] != Json(false) && !json[key].is_null())
            return unsupported(key);
    }
    if (json.contains("hidden_act") && json["hidden_act"] != Json("silu"))
        return unsupported("hidden_act");
    if (json.contains("rope_scaling") && json["rope_scaling"].is_object()) {
        const Json& scaling = json["rope_scaling"];
        if (scaling.value("rope_type", scaling.value("type", Json("default"))) != Json("default"))
            return unsupported("rope_scaling");
    }
    for (const char* key : {"partial_rotary_factor", "pretraining_tp"}) {
        if (json.contains(key) && json[key].is_number() && json[key].get<double>() != 1.0)
            return unsupported(key);
    }
    return {};
}

} // namespace

std::int64_t DecoderConfig::parameterCount() const
{
    const Architecture* known = findArchitecture(family);
    if (known == nullptr)
        return 0;
    std::int64_t total = 0;
    for (const DecoderWeight& weight : known->weights(*this)) {
        std::int64_t n = 1;
        for (const std::int64_t extent : weight.shape)
            n *= extent;
        total += n;
    }
    return total;
}

Json DecoderConfig::toJson() const
{
    Json json = {
        {"architectures", {family == "llama" ? "LlamaForCausalLM" : family}}, {"attention_bias", false}, {"attention_dropout", 0.0}};
    if (bosId >= 0)
        json["bos_token_id"] = bosId;
    if (eosIds.size() == 1)
        json["eos_token_id"] = eosIds.front();
    else if (!eosIds.empty())
        json["eos_token_id"] = eosIds;
    if (padId >= 0)
        json["pad_token_id"] = padId;
    json.update({{"head_dim", headDim}, {"hidden_act", "silu"}, {"hidden_size", hiddenSize}, {"initializer_range", initializerRange},
        {"intermediate_size", intermediateSize}, {"max_position_embeddings", contextLength}, {"mlp_bias", false}, {"model_type", family},
        {"num_attention_heads", heads}, {"num_hidden_layers", layers}, {"num_key_value_heads", kvHeads}, {"rms_norm_eps", rmsEps},
        {"rope_scaling", nullptr}, {"rope_theta", ropeTheta}, {"tie_word_embeddings", tieEmbeddings}, {"torch_dtype", dtype},
        {"use_cache", true}, {"vocab_size", vocabulary}});
    return json;
}

Status validate(const DecoderConfig& config)
{
    if (findArchitecture(config.family) == nullptr)
        return Error(ErrorCode::unsupported,
            "The architecture \"" + config.family + "\" is not known here; known: " + knownArchitectures() + ".",
            "Choose a model of a known architecture.");
    const auto range = [](const char* key, int value, int least, int most) -> Status {
        if (value < least || value > most)
            return badValue(key, std::to_string(value), std::to_string(least) + " to " + std::to_string(most));
        return {};
    };
    PRECEDENT_TRY(range("hidden_size", config.hiddenSize, 1, 1 << 17));
    PRECEDENT_TRY(range("num_hidden_layers", config.layers, 1, kMostLayers));
    PRECEDENT_TRY(range("num_attention_heads", config.heads, 1, 1 << 12));
    PRECEDENT_TRY(range("num_key_value_heads", config.kvHeads, 1, config.heads));
    PRECEDENT_TRY(range("head_dim", config.headDim, 2, 1 << 12));
    PRECEDENT_TRY(range("intermediate_size", config.intermediateSize, 1, 1 << 20));
    PRECEDENT_TRY(range("vocab_size", config.vocabulary, 1, 1 << 24));
    PRECEDENT_TRY(range("max_position_embeddings", config.contextLength, 1, 1 << 24));
    if (config.heads % config.kvHeads != 0)
        return badValue(
            "num_key_value_heads", std::to_string(config.kvHeads), "a divisor of num_attention_heads, " + std::to_string(config.heads));
    if (config.headDim % 2 != 0)
        return badValue("head_dim", std::to_string(config.headDim), "an even number, which rotary positions need");
    if (!(config.ropeTheta > 0) || !std::isfinite(config.ropeTheta))
        return badValue("rope_theta", std::to_string(config.ropeTheta), "a number above 0");
    if (!(config.rmsEps >= 0) || !std::isfinite(config.rmsEps))
        return badValue("rms_norm_eps", std::to_string(config.rmsEps), "a number from 0 up");
    return {};
}

Result<DecoderConfig> decoderConfigFromJson(const Json& json)
{
    if (!json.is_object())
        return Error(ErrorCode::corrupt, "config.json is not a JSON object.");
    DecoderConfig config;
    Reader reader(json);
    config.family.clear();
    reader.text("model_type", config.family);
    PRECEDENT_TRY(reader.status());
    if (config.family.empty())
        return badValue("model_type", "missing", "the name of an architecture (" + knownArchitectures() + ")");
    if (findArchitecture(config.family) == nullptr)
        return Error(ErrorCode::unsupported,
            "config.json: the architecture \"" + config.family + "\" is not known here; known: " + knownArchitectures() + ".",
            "Choose a model of a known architecture.");
    PRECEDENT_TRY(refuseUnsupported(json));
    reader.integer("hidden_size", config.hiddenSize, true);
    reader.integer("num_hidden_layers", config.layers, true);
    reader.integer("num_attention_heads", config.heads, true);
    reader.integer("intermediate_size", config.intermediateSize, true);
    reader.integer("vocab_size", config.vocabulary, true);
    config.contextLength = 2048; // Hugging Face's default for a Llama without the key
    reader.integer("max_position_embeddings", config.contextLength, false);
    config.kvHeads = config.heads;
    reader.integer("num_key_value_heads", config.kvHeads, false);
    config.headDim = config.heads > 0 ? config.hiddenSize / config.heads : 0;
    reader.integer("head_dim", config.headDim, false);
    reader.number("rope_theta", config.ropeTheta);
    if (!reader.has("rope_theta") && json.contains("rope_parameters") && json["rope_parameters"].is_object())
        Reader(json["rope_parameters"]).number("rope_theta", config.ropeTheta); // where newer files keep it
    reader.number("rms_norm_eps", config.rmsEps);
    reader.number("initializer_range", config.initializerRange);
    config.tieEmbeddings = false;
    reader.boolean("tie_word_embeddings", config.tieEmbeddings);
    std::vector<int> bos;
    reader.ids("bos_token_id", bos);
    config.bosId = bos.empty() ? -1 : bos.front();
    reader.ids("eos_token_id", config.eosIds);
    std::vector<int> pad;
    reader.ids("pad_token_id", pad);
    config.padId = pad.empty() ? -1 : pad.front();
    reader.text(reader.has("torch_dtype") ? "torch_dtype" : "dtype", config.dtype);
    PRECEDENT_TRY(reader.status());
    PRECEDENT_TRY(validate(config));
    return config;
}

Result<DecoderConfig> readDecoderConfig(const std::filesystem::path& folder)
{
    const std::filesystem::path path = folder / "config.json";
    auto text = readFile(path, kMostConfigBytes);
    if (!text.ok())
        return text.error();
    auto json = parseJson(*text, path.string());
    if (!json.ok())
        return json.error();
    auto config = decoderConfigFromJson(*json);
    if (!config.ok())
        return config.error().in(folder.string());
    return config;
}

} // namespace precedent::core
