#include "core/run/orders.h"

#include "core/model/cancelled.h"
#include "core/run/agreement.h"
#include "precedent/base/json.h"

namespace precedent::core {
namespace {

Result<Order> hearOrder(Ranks& ranks)
{
    const Result<std::vector<std::string>> met = ranks.exchange({});
    if (!met.ok())
        return met.error();
    const Result<Json> json = parseJson(met->front(), "what rank 0 said");
    if (!json.ok())
        return json.error();
    try {
        Order order;
        order.what = static_cast<Order::What>(json->at("what").get<int>());
        order.step = json->at("step").get<int>();
        order.state = static_cast<RunState>(json->at("state").get<int>());
        order.message = json->at("message").get<std::string>();
        return order;
    } catch (const Json::exception& e) {
        return Error(ErrorCode::internal, std::string("What rank 0 said cannot be read: ") + e.what() + ".");
    }
}

/// Nothing, or what keeps this rank from going on. What all ranks failed at alike is for rank 0 to decide upon.
Status oneStep(Trainer& trainer, int step, const std::stop_token& stop)
{
    if (step != trainer.done() + 1)
        return Error(ErrorCode::internal,
            "Rank 0 is at step " + std::to_string(step) + ", this rank at step " + std::to_string(trainer.done() + 1) + ".");
    try {
        (void)trainer.step(stop, {}); // rank 0 has the same error, if it is one, and says so
    } catch (const Cancelled&) { // and the same stop
    }
    return {};
}

} // namespace

std::string goOnFrom(int step)
{
    return step > 0 ? "The last checkpoint is that of step " + std::to_string(step) + "; any number of ranks can go on from it."
                    : "There is no checkpoint of a step yet: start the run again.";
}

Status giveOrder(Ranks& ranks, const Order& order)
{
    const Json json{
        {"what", static_cast<int>(order.what)}, {"step", order.step}, {"state", static_cast<int>(order.state)}, {"message", order.message}};
    PRECEDENT_TRY(ranks.exchange(dumpJson(json)));
    return {};
}

Status agreeToBegin(Ranks& ranks, const Result<std::unique_ptr<Trainer>>& trainer)
{
    const auto mine = trainer.ok() ? (*trainer)->identity() : std::map<std::string, std::string>{};
    const Result<std::vector<std::string>> said = agree(ranks, trainer.ok() ? Status() : Status(trainer.error()), dumpJson(Json(mine)));
    if (!said.ok())
        return said.error();
    std::vector<std::map<std::string, std::string>> all;
    for (const std::string& text : *said) {
        const Result<Json> json = parseJson(text, "what a rank said of itself");
        if (!json.ok())
            return json.error();
        all.push_back(json->get<std::map<std::string, std::string>>());
    }
    for (std::size_t rank = 1; rank < all.size(); ++rank) {
        for (const auto& [what, value] : all.front()) {
            const auto found = all[rank].find(what);
            const std::string other = found == all[rank].end() ? "not named" : found->second;
            if (other != value)
                return Error(ErrorCode::failedPrecondition,
                    "The ranks cannot train together: the " + what + " of rank " + std::to_string(rank) + " (" + other +
                        ") differ from those of rank 0 (" + value + ").",
                    "Give every rank the same program, the same model and the same run folder.");
        }
    }
    return {};
}

Result<FollowedEnd> followOrders(Trainer& trainer, Ranks& ranks, const std::stop_token& stop)
{
    while (true) {
        const Result<Order> order = hearOrder(ranks);
        if (!order.ok())
            return order.error();
        if (order->what == Order::What::end)
            return FollowedEnd{order->state, order->message};
        if (order->what == Order::What::step)
            PRECEDENT_TRY(oneStep(trainer, order->step, stop));
    }
}

} // namespace precedent::core
