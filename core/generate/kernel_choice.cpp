#include "core/generate/kernel_choice.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string_view>

#include <unistd.h>

#include "core/generate/kernel_timing.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/base/log.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 1; // of the stored choice: raised when kernels change enough to be measured anew
constexpr std::size_t kMostBytes = 1U << 16;
constexpr ProductShape kPrefillShape = {128, 1024, 768};
constexpr ProductShape kDecodeShape = {8, 1024, 2048};
constexpr int kRounds = 6;
constexpr double kWorthRounding = 1.1; // how much faster kernels must be that round their input to bfloat16

std::string wantedName()
{
    const char* name = std::getenv("PRECEDENT_KERNELS");
    return name != nullptr ? name : "";
}

const Kernels& floatsFor(const std::string& name)
{
    const std::vector<const Kernels*> all = availableKernels();
    const std::string wanted = name.starts_with("avx512") ? "avx512" : name == "avx2" ? "avx2" : "baseline";
    const auto found = std::find_if(all.begin(), all.end(), [&](const Kernels* kernels) { return kernels->name == wanted; });
    return found == all.end() ? bestKernels() : **found;
}

/// The processor and all that can run on it: the same text means the same choice of kernels.
std::string keyOfProcessor()
{
    std::string key = processorName();
    for (const RowKernels* kernels : availableRowKernels())
        key += std::string(", ") + kernels->name;
    return key;
}

fs::path choiceFile(const fs::path& folder, const std::string& processor)
{
    std::string name = "kernels-";
    for (const char c : processor.substr(0, processor.find(", plain")))
        name += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '-';
    return folder / (name + ".json");
}

/// False if there is no file, or it is another version's or another processor's.
bool readChoice(const fs::path& file, const std::string& processor, KernelChoice& choice)
{
    const Result<std::string> text = readFile(file, kMostBytes);
    if (!text.ok())
        return false;
    const Result<Json> json = parseJson(*text, file.string());
    if (!json.ok() || !json->is_object())
        return false;
    const auto textOf = [&](const char* key) {
        const auto found = json->find(key);
        return found != json->end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto version = json->find("version");
    if (version == json->end() || *version != kVersion || textOf("processor") != processor)
        return false;
    choice.prefill = findRowKernels(textOf("prefill").c_str());
    choice.decode = findRowKernels(textOf("decode").c_str());
    return choice.prefill != nullptr && choice.decode != nullptr;
}

/// The fastest of the kernels for a shape; their speeds go to `speeds`.
const RowKernels* fastest(const std::vector<const RowKernels*>& candidates, const ProductShape& shape, Json& speeds)
{
    std::vector<double> best(candidates.size(), 0);
    for (int round = 0; round < kRounds; ++round) { // in turns, so that other work on the machine weighs on all alike
        for (std::size_t i = 0; i < candidates.size(); ++i)
            best[i] = std::max(best[i], rowGigaflops(*candidates[i], shape, 2));
    }
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        speeds[candidates[i]->name] = best[i];
        const bool roundsMore = candidates[i]->roundsInput && !candidates[chosen]->roundsInput;
        if (best[i] > best[chosen] * (roundsMore ? kWorthRounding : 1.0))
            chosen = i;
    }
    return candidates[chosen];
}

/// Puts a whole file in place unless there is one already: of two processes that measured, both take the first's.
bool writeIfFirst(const fs::path& file, const std::string& text)
{
    std::error_code ec;
    fs::create_directories(file.parent_path(), ec);
    const fs::path fresh = file.string() + "." + std::to_string(::getpid());
    if (!writeFileAtomically(fresh, text).ok())
        return false;
    fs::create_hard_link(fresh, file, ec);
    const bool there = !ec || fs::exists(file, ec);
    fs::remove(fresh, ec);
    return there;
}

} // namespace

std::string processorName()
{
    std::map<std::string, std::string> facts;
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line) && !line.empty();) {
        const std::size_t colon = line.find(':');
        if (colon != std::string::npos && colon + 2 <= line.size())
            facts.emplace(line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1), line.substr(colon + 2));
    }
    return facts["model name"] + ", family " + facts["cpu family"] + ", model " + facts["model"];
}

KernelChoice storedKernels(const fs::path& folder)
{
    std::vector<const RowKernels*> candidates(availableRowKernels().begin() + 1, availableRowKernels().end());
    if (candidates.empty())
        candidates = availableRowKernels();
    const std::string processor = keyOfProcessor();
    const fs::path file = choiceFile(folder, processor);
    KernelChoice choice = {&bestKernels(), candidates.back(), candidates.back()};
    if (candidates.size() == 1 || readChoice(file, processor, choice))
        return choice;
    std::error_code ec;
    fs::remove(file, ec); // another version's
    Json speeds = {{"prefill", Json::object()}, {"decode", Json::object()}};
    const RowKernels* prefill = fastest(candidates, kPrefillShape, speeds["prefill"]);
    const RowKernels* decode = fastest(candidates, kDecodeShape, speeds["decode"]);
    const Json json = {
        {"version", kVersion}, {"processor", processor}, {"prefill", prefill->name}, {"decode", decode->name}, {"gigaflops", speeds}};
    if (writeIfFirst(file, dumpJson(json, 2) + "\n") && readChoice(file, processor, choice))
        return choice;
    logWarning("What kernels are fastest here could not be stored in " + folder.string() + "; the widest ones are used.");
    return {&bestKernels(), candidates.back(), candidates.back()};
}

KernelChoice kernelsNamed(const std::string& name, const fs::path& folder)
{
    if (const RowKernels* kernels = findRowKernels(name.c_str()))
        return {&floatsFor(name), kernels, kernels};
    if (!name.empty() && name != "auto")
        logWarning("PRECEDENT_KERNELS is \"" + name + "\", which this processor does not run; the kernels are chosen as usual.");
    return storedKernels(folder);
}

const KernelChoice& chosenKernels()
{
    static const KernelChoice choice = kernelsNamed(wantedName(), userDataFolder());
    return choice;
}

KernelChoice kernelsAsBefore(const KernelNames& names)
{
    const std::string wanted = wantedName();
    if (!wanted.empty() && wanted != "auto")
        return chosenKernels();
    const std::vector<const Kernels*> floats = availableKernels();
    const auto found = std::find_if(floats.begin(), floats.end(), [&](const Kernels* kernels) { return kernels->name == names.floats; });
    const RowKernels *prefill = findRowKernels(names.prefill.c_str()), *decode = findRowKernels(names.decode.c_str());
    if (found == floats.end() || prefill == nullptr || decode == nullptr)
        return chosenKernels();
    return {*found, prefill, decode};
}

KernelNames namesOf(const KernelChoice& choice) { return {std::string(choice.floats->name), choice.prefill->name, choice.decode->name}; }

KernelChoice chosenFloatKernels()
{
    const std::string name = wantedName();
    const RowKernels* rows = availableRowKernels().front();
    return {findRowKernels(name.c_str()) != nullptr ? &floatsFor(name) : &bestKernels(), rows, rows};
}

} // namespace precedent::core
