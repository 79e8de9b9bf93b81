#include <algorithm>
#include <array>

#include "core/architecture/gguf_metadata.h"
#include "core/architecture/gguf_model.h"

namespace precedent::core {
namespace {

using formats::GgufFile;

const std::string kDamagedHint = "The file is damaged or holds no language model: fetch it again.";
constexpr const char* kEmbedding = "token_embd.weight";

/// Tokens that end an answer in some chat format, where they are special. Files name one of them, models may use several.
constexpr std::array kEndings = {"<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>"};
constexpr std::int64_t kNormalToken = 1; // tokenizer.ggml.token_type

std::optional<int> tokenId(const GgufFile& file, const char* key, int vocabulary)
{
    const formats::GgufValue* value = file.value(std::string("tokenizer.ggml.") + key);
    const auto id = value != nullptr ? value->integer() : std::nullopt;
    if (!id || *id < 0 || *id >= vocabulary) // files say -1 for none
        return std::nullopt;
    return static_cast<int>(*id);
}

std::vector<int> endIds(const GgufFile& file, int vocabulary)
{
    std::vector<int> ids;
    const auto add = [&](std::optional<int> id) {
        if (id && std::find(ids.begin(), ids.end(), *id) == ids.end())
            ids.push_back(*id);
    };
    for (const char* key : {"eos_token_id", "eot_token_id", "eom_token_id"})
        add(tokenId(file, key, vocabulary));
    const formats::GgufValue* tokens = file.value("tokenizer.ggml.tokens");
    const formats::GgufValue* types = file.value("tokenizer.ggml.token_type");
    const auto texts = tokens != nullptr ? tokens->strings() : std::nullopt;
    const auto kinds = types != nullptr ? types->integers() : std::nullopt;
    if (!texts || !kinds || texts->size() != kinds->size() || texts->size() > static_cast<std::size_t>(vocabulary))
        return ids;
    for (std::size_t i = 0; i < texts->size(); ++i) {
        if ((*kinds)[i] != kNormalToken && std::find(kEndings.begin(), kEndings.end(), (*texts)[i]) != kEndings.end())
            add(static_cast<int>(i));
    }
    return ids;
}

void putIds(const GgufFile& file, int vocabulary, Json& json)
{
    if (const auto bos = tokenId(file, "bos_token_id", vocabulary))
        json["bos_token_id"] = *bos;
    if (const auto pad = tokenId(file, "padding_token_id", vocabulary))
        json["pad_token_id"] = *pad;
    if (const std::vector<int> ends = endIds(file, vocabulary); !ends.empty())
        json["eos_token_id"] = ends;
}

std::string torchDtype(const GgufFile& file)
{
    const std::string type = ggufFileType(file);
    return type == "F32" ? "float32" : type == "F16" ? "float16" : "bfloat16";
}

Json sharedConfig(GgufMetadata& metadata, const Architecture& family)
{
    const GgufFile& file = metadata.file();
    const int hidden = metadata.needed("embedding_length");
    const int heads = metadata.needed("attention.head_count");
    const int headDim = metadata.integer("attention.key_length").value_or(heads > 0 ? hidden / heads : 0);
    const int context = metadata.needed("context_length");
    const double theta = metadata.number("rope.freq_base").value_or(10000.0);
    metadata.only("attention.value_length", headDim);
    metadata.only("rope.dimension_count", headDim);
    metadata.only("expert_count", 0);
    const formats::TensorView* embedding = file.find(kEmbedding);
    const std::int64_t rows = embedding != nullptr && embedding->shape.size() == 2 ? embedding->rows() : 0;
    const int vocabulary = static_cast<int>(std::min<std::int64_t>(rows, 1 << 30)); // validate() has the lower limit
    Json json = {{"model_type", family.name}, {"hidden_size", hidden}, {"num_hidden_layers", metadata.needed("block_count")},
        {"num_attention_heads", heads}, {"num_key_value_heads", metadata.integer("attention.head_count_kv").value_or(heads)},
        {"head_dim", headDim}, {"intermediate_size", metadata.needed("feed_forward_length")}, {"vocab_size", vocabulary},
        {"max_position_embeddings", context}, {"rope_theta", theta}, {"tie_word_embeddings", file.find("output.weight") == nullptr},
        {"torch_dtype", torchDtype(file)}};
    if (const auto eps = metadata.number("attention.layer_norm_rms_epsilon"))
        json["rms_norm_eps"] = *eps;
    else
        metadata.fail("attention.layer_norm_rms_epsilon", "missing", "a number");
    if (rows < 1)
        metadata.fail("vocab_size", "unknown, because the file has no matrix token_embd.weight", "one row a token");
    if (metadata.status().ok())
        json["rope_scaling"] = ggufRopeScaling(metadata, headDim, theta, context);
    putIds(file, vocabulary, json);
    return json;
}

Status refuseParts(const GgufFile& file, const std::string& what)
{
    const formats::GgufValue* parts = file.value("split.count");
    const auto count = parts != nullptr ? parts->integer() : std::nullopt;
    if (count && *count > 1)
        return Error(ErrorCode::unsupported, what + ": it is one of " + std::to_string(*count) + " parts of a model.",
            "Join them with llama.cpp's llama-gguf-split --merge, or fetch the model as one file.");
    return {};
}

} // namespace

Result<const Architecture*> ggufFamily(const GgufFile& file, const std::string& what)
{
    const formats::GgufValue* value = file.value("general.architecture");
    const auto name = value != nullptr ? value->string() : std::nullopt;
    if (!name)
        return Error(ErrorCode::corrupt, what + ": its metadata lacks \"general.architecture\", which says what model it is.",
            "Choose a GGUF file of a language model.");
    const Architecture* family = findGgufArchitecture(std::string(*name));
    if (family == nullptr)
        return Error(ErrorCode::unsupported,
            what + ": the architecture \"" + std::string(name->substr(0, 80)) + "\" is not known here; known: " + knownArchitectures() +
                ".",
            "Choose a model of a known architecture.");
    return family;
}

Result<DecoderConfig> ggufConfig(const GgufFile& file, const std::string& what)
{
    const auto family = ggufFamily(file, what);
    if (!family.ok())
        return family.error();
    PRECEDENT_TRY(refuseParts(file, what));
    GgufMetadata metadata(file, (*family)->gguf.name, what);
    Json json = sharedConfig(metadata, **family);
    if (metadata.status().ok() && (*family)->gguf.readConfig != nullptr)
        (*family)->gguf.readConfig(metadata, json);
    PRECEDENT_TRY(metadata.status());
    auto config = decoderConfigFromJson(json);
    if (!config.ok()) {
        std::string message = config.error().message();
        if (constexpr std::string_view kFile = "config.json: "; message.rfind(kFile, 0) == 0)
            message.erase(0, kFile.size());
        return Error(config.error().code(), what + ": its metadata in Hugging Face's terms: " + message,
            config.error().hint().empty() ? kDamagedHint : config.error().hint());
    }
    return config;
}

} // namespace precedent::core
