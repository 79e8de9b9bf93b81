#pragma once

#include <filesystem>

#include "precedent/base/result.h"
#include "precedent/core/run_inputs.h"

namespace precedent::align {

/// Reads a template folder: codes_header.txt, code_line.txt, cases_header.txt, case_block.txt, instruction.txt and
/// templates.json (chain_open, chain_close, open_in_prompt). Texts are used byte for byte.
/// Fails with notFound for a missing file, and with invalidArgument for a placeholder that is not known, naming it.
[[nodiscard]] Result<core::ContextTemplates> loadTemplates(const std::filesystem::path& folder);

/// The folder of resources/templates that fits a model: "starter" for a folder whose tokenizer_config.json names the
/// starter's chat template, "default" for any other.
[[nodiscard]] Result<std::filesystem::path> templateFolderFor(const std::filesystem::path& modelFolder);

} // namespace precedent::align
