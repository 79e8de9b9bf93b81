#include "precedent/base/pace.h"

#include <algorithm>

namespace precedent {

void Pace::add(double done, double seconds)
{
    if (!m_began)
        m_began = seconds;
    m_marks.push_back({done, seconds});
    const double half = *m_began + (seconds - *m_began) / 2;
    while (m_marks.size() > 2 && m_marks[1].seconds <= half)
        m_marks.pop_front();
}

std::optional<double> Pace::secondsLeft(double total) const
{
    if (m_marks.empty())
        return std::nullopt;
    const double made = m_marks.back().done - m_marks.front().done;
    if (made <= 0)
        return std::nullopt;
    return (m_marks.back().seconds - m_marks.front().seconds) / made * std::max(0.0, total - m_marks.back().done);
}

} // namespace precedent
