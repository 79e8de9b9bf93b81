#include "app/cli/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace precedent::cli {
namespace {

constexpr int kBarWidth = 28;
constexpr std::chrono::milliseconds kTerminalInterval(100);
constexpr std::chrono::seconds kLineInterval(5);

} // namespace

Progress::Progress(std::string label, bool quiet)
    : m_label(std::move(label))
    , m_quiet(quiet)
    , m_terminal(::isatty(STDERR_FILENO) == 1)
    , m_lastShown(Clock::now() - std::chrono::hours(1))
{
}

Progress::~Progress() { finish(); }

std::string Progress::timeLeft(std::int64_t done, std::int64_t total) const
{
    // The first few say little: they pay for what all share.
    if (done - m_first < std::max<std::int64_t>(1, total / 50) || done >= total)
        return {};
    const std::optional<double> left = m_pace.secondsLeft(static_cast<double>(total));
    return left ? ", about " + durationText(*left) + " left" : std::string();
}

void Progress::update(std::int64_t done, std::int64_t total, const std::string& detail)
{
    if (m_quiet || total <= 0)
        return;
    const Clock::time_point now = Clock::now();
    if (m_first < 0) {
        m_first = std::min<std::int64_t>(done, total) - (done > 0 ? 1 : 0);
        m_pace.add(static_cast<double>(m_first), 0);
    }
    m_pace.add(static_cast<double>(done), std::chrono::duration<double>(now - m_started).count());
    const bool last = done >= total && !m_whole; // what comes after it is told every while, as before it
    m_whole = done >= total;
    if (!last && now - m_lastShown < (m_terminal ? Clock::duration(kTerminalInterval) : Clock::duration(kLineInterval)))
        return;
    m_lastShown = now;
    const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
    const std::string rest =
        std::to_string(done) + "/" + std::to_string(total) + (detail.empty() ? "" : "  " + detail) + timeLeft(done, total);
    if (!m_terminal) {
        std::fprintf(stderr, "%s: %s\n", m_label.c_str(), rest.c_str());
        return;
    }
    const int filled = static_cast<int>(std::lround(share * kBarWidth));
    const std::string bar =
        std::string(static_cast<std::size_t>(filled), '#') + std::string(static_cast<std::size_t>(kBarWidth - filled), '.');
    std::fprintf(stderr, "\r\033[K%s [%s] %s", m_label.c_str(), bar.c_str(), rest.c_str());
    std::fflush(stderr);
    m_open = true;
}

void Progress::finish()
{
    if (m_open)
        std::fprintf(stderr, "\n");
    m_open = false;
}

std::string durationText(double seconds)
{
    const auto whole = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds)));
    if (whole < 60)
        return std::to_string(whole) + " s";
    if (whole < 3600)
        return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
    return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

} // namespace precedent::cli
