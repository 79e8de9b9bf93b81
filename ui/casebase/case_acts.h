#pragma once

#include <string>
#include <vector>

#include "precedent/casebase/casebase.h"
#include "ui/casebase/case_draft.h"
#include "ui/commands/change_cases_command.h"

/// What the detail does with cases, each in one transaction, on the casebase's thread. What comes back is what an undo command needs.
namespace precedent::ui {

/// What a stored new case came to.
struct AddedCase {
    casebase::Case stored;
    int burned = 0; ///< prompts of suites
};
[[nodiscard]] Result<AddedCase> addCase(casebase::Casebase& casebase, const CaseDraft& draft);

/// Fails as CaseStore::update() does; the case's draft goes with success.
[[nodiscard]] Result<CaseChange> storeEdit(casebase::Casebase& casebase, const casebase::Case& value, int expectedVersion);

/// Links two cases as twins, and unlinks those that they were linked to.
[[nodiscard]] Result<std::vector<CaseChange>> linkTwins(
    casebase::Casebase& casebase, const std::string& a, const std::string& b, const std::string& difference);

/// Removes a case, and unlinks its twin.
[[nodiscard]] Result<std::vector<CaseChange>> removeCase(casebase::Casebase& casebase, const std::string& id);

} // namespace precedent::ui
