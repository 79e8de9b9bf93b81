#include "core/generate/kept_prefix.h"

#include <algorithm>

#include "core/generate/prefix_groups.h"

namespace precedent::core {
namespace {

constexpr std::size_t kLeastGain = 32; // positions; for fewer a block of their own is not worth it

} // namespace

KeptPrefix::Plan KeptPrefix::planFor(const std::vector<int>& prompt)
{
    if (m_ids.size() >= prompt.size() || !std::equal(m_ids.begin(), m_ids.end(), prompt.begin())) {
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
