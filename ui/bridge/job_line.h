#pragma once

#include <functional>
#include <vector>

#include <QObject>
#include <QString>

namespace precedent::ui {

/// Gives the core to one heavy job at a time (a run, an evaluation); the others wait in the order in which they came. UI thread.
class JobLine final : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// A ticket for leave(). `begin` is called when the job's turn has come: within this call where nobody is before it.
    int enter(const QString& name, std::function<void()> begin);
    /// The job is over, or no longer wanted. The next one begins; without effect for a ticket that has left.
    void leave(int ticket);
    /// What others are told that they wait for ("run-3", once it is known).
    void rename(int ticket, const QString& name);

    /// The name of the job whose turn it is while `ticket` waits; empty if it does not wait.
    [[nodiscard]] QString waitsFor(int ticket) const;
    /// "the evaluation waits for run-3" for each that waits; empty if none does.
    [[nodiscard]] QString waitingText() const;

Q_SIGNALS:
    void changed();

private:
    struct Entry {
        int ticket;
        QString name;
        std::function<void()> begin;
    };
    void beginFirst();

    std::vector<Entry> m_entries; ///< the first has the turn
    int m_last = 0;
    int m_begun = 0; ///< the ticket that was last given the turn
};

} // namespace precedent::ui
