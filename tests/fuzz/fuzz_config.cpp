// Any config.json is read or refused; what is read is safe to build a model from and means the same written again.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "precedent/architecture/architecture.h"
#include "precedent/architecture/decoder_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace precedent;
    using namespace precedent::core;
    const auto json = parseJson({reinterpret_cast<const char*>(data), size}, "config.json");
    if (!json.ok())
        return 0;
    const auto config = decoderConfigFromJson(*json);
    if (!config.ok())
        return 0;
    if (!validate(*config).ok() || config->parameterCount() <= 0 || !std::isfinite(config->scoreScale()))
        std::abort();
    for (const DecoderWeight& weight : decoderWeights(*config)) {
        for (const std::int64_t extent : weight.shape) {
            if (extent < 1)
                std::abort();
        }
    }
    if (config->rope.frequencies(config->headDim).size() != static_cast<std::size_t>(config->headDim / 2))
        std::abort();
    const auto again = decoderConfigFromJson(config->toJson());
    if (!again.ok() || again->layers != config->layers || again->headDim != config->headDim || again->eosIds != config->eosIds)
        std::abort();
    return 0;
}
