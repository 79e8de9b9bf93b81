#include "app/cli/launcher.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <sched.h>
#include <string_view>
#include <unistd.h>

namespace precedent::cli {
namespace {

/// How one kind of launcher names a process's rank, the number of ranks, how many of these are on its machine, and its number
/// among those.
struct Names {
    const char* rank;
    const char* size;
    const char* here;
    const char* local;
};
constexpr Names kLaunchers[] = {
    {"RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "LOCAL_RANK"}, // torchrun
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"}, // Open MPI's mpirun
    {"PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", "MPI_LOCALRANKID"}, // MPICH's and Intel's
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE", "SLURM_LOCALID"}, // srun
    {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_LOCALID"},
};

constexpr int kLastPort = 65535;

const char* textOf(const Environment& environment, const char* name)
{
    const char* text = environment(name);
    return text != nullptr && *text != '\0' ? text : nullptr;
}

/// Nothing if it is not set.
Result<std::optional<int>> numberOf(const Environment& environment, const char* name)
{
    const char* text = textOf(environment, name);
    if (text == nullptr)
        return std::optional<int>();
    int number = 0;
    const char* end = text + std::strlen(text);
    const auto [rest, fault] = std::from_chars(text, end, number);
    if (fault != std::errc() || rest != end || number < 0)
        return Error(ErrorCode::invalidArgument, std::string(name) + " is \"" + text + "\", and a number was expected.",
            "Unset it to train with one process, or start the ranks with torchrun, mpirun or srun.");
    return std::optional<int>(number);
}

/// How many ranks share this machine; 0 where nobody says.
int ranksHere(const Environment& environment, const Names& names, int size)
{
    const auto machines = numberOf(environment, "SLURM_NNODES");
    if (std::strncmp(names.rank, "SLURM", 5) == 0 && machines.ok() && *machines == 1)
        return size;
    const char* text = textOf(environment, names.here); // Slurm's may read "2(x3)": two on each of three machines
    int number = 0;
    if (text == nullptr || std::from_chars(text, text + std::strlen(text), number).ec != std::errc())
        return 0;
    return std::clamp(number, 0, size);
}

/// The first machine of a list as Slurm writes it: "n[07-09,12],m1" begins with n07.
std::string firstMachine(std::string_view list)
{
    std::string name;
    for (std::size_t i = 0; i < list.size() && list[i] != ','; ++i) {
        if (list[i] != '[') {
            name += list[i];
            continue;
        }
        for (++i; i < list.size() && std::string_view(",-]").find(list[i]) == std::string_view::npos; ++i)
            name += list[i];
        i = std::min(list.find(']', i), list.size());
    }
    return name;
}

/// Where rank 0 is, by what Slurm says of a step on several machines; empty for other launchers.
std::string machineOfRankZero(const Environment& environment, const Names& names)
{
    if (std::strncmp(names.rank, "SLURM", 5) != 0)
        return {};
    for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST"})
        if (const char* list = textOf(environment, name); list != nullptr)
            return firstMachine(list);
    return {};
}

Result<std::optional<Launch>> launchOf(const Environment& environment, const Names& names, int rank, int size)
{
    Launch launch;
    launch.place.rank = rank;
    launch.place.size = size;
    if (rank >= size)
        return Error(ErrorCode::invalidArgument,
            std::string(names.rank) + " is " + std::to_string(rank) + " and " + names.size + " is " + std::to_string(size) +
                ": ranks count from 0.",
            "Start the ranks with torchrun, mpirun or srun.");
    launch.ranksHere = ranksHere(environment, names, size);
    const auto local = numberOf(environment, names.local);
    PRECEDENT_TRY(local);
    // Ranks on one machine are numbered there as they are everywhere.
    launch.localRank = local.value().value_or(launch.ranksHere == size ? rank : 0);
    launch.mayBind = &names != &kLaunchers[0];
    const char* told = textOf(environment, "MASTER_ADDR");
    const bool apart = launch.ranksHere > 0 && launch.ranksHere < size; // on several machines
    const std::string address = told != nullptr ? told : apart ? machineOfRankZero(environment, names) : std::string();
    if (address.empty() && apart)
        return Error(ErrorCode::invalidArgument,
            "The " + std::to_string(size) + " ranks are on several machines, and MASTER_ADDR does not say where they meet.",
            "Set MASTER_ADDR to the name of the machine of rank 0, and MASTER_PORT to a free port there.");
    if (!address.empty())
        launch.place.address = address;
    const auto port = numberOf(environment, "MASTER_PORT");
    PRECEDENT_TRY(port);
    launch.place.port = port.value().value_or(launch.place.port);
    // There torchrun's own store listens, and its protocol changes with PyTorch's version: rank 0 has one of its own next to it.
    const char* taken = textOf(environment, "TORCHELASTIC_USE_AGENT_STORE");
    if (taken != nullptr && std::strcmp(taken, "True") == 0)
        launch.place.port += launch.place.port < kLastPort ? 1 : -1;
    if (const char* restarts = textOf(environment, "TORCHELASTIC_RESTART_COUNT"); restarts != nullptr)
        launch.place.meeting = restarts;
    return std::optional<Launch>(std::move(launch));
}

} // namespace

Result<std::optional<Launch>> launchFrom(const Environment& environment)
{
    for (const Names& names : kLaunchers) {
        const auto size = numberOf(environment, names.size);
        PRECEDENT_TRY(size);
        if (!size.value())
            continue;
        if (*size.value() <= 1)
            return std::optional<Launch>();
        const auto rank = numberOf(environment, names.rank);
        PRECEDENT_TRY(rank);
        // A shell inside a Slurm allocation knows the number of tasks and is none of them.
        if (!rank.value() && std::strcmp(names.rank, "SLURM_PROCID") == 0)
            continue;
        if (!rank.value())
            return Error(ErrorCode::invalidArgument,
                std::string(names.size) + " is " + std::to_string(*size.value()) + ", and " + names.rank + " is not set.",
                "Unset " + std::string(names.size) + " to train with one process, or start the ranks with torchrun, mpirun or srun.");
        return launchOf(environment, names, *rank.value(), *size.value());
    }
    return std::optional<Launch>();
}

int threadsPerRank(const Launch& launch)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    const int mine = ::sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    const bool bound = launch.mayBind && mine < ::sysconf(_SC_NPROCESSORS_ONLN);
    return bound || launch.ranksHere == 0 ? std::max(1, mine) : std::max(1, mine / launch.ranksHere);
}

} // namespace precedent::cli
