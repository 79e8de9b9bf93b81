#include "ui/casebase/code_acts.h"

#include <algorithm>

#include "precedent/base/json.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/value_json.h"

namespace precedent::ui {

Result<casebase::Code> readCodeDraft(casebase::Casebase& casebase, const std::string& key)
{
    const auto stored = casebase.metadata(key);
    if (!stored.ok())
        return stored.error();
    if (!*stored)
        return Error(ErrorCode::notFound, "There is no draft " + key + ".");
    const Result<Json> json = parseJson(**stored, key);
    if (!json.ok())
        return json.error();
    if (!json->is_object() || !json->contains("code"))
        return Error(ErrorCode::corrupt, "The draft " + key + " holds no code.");
    Result<casebase::Code> code = casebase::codeFromJson((*json)["code"]);
    const auto version = json->find("version");
    if (code.ok())
        code->version = version != json->end() && version->is_number_integer() ? version->get<int>() : 0;
    return code;
}

Result<casebase::Code> blankCode(casebase::Casebase& casebase, const std::string& parent)
{
    auto id = casebase.codes().nextId(parent);
    if (!id.ok())
        return id.error();
    const auto codes = casebase.codes().all();
    if (!codes.ok())
        return codes.error();
    casebase::Code code;
    code.id = std::move(*id);
    code.parent = parent;
    for (const casebase::Code& sibling : *codes) {
        if (sibling.parent == parent)
            code.position = std::max(code.position, sibling.position);
    }
    return code;
}

Result<CodeChange> storeCode(
    casebase::Casebase& casebase, const casebase::Code& value, bool isNew, int expectedVersion, const std::string& draft)
{
    CodeChange change;
    const Status done = casebase.transact([&]() -> Status {
        if (!isNew) {
            auto before = casebase.codes().find(value.id);
            if (!before.ok())
                return before.error();
            change.before = std::move(*before);
        }
        PRECEDENT_TRY(isNew ? casebase.codes().add(value) : casebase.codes().update(value, expectedVersion));
        auto after = casebase.codes().find(value.id);
        if (!after.ok())
            return after.error();
        change.after = std::move(*after);
        return casebase.removeMetadata(draft);
    });
    if (!done.ok())
        return done.error();
    return change;
}

} // namespace precedent::ui
