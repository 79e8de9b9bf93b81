#pragma once

#include <filesystem>

#include <QFile>
#include <QTest>

#include "precedent/workspace/model_source.h"

namespace precedent::tests {

/// A copy of the starter's folder: a real model that may be damaged. False if it could not be made.
inline bool copyStarter(const std::filesystem::path& to)
{
    const auto starter = workspace::starterFolder();
    if (!starter.ok())
        return false;
    std::error_code ec;
    std::filesystem::create_directories(to, ec);
    std::filesystem::copy(starter.value(), to, std::filesystem::copy_options::recursive, ec);
    return !ec;
}

/// Makes the file's folder too.
inline void write(const std::filesystem::path& file, const QByteArray& bytes)
{
    std::filesystem::create_directories(file.parent_path());
    QFile out(QString::fromStdString(file.string()));
    QVERIFY(out.open(QIODevice::WriteOnly));
    QCOMPARE(out.write(bytes), qint64(bytes.size()));
}

/// Empty for a file that cannot be read.
[[nodiscard]] inline QByteArray read(const std::filesystem::path& file)
{
    QFile in(QString::fromStdString(file.string()));
    return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
}

} // namespace precedent::tests
