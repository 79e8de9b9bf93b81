#include "ui/casebase/case_draft.h"

#include <algorithm>
#include <cstdlib>

#include "precedent/base/json.h"
#include "precedent/casebase/value_json.h"

namespace precedent::ui {
namespace {

constexpr const char* kNewPrefix = "draft-new/";

std::int64_t numberOf(const std::string& key) { return std::atoll(key.c_str() + std::string(kNewPrefix).size()); }

} // namespace

std::string draftKeyOf(const std::string& caseId) { return "draft/" + caseId; }

Result<std::string> freeNewDraftKey(casebase::Casebase& casebase)
{
    const auto keys = casebase.metadataKeys(kNewPrefix);
    if (!keys.ok())
        return keys.error();
    std::int64_t last = 0;
    for (const std::string& key : *keys)
        last = std::max(last, numberOf(key));
    return kNewPrefix + std::to_string(last + 1);
}

Status keepDraft(casebase::Casebase& casebase, const CaseDraft& draft)
{
    const Json json = {{"version", draft.value.version}, {"burns_prompt", draft.burnsPrompt}, {"case", casebase::toJson(draft.value)}};
    return casebase.setMetadata(draft.key, dumpJson(json));
}

Result<CaseDraft> readDraft(casebase::Casebase& casebase, const std::string& key)
{
    const auto stored = casebase.metadata(key);
    if (!stored.ok())
        return stored.error();
    if (!*stored || (*stored)->empty())
        return Error(ErrorCode::notFound, "There is no draft " + key + ".");
    const Result<Json> json = parseJson(**stored, key);
    if (!json.ok())
        return json.error();
    if (!json->is_object() || !json->contains("case"))
        return Error(ErrorCode::corrupt, "The draft " + key + " holds no case.");
    Result<casebase::Case> value = casebase::caseFromJson((*json)["case"]);
    if (!value.ok())
        return value.error();
    const auto version = json->find("version");
    const auto burns = json->find("burns_prompt");
    CaseDraft draft{key, std::move(*value), burns != json->end() && burns->is_string() ? burns->get<std::string>() : std::string()};
    draft.value.version = version != json->end() && version->is_number_integer() ? version->get<int>() : 0;
    return draft;
}

Result<std::vector<CaseDraft>> newCaseDrafts(casebase::Casebase& casebase)
{
    auto keys = casebase.metadataKeys(kNewPrefix);
    if (!keys.ok())
        return keys.error();
    std::sort(keys->begin(), keys->end(), [](const auto& a, const auto& b) { return numberOf(a) < numberOf(b); });
    std::vector<CaseDraft> drafts;
    for (const std::string& key : *keys) {
        if (auto draft = readDraft(casebase, key); draft.ok())
            drafts.push_back(std::move(*draft));
    }
    return drafts;
}

} // namespace precedent::ui
