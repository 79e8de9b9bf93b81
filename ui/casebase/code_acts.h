#pragma once

#include <optional>
#include <string>

#include "precedent/casebase/casebase.h"

/// What the detail does with codes, each in one transaction, on the casebase's thread.
namespace precedent::ui {

/// A code before and after an act: none before is a new one.
struct CodeChange {
    std::optional<casebase::Code> before;
    std::optional<casebase::Code> after;
};

/// The draft kept under a key of the casebase's metadata; notFound if there is none, corrupt if it cannot be read.
[[nodiscard]] Result<casebase::Code> readCodeDraft(casebase::Casebase& casebase, const std::string& key);

/// A code with a free id, after its siblings.
[[nodiscard]] Result<casebase::Code> blankCode(casebase::Casebase& casebase, const std::string& parent);

/// Adds or updates, and takes the draft away. Fails as CodeStore::add() and update() do.
[[nodiscard]] Result<CodeChange> storeCode(
    casebase::Casebase& casebase, const casebase::Code& value, bool isNew, int expectedVersion, const std::string& draft);

} // namespace precedent::ui
