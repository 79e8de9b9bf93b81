#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <QObject>
#include <QString>

#include "precedent/workspace/asking.h"

class QTimer;

namespace precedent::ui {

/// One column of Inspect: a request to one model, named as resolveModel() takes it.
struct AskOrder {
    std::string model;
    workspace::AskRequest request;
};

/// What goes on before a column's first token.
enum class AskWait { engine, model, context };
struct AskWaiting {
    int column;
    AskWait what;
};
struct AskBegan {
    int column;
    std::shared_ptr<const workspace::AskPrompt> prompt;
};
/// What is written so far; each news of a column holds the whole of it.
struct AskWrote {
    int column;
    QString chain;
    QString answer;
};
struct AskEnded {
    int column;
    std::shared_ptr<const workspace::AskAnswer> answer;
};
struct AskFailed {
    int column;
    QString message;
    QString hint;
};
/// The last news of an asking.
struct AskOver { };
using AskNews = std::variant<AskWaiting, AskBegan, AskWrote, AskEnded, AskFailed, AskOver>;

/// Puts requests to models off the UI thread. Loaded models are kept while a column uses them, so that asking again
/// begins at once. Columns of one model are answered together, those of different models beside each other.
///
/// Thread: every method and signal on the UI thread. News are drained once a frame. Destruction asks the work to stop
/// and hands it over; it never waits.
class AskBridge final : public QObject {
    Q_OBJECT
public:
    explicit AskBridge(std::filesystem::path casebase, QObject* parent = nullptr);
    ~AskBridge() override;

    /// Opens the engine and these models before anything is asked; says nothing about trouble, which the asking will.
    void warmUp(std::vector<std::string> models);
    /// Stops what is under way and asks these; news are of the newest asking only.
    void ask(std::vector<AskOrder> orders);
    /// Within a token or two; what there is so far arrives as ended and marked.
    void stop();
    void forget(); ///< the casebase changed

    [[nodiscard]] bool isBusy() const { return m_busy; }

Q_SIGNALS:
    void arrived(const std::vector<precedent::ui::AskNews>& news);

private:
    struct Shared;
    void drain();

    std::shared_ptr<Shared> m_shared;
    QTimer* m_frame;
    int m_round = 0;
    bool m_busy = false;
};

} // namespace precedent::ui
