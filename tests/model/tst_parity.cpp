// Other implementations' recorded numbers: transformers (fixtures made by tests/fixtures/parity/*.py) and llama2.c.

#include <cmath>
#include <cstring>
#include <filesystem>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include "core/generate/generator.h"
#include "core/model/loader.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

using namespace precedent;
using namespace precedent::core;

namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(PRECEDENT_TEST_FIXTURES) / "parity";
const fs::path kModels = fs::path(PRECEDENT_SHARED_DATA) / "models";

Json readJson(const fs::path& path)
{
    const auto text = readFile(path);
    return text.ok() ? *parseJson(*text, path.string()) : Json();
}

at::Tensor idTensor(const Json& ids) { return at::tensor(ids.get<std::vector<std::int64_t>>(), at::kLong); }

/// log p of every id after the first by the plain path, [T - 1].
at::Tensor plainLogProbs(const Decoder& decoder, const at::Tensor& ids)
{
    return decoder.tokenLogProbs(decoder.hidden(ids.unsqueeze(0))[0].slice(0, 0, -1), ids.slice(0, 1));
}

double worst(const at::Tensor& got, const Json& expected)
{
    const at::Tensor wanted = at::tensor(expected.get<std::vector<double>>(), at::kDouble);
    return (got.detach().to(at::kDouble) - wanted).abs().max().item<double>();
}

std::vector<int> greedy(const std::shared_ptr<Decoder>& decoder, const std::vector<int>& prompt, int tokens)
{
    GenerationRequest request;
    request.prompts = {{prompt, 1, 0}};
    request.sampling.temperature = 0;
    request.sampling.maxTokens = tokens;
    auto result = Generator(decoder).generate(request);
    return result.ok() ? result->completions.front().ids : std::vector<int>{};
}

/// Reads llama2.c's first checkpoint format: seven int32, then float32 weights of all layers one kind after another.
class LlamaCheckpoint {
public:
    explicit LlamaCheckpoint(std::string bytes)
        : m_bytes(std::move(bytes))
    {
    }

    int integer() { return take<std::int32_t>(); }

    at::Tensor tensor(at::IntArrayRef shape)
    {
        const at::Tensor t = at::empty(shape, at::kFloat);
        const std::size_t size = static_cast<std::size_t>(t.numel()) * sizeof(float);
        std::memcpy(t.data_ptr<float>(), m_bytes.data() + m_offset, size);
        m_offset += size;
        return t;
    }

    [[nodiscard]] std::size_t left() const { return m_bytes.size() - m_offset; }

    template <typename T>
    T take()
    {
        T value;
        std::memcpy(&value, m_bytes.data() + m_offset, sizeof value);
        m_offset += sizeof value;
        return value;
    }

    std::string text(std::size_t n)
    {
        m_offset += n;
        return m_bytes.substr(m_offset - n, n);
    }

private:
    std::string m_bytes;
    std::size_t m_offset = 0;
};

/// llama2.c rotates neighbours (0, 1), (2, 3), ...; Hugging Face the two halves: rows of q and k change places.
at::Tensor toHalves(const at::Tensor& weight, std::int64_t heads)
{
    const std::int64_t rows = weight.size(0), C = weight.size(1);
    return weight.view({heads, rows / heads / 2, 2, C}).transpose(1, 2).reshape({rows, C});
}

std::shared_ptr<Decoder> convert(LlamaCheckpoint file)
{
    DecoderConfig config;
    config.hiddenSize = file.integer();
    config.intermediateSize = file.integer();
    config.layers = file.integer();
    config.heads = file.integer();
    config.kvHeads = file.integer();
    const int vocabulary = file.integer(); // negative where the head is separate
    config.vocabulary = std::abs(vocabulary);
    config.tieEmbeddings = vocabulary > 0;
    config.contextLength = file.integer();
    config.headDim = config.hiddenSize / config.heads;
    config.rmsEps = 1e-5;
    config.bosId = 1;
    const std::int64_t C = config.hiddenSize, I = config.intermediateSize, L = config.layers, Q = C,
                       K = std::int64_t{config.kvHeads} * config.headDim;
    std::map<std::string, at::Tensor> stacked;
    const at::Tensor embedding = file.tensor({config.vocabulary, C});
    for (const auto& [name, shape] :
        std::vector<std::pair<std::string, std::vector<std::int64_t>>>{{"input_layernorm", {L, C}}, {"self_attn.q_proj", {L, Q, C}},
            {"self_attn.k_proj", {L, K, C}}, {"self_attn.v_proj", {L, K, C}}, {"self_attn.o_proj", {L, C, Q}},
            {"post_attention_layernorm", {L, C}}, {"mlp.gate_proj", {L, I, C}}, {"mlp.down_proj", {L, C, I}}, {"mlp.up_proj", {L, I, C}}})
        stacked[name] = file.tensor(shape);
    const at::Tensor norm = file.tensor({C});

    auto decoder = *Decoder::create(config);
    for (const auto& [name, weight] : decoder->parameters()) {
        at::Tensor value = name == "model.norm.weight" ? norm : embedding;
        if (name.starts_with("model.layers.")) {
            const std::string rest = name.substr(std::strlen("model.layers."));
            const std::string kind = rest.substr(rest.find('.') + 1, rest.size() - rest.find('.') - 1 - std::strlen(".weight"));
            value = stacked.at(kind)[std::stol(rest)];
            if (kind.ends_with("q_proj") || kind.ends_with("k_proj"))
                value = toHalves(value, kind.ends_with("q_proj") ? config.heads : config.kvHeads);
        }
        weight.detach().copy_(value);
    }
    return decoder;
}

/// The pieces of llama2.c's tokenizer file: the longest piece's length, then score, length, bytes of each.
std::vector<std::string> readPieces(LlamaCheckpoint file)
{
    std::vector<std::string> pieces;
    file.integer();
    while (file.left() > 0) {
        file.take<float>();
        const auto length = static_cast<std::size_t>(file.integer());
        pieces.push_back(file.text(length));
    }
    return pieces;
}

} // namespace

class TestParity : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tinyLlamaEqualsTransformers();
    void tinyLlamaGradientsEqualTransformers();
    void tinyStoriesEqualsTransformers();
    void stories260KReproducesLlama2c();
};

void TestParity::tinyLlamaEqualsTransformers()
{
    const auto model = loadModel(kFixtures / "tiny-llama", /*requireTokenizer=*/false);
    QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
    const Json expected = readJson(kFixtures / "tiny-llama/expected.json");
    Generator generator(model->decoder);
    for (std::size_t i = 0; i < expected["ids"].size(); ++i) {
        const double difference = worst(plainLogProbs(*model->decoder, idTensor(expected["ids"][i])), expected["logprobs"][i]);
        QVERIFY2(difference < 1e-4, std::to_string(difference).c_str());
        const auto cached = generator.logits(expected["ids"][i].get<std::vector<int>>(), 1);
        QVERIFY(worst(at::tensor(cached->logprobs), expected["logprobs"][i]) < 1e-4);
    }
    const auto prompt = expected["greedy"]["prompt"].get<std::vector<int>>();
    QCOMPARE(greedy(model->decoder, prompt, 30), expected["greedy"]["ids"].get<std::vector<int>>());
}

void TestParity::tinyLlamaGradientsEqualTransformers()
{
    const auto model = loadModel(kFixtures / "tiny-llama", /*requireTokenizer=*/false);
    const Json expected = readJson(kFixtures / "tiny-llama/expected.json");
    at::Tensor loss = at::zeros({});
    for (const Json& ids : expected["ids"])
        loss = loss + plainLogProbs(*model->decoder, idTensor(ids)).sum() / 10;
    loss.backward();
    for (const auto& [name, weight] : model->decoder->parameters()) {
        const Json& wanted = expected["gradients"][name];
        const std::int64_t step = std::max<std::int64_t>(1, weight.numel() / 12);
        const double difference = worst(weight.grad().flatten().slice(0, 0, c10::nullopt, step), wanted);
        QVERIFY2(difference < 1e-3, (name + " " + std::to_string(difference)).c_str());
    }
}

void TestParity::tinyStoriesEqualsTransformers()
{
    const fs::path folder = kModels / "tinystories-656k";
    if (!fs::exists(folder))
        QSKIP("shared/data/models/tinystories-656k is not here");
    const auto model = loadModel(folder);
    QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());
    const Json expected = readJson(kFixtures / "tinystories-656k.json");
    QCOMPARE(model->sha256, expected["sha256"].get<std::string>());
    QCOMPARE(model->dtype, std::string("F32"));
    QCOMPARE(model->config.parameterCount(), std::int64_t{656000});
    Generator generator(model->decoder);
    for (const Json& row : expected["texts"]) {
        const at::Tensor ids = idTensor(row["ids"]);
        const double difference = worst(plainLogProbs(*model->decoder, ids), row["logprobs"]);
        QVERIFY2(difference < 2e-4, std::to_string(difference).c_str());
        const auto cached = generator.logits(row["ids"].get<std::vector<int>>(), 2048);
        QVERIFY(worst(at::tensor(cached->logprobs), row["logprobs"]) < 2e-4);
        for (const auto& candidate : cached->top) {
            if (candidate.id < static_cast<int>(row["next"].size()))
                QVERIFY(std::abs(candidate.logprob - row["next"][static_cast<std::size_t>(candidate.id)].get<double>()) < 2e-4);
        }
    }
    const auto prompt = expected["greedy"]["prompt"].get<std::vector<int>>();
    QCOMPARE(greedy(model->decoder, prompt, 64), expected["greedy"]["ids"].get<std::vector<int>>());
}

void TestParity::stories260KReproducesLlama2c()
{
    const fs::path folder = kModels / "stories260K";
    if (!fs::exists(folder))
        QSKIP("shared/data/models/stories260K is not here");
    // Through the disk, as a user's model would come.
    QTemporaryDir temp;
    const fs::path converted = fs::path(temp.path().toStdString()) / "stories";
    QVERIFY(saveModel(converted, *convert(LlamaCheckpoint(*readFile(folder / "stories260K.bin")))).ok());
    const auto model = loadModel(converted, /*requireTokenizer=*/false);
    QVERIFY2(model.ok(), model.ok() ? "" : model.error().message().c_str());

    const std::vector<std::string> pieces = readPieces(LlamaCheckpoint(*readFile(folder / "tok512.bin")));
    QCOMPARE(pieces.size(), std::size_t{512});
    std::string text;
    int previous = 1;
    for (const int id : greedy(model->decoder, {1}, 200)) {
        std::string piece = pieces[static_cast<std::size_t>(id)];
        if (previous == 1 && piece.starts_with(' '))
            piece.erase(0, 1); // as llama2.c after the beginning of the sequence
        unsigned byte = 0;
        if (std::sscanf(piece.c_str(), "<0x%02X>", &byte) == 1)
            piece = std::string(1, static_cast<char>(byte));
        text += piece;
        previous = id;
    }
    std::string expected = *readFile(folder / "expected_greedy_200.txt");
    expected.resize(expected.find_last_not_of('\n') + 1);
    QCOMPARE(text, expected);
}

QTEST_GUILESS_MAIN(TestParity)
#include "tst_parity.moc"
