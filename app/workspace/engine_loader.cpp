#include "precedent/workspace/engine_loader.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <dlfcn.h>
#include <mutex>
#include <sched.h>
#include <string>
#include <vector>

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibraryName = "libprecedent_core.so";

int usableCores()
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(0, sizeof cores, &cores) != 0)
        return 1;
    return std::max(1, CPU_COUNT(&cores));
}

/// The folders that Debian calls multiarch ("lib/x86_64-linux-gnu"), and plain lib.
std::vector<fs::path> libraryFolders(const fs::path& prefix)
{
    std::vector<fs::path> folders;
    std::error_code ec;
    for (const fs::directory_entry& entry : fs::directory_iterator(prefix / "lib", ec)) {
        if (entry.path().filename().string().find("-linux-") != std::string::npos)
            folders.push_back(entry.path());
    }
    folders.push_back(prefix / "lib");
    return folders;
}

constexpr const char* kBlasVariable = "OPENBLAS_CORETYPE";

/// OpenBLAS's best kernel set that this processor can run; empty where OpenBLAS finds it by itself.
std::string bestBlasSet()
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "Haswell";
#endif
    return {};
}

/// OpenBLAS 0.3.21 takes a processor that is newer than itself for one without AVX, and multiplies four times slower
/// than it could. Names the best kernel set that this processor can run, unless the user did.
void nameProcessorForBlas()
{
    if (const std::string best = bestBlasSet(); !best.empty())
        ::setenv(kBlasVariable, best.c_str(), 0);
}

/// ATen asks its BLAS by soname, so the one that is already loaded under that soname is the one it gets.
void preloadBlas()
{
    std::error_code ec;
    for (const fs::path& folder : libraryFolders("/usr")) {
        const fs::path blas = folder / "openblas-openmp/libopenblas.so.0";
        if (!fs::exists(blas, ec))
            continue;
        ::dlopen(blas.c_str(), RTLD_NOW | RTLD_GLOBAL);
        return;
    }
}

Result<core::Engine*> openLibrary(const fs::path& library)
{
    // Read by libgomp as it loads: a spinning team stalls everything else on a small machine.
    ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    nameProcessorForBlas();
    preloadBlas();
    void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* reason = ::dlerror();
        return Error(ErrorCode::failedPrecondition,
            "The engine " + library.string() + " could not be opened: " + (reason != nullptr ? reason : "no reason given") + ".",
            "Install LibTorch (Debian: libtorch1.13) or build the program again with packaging/run.sh.");
    }
    const auto version = reinterpret_cast<int (*)()>(::dlsym(handle, "precedent_engine_version"));
    const auto entry = reinterpret_cast<core::Engine* (*)()>(::dlsym(handle, "precedent_engine"));
    if (version == nullptr || entry == nullptr)
        return Error(ErrorCode::unsupported, library.string() + " is no engine of this program: it offers no precedent_engine().",
            "Unset PRECEDENT_ENGINE, or point it at libprecedent_core.so.");
    if (version() != core::kEngineVersion)
        return Error(ErrorCode::unsupported,
            library.string() + " is an engine of version " + std::to_string(version()) + "; this program needs version " +
                std::to_string(core::kEngineVersion) + ".",
            "Build or install program and engine together.");
    core::Engine* engine = entry();
    if (engine == nullptr)
        return Error(ErrorCode::internal, library.string() + " did not start: precedent_engine() gave nothing.");
    return engine;
}

} // namespace

std::string slowBlasNote()
{
    const char* named = std::getenv(kBlasVariable);
    const std::string best = bestBlasSet();
    if (named == nullptr || best.empty())
        return {};
    std::string lower = named;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    // What else is named may be as good.
    std::vector<std::string> slow = {"generic", "prescott", "core2", "nehalem", "sandybridge"};
    if (best == "SkylakeX")
        slow.insert(slow.end(), {"haswell", "zen"});
    if (std::find(slow.begin(), slow.end(), lower) == slow.end())
        return {};
    return std::string(kBlasVariable) + " is " + named + " in the environment: training takes up to twice as long as with " + best +
        ", which this processor can do. Unset it to have the program choose.";
}

Result<fs::path> engineLibrary()
{
    std::error_code ec;
    if (const char* named = std::getenv("PRECEDENT_ENGINE"); named != nullptr && *named != '\0') {
        if (fs::is_regular_file(named, ec))
            return fs::path(named);
        return Error(ErrorCode::notFound, std::string("PRECEDENT_ENGINE names ") + named + ", which is no file.",
            "Unset it, or point it at libprecedent_core.so.");
    }
    const fs::path folder = fs::read_symlink("/proc/self/exe", ec).parent_path();
    std::vector<fs::path> candidates = {folder.parent_path() / "core" / kLibraryName, folder / "core" / kLibraryName,
        folder.parent_path().parent_path() / "core" / kLibraryName};
    for (const fs::path& libraries : libraryFolders(folder.parent_path()))
        candidates.push_back(libraries / "precedent" / kLibraryName);
    std::string looked;
    for (const fs::path& candidate : candidates) {
        if (fs::is_regular_file(candidate, ec))
            return candidate;
        looked += (looked.empty() ? "" : ", ") + candidate.string();
    }
    return Error(ErrorCode::notFound, "The engine library was not found. Looked for " + looked + ".",
        "Build it (ninja precedent_core), install the program again, or set PRECEDENT_ENGINE to the file.");
}

Result<core::Engine*> openEngine(const EngineOptions& options)
{
    static std::mutex mutex;
    static core::Engine* opened = nullptr;
    const std::scoped_lock lock(mutex);
    if (opened == nullptr) {
        Result<fs::path> library = engineLibrary();
        if (!library)
            return library.error();
        Result<core::Engine*> engine = openLibrary(*library);
        if (!engine)
            return engine;
        opened = *engine;
    }
    EngineOptions settings = options;
    settings.threads = options.threads > 0 ? options.threads : usableCores();
    PRECEDENT_TRY(opened->configure(settings));
    return opened;
}

} // namespace precedent::workspace
