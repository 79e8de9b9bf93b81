#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <QCoreApplication>
#include <QMetaObject>
#include <QObject>
#include <QPointer>
#include <QThreadPool>

namespace precedent::ui {

/// Runs `act` on the UI thread in a later turn of the event loop, unless `context` is gone by then. From any thread;
/// `context` is a QPointer that was made on the UI thread.
template <typename Act>
void postTo(const QPointer<QObject>& context, Act act)
{
    QMetaObject::invokeMethod(
        qApp,
        [context, act = std::move(act)]() mutable {
            if (context)
                act();
        },
        Qt::QueuedConnection);
}

/// Runs `work()` on a thread of the pool and `done(its result)` on the UI thread, unless `context` is gone by then. Call
/// on the UI thread. Work that may take over a second looks at a stop token of its own: the pool is waited for when
/// the program ends.
template <typename Work, typename Done>
void inBackground(QObject* context, Work work, Done done)
{
    QThreadPool::globalInstance()->start([context = QPointer<QObject>(context), work = std::move(work), done = std::move(done)]() mutable {
        auto result = std::make_shared<std::invoke_result_t<Work>>(work());
        postTo(context, [done = std::move(done), result]() mutable { done(std::move(*result)); });
    });
}

} // namespace precedent::ui
