#include "core/run/sampled.h"

#include <algorithm>
#include <utility>

#include "core/run/agreement.h"
#include "precedent/base/json.h"

namespace precedent::core {
namespace {

Json toJson(const Sampled& sampled)
{
    const RolloutRecord& r = sampled.record;
    Json citations = Json::array();
    for (const CitationRecord& c : r.citations)
        citations.push_back({c.id, c.inContext, c.exists, c.governs});
    return {{"step", r.step}, {"group", r.group}, {"index", r.index}, {"prompt_id", r.promptId}, {"mode", static_cast<int>(r.mode)},
        {"prompt", r.prompt}, {"completion", r.completion}, {"chain", r.chain}, {"answer", r.answer}, {"parse_problem", r.parseProblem},
        {"verdict", static_cast<int>(r.verdict)}, {"reward", r.reward}, {"rewards", r.rewards}, {"tokens", r.tokens},
        {"logprob", r.logprob}, {"citations", citations}, {"spread", sampled.spread}, {"ids", sampled.ids}, {"whole", sampled.whole}};
}

/// at() and get() throw on anything unexpected; shareSampled() translates.
Sampled sampledFrom(const Json& json)
{
    Sampled sampled;
    RolloutRecord& r = sampled.record;
    r.step = json.at("step").get<int>();
    r.group = json.at("group").get<int>();
    r.index = json.at("index").get<int>();
    r.promptId = json.at("prompt_id").get<std::string>();
    r.mode = static_cast<Mode>(json.at("mode").get<int>());
    r.prompt = json.at("prompt").get<std::string>();
    r.completion = json.at("completion").get<std::string>();
    r.chain = json.at("chain").get<std::string>();
    r.answer = json.at("answer").get<std::string>();
    r.parseProblem = json.at("parse_problem").get<std::string>();
    r.verdict = static_cast<Verdict>(json.at("verdict").get<int>());
    r.reward = json.at("reward").get<double>();
    r.rewards = json.at("rewards").get<std::map<std::string, double>>();
    r.tokens = json.at("tokens").get<int>();
    r.logprob = json.at("logprob").get<double>();
    for (const Json& c : json.at("citations"))
        r.citations.push_back({c.at(0).get<std::string>(), c.at(1).get<bool>(), c.at(2).get<bool>(), c.at(3).get<bool>()});
    sampled.spread = json.at("spread").get<double>();
    sampled.ids = json.at("ids").get<std::vector<int>>();
    sampled.whole = json.at("whole").get<bool>();
    return sampled;
}

} // namespace

Result<std::vector<Sampled>> shareSampled(Ranks& ranks, Result<std::vector<Sampled>> mine)
{
    std::string bytes;
    if (mine.ok()) {
        Json list = Json::array();
        for (const Sampled& sampled : *mine)
            list.push_back(toJson(sampled));
        const std::vector<std::uint8_t> cbor = Json::to_cbor(list); // CBOR keeps numbers and bytes as they are
        bytes.assign(cbor.begin(), cbor.end());
    }
    const Result<std::vector<std::string>> said = agree(ranks, mine.ok() ? Status() : Status(mine.error()), bytes);
    if (!said.ok())
        return said.error();
    std::vector<Sampled> all;
    try {
        for (const std::string& text : *said) {
            for (const Json& json : Json::from_cbor(text))
                all.push_back(sampledFrom(json));
        }
    } catch (const Json::exception& e) {
        return Error(ErrorCode::internal, std::string("A rank's completions cannot be read: ") + e.what() + ".",
            "Start the same version of the program on every rank.");
    }
    std::sort(all.begin(), all.end(), [](const Sampled& a, const Sampled& b) {
        return std::pair(a.record.group, a.record.index) < std::pair(b.record.group, b.record.index);
    });
    return all;
}

} // namespace precedent::core
