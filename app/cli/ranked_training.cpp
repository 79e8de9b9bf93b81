#include "app/cli/ranked_training.h"

#include <csignal>
#include <cstdio>

#include "app/cli/loaded_model.h"

namespace precedent::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kInterrupted = 130;
/// Launchers pass an interrupt on that the terminal has sent to every process.
constexpr std::chrono::seconds kEcho(5);

/// What an error of a rank other than 0 comes to: rank 0 alone has stdout.
Outcome failedRank(int rank, const Error& error)
{
    std::fprintf(stderr, "precedent-cli: rank %d: %s\n", rank, error.message().c_str());
    if (!error.hint().empty())
        std::fprintf(stderr, "rank %d: %s\n", rank, error.hint().c_str());
    return Outcome{{}, {}, error.code() == ErrorCode::cancelled ? kInterrupted : kFailed, true};
}

Result<core::FollowedEnd> follow(Context& context, const core::RankPlace& place, InterruptWatcher& interrupt)
{
    const Result<core::Engine*> engine = openEngine(context);
    PRECEDENT_TRY(engine);
    const Result<std::shared_ptr<core::Ranks>> ranks = (*engine)->meet(place);
    PRECEDENT_TRY(ranks);
    return workspace::followRun(**engine, *ranks, interrupt.token(), [&] { interrupt.endAtOnce(false); });
}

Result<Outcome> leadThem(Context& context, const core::RankPlace& place, InterruptWatcher& interrupt,
    const std::function<Result<Outcome>(RankedTraining*)>& body)
{
    const Result<core::Engine*> engine = openEngine(context);
    PRECEDENT_TRY(engine);
    const Result<std::shared_ptr<core::Ranks>> ranks = (*engine)->meet(place);
    PRECEDENT_TRY(ranks);
    interrupt.endAtOnce(false);
    context.note(std::to_string(place.size) + " ranks train together, " + std::to_string(context.threads()) + " threads here.");
    workspace::RankLead lead(*ranks);
    RankedTraining ranked{interrupt, lead};
    Result<Outcome> outcome = body(&ranked);
    lead.giveUp(outcome.ok() ? Error(ErrorCode::cancelled, "The run was stopped before its training began.") : outcome.error());
    return outcome;
}

} // namespace

Result<Outcome> trainAmongRanks(
    Context& context, const Launch& launch, const Patience& patience, const std::function<Result<Outcome>(RankedTraining*)>& lead)
{
    std::signal(SIGPIPE, SIG_IGN); // Gloo writes to sockets as they are: a rank that is gone must be an error here, not the end
    InterruptWatcher interrupt(kEcho);
    interrupt.endAtOnce(true); // until the run begins
    context.setDefaultThreads(threadsPerRank(launch));
    context.setLocalRank(launch.localRank);
    core::RankPlace place = launch.place;
    place.meetTimeout = std::chrono::seconds(patience.meetSeconds);
    place.stepTimeout = std::chrono::seconds(patience.stepSeconds);
    if (place.rank == 0)
        return leadThem(context, place, interrupt, lead);
    const Result<core::FollowedEnd> end = follow(context, place, interrupt);
    if (!end.ok())
        return failedRank(place.rank, end.error());
    if (end->state == core::RunState::finished)
        return Outcome{{}, {}, 0, true};
    if (end->state == core::RunState::stopped)
        return Outcome{{}, {}, kInterrupted, true};
    return failedRank(place.rank, Error(ErrorCode::failedPrecondition, "The run failed: " + end->message));
}

} // namespace precedent::cli
