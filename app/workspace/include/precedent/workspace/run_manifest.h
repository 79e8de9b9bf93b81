#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine_facts.h"
#include "precedent/core/run_inputs.h"

/// manifest.json of a run's folder: all that it would take to do the run again. A part of the record, read by people and by a
/// run that goes on; nothing in it decides what a step computes but the kernels' names.
namespace precedent::workspace {

/// What a run is computed with, this time.
struct RunMeans {
    core::EngineFacts engine;
    core::KernelNames kernels;
};

/// Writes the manifest of a run that begins at its first step, or adds to it that the run goes on from `fromStep`, when, and what is
/// not as it was (see differences()). Hashes the model's weights where their digest is not known. Fails as files and casebase do.
[[nodiscard]] Status beginManifest(const casebase::Casebase& casebase, const core::RunInputs& inputs, const RunMeans& means, int fromStep);

/// Adds when the run ended and how. Does nothing where there is no manifest.
[[nodiscard]] Status endManifest(const std::filesystem::path& folder, const std::string& state, int step);

/// Marks the run as not exact, for the reason that a sentence gives; one that is there is not added again. Does nothing where there is
/// no manifest.
[[nodiscard]] Status markNotExact(const std::filesystem::path& folder, const std::string& why);
/// Why the run's steps need not come out to the same bits, a sentence each; empty for an exact one.
[[nodiscard]] std::vector<std::string> whyNotExact(const Json& manifest);

/// Keeps the furthest step that the run has recorded, which it may now be taken back from. Does nothing where there is no manifest.
[[nodiscard]] Status noteReached(const std::filesystem::path& folder, int step);
[[nodiscard]] int reachedStep(const Json& manifest);

/// null where there is none. Fails with corrupt, or tooNew for a manifest of a newer program.
[[nodiscard]] Result<Json> readManifest(const std::filesystem::path& folder);

/// The digest of the weights that the run began from; empty where the manifest has none.
[[nodiscard]] std::string modelDigestOf(const Json& manifest);

/// The kernels that a manifest names where its processor is this one; else empty names.
[[nodiscard]] core::KernelNames kernelsToReuse(const Json& manifest, const std::string& processor);

/// What differs from the manifest that may change bits: "processor: A, was B". Empty: steps come out as they would have.
[[nodiscard]] std::vector<std::string> differences(const Json& manifest, const RunMeans& means);

} // namespace precedent::workspace
