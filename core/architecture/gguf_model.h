#pragma once

#include <string>
#include <vector>

#include "precedent/architecture/architecture.h"
#include "precedent/architecture/decoder_config.h"
#include "precedent/base/result.h"
#include "precedent/formats/gguf.h"

/// What a GGUF file says of a model, in Hugging Face's terms.
namespace precedent::core {

/// The family that general.architecture names. Fails with corrupt or unsupported, naming what is known.
[[nodiscard]] Result<const Architecture*> ggufFamily(const formats::GgufFile& file, const std::string& what);

/// The metadata as a DecoderConfig: translated to what Hugging Face's config.json would say and read like that. Fails with
/// unsupported for an option that is not computed (experts, unknown scalings of positions, a file in parts), corrupt for a
/// missing or impossible value; each names the key.
[[nodiscard]] Result<DecoderConfig> ggufConfig(const formats::GgufFile& file, const std::string& what);

/// rope_scaling as config.json would have it, from ARCH.rope.scaling.* and the tensor rope_freqs.weight; null for none.
[[nodiscard]] Json ggufRopeScaling(GgufMetadata& metadata, int headDim, double theta, int contextLength);

/// "Q4_K_M": general.file_type's name; where that is missing, the type of all tensors or "mixed".
[[nodiscard]] std::string ggufFileType(const formats::GgufFile& file);

/// The name in GGUF files of a weight that Hugging Face calls `name`; empty for one that they do not have.
[[nodiscard]] std::string ggufWeightName(const Architecture& family, const std::string& name);

/// How a weight's stored values become those of Hugging Face's file.
struct GgufTransform {
    int pairedHeads = 0; ///< so many heads' rows are kept so that neighbours turn together; 0: rows are in order
    float offset = 0; ///< to be subtracted
};
[[nodiscard]] GgufTransform ggufTransform(const Architecture& family, const DecoderConfig& config, const std::string& name);

/// ok if every tensor of the file is one of the config's weights (or known to need no reading): what is left over would
/// have changed the arithmetic. Else unsupported, naming it.
[[nodiscard]] Status checkNothingLeftOver(
    const formats::GgufFile& file, const Architecture& family, const DecoderConfig& config, const std::string& what);

} // namespace precedent::core
