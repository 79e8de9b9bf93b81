#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::starter {

/// The truth about the starter's answers, read off the grammar that they are written in: a second method beside the
/// refusal analysis that pays rewards, and one that shares no code and no word list with it.
///
/// An answer is split into sentences and each is matched whole against the grammar's answer productions. A compliance
/// counts only if it is about an act and a thing that the request names. Immutable; any thread.
class GrammarJudge {
public:
    [[nodiscard]] static Result<GrammarJudge> load(const std::filesystem::path& grammarFolder);

    [[nodiscard]] Verdict judge(std::string_view request, std::string_view answer) const;

    /// True if the answer holds the expected one as a whole word or sentence (sums and facts).
    [[nodiscard]] static bool holds(std::string_view answer, std::string_view expected);

    /// SHA-256 over the grammar and the judge's version.
    [[nodiscard]] std::string hash() const;

private:
    struct State;
    explicit GrammarJudge(std::shared_ptr<const State> state)
        : m_state(std::move(state))
    {
    }
    std::shared_ptr<const State> m_state;
};

} // namespace precedent::starter
