// How far the engine's numbers are from what transformers computed, for every architecture and form of its file.
//   build/release/tests/bench/parity_table

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "core/generate/generator.h"
#include "core/model/loader.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

void row(const fs::path& folder, const fs::path& model, const char* form, WeightDtype dtype)
{
    const Json expected = *parseJson(*readFile(folder / "expected.json"), "expected.json");
    auto loaded = loadModel(model, /*requireTokenizer=*/false, {dtype});
    if (!loaded.ok()) {
        std::printf("%-20s %-12s %-9s %s\n", folder.filename().c_str(), form, "", loaded.error().message().c_str());
        return;
    }
    loaded->decoder->setTrainable(false);
    Generator generator(loaded->decoder);
    double worst = 0;
    for (std::size_t i = 0; i < expected["ids"].size(); ++i) {
        const auto result = generator.logits(expected["ids"][i].get<std::vector<int>>(), 48);
        for (std::size_t t = 0; t < result->logprobs.size(); ++t)
            worst = std::max(worst, std::abs(result->logprobs[t] - expected["logprobs"][i][t].get<double>()));
        if (i != expected["logits"]["row"].get<std::size_t>())
            continue;
        for (const auto& candidate : result->top) // the position of the recorded logits is the last
            worst = std::max(
                worst, std::abs(candidate.logit - expected["logits"]["values"][static_cast<std::size_t>(candidate.id)].get<double>()));
    }
    GenerationRequest request;
    request.prompts = {{expected["greedy"]["prompt"].get<std::vector<int>>(), 1, 0}};
    request.sampling.temperature = 0;
    request.sampling.maxTokens = 64;
    const auto generated = generator.generate(request);
    const auto wanted = expected["greedy"]["ids"].get<std::vector<int>>();
    const auto& ids = generated->completions.front().ids;
    const auto same = std::mismatch(ids.begin(), ids.end(), wanted.begin(), wanted.end()).first - ids.begin();
    std::printf("%-20s %-12s %-9s %-7s %9.2e  %2td of %zu\n", folder.filename().c_str(), form,
        dtype == WeightDtype::bfloat16 ? "bfloat16" : "float32", loaded->dtype.c_str(), worst, same, wanted.size());
}

} // namespace

int main()
{
    std::printf(
        "%-20s %-12s %-9s %-7s %9s  %s\n", "architecture", "form", "held as", "stored", "largest", "greedy tokens that are the same");
    for (const char* folder : {"parity/architectures", "gguf/models"}) {
        std::vector<fs::path> all;
        for (const auto& entry : fs::directory_iterator(fs::path(PRECEDENT_TEST_FIXTURES) / folder))
            all.push_back(entry.path());
        std::sort(all.begin(), all.end());
        for (const fs::path& one : all) {
            for (const WeightDtype dtype : {WeightDtype::float32, WeightDtype::bfloat16}) {
                row(one, one, "safetensors", dtype);
                if (fs::exists(one / "model.gguf"))
                    row(one, one / "model.gguf", "GGUF", dtype);
            }
        }
    }
    return 0;
}
