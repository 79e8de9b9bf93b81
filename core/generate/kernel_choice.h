#pragma once

#include <filesystem>
#include <string>

#include "core/generate/kernels.h"
#include "core/generate/row_kernels.h"
#include "precedent/core/engine_facts.h"

namespace precedent::core {

/// What a pass is for. Prompts are many rows, a decoding step is few; each may have kernels of its own, so that a row's
/// result depends on its phase but never on the number of rows.
enum class Phase { prefill, decode };

/// The kernels that generation computes with.
struct KernelChoice {
    const Kernels* floats = nullptr; ///< attention, norms, activations, and products with float32 panels
    const RowKernels* prefill = nullptr; ///< products with bfloat16 rows
    const RowKernels* decode = nullptr;

    [[nodiscard]] const RowKernels& rows(Phase phase) const { return phase == Phase::prefill ? *prefill : *decode; }
};

/// What this process computes with: what $PRECEDENT_KERNELS names (plain, sse4, avx2, avx512, avx512bf16), or, where that
/// is empty, "auto" or nothing that this processor runs, what was measured fastest on it. Decided at the first call.
[[nodiscard]] const KernelChoice& chosenKernels();

/// The same for models without bfloat16 rows: nothing is measured.
[[nodiscard]] KernelChoice chosenFloatKernels();

/// The kernels of these names, as a run began with them; what this processor does not run, and all where $PRECEDENT_KERNELS
/// names others, is chosen as ever.
[[nodiscard]] KernelChoice kernelsAsBefore(const KernelNames& names);
[[nodiscard]] KernelNames namesOf(const KernelChoice& choice);

/// What the processor calls itself, with its family and model.
[[nodiscard]] std::string processorName();

/// All by one name; "auto" and names that this processor does not run give storedKernels().
[[nodiscard]] KernelChoice kernelsNamed(const std::string& name, const std::filesystem::path& folder);

/// What `folder` holds for this processor. The first time, the kernels are measured (a tenth of a second) and what was
/// fastest for each phase is stored: from then on results are the same in every run. Where nothing can be stored, the
/// widest instruction set, unmeasured, for the same reason.
[[nodiscard]] KernelChoice storedKernels(const std::filesystem::path& folder);

} // namespace precedent::core
