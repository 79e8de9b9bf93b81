#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/casebase/importer.h"

namespace precedent::casebase {

/// Upstream sets that need more than a mapping of columns.
enum class ProfileKind { own, ownExport, star1, xstest, advBench, harmBench, jailbreakBench, simpleSafetyTests, gsm8k, mmlu };

/// What a file was taken for.
struct Profile {
    ProfileKind kind = ProfileKind::own;
    std::string name = "own columns";
    std::string source; ///< value of `source` for rows that bring none: the set's or the file's name
    ImportTarget target = ImportTarget::prompts;
    std::map<std::string, std::string> fields; ///< field -> column
    std::optional<PromptLabel> label; ///< every row's, by the set's definition
    std::vector<std::string> headerless; ///< columns of a file without a header line
};

/// Looks at the columns (and the first row, where columns do not tell) of a file.
[[nodiscard]] Profile recognise(
    const std::vector<std::string>& columns, const std::vector<std::string>& firstRow, const std::string& fileName);

/// Field names that rows of a target may have.
[[nodiscard]] const std::vector<std::string_view>& fieldsOf(ImportTarget target);

} // namespace precedent::casebase
