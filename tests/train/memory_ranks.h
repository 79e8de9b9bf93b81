#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "precedent/core/ranks.h"

/// Ranks in threads of one process, which meet in memory: the same contract as those over a network.
namespace precedent::tests {

class MemoryRanks final : public core::Ranks {
public:
    /// `size` ranks that can meet each other.
    static std::vector<std::shared_ptr<MemoryRanks>> make(int size)
    {
        auto table = std::make_shared<Table>();
        table->brought.resize(static_cast<std::size_t>(size));
        std::vector<std::shared_ptr<MemoryRanks>> ranks;
        for (int rank = 0; rank < size; ++rank)
            ranks.push_back(std::shared_ptr<MemoryRanks>(new MemoryRanks(rank, table)));
        return ranks;
    }

    ~MemoryRanks() override { leave(); }

    /// As a process that ends: the others' meetings fail from now on.
    void leave()
    {
        const std::scoped_lock lock(m_table->mutex);
        m_table->lost = true;
        m_table->changed.notify_all();
    }

    [[nodiscard]] int rank() const override { return m_rank; }
    [[nodiscard]] int size() const override { return static_cast<int>(m_table->brought.size()); }

    [[nodiscard]] Result<std::vector<std::string>> exchange(const std::string& bytes) override
    {
        Table& table = *m_table;
        std::unique_lock lock(table.mutex);
        if (table.lost)
            return Error(ErrorCode::failedPrecondition, "A rank was lost.");
        table.brought[static_cast<std::size_t>(m_rank)] = bytes;
        const int round = table.round;
        if (++table.come == size()) {
            table.met = table.brought;
            table.come = 0;
            ++table.round;
            table.changed.notify_all();
        }
        table.changed.wait(lock, [&] { return table.round != round || table.lost; });
        if (table.round == round)
            return Error(ErrorCode::failedPrecondition, "A rank was lost.");
        return table.met; // nobody can finish the next round before this rank has come to it
    }

    [[nodiscard]] Status sum(std::span<float> values) override
    {
        const auto all = exchange({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
        if (!all.ok())
            return all.error();
        std::fill(values.begin(), values.end(), 0.0F);
        for (const std::string& bytes : *all) {
            const auto* other = reinterpret_cast<const float*>(bytes.data());
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] += other[i];
        }
        return {};
    }

private:
    struct Table {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<std::string> brought, met;
        int come = 0, round = 0;
        bool lost = false;
    };
    MemoryRanks(int rank, std::shared_ptr<Table> table)
        : m_rank(rank)
        , m_table(std::move(table))
    {
    }

    int m_rank;
    std::shared_ptr<Table> m_table;
};

} // namespace precedent::tests
