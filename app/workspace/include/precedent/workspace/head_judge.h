#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/align/reward_head.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/workspace/judge_agreement.h"
#include "precedent/workspace/model_judge.h"

/// A judge that is trained here: a frozen model reads request and answer, and a head over the mean of its states gives the
/// verdict. Its folder holds head.json (model, digests, settings, agreement) and head.safetensors (the head's weights).
namespace precedent::workspace {

/// Where the answers that a head learns from come from, and what it reads them with.
struct HeadOrder {
    std::string model; ///< as resolveModel() takes it
    std::vector<LabelledAnswer> answers;
    std::filesystem::path out; ///< a folder that is not there yet, or is empty
    double heldOut = 0.25; ///< share of the groups that the head does not learn from, to measure it on
    std::uint64_t seed = 1;
};

struct HeadReport {
    Agreement heldOut; ///< on answers to requests that it did not learn from
    Agreement trained; ///< on those that it did
    std::size_t groups = 0;
    double l2 = 0;
    std::string hash; ///< as the judge's
};

/// `done` of `total` answers are read.
using HeadObserver = std::function<void(std::size_t done, std::size_t total)>;

/// Reads the answers with the model, trains the head on a part of the groups, measures it on the rest, and writes the head
/// (of the first part) to the folder. Deterministic. Blocks. Fails with alreadyExists for a folder with files in it, as align::trainHead(),
/// as the model and as files do, and with cancelled; then nothing is written.
[[nodiscard]] Result<HeadReport> trainHeadJudge(const HeadOrder& order, const EngineOpener& engine, const casebase::Casebase* casebase,
    const HeadObserver& observer, const std::stop_token& stop);

/// The judge in a folder. Its model is loaded with the first question, and must be the one, by its weights' digest, that the head was
/// trained over. Fails with notFound, corrupt (what a file lacks), failedPrecondition (another model), or as resolveModel().
[[nodiscard]] Result<std::unique_ptr<core::Judge>> headJudge(
    const std::filesystem::path& folder, EngineOpener engine, const casebase::Casebase* casebase);

} // namespace precedent::workspace
