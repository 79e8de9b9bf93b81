#pragma once

#include <QByteArray>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QString>
#include <QStringList>

/// The real precedent-cli as a child process, and what it said.
struct CliResult {
    int exitCode = -1;
    QByteArray out;
    QByteArray err;

    /// The one JSON object on stdout; empty if stdout holds anything else.
    [[nodiscard]] QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    [[nodiscard]] QString errorCode() const { return json()["error"].toObject()["code"].toString(); }
};

inline constexpr int kCliTimeoutMs = 600'000;

inline CliResult runCli(const QStringList& arguments)
{
    QProcess process;
    process.start(QStringLiteral(PRECEDENT_CLI), arguments);
    if (!process.waitForFinished(kCliTimeoutMs))
        process.kill();
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1, process.readAllStandardOutput(),
        process.readAllStandardError()};
}

/// The rows of `run metrics` without what a clock decides.
inline QJsonArray timelessMetrics(const QString& casebase, const QString& run)
{
    QJsonArray rows;
    for (const QJsonValue& value : runCli({"run", "metrics", casebase, run, "--json"}).json()["steps"].toArray()) {
        QJsonObject row = value.toObject();
        row.remove("seconds");
        row.remove("tokens_per_second");
        rows.append(row);
    }
    return rows;
}
