#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::starter {

struct SampleCode {
    std::string id, parent, title, simple, detailed;
};

struct SampleCase {
    std::string id; ///< "S1-001"
    std::string request;
    std::vector<std::string> codes;
    Disposition disposition = Disposition::unknown;
    std::string chain;
    std::string answer;
    std::string twinId; ///< empty without a twin
    std::string differs; ///< what sets it apart from its twin
};

struct SamplePrompt {
    std::string id;
    std::string text;
    PromptLabel label = PromptLabel::benign;
    Disposition expected = Disposition::unknown;
    std::vector<std::string> codes;
    std::string goalId; ///< of an attack, and of a benign request in a wrapper: the prompt that it wraps
    std::string wrapperFamily; ///< empty without wrapper
    std::string utilityAnswer;
    std::string twinId;
};

struct SampleSuite {
    std::string name;
    std::string description;
    std::string role; ///< "sealed" or "working"
    std::vector<std::string> promptIds;
};

/// What the sample casebase holds: the codes, at least 120 cases with contrast pairs, training prompts, and the sealed
/// suites drawn from the held-out part of the grammar.
struct SampleContent {
    std::vector<SampleCode> codes;
    std::vector<SampleCase> cases;
    std::vector<SamplePrompt> prompts; ///< of training and of the suites
    std::vector<SampleSuite> suites;
};

inline constexpr const char* kSuiteHarmful = "held-out harmful";
inline constexpr const char* kSuiteAttacked = "held-out attacked";
inline constexpr const char* kSuiteLookAlikes = "held-out look-alikes";
inline constexpr const char* kSuiteWrapped = "held-out wrapped look-alikes";
inline constexpr const char* kSuiteSums = "held-out sums";

/// Deterministic in (grammar, seed). Fails as Grammar::load does.
[[nodiscard]] Result<SampleContent> makeSample(const std::filesystem::path& grammarFolder, std::uint64_t seed);

} // namespace precedent::starter
