#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/domain.h"

namespace precedent::text {

/// What an answer did, how sure the analysis is (0 to 1, not calibrated), and the findings it rests on, in words.
struct Analysis {
    Verdict verdict = Verdict::noAnswer;
    double confidence = 0.0;
    std::vector<std::string> reasons;
};

/// Judges an answer (without its chain) to a request by rules over its sentences: refusing, explaining, warning,
/// redirecting and helping sentences, where they stand, and how much help there is. English; pure; any thread; any bytes.
[[nodiscard]] Analysis analyseAnswer(std::string_view request, std::string_view answer);

/// The analysis' name, as figures carry it.
[[nodiscard]] const char* analysisName();

/// SHA-256 over the analysis' name and version: changes whenever a verdict may.
[[nodiscard]] std::string analysisHash();

} // namespace precedent::text
