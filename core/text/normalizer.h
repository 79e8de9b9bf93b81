#pragma once

#include <functional>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::text {

/// The `normalizer` of a tokenizer.json: steps that rewrite the text before it is split.
class Normalizer {
public:
    Normalizer() = default;
    /// Fails with unsupported, naming the step. `json` may be null: no steps.
    [[nodiscard]] static Result<Normalizer> fromJson(const nlohmann::json& json);

    [[nodiscard]] std::string apply(std::string text) const;
    [[nodiscard]] bool empty() const { return m_steps.empty(); }

private:
    using Step = std::function<std::string(std::string)>;
    [[nodiscard]] Status add(const std::string& type, const nlohmann::json& json, const std::string& where);
    [[nodiscard]] Status addSimple(const std::string& type, const nlohmann::json& json, const std::string& where);
    std::vector<Step> m_steps;
};

} // namespace precedent::text
