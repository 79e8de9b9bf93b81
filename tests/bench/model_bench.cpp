// Prompt and decoding speed of a model folder, one prompt and its completions together.
// Usage: model_bench FOLDER [PROMPT] [TOKENS] [BATCHES] [THREADS] [RANK]     PRECEDENT_KERNELS names the instruction set
// RANK: with an adapter of that rank on every projection.
// Prints the best of some goes: the machine is shared.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "core/generate/generator.h"
#include "core/generate/kernel_choice.h"
#include "core/model/loader.h"
#include "core/model/lora.h"
#include "core/model/threads.h"
#include "precedent/base/random.h"

using namespace precedent;
using namespace precedent::core;

int main(int argc, char** argv)
{
    if (argc < 2)
        return 2;
    const auto number = [&](int index, int otherwise) { return argc > index ? std::atoi(argv[index]) : otherwise; };
    const int promptLength = number(2, 800), tokens = number(3, 64);
    std::vector<int> batches;
    std::istringstream list(argc > 4 ? argv[4] : "1,8,16");
    for (std::string one; std::getline(list, one, ',');)
        batches.push_back(std::atoi(one.c_str()));
    setThreadCount(number(5, 0));

    const auto loaded = loadModel(argv[1], false);
    if (!loaded.ok()) {
        std::fprintf(stderr, "%s\n", loaded.error().message().c_str());
        return 1;
    }
    loaded->decoder->setTrainable(false);
    if (const int rank = number(6, 0); rank > 0) {
        LoraConfig lora;
        lora.rank = rank;
        const auto adapter = LoraSet::create(*loaded->decoder, lora, 1);
        if (!adapter.ok())
            return 1;
        loaded->decoder->setAdapter(*adapter);
    }
    Generator generator(loaded->decoder);
    const KernelChoice& kernels = chosenKernels();
    std::printf("%s: %d threads; prompts by %s, decoding by %s, the rest by %s\n", argv[1], threadCount(), kernels.prefill->name,
        kernels.decode->name, kernels.floats->name);
    Random random(1);
    std::vector<int> ids;
    for (int i = 0; i < promptLength; ++i)
        ids.push_back(static_cast<int>(random.below(static_cast<std::size_t>(loaded->config.vocabulary))));
    for (const int batch : batches) {
        GenerationRequest request;
        request.prompts = {{ids, batch, 1}};
        request.sampling.maxTokens = tokens;
        double prefill = 0, decode = 0;
        for (int go = 0; go < 4; ++go) {
            const auto result = generator.generate(request);
            if (!result.ok())
                return 1;
            prefill = std::max(prefill, promptLength / result->prefillSeconds);
            decode = std::max(decode, static_cast<double>(result->completionTokens - batch) / result->decodeSeconds);
        }
        std::printf("batch %2d  prompt %d: prefill %6.0f tokens/s, decode %6.1f tokens/s (%.2f ms a step)\n", batch, promptLength, prefill,
            decode, 1000.0 * batch / decode);
        std::fflush(stdout);
    }
    return 0;
}
