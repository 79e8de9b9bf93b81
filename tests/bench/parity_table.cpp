// How far the engine's numbers are from what transformers computed, for every architecture and form of its file; and for
// models that are not in the repository, each with what tests/bench/peers/record_transformers.py recorded of it.
//   build/release/tests/bench/parity_table [MODEL EXPECTED.json]...

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/generate/generator.h"
#include "core/model/loader.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

/// exp of the mean negative log-probability.
double perplexity(const std::vector<double>& logProbs)
{
    double sum = 0;
    for (const double value : logProbs)
        sum += value;
    return std::exp(-sum / static_cast<double>(logProbs.size()));
}

constexpr int kTopPositions = 32; // at which the likeliest token is compared

/// After how many of kTopPositions beginnings of the text the likeliest token is that of the plain path in float32, which
/// the other columns compare with transformers.
int sameTop(Generator& generator, const fs::path& model, const std::vector<int>& ids)
{
    const c10::InferenceMode guard;
    const auto reference = loadModel(model, /*requireTokenizer=*/false, {WeightDtype::float32});
    const at::Tensor tokens = at::tensor(std::vector<std::int64_t>(ids.begin(), ids.end()), at::kLong).unsqueeze(0);
    const at::Tensor hidden = reference->decoder->hidden(tokens)[0], head = reference->decoder->headWeight();
    int same = 0;
    for (int i = 1; i <= kTopPositions; ++i) {
        const std::size_t length = ids.size() * static_cast<std::size_t>(i) / kTopPositions;
        const auto top = generator.logits({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(length)}, 1)->top.front().id;
        same += at::mv(head, hidden[static_cast<std::int64_t>(length) - 1]).argmax().item<std::int64_t>() == top ? 1 : 0;
    }
    return same;
}

void row(const std::string& name, const Json& expected, const fs::path& model, const char* form, WeightDtype dtype)
{
    auto loaded = loadModel(model, /*requireTokenizer=*/false, {dtype});
    if (!loaded.ok()) {
        std::printf("%-20s %-12s %-9s %s\n", name.c_str(), form, "", loaded.error().message().c_str());
        return;
    }
    loaded->decoder->setTrainable(false);
    Generator generator(loaded->decoder);
    double worst = 0;
    std::vector<double> ours, theirs;
    for (std::size_t i = 0; i < expected["ids"].size(); ++i) {
        const auto result = generator.logits(expected["ids"][i].get<std::vector<int>>(), 48);
        for (std::size_t t = 0; t < result->logprobs.size(); ++t) {
            ours.push_back(result->logprobs[t]);
            theirs.push_back(expected["logprobs"][i][t].get<double>());
            worst = std::max(worst, std::abs(ours.back() - theirs.back()));
        }
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
    std::printf("%-20s %-12s %-9s %-7s %9.2e  %+8.4f %%  %2d of %d  %2td of %zu\n", name.c_str(), form,
        dtype == WeightDtype::bfloat16 ? "bfloat16" : "float32", loaded->dtype.c_str(), worst,
        100 * (perplexity(ours) / perplexity(theirs) - 1), sameTop(generator, model, expected["ids"][0].get<std::vector<int>>()),
        kTopPositions, same, wanted.size());
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv)
{
    std::printf("%-20s %-12s %-9s %-7s %9s  %10s  %-8s  %s\n", "architecture", "form", "held as", "stored", "largest", "perplexity",
        "same top", "greedy tokens that are the same");
    for (const char* folder : {"parity/architectures", "gguf/models"}) {
        std::vector<fs::path> all;
        for (const auto& entry : fs::directory_iterator(fs::path(PRECEDENT_TEST_FIXTURES) / folder))
            all.push_back(entry.path());
        std::sort(all.begin(), all.end());
        for (const fs::path& one : all) {
            const Json expected = *parseJson(*readFile(one / "expected.json"), "expected.json");
            for (const WeightDtype dtype : {WeightDtype::float32, WeightDtype::bfloat16}) {
                row(one.filename(), expected, one, "safetensors", dtype);
                if (fs::exists(one / "model.gguf"))
                    row(one.filename(), expected, one / "model.gguf", "GGUF", dtype);
            }
        }
    }
    for (int i = 1; i + 1 < argc; i += 2) {
        const fs::path model = argv[i];
        const auto text = readFile(argv[i + 1]);
        if (!text.ok()) {
            std::fprintf(stderr, "%s\n", text.error().message().c_str());
            return 1;
        }
        const Json expected = *parseJson(*text, argv[i + 1]);
        for (const WeightDtype dtype : {WeightDtype::float32, WeightDtype::bfloat16})
            row(model.filename(), expected, model, model.extension() == ".gguf" ? "GGUF" : "safetensors", dtype);
    }
    return 0;
}
