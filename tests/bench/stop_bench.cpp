// How long a run takes from stop() to its end, the last checkpoint included, asked at twenty moments of a step.
// Usage: stop_bench CASEBASE MODEL

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/casebase.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/run_service.h"

using namespace precedent;
namespace fs = std::filesystem;

namespace {

constexpr int kStops = 20;

class NoRecorder final : public core::RunRecorder {
public:
    Status step(const core::StepRecord&, const std::vector<core::RolloutRecord>&) override { return {}; }
    Status checkpoint(const core::CheckpointRecord&) override { return {}; }
    Status state(core::RunState, const std::string&) override { return {}; }
};

/// Milliseconds from stop() to the end, or an error.
Result<double> stopAfter(core::Engine& engine, const core::RunInputs& inputs, std::chrono::milliseconds wait)
{
    auto run = engine.start(inputs, std::make_shared<NoRecorder>());
    if (!run)
        return run.error();
    for (bool stepped = false; !stepped;) {
        for (const core::RunEvent& event : (*run)->events().waitDrain(std::chrono::milliseconds(20)))
            stepped = stepped || std::holds_alternative<core::StepEvent>(event) || std::holds_alternative<core::StateEvent>(event);
    }
    std::this_thread::sleep_for(wait);
    const auto began = std::chrono::steady_clock::now();
    (*run)->stop();
    if (!(*run)->wait(std::chrono::minutes(2)))
        return Error(ErrorCode::internal, "The run did not end within two minutes.");
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

Status measure(const fs::path& file, const std::string& model)
{
    auto casebase = casebase::Casebase::open(file, casebase::OpenMode::readOnly);
    if (!casebase)
        return casebase.error();
    auto spec = align::preset("quickstart");
    if (!spec)
        return spec.error();
    spec->model = model;
    auto prepared = workspace::prepareRun(**casebase, *spec, false);
    if (!prepared)
        return prepared.error();
    const auto engine = workspace::openEngine();
    if (!engine)
        return engine.error();
    const fs::path folder = fs::temp_directory_path() / "precedent-stop-bench";
    std::vector<double> times;
    for (int i = 0; i < kStops; ++i) {
        fs::remove_all(folder);
        fs::create_directories(folder);
        prepared->inputs.runId = "bench";
        prepared->inputs.outputFolder = folder.string();
        const auto time = stopAfter(**engine, prepared->inputs, std::chrono::milliseconds(137 * i));
        fs::remove_all(folder);
        if (!time)
            return time.error();
        times.push_back(*time);
    }
    std::sort(times.begin(), times.end());
    std::printf(
        "stop() to the end, checkpoint included, %d stops: median %.0f ms, most %.0f ms\n", kStops, times[kStops / 2], times.back());
    return {};
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: stop_bench CASEBASE MODEL\n");
        return 2;
    }
    const Status done = measure(argv[1], argv[2]);
    if (!done)
        std::fprintf(stderr, "%s\n", done.error().message().c_str());
    return done.ok() ? 0 : 1;
}
