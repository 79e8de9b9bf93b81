#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "precedent/casebase/casebase.h"
#include "precedent/workspace/model_choices.h"

namespace precedent::workspace {

/// What a run left behind at one step: an adapter for its base, or whole weights.
struct CheckpointCard {
    ModelChoice choice; ///< name, title, base, run and step
    std::filesystem::path folder;
    std::filesystem::path baseFolder; ///< empty where the base is no longer there
    std::string preset; ///< of the run's spec; empty where that cannot be read
    std::string loss; ///< loss_type of the run's spec: "dapo"
    std::uint64_t seed = 0;
    std::optional<double> reward; ///< mean of the step, where it was recorded
    std::int64_t bytes = 0; ///< of the folder on disk
    std::int64_t createdMs = 0;
    std::string sha256; ///< as it was recorded
    bool isAdapter = false;
    int loraRank = 0; ///< 0: adapter_config.json does not say
    double loraAlpha = 0;
    std::vector<std::string> loraTargets;
};

/// The checkpoints of the casebase's runs whose folders are there, newest run and step first. Needs no LibTorch. On the
/// casebase's thread: it reads each run's steps and each folder.
[[nodiscard]] std::vector<CheckpointCard> checkpointCards(const casebase::Casebase& casebase);

} // namespace precedent::workspace
