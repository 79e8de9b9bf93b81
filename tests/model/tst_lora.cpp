#include <cmath>
#include <filesystem>
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include "core/model/decoder.h"
#include "core/model/lora.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/formats/safetensors.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

std::shared_ptr<Decoder> tinyDecoder(at::ScalarType dtype = at::kDouble)
{
    DecoderConfig config;
    config.hiddenSize = 16;
    config.layers = 2;
    config.heads = 4;
    config.kvHeads = 2;
    config.headDim = 4;
    config.intermediateSize = 12;
    config.vocabulary = 23;
    config.contextLength = 32;
    return *Decoder::create(config, 2, dtype);
}

LoraConfig someConfig(std::vector<std::string> targets = LoraConfig{}.targets)
{
    LoraConfig config;
    config.rank = 3;
    config.alpha = 6;
    config.targets = std::move(targets);
    config.baseModel = "tiny";
    return config;
}

void disturb(const LoraSet& set)
{
    at::manual_seed(4);
    for (const auto& entry : set.parameters())
        entry.second.detach().add_(at::randn(entry.second.sizes(), entry.second.options().requires_grad(false)) * 0.2);
}

at::Tensor someIds() { return at::tensor({3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, at::kLong).view({2, 5}); }

double worst(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

fs::path pathOf(const QTemporaryDir& folder) { return fs::path(folder.path().toStdString()) / "adapter"; }

void put(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

} // namespace

class TestLora : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void newSetChangesNothing();
    void initIsPeftsKaimingUniform();
    void namesAndShapesArePefts();
    void gradientsEqualFiniteDifferences();
    void baseStaysFrozen();
    void adapterOffIsTheReference();
    void adaptersShareOneBase();
    void mergeEqualsAdapter();
    void dropoutActsOnlyWhileTraining();
    void savedSetLoadsEqual();
    void badConfigsAreRefused_data();
    void badConfigsAreRefused();
    void badFoldersAreRefused_data();
    void badFoldersAreRefused();
};

void TestLora::newSetChangesNothing()
{
    const auto decoder = tinyDecoder();
    const at::Tensor before = decoder->hidden(someIds());
    decoder->setAdapter(*LoraSet::create(*decoder, someConfig(), 1));
    QVERIFY(at::equal(before, decoder->hidden(someIds())));
}

void TestLora::initIsPeftsKaimingUniform()
{
    const auto decoder = tinyDecoder();
    const auto a = *LoraSet::create(*decoder, someConfig(), 1), b = *LoraSet::create(*decoder, someConfig(), 1),
               c = *LoraSet::create(*decoder, someConfig(), 2);
    bool differs = false;
    for (std::size_t i = 0; i < a->parameters().size(); ++i) {
        const auto [name, tensor] = a->parameters()[i];
        QVERIFY(at::equal(tensor, b->parameters()[i].second));
        differs = differs || !at::equal(tensor, c->parameters()[i].second);
        if (name.find("lora_B") != std::string::npos) {
            QVERIFY(at::equal(tensor, at::zeros_like(tensor)));
        } else { // uniform in +-1/sqrt(in)
            const double bound = 1 / std::sqrt(static_cast<double>(tensor.size(1)));
            const double largest = tensor.abs().max().item<double>();
            QVERIFY(largest <= bound && largest > 0.8 * bound);
        }
    }
    QVERIFY(differs);
}

void TestLora::namesAndShapesArePefts()
{
    const auto decoder = tinyDecoder();
    const auto set = *LoraSet::create(*decoder, someConfig({"v_proj", "down_proj"}), 1);
    const auto all = set->parameters();
    QCOMPARE(all.size(), std::size_t{8});
    QCOMPARE(all[0].first, std::string("base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight"));
    QCOMPARE(all[1].first, std::string("base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight"));
    QCOMPARE(all[2].first, std::string("base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"));
    QCOMPARE(all[1].second.sizes().vec(), (std::vector<std::int64_t>{8, 3}));
    QCOMPARE(all[2].second.sizes().vec(), (std::vector<std::int64_t>{3, 12}));
    QCOMPARE(set->parameterCount(), std::int64_t{2 * (3 * 16 + 8 * 3 + 3 * 12 + 16 * 3)});
}

void TestLora::gradientsEqualFiniteDifferences()
{
    const auto decoder = tinyDecoder();
    decoder->setTrainable(false);
    const auto set = *LoraSet::create(*decoder, someConfig(), 1);
    disturb(*set);
    decoder->setAdapter(set);
    const at::Tensor targets = someIds().view({-1});
    const auto loss = [&] { return decoder->tokenLogProbs(decoder->hidden(someIds()).reshape({10, -1}), targets).sum(); };
    loss().backward();
    constexpr double kStep = 1e-5;
    for (const auto& [name, weight] : set->parameters()) {
        at::Tensor values = weight.detach();
        const at::Tensor direction = at::randn(values.sizes(), at::kDouble);
        values.add_(direction, kStep);
        const double up = loss().item<double>();
        values.add_(direction, -2 * kStep);
        const double down = loss().item<double>();
        values.add_(direction, kStep);
        const double expected = (up - down) / (2 * kStep), got = (weight.grad() * direction).sum().item<double>();
        QVERIFY2(std::abs(expected - got) < 1e-6 * (1 + std::abs(expected)), name.c_str());
    }
}

void TestLora::baseStaysFrozen()
{
    const auto decoder = tinyDecoder();
    decoder->setTrainable(false);
    decoder->setAdapter(*LoraSet::create(*decoder, someConfig(), 1));
    decoder->hidden(someIds()).sum().backward();
    for (const auto& entry : decoder->parameters())
        QVERIFY(!entry.second.grad().defined());
}

void TestLora::adapterOffIsTheReference()
{
    const auto decoder = tinyDecoder();
    const at::Tensor before = decoder->hidden(someIds());
    const auto set = *LoraSet::create(*decoder, someConfig(), 1);
    disturb(*set);
    decoder->setAdapter(set);
    QVERIFY(worst(before, decoder->hidden(someIds())) > 1e-3);
    decoder->setAdapter(nullptr);
    QVERIFY(at::equal(before, decoder->hidden(someIds())));
}

void TestLora::adaptersShareOneBase()
{
    const auto decoder = tinyDecoder();
    const NamedTensors before = decoder->parameters();
    const auto first = *LoraSet::create(*decoder, someConfig(), 1);
    LoraConfig other = someConfig({"q_proj", "down_proj"});
    other.rank = 5;
    const auto second = *LoraSet::create(*decoder, other, 2);
    disturb(*first);
    disturb(*second);
    const auto with = [&](const std::shared_ptr<LoraSet>& set) {
        decoder->setAdapter(set);
        return decoder->hidden(someIds());
    };
    const at::Tensor none = with(nullptr), one = with(first), two = with(second);
    QVERIFY(worst(none, one) > 1e-3 && worst(none, two) > 1e-3 && worst(one, two) > 1e-3);
    QVERIFY(at::equal(one, with(first)) && at::equal(two, with(second)) && at::equal(none, with(nullptr)));
    const NamedTensors& after = decoder->parameters();
    for (std::size_t i = 0; i < before.size(); ++i) // not copied: the same memory
        QCOMPARE(after[i].second.data_ptr(), before[i].second.data_ptr());
}

void TestLora::mergeEqualsAdapter()
{
    const auto decoder = tinyDecoder();
    const auto set = *LoraSet::create(*decoder, someConfig(), 1);
    disturb(*set);
    decoder->setAdapter(set);
    const at::Tensor with = decoder->hidden(someIds());
    decoder->setAdapter(nullptr);
    set->mergeInto(*decoder);
    QVERIFY(worst(with, decoder->hidden(someIds())) < 1e-12);
    QVERIFY(!set->delta("model.embed_tokens").defined());
}

void TestLora::dropoutActsOnlyWhileTraining()
{
    const auto decoder = tinyDecoder();
    LoraConfig config = someConfig();
    config.dropout = 0.5;
    const auto set = *LoraSet::create(*decoder, config, 1);
    disturb(*set);
    decoder->setAdapter(set);
    const at::Tensor still = decoder->hidden(someIds());
    QVERIFY(at::equal(still, decoder->hidden(someIds())));
    set->setTraining(true);
    QVERIFY(!at::equal(decoder->hidden(someIds()), decoder->hidden(someIds())));
    set->setTraining(false);
    QVERIFY(at::equal(still, decoder->hidden(someIds())));
}

void TestLora::savedSetLoadsEqual()
{
    QTemporaryDir folder;
    const auto decoder = tinyDecoder(at::kFloat);
    const auto set = *LoraSet::create(*decoder, someConfig({"q_proj", "up_proj"}), 1);
    disturb(*set);
    QVERIFY(set->save(pathOf(folder)).ok());
    const auto loaded = LoraSet::load(*decoder, pathOf(folder));
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message().c_str());
    QVERIFY((*loaded)->config() == set->config());
    for (std::size_t i = 0; i < set->parameters().size(); ++i) {
        const auto [name, tensor] = (*loaded)->parameters()[i];
        QCOMPARE(name, set->parameters()[i].first);
        QVERIFY(tensor.requires_grad());
        QVERIFY(at::equal(tensor, set->parameters()[i].second));
    }
    const Json json = *parseJson(*readFile(pathOf(folder) / "adapter_config.json"), "config");
    QCOMPARE(json["peft_type"].get<std::string>(), std::string("LORA"));
    QCOMPARE(json["r"].get<int>(), 3);
}

void TestLora::badConfigsAreRefused_data()
{
    QTest::addColumn<int>("rank");
    QTest::addColumn<double>("dropout");
    QTest::addColumn<QString>("target");
    QTest::addColumn<QString>("part");
    QTest::newRow("rank 0") << 0 << 0.0 << "q_proj"
                            << "lora_r";
    QTest::newRow("dropout 1") << 2 << 1.0 << "q_proj"
                               << "lora_dropout";
    QTest::newRow("dropout NaN") << 2 << std::nan("") << "q_proj"
                                 << "lora_dropout";
    QTest::newRow("unknown target") << 2 << 0.0 << "w_proj"
                                    << "w_proj";
    QTest::newRow("norm as target") << 2 << 0.0 << "input_layernorm"
                                    << "input_layernorm";
}

void TestLora::badConfigsAreRefused()
{
    QFETCH(int, rank);
    QFETCH(double, dropout);
    QFETCH(QString, target);
    QFETCH(QString, part);
    LoraConfig config = someConfig({target.toStdString()});
    config.rank = rank;
    config.dropout = dropout;
    const auto set = LoraSet::create(*tinyDecoder(), config, 1);
    QVERIFY(!set.ok());
    QCOMPARE(set.error().code(), ErrorCode::invalidArgument);
    QVERIFY2(QString::fromStdString(set.error().message()).contains(part), set.error().message().c_str());
}

void TestLora::badFoldersAreRefused_data()
{
    QTest::addColumn<QString>("config"); // empty: as saved
    QTest::addColumn<QString>("weights"); // "none", "short", "nan" or "": as saved
    QTest::addColumn<QString>("part");
    QTest::newRow("another kind") << R"({"peft_type":"IA3"})"
                                  << ""
                                  << "IA3";
    QTest::newRow("DoRA") << R"({"peft_type":"LORA","use_dora":true,"r":3,"lora_alpha":6,"target_modules":["q_proj"]})"
                          << ""
                          << "use_dora";
    QTest::newRow("no rank") << R"({"peft_type":"LORA","lora_alpha":6,"target_modules":["q_proj"]})"
                             << ""
                             << "lacks";
    QTest::newRow("rank is text") << R"({"peft_type":"LORA","r":"3","lora_alpha":6,"target_modules":["q_proj"]})"
                                  << ""
                                  << "kind";
    QTest::newRow("config is a list") << "[]"
                                      << ""
                                      << "adapter_config";
    QTest::newRow("another rank") << R"({"peft_type":"LORA","r":4,"lora_alpha":6,"target_modules":["q_proj"]})"
                                  << ""
                                  << "shape";
    QTest::newRow("more targets than tensors") << R"({"peft_type":"LORA","r":3,"lora_alpha":6,"target_modules":["q_proj","o_proj"]})"
                                               << ""
                                               << "tensors";
    QTest::newRow("no weights") << ""
                                << "none"
                                << "adapter_model.safetensors";
    QTest::newRow("weights cut") << ""
                                 << "short"
                                 << "adapter_model.safetensors";
    QTest::newRow("NaN") << ""
                         << "nan"
                         << "lora_A";
}

void TestLora::badFoldersAreRefused()
{
    QFETCH(QString, config);
    QFETCH(QString, weights);
    QFETCH(QString, part);
    QTemporaryDir folder;
    const auto decoder = tinyDecoder(at::kFloat);
    const auto set = *LoraSet::create(*decoder, someConfig({"q_proj"}), 1);
    if (weights == "nan")
        set->parameters()[2].second.detach()[0][1] = std::nan("");
    QVERIFY(set->save(pathOf(folder)).ok());
    const fs::path file = pathOf(folder) / "adapter_model.safetensors";
    if (!config.isEmpty())
        put(pathOf(folder) / "adapter_config.json", config.toStdString());
    if (weights == "none")
        fs::remove(file);
    if (weights == "short")
        fs::resize_file(file, fs::file_size(file) - 1);
    const auto loaded = LoraSet::load(*decoder, pathOf(folder));
    QVERIFY(!loaded.ok());
    QVERIFY2(QString::fromStdString(loaded.error().message()).contains(part), loaded.error().message().c_str());
}

QTEST_GUILESS_MAIN(TestLora)
#include "tst_lora.moc"
