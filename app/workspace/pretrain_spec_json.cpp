#include "precedent/workspace/pretrain_spec_json.h"

#include <functional>
#include <map>

#include "precedent/base/files.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kShippedCorpus = "resources";

Error wrongValue(const std::string& key, const Json& value, const std::string& expected)
{
    return {ErrorCode::invalidArgument, "The recipe's " + key + " is " + value.dump() + "; expected " + expected + "."};
}

template <typename T>
Status readNumber(const std::string& key, const Json& value, bool mayBeZero, T& into)
{
    const bool whole = std::is_integral_v<T>;
    const bool kindFits = whole ? value.is_number_integer() : value.is_number();
    if (!kindFits || value.get<double>() < 0 || (!mayBeZero && value.get<double>() <= 0))
        return wrongValue(key, value, std::string(whole ? "a whole number " : "a number ") + (mayBeZero ? "of 0 or more" : "above 0"));
    into = value.get<T>();
    return {};
}

using Reader = std::function<Status(const std::string&, const Json&)>;

template <typename T>
Reader number(T& into, bool mayBeZero = false)
{
    return [&into, mayBeZero](const std::string& key, const Json& value) { return readNumber(key, value, mayBeZero, into); };
}

std::map<std::string, Reader> readersOf(core::PretrainSpec& spec)
{
    return {{"seed", number(spec.seed, true)}, {"tokens", number(spec.tokens)}, {"vocabulary", number(spec.vocabulary)},
        {"hidden_size", number(spec.hiddenSize)}, {"layers", number(spec.layers)}, {"heads", number(spec.heads)},
        {"kv_heads", number(spec.kvHeads)}, {"intermediate_size", number(spec.intermediateSize)},
        {"context_length", number(spec.contextLength)}, {"batch_tokens", number(spec.batchTokens)},
        {"learning_rate", number(spec.learningRate)}, {"min_learning_rate", number(spec.minLearningRate, true)},
        {"warmup_steps", number(spec.warmupSteps, true)}, {"weight_decay", number(spec.weightDecay, true)},
        {"initializer_range", number(spec.initializerRange)}, {"save_steps", number(spec.saveSteps)}};
}

Result<std::string> corpusFolder(const Json& value, const fs::path& recipe)
{
    if (!value.is_string())
        return wrongValue("corpus", value, "\"resources\" or a folder");
    const std::string named = value.get<std::string>();
    if (named != kShippedCorpus)
        return (fs::absolute(recipe).parent_path() / named).lexically_normal().string();
    const Result<fs::path> resources = resourceFolder();
    if (!resources)
        return resources.error();
    return (resources.value() / "starter" / "grammar").string();
}

} // namespace

Result<core::PretrainSpec> readPretrainSpec(const fs::path& file)
{
    const Result<std::string> text = readFile(file, std::size_t{1} << 20);
    if (!text)
        return text.error();
    const Result<Json> json = parseJson(text.value(), file.string());
    if (!json)
        return json.error();
    if (!json.value().is_object())
        return Error(ErrorCode::corrupt, file.string() + " holds no JSON object.");
    core::PretrainSpec spec;
    Result<std::string> corpus = corpusFolder(json.value().value("corpus", Json(kShippedCorpus)), file);
    if (!corpus)
        return corpus.error();
    spec.corpusFolder = std::move(*corpus);
    const std::map<std::string, Reader> readers = readersOf(spec);
    for (const auto& [key, value] : json.value().items()) {
        if (key == "corpus" || key.rfind('_', 0) == 0)
            continue;
        const auto reader = readers.find(key);
        if (reader == readers.end()) {
            std::string known = "corpus";
            for (const auto& [name, unused] : readers)
                known += ", " + name;
            return Error(
                ErrorCode::invalidArgument, file.string() + " has a key that is not known: " + key + ".", "The keys are " + known + ".");
        }
        if (const Status read = reader->second(key, value); !read)
            return read.error().in(file.string());
    }
    return spec;
}

Json toJson(const core::PretrainSpec& spec)
{
    return {{"corpus", spec.corpusFolder}, {"seed", spec.seed}, {"tokens", spec.tokens}, {"vocabulary", spec.vocabulary},
        {"hidden_size", spec.hiddenSize}, {"layers", spec.layers}, {"heads", spec.heads}, {"kv_heads", spec.kvHeads},
        {"intermediate_size", spec.intermediateSize}, {"context_length", spec.contextLength}, {"batch_tokens", spec.batchTokens},
        {"learning_rate", spec.learningRate}, {"min_learning_rate", spec.minLearningRate}, {"warmup_steps", spec.warmupSteps},
        {"weight_decay", spec.weightDecay}, {"initializer_range", spec.initializerRange}, {"save_steps", spec.saveSteps}};
}

} // namespace precedent::workspace
