#pragma once

#include <deque>
#include <optional>

namespace precedent {

/// How fast something gets done, to say when it will be over: by the later half of the time that was seen of it, so that a beginning
/// unlike the rest, or a while in which it was held up, soon no longer counts. Not thread-safe.
class Pace {
public:
    /// `done` of it, `seconds` after some moment of the caller's. Both grow.
    void add(double done, double seconds);
    /// From the last add() until `total` are done. Nothing before something was.
    [[nodiscard]] std::optional<double> secondsLeft(double total) const;

private:
    struct Mark {
        double done = 0;
        double seconds = 0;
    };
    std::optional<double> m_began; ///< seconds
    std::deque<Mark> m_marks; ///< the first is the last one of the earlier half
};

} // namespace precedent
