#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "precedent/casebase/casebase.h"

namespace precedent::ui {

/// An edit that was not saved. It is kept in the casebase, so that it survives a crash and goes with the file.
struct CaseDraft {
    std::string key; ///< of the casebase's metadata
    casebase::Case value; ///< version: the one that the edit began from; 0 for a new case
    std::string burnsPrompt; ///< of a new case that is filed from a suite's prompt
};

[[nodiscard]] std::string draftKeyOf(const std::string& caseId);
/// A key for a new case that no other draft has.
[[nodiscard]] Result<std::string> freeNewDraftKey(casebase::Casebase& casebase);

[[nodiscard]] Status keepDraft(casebase::Casebase& casebase, const CaseDraft& draft);
/// notFound if there is none; corrupt if it cannot be read.
[[nodiscard]] Result<CaseDraft> readDraft(casebase::Casebase& casebase, const std::string& key);
/// Of cases that were never saved, oldest first; one that cannot be read is left out.
[[nodiscard]] Result<std::vector<CaseDraft>> newCaseDrafts(casebase::Casebase& casebase);

} // namespace precedent::ui
