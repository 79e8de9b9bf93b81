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

    /// A step that would make the text more than sixteen times as long leaves it as it is.
    [[nodiscard]] std::string apply(std::string text) const;
    /// A text's rewriting; one that grows longer than `limit` may stop there.
    using Step = std::function<std::string(const std::string& text, std::size_t limit)>;
    void addStep(Step step) { m_steps.push_back(std::move(step)); }
    [[nodiscard]] bool empty() const { return m_steps.empty(); }

private:
    [[nodiscard]] Status add(const std::string& type, const nlohmann::json& json, const std::string& where);
    [[nodiscard]] Status addReplace(const nlohmann::json& json, const std::string& where);
    [[nodiscard]] Status addPrecompiled(const nlohmann::json& json, const std::string& where);
    void addBert(const nlohmann::json& json);
    [[nodiscard]] Status addSimple(const std::string& type, const nlohmann::json& json, const std::string& where);
    std::vector<Step> m_steps;
};

} // namespace precedent::text
