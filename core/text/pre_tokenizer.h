#pragma once

#include <functional>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::text {

/// A text cut into pieces: byte ranges [from, to) of one buffer, in order. Merging happens within a piece only.
struct Pieces {
    struct Range {
        std::size_t from;
        std::size_t to;
    };
    std::string text;
    std::vector<Range> ranges;
    std::size_t limit = 0; ///< no step may make the text longer: one that would leaves it as it is
    bool atStart = true; ///< the text stands at the very beginning of what is encoded
};

/// The `pre_tokenizer` of a tokenizer.json.
class PreTokenizer {
public:
    PreTokenizer() = default;
    /// Fails with unsupported, naming the step. `json` may be null: the text stays one piece.
    [[nodiscard]] static Result<PreTokenizer> fromJson(const nlohmann::json& json);

    [[nodiscard]] Pieces apply(std::string text, bool atStart) const;
    /// Whether pieces come out in GPT-2's byte alphabet.
    [[nodiscard]] bool isByteLevel() const { return m_byteLevel; }

private:
    using Step = std::function<void(Pieces&)>;
    [[nodiscard]] Status add(const std::string& type, const nlohmann::json& json, const std::string& where);
    [[nodiscard]] Status addSplit(const nlohmann::json& json, const std::string& where);
    [[nodiscard]] Status addMetaspace(const nlohmann::json& json, const std::string& where);
    [[nodiscard]] Status addByteLevel(const nlohmann::json& json);
    [[nodiscard]] Status addSimple(const std::string& type, const nlohmann::json& json, const std::string& where);
    std::vector<Step> m_steps;
    bool m_byteLevel = false;
};

} // namespace precedent::text
