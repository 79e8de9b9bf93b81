#include "core/run/ranks_c10d.h"

#ifdef PRECEDENT_GLOO

#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>

#include <ATen/ATen.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace precedent::core {
namespace {

using c10d::ProcessGroupGloo;
using Bytes = std::vector<std::uint8_t>;

/// What an exchange sends of every rank at once. Longer texts follow from their ranks one after another.
constexpr std::int64_t kBlock = 1024;
constexpr std::int64_t kHeader = sizeof(std::int64_t);

std::string placeText(const RankPlace& place) { return place.address + ":" + std::to_string(place.port); }

/// One line of what c10d says: below it are the places in its own sources.
std::string firstLine(const std::exception& e)
{
    const std::string text = e.what();
    return text.substr(0, text.find('\n'));
}

bool onLoopback(const std::string& address) { return address == "localhost" || address == "::1" || address.rfind("127.", 0) == 0; }

std::vector<std::shared_ptr<::gloo::transport::Device>> devicesFor(const RankPlace& place)
{
    if (const char* named = std::getenv("GLOO_SOCKET_IFNAME"); named != nullptr && *named != '\0') {
        std::vector<std::shared_ptr<::gloo::transport::Device>> devices;
        std::istringstream names(named);
        for (std::string name; std::getline(names, name, ',');)
            devices.push_back(ProcessGroupGloo::createDeviceForInterface(name));
        return devices;
    }
    if (onLoopback(place.address)) // all ranks are on one machine, whose name may resolve to nothing or to a network that is down
        return {ProcessGroupGloo::createDeviceForHostname("127.0.0.1")};
    return {ProcessGroupGloo::createDefaultDevice()};
}

class GlooRanks final : public Ranks {
public:
    GlooRanks(const RankPlace& place, c10::intrusive_ptr<c10d::Store> store)
        : m_place(place)
        , m_store(std::move(store))
    {
        auto options = ProcessGroupGloo::Options::create(std::chrono::duration_cast<std::chrono::milliseconds>(place.stepTimeout));
        options->devices = devicesFor(place);
        options->threads = 2;
        m_group = c10::make_intrusive<ProcessGroupGloo>(m_store, place.rank, place.size, options);
    }

    [[nodiscard]] int rank() const override { return m_place.rank; }
    [[nodiscard]] int size() const override { return m_place.size; }

    [[nodiscard]] Result<std::vector<std::string>> exchange(const std::string& bytes) override
    {
        std::vector<std::string> all(static_cast<std::size_t>(m_place.size));
        const Status met = meeting([&] {
            const auto length = static_cast<std::int64_t>(bytes.size());
            std::vector<at::Tensor> mine{at::zeros({kBlock}, at::kByte)};
            std::memcpy(mine[0].data_ptr<std::uint8_t>(), &length, kHeader);
            std::memcpy(
                mine[0].data_ptr<std::uint8_t>() + kHeader, bytes.data(), static_cast<std::size_t>(std::min(length, kBlock - kHeader)));
            std::vector<std::vector<at::Tensor>> blocks(1);
            for (int r = 0; r < m_place.size; ++r)
                blocks[0].push_back(at::empty({kBlock}, at::kByte));
            m_group->allgather(blocks, mine)->wait();
            for (std::size_t r = 0; r < all.size(); ++r)
                all[r] = textOf(blocks[0][r], bytes, static_cast<int>(r));
        });
        if (!met.ok())
            return met.error();
        return all;
    }

    [[nodiscard]] Status sum(std::span<float> values) override
    {
        return meeting([&] {
            std::vector<at::Tensor> tensors{at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kFloat)};
            m_group->allreduce(tensors)->wait();
        });
    }

private:
    /// What rank `r` brought, whose block has come; blocks are short.
    std::string textOf(const at::Tensor& block, const std::string& mine, int r)
    {
        std::int64_t length = 0;
        const std::uint8_t* data = block.data_ptr<std::uint8_t>();
        std::memcpy(&length, data, kHeader);
        TORCH_CHECK(length >= 0, "a rank announced a text of ", length, " bytes");
        if (length <= kBlock - kHeader)
            return {data + kHeader, data + kHeader + length};
        std::vector<at::Tensor> tensors{at::empty({length}, at::kByte)};
        if (r == m_place.rank)
            std::memcpy(tensors[0].data_ptr<std::uint8_t>(), mine.data(), mine.size());
        c10d::BroadcastOptions options;
        options.rootRank = r;
        m_group->broadcast(tensors, options)->wait();
        const std::uint8_t* text = tensors[0].data_ptr<std::uint8_t>();
        return {text, text + length};
    }

    template <typename Work>
    Status meeting(const Work& work)
    {
        if (m_lost)
            return *m_lost;
        try {
            work();
            return {};
        } catch (const std::exception& e) { // c10::Error, or what Gloo throws
            const std::string who = m_place.size == 2 ? "Rank " + std::to_string(1 - m_place.rank) : "A rank";
            m_lost = Error(ErrorCode::failedPrecondition,
                who + " was lost: it ended, or said nothing for " + std::to_string(m_place.stepTimeout.count()) + " s (" + firstLine(e) +
                    ").",
                "Look at that rank's own messages and at its machine's memory.");
            return *m_lost;
        }
    }

    RankPlace m_place;
    c10::intrusive_ptr<c10d::Store> m_store; ///< rank 0's may be the server: it lives as long as the ranks do
    c10::intrusive_ptr<ProcessGroupGloo> m_group;
    std::optional<Error> m_lost; ///< why the ranks are lost to each other
};

/// Waits until every rank has signed in. The error names those that have not.
Status waitForAll(const RankPlace& place, c10d::Store& store)
{
    const auto key = [](int rank) { return "here/" + std::to_string(rank); };
    std::vector<std::string> keys;
    for (int rank = 0; rank < place.size; ++rank)
        keys.push_back(key(rank));
    store.set(key(place.rank), Bytes{1});
    try {
        store.wait(keys, std::chrono::duration_cast<std::chrono::milliseconds>(place.meetTimeout));
        return {};
    } catch (const std::exception& e) {
        std::string missing;
        for (int rank = 0; rank < place.size; ++rank) {
            if (!store.check({key(rank)}))
                missing += (missing.empty() ? "" : ", ") + std::to_string(rank);
        }
        return Error(ErrorCode::failedPrecondition,
            "Of " + std::to_string(place.size) + " ranks these did not come to " + placeText(place) + " in " +
                std::to_string(place.meetTimeout.count()) + " s: " + (missing.empty() ? firstLine(e) : missing) + ".",
            "Start every rank with the same MASTER_ADDR, MASTER_PORT and WORLD_SIZE, or raise --meet-timeout. To train with one process, "
            "unset WORLD_SIZE (SLURM_NTASKS, OMPI_COMM_WORLD_SIZE, PMI_SIZE).");
    }
}

} // namespace

Result<std::shared_ptr<Ranks>> meetRanks(const RankPlace& place)
{
    if (place.size < 1 || place.rank < 0 || place.rank >= place.size || place.port < 1 || place.port > 65535)
        return Error(ErrorCode::invalidArgument,
            "Rank " + std::to_string(place.rank) + " of " + std::to_string(place.size) + " at " + placeText(place) +
                " is no place to train at: a rank is below the number of ranks, a port from 1 to 65535.");
    try {
        c10d::TCPStoreOptions options;
        options.port = static_cast<std::uint16_t>(place.port);
        options.isServer = place.rank == 0;
        options.numWorkers = static_cast<std::size_t>(place.size);
        options.waitWorkers = false;
        options.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(place.meetTimeout);
        c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
        store = c10::make_intrusive<c10d::PrefixStore>("precedent/" + place.meeting, store);
        PRECEDENT_TRY(waitForAll(place, *store));
        return std::shared_ptr<Ranks>(std::make_shared<GlooRanks>(place, std::move(store)));
    } catch (const std::exception& e) {
        return Error(ErrorCode::failedPrecondition,
            "Rank " + std::to_string(place.rank) + " could not meet the others at " + placeText(place) + ": " + firstLine(e),
            place.rank == 0 ? "Choose another MASTER_PORT if this one is taken."
                            : "See that rank 0 runs, and that this machine reaches its address and port.");
    }
}

} // namespace precedent::core

#else

namespace precedent::core {

Result<std::shared_ptr<Ranks>> meetRanks(const RankPlace& place)
{
    return Error(ErrorCode::unsupported,
        "This build trains with one process, and " + std::to_string(place.size) +
            " were started: Gloo's headers were missing when it was built, or its LibTorch has no Gloo.",
        "Install libgloo-dev and build again with Debian's LibTorch, or start one process (unset WORLD_SIZE).");
}

} // namespace precedent::core

#endif
