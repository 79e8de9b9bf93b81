#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <QtTest/QtTest>

#include <QSettings>
#include <QStandardPaths>
#include <QTemporaryDir>

#include "precedent/casebase/casebase.h"
#include "precedent/workspace/sample_casebase.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/runs_place.h"
#include "ui/shell/main_window.h"
#include "ui/shell/type_scale.h"

namespace precedent::tests {

inline constexpr int kLong = 120000; // ms; only ever waited in full where something is broken

/// The real window, offscreen, new for each test, with the sample casebase at hand. The user's files and settings are
/// those of Qt's test mode.
class WindowTest : public QObject {
protected:
    void makeSample()
    {
        QStandardPaths::setTestModeEnabled(true);
        QCoreApplication::setOrganizationName(QStringLiteral("precedent-test"));
        QCoreApplication::setApplicationName(QStringLiteral("precedent-test"));
        // Tests that run beside this one clear their settings too.
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_folder.filePath("settings"));
        ui::useProgramLook();
        m_sample = m_folder.filePath("made.casebase");
        auto made = casebase::Casebase::create(m_sample.toStdString());
        QVERIFY(made.ok());
        QVERIFY(workspace::fillWithSample(**made).ok());
    }
    void openWindow()
    {
        QSettings().clear();
        m_window = std::make_unique<ui::MainWindow>();
        m_window->resize(1440, 900);
        m_window->show();
    }
    /// A worker that has not ended yet keeps its own casebase; the window does not wait for it, but the next test's does.
    void closeWindow()
    {
        if (auto* runs = m_window->findChild<ui::RunsPlace*>(); runs != nullptr && runs->isRunning()) {
            runs->stopRun();
            QTRY_VERIFY_WITH_TIMEOUT(!runs->isRunning(), kLong);
        }
        m_window.reset();
    }
    [[nodiscard]] QString copyOfSample(const QString& name)
    {
        const QString path = m_folder.filePath(name);
        QFile::copy(m_sample, path);
        return path;
    }
    void open(const QString& path)
    {
        m_window->openCasebase(path.toStdString());
        QTRY_VERIFY_WITH_TIMEOUT(m_window->casebase() != nullptr, 10000);
    }
    template <typename T>
    T* child(const char* name)
    {
        T* found = m_window->findChild<T*>(QString::fromLatin1(name));
        if (found == nullptr)
            qFatal("no %s in the window", name);
        return found;
    }
    /// What `work` finds in the open casebase, asked as the window asks.
    template <typename Work>
    auto read(Work work)
    {
        using Value = std::invoke_result_t<Work, casebase::Casebase&>;
        std::optional<Value> value;
        m_window->casebase()->ask(m_window.get(), work, [&value](Value found) { value = std::move(found); });
        (void)QTest::qWaitFor([&] { return value.has_value(); }, 10000);
        return std::move(*value);
    }

    QTemporaryDir m_folder;
    QString m_sample;
    std::unique_ptr<ui::MainWindow> m_window;
};

} // namespace precedent::tests
