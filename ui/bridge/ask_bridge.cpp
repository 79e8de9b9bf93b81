#include "ui/bridge/ask_bridge.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <QTimer>

#include "precedent/base/event_channel.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/model_source.h"

namespace precedent::ui {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kFrameMs = 16;
constexpr std::chrono::milliseconds kFrame(kFrameMs);

struct Asking {
    int round = 0;
    std::vector<AskOrder> orders;
    std::vector<std::string> warm; ///< models to load, where nothing is asked
    std::stop_source stop;
};

struct Arrived {
    int round;
    AskNews news;
};

struct Loaded {
    workspace::ModelSource source;
    workspace::AskedModel asked;
};

/// The columns of one model, ready to be answered.
struct Group {
    std::shared_ptr<const Loaded> model;
    std::vector<int> columns;
    std::vector<workspace::AskPrompt> prompts;
};

QString text(const std::string& value) { return QString::fromStdString(value); }

bool findsByMeaning(const workspace::AskRequest& request) { return request.mode == Mode::cases && workspace::needsVectors(request.cases); }

} // namespace

struct AskBridge::Shared {
    std::filesystem::path path;
    EventChannel<Arrived> channel;
    std::mutex mutex;
    std::condition_variable wake;
    AskBridge* bridge = nullptr; ///< guarded; null once it is gone
    std::shared_ptr<Asking> next; ///< guarded
    std::shared_ptr<Asking> now; ///< guarded
    bool forget = false; ///< guarded
    bool closed = false; ///< guarded

    // The worker's own.
    workspace::Asker asker;
    std::map<std::string, std::shared_ptr<const Loaded>> models; ///< by folder and adapter
    std::map<std::string, std::shared_ptr<workspace::TextVectors>> vectors; ///< by what makes them, of columns that find cases by meaning

    void wakeBridge()
    {
        const std::scoped_lock lock(mutex);
        if (bridge != nullptr)
            QMetaObject::invokeMethod(
                bridge,
                [to = bridge] {
                    if (!to->m_frame->isActive())
                        to->m_frame->start();
                },
                Qt::QueuedConnection);
    }
    void put(std::shared_ptr<Asking> asking)
    {
        {
            const std::scoped_lock lock(mutex);
            if (now)
                now->stop.request_stop();
            next = std::move(asking);
        }
        wake.notify_one();
    }
    void tell(int round, AskNews news, bool droppable = false) { (void)channel.push({round, std::move(news)}, droppable); }
    void fail(int round, int column, const Error& error) { tell(round, AskFailed{column, text(error.message()), text(error.hint())}); }

    void serve();
    void answer(const Asking& asking);
    [[nodiscard]] Result<std::shared_ptr<const Loaded>> modelFor(const casebase::Casebase& casebase, const std::string& name,
        const std::function<void(AskWait)>& waiting, std::set<std::string>& used);
    [[nodiscard]] Result<std::shared_ptr<workspace::TextVectors>> vectorsFor(
        const casebase::Casebase& casebase, const workspace::CaseChoice& choice, const Loaded& model, std::set<std::string>& used);
    [[nodiscard]] Result<workspace::AskPrompt> promptFor(const casebase::Casebase& casebase, const workspace::AskRequest& request,
        const Loaded& model, std::set<std::string>& used, const std::stop_token& stop);
    void answerGroup(const Asking& asking, const Group& group);
};

namespace {

/// Says what one group's columns write, at most once a frame each.
class Teller final : public workspace::AskObserver {
public:
    Teller(const Group& group, std::function<void(AskNews, bool)> tell)
        : m_group(group)
        , m_tell(std::move(tell))
        , m_columns(group.columns.size())
    {
        for (std::size_t i = 0; i < m_columns.size(); ++i)
            m_columns[i].text = group.prompts[i].begun;
    }

    void wrote(std::size_t prompt, const std::string& piece) override
    {
        Column& column = m_columns[prompt];
        column.text += piece;
        const auto now = Clock::now();
        if (now - column.last < kFrame)
            return;
        column.last = now;
        const auto parsed = m_group.model->asked.encoder.parse(column.text, m_group.model->asked.templates);
        const auto& aliases = m_group.prompts[prompt].aliases;
        m_tell(AskWrote{m_group.columns[prompt], text(workspace::withIds(parsed.chain, aliases)),
                   text(workspace::withIds(parsed.answer, aliases))},
            true);
    }
    void ended(std::size_t prompt, const workspace::AskAnswer& answer) override
    {
        m_tell(AskEnded{m_group.columns[prompt], std::make_shared<const workspace::AskAnswer>(answer)}, false);
    }

private:
    struct Column {
        std::string text;
        Clock::time_point last;
    };
    const Group& m_group;
    std::function<void(AskNews, bool)> m_tell;
    std::vector<Column> m_columns;
};

} // namespace

void AskBridge::Shared::serve()
{
    for (;;) {
        std::shared_ptr<Asking> asking;
        {
            std::unique_lock lock(mutex);
            wake.wait(lock, [this] { return closed || next != nullptr; });
            if (closed)
                return;
            asking = now = std::move(next);
            next.reset();
            if (forget)
                asker.forget();
            forget = false;
        }
        answer(*asking);
        if (asking->warm.empty())
            tell(asking->round, AskOver{});
    }
}

Result<std::shared_ptr<const Loaded>> AskBridge::Shared::modelFor(
    const casebase::Casebase& casebase, const std::string& name, const std::function<void(AskWait)>& waiting, std::set<std::string>& used)
{
    const Result<workspace::ModelSource> source = workspace::resolveModel(name, &casebase);
    if (!source)
        return source.error();
    const std::string key = source.value().folder.string() + '\n' + source.value().adapter;
    used.insert(key);
    if (const auto found = models.find(key); found != models.end())
        return found->second;
    waiting(AskWait::engine);
    const Result<core::Engine*> engine = workspace::openEngine();
    if (!engine)
        return engine.error();
    waiting(AskWait::model);
    Result<workspace::AskedModel> loaded = workspace::loadAsked(*engine.value(), {source.value().folder.string(), source.value().adapter});
    if (!loaded)
        return loaded.error();
    auto kept = std::make_shared<const Loaded>(Loaded{source.value(), std::move(*loaded)});
    models.emplace(key, kept);
    return kept;
}

Result<std::shared_ptr<workspace::TextVectors>> AskBridge::Shared::vectorsFor(
    const casebase::Casebase& casebase, const workspace::CaseChoice& choice, const Loaded& model, std::set<std::string>& used)
{
    const std::string key = choice.model.empty() ? model.source.folder.string() : choice.model;
    used.insert(key);
    std::shared_ptr<workspace::TextVectors>& kept = vectors[key];
    if (kept == nullptr) {
        Result<std::shared_ptr<workspace::TextVectors>> made =
            workspace::vectorsFor(casebase, choice, model.source, model.asked.model, [] { return workspace::openEngine(); });
        if (!made)
            return made.error();
        kept = std::move(*made);
    }
    return kept;
}

Result<workspace::AskPrompt> AskBridge::Shared::promptFor(const casebase::Casebase& casebase, const workspace::AskRequest& request,
    const Loaded& model, std::set<std::string>& used, const std::stop_token& stop)
{
    if (findsByMeaning(request)) {
        Result<std::shared_ptr<workspace::TextVectors>> made = vectorsFor(casebase, request.cases, model, used);
        if (!made)
            return made.error();
        asker.setVectors(std::move(*made));
    }
    const workspace::AskedModel& asked = model.asked;
    return asker.prepare(request, &casebase, asked.encoder, asked.templates, asked.model->info().contextLength, stop);
}

void AskBridge::Shared::answer(const Asking& asking)
{
    std::set<std::string> used;
    std::set<std::string> usedVectors;
    // Open while something is asked and no longer: who closes the window leaves one whole file. Cases' vectors are kept in it.
    const bool makesVectors =
        std::any_of(asking.orders.begin(), asking.orders.end(), [](const AskOrder& order) { return findsByMeaning(order.request); });
    if (!makesVectors)
        asker.setVectors(nullptr); // and with them the model that made them
    const auto opened =
        makesVectors ? casebase::Casebase::openAsAllowed(path) : casebase::Casebase::open(path, casebase::OpenMode::readOnly);
    if (!opened) {
        for (int column = 0; column < static_cast<int>(asking.orders.size()); ++column)
            fail(asking.round, column, opened.error());
        return;
    }
    for (const std::string& name : asking.warm)
        (void)modelFor(
            *opened.value(), name, [](AskWait) {}, used);
    if (!asking.warm.empty())
        return;
    std::vector<Group> groups;
    for (int column = 0; column < static_cast<int>(asking.orders.size()); ++column) {
        const AskOrder& order = asking.orders[static_cast<std::size_t>(column)];
        const auto model = modelFor(
            *opened.value(), order.model,
            [&](AskWait what) {
                tell(asking.round, AskWaiting{column, what});
            },
            used);
        if (!model) {
            fail(asking.round, column, model.error());
            continue;
        }
        tell(asking.round, AskWaiting{column, AskWait::context}, true);
        Result<workspace::AskPrompt> prompt =
            promptFor(*opened.value(), order.request, *model.value(), usedVectors, asking.stop.get_token());
        if (!prompt) {
            if (prompt.error().code() != ErrorCode::cancelled)
                fail(asking.round, column, prompt.error());
            continue;
        }
        tell(asking.round, AskBegan{column, std::make_shared<const workspace::AskPrompt>(*prompt)});
        const auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.model == model.value(); });
        Group& to = group == groups.end() ? groups.emplace_back(Group{model.value(), {}, {}}) : *group;
        to.columns.push_back(column);
        to.prompts.push_back(std::move(*prompt));
    }
    // What no column uses any more goes.
    std::erase_if(models, [&](const auto& entry) { return used.count(entry.first) == 0; });
    std::erase_if(vectors, [&](const auto& entry) { return usedVectors.count(entry.first) == 0; });
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < groups.size(); ++i)
        others.emplace_back([this, &asking, &group = groups[i]] { answerGroup(asking, group); });
    if (!groups.empty())
        answerGroup(asking, groups.front());
}

void AskBridge::Shared::answerGroup(const Asking& asking, const Group& group)
{
    const auto failAll = [&](const Error& error) {
        for (const int column : group.columns)
            fail(asking.round, column, error);
    };
    // A connection of its own: groups answer at the same time.
    const auto connection = casebase::Casebase::open(path, casebase::OpenMode::readOnly);
    if (!connection)
        return failAll(connection.error());
    Teller teller(group, [this, round = asking.round](AskNews news, bool droppable) { tell(round, std::move(news), droppable); });
    const auto answers =
        workspace::answerAll(group.prompts, group.model->asked, connection.value().get(), &teller, asking.stop.get_token());
    if (!answers)
        failAll(answers.error());
}

AskBridge::AskBridge(std::filesystem::path casebase, QObject* parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>())
    , m_frame(new QTimer(this))
{
    m_frame->setSingleShot(true);
    m_frame->setInterval(kFrameMs);
    connect(m_frame, &QTimer::timeout, this, &AskBridge::drain);
    m_shared->path = std::move(casebase);
    m_shared->bridge = this;
    m_shared->channel.setWaker([shared = m_shared.get()] { shared->wakeBridge(); });
    std::thread([shared = m_shared] { shared->serve(); }).detach();
}

AskBridge::~AskBridge()
{
    {
        const std::scoped_lock lock(m_shared->mutex);
        m_shared->bridge = nullptr;
        m_shared->closed = true;
        if (m_shared->now)
            m_shared->now->stop.request_stop();
    }
    m_shared->wake.notify_one();
}

void AskBridge::warmUp(std::vector<std::string> models)
{
    if (m_busy)
        return;
    auto asking = std::make_shared<Asking>();
    asking->round = m_round;
    asking->warm = std::move(models);
    m_shared->put(std::move(asking));
}

void AskBridge::ask(std::vector<AskOrder> orders)
{
    auto asking = std::make_shared<Asking>();
    asking->round = ++m_round;
    asking->orders = std::move(orders);
    m_busy = true;
    m_shared->put(std::move(asking));
}

void AskBridge::stop()
{
    const std::scoped_lock lock(m_shared->mutex);
    if (m_shared->next)
        m_shared->next->stop.request_stop();
    else if (m_shared->now)
        m_shared->now->stop.request_stop();
}

void AskBridge::forget()
{
    const std::scoped_lock lock(m_shared->mutex);
    m_shared->forget = true;
}

void AskBridge::drain()
{
    std::vector<AskNews> news;
    for (Arrived& arrived : m_shared->channel.drain()) {
        if (arrived.round != m_round)
            continue;
        m_busy = m_busy && !std::holds_alternative<AskOver>(arrived.news);
        news.push_back(std::move(arrived.news));
    }
    if (!news.empty())
        Q_EMIT arrived(news);
}

} // namespace precedent::ui
