#include "ui/bridge/job_line.h"

#include <algorithm>

#include <QStringList>

namespace precedent::ui {

int JobLine::enter(const QString& name, std::function<void()> begin)
{
    const int ticket = ++m_last;
    m_entries.push_back({ticket, name, std::move(begin)});
    beginFirst();
    Q_EMIT changed();
    return ticket;
}

void JobLine::leave(int ticket)
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(), [ticket](const Entry& e) { return e.ticket == ticket; });
    if (found == m_entries.end())
        return;
    m_entries.erase(found);
    beginFirst();
    Q_EMIT changed();
}

void JobLine::rename(int ticket, const QString& name)
{
    for (Entry& entry : m_entries) {
        if (entry.ticket == ticket)
            entry.name = name;
    }
    Q_EMIT changed();
}

QString JobLine::waitsFor(int ticket) const
{
    const bool waits = std::any_of(m_entries.begin(), m_entries.end(), [ticket](const Entry& e) { return e.ticket == ticket; });
    return waits && m_entries.front().ticket != ticket ? m_entries.front().name : QString();
}

QString JobLine::waitingText() const
{
    QStringList texts;
    for (std::size_t i = 1; i < m_entries.size(); ++i)
        texts += tr("%1 waits for %2").arg(m_entries[i].name, m_entries.front().name);
    return texts.join(QStringLiteral(", "));
}

void JobLine::beginFirst()
{
    if (m_entries.empty() || m_entries.front().ticket == m_begun)
        return;
    m_begun = m_entries.front().ticket;
    // A job may leave at once, which changes the entries.
    const std::function<void()> begin = m_entries.front().begin;
    begin();
}

} // namespace precedent::ui
