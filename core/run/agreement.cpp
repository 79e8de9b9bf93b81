#include "core/run/agreement.h"

#include <new>
#include <optional>

#include <c10/util/Exception.h>

#include "core/model/cancelled.h"
#include "precedent/base/json.h"

namespace precedent::core {
namespace {

constexpr const char* kStopped = "A stop was asked for.";

/// Codes travel as numbers: all ranks run the same program, which a run's first meeting makes sure of.
std::string bytesOf(const Status& status, const std::string& payload)
{
    Json json{{"bytes", Json::binary(std::vector<std::uint8_t>(payload.begin(), payload.end()))}};
    if (!status.ok())
        json = {{"code", static_cast<int>(status.error().code())}, {"message", status.error().message()}, {"hint", status.error().hint()}};
    const std::vector<std::uint8_t> cbor = Json::to_cbor(json);
    return {cbor.begin(), cbor.end()};
}

} // namespace

Status attempt(const std::function<void()>& work)
{
    try {
        work();
        return {};
    } catch (const Cancelled&) {
        return Error(ErrorCode::cancelled, kStopped);
    } catch (const RankFailure& e) {
        return e.error();
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::outOfMemory, "The run needs more memory than there is.",
            "Lower micro_batch_tokens, num_generations or prompts_per_step.");
    } catch (const c10::Error& e) {
        return Error(ErrorCode::internal, std::string("LibTorch failed: ") + e.what_without_backtrace());
    } catch (const std::exception& e) {
        return Error(ErrorCode::internal, std::string("The step failed: ") + e.what());
    }
}

Result<std::vector<std::string>> agree(Ranks& ranks, const Status& mine, const std::string& bytes)
{
    const Result<std::vector<std::string>> met = ranks.exchange(bytesOf(mine, bytes));
    if (!met.ok())
        return met.error();
    std::vector<std::string> all;
    std::optional<Error> failed;
    try {
        for (std::size_t rank = 0; rank < met->size(); ++rank) {
            const Json json = Json::from_cbor((*met)[rank]);
            if (json.contains("code")) {
                const auto code = static_cast<ErrorCode>(json.at("code").get<int>());
                if (!failed || (code == ErrorCode::cancelled && failed->code() != ErrorCode::cancelled))
                    failed = Error(code, "Rank " + std::to_string(rank) + ": " + json.at("message").get<std::string>(),
                        json.at("hint").get<std::string>());
                continue;
            }
            const auto& binary = json.at("bytes").get_binary();
            all.emplace_back(binary.begin(), binary.end());
        }
    } catch (const Json::exception& e) {
        return Error(ErrorCode::internal, std::string("What a rank said cannot be read: ") + e.what() + ".",
            "Start the same version of the program on every rank.");
    }
    if (failed)
        return *failed;
    return all;
}

std::vector<std::string> agreeOrThrow(Ranks& ranks, const Status& mine, const std::string& bytes)
{
    Result<std::vector<std::string>> all = agree(ranks, mine, bytes);
    if (all.ok())
        return std::move(*all);
    if (all.error().code() == ErrorCode::cancelled)
        throw Cancelled();
    throw RankFailure(all.error());
}

} // namespace precedent::core
