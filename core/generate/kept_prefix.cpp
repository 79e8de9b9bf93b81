#include "core/generate/kept_prefix.h"

#include <algorithm>

namespace precedent::core {
namespace {

constexpr std::size_t kLeastGain = 32; // positions; for fewer a block of their own is not worth it

/// Ids that both begin with, short of the prompt's last one.
std::size_t sharedIds(const std::vector<int>& prompt, const std::vector<int>& other)
{
    const auto most = static_cast<std::ptrdiff_t>(std::min(prompt.size() - 1, other.size()));
    return static_cast<std::size_t>(std::mismatch(prompt.begin(), prompt.begin() + most, other.begin()).first - prompt.begin());
}

} // namespace

KeptPrefix::Plan KeptPrefix::planFor(const std::vector<int>& prompt)
{
    if (sharedIds(prompt, m_ids) < m_ids.size()) {
        m_ids.clear();
        m_sequence = {};
    }
    const std::size_t shared = sharedIds(prompt, m_last);
    const Plan plan{m_ids.size(), shared >= m_ids.size() + kLeastGain ? shared : m_ids.size()};
    m_last = prompt;
    return plan;
}

void KeptPrefix::keep(KvSequence sequence, std::size_t length)
{
    m_ids.assign(m_last.begin(), m_last.begin() + static_cast<std::ptrdiff_t>(length));
    m_sequence = std::move(sequence);
}

} // namespace precedent::core
