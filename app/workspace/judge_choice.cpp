#include "precedent/workspace/judge_choice.h"

#include <optional>
#include <utility>

#include "precedent/base/files.h"
#include "precedent/remote/chat_endpoint.h"
#include "precedent/workspace/head_judge.h"

namespace precedent::workspace {
namespace {

constexpr const char* kJudges = "The judges are: analysis, grammar, head:FOLDER, model:MODEL, endpoint:MODEL@URL.";

/// "model:starter" as ("model", "starter"); nothing for a name without a kind that is known.
std::optional<std::pair<std::string, std::string>> partsOf(const std::string& name)
{
    const std::size_t colon = name.find(':');
    const std::string kind = name.substr(0, colon);
    if (colon == std::string::npos || colon + 1 == name.size() || (kind != "head" && kind != "model" && kind != "endpoint"))
        return std::nullopt;
    return std::pair(kind, name.substr(colon + 1));
}

/// Opens no engine: for judges that are only named and hashed.
Result<core::Engine*> noEngine() { return Error(ErrorCode::internal, "A judge was asked before its run began."); }

/// A judge with the casebase that it keeps replies in.
class RewardJudge final : public core::Judge {
public:
    explicit RewardJudge(std::unique_ptr<casebase::Casebase> casebase)
        : m_casebase(std::move(casebase))
    {
    }
    Status open(const JudgeChoice& choice, EngineOpener engine, std::shared_ptr<ReplyTally> tally)
    {
        Result<std::unique_ptr<core::Judge>> judge =
            openCoreJudge(choice, {std::move(engine), m_casebase.get(), nullptr, std::move(tally)});
        if (!judge)
            return judge.error();
        m_judge = std::move(*judge);
        return {};
    }

    Result<std::vector<core::Judgement>> judge(
        const std::vector<core::JudgeQuestion>& questions, const std::stop_token& stop, const core::JudgedObserver& onJudged) override
    {
        return m_judge->judge(questions, stop, onJudged);
    }
    bool learntFrom(const std::string& request) const override { return m_judge->learntFrom(request); }
    std::string name() const override { return m_judge->name(); }
    std::string hash() const override { return m_judge->hash(); }

private:
    std::unique_ptr<casebase::Casebase> m_casebase;
    std::unique_ptr<core::Judge> m_judge;
};

} // namespace

std::string checkJudgeName(const std::string& name)
{
    if (name.empty() || name == "analysis" || name == "grammar")
        return {};
    const auto parts = partsOf(name);
    if (!parts)
        return "There is no judge \"" + name + "\". " + kJudges;
    if (parts->first != "endpoint")
        return {};
    const auto endpoint = remote::endpointNamed(parts->second);
    return endpoint.ok() ? std::string() : endpoint.error().message() + " " + endpoint.error().hint();
}

Result<std::unique_ptr<core::Judge>> openCoreJudge(const JudgeChoice& choice, const JudgeMeans& means)
{
    const auto parts = partsOf(choice.name);
    if (!parts)
        return Error(ErrorCode::invalidArgument, "There is no judge \"" + choice.name + "\".", kJudges);
    if (parts->first == "endpoint")
        return endpointJudge(parts->second, choice.endpoint, means.casebase, means.tally);
    const casebase::Casebase* models = means.models != nullptr ? means.models : means.casebase;
    if (!means.engine)
        return Error(ErrorCode::unsupported, "The judge \"" + choice.name + "\" needs the engine, which is not at hand here.");
    if (parts->first == "head")
        return headJudge(parts->second, means.engine, models);
    return modelJudge(parts->second, means.engine, models, means.casebase);
}

Result<std::string> rewardJudgeHash(const core::RunSpec& spec, const casebase::Casebase* models)
{
    if (core::paidByAnalysis(spec)) {
        if (spec.rewardJudgeHash.empty())
            return std::string();
        return Error(ErrorCode::failedPrecondition,
            "The spec expects a reward's judge with the hash " + spec.rewardJudgeHash.substr(0, 12) + ", and names the analysis.",
            "Name that judge in reward_judge, or leave reward_judge_hash out.");
    }
    if (spec.rewardJudge == "grammar")
        return Error(ErrorCode::invalidArgument,
            "The grammar's judge pays no run: it is the truth that the sample's figures are measured by.",
            "Set reward_judge to analysis, head:FOLDER, model:MODEL or endpoint:MODEL@URL.");
    const Result<std::unique_ptr<core::Judge>> judge =
        openCoreJudge({spec.rewardJudge, optionsOf(spec.rewardServer)}, {noEngine, nullptr, models, nullptr});
    if (!judge)
        return judge.error().in("reward_judge");
    std::string hash = judge.value()->hash();
    if (!spec.rewardJudgeHash.empty() && spec.rewardJudgeHash != hash)
        return Error(ErrorCode::failedPrecondition,
            "The reward's judge " + spec.rewardJudge + " is not the one that the run began with: its hash is " + hash.substr(0, 12) +
                ", and the run expects " + spec.rewardJudgeHash.substr(0, 12) + ".",
            "Bring that judge back, or start a new run.");
    return hash;
}

Result<std::shared_ptr<core::Judge>> openRewardJudge(
    const core::RunSpec& spec, const std::filesystem::path& path, EngineOpener engine, std::shared_ptr<ReplyTally> tally)
{
    if (core::paidByAnalysis(spec))
        return std::shared_ptr<core::Judge>();
    Result<std::unique_ptr<casebase::Casebase>> casebase = casebase::Casebase::open(path, casebase::OpenMode::readWrite);
    if (!casebase)
        return casebase.error();
    if (const Result<std::string> hash = rewardJudgeHash(spec, casebase->get()); !hash)
        return hash.error();
    auto judge = std::make_shared<RewardJudge>(std::move(*casebase));
    PRECEDENT_TRY(judge->open({spec.rewardJudge, optionsOf(spec.rewardServer)}, std::move(engine), std::move(tally)));
    return std::shared_ptr<core::Judge>(std::move(judge));
}

Result<std::unique_ptr<AnswerJudge>> openJudge(const JudgeChoice& choice, bool sampleOnly, const JudgeMeans& means)
{
    if (choice.name == "analysis" || (choice.name.empty() && !sampleOnly))
        return analysisJudge();
    if (choice.name == "grammar" || choice.name.empty()) {
        const Result<std::filesystem::path> resources = resourceFolder();
        if (!resources)
            return resources.error();
        return grammarJudge(*resources / "starter" / "grammar");
    }
    Result<std::unique_ptr<core::Judge>> judge = openCoreJudge(choice, means);
    if (!judge)
        return judge.error();
    return answerJudge(std::move(*judge));
}

} // namespace precedent::workspace
