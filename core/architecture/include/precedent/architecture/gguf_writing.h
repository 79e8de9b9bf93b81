#pragma once

#include <string>
#include <vector>

#include "precedent/architecture/decoder_config.h"
#include "precedent/base/result.h"
#include "precedent/formats/gguf.h"

/// The other way of openStoredModel() for GGUF files: what other programs read of a model that this one holds.
namespace precedent::core {

/// A tensor of a GGUF file, and where its values come from.
struct GgufTensorPlan {
    std::string name; ///< as GGUF files have it ("blk.0.attn_q.weight")
    std::string weight; ///< as decoderWeights() has it; empty for rope_freqs.weight, whose values are here
    std::vector<std::int64_t> shape; ///< row-major
    std::vector<float> values; ///< of a tensor that is no weight
    int pairedHeads = 0; ///< rows are to be put so that neighbours turn together
    float offset = 0; ///< to be added to every value
};

struct GgufPlan {
    std::vector<formats::GgufEntry> metadata; ///< general.* and ARCH.*; without the tokenizer
    std::vector<GgufTensorPlan> tensors;
    std::string note; ///< what the format cannot say and what was written instead; empty for nothing
};

/// Fails with unsupported for a config that no GGUF file can say (naming why). `fileType` is general.file_type's number.
[[nodiscard]] Result<GgufPlan> planGguf(const DecoderConfig& config, const std::string& name, std::uint32_t fileType);

/// Rows [rows, width] as read of a Hugging Face file into the order of the plan's `pairedHeads`, in place.
void pairRows(std::vector<float>& rows, std::int64_t width, int heads);

/// "blk.0.attn_q" of "model.layers.0.self_attn.q_proj" in that family; empty for what GGUF files do not have.
[[nodiscard]] std::string ggufModuleName(const DecoderConfig& config, const std::string& module);
/// So many heads' rows of that module's weight are paired in GGUF files; 0: none.
[[nodiscard]] int ggufPairedHeads(const DecoderConfig& config, const std::string& module);
/// general.architecture for the config's family; empty if GGUF has none.
[[nodiscard]] std::string ggufArchitectureName(const DecoderConfig& config);

} // namespace precedent::core
