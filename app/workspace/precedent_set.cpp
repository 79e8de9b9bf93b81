#include "precedent/workspace/precedent_set.h"

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"

namespace precedent::workspace {

Result<PrecedentSet> readPrecedentSet(const casebase::Casebase& casebase, bool includeDrafts)
{
    PrecedentSet set;
    const Result<std::vector<casebase::Code>> codes = casebase.codes().all();
    if (!codes)
        return codes.error();
    for (const casebase::Code& code : codes.value())
        set.codes.push_back(frozenCode(code));
    PRECEDENT_TRY(casebase.cases().forEach({}, [&](const casebase::Case& value) -> Status {
        ++set.casesTotal;
        if (isInForce(value, includeDrafts) && value.disposition != Disposition::unknown)
            set.cases.push_back(frozenCase(value));
        return {};
    }));
    return set;
}

bool isInForce(const casebase::Case& value, bool includeDrafts)
{
    const bool waiting = value.status == casebase::CaseStatus::draft || value.status == casebase::CaseStatus::inReview;
    return value.status == casebase::CaseStatus::approved || (waiting && includeDrafts);
}

core::Code frozenCode(const casebase::Code& value) { return {value.id, value.parent, value.title, value.simple, value.detailed}; }

core::Case frozenCase(const casebase::Case& value)
{
    core::Case frozen{value.id, value.request, {}, value.disposition, value.chain, value.answer, value.twinId};
    for (const casebase::GoverningCode& code : value.codes)
        frozen.codes.push_back(code.code);
    return frozen;
}

} // namespace precedent::workspace
