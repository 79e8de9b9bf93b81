#include <QtTest/QtTest>

#include <QAbstractButton>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>

#include "precedent/align/run_spec_json.h"
#include "precedent/base/files.h"
#include "precedent/casebase/run_store.h"
#include "tests/ui/window_fixture.h"
#include "ui/runs/estimate_panel.h"
#include "ui/runs/launch_page.h"
#include "ui/runs/setting_table.h"
#include "ui/runs/spec_form.h"
#include "ui/runs/user_presets.h"
#include "ui/shell/segments.h"

using namespace precedent;

static QString jsonOf(const core::RunSpec& spec) { return QString::fromStdString(dumpJson(align::toJson(spec))); }

/// The page that a run is made on: that every setting is there and reaches the run, and what it says before one starts.
class TestLaunchPage : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init()
    {
        if (m_window && isOfManyRows()) // one window for all of them
            return take("preset_quickstart");
        m_window.reset();
        QDir(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/presets")).removeRecursively();
        openWindow();
        open(copyOfSample(QString::fromLatin1(QTest::currentTestFunction()) + QStringLiteral(".casebase")));
        child<QAction>("newRun")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(page()->isVisible(), tests::kLong);
    }
    void cleanup()
    {
        if (!isOfManyRows())
            closeWindow();
    }
    void cleanupTestCase() { m_window.reset(); }
    void everySettingHasAField();
    void fieldsShowAndWriteEverySetting_data();
    void fieldsShowAndWriteEverySetting();
    void presetsAreTakenByKeyAndMouse();
    void whatIsNotTouchedStays();
    void severalModesStayUntilOneIsChosen();
    void settingsOfNoEffectAreHidden();
    void invalidSettingsAreToldInTheirRow();
    void groupsOpenByKey();
    void fieldsHaveNames();
    void tabWalksTheForm();
    void wheelLeavesFieldsAlone();
    void judgeLosesAnothersHash();
    void presetsOfTheUserAreKept();
    void specFilesAreLoaded();
    void commandIsCopied();

private:
    [[nodiscard]] static bool isOfManyRows() { return qstrcmp(QTest::currentTestFunction(), "fieldsShowAndWriteEverySetting") == 0; }
    [[nodiscard]] ui::LaunchPage* page() { return child<ui::LaunchPage>("launchDialog"); }
    [[nodiscard]] ui::SpecForm* form() { return page()->findChild<ui::SpecForm*>(); }
    [[nodiscard]] core::RunSpec spec() { return page()->order().spec; }
    void take(const char* preset) { QTest::mouseClick(child<QAbstractButton>(preset), Qt::LeftButton); }
    [[nodiscard]] QString text(const char* name) { return child<QLabel>(name)->text(); }
};

void TestLaunchPage::everySettingHasAField()
{
    std::set<std::string> keys;
    for (const ui::SettingGroup& group : ui::settingGroups()) {
        for (const ui::Setting& setting : group.settings) {
            keys.insert(setting.key.toStdString());
            QVERIFY2(form()->row(setting.key) != nullptr, qPrintable(setting.key));
        }
    }
    const Json all = align::toJson(core::RunSpec());
    for (const auto& [key, value] : all.items()) {
        if (key == "version" || key == "preset" || key == "reward_judge_hash")
            continue;
        if (key == "guards" || key.ends_with("_server")) {
            for (const auto& [guard, action] : value.items())
                QVERIFY2(keys.contains(key + "." + guard), guard.c_str());
        } else {
            QVERIFY2(keys.contains(key), key.c_str());
        }
    }
}

void TestLaunchPage::fieldsShowAndWriteEverySetting_data()
{
    QTest::addColumn<QString>("field");
    QTest::addColumn<QVariant>("value");
    QTest::addColumn<QString>("setting");
    const auto row = [](const char* field, const QVariant& value, const char* setting) {
        QTest::newRow(setting) << QString::fromLatin1(field) << value << QString::fromLatin1(setting);
    };
    row("methodField", "sft", "method=sft");
    row("casesSpin", 5, "cases_per_prompt=5");
    row("longestSpin", 96, "max_completion_length=96");
    row("max_prompt_lengthField", 1024, "max_prompt_length=1024");
    row("top_pField", 0.9, "top_p=0.9");
    row("top_kField", 40, "top_k=40");
    row("label_weights_harmful", 0.75, "label_weights.harmful=0.75");
    row("weight_helpful", 0.5, "reward_weights.helpful=0.5");
    row("weight_format", 0.3, "reward_weights.format=0.3");
    row("overlong_fromField", 90, "overlong_from=90");
    row("retrievalField", "hybrid", "retrieval=hybrid");
    row("retrieval_modelCombo", "starter", "retrieval_model=starter");
    row("pinned_casesField", "S1-001, S1-002", "pinned_cases=[\"S1-001\",\"S1-002\"]");
    row("self_generation_stepsField", 4, "self_generation_steps=4");
    row("self_generation_mode_codes", 0.5, "self_generation_mode.codes=0.5");
    row("self_generation_thresholdField", 0.7, "self_generation_threshold=0.7");
    row("sft_stepsField", 3, "sft_steps=3");
    row("sft_examplesField", "answers", "sft_examples=answers");
    row("sft_fileEdit", "kept.jsonl", "sft_file=kept.jsonl");
    row("sft_dispositions_refuse", true, "sft_dispositions=[\"refuse\"]");
    row("sft_contextField", true, "sft_context=true");
    row("batch_sizeField", 16, "batch_size=16");
    row("learning_rateField", 3e-5, "learning_rate=3e-5");
    row("lr_scheduler_typeField", "constant_with_warmup", "lr_scheduler_type=constant_with_warmup");
    row("warmup_ratioField", 0.1, "warmup_ratio=0.1");
    row("epsilonField", 0.1, "epsilon=0.1");
    row("epsilon_highField", 0.28, "epsilon_high=0.28");
    row("num_iterationsField", 2, "num_iterations=2");
    row("advantage_estimatorField", "rloo", "advantage_estimator=rloo");
    row("loss_type", "dr_grpo", "loss_type=dr_grpo");
    row("scale_rewards", "none", "scale_rewards=none");
    row("reward_std_floorField", 0.1, "reward_std_floor=0.1");
    row("dynamic_samplingField", true, "dynamic_sampling=true");
    row("dpo_betaField", 0.2, "dpo_beta=0.2");
    row("max_grad_normField", 0.5, "max_grad_norm=0.5");
    row("adam_beta1Field", 0.8, "adam_beta1=0.8");
    row("adam_beta2Field", 0.95, "adam_beta2=0.95");
    row("weight_decayField", 0.01, "weight_decay=0.01");
    row("controlField", "random_rewards", "control=random_rewards");
    row("use_peftField", true, "use_peft=true");
    row("lora_rField", 8, "lora_r=8");
    row("lora_alphaField", 12.5, "lora_alpha=12.5");
    row("lora_dropoutField", 0.05, "lora_dropout=0.05");
    row("dtypeField", "float32", "dtype=float32");
    row("gradient_checkpointingField", true, "gradient_checkpointing=true");
    row("micro_batch_tokensField", 1024, "micro_batch_tokens=1024");
    row("reward_server.concurrentField", 2, "reward_server.concurrent=2");
    row("reward_server.key_variableField", "JUDGE_KEY", "reward_server.key_variable=JUDGE_KEY");
    row("self_generation_endpointField", "big@http://localhost:8000/v1", "self_generation_endpoint=big@http://localhost:8000/v1");
    row("self_generation_server.requests_per_minuteField", 30.0, "self_generation_server.requests_per_minute=30");
    row("rollout_endpointField", "big@http://localhost:8000/v1", "rollout_endpoint=big@http://localhost:8000/v1");
    row("rollout_publish_stepsField", 2, "rollout_publish_steps=2");
    row("rollout_max_stalenessField", 1, "rollout_max_staleness=1");
    row("rollout_server.timeoutField", 60, "rollout_server.timeout=60");
    row("guards.no_spread", "stop", "guards.no_spread=stop");
    row("guards.all_refusal", "off", "guards.all_refusal=off");
    row("kl_boundField", 0.5, "kl_bound=0.5");
    row("max_klField", 2.0, "max_kl=2.0");
    row("save_stepsField", 7, "save_steps=7");
    row("save_total_limitField", 2, "save_total_limit=2");
    row("evaluate_before_afterField", false, "evaluate_before_after=false");
    row("evaluate_limitField", 20, "evaluate_limit=20");
    row("evaluate_temperatureField", 0.0, "evaluate_temperature=0.0");
    row("evaluate_modes_codes", true, "evaluate_modes=[\"codes\"]");
    row("evaluate_retrievalField", "bm25", "evaluate_retrieval=bm25");
    row("evaluate_cases_per_promptField", 2, "evaluate_cases_per_prompt=2");
    row("evaluate_pinned_casesField", "S1-001", "evaluate_pinned_cases=[\"S1-001\"]");
}

/// On top of the quickstart: what the field writes is what `--set` would.
void TestLaunchPage::fieldsShowAndWriteEverySetting()
{
    QFETCH(QString, field);
    QFETCH(QVariant, value);
    QFETCH(QString, setting);
    core::RunSpec expected = *align::preset("quickstart");
    QVERIFY(align::applySetting(expected, setting.toStdString()).ok());
    auto* widget = page()->findChild<QWidget*>(field);
    QVERIFY(widget != nullptr);
    if (auto* spin = qobject_cast<QSpinBox*>(widget))
        spin->setValue(value.toInt());
    else if (auto* real = qobject_cast<QDoubleSpinBox*>(widget))
        real->setValue(value.toDouble());
    else if (auto* box = qobject_cast<QCheckBox*>(widget))
        box->setChecked(value.toBool());
    else if (auto* edit = qobject_cast<QLineEdit*>(widget))
        edit->setText(value.toString());
    else if (auto* segments = qobject_cast<ui::Segments*>(widget))
        segments->findChild<QAbstractButton*>(field + QLatin1Char('_') + value.toString())->click();
    else if (auto* combo = qobject_cast<QComboBox*>(widget); combo != nullptr && combo->isEditable())
        combo->setCurrentText(value.toString());
    else if (combo != nullptr)
        combo->setCurrentIndex(combo->findData(value));
    else
        QFAIL("no field of a kind that is known");
    const Result<core::RunSpec> made = form()->spec();
    QVERIFY(made.ok());
    QCOMPARE(jsonOf(made.value()), jsonOf(expected));
    QCOMPARE(text("launchChanges"), QStringLiteral("Quickstart with one setting changed"));

    // And what is set is shown, though nothing is touched then.
    form()->setSpec(core::RunSpec());
    form()->setSpec(expected);
    QCOMPARE(jsonOf(*form()->spec()), jsonOf(expected));
    if (auto* real = qobject_cast<QDoubleSpinBox*>(widget))
        QCOMPARE(real->value(), value.toDouble());
    if (auto* box = qobject_cast<QCheckBox*>(widget))
        QCOMPARE(box->isChecked(), value.toBool());
    if (auto* segments = qobject_cast<ui::Segments*>(widget))
        QCOMPARE(segments->value(), value.toString());
}

void TestLaunchPage::presetsAreTakenByKeyAndMouse()
{
    QCOMPARE(QString::fromStdString(spec().preset), QStringLiteral("quickstart"));
    take("preset_dpo");
    QCOMPARE(QString::fromStdString(spec().preset), QStringLiteral("dpo"));
    QCOMPARE(text("launchChanges"), QStringLiteral("DPO"));
    child<QAbstractButton>("preset_quickstart")->setFocus();
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
    QCOMPARE(QString::fromStdString(spec().preset), QStringLiteral("quickstart"));
    take("preset_control-random");
    QCOMPARE(spec().control, core::Control::randomRewards);
    QVERIFY(!child<QAbstractButton>("preset_quickstart")->isChecked());
    child<QSpinBox>("stepsSpin")->setValue(3);
    QCOMPARE(text("launchChanges"), QStringLiteral("Control: random with one setting changed"));
    QTest::mouseClick(child<QPushButton>("resetLaunchButton"), Qt::LeftButton);
    QCOMPARE(spec().maxSteps, align::preset("control-random")->maxSteps);
    QCOMPARE(text("launchChanges"), QStringLiteral("Control: random"));
}

void TestLaunchPage::whatIsNotTouchedStays()
{
    for (const std::string& name : align::presetNames()) {
        take(("preset_" + name).c_str());
        QCOMPARE(jsonOf(spec()), jsonOf(*align::preset(name)));
    }
}

void TestLaunchPage::severalModesStayUntilOneIsChosen()
{
    const auto both = align::preset("quickstart")->modeWeights;
    QCOMPARE(both.size(), std::size_t{2});
    QVERIFY(child<QAbstractButton>("modeSegments_mixed")->isChecked());
    QTest::mouseClick(child<QAbstractButton>("modeSegments_mixed"), Qt::LeftButton);
    QCOMPARE(spec().modeWeights, both);
    QVERIFY(child<QDoubleSpinBox>("modeShares_none")->isVisible());
    child<QDoubleSpinBox>("modeShares_none")->setValue(0.2);
    QCOMPARE(spec().modeWeights, (std::map<std::string, double>{{"cases", 0.5}, {"none", 0.2}}));
    QTest::mouseClick(child<QAbstractButton>("modeSegments_codes"), Qt::LeftButton);
    QCOMPARE(spec().modeWeights, (std::map<std::string, double>{{"codes", 1.0}}));
    QVERIFY(!child<QDoubleSpinBox>("modeShares_none")->isVisible());
    take("preset_quickstart");
    QCOMPARE(spec().modeWeights, both);
}

void TestLaunchPage::settingsOfNoEffectAreHidden()
{
    for (const char* group : {"head_warm", "head_learning", "head_adapter"})
        child<QAbstractButton>(group)->setChecked(true);
    take("preset_cada");
    QVERIFY(form()->row("epsilon")->isVisible() && form()->row("lora_r")->isVisible());
    QVERIFY(!form()->row("dpo_beta")->isVisible() && !form()->row("sft_examples")->isVisible());
    take("preset_dpo");
    QVERIFY(form()->row("dpo_beta")->isVisible() && form()->row("self_generation_threshold")->isVisible());
    QVERIFY(!form()->row("epsilon")->isVisible() && !form()->row("beta")->isVisible());
    take("preset_sft-cases");
    QVERIFY(form()->row("sft_examples")->isVisible() && form()->row("sft_dispositions")->isVisible());
    QVERIFY(!form()->row("sft_file")->isVisible() && !form()->row("reward_weights")->isVisible());
    child<QCheckBox>("use_peftField")->setChecked(false);
    QVERIFY(!form()->row("lora_r")->isVisible());
}

void TestLaunchPage::invalidSettingsAreToldInTheirRow()
{
    QTRY_VERIFY_WITH_TIMEOUT(child<QPushButton>("startRunButton")->isEnabled(), tests::kLong);
    child<QSpinBox>("sft_stepsField")->setValue(2); // its own chains, of which none are drawn
    QVERIFY(!child<QPushButton>("startRunButton")->isEnabled());
    QVERIFY(!child<QPushButton>("copyCommandButton")->isEnabled());
    const std::string said = align::validate(spec()).error().message();
    QCOMPARE(text("self_generation_stepsNote"), QString::fromStdString(said));
    QVERIFY(text("launchProblem").contains(QString::fromStdString(said)));
    QCOMPARE(child<QAbstractButton>("head_warm")->accessibleDescription(), QString::fromStdString(said));
    child<QSpinBox>("self_generation_stepsField")->setValue(1);
    QTRY_VERIFY_WITH_TIMEOUT(child<QPushButton>("startRunButton")->isEnabled(), tests::kLong);
    QVERIFY(!text("self_generation_stepsNote").contains(QStringLiteral("expected")));
    child<QDoubleSpinBox>("learning_rateField")->setValue(0);
    QVERIFY(text("learning_rateNote").contains(QStringLiteral("expected")));
    take("preset_quickstart");
    child<QLineEdit>("fixed_casesField")->setText(QStringLiteral("S1-001"));
    QVERIFY(text("fixed_casesNote").contains(QStringLiteral("expected")));
    child<QAbstractButton>("head_cases")->setChecked(true);
    QVERIFY(child<QLineEdit>("fixed_casesField")->isVisible()); // where it can be mended
    child<QLineEdit>("fixed_casesField")->clear();
    QTRY_VERIFY_WITH_TIMEOUT(child<QPushButton>("startRunButton")->isEnabled(), tests::kLong);
}

void TestLaunchPage::groupsOpenByKey()
{
    auto* head = child<QAbstractButton>("head_adapter");
    QVERIFY(!child<QSpinBox>("lora_rField")->isVisible());
    head->setFocus();
    QTest::keyClick(head, Qt::Key_Return);
    QVERIFY(child<QCheckBox>("use_peftField")->isVisible());
    QTest::keyClick(head, Qt::Key_Space);
    QVERIFY(!child<QCheckBox>("use_peftField")->isVisible());
    take("preset_cada");
    QCOMPARE(head->accessibleDescription(), QStringLiteral("LoRA rank 16, alpha 32, all projections"));
    for (const ui::SettingGroup& group : ui::settingGroups()) {
        for (const std::string& preset : align::presetNames())
            QVERIFY2(!ui::summaryOf(group.id, *align::preset(preset)).isEmpty(), qPrintable(group.id));
    }
}

void TestLaunchPage::fieldsHaveNames()
{
    int fields = 0;
    for (const QWidget* field : page()->findChildren<QWidget*>()) {
        if (qobject_cast<const QAbstractSpinBox*>(field) == nullptr && qobject_cast<const QComboBox*>(field) == nullptr)
            continue;
        QVERIFY2(!field->accessibleName().isEmpty(), qPrintable(field->objectName()));
        ++fields;
    }
    QVERIFY(fields > 50);
    for (const QAbstractButton* button : page()->findChildren<QAbstractButton*>())
        QVERIFY2(!button->accessibleName().isEmpty() || !button->text().isEmpty(), qPrintable(button->objectName()));
}

void TestLaunchPage::tabWalksTheForm()
{
    QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<QPushButton*>(QStringLiteral("measureRunButton")) != nullptr, tests::kLong);
    child<QAbstractButton>("head_cases")->setChecked(true);
    m_window->activateWindow();
    child<QAbstractButton>("preset_quickstart")->setFocus();
    QStringList walked;
    for (int i = 0; i < 120 && !walked.contains(QStringLiteral("startRunButton")); ++i) {
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        walked += QApplication::focusWidget()->objectName();
    }
    qsizetype last = -1;
    for (const char* name :
        {"head_basics", "modelCombo", "modeSegments_mixed", "casesSpin", "head_rollouts", "temperatureSpin", "weight_disposition",
            "judgeCombo", "head_cases", "includeDraftsCheck", "pinned_casesField", "head_evaluation", "startRunButton"}) {
        const qsizetype at = walked.indexOf(QString::fromLatin1(name));
        QVERIFY2(at > last, qPrintable(QString::fromLatin1(name) + QStringLiteral(" in ") + walked.join(QLatin1Char(' '))));
        last = at;
    }
}

void TestLaunchPage::wheelLeavesFieldsAlone()
{
    auto* steps = child<QSpinBox>("stepsSpin");
    child<QAbstractButton>("head_basics")->setFocus();
    const int before = steps->value();
    QWheelEvent away(
        QPointF(5, 5), steps->mapToGlobal(QPointF(5, 5)), {}, {0, -120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QApplication::sendEvent(steps, &away);
    QCOMPARE(steps->value(), before);
    steps->setFocus();
    QWheelEvent at(QPointF(5, 5), steps->mapToGlobal(QPointF(5, 5)), {}, {0, -120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QApplication::sendEvent(steps, &at);
    QCOMPARE(steps->value(), before - 1);
}

void TestLaunchPage::judgeLosesAnothersHash()
{
    core::RunSpec paid = *align::preset("cada");
    paid.rewardJudge = "head:heads/first";
    paid.rewardJudgeHash = "0123456789abcdef";
    form()->setSpec(paid);
    QCOMPARE(child<QComboBox>("judgeCombo")->currentData().toString(), QStringLiteral("head"));
    QCOMPARE(child<QLineEdit>("judgeEdit")->text(), QStringLiteral("heads/first"));
    QVERIFY(text("reward_judgeNote").contains(QStringLiteral("0123456789ab")));
    child<QLineEdit>("judgeEdit")->setText(QStringLiteral("heads/second"));
    QCOMPARE(spec().rewardJudge, std::string("head:heads/second"));
    QVERIFY(spec().rewardJudgeHash.empty());
    auto* kinds = child<QComboBox>("judgeCombo");
    kinds->setCurrentIndex(kinds->findData(QStringLiteral("endpoint")));
    QVERIFY(!child<QPushButton>("startRunButton")->isEnabled()); // which server is not said yet
    child<QLineEdit>("judgeEdit")->setText(QStringLiteral("llama3@http://localhost:8000/v1"));
    QCOMPARE(spec().rewardJudge, std::string("endpoint:llama3@http://localhost:8000/v1"));
    QVERIFY(text("reward_judgeNote").contains(QStringLiteral("leave this machine")));
    kinds->setCurrentIndex(kinds->findData(QStringLiteral("analysis")));
    QCOMPARE(spec().rewardJudge, std::string("analysis"));
    QVERIFY(!child<QLineEdit>("judgeEdit")->isVisible());
}

void TestLaunchPage::presetsOfTheUserAreKept()
{
    take("preset_cada");
    child<QDoubleSpinBox>("temperatureSpin")->setValue(0.9);
    QTest::mouseClick(child<QPushButton>("savePresetButton"), Qt::LeftButton);
    auto* name = child<QLineEdit>("presetNameEdit");
    QVERIFY(!child<QPushButton>("presetNameSave")->isEnabled());
    for (const char* taken : {"cada", "Quickstart", "a/b", ".hidden"}) {
        name->setText(QString::fromLatin1(taken));
        QVERIFY2(!child<QPushButton>("presetNameSave")->isEnabled(), taken);
    }
    name->setText(QStringLiteral("Warm nights"));
    QTest::mouseClick(child<QPushButton>("presetNameSave"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<QWidget*>(QStringLiteral("savePresetDialog")) == nullptr, tests::kLong);
    QVERIFY(child<QAbstractButton>("preset_user:Warm nights")->isChecked());
    QCOMPARE(text("launchChanges"), QStringLiteral("Warm nights"));

    take("preset_quickstart");
    take("preset_user:Warm nights");
    QCOMPARE(spec().temperature, 0.9);
    QCOMPARE(QString::fromStdString(spec().preset), QStringLiteral("cada"));
    // Over it, once the dialog has said so.
    child<QDoubleSpinBox>("temperatureSpin")->setValue(0.8);
    QTest::mouseClick(child<QPushButton>("savePresetButton"), Qt::LeftButton);
    child<QLineEdit>("presetNameEdit")->setText(QStringLiteral("Warm nights"));
    QCOMPARE(child<QPushButton>("presetNameSave")->text(), QStringLiteral("Replace"));
    QTest::mouseClick(child<QPushButton>("presetNameSave"), Qt::LeftButton);
    QCOMPARE(ui::UserPresets::all().size(), std::size_t{1});

    closeWindow();
    openWindow();
    open(copyOfSample(QStringLiteral("again.casebase")));
    child<QAction>("newRun")->trigger();
    take("preset_user:Warm nights");
    QCOMPARE(spec().temperature, 0.8);
    auto* card = child<QAbstractButton>("preset_user:Warm nights");
    card->setFocus();
    QTest::keyClick(card, Qt::Key_Delete);
    QVERIFY(m_window->findChild<QAbstractButton*>(QStringLiteral("preset_user:Warm nights")) == nullptr);
    QVERIFY(ui::UserPresets::all().empty());
}

void TestLaunchPage::specFilesAreLoaded()
{
    const QString path = m_folder.filePath(QStringLiteral("mine.json"));
    QVERIFY(writeFileAtomically(path.toStdString(), R"({"preset": "da", "lora_r": 4, "model": "starter"})").ok());
    page()->loadSpec(path);
    QCOMPARE(spec().loraR, 4);
    QCOMPARE(spec().modeWeights, align::preset("da")->modeWeights);
    QCOMPARE(text("launchChanges"), QStringLiteral("mine.json"));
    QVERIFY(!child<QAbstractButton>("preset_da")->isChecked());
    QVERIFY(writeFileAtomically(path.toStdString(), R"({"lora_rank": 4})").ok());
    page()->loadSpec(path);
    QVERIFY(text("launchProblem").contains(QStringLiteral("lora_rank")));
    QCOMPARE(spec().loraR, 4);
}

void TestLaunchPage::commandIsCopied()
{
    take("preset_cada");
    child<QSpinBox>("stepsSpin")->setValue(12);
    child<QCheckBox>("includeDraftsCheck")->setChecked(true);
    QTRY_VERIFY_WITH_TIMEOUT(child<QPushButton>("copyCommandButton")->isEnabled(), tests::kLong);
    QTest::mouseClick(child<QPushButton>("copyCommandButton"), Qt::LeftButton);
    const QString copied = QGuiApplication::clipboard()->text();
    QVERIFY2(copied.endsWith(QStringLiteral("--model starter --preset cada --set max_steps=12 --include-drafts")), qPrintable(copied));
    QVERIFY(copied.contains(QStringLiteral("commandIsCopied.casebase")));
    QCOMPARE(child<QPushButton>("copyCommandButton")->text(), QStringLiteral("Copied"));
}

QTEST_MAIN(TestLaunchPage)
#include "tst_launch_page.moc"
