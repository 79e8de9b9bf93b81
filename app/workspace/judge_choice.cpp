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
        return endpointJudge(parts->second, choice.endpoint, means.casebase);
    if (!means.engine)
        return Error(ErrorCode::unsupported, "The judge \"" + choice.name + "\" needs the engine, which is not at hand here.");
    if (parts->first == "head")
        return headJudge(parts->second, means.engine, means.casebase);
    return modelJudge(parts->second, means.engine, means.casebase);
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
