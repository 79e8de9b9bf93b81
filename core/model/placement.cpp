#include "core/model/placement.h"

#include <algorithm>
#include <mutex>

#include <ATen/Context.h>
#include <dlfcn.h>

namespace precedent::core {
namespace {

constexpr std::int64_t kLeastForBf16 = 32'000'000; // parameters: 128 MB in float32, more than caches hold

std::mutex placementMutex;
Placement placement;

/// Whether this LibTorch has CUDA at all: newer ones answer hasCUDA() with no where there is just no GPU.
bool builtWithCuda()
{
    void* library = ::dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD);
    if (library != nullptr)
        ::dlclose(library);
    return library != nullptr;
}

} // namespace

Result<at::Device> deviceNamed(const std::string& name, int localRank)
{
    if (name == "cpu")
        return at::Device(at::kCPU);
    if (name != "cuda")
        return Error(ErrorCode::invalidArgument, "There is no device \"" + name + "\".", "Use cpu or cuda.");
    if (!at::hasCUDA() && !builtWithCuda())
        return Error(ErrorCode::unsupported, "This program's LibTorch computes on the CPU only, so there is no device cuda.",
            "Use --device cpu, or build with -DPRECEDENT_TORCH_DIR=FOLDER of a LibTorch with CUDA (packaging/build-wheel.sh).");
    if (!at::hasCUDA() || at::getNumGPUs() < 1)
        return Error(ErrorCode::failedPrecondition, "LibTorch found no GPU that it can use.",
            "Check that nvidia-smi lists one and that its driver is new enough, or use --device cpu.");
    return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(std::max(localRank, 0) % static_cast<int>(at::getNumGPUs())));
}

void setDefaultPlacement(const Placement& wanted)
{
    const std::scoped_lock lock(placementMutex);
    placement = wanted;
}

Placement defaultPlacement()
{
    const std::scoped_lock lock(placementMutex);
    return placement;
}

bool holdsBf16(WeightDtype dtype, bool storedAsFloat32, std::int64_t parameters)
{
    if (dtype == WeightDtype::automatic)
        return !storedAsFloat32 && parameters >= kLeastForBf16;
    return dtype == WeightDtype::bfloat16;
}

} // namespace precedent::core
