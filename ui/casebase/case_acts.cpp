#include "ui/casebase/case_acts.h"

#include <set>

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/suite_store.h"

namespace precedent::ui {
namespace {

/// Cases before and after `act`, those that it changed.
template <typename Act>
Result<std::vector<CaseChange>> changesOf(casebase::Casebase& casebase, const std::vector<std::string>& ids, const Act& act)
{
    std::vector<CaseChange> changes;
    const Status done = casebase.transact([&]() -> Status {
        std::set<std::string> seen;
        std::vector<std::string> open = ids;
        for (std::size_t i = 0; i < open.size(); ++i) {
            if (!seen.insert(open[i]).second)
                continue;
            const auto found = casebase.cases().find(open[i]);
            if (!found.ok())
                return found.error();
            changes.push_back({*found, std::nullopt});
            if (!found->twinId.empty() && i < ids.size())
                open.push_back(found->twinId);
        }
        PRECEDENT_TRY(act());
        for (CaseChange& change : changes) {
            auto found = casebase.cases().find(change.before->id);
            if (found.ok())
                change.after = std::move(*found);
            else if (found.error().code() != ErrorCode::notFound)
                return found.error();
        }
        return {};
    });
    if (!done.ok())
        return done.error();
    std::erase_if(changes, [](const CaseChange& change) { return change.after && sayTheSame(*change.before, *change.after); });
    return changes;
}

} // namespace

Result<AddedCase> addCase(casebase::Casebase& casebase, const CaseDraft& draft)
{
    AddedCase added;
    const Status done = casebase.transact([&]() -> Status {
        const Result<std::string> id = casebase.cases().add(draft.value);
        if (!id.ok())
            return id.error();
        if (!draft.burnsPrompt.empty()) {
            const Result<int> burned = casebase.suites().burn(draft.burnsPrompt, "filed as case " + *id);
            if (!burned.ok())
                return burned.error();
            added.burned = *burned;
        }
        Result<casebase::Case> stored = casebase.cases().find(*id);
        if (!stored.ok())
            return stored.error();
        added.stored = std::move(*stored);
        return draft.key.empty() ? Status() : casebase.removeMetadata(draft.key);
    });
    if (!done.ok())
        return done.error();
    return added;
}

Result<CaseChange> storeEdit(casebase::Casebase& casebase, const casebase::Case& value, int expectedVersion)
{
    CaseChange change;
    const Status done = casebase.transact([&]() -> Status {
        for (std::optional<casebase::Case>* side : {&change.before, &change.after}) {
            if (side == &change.after)
                PRECEDENT_TRY(casebase.cases().update(value, expectedVersion));
            Result<casebase::Case> found = casebase.cases().find(value.id);
            if (!found.ok())
                return found.error();
            *side = std::move(*found);
        }
        return casebase.removeMetadata(draftKeyOf(value.id));
    });
    if (!done.ok())
        return done.error();
    return change;
}

Result<std::vector<CaseChange>> linkTwins(
    casebase::Casebase& casebase, const std::string& a, const std::string& b, const std::string& difference)
{
    return changesOf(casebase, {a, b}, [&] { return casebase.cases().linkTwins(a, b, difference); });
}

Result<std::vector<CaseChange>> removeCase(casebase::Casebase& casebase, const std::string& id)
{
    return changesOf(casebase, {id}, [&] { return casebase.cases().remove(id); });
}

} // namespace precedent::ui
