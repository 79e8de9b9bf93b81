#include "core/generate/forward.h"

#include <algorithm>

#include "core/generate/pass.h"
#include "core/generate/team.h"
#include "core/model/threads.h"

namespace precedent::core {
namespace {

constexpr std::int64_t kPanelRows = 128; // of a pass over float32 panels
constexpr std::int64_t kHeldRows = 512; // over bfloat16 rows, whose products are faster than memory

} // namespace

int Forward::teamSize(std::int64_t rows, bool team) const
{
    return team && rows * m_weights.bytes() >= m_leastTeamBytes ? threadCount() : 1;
}

std::int64_t Forward::rowsPerPass(std::int64_t count) const
{
    const std::int64_t most = m_weights.heldAsRows ? kHeldRows : kPanelRows;
    const std::int64_t passes = std::max<std::int64_t>(1, (count + most - 1) / most);
    return (count + passes - 1) / passes;
}

bool Forward::run(const std::vector<Span>& spans, Scratch& scratch, const Options& options, const std::stop_token& stop) const
{
    std::int64_t rows = 0;
    for (const Span& span : spans)
        rows += span.count;
    const int threads = teamSize(rows, options.team);
    Pass pass(m_weights, m_kernels, options.phase, spans, scratch, threads);
    const auto logitRows = static_cast<std::int64_t>(options.logitRows.size());
    scratch.logits.reserve(logitRows * logitStride());
    scratch.picked.reserve(logitRows * hiddenStride());
    bool whole = true;
    Team team(threads);
    team.run([&](Team::Member& member) {
        const bool done = pass.layers(member, stop);
        if (done && logitRows > 0)
            pass.head(member, options.logitRows);
        if (member.thread() == 0)
            whole = done;
    });
    return whole;
}

void Forward::logits(Scratch& scratch, std::int64_t first, std::int64_t rows, Phase phase, bool team) const
{
    scratch.logits.reserve(rows * logitStride());
    const int threads = teamSize(rows, team);
    Pass pass(m_weights, m_kernels, phase, rows, scratch, threads);
    Team(threads).run([&](Team::Member& member) { pass.head(member, first, rows); });
}

} // namespace precedent::core
