#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/text/pattern.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::text {

/// The `decoder` of a tokenizer.json, taken apart into what each token gives by itself and what happens to the joined
/// text, so that decoding in one go and token by token are the same work.
class TokenDecoder {
public:
    TokenDecoder() = default;
    /// Fails with unsupported, naming the step. `json` may be null: tokens joined by spaces.
    [[nodiscard]] static Result<TokenDecoder> fromJson(const nlohmann::json& json);

    /// The bytes of a token; `first` says that it is the text's first one.
    [[nodiscard]] std::string bytesOf(const std::string& token, bool first) const;

    /// `text` is dropped at the joined text's start and end, at most so many times.
    struct Strip {
        std::string text;
        std::size_t start = 0;
        std::size_t stop = 0;
    };
    [[nodiscard]] const std::optional<Strip>& strip() const { return m_strip; }

private:
    enum class StepKind { replace, byteFallback, byteLevel, stripToken, metaspace, wordPiece };
    struct Step {
        StepKind kind;
        std::optional<Pattern> pattern;
        std::string content;
        std::size_t start = 0;
        std::size_t stop = 0;
        bool dropPrefix = false;
        bool cleanUp = false; ///< wordPiece: no space before a full stop and the like
    };
    [[nodiscard]] Status add(const std::string& type, const nlohmann::json& json);
    [[nodiscard]] Status addStrip(const nlohmann::json& json);
    [[nodiscard]] Status addReplace(const nlohmann::json& json);
    [[nodiscard]] static std::string replaced(const Step& step, std::string text, std::size_t limit);
    [[nodiscard]] static std::string applyWordPiece(const Step& step, const std::string& text, bool first);
    [[nodiscard]] static std::string applyMetaspace(const Step& step, const std::string& text, bool first);

    std::vector<Step> m_steps;
    bool m_fused = false;
    bool m_joinBySpace = false;
    std::optional<Strip> m_strip;
};

} // namespace precedent::text
