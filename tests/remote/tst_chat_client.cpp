#include <QtTest>

#include <QElapsedTimer>
#include <QTemporaryDir>

#include <spdlog/spdlog.h>

#include "core/remote/transfer.h"
#include "precedent/base/files.h"
#include "precedent/base/log.h"
#include "precedent/remote/chat_client.h"
#include "small_http_server.h"

using namespace precedent;
using namespace precedent::remote;
using namespace std::chrono_literals;

namespace {

using Reply = SmallHttpServer::Reply;

constexpr const char* kSecret = "sk-very-secret-4711";

ChatLimits quickLimits()
{
    ChatLimits limits;
    limits.firstWait = 10ms;
    limits.longestWait = 2000ms;
    limits.replyTimeout = 5000ms;
    return limits;
}

struct Asked {
    Status status;
    std::vector<std::string> replies; ///< by request; empty where none came
};

Asked ask(const std::string& url, std::size_t count, const ChatLimits& limits, const std::stop_token& stop = {})
{
    Result<ChatClient> client = ChatClient::create({url, "judge-model"}, limits);
    if (!client.ok())
        return {client.error(), {}};
    std::vector<ChatRequest> requests(count);
    for (std::size_t i = 0; i < count; ++i)
        requests[i].messages = {{"user", "question " + std::to_string(i)}};
    Asked asked;
    asked.replies.resize(count);
    asked.status = client->askAll(
        requests,
        [&](std::size_t request, const ChatReply& reply) -> Status {
            asked.replies[request] = reply.text;
            return {};
        },
        stop);
    return asked;
}

} // namespace

class TestChatClient : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("no_proxy", "127.0.0.1");
        qunsetenv("PRECEDENT_API_KEY");
        qunsetenv("OPENAI_API_KEY");
    }
    void cleanup()
    {
        qunsetenv("PRECEDENT_API_KEY");
        qunsetenv("OPENAI_API_KEY");
    }

    void asksAsOpenAisClientsDo()
    {
        qputenv("PRECEDENT_API_KEY", kSecret);
        const SmallHttpServer server([](int, const SmallHttpServer::Request&) {
            return Reply{200, completionSaying("yes"), {}, 0ms, false};
        });
        const Asked asked = ask(server.url(), 1, quickLimits());
        QVERIFY2(asked.status.ok(), asked.status.ok() ? "" : asked.status.error().message().c_str());
        QCOMPARE(asked.replies.front(), std::string("yes"));
        const auto request = server.requests().at(0);
        QVERIFY(request.head.starts_with("POST /v1/chat/completions HTTP/1.1"));
        QVERIFY(request.head.find(std::string("Authorization: Bearer ") + kSecret) != std::string::npos);
        QCOMPARE(request.body,
            std::string("{\"model\":\"judge-model\",\"messages\":[{\"role\":\"user\",\"content\":\"question 0\"}],"
                        "\"temperature\":0.0,\"max_tokens\":256,\"stream\":false}"));
    }

    void asksForSeedAndTopPWhereTheyAreSet()
    {
        const ChatRequest request{{{"user", "q"}}, 8, 0.5, 0.9, 7};
        QCOMPARE(bodyOf({"http://localhost/v1", "m"}, request),
            std::string("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"}],\"temperature\":0.5,\"max_tokens\":8,"
                        "\"stream\":false,\"top_p\":0.9,\"seed\":7}"));
    }

    void readsReasoningThatIsGivenApart_data()
    {
        QTest::addColumn<QByteArray>("message");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("reasoning");
        QTest::newRow("none") << QByteArray(R"({"content":"Yes."})") << QByteArray("Yes.") << QByteArray();
        QTest::newRow("vLLM, llama.cpp") << QByteArray(R"({"content":"Yes.","reasoning_content":"Fine."})") << QByteArray("Yes.")
                                         << QByteArray("Fine.");
        QTest::newRow("Ollama") << QByteArray(R"({"content":"Yes.","reasoning":"Fine."})") << QByteArray("Yes.") << QByteArray("Fine.");
        QTest::newRow("null") << QByteArray(R"({"content":"Yes.","reasoning_content":null})") << QByteArray("Yes.") << QByteArray();
        QTest::newRow("cut off before the answer")
            << QByteArray(R"({"content":null,"reasoning_content":"Fi"})") << QByteArray() << QByteArray("Fi");
    }
    void readsReasoningThatIsGivenApart()
    {
        QFETCH(QByteArray, message);
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, reasoning);
        const auto reply = replyIn(R"({"choices":[{"message":)" + message.toStdString() + R"(,"finish_reason":"stop"}]})");
        QVERIFY2(reply.ok(), reply.ok() ? "" : reply.error().message().c_str());
        QCOMPARE(QByteArray::fromStdString(reply->text), text);
        QCOMPARE(QByteArray::fromStdString(reply->reasoning), reasoning);
    }

    void asksWithoutAKeyWhereNoneIsSet()
    {
        const SmallHttpServer server([](int, const SmallHttpServer::Request&) {
            return Reply{200, completionSaying("yes"), {}, 0ms, false};
        });
        QVERIFY(ask(server.url(), 1, quickLimits()).status.ok());
        QVERIFY(server.requests().at(0).head.find("Authorization") == std::string::npos);
    }

    void keepsOpenAisKeyFromOtherServers()
    {
        qputenv("OPENAI_API_KEY", kSecret);
        QCOMPARE(keyFor({"https://api.openai.com/v1", "m"}, {}).value(), std::string(kSecret));
        QCOMPARE(keyFor({"https://api.openai.com.example.org/v1", "m"}, {}).value(), std::string());
        QCOMPARE(keyFor({"http://localhost:8000/v1", "m"}, {}).value(), std::string());
        QCOMPARE(keyFor({"http://localhost:8000/v1", "m"}, "OPENAI_API_KEY").value(), std::string(kSecret));
        QVERIFY(!keyFor({"http://localhost:8000/v1", "m"}, "PRECEDENT_NO_SUCH_KEY").ok());
        qputenv("PRECEDENT_API_KEY", "a\r\nX-Other: b");
        QVERIFY(!keyFor({"http://localhost:8000/v1", "m"}, {}).ok());
    }

    void triesAgain_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<bool>("hangUp");
        QTest::newRow("too many requests") << 429 << false;
        QTest::newRow("internal error") << 500 << false;
        QTest::newRow("unavailable") << 503 << false;
        QTest::newRow("the connection is lost") << 200 << true;
    }
    void triesAgain()
    {
        QFETCH(int, status);
        QFETCH(bool, hangUp);
        const SmallHttpServer server([&](int number, const SmallHttpServer::Request&) {
            return number < 2 ? Reply{status, "{\"error\":{\"message\":\"busy\"}}", {}, 0ms, hangUp}
                              : Reply{200, completionSaying("at last"), {}, 0ms, false};
        });
        const Asked asked = ask(server.url(), 1, quickLimits());
        QVERIFY2(asked.status.ok(), asked.status.ok() ? "" : asked.status.error().message().c_str());
        QCOMPARE(asked.replies.front(), std::string("at last"));
        QCOMPARE(server.requests().size(), std::size_t(3));
    }

    void waitsAsLongAsTheServerAsks()
    {
        const SmallHttpServer server([&](int number, const SmallHttpServer::Request&) {
            return number == 0 ? Reply{429, "{}", "Retry-After: 1\r\n", 0ms, false} : Reply{200, completionSaying("yes"), {}, 0ms, false};
        });
        QElapsedTimer timer;
        timer.start();
        QVERIFY(ask(server.url(), 1, quickLimits()).status.ok());
        QVERIFY2(timer.elapsed() >= 990, qPrintable(QString::number(timer.elapsed())));
    }

    void doesNotWaitLongerThanItsLimit()
    {
        const SmallHttpServer server([&](int, const SmallHttpServer::Request&) {
            return Reply{429, "{}", "Retry-After: 3600\r\n", 0ms, false};
        });
        const Asked asked = ask(server.url(), 1, quickLimits());
        QVERIFY(!asked.status.ok());
        QVERIFY2(asked.status.error().message().find("3600 seconds") != std::string::npos, asked.status.error().message().c_str());
        QCOMPARE(server.requests().size(), std::size_t(1));
    }

    void readsBothKindsOfRetryAfter()
    {
        const auto now = std::chrono::system_clock::from_time_t(784111717); // Sun, 06 Nov 1994 08:48:37 GMT
        QCOMPARE(retryAfterOf(" 12\r\n", now).value(), std::chrono::milliseconds(12000));
        QCOMPARE(retryAfterOf(" Sun, 06 Nov 1994 08:49:37 GMT\r\n", now).value(), std::chrono::milliseconds(60000));
        QCOMPARE(retryAfterOf("Sun, 06 Nov 1994 08:40:00 GMT", now).value(), std::chrono::milliseconds(0));
        QVERIFY(!retryAfterOf("soon", now).has_value());
        QVERIFY(!retryAfterOf("99999999999999999999", now).has_value());
    }

    void givesUpWithTheServersWords_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<int>("code");
        QTest::addColumn<int>("attempts");
        QTest::newRow("a wrong key") << 401 << static_cast<int>(ErrorCode::permissionDenied) << 1;
        QTest::newRow("no such model") << 404 << static_cast<int>(ErrorCode::notFound) << 1;
        QTest::newRow("a bad request") << 400 << static_cast<int>(ErrorCode::invalidArgument) << 1;
        QTest::newRow("a redirect") << 302 << static_cast<int>(ErrorCode::invalidArgument) << 1;
        QTest::newRow("a server that stays down") << 503 << static_cast<int>(ErrorCode::io) << 5;
    }
    void givesUpWithTheServersWords()
    {
        QFETCH(int, status);
        QFETCH(int, code);
        QFETCH(int, attempts);
        qputenv("PRECEDENT_API_KEY", kSecret);
        const SmallHttpServer server([&](int, const SmallHttpServer::Request&) {
            return Reply{status, std::string("{\"error\":{\"message\":\"not so with ") + kSecret + "\"}}",
                "Location: http://127.0.0.1:1/\r\n", 0ms, false};
        });
        const Asked asked = ask(server.url(), 1, quickLimits());
        QVERIFY(!asked.status.ok());
        const Error& error = asked.status.error();
        QCOMPARE(static_cast<int>(error.code()), code);
        QVERIFY2(error.message().find("not so with (the key)") != std::string::npos, error.message().c_str());
        QVERIFY2((error.message() + error.hint()).find(kSecret) == std::string::npos, error.message().c_str());
        QVERIFY(!error.hint().empty());
        QCOMPARE(server.requests().size(), static_cast<std::size_t>(attempts));
    }

    void refusesRepliesThatAreNone_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("complaint");
        QTest::newRow("no JSON") << QByteArray("<html>hello</html>") << QByteArray("reply");
        QTest::newRow("cut short") << QByteArray("{\"choices\":[{\"mess") << QByteArray("reply");
        QTest::newRow("no choices") << QByteArray("{\"choices\":[]}") << QByteArray("no choices");
        QTest::newRow("no message") << QByteArray("{\"choices\":[1]}") << QByteArray("no message");
        QTest::newRow("no text") << QByteArray("{\"choices\":[{\"message\":{\"content\":null}}]}") << QByteArray("no content");
        QTest::newRow("huge") << QByteArray(200'000, ' ') << QByteArray("more than 100000 bytes");
    }
    void refusesRepliesThatAreNone()
    {
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, complaint);
        const SmallHttpServer server([&](int, const SmallHttpServer::Request&) { return Reply{200, body.toStdString(), {}, 0ms, false}; });
        ChatLimits limits = quickLimits();
        limits.replyBytes = 100'000;
        const Asked asked = ask(server.url(), 1, limits);
        QVERIFY(!asked.status.ok());
        QCOMPARE(static_cast<int>(asked.status.error().code()), static_cast<int>(ErrorCode::corrupt));
        QVERIFY2(asked.status.error().message().find(complaint.toStdString()) != std::string::npos, asked.status.error().message().c_str());
        QCOMPARE(server.requests().size(), std::size_t(1));
    }

    void givesUpOnASilentServer()
    {
        const SmallHttpServer server([&](int, const SmallHttpServer::Request&) {
            return Reply{200, completionSaying("late"), {}, 30s, false};
        });
        ChatLimits limits = quickLimits();
        limits.replyTimeout = 150ms;
        limits.retries = 1;
        const Asked asked = ask(server.url(), 1, limits);
        QVERIFY(!asked.status.ok());
        QCOMPARE(static_cast<int>(asked.status.error().code()), static_cast<int>(ErrorCode::io));
        QVERIFY2(asked.status.error().message().find("After 2 attempts") != std::string::npos, asked.status.error().message().c_str());
    }

    void saysThatNobodyListens()
    {
        std::string url;
        {
            const SmallHttpServer gone([](int, const SmallHttpServer::Request&) { return Reply{}; });
            url = gone.url();
        }
        ChatLimits limits = quickLimits();
        limits.retries = 1;
        const Asked asked = ask(url, 1, limits);
        QVERIFY(!asked.status.ok());
        QCOMPARE(static_cast<int>(asked.status.error().code()), static_cast<int>(ErrorCode::io));
        QVERIFY2(asked.status.error().message().find(url) != std::string::npos, asked.status.error().message().c_str());
    }

    void stopsSoon()
    {
        const SmallHttpServer server([&](int, const SmallHttpServer::Request&) {
            return Reply{200, completionSaying("late"), {}, 30s, false};
        });
        std::stop_source source;
        std::thread stopper([&] {
            while (server.requests().empty())
                std::this_thread::sleep_for(1ms);
            source.request_stop();
        });
        QElapsedTimer timer;
        timer.start();
        const Asked asked = ask(server.url(), 3, quickLimits(), source.get_token());
        stopper.join();
        QVERIFY(!asked.status.ok());
        QCOMPARE(static_cast<int>(asked.status.error().code()), static_cast<int>(ErrorCode::cancelled));
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
    }

    void asksAFewAtOnce()
    {
        const SmallHttpServer server([&](int, const SmallHttpServer::Request& request) {
            const std::size_t at = request.body.find("question ") + 9;
            return Reply{200, completionSaying(request.body.substr(at, request.body.find('"', at) - at)), {}, 20ms, false};
        });
        ChatLimits limits = quickLimits();
        limits.concurrent = 3;
        const Asked asked = ask(server.url(), 12, limits);
        QVERIFY(asked.status.ok());
        for (std::size_t i = 0; i < asked.replies.size(); ++i)
            QCOMPARE(asked.replies[i], std::to_string(i));
        QVERIFY2(server.mostAtOnce() > 1 && server.mostAtOnce() <= 3, qPrintable(QString::number(server.mostAtOnce())));
    }

    void keepsToItsRate()
    {
        const SmallHttpServer server([&](int, const SmallHttpServer::Request&) {
            return Reply{200, completionSaying("yes"), {}, 0ms, false};
        });
        ChatLimits limits = quickLimits();
        limits.requestsPerMinute = 600; // one every 100 ms
        QElapsedTimer timer;
        timer.start();
        QVERIFY(ask(server.url(), 6, limits).status.ok());
        QVERIFY2(timer.elapsed() >= 495, qPrintable(QString::number(timer.elapsed())));
    }

    void handsOutWhatCameBeforeAFailure()
    {
        const SmallHttpServer server([&](int number, const SmallHttpServer::Request&) {
            return number < 2 ? Reply{200, completionSaying("yes"), {}, 0ms, false} : Reply{400, "{}", {}, 0ms, false};
        });
        ChatLimits limits = quickLimits();
        limits.concurrent = 1;
        const Asked asked = ask(server.url(), 5, limits);
        QVERIFY(!asked.status.ok());
        QCOMPARE(asked.replies, (std::vector<std::string>{"yes", "yes", "", "", ""}));
    }

    void writesNoKeyToTheLog()
    {
        const QTemporaryDir folder;
        const std::string file = folder.filePath(QStringLiteral("log.txt")).toStdString();
        QVERIFY(setUpLogging("trace", file).ok());
        qputenv("PRECEDENT_API_KEY", kSecret);
        const SmallHttpServer server([&](int number, const SmallHttpServer::Request& request) {
            return number == 0 ? Reply{503, request.head, {}, 0ms, false} : Reply{200, completionSaying("yes"), {}, 0ms, false};
        });
        QVERIFY(ask(server.url(), 1, quickLimits()).status.ok());
        spdlog::default_logger()->flush();
        const std::string log = readFile(file).value();
        QVERIFY2(log.find("Trying again") != std::string::npos, log.c_str());
        QVERIFY2(log.find(kSecret) == std::string::npos, log.c_str());
    }

    void namesEndpoints_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("url");
        QTest::newRow("plain") << "llama3@http://localhost:8000/v1"
                               << "llama3"
                               << "http://localhost:8000/v1";
        QTest::newRow("a tag, a slash at the end") << "qwen2.5:7b@https://host/v1/"
                                                   << "qwen2.5:7b"
                                                   << "https://host/v1";
        QTest::newRow("an at sign in the name") << "@cf/meta/x@https://host/v1"
                                                << "@cf/meta/x"
                                                << "https://host/v1";
        QTest::newRow("no model") << "@http://localhost/v1"
                                  << ""
                                  << "";
        QTest::newRow("no address") << "llama3"
                                    << ""
                                    << "";
        QTest::newRow("another scheme") << "llama3@file:///etc/passwd"
                                        << ""
                                        << "";
        QTest::newRow("a password") << "llama3@http://me:secret@host/v1"
                                    << "llama3@http://me:secret"
                                    << "http://host/v1";
        QTest::newRow("a key in the query") << "llama3@http://host/v1?key=secret"
                                            << ""
                                            << "";
        QTest::newRow("no host") << "llama3@http:///v1"
                                 << ""
                                 << "";
        QTest::newRow("a space") << "llama3@http://host /v1"
                                 << ""
                                 << "";
    }
    void namesEndpoints()
    {
        QFETCH(QString, text);
        QFETCH(QString, model);
        QFETCH(QString, url);
        const Result<ChatEndpoint> endpoint = endpointNamed(text.toStdString());
        if (text.contains(QLatin1String("secret"))) {
            QVERIFY(!endpoint.ok());
            QVERIFY(endpoint.error().message().find("secret") == std::string::npos);
            return;
        }
        QCOMPARE(endpoint.ok(), !model.isEmpty());
        if (endpoint.ok()) {
            QCOMPARE(endpoint.value().model, model.toStdString());
            QCOMPARE(endpoint.value().url, url.toStdString());
        }
    }
};

QTEST_GUILESS_MAIN(TestChatClient)
#include "tst_chat_client.moc"
