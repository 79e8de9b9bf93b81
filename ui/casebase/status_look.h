#pragma once

#include <array>

#include <QString>

#include "precedent/casebase/types.h"

namespace precedent::ui {

inline constexpr std::array kCaseStatuses{
    casebase::CaseStatus::draft, casebase::CaseStatus::inReview, casebase::CaseStatus::approved, casebase::CaseStatus::retired};

/// How a status looks everywhere: icon and word. It has no colour, so that colour in a table means disposition.
struct StatusLook {
    QString icon;
    QString word;
};
[[nodiscard]] StatusLook lookOf(casebase::CaseStatus status);

} // namespace precedent::ui
