#include "core/architecture/config_reader.h"

#include <limits>

namespace precedent::core {

Error badConfigValue(const std::string& key, const std::string& seen, const std::string& expected)
{
    return {ErrorCode::corrupt, "config.json: \"" + key + "\" is " + seen + "; expected " + expected + "."};
}

namespace {

bool isCount(const Json& value)
{
    return value.is_number_integer() && value.get<std::int64_t>() >= 0 && value.get<std::int64_t>() <= std::numeric_limits<int>::max();
}

} // namespace

void ConfigReader::integer(const char* key, int& target, bool required)
{
    if (!has(key)) {
        if (required)
            fail(key, "missing", "a whole number");
        return;
    }
    if (!isCount(m_json[key]))
        return fail(key, dumpJson(m_json[key]), "a whole number");
    target = static_cast<int>(m_json[key].get<std::int64_t>());
}

void ConfigReader::number(const char* key, double& target)
{
    if (!has(key))
        return;
    if (!m_json[key].is_number())
        return fail(key, dumpJson(m_json[key]), "a number");
    target = m_json[key].get<double>();
}

void ConfigReader::boolean(const char* key, bool& target)
{
    if (!has(key))
        return;
    if (!m_json[key].is_boolean())
        return fail(key, dumpJson(m_json[key]), "true or false");
    target = m_json[key].get<bool>();
}

void ConfigReader::text(const char* key, std::string& target)
{
    if (!has(key))
        return;
    if (!m_json[key].is_string())
        return fail(key, dumpJson(m_json[key]), "a string");
    target = m_json[key].get<std::string>();
}

void ConfigReader::ids(const char* key, std::vector<int>& target)
{
    if (!has(key))
        return;
    const Json& value = m_json[key];
    const Json list = value.is_array() ? value : Json::array({value});
    for (const Json& item : list) {
        if (!isCount(item))
            return fail(key, dumpJson(value), "a token id or a list of them");
        target.push_back(static_cast<int>(item.get<std::int64_t>()));
    }
}

void ConfigReader::ropeObject(const Json& object, const char* key, RopeConfig& target, int contextLength)
{
    if (!object.is_object())
        return fail(key, dumpJson(object), "an object");
    ConfigReader inner(object);
    std::string type = "default";
    inner.text(inner.has("rope_type") ? "rope_type" : "type", type); // the latter in older files
    inner.number("rope_theta", target.theta);
    using Scaling = RopeConfig::Scaling;
    if (type == "default")
        target.scaling = Scaling::none;
    else if (type == "linear")
        target.scaling = Scaling::linear;
    else if (type == "llama3")
        target.scaling = Scaling::llama3;
    else if (type == "yarn")
        target.scaling = Scaling::yarn;
    else
        return refuse(key);
    for (const char* option : {"mscale", "mscale_all_dim", "truncate"}) {
        if (inner.has(option))
            return refuse(key);
    }
    if (inner.has("partial_rotary_factor") && object["partial_rotary_factor"] != Json(1.0))
        return refuse(key);
    inner.number("factor", target.factor);
    inner.number("low_freq_factor", target.lowFrequencyFactor);
    inner.number("high_freq_factor", target.highFrequencyFactor);
    if (target.scaling == Scaling::llama3 || target.scaling == Scaling::yarn)
        target.originalContext = contextLength;
    inner.integer("original_max_position_embeddings", target.originalContext);
    inner.number("beta_fast", target.betaFast);
    inner.number("beta_slow", target.betaSlow);
    inner.number("attention_factor", target.attentionFactor);
    if (!inner.status().ok() && !m_error)
        m_error = inner.status().error();
}

void ConfigReader::rope(RopeConfig& target, int contextLength)
{
    number("rope_theta", target.theta);
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        if (has(key))
            ropeObject(m_json[key], key, target, contextLength);
    }
}

void ConfigReader::layerTypes(DecoderConfig& config, int window, bool (*slides)(int layer, int parameter), int parameter)
{
    config.layerConfigs.clear();
    if (config.layers < 1 || config.layers > 1024) // validate() names it
        return;
    const bool listed = has("layer_types");
    if (listed && (!m_json["layer_types"].is_array() || m_json["layer_types"].size() != static_cast<std::size_t>(config.layers)))
        return fail("layer_types", "not a list of one entry a layer", "\"full_attention\" or \"sliding_attention\" for each");
    for (int i = 0; i < config.layers; ++i) {
        bool sliding = slides(i, parameter);
        if (listed) {
            const Json& entry = m_json["layer_types"][static_cast<std::size_t>(i)];
            const std::string type = entry.is_string() ? entry.get<std::string>() : std::string();
            if (type != "full_attention" && type != "sliding_attention")
                return fail("layer_types", dumpJson(entry), "\"full_attention\" or \"sliding_attention\" for each layer");
            sliding = type == "sliding_attention";
        }
        if (sliding && window < 1)
            return fail("sliding_window", std::to_string(window), "1 or more, because layers use it");
        config.layerConfigs.push_back({sliding ? window : 0, LayerConfig::Rope::global});
    }
}

void ConfigReader::only(const char* key, const Json& value)
{
    if (has(key) && m_json[key] != value)
        refuse(key);
}

void ConfigReader::refuse(const char* key)
{
    if (!m_error)
        m_error = Error(ErrorCode::unsupported,
            std::string("config.json: \"") + key + "\" is " + dumpJson(m_json[key]) + ", which this program does not compute.",
            "Choose a model without that option.");
}

void ConfigReader::fail(const char* key, const std::string& seen, const std::string& expected)
{
    if (!m_error)
        m_error = badConfigValue(key, seen, expected);
}

} // namespace precedent::core
