#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::workspace {

/// An answer that was made elsewhere.
struct MadeAnswer {
    std::string id; ///< of the prompt, as the file calls it; empty: none
    std::string request; ///< empty: none
    std::string completion;
};

/// See fileAnswerer(). Rows without a completion are passed over.
[[nodiscard]] Result<std::vector<MadeAnswer>> readMadeAnswers(const std::filesystem::path& file);

} // namespace precedent::workspace
