#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include <QMetaObject>
#include <QObject>
#include <QPointer>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"

namespace precedent::ui {

/// One open casebase and the thread that works on it. The UI asks with a function, and gets the answer on its own
/// thread later; nothing here blocks it.
///
/// Thread: every method from the UI thread. Work runs one at a time, in the order asked. Destruction drops questions that have not
/// begun, does what was to be written, and waits for it (milliseconds; long work checks its own stop token).
class CasebaseBridge final : public QObject {
    Q_OBJECT
public:
    /// Opens on the worker thread; opened() or openFailed() follows.
    explicit CasebaseBridge(std::filesystem::path path, QObject* parent = nullptr);
    ~CasebaseBridge() override;

    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }
    [[nodiscard]] bool isReadOnly() const { return m_readOnly; }

    /// Runs `work(Casebase&)` on the worker and `done(its result)` on the UI thread, unless `context` is gone by then.
    template <typename Work, typename Done>
    void ask(QObject* context, Work work, Done done)
    {
        enqueue(false, context, std::move(work), std::move(done));
    }

    /// As ask(), for what must be stored even if the bridge goes right after (a draft). Says nothing to the models.
    template <typename Work, typename Done>
    void keep(QObject* context, Work work, Done done)
    {
        enqueue(true, context, std::move(work), std::move(done));
    }

    /// As keep(), and changed() after it where it went well: work that writes.
    template <typename Work, typename Done>
    void write(QObject* context, Work work, Done done)
    {
        keep(this, std::move(work), [this, context = QPointer<QObject>(context), done = std::move(done)](auto result) {
            const bool well = result.ok();
            if (context)
                done(std::move(result));
            if (well)
                Q_EMIT changed();
        });
    }

    /// Someone else wrote to the file (an import): changed() for everyone.
    void announceChange() { Q_EMIT changed(); }

Q_SIGNALS:
    void opened();
    void openFailed(const precedent::Error& error);
    /// What the casebase holds is no longer what models show.
    void changed();

private:
    struct Work {
        std::function<void(casebase::Casebase&)> act;
        bool stores = false;
    };

    template <typename Act, typename Done>
    void enqueue(bool stores, QObject* context, Act act, Done done)
    {
        const auto whole = [this, context = QPointer<QObject>(context), act = std::move(act), done = std::move(done)](
                               casebase::Casebase& casebase) {
            auto result = std::make_shared<std::invoke_result_t<Act, casebase::Casebase&>>(act(casebase));
            QMetaObject::invokeMethod(
                this,
                [context, done, result] {
                    if (context)
                        done(std::move(*result));
                },
                Qt::QueuedConnection);
        };
        push({whole, stores});
    }
    void push(Work work);
    void serve(const std::stop_token& stop);

    std::filesystem::path m_path;
    bool m_readOnly = false;
    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::deque<Work> m_queue;
    std::jthread m_thread; // last: its function uses the rest
};

} // namespace precedent::ui
