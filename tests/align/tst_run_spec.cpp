#include <QFile>
#include <QTest>

#include "precedent/align/run_spec_json.h"

using namespace precedent;
using namespace precedent::align;

namespace {

Json parsed(const char* text) { return *parseJson(text, "the test's JSON"); }

} // namespace

class TestRunSpec : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyPresetValidatesAndRoundTrips()
    {
        QCOMPARE(presetNames(),
            (std::vector<std::string>{
                "quickstart", "cada", "da", "sft-cases", "refusal-sft", "dpo", "control-shuffled", "control-random"}));
        for (const std::string& name : presetNames()) {
            const auto spec = preset(name);
            QVERIFY2(spec.ok(), name.c_str());
            QCOMPARE(spec->preset, name);
            const Status valid = validate(*spec);
            QVERIFY2(valid.ok(), valid.ok() ? "" : valid.error().message().c_str());
            const auto again = runSpecFromJson(toJson(*spec));
            QVERIFY(again.ok());
            QCOMPARE(dumpJson(toJson(*again)), dumpJson(toJson(*spec)));
        }
    }

    void controlsDifferFromTheQuickstartByTheControlAlone()
    {
        Json quickstart = toJson(*preset("quickstart"));
        for (const char* name : {"control-shuffled", "control-random"}) {
            Json control = toJson(*preset(name));
            QVERIFY(control["control"] != quickstart["control"]);
            control["control"] = quickstart["control"];
            control["preset"] = quickstart["preset"];
            QCOMPARE(dumpJson(control), dumpJson(quickstart));
        }
    }

    void everyKeyIsDocumentedWithItsDefault()
    {
        QFile file(PRECEDENT_SOURCE_DIR "/docs/run-settings.md");
        QVERIFY(file.open(QIODevice::ReadOnly));
        const std::string text = file.readAll().toStdString();
        const Json defaults = toJson(core::RunSpec{});
        for (const auto& [key, value] : defaults.items()) {
            const std::size_t row = text.find("\n| `" + key + "` ");
            QVERIFY2(row != std::string::npos, key.c_str());
            const std::string line = text.substr(row + 1, text.find('\n', row + 1) - row - 1);
            QVERIFY2(line.find("| `" + dumpJson(value) + "` |") != std::string::npos, (line + " lacks " + dumpJson(value)).c_str());
        }
    }

    void newerVersionIsRefusedAndNoneIsTheFirst()
    {
        QCOMPARE(runSpecFromJson(parsed("{}"))->version, 1);
        QCOMPARE(runSpecFromJson(parsed(R"({"version": 1})"))->version, 1);
        const auto newer = runSpecFromJson(parsed(R"({"version": 2, "of_the_future": true})"));
        QVERIFY(!newer.ok());
        QCOMPARE(newer.error().code(), ErrorCode::tooNew);
        QVERIFY2(newer.error().message().find("version 2") != std::string::npos, newer.error().message().c_str());
        QCOMPARE(runSpecFromJson(parsed(R"({"version": 0})")).error().code(), ErrorCode::invalidArgument);
        QCOMPARE(runSpecFromJson(parsed(R"({"version": "1"})")).error().code(), ErrorCode::invalidArgument);
    }

    void guardsAreSetTogetherOrEach()
    {
        core::RunSpec spec;
        QVERIFY(applySetting(spec, "guards=stop").ok());
        QVERIFY(spec.guards.noSpread == core::GuardAction::stop && spec.guards.neverRefusal == core::GuardAction::stop);
        QVERIFY(applySetting(spec, "guards.no_spread=off").ok());
        QVERIFY(spec.guards.noSpread == core::GuardAction::off && spec.guards.neverRefusal == core::GuardAction::stop);
        QVERIFY(!applySetting(spec, "guards.no_spred=off").ok());
        QVERIFY(!applySetting(spec, "guards=perhaps").ok());
        // A run may be continued under other guards.
        QCOMPARE(specHash(spec), specHash(core::RunSpec{}));
    }

    void serversAreAskedWithinLimits_data()
    {
        QTest::addColumn<QString>("setting");
        QTest::addColumn<bool>("fine");
        QTest::newRow("a rate") << "reward_server.requests_per_minute=30" << true;
        QTest::newRow("a negative rate") << "reward_server.requests_per_minute=-1" << false;
        QTest::newRow("at once") << "reward_server.concurrent=16" << true;
        QTest::newRow("none at once") << "reward_server.concurrent=0" << false;
        QTest::newRow("no time") << "reward_server.timeout=0" << false;
        QTest::newRow("no retry") << "reward_server.retries=0" << true;
        QTest::newRow("no such part") << "reward_server.key=abc" << false;
        QTest::newRow("no object") << "reward_server=4" << false;
        QTest::newRow("a variable") << "reward_server.key_variable=JUDGE_KEY_2" << true;
        QTest::newRow("a digit first") << "reward_server.key_variable=2KEYS" << false;
        QTest::newRow("the key itself") << "reward_server.key_variable=sk-very-secret" << false;
    }
    void serversAreAskedWithinLimits()
    {
        QFETCH(QString, setting);
        QFETCH(bool, fine);
        core::RunSpec spec;
        Status status = applySetting(spec, setting.toStdString());
        if (status.ok())
            status = validate(spec);
        QVERIFY2(status.ok() == fine, status.ok() ? "" : status.error().message().c_str());
        QVERIFY(status.ok() || (status.error().message() + status.error().hint()).find("secret") == std::string::npos);
        // As a server is asked changes nothing in what comes out.
        QCOMPARE(specHash(spec), specHash(core::RunSpec{}));
    }

    void whoDrawsChainsDecidesWhatComesOut()
    {
        core::RunSpec spec;
        QVERIFY(applySetting(spec, "self_generation_endpoint=m@http://localhost:1/v1").ok());
        QVERIFY(!validate(spec).ok()); // no step draws any
        QVERIFY(applySetting(spec, "self_generation_steps=3").ok());
        QVERIFY(validate(spec).ok());
        core::RunSpec own = spec;
        own.selfGenerationEndpoint.clear();
        QVERIFY(specHash(spec) != specHash(own));
        QVERIFY(applySetting(spec, "self_generation_server.concurrent=0").ok());
        QVERIFY(!validate(spec).ok());
    }

    void unknownPresetListsTheKnownOnes()
    {
        const auto spec = preset("cadda");
        QVERIFY(!spec.ok());
        QCOMPARE(spec.error().code(), ErrorCode::invalidArgument);
        QVERIFY(spec.error().hint().find("control-random") != std::string::npos);
    }

    void keysAreTrls()
    {
        const Json json = toJson(core::RunSpec{});
        for (const char* key : {"num_generations", "max_completion_length", "learning_rate", "beta", "epsilon", "epsilon_high", "loss_type",
                 "scale_rewards", "temperature", "top_p", "top_k", "num_iterations", "max_steps", "save_steps", "lora_r", "lora_alpha",
                 "seed", "max_grad_norm", "warmup_ratio"})
            QVERIFY2(json.contains(key), key);
        QCOMPARE(json["loss_type"].get<std::string>(), std::string("dapo"));
        QCOMPARE(json["scale_rewards"].get<std::string>(), std::string("group"));
    }

    void specOverridesTheBaseAndPresetComesFirst()
    {
        core::RunSpec base;
        base.loraR = 3;
        const auto spec = runSpecFromJson(parsed(R"({"learning_rate": 0.5, "preset": "quickstart", "loss_type": "dr_grpo"})"), base);
        QVERIFY(spec.ok());
        QCOMPARE(spec->learningRate, 0.5);
        QCOMPARE(spec->preset, std::string("quickstart"));
        QCOMPARE(spec->useLora, preset("quickstart")->useLora);
        QVERIFY(spec->lossType == core::LossType::drGrpo);
    }

    void settingsApply_data()
    {
        QTest::addColumn<QString>("setting");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::newRow("a number") << "learning_rate=3e-4"
                                  << "learning_rate"
                                  << "0.0003";
        QTest::newRow("a whole number for a number") << "beta=0"
                                                     << "beta"
                                                     << "0.0";
        QTest::newRow("a bare word") << "loss_type=grpo"
                                     << "loss_type"
                                     << "\"grpo\"";
        QTest::newRow("a truth value") << "use_peft=false"
                                       << "use_peft"
                                       << "false";
        QTest::newRow("a mode's name") << "mode=none"
                                       << "mode"
                                       << "{\"none\":1.0}";
        QTest::newRow("a mode's share") << "mode.none=0.5"
                                        << "mode"
                                        << "{\"cases\":1.0,\"none\":0.5}";
        QTest::newRow("a part's weight") << "reward_weights.format=0.25"
                                         << "reward_weights"
                                         << "{\"disposition\":1.0,\"harmlessness\":0.5,\"format\":0.25,\"citation\":0.1,\"overlong\":0.1}";
        QTest::newRow("a list") << "lora_target_modules=[\"q_proj\"]"
                                << "lora_target_modules"
                                << "[\"q_proj\"]";
        QTest::newRow("a name with an equals sign") << "model=a=b"
                                                    << "model"
                                                    << "\"a=b\"";
        QTest::newRow("a large seed") << "seed=18446744073709551615"
                                      << "seed"
                                      << "18446744073709551615";
    }

    void settingsApply()
    {
        QFETCH(QString, setting);
        QFETCH(QString, key);
        QFETCH(QString, value);
        core::RunSpec spec;
        const Status applied = applySetting(spec, setting.toStdString());
        QVERIFY2(applied.ok(), applied.ok() ? "" : applied.error().message().c_str());
        QCOMPARE(QString::fromStdString(dumpJson(toJson(spec).at(key.toStdString()))), value);
    }

    void badSettingsAreRefusedAndChangeNothing_data()
    {
        QTest::addColumn<QString>("setting");
        QTest::addColumn<QString>("says");
        QTest::newRow("no equals sign") << "learning_rate"
                                        << "learning_rate";
        QTest::newRow("unknown key") << "learning_rat=1"
                                     << "learning_rat";
        QTest::newRow("a word for a number") << "beta=high"
                                             << "beta";
        QTest::newRow("a fraction for a whole number") << "seed=1.5"
                                                       << "seed";
        QTest::newRow("a negative seed") << "seed=-1"
                                         << "seed";
        QTest::newRow("an unknown choice") << "loss_type=ppo"
                                           << "grpo, dapo, dr_grpo";
        QTest::newRow("an unknown part") << "reward_weights.style=1"
                                         << "style";
        QTest::newRow("a part of a plain setting") << "beta.x=1"
                                                   << "beta";
        QTest::newRow("a number past an int") << "max_steps=99999999999"
                                              << "max_steps";
    }

    void badSettingsAreRefusedAndChangeNothing()
    {
        QFETCH(QString, setting);
        QFETCH(QString, says);
        core::RunSpec spec;
        const std::string before = dumpJson(toJson(spec));
        const Status applied = applySetting(spec, setting.toStdString());
        QVERIFY(!applied.ok());
        QCOMPARE(applied.error().code(), ErrorCode::invalidArgument);
        QVERIFY2(applied.error().message().find(says.toStdString()) != std::string::npos, applied.error().message().c_str());
        QCOMPARE(dumpJson(toJson(spec)), before);
    }

    void aMisspeltKeyIsOfferedTheNearest()
    {
        core::RunSpec spec;
        const Status applied = applySetting(spec, "num_generation=4");
        QVERIFY(!applied.ok());
        QVERIFY2(applied.error().hint().find("num_generations") != std::string::npos, applied.error().hint().c_str());
    }

    void valuesOutOfRangeAreNamed_data()
    {
        QTest::addColumn<QString>("setting");
        QTest::addColumn<QString>("key");
        for (const char* setting : {"num_generations=1", "prompts_per_step=0", "temperature=0", "top_p=0", "top_p=1.5", "learning_rate=-1",
                 "learning_rate=1e400", "beta=-0.1", "epsilon=0", "num_iterations=0", "lora_r=0", "lora_dropout=1",
                 "max_completion_length=0", "save_steps=0", "micro_batch_tokens=0", "warmup_ratio=2", "method=ppo", "mode={}",
                 "self_generation_threshold=2", "sft_steps=-1", "sft_dispositions=[\"maybe\"]", "batch_size=0", "dpo_beta=0",

                 "mode=statutes", "mode={\"cases\":0}", "label_weights={\"rude\":1}", "label_weights={\"benign\":-1}",
                 "reward_weights.format=-1", "reward_weights.helpful=-1", "lora_target_modules=[]", "model=\"\"", "cases_per_prompt=-1"}) {
            const QString text = setting;
            QTest::newRow(setting) << text << text.section('=', 0, 0);
        }
    }

    void valuesOutOfRangeAreNamed()
    {
        QFETCH(QString, setting);
        QFETCH(QString, key);
        core::RunSpec spec;
        const Status applied = applySetting(spec, setting.toStdString());
        const Status status = applied.ok() ? validate(spec) : applied;
        QVERIFY(!status.ok());
        QCOMPARE(status.error().code(), ErrorCode::invalidArgument);
        QVERIFY2(status.error().message().find(key.toStdString()) != std::string::npos, status.error().message().c_str());
    }

    void learningFromItselfNeedsSelfGeneration()
    {
        for (const char* setting : {"method=dpo", "method=sft", "sft_steps=5"}) {
            core::RunSpec spec;
            QVERIFY(applySetting(spec, setting).ok());
            QVERIFY(validate(spec).error().message().find("self_generation_steps") != std::string::npos);
            spec.selfGenerationSteps = 2;
            QVERIFY(validate(spec).ok());
        }
        core::RunSpec spec;
        QVERIFY(applySetting(spec, "method=sft").ok() && applySetting(spec, "sft_examples=cases").ok());
        QVERIFY(validate(spec).ok());
    }

    void namedCasesMustGoWithTheRest_data()
    {
        QTest::addColumn<QStringList>("settings");
        QTest::addColumn<QString>("key"); // that the refusal names; empty: valid
        QTest::newRow("pins") << QStringList{"pinned_cases=[\"S1-001\",\"S1-002\"]"} << "";
        QTest::newRow("fixed with pins") << QStringList{"retrieval=fixed", "pinned_cases=[\"a\"]", "fixed_cases=[\"b\",\"c\"]"} << "";
        QTest::newRow("evaluation of its own") << QStringList{"retrieval=dense", "evaluate_retrieval=fixed", "evaluate_fixed_cases=[\"a\"]",
                                                      "evaluate_modes=[\"cases\"]"}
                                               << "";
        QTest::newRow("fixed without cases") << QStringList{"retrieval=fixed"} << "fixed_cases";
        QTest::newRow("cases without fixed") << QStringList{"fixed_cases=[\"a\"]"} << "fixed_cases";
        QTest::newRow("one twice") << QStringList{"pinned_cases=[\"a\",\"a\"]"} << "pinned_cases";
        QTest::newRow("one pinned and fixed") << QStringList{"retrieval=fixed", "pinned_cases=[\"a\"]", "fixed_cases=[\"a\"]"}
                                              << "fixed_cases";
        QTest::newRow("no id") << QStringList{"pinned_cases=[\"\"]"} << "pinned_cases";
        QTest::newRow("more than are shown") << QStringList{"cases_per_prompt=1", "pinned_cases=[\"a\",\"b\"]"} << "cases_per_prompt";
        QTest::newRow("an evaluation's pins alone") << QStringList{"evaluate_pinned_cases=[\"a\"]"} << "evaluate_retrieval";
        QTest::newRow("an unknown kind") << QStringList{"evaluate_retrieval=colbert"} << "evaluate_retrieval";
        QTest::newRow("an evaluation's own, too many")
            << QStringList{"evaluate_retrieval=bm25", "evaluate_cases_per_prompt=0", "evaluate_pinned_cases=[\"a\"]"}
            << "evaluate_cases_per_prompt";
        QTest::newRow("an unknown mode") << QStringList{"evaluate_modes=[\"rules\"]"} << "evaluate_modes";
    }

    void namedCasesMustGoWithTheRest()
    {
        QFETCH(QStringList, settings);
        QFETCH(QString, key);
        core::RunSpec spec;
        for (const QString& setting : settings)
            QVERIFY(applySetting(spec, setting.toStdString()).ok());
        const Status status = validate(spec);
        QCOMPARE(status.ok(), key.isEmpty());
        QVERIFY(key.isEmpty() || status.error().message().starts_with(key.toStdString() + " is "));
    }

    void hashIsOfWhatDecidesAStep_data()
    {
        QTest::addColumn<QString>("setting");
        QTest::addColumn<bool>("changes");
        QTest::newRow("learning rate") << "learning_rate=0.5" << true;
        QTest::newRow("a reward's weight") << "reward_weights.format=0.9" << true;
        QTest::newRow("control") << "control=random_rewards" << true;
        QTest::newRow("max_steps") << "max_steps=7" << false;
        QTest::newRow("save_steps") << "save_steps=7" << false;
        QTest::newRow("evaluation") << "evaluate_limit=7" << false;
        QTest::newRow("what the frozen prompts show already") << "retrieval=dense" << false;
    }

    void hashIsOfWhatDecidesAStep()
    {
        QFETCH(QString, setting);
        QFETCH(bool, changes);
        core::RunSpec spec;
        const std::string before = specHash(spec);
        QVERIFY(applySetting(spec, setting.toStdString()).ok());
        QCOMPARE(specHash(spec) != before, changes);
    }
};

QTEST_GUILESS_MAIN(TestRunSpec)
#include "tst_run_spec.moc"
