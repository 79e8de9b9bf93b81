#include "core/run/rollouts_elsewhere.h"

#include <algorithm>
#include <system_error>

#include "core/model/cancelled.h"

namespace precedent::core {

namespace fs = std::filesystem;

RolloutsElsewhere::RolloutsElsewhere(std::shared_ptr<RolloutSource> source, const RunSpec& spec, fs::path outputFolder, int vocabulary)
    : m_source(std::move(source))
    , m_publishSteps(spec.rolloutPublishSteps)
    , m_maxStaleness(spec.rolloutMaxStaleness)
    , m_folder(fs::absolute(std::move(outputFolder)) / "served")
    , m_vocabulary(vocabulary)
{
}

Status RolloutsElsewhere::publish(int done, const Policy& policy)
{
    const bool due = m_versions.empty() || done - m_versions.rbegin()->first >= m_publishSteps;
    if (!due)
        return {};
    // An adapter that has learnt nothing changes nothing: the server's own model is version 0.
    if (done > 0) {
        const fs::path folder = m_folder / ("step-" + std::to_string(done));
        std::error_code ec;
        fs::remove_all(folder, ec);
        fs::create_directories(folder, ec);
        if (ec)
            return Error(ErrorCode::io,
                "The folder " + folder.string() + " for the server's adapter could not be made: " + ec.message() + ".",
                "Check the disk; the last checkpoint is whole.");
        PRECEDENT_TRY(policy.saveAdapter(folder));
        PRECEDENT_TRY(m_source->publish(done, folder.string()));
    }
    m_versions.insert_or_assign(done, policy.trainableWeights());
    return {};
}

void RolloutsElsewhere::forgetOld(int done)
{
    while (m_versions.size() > 1 && m_versions.begin()->first < done - m_maxStaleness) {
        const int old = m_versions.begin()->first;
        m_versions.erase(m_versions.begin());
        if (old == 0)
            continue;
        m_source->forget(old);
        std::error_code ec;
        fs::remove_all(m_folder / ("step-" + std::to_string(old)), ec);
    }
}

Status RolloutsElsewhere::check(const GenerationRequest& request, const DrawnElsewhere& drawn, int done) const
{
    if (done - drawn.version > m_maxStaleness)
        return Error(ErrorCode::failedPrecondition,
            "The server drew with the weights behind step " + std::to_string(drawn.version) + ", which are " +
                std::to_string(done - drawn.version) + " steps old; rollout_max_staleness allows " + std::to_string(m_maxStaleness) + ".",
            "See that the server takes the adapters that it is handed, or raise rollout_max_staleness in a new run.");
    if (!m_versions.contains(drawn.version))
        return Error(ErrorCode::failedPrecondition,
            "The server drew with a version of the weights (" + std::to_string(drawn.version) + ") that this run did not hand to it.",
            "See that no other run uses the server under the same names.");
    const auto corrupt = [](const std::string& what) {
        return Error(ErrorCode::corrupt, "What the server drew cannot be used: " + what + ".",
            "Check that the server has the run's own model and returns token ids.");
    };
    std::vector<std::vector<bool>> seen;
    for (const GenerationPrompt& prompt : request.prompts)
        seen.emplace_back(static_cast<std::size_t>(prompt.n));
    for (const Completion& c : drawn.result.completions) {
        const std::string which = "completion " + std::to_string(c.index) + " of prompt " + std::to_string(c.prompt);
        if (c.prompt < 0 || c.prompt >= static_cast<int>(seen.size()) || c.index < 0 ||
            c.index >= static_cast<int>(seen[static_cast<std::size_t>(c.prompt)].size()))
            return corrupt("nobody asked for " + which);
        seen[static_cast<std::size_t>(c.prompt)][static_cast<std::size_t>(c.index)] = true;
        if (c.ids.empty() || static_cast<int>(c.ids.size()) > request.sampling.maxTokens)
            return corrupt(which + " has " + std::to_string(c.ids.size()) + " tokens; 1 to " + std::to_string(request.sampling.maxTokens) +
                " were expected");
        if (std::any_of(c.ids.begin(), c.ids.end(), [this](int id) { return id < 0 || id >= m_vocabulary; }))
            return corrupt(which + " has a token id outside the vocabulary of " + std::to_string(m_vocabulary));
        const auto stops = [&](int id) { return std::find(request.stopIds.begin(), request.stopIds.end(), id) != request.stopIds.end(); };
        if (std::any_of(c.ids.begin(), c.ids.end() - 1, stops))
            return corrupt(which + " goes on behind its end");
        if ((c.stopReason == StopReason::stopId) != stops(c.ids.back()))
            return corrupt(which + " is said to end otherwise than its last token does");
    }
    for (std::size_t p = 0; p < seen.size(); ++p) {
        if (std::find(seen[p].begin(), seen[p].end(), false) != seen[p].end())
            return corrupt("completions of prompt " + std::to_string(p) + " are missing");
    }
    return {};
}

Result<GenerationResult> RolloutsElsewhere::draw(const GenerationRequest& request, int done, Policy& policy, const std::stop_token& stop)
{
    PRECEDENT_TRY(publish(done, policy));
    forgetOld(done);
    Result<DrawnElsewhere> drawn = m_source->draw(request, stop);
    if (!drawn.ok() && drawn.error().code() == ErrorCode::cancelled)
        throw Cancelled();
    PRECEDENT_TRY(drawn);
    PRECEDENT_TRY(check(request, *drawn, done));
    m_version = drawn->version;
    std::vector<Completion>& completions = drawn->result.completions;
    std::sort(completions.begin(), completions.end(),
        [](const Completion& a, const Completion& b) { return std::pair(a.prompt, a.index) < std::pair(b.prompt, b.index); });
    const NamedTensors asTheyStand;
    const NamedTensors& weights = drawn->version == done ? asTheyStand : m_versions.at(drawn->version);
    for (auto first = completions.begin(); first != completions.end();) {
        const auto last = std::find_if(first, completions.end(), [&](const Completion& c) { return c.prompt != first->prompt; });
        UpdateGroup group{request.prompts[static_cast<std::size_t>(first->prompt)].ids, {}, {}};
        for (auto c = first; c != last; ++c)
            group.completions.push_back(c->ids);
        std::vector<std::vector<float>> logProbs = policy.drawnLogProbs(group, weights);
        for (auto c = first; c != last; ++c)
            c->logprobs = std::move(logProbs[static_cast<std::size_t>(c - first)]);
        first = last;
    }
    return std::move(drawn->result);
}

} // namespace precedent::core
