#pragma once

#include <optional>
#include <string>
#include <vector>

#include "precedent/architecture/decoder_config.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::core {

[[nodiscard]] Error badConfigValue(const std::string& key, const std::string& seen, const std::string& expected);

/// Reads keys of config.json and keeps the first failure. A key that is absent or null leaves its target alone.
class ConfigReader {
public:
    explicit ConfigReader(const Json& json)
        : m_json(json)
    {
    }

    [[nodiscard]] bool has(const char* key) const { return m_json.contains(key) && !m_json[key].is_null(); }
    [[nodiscard]] const Json& json() const { return m_json; }

    void integer(const char* key, int& target, bool required = false);
    void number(const char* key, double& target);
    void boolean(const char* key, bool& target);
    void text(const char* key, std::string& target);
    /// A token id or a list of them.
    void ids(const char* key, std::vector<int>& target);

    /// rope_theta, rope_scaling and rope_parameters, for models that turn all layers alike.
    void rope(RopeConfig& target, int contextLength);
    /// One object of rope_scaling or rope_parameters.
    void ropeObject(const Json& object, const char* key, RopeConfig& target, int contextLength);
    /// layer_types: sliding layers get `window`, the others none. Without the key: `slides(layer)` decides.
    void layerTypes(DecoderConfig& config, int window, bool (*slides)(int layer, int parameter), int parameter);

    /// Refuses an option that changes the arithmetic, unless it has the one value that is computed.
    void only(const char* key, const Json& value);
    void refuse(const char* key);
    void fail(const char* key, const std::string& seen, const std::string& expected);

    [[nodiscard]] Status status() const { return m_error ? Status(*m_error) : Status(); }

private:
    const Json& m_json;
    std::optional<Error> m_error;
};

} // namespace precedent::core
