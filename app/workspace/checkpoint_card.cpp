#include "precedent/workspace/checkpoint_card.h"

#include <map>

#include "app/workspace/found_checkpoints.h"
#include "precedent/align/run_spec_json.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/workspace/model_source.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostConfigBytes = 1U << 20;

std::int64_t bytesIn(const fs::path& folder)
{
    std::int64_t total = 0;
    std::error_code ec;
    for (fs::directory_iterator entry(folder, ec), end; !ec && entry != end; entry.increment(ec)) {
        std::error_code ignored;
        if (entry->is_regular_file(ignored) && !ignored) {
            const auto bytes = entry->file_size(ignored);
            total += ignored ? 0 : static_cast<std::int64_t>(bytes);
        }
    }
    return total;
}

void readSpec(CheckpointCard& card, const std::string& specJson)
{
    const Result<Json> json = parseJson(specJson, "the run's spec");
    if (!json)
        return;
    const Json& spec = json.value();
    if (!align::runSpecFromJson(spec)) // one that a program with other keys wrote
        return;
    card.preset = spec.value("preset", std::string());
    if (spec.value("method", std::string("grpo")) == std::string("grpo"))
        card.loss = spec.value("loss_type", std::string());
    card.seed = spec.value("seed", std::uint64_t{0});
}

void readAdapter(CheckpointCard& card)
{
    const Result<std::string> text = readFile(card.folder / "adapter_config.json", kMostConfigBytes);
    if (!text)
        return;
    card.isAdapter = true;
    const Result<Json> json = parseJson(text.value(), "adapter_config.json");
    if (!json || !json.value().is_object())
        return;
    const auto has = [&](const char* key, bool (Json::*kind)() const noexcept) {
        const auto found = json.value().find(key);
        return found != json.value().end() && ((*found).*kind)();
    };
    if (has("r", &Json::is_number_integer))
        card.loraRank = json.value()["r"].get<int>();
    if (has("lora_alpha", &Json::is_number))
        card.loraAlpha = json.value()["lora_alpha"].get<double>();
    if (!has("target_modules", &Json::is_array))
        return;
    for (const Json& target : json.value()["target_modules"]) {
        if (target.is_string())
            card.loraTargets.push_back(target.get<std::string>());
    }
}

/// Rewards by step of one run, read once for all of its checkpoints.
std::map<int, double> rewardsOf(const casebase::Casebase& casebase, const std::string& run)
{
    std::map<int, double> rewards;
    const Result<std::vector<casebase::RunStep>> steps = casebase.runs().steps(run);
    if (!steps)
        return rewards;
    for (const casebase::RunStep& step : steps.value()) {
        if (const auto reward = step.metrics.find("reward"); reward != step.metrics.end())
            rewards[step.step] = reward->second;
    }
    return rewards;
}

} // namespace

std::vector<CheckpointCard> checkpointCards(const casebase::Casebase& casebase)
{
    std::vector<CheckpointCard> cards;
    std::map<std::string, std::map<int, double>> rewards;
    for (const FoundCheckpoint& found : foundCheckpoints(casebase)) {
        CheckpointCard card;
        card.choice = found.choice;
        card.folder = found.folder;
        if (const Result<ModelSource> base = resolveModel(found.run.model, &casebase); base.ok())
            card.baseFolder = fs::absolute(base.value().folder).lexically_normal();
        readSpec(card, found.run.specJson);
        if (!rewards.contains(found.run.id))
            rewards[found.run.id] = rewardsOf(casebase, found.run.id);
        if (const auto& own = rewards[found.run.id]; own.contains(card.choice.step))
            card.reward = own.at(card.choice.step);
        card.bytes = bytesIn(found.folder);
        card.createdMs = found.checkpoint.createdMs;
        card.sha256 = found.checkpoint.sha256;
        readAdapter(card);
        cards.push_back(std::move(card));
    }
    return cards;
}

} // namespace precedent::workspace
