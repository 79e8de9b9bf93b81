#include <QtTest>

#include <memory>

#include "precedent/base/json.h"
#include "precedent/workspace/endpoint_rollouts.h"
#include "tests/remote/small_http_server.h"

using namespace precedent;
using namespace precedent::workspace;

namespace {

constexpr int kEnd = 9;

SmallHttpServer::Reply said(const Json& json) { return {200, dumpJson(json), {}, std::chrono::milliseconds(0), false}; }

/// Speaks as a server does that draws token ids and takes adapters.
SmallHttpServer::Reply drawing(const SmallHttpServer::Request& request)
{
    const Json asked = Json::parse(request.body);
    if (request.head.find("/v1/completions") == std::string::npos)
        return said({{"ok", true}});
    Json choices = Json::array();
    for (int i = 0; i < asked.at("n").get<int>(); ++i)
        choices.push_back({{"index", i}, {"token_ids", {asked.at("prompt").at(0), 3 + i, kEnd}}, {"finish_reason", "stop"}});
    return said({{"model", asked.at("model")}, {"choices", choices}});
}

core::GenerationRequest twoPrompts()
{
    core::GenerationRequest request;
    request.prompts = {{{5, 6}, 2, 0xffff'ffff'ffffULL}, {{7}, 2, 4}};
    request.sampling = {0.8, 20, 0.9, 16, 1};
    request.stopIds = {kEnd};
    return request;
}

} // namespace

/// A server that draws a run's completions, as the run sees it.
class TestEndpointRollouts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { qputenv("no_proxy", "127.0.0.1"); }

    void idsGoOutAndComeBack()
    {
        const SmallHttpServer server([](int, const auto& request) { return drawing(request); });
        const auto drawn = source(server)->draw(twoPrompts(), {});
        QVERIFY2(drawn.ok(), drawn.ok() ? "" : drawn.error().message().c_str());
        QCOMPARE(drawn->version, 0);
        QCOMPARE(drawn->result.completions.size(), std::size_t{4});
        for (const core::Completion& one : drawn->result.completions) {
            QCOMPARE(one.ids, (std::vector<int>{one.prompt == 0 ? 5 : 7, 3 + one.index, kEnd}));
            QCOMPARE(one.stopReason, core::StopReason::stopId);
        }
        for (const auto& request : server.requests()) {
            const Json body = Json::parse(request.body);
            QCOMPARE(body.at("model").get<std::string>(), std::string("base"));
            QCOMPARE(body.at("stop_token_ids"), Json({kEnd}));
            QVERIFY(body.at("return_token_ids").get<bool>());
            QCOMPARE(body.at("max_tokens").get<int>(), 16);
            QCOMPARE(body.at("temperature").get<double>(), 0.8);
            QCOMPARE(body.at("top_k").get<int>(), 20);
            QVERIFY(body.at("seed").get<std::int64_t>() <= 0x7fffffff);
        }
    }

    void versionsAreHandedOverByFolder()
    {
        const SmallHttpServer server([](int, const auto& request) { return drawing(request); });
        const auto rollouts = source(server);
        QVERIFY(rollouts->publish(3, "/shared/run/served/step-3").ok());
        const auto drawn = rollouts->draw(twoPrompts(), {});
        QVERIFY(drawn.ok());
        QCOMPARE(drawn->version, 3);
        rollouts->forget(3);
        const auto requests = server.requests();
        QVERIFY(requests[0].head.find("/v1/unload_lora_adapter") != std::string::npos);
        QVERIFY(requests[1].head.find("/v1/load_lora_adapter") != std::string::npos);
        QCOMPARE(Json::parse(requests[1].body), (Json{{"lora_name", "run-7-step-3"}, {"lora_path", "/shared/run/served/step-3"}}));
        QCOMPARE(Json::parse(requests[2].body).at("model").get<std::string>(), std::string("run-7-step-3"));
        QVERIFY(requests.back().head.find("/v1/unload_lora_adapter") != std::string::npos);
    }

    void aServerThatTakesNoAdaptersIsNamed()
    {
        const SmallHttpServer server([](int, const auto&) -> SmallHttpServer::Reply {
            return {404, R"({"error": "no such path"})", {}, std::chrono::milliseconds(0), false};
        });
        const Status taken = source(server)->publish(1, "/shared/step-1");
        QVERIFY(!taken.ok());
        QVERIFY2(taken.error().message().find("behind step 1") != std::string::npos, taken.error().message().c_str());
        QVERIFY(taken.error().hint().find("/shared/step-1") != std::string::npos);
    }

    void theTokenThatEndedIsPutBack()
    {
        const SmallHttpServer server([](int, const auto& request) {
            const Json asked = Json::parse(request.body);
            return said({{"model", asked.at("model")},
                {"choices",
                    {{{"index", 0}, {"token_ids", {1, 2}}, {"finish_reason", "stop"}, {"stop_reason", kEnd}},
                        {{"index", 1}, {"token_ids", {1, 2}}, {"finish_reason", "length"}, {"stop_reason", nullptr}}}}});
        });
        const auto drawn = source(server)->draw(twoPrompts(), {});
        QVERIFY2(drawn.ok(), drawn.ok() ? "" : drawn.error().message().c_str());
        for (const core::Completion& one : drawn->result.completions) {
            QCOMPARE(one.ids, one.index == 0 ? (std::vector<int>{1, 2, kEnd}) : (std::vector<int>{1, 2}));
            QCOMPARE(one.stopReason, one.index == 0 ? core::StopReason::stopId : core::StopReason::length);
        }
    }

    void whatIsNoCompletionIsRefused_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("says");
        QTest::newRow("no JSON") << QByteArray("<html>") << "";
        QTest::newRow("no choices") << QByteArray(R"({"model": "base"})") << "choices";
        QTest::newRow("no ids") << QByteArray(R"({"model": "base", "choices": [{"index": 0, "text": "Sure.", "finish_reason": "stop"}]})")
                                << "token ids are missing";
        QTest::newRow("ids that are none")
            << QByteArray(R"({"model": "base", "choices": [{"index": 0, "token_ids": ["a"], "finish_reason": "stop"}]})") << "";
        QTest::newRow("another model") << QByteArray(R"({"model": "other", "choices": []})") << "of the model \"other\"";
    }

    void whatIsNoCompletionIsRefused()
    {
        QFETCH(QByteArray, body);
        QFETCH(QString, says);
        const SmallHttpServer server([&](int, const auto&) -> SmallHttpServer::Reply {
            return {200, body.toStdString(), {}, std::chrono::milliseconds(0), false};
        });
        const auto drawn = source(server)->draw(twoPrompts(), {});
        QVERIFY(!drawn.ok());
        QCOMPARE(drawn.error().code(), ErrorCode::corrupt);
        QVERIFY2(QString::fromStdString(drawn.error().message()).contains(says), drawn.error().message().c_str());
    }

private:
    [[nodiscard]] static std::unique_ptr<core::RolloutSource> source(const SmallHttpServer& server)
    {
        EndpointOptions options;
        options.retries = 0;
        auto made = endpointRollouts("base@" + server.url(), "run-7", options);
        return made.ok() ? std::move(*made) : nullptr;
    }
};

QTEST_GUILESS_MAIN(TestEndpointRollouts)
#include "tst_endpoint_rollouts.moc"
