#include "app/workspace/pending_answers.h"

#include <chrono>
#include <utility>

#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/base/log.h"
#include "precedent/workspace/run_folders.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "pending-";
constexpr const char* kSuffix = ".jsonl";
constexpr std::chrono::hours kKeptFor(30 * 24);

std::string digestOf(const AskedPrompt& asked)
{
    const std::vector<int>& ids = asked.fitted.ids;
    return Sha256()
        .addField(std::string_view(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(int)))
        .addField(std::to_string(asked.seed))
        .hex();
}

/// Nothing where the line is none of ours, or was cut off.
std::optional<std::pair<std::string, PendingAnswer>> readLine(std::string_view line)
{
    const Result<Json> json = parseJson(line, "a kept answer");
    if (!json || !json->is_object())
        return std::nullopt;
    PendingAnswer answer;
    try {
        answer.ids = json->value("ids", std::vector<int>());
        answer.ended = json->value("ended", false);
        answer.letter = json->value("letter", std::string());
        return std::pair(json->at("prompt").get<std::string>(), std::move(answer));
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

std::string lineOf(const std::string& prompt, const PendingAnswer& answer)
{
    const Json json = answer.letter.empty() ? Json{{"prompt", prompt}, {"ids", answer.ids}, {"ended", answer.ended}}
                                            : Json{{"prompt", prompt}, {"letter", answer.letter}};
    return dumpJson(json) + "\n";
}

/// Those that nobody went on with.
void removeOld(const fs::path& folder)
{
    std::error_code ec;
    const auto now = fs::file_time_type::clock::now();
    for (fs::directory_iterator at(folder, ec); !ec && at != fs::directory_iterator(); at.increment(ec)) {
        const std::string name = at->path().filename().string();
        std::error_code trouble;
        if (name.starts_with(kPrefix) && name.ends_with(kSuffix) && now - fs::last_write_time(at->path(), trouble) > kKeptFor && !trouble)
            fs::remove(at->path(), trouble);
    }
}

} // namespace

PendingAnswers::PendingAnswers(fs::path file)
    : m_file(std::move(file))
{
    const Result<std::string> text = readFile(m_file);
    if (!text)
        return;
    for (std::size_t begin = 0; begin < text->size();) {
        const std::size_t end = std::min(text->find('\n', begin), text->size());
        if (auto line = readLine(std::string_view(*text).substr(begin, end - begin)))
            m_answers.insert_or_assign(std::move(line->first), std::move(line->second));
        begin = end + 1;
    }
}

const PendingAnswer* PendingAnswers::find(const AskedPrompt& asked) const
{
    const auto found = m_answers.find(digestOf(asked));
    return found == m_answers.end() ? nullptr : &found->second;
}

void PendingAnswers::keep(const AskedPrompt& asked, PendingAnswer answer)
{
    if (m_failed)
        return;
    if (!m_out.is_open()) {
        std::error_code ec;
        fs::create_directories(m_file.parent_path(), ec);
        m_out.open(m_file, std::ios::binary | std::ios::app);
        m_out << '\n'; // a line that was cut off ends here
    }
    const std::string prompt = digestOf(asked);
    m_out << lineOf(prompt, answer) << std::flush;
    m_failed = !m_out.good();
    if (m_failed)
        logWarning("The answers of this evaluation cannot be kept in " + m_file.string() + ": if it is cut short, it begins anew.");
    else
        m_answers.insert_or_assign(prompt, std::move(answer));
}

void PendingAnswers::remove()
{
    m_out.close();
    std::error_code ec;
    fs::remove(m_file, ec);
    m_answers.clear();
}

std::shared_ptr<PendingAnswers> pendingAnswersOf(const casebase::Casebase& casebase, const core::Engine& engine,
    const core::LoadOptions& load, const core::ModelInfo& info, const align::PromptEncoder& encoder, const SuitePlan& plan)
{
    if (casebase.path().empty())
        return nullptr;
    std::string adapter;
    if (!load.adapter.empty()) {
        for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
            const Result<std::string> digest = sha256File(fs::path(load.adapter) / name);
            if (!digest)
                return nullptr;
            adapter += digest.value();
        }
    }
    const core::EngineFacts facts = engine.facts();
    const Json decides = {{"engine", core::kEngineVersion}, {"libtorch", facts.libtorch}, {"blas", facts.blas},
        {"processor", facts.processor}, {"threads", facts.threads}, {"model", info.sha256}, {"dtype", info.dtype}, {"adapter", adapter},
        {"temperature", plan.sampling.temperature}, {"top_k", plan.sampling.topK}, {"top_p", plan.sampling.topP},
        {"max_tokens", plan.sampling.maxTokens}, {"stop_ids", encoder.stopIds()}, {"weighs", plan.weighsChoices}, {"seed", plan.seed},
        {"suites", plan.choice.suites}, {"attacks", plan.choice.attacks}, {"own_attacks", plan.choice.own}, {"limit", plan.choice.limit},
        {"modes", plan.modes}};
    const fs::path folder = runsFolder(casebase.path());
    removeOld(folder);
    return std::make_shared<PendingAnswers>(folder / (kPrefix + sha256Hex(dumpJson(decides)).substr(0, 16) + kSuffix));
}

} // namespace precedent::workspace
