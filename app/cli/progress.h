#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "precedent/base/pace.h"

namespace precedent::cli {

/// Progress on stderr: one bar that is drawn over on a terminal, else a line every few seconds. One thread at a time.
class Progress {
public:
    Progress(std::string label, bool quiet);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// `detail` stands behind the bar ("reward 0.41"). The time left is estimated from the pace that this object has seen.
    void update(std::int64_t done, std::int64_t total, const std::string& detail = {});
    /// Ends the bar's line, so that other lines can follow.
    void finish();

private:
    [[nodiscard]] std::string timeLeft(std::int64_t done, std::int64_t total) const;

    using Clock = std::chrono::steady_clock;
    const std::string m_label;
    const bool m_quiet;
    const bool m_terminal;
    const Clock::time_point m_started = Clock::now();
    Clock::time_point m_lastShown;
    std::int64_t m_first = -1; ///< done before the first update
    bool m_whole = false; ///< shown as done
    Pace m_pace;
    bool m_open = false;
};

/// 94.3 -> "1 min 34 s".
[[nodiscard]] std::string durationText(double seconds);

} // namespace precedent::cli
