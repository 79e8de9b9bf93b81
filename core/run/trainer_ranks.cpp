// What a Trainer does otherwise where several processes train together.

#include "core/run/agreement.h"
#include "core/run/drawn_elsewhere.h"
#include "core/run/judging.h"
#include "core/run/trainer.h"

#include "core/model/cancelled.h"

namespace precedent::core {

void Trainer::setRanks(std::shared_ptr<Ranks> ranks)
{
    m_ranks = std::move(ranks);
    m_policy->setRanks(m_ranks.get());
}

GroupShare Trainer::share() const { return m_ranks ? GroupShare{m_ranks->rank(), m_ranks->size()} : GroupShare{}; }

std::map<std::string, std::string> Trainer::identity() const
{
    return {{"engine", std::to_string(kEngineVersion)}, {"last checkpoint", m_saved < 0 ? "none" : m_lastCheckpoint.sha256},
        {"model's weights", m_model.sha256}, {"run's settings and frozen inputs", m_stateHash}, {"steps done", std::to_string(m_done)}};
}

Result<std::vector<Sampled>> Trainer::draw(const StepPlan& plan, int step, const std::stop_token& stop,
    const std::function<void(const TokenEvent&)>& onToken, double& decodeSeconds)
{
    const auto own = [&]() -> Result<GenerationResult> {
        const bool elsewhere = m_inputs.completions != nullptr && stageOf(step) == Stage::selfGeneration;
        Result<GenerationResult> generated = elsewhere ? drawElsewhere(m_inputs, plan, m_encoder, stop) : sample(plan, step, stop, onToken);
        if (stop.stop_requested())
            throw Cancelled();
        if (generated.ok())
            decodeSeconds = generated->decodeSeconds;
        return generated;
    };
    if (!m_ranks) {
        const Result<GenerationResult> generated = own();
        if (!generated.ok())
            return generated.error();
        const auto judgements = judgeCompletions(m_inputs, plan, generated->completions, m_encoder, stop);
        if (!judgements.ok())
            return judgements.error();
        return score(plan, *generated, judgements.value(), step);
    }
    Result<GenerationResult> generated = GenerationResult();
    if (const Status done = attempt([&] { generated = own(); }); !done.ok())
        generated = done.error();
    const auto judgements = judgeCompletionsAmong(*m_ranks, m_inputs, plan, generated, m_encoder, stop);
    if (!judgements.ok() && judgements.error().code() == ErrorCode::cancelled)
        throw Cancelled();
    if (!judgements.ok()) // on every rank alike
        return judgements.error();
    Result<std::vector<Sampled>> sampled = std::vector<Sampled>();
    if (!generated.ok())
        sampled = generated.error();
    else if (const Status done = attempt([&] { sampled = score(plan, *generated, judgements.value(), step); }); !done.ok())
        sampled = done.error();
    sampled = shareSampled(*m_ranks, std::move(sampled));
    if (!sampled.ok() && sampled.error().code() == ErrorCode::cancelled)
        throw Cancelled();
    return sampled;
}

Result<double> Trainer::work(
    StepOutcome& outcome, Stage stage, const std::stop_token& stop, const std::function<void(const TokenEvent&)>& onToken)
{
    try {
        if (stage == Stage::selfGeneration)
            return selfGenerate(outcome, stop, onToken);
        return stage == Stage::policyGradient ? improve(outcome, stop, onToken) : learnFromExamples(outcome, stage);
    } catch (const RankFailure& e) {
        return e.error();
    }
}

} // namespace precedent::core
