#include "precedent/workspace/sample_casebase.h"

#include <set>

#include "precedent/base/files.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/starter/sample.h"
#include "precedent/workspace/answer_judge.h"

namespace precedent::workspace {
namespace {

Status addCodes(casebase::Casebase& casebase, const std::vector<starter::SampleCode>& codes)
{
    int position = 0;
    for (const starter::SampleCode& code : codes) {
        casebase::Code stored;
        stored.id = code.id;
        stored.parent = code.parent;
        stored.title = code.title;
        stored.simple = code.simple;
        stored.detailed = code.detailed;
        stored.position = position++;
        PRECEDENT_TRY(casebase.codes().add(stored));
    }
    return {};
}

Status addCases(casebase::Casebase& casebase, const std::vector<starter::SampleCase>& cases)
{
    for (const starter::SampleCase& value : cases) {
        casebase::Case stored;
        stored.id = value.id;
        stored.request = {{"user", value.request}};
        for (const std::string& code : value.codes)
            stored.codes.push_back({code, true});
        stored.disposition = value.disposition;
        stored.chain = value.chain;
        stored.answer = value.answer;
        stored.status = casebase::CaseStatus::approved;
        stored.source = kSampleSource;
        stored.sourceId = value.id;
        stored.language = "en";
        const Result<std::string> id = casebase.cases().add(stored);
        if (!id)
            return id.error();
    }
    std::set<std::string> linked;
    for (const starter::SampleCase& value : cases) {
        if (value.twinId.empty() || !linked.insert(std::min(value.id, value.twinId)).second)
            continue;
        PRECEDENT_TRY(casebase.cases().linkTwins(value.id, value.twinId, value.differs));
    }
    return {};
}

Status addPrompts(casebase::Casebase& casebase, const std::vector<starter::SamplePrompt>& prompts)
{
    for (const starter::SamplePrompt& prompt : prompts) {
        casebase::Prompt stored;
        stored.id = prompt.id;
        stored.messages = {{"user", prompt.text}};
        stored.label = prompt.label;
        stored.expected = prompt.expected;
        stored.governingCodes = prompt.codes;
        stored.goalId = prompt.goalId;
        stored.siblingId = prompt.twinId;
        stored.wrapper = prompt.wrapperFamily;
        stored.utilityAnswer = prompt.utilityAnswer;
        stored.source = kSampleSource;
        stored.sourceId = prompt.id;
        const Result<std::string> id = casebase.prompts().add(stored);
        if (!id)
            return id.error();
    }
    return {};
}

Status addSuites(casebase::Casebase& casebase, const std::vector<starter::SampleSuite>& suites)
{
    for (const starter::SampleSuite& suite : suites) {
        casebase::Suite stored;
        stored.name = suite.name;
        stored.description = suite.description;
        stored.role = casebase::suiteRoleFromString(suite.role).value_or(casebase::SuiteRole::sealed);
        PRECEDENT_TRY(casebase.suites().add(stored));
        PRECEDENT_TRY(casebase.suites().addMembers(suite.name, suite.promptIds));
    }
    return {};
}

} // namespace

Status fillWithSample(casebase::Casebase& casebase, std::uint64_t seed)
{
    const Result<std::filesystem::path> resources = resourceFolder();
    if (!resources)
        return resources.error();
    const Result<starter::SampleContent> content = starter::makeSample(resources.value() / "starter" / "grammar", seed);
    if (!content)
        return content.error();
    const Result<casebase::CasebaseInfo> info = casebase.info();
    if (!info)
        return info.error();
    if (info.value().codes + info.value().cases + info.value().prompts + info.value().suites > 0)
        return Error(ErrorCode::failedPrecondition,
            "The sample goes into an empty casebase only, and " + info.value().path + " holds something.", "Create a new casebase for it.");
    return casebase.transact([&]() -> Status {
        PRECEDENT_TRY(addCodes(casebase, content.value().codes));
        PRECEDENT_TRY(addCases(casebase, content.value().cases));
        PRECEDENT_TRY(addPrompts(casebase, content.value().prompts));
        return addSuites(casebase, content.value().suites);
    });
}

} // namespace precedent::workspace
