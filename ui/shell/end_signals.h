#pragma once

#include <QObject>

namespace precedent::ui {

/// The system's wish that the program end (SIGTERM, SIGINT, SIGHUP), told in the event loop. Each of the three is taken once: the second
/// of a kind ends the process at once, as it does without this. A signal that the process ignores (nohup) stays ignored. One at a time.
class EndSignals final : public QObject {
    Q_OBJECT
public:
    explicit EndSignals(QObject* parent = nullptr);
    ~EndSignals() override;

Q_SIGNALS:
    void asked();

private:
    int m_read = -1;
};

} // namespace precedent::ui
