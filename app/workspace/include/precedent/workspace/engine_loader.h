#pragma once

#include <filesystem>

#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::workspace {

/// threads 0: the cores that this process may run on.
using EngineOptions = core::EngineSettings;

/// The file that openEngine() would open: $PRECEDENT_ENGINE, the build tree's core/ folder or the installed library
/// folder beside the program, in that order. Fails with notFound, listing what was looked for.
[[nodiscard]] Result<std::filesystem::path> engineLibrary();

/// Opens the engine library (LibTorch with it: 0.8 s and 165 MB) the first time and gives the same engine after.
///
/// Before that it sets OMP_WAIT_POLICY=PASSIVE where the environment says nothing, and loads openblas-openmp where it is
/// installed: the default BLAS ignores the thread setting and fights OpenMP's team. The options are set on every call.
/// Fails with notFound, unsupported (another facade version), failedPrecondition (the loader's own message), or as Engine::configure().
/// Thread: any; calls are serialised. The library is never unloaded.
[[nodiscard]] Result<core::Engine*> openEngine(const EngineOptions& options = {});

/// Whether OPENBLAS_CORETYPE in the environment holds this processor's products back, in a sentence to show; empty where it does not.
[[nodiscard]] std::string slowBlasNote();

} // namespace precedent::workspace
