#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "precedent/align/reward_head.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::workspace {

/// A head as its folder holds it.
struct StoredHead {
    align::RewardHead head;
    std::string model; ///< as it was named
    std::string modelDigest;
    std::set<std::string> learnt; ///< digests of the requests whose answers it learnt from, as requestDigest() gives them
    std::string hash; ///< over features, model, verdicts and weights
};

/// What a head's folder knows a request by.
[[nodiscard]] std::string requestDigest(const std::string& request);

/// Fails with notFound, corrupt (naming what is wrong) or unsupported (features that this program does not make).
[[nodiscard]] Result<StoredHead> readHead(const std::filesystem::path& folder);

/// Writes head.safetensors and then head.json, `facts` in it, and returns the hash. Fails as files do.
[[nodiscard]] Result<std::string> writeHead(const std::filesystem::path& folder, const align::RewardHead& head, const std::string& model,
    const std::string& modelDigest, const Json& facts);

} // namespace precedent::workspace
