#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::starter {

/// Byte-pair encoding learnt from ASCII texts (Sennrich et al., arXiv 1508.07909): a tokenizer.json of byte-level BPE
/// with digits split, the starter's special tokens first. Ties go to the pair that sorts first, so that the result is
/// the same everywhere. `vocabulary` counts special tokens and the 256 bytes; fewer are made if the texts run out.
[[nodiscard]] std::string trainTokenizer(const std::vector<std::string>& texts, int vocabulary);

/// The same from the first documents of the starter's corpus. Fails as CorpusStream::open does, or with
/// invalidArgument for a vocabulary under 300.
[[nodiscard]] Result<std::string> trainStarterTokenizer(const std::filesystem::path& grammarFolder, int vocabulary);

/// The starter's special tokens, ids 0, 1, ...
[[nodiscard]] const std::vector<std::string>& starterSpecialTokens();

} // namespace precedent::starter
