#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <QObject>
#include <QString>

#include "precedent/workspace/model_export.h"
#include "precedent/workspace/model_speed.h"

namespace precedent::ui {

class ExportJob;
class JobLine;
class SpeedJob;
struct MeasuredSpeed;

/// A model or checkpoint that work is done on.
struct JobModel {
    QString name; ///< as resolveModel() takes it
    QString title; ///< in words
    std::string speedKey;
};

/// Exports and measurements of models, one at a time, each in its turn with runs and evaluations.
///
/// Thread: UI; the work is done off it. Destruction asks the work to stop; it never waits.
class ModelJobs final : public QObject {
    Q_OBJECT
public:
    enum class Kind { exporting, measuring };
    /// The work under way, or what waits for its turn.
    struct Now {
        Kind kind = Kind::exporting;
        JobModel model;
        bool waits = false;
        bool cancelling = false;
        int done = 0; ///< of total
        int total = 0; ///< 0: not known
    };
    /// Work takes its turn in `line`, which outlives this.
    explicit ModelJobs(JobLine& line, QObject* parent = nullptr);
    ~ModelJobs() override;

    /// Where runs' checkpoints are looked up from now on; empty for none. What was said of another casebase's is forgotten.
    void setCasebase(std::filesystem::path casebase);
    /// Reads the kept speeds again; changed() follows.
    void refresh();

    void exportModel(const JobModel& model, const workspace::ExportOrder& order);
    void measure(const JobModel& model);
    void cancel(); ///< over() follows

    [[nodiscard]] bool isBusy() const { return m_now.has_value(); }
    [[nodiscard]] const std::optional<Now>& now() const { return m_now; }
    /// "the export of starter waits for run-3"; empty where nothing waits.
    [[nodiscard]] QString waitingFor() const;
    /// Since the casebase was opened; nullptr where there is none.
    [[nodiscard]] const core::ExportReport* reportOf(const QString& model) const;
    /// Why the last work of the kind brought nothing (cancelled, too); nullptr where it did, or there was none.
    [[nodiscard]] const Error* failureOf(Kind kind, const QString& model) const;
    /// The last one that was kept or measured; nullptr where there is none.
    [[nodiscard]] const workspace::ModelSpeed* speedOf(const JobModel& model) const;

Q_SIGNALS:
    void changed();
    /// `share` below 0: not known; an empty name: nothing runs.
    void jobChanged(const QString& name, const QString& detail, double share);
    void over();
    void troubled(const QString& message, const QString& hint);

private:
    void enter(Kind kind, const JobModel& model, std::function<void()> begin);
    void beginExport(const workspace::ExportOrder& order);
    void beginMeasuring();
    void finishExport(const Result<core::ExportReport>& report);
    void finishMeasuring(const Result<MeasuredSpeed>& measured);
    void fail(const Error& error);
    void end();

    JobLine& m_line;
    int m_ticket = 0; ///< of the work under way or waiting
    std::filesystem::path m_casebase;
    std::optional<Now> m_now;
    std::unique_ptr<ExportJob> m_export;
    std::unique_ptr<SpeedJob> m_speed;
    std::map<QString, core::ExportReport> m_reports; ///< by model
    std::map<std::pair<Kind, QString>, Error> m_failures;
    std::map<std::string, workspace::ModelSpeed> m_speeds; ///< by speedKey()
};

} // namespace precedent::ui
