#include "precedent/workspace/ranked_run.h"

#include <filesystem>

#include "precedent/workspace/run_inputs_json.h"

namespace precedent::workspace {
namespace {

/// Far less than any patience of the others.
constexpr std::chrono::seconds kTellEvery(5);

} // namespace

RankLead::RankLead(std::shared_ptr<core::Ranks> ranks)
    : m_ranks(std::move(ranks))
{
}

Status RankLead::tell(const Json& what)
{
    m_lastTold = std::chrono::steady_clock::now();
    const Result<std::vector<std::string>> told = m_ranks->exchange(dumpJson(what));
    if (told.ok())
        return {};
    m_over = true;
    return told.error();
}

Status RankLead::keepWaiting()
{
    if (m_over || std::chrono::steady_clock::now() - m_lastTold < kTellEvery)
        return {};
    return tell({{"wait", true}});
}

Status RankLead::begin(const core::RunInputs& inputs, bool resumes)
{
    core::RunInputs sent = inputs; // the others may have been started in another folder
    sent.modelFolder = std::filesystem::absolute(inputs.modelFolder).string();
    sent.outputFolder = std::filesystem::absolute(inputs.outputFolder).string();
    PRECEDENT_TRY(tell({{"inputs", toJson(sent)}, {"resumes", resumes}}));
    m_over = true;
    return {};
}

void RankLead::giveUp(const Error& why)
{
    if (m_over)
        return;
    m_over = true;
    (void)tell({{"message", why.message()}, {"hint", why.hint()}, {"stopped", why.code() == ErrorCode::cancelled}});
}

Result<core::FollowedEnd> followRun(
    core::Engine& engine, const std::shared_ptr<core::Ranks>& ranks, const std::stop_token& stop, const std::function<void()>& onBegin)
{
    while (true) {
        const Result<std::vector<std::string>> met = ranks->exchange({});
        if (!met.ok())
            return met.error();
        const Result<Json> said = parseJson(met->front(), "what rank 0 said");
        if (!said.ok())
            return said.error();
        if (!said->is_object())
            return Error(ErrorCode::internal, "Rank 0 said what no rank 0 says.", "Start the same version of the program on every rank.");
        if (said->contains("wait"))
            continue;
        if (said->value("stopped", false))
            return core::FollowedEnd{core::RunState::stopped, said->value("message", "")};
        if (!said->contains("inputs"))
            return Error(
                ErrorCode::failedPrecondition, "Rank 0 could not begin the run: " + said->value("message", ""), said->value("hint", ""));
        Result<core::RunInputs> inputs = runInputsFromJson(said->at("inputs"));
        if (!inputs.ok())
            return inputs.error();
        onBegin();
        return engine.follow(*inputs, said->value("resumes", false), ranks, stop);
    }
}

} // namespace precedent::workspace
