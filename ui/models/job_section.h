#pragma once

#include <QWidget>

#include "ui/models/model_jobs.h"

class QHBoxLayout;
class QLabel;
class QProgressBar;
class QPushButton;
class QVBoxLayout;

namespace precedent::ui {

class IconLabel;

/// A part of a model's detail about work of one kind: a heading with its command, what goes on and its cancel, or why there is nothing
/// to go on, and below it what the last one found.
class JobSection : public QWidget {
    Q_OBJECT
public:
    /// `name` begins the objectNames: NAMEButton, NAMEProgress, NAMEStateLabel, NAMECancelButton.
    JobSection(ModelJobs& jobs, ModelJobs::Kind kind, const QString& name, QWidget* parent = nullptr);

    void setModel(const JobModel& model);
    [[nodiscard]] const JobModel& model() const { return m_model; }

Q_SIGNALS:
    void turned(); ///< its work began or ended: worth a look

protected:
    [[nodiscard]] ModelJobs& jobs() const { return m_jobs; }
    [[nodiscard]] QPushButton* button() const { return m_button; }
    [[nodiscard]] QLabel* heading() const { return m_heading; }
    [[nodiscard]] QHBoxLayout* head() const { return m_head; } ///< heading and command, with room between them
    [[nodiscard]] QVBoxLayout* body() const { return m_body; }
    void refresh();

private:
    /// What the last work found; false where there is nothing yet.
    virtual bool showResult() = 0;
    [[nodiscard]] virtual QString emptyText() const = 0;
    [[nodiscard]] virtual QString busyText(const ModelJobs::Now& now) const = 0;
    [[nodiscard]] virtual QString cancelledText() const = 0;
    [[nodiscard]] bool isMine() const; ///< the work under way is of this kind, on what is shown
    void makeBusy();
    void showState(bool found);
    enum class Tone { plain, note, fault };
    void say(Tone tone, const QString& words);

    ModelJobs& m_jobs;
    ModelJobs::Kind m_kind;
    QString m_name;
    JobModel m_model;
    bool m_wasBusy = false; ///< with what is shown
    QHBoxLayout* m_head;
    QLabel* m_heading;
    QPushButton* m_button;
    QWidget* m_busy;
    QProgressBar* m_progress;
    QLabel* m_doing;
    QPushButton* m_cancel;
    QWidget* m_state;
    IconLabel* m_info;
    IconLabel* m_fault;
    QLabel* m_stateLabel;
    QVBoxLayout* m_body;
};

} // namespace precedent::ui
